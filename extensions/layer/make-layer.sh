#!/usr/bin/env bash
# SPDX-FileCopyrightText: The Lambent Authors
# SPDX-License-Identifier: Apache-2.0
#
# usage: make-layer.sh BIN_FOLDER OUT_FOLDER
#
# Packs lambent-extension and liblambent-agent.so of BIN_FOLDER, stripped, into
# OUT_FOLDER/lambent-layer-<architecture>.zip:
#   extensions/lambent           the launcher
#   lambent/lambent-extension    the program
#   lambent/exec-wrapper         for AWS_LAMBDA_EXEC_WRAPPER
#   lambent/liblambent-agent.so  what it preloads
#   lambent/LICENSE
# The architecture is that of the programs, as uname -m says it: they may be cross-compiled.
# The same input gives the same bytes: sorted names, one date, one mode.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
bin=${1:?usage: make-layer.sh BIN_FOLDER OUT_FOLDER}
out=${2:?usage: make-layer.sh BIN_FOLDER OUT_FOLDER}
for file in lambent-extension liblambent-agent.so; do
  [[ -x $bin/$file ]] || {
    echo "make-layer.sh: $bin/$file is missing; build it first (./dev build)" >&2
    exit 1
  }
done

# e_machine, which the ELF header has at byte 18.
machine=$(od -An -tu2 -j18 -N2 "$bin/lambent-extension" | tr -d ' ')
case $machine in
  62) architecture=x86_64 ;;
  183) architecture=aarch64 ;;
  *)
    echo "make-layer.sh: $bin/lambent-extension is for no machine Lambda has" >&2
    exit 1
    ;;
esac
strip=strip
if [[ $architecture != "$(uname -m)" ]]; then strip=$architecture-linux-gnu-strip; fi

staging=$(mktemp -d)
trap 'rm -rf "$staging"' EXIT
mkdir -p "$staging/extensions" "$staging/lambent" "$out"
cp "$here/lambent" "$staging/extensions/lambent"
cp "$bin/lambent-extension" "$bin/liblambent-agent.so" "$here/exec-wrapper" "$staging/lambent/"
cp "$here/../../LICENSE" "$staging/lambent/LICENSE"
"$strip" --strip-all "$staging/lambent/lambent-extension" "$staging/lambent/liblambent-agent.so"
chmod 0755 "$staging/extensions/lambent" "$staging/lambent/"*
chmod 0644 "$staging/lambent/LICENSE"

zip=$(cd "$out" && pwd)/lambent-layer-$architecture.zip
rm -f "$zip"
export TZ=UTC LC_ALL=C
cd "$staging"
find . -type f -exec touch -d '2020-01-01 00:00:00' {} +
find . -type f -printf '%P\n' | sort | zip -q -X -D -9 "$zip" -@
stat -c '%n: %s bytes' "$zip"
