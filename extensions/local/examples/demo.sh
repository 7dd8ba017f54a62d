#!/usr/bin/env bash
# SPDX-FileCopyrightText: The Lambent Authors
# SPDX-License-Identifier: Apache-2.0
#
# The demo: a collector, two real functions with the profiler beside them, and what comes of it as
# files. Called by `./dev demo`, which builds first. Everything it starts ends with it.
#
# usage: demo.sh [--out DIR]
set -euo pipefail

root=$(cd "$(dirname "$0")/../../.." && pwd)
here=$root/extensions/local/examples
build=${LAMBENT_BUILD:-$root/build/release}
bin=$build/bin
layer=$root/build/layer
out=$root/build/demo
python=/usr/bin/python3

while (($#)); do
  case $1 in
    --out)
      [[ -n ${2:-} ]] || { echo "demo: --out needs a directory" >&2; exit 2; }
      out=$(realpath -m "$2")
      shift 2
      ;;
    --out=*) out=$(realpath -m "${1#--out=}"); shift ;;
    *) echo "demo: unknown argument '$1' (only --out DIR)" >&2; exit 2 ;;
  esac
done

children=()
stop_children() {
  local pid
  for pid in "${children[@]}"; do kill -TERM "$pid" 2>/dev/null || true; done
  for pid in "${children[@]}"; do
    for _ in {1..50}; do kill -0 "$pid" 2>/dev/null || break; sleep 0.1; done
    kill -KILL "$pid" 2>/dev/null || true
  done
  children=()
}
at_exit() {
  local status=$?
  stop_children
  ((status == 0)) || [[ ! -s $out/logs/exports.log ]] || tail -n 3 "$out/logs/exports.log" >&2
}
trap at_exit EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

fail() { printf 'demo: %s\n' "$*" >&2; exit 1; }
say() { printf '  %s\n' "$*"; }

# wait_for FILE WHAT LOG: until FILE exists, 20 s at most.
wait_for() {
  for _ in {1..200}; do [[ -s $1 ]] && return; sleep 0.1; done
  [[ -e $3 ]] && tail -n 5 "$3" >&2
  fail "$2 did not start within 20 s (log: $3)"
}

prepare_output() {
  if [[ -d $out && -n $(ls -A "$out") && ! -e $out/.lambent-demo ]]; then
    fail "$out is not empty and not of an earlier demo: name another --out"
  fi
  rm -rf "$out/collector-data" "$out/python" "$out/native" "$out/logs" "$out/report.txt"
  mkdir -p "$out/logs" "$out/python" "$out/native"
  touch "$out/.lambent-demo"
}

start_services() {
  rm -f "$out/logs/ports" "$out/logs/slow-port"
  "$bin/lambent-collector" --data-dir "$out/collector-data" --grpc-address 127.0.0.1:0 \
    --http-address 127.0.0.1:0 --ports-file "$out/logs/ports" >"$out/logs/collector.log" 2>&1 &
  children+=($!)
  "$python" "$here/slow_server.py" "$out/logs/slow-port" >"$out/logs/slow-server.log" 2>&1 &
  children+=($!)
  wait_for "$out/logs/ports" lambent-collector "$out/logs/collector.log"
  wait_for "$out/logs/slow-port" "the slow service" "$out/logs/slow-server.log"
  collector=127.0.0.1:$(sed -n 's/^grpc=//p' "$out/logs/ports")
  stock=http://127.0.0.1:$(cat "$out/logs/slow-port")/stock
}

# AWS's own runtime client where pip reaches it, in a virtual environment that is kept.
runtime_client() {
  local venv=$root/build/demo-venv
  if ! "$venv/bin/python" -c 'import awslambdaric' 2>/dev/null; then
    rm -rf "$venv"
    if ! { "$python" -m venv "$venv" &&
      timeout 60 "$venv/bin/pip" install --disable-pip-version-check --quiet --retries 1 --timeout 10 \
        -r "$here/python/requirements.txt"; } >"$out/logs/pip.log" 2>&1; then
      rm -rf "$venv"
    fi
  fi
  if [[ -x $venv/bin/python ]]; then
    say "python runtime client: awslambdaric (AWS's own)"
    python_runtime=(--python "$venv/bin/python" --ric)
  else
    say "python runtime client: Lambent's own (pip did not reach awslambdaric, see logs/pip.log)"
    python_runtime=(--python "$python")
  fi
}

