#!/bin/bash
# SPDX-FileCopyrightText: The Lambent Authors
# SPDX-License-Identifier: Apache-2.0
# Brings a CPython 3.14 for the tests, to ~/.cache/lambent/python3.14: Debian 12 and pyenv's usual
# versions have none, but a package of Maven's central repository does (a shared-library build,
# stripped). Needs mvn and python3. Without it the tests of 3.14 are skipped.
set -euo pipefail
version=3.14.3-1.5.13
artifact=org.bytedeco:cpython:$version:jar:linux-x86_64
into=$HOME/.cache/lambent/python3.14

[ "$(uname -m)" = x86_64 ] || { echo "get_python3_14.sh: only for x86-64" >&2; exit 1; }
if [ -x "$into/bin/python3.14" ]; then
  echo "$into is there already"
  exit 0
fi
mvn -q -B dependency:get -Dtransitive=false "-Dartifact=$artifact"
jar=$HOME/.m2/repository/org/bytedeco/cpython/$version/cpython-$version-linux-x86_64.jar
mkdir -p "$into.new"
python3 -m zipfile -e "$jar" "$into.new"
content=$into.new/org/bytedeco/cpython/linux-x86_64
cp "$content"/lib*.so* "$content/lib/"
chmod +x "$content"/bin/*
mkdir -p "$into"
cp -r "$content"/{bin,include,lib} "$into/"
rm -r "$into.new"
"$into/bin/python3.14" --version
