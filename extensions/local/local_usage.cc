// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "extensions/local/local_options.h"

namespace lambent::local {

std::string LocalUsage() {
  return R"(lambent local: Lambda on this machine

  lambent local --event FILE|JSON [--event …] [options]
  lambent local --event FILE|JSON [options] -- COMMAND [ARGUMENT…]

Runs a function as AWS Lambda would: serves the Runtime, Extensions and Telemetry APIs on a loopback
port, starts the extensions, starts the runtime, delivers the events one after the other, freezes in
between, enforces the timeout, re-initialises after a crash, and ends with SHUTDOWN.

The function
  --runtime python|provided   python: a handler under Lambent's own small runtime client;
                              provided (default): the executable TASK_ROOT/bootstrap
  -- COMMAND …                or any program that speaks the Runtime API
  --handler MODULE.FUNCTION   default function.handler
  --task-root DIR             the function's folder, its working directory; default .
  --python PATH               the interpreter; default python3
  --ric                       run AWS's awslambdaric in that interpreter instead of our client
  --function-name NAME, --function-version VERSION, --memory MB (128), --timeout SECONDS (3),
  --init-timeout SECONDS (10)
  --env NAME=VALUE, --env NAME          for function and extensions; repeat. Without a value it is
                              taken from here: nothing else of this environment but PATH, HOME and
                              the AWS credentials is passed on. As on Lambda, the runtime is
                              started through AWS_LAMBDA_EXEC_WRAPPER, unless it is "provided"
  --env-extensions NAME=VALUE for the extensions only; repeat

The events
  --event FILE|JSON           repeat; each is one invocation
  --concurrency 1             invocations at a time, as in every environment of on-demand Lambda
  --invocations N             go round the events until N invocations were made
  --freeze-ms MS[-MS]         stop every process this long (a range: at random) after each
                              invocation; 0 (default): not at all
  --seed N                    request ids and freeze lengths that are the same every time

The extensions
  --extensions DIR            starts every regular file in DIR, as Lambda does with /opt/extensions;
                              repeat

The results
  standard output             START, END and REPORT lines and responses; --quiet: responses only
  standard error              what function and extensions print
  --response-dir DIR          each response, byte for byte, as DIR/<n>-<request id>.json
  --report FILE               one JSON object a line for each invocation
  --fail-on-error             exit 1 if an invocation failed
  exit status                 0: every invocation was carried out, 1: see above, 2: wrong usage,
                              4: the environment could not start, 130: interrupted

Bad days, for testing extensions
  --telemetry-faults late,duplicate,out-of-order,unknown,malformed
  --telemetry-unsupported     the subscription is answered with 202, nothing is delivered
  --register-refuse           registration is refused with 403
  --odd-request-ids           request ids with quotes, slashes and markup

Examples
  lambent local --runtime python --task-root app --handler orders.handle --event '{"id": 7}'
  lambent local --runtime python --task-root app --handler orders.handle \
      --extensions build/extensions --env LAMBENT_COLLECTOR=127.0.0.1:4820 \
      --event event.json --invocations 20 --freeze-ms 50-500
  lambent local --timeout 30 --event event.json -- node server.js
)";
}

}  // namespace lambent::local