# run_function NAME RUNTIME-ARGUMENTS...: eight invocations, among them a time-out and a crash.
run_function() {
  local name=$1 status=0 work=30 events=() then start=$SECONDS
  shift
  for then in '' '' '' '' hang '' crash ''; do
    events+=(--event "{\"work\": $work, \"sleep_ms\": 120, \"stock_url\": \"$stock?ms=120\", \"then\": \"$then\"}")
  done
  timeout 120 "$bin/lambent" local --extensions "$opt/extensions" --function-name "$name" --timeout 2 \
    --freeze-ms 200 --env "LAMBENT_COLLECTOR=$collector" \
    "${events[@]}" "$@" \
    >"$out/logs/$name.log" 2>&1 </dev/null || status=$?
  # A time-out and a crash are part of the demo, and status 0.
  ((status == 0)) || { tail -n 20 "$out/logs/$name.log" >&2; fail "lambent local $name ended with $status"; }
  say "$name: 8 invocations in $((SECONDS - start)) s"
}

lambent() { "$bin/lambent" "$@" --collector "$collector" 2>>"$out/logs/exports.log"; }

request_ids() {
  lambent invocations --function "$1" --json | "$python" -c '
import json, sys
found = json.load(sys.stdin)
for invocation in found.get("invocations", found) if isinstance(found, dict) else found:
    print(invocation.get("request_id") or invocation.get("requestId"))'
}

export_function() {
  local name=$1 dir=$out/$1 phase format id
  for phase in all init; do
    local select=(--function "$name")
    [[ $phase == all ]] || select+=(--phase "$phase")
    for format in html folded svg pprof; do
      lambent export "${select[@]}" --format "$format" -o "$dir/$phase.${format/pprof/pb.gz}"
    done
  done
  for id in $(request_ids "$name"); do
    lambent flamegraph --request-id "$id" --format html -o "$dir/invoke-$id.html"
  done
  lambent diff --base "function=$name,cold=false" --compare "function=$name,cold=true" -o "$dir/cold-vs-warm.html"
  lambent metrics --function "$name" --json >"$dir/metrics.json"
}

say "writing to ${out#"$PWD"/}"
prepare_output
opt=$out/logs/opt
rm -rf "$opt" && mkdir -p "$opt"
unzip -q "$layer"/lambent-layer-"$(uname -m)".zip -d "$opt"
start_services
runtime_client
run_function python --runtime python --task-root "$here/python" --handler handler.handler "${python_runtime[@]}"
# As on AWS, where nobody may stop a thread from outside: stacks of running native code are the agent's.
# An OS-only runtime knows no wrapper script, so the variable is the loader's own, which splits its
# value at spaces and colons.
preload=()
[[ $opt == *[\ :]* ]] || preload=(--env "LD_PRELOAD=$opt/lambent/liblambent-agent.so")
run_function native --runtime provided --task-root "$build/examples/native" "${preload[@]}"
for name in python native; do
  export_function "$name"
  say "$name: $(find "$out/$name" -name '*.html' | wc -l) flame graphs"
done
{
  for name in python native; do
    printf '%s\n' "$name"
    lambent invocations --function "$name"
    printf '\n'
  done
} >"$out/report.txt"
stop_children

printf '\n'
cat "$out/report.txt"
cat <<END
Flame graphs, open in a browser:
  cold start        $out/python/init.html
  everything        $out/python/all.html   $out/native/all.html
  one invocation    $out/python/invoke-<request id>.html
  cold against warm $out/python/cold-vs-warm.html
Report              $out/report.txt
To browse all of it again, start the collector on the kept data and open http://127.0.0.1:4821/
  $bin/lambent-collector --data-dir $out/collector-data
END
