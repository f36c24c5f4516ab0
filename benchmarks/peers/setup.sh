#!/usr/bin/env bash
# Makes the Python environment of the benchmarks' peers and of scripts/fixtures: benchmarks/.peers/venv.
# Run again at any time: what is there already is kept. PYTHON chooses the interpreter (3.11 or later).
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
peers=$(dirname "$here")/.peers
venv=$peers/venv
requirements=$here/requirements.txt
installed=$venv/installed.txt
python=${PYTHON:-python3}
# On Linux the wheel of torch does not load without the CUDA libraries it names, even on a machine with no GPU.
needed_gb=12

if cmp -s "$requirements" "$installed"; then
  echo "venv: up to date ($venv)"
else
  "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
    echo "setup.sh: expected Python 3.11 or later, found $("$python" -V 2>&1); set PYTHON to another one" >&2
    exit 1
  }
  mkdir -p "$peers"
  free_gb=$(df -Pk "$peers" | awk 'NR == 2 { print int($4 / 1048576) }')
  if [ "$free_gb" -lt "$needed_gb" ]; then
    echo "setup.sh: expected $needed_gb GB free in $peers, found $free_gb GB; make room and run it again" >&2
    exit 1
  fi
  [ -x "$venv/bin/python" ] || {
    echo "venv: making $venv"
    "$python" -m venv "$venv"
  }
  echo "venv: installing $(grep -cv '^#' "$requirements") packages (on Linux about 3 GB to download)"
  "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-cache-dir -r "$requirements"
  cp "$requirements" "$installed"
fi

"$venv/bin/python" - <<'PY'
import onnx, timm, torch, torchvision

blas = "MKL" if torch.backends.mkl.is_available() else "no MKL"
print(f"torch {torch.__version__} ({blas}, {torch.backends.cpu.get_cpu_capability()}), "
      f"torchvision {torchvision.__version__}, timm {timm.__version__}, onnx {onnx.__version__}")
PY
