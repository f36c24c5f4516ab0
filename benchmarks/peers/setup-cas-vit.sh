#!/usr/bin/env bash
# Fetches the authors' implementation of CAS-ViT, which no package holds, into benchmarks/.peers/cas-vit.
# Run again at any time. A checkout elsewhere serves as well: name its folder in CAS_VIT.
set -euo pipefail

source=https://github.com/Tianfang-Zhang/CAS-ViT
commit=041d2d6880
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
folder=$(dirname "$here")/.peers/cas-vit

if [ -f "$folder/classification/model/rcvit.py" ]; then
  echo "cas-vit: there already ($folder)"
else
  rm -rf "$folder"
  git clone --quiet "$source" "$folder"
  git -C "$folder" checkout --quiet "$commit"
  echo "cas-vit: $commit in $folder"
fi
