#!/usr/bin/env bash
# Builds @tensorflow/tfjs-node, whose own install downloads a library that is often out of reach, into
# benchmarks/.peers/tfjs-node: its binding is compiled against the headers and libraries of PyPI's TensorFlow.
# Linux with g++, Node and Python's pip. Run again at any time: what works already is kept.
set -euo pipefail

tfjs_node=4.22.0
node_api_headers=1.9.0
tensorflow=2.21.0

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
folder=$(dirname "$here")/.peers/tfjs-node
package=$folder/node_modules/@tensorflow/tfjs-node
# node-pre-gyp looks for the highest Node-API version that both the package and Node know; Node 18 and later know 8.
napi=8
needed_gb=4

fail() {
  echo "setup-tfjs-node.sh: $1" >&2
  exit 1
}

multiply() {
  node - "$folder" <<'JS'
const { createRequire } = require("node:module");
const tf = createRequire(`${process.argv[2]}/package.json`)("@tensorflow/tfjs-node");
const a = tf.tensor2d([[1, 2], [3, 4]]);
const product = [...tf.matMul(a, a).dataSync()].join();
if (tf.getBackend() !== "tensorflow" || product !== "7,10,15,22") {
  throw new Error(`expected 7,10,15,22 on tensorflow, found ${product} on ${tf.getBackend()}`);
}
const tensorflow = tf.backend().binding.TF_Version;
console.log(`tfjs-node ${tf.version["tfjs-node"]} on TensorFlow ${tensorflow} and Node ${process.version}`);
JS
}

if multiply 2>/dev/null; then
  echo "tfjs-node: works ($folder)"
  exit
fi

[ "$(uname -s)" = Linux ] || fail "expected Linux, found $(uname -s); install @tensorflow/tfjs-node in $folder with npm"
for tool in g++ node npm python3; do
  command -v "$tool" >/dev/null || fail "expected $tool on the PATH; install it and run this again"
done
mkdir -p "$folder"
free_gb=$(df -Pk "$folder" | awk 'NR == 2 { print int($4 / 1048576) }')
[ "$free_gb" -ge "$needed_gb" ] || fail "expected $needed_gb GB free in $folder, found $free_gb GB; make room"

echo "tfjs-node: installing the npm package, without its download"
cat >"$folder/package.json" <<JSON
{
  "private": true,
  "dependencies": { "@tensorflow/tfjs-node": "$tfjs_node", "node-api-headers": "$node_api_headers" }
}
JSON
(cd "$folder" && npm install --ignore-scripts --no-audit --no-fund --loglevel=error)

work=$(mktemp -d "$folder/build.XXXXXX")
trap 'rm -rf "$work"' EXIT
# The wheel without CUDA exists for x86-64 only. Nothing of Python is run from it, so any version of Python will do.
[ "$(uname -m)" = x86_64 ] && wheel=tensorflow-cpu || wheel=tensorflow
echo "tfjs-node: fetching $wheel $tensorflow (about 300 MB) for its libraries and headers"
python3 -m pip download --quiet --disable-pip-version-check --no-deps --no-cache-dir --only-binary=:all: \
  --implementation cp --python-version 3.12 --dest "$work" "$wheel==$tensorflow"
python3 - "$work" <<'PY'
import glob, sys, zipfile

with zipfile.ZipFile(glob.glob(f"{sys.argv[1]}/*.whl")[0]) as wheel:
    wanted = ("tensorflow/include/", "tensorflow/libtensorflow_cc.so.2", "tensorflow/libtensorflow_framework.so.2")
    wheel.extractall(sys.argv[1], [name for name in wheel.namelist() if name.startswith(wanted)])
PY

echo "tfjs-node: compiling the binding"
mkdir -p "$package/deps/lib" "$package/lib/napi-v$napi"
mv -f "$work"/tensorflow/libtensorflow_*.so.2 "$package/deps/lib/"
g++ -O2 -std=c++17 -fPIC -shared -DNAPI_VERSION=$napi \
  -I "$folder/node_modules/node-api-headers/include" -I "$work/tensorflow/include" -I "$package" \
  "$package"/binding/tfjs_backend.cc "$package"/binding/tfjs_binding.cc \
  -L "$package/deps/lib" -l:libtensorflow_cc.so.2 -l:libtensorflow_framework.so.2 \
  -Wl,-rpath,'$ORIGIN/../../deps/lib' -o "$package/lib/napi-v$napi/tfjs_binding.node"

# Node 23 dropped helpers of `util` that this release of the package still calls.
entry=$package/dist/index.js
shim='((u) => { u.isNullOrUndefined ??= (x) => x == null; u.isArray ??= Array.isArray; })(require("util"));'
if ! grep -qF "$shim" "$entry"; then
  printf '%s\n' "$shim" | cat - "$entry" >"$work/index.js"
  cp "$work/index.js" "$entry"
fi

multiply 2>"$work/log" || { cat "$work/log" >&2; fail "the binding was built but does not work; see above"; }
