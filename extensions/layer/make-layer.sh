#!/usr/bin/env bash
# SPDX-FileCopyrightText: The Lambent Authors
# SPDX-License-Identifier: Apache-2.0
#
# usage: make-layer.sh BIN_FOLDER OUT_FOLDER
#
# Packs BIN_FOLDER/lambent-extension, stripped, into OUT_FOLDER/lambent-layer-<architecture>.zip:
#   extensions/lambent           the launcher
#   lambent/lambent-extension    the program
#   lambent/LICENSE
# The same input gives the same bytes: sorted names, one date, one mode.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
bin=${1:?usage: make-layer.sh BIN_FOLDER OUT_FOLDER}
out=${2:?usage: make-layer.sh BIN_FOLDER OUT_FOLDER}
program=$bin/lambent-extension
[[ -x $program ]] || {
  echo "make-layer.sh: $program is missing; build it first (./dev build)" >&2
  exit 1
}

staging=$(mktemp -d)
trap 'rm -rf "$staging"' EXIT
mkdir -p "$staging/extensions" "$staging/lambent" "$out"
cp "$here/lambent" "$staging/extensions/lambent"
cp "$program" "$staging/lambent/lambent-extension"
cp "$here/../../LICENSE" "$staging/lambent/LICENSE"
strip --strip-all "$staging/lambent/lambent-extension"
chmod 0755 "$staging/extensions/lambent" "$staging/lambent/lambent-extension"
chmod 0644 "$staging/lambent/LICENSE"

zip=$(cd "$out" && pwd)/lambent-layer-$(uname -m).zip
rm -f "$zip"
export TZ=UTC LC_ALL=C
cd "$staging"
find . -type f -exec touch -d '2020-01-01 00:00:00' {} +
find . -type f -printf '%P\n' | sort | zip -q -X -D -9 "$zip" -@
stat -c '%n: %s bytes' "$zip"
