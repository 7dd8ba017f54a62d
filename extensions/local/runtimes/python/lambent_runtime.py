# SPDX-FileCopyrightText: The Lambent Authors
# SPDX-License-Identifier: Apache-2.0
"""A small Lambda runtime for Python, for `lambent local --runtime python`. Standard library only.

    python3 -u lambent_runtime.py module.function

Speaks the Runtime API (2018-06-01) at $AWS_LAMBDA_RUNTIME_API: imports the handler, asks for the next
event, calls the handler, posts what it returned or raised. Same errors and context object as AWS's
client: what a handler can see of the platform is here.
"""
import http.client
import importlib
import json
import os
import sys
import time
import traceback

API = "/2018-06-01/runtime"


class Identity:
    def __init__(self, cognito):
        self.cognito_identity_id = cognito.get("cognitoIdentityId")
        self.cognito_identity_pool_id = cognito.get("cognitoIdentityPoolId")


class Context:
    """What the handler gets as its second argument."""

    def __init__(self, headers):
        self.aws_request_id = headers["Lambda-Runtime-Aws-Request-Id"]
        self.invoked_function_arn = headers["Lambda-Runtime-Invoked-Function-Arn"]
        self.tenant_id = headers["Lambda-Runtime-Aws-Tenant-Id"]
        self.log_group_name = os.environ.get("AWS_LAMBDA_LOG_GROUP_NAME")
        self.log_stream_name = os.environ.get("AWS_LAMBDA_LOG_STREAM_NAME")
        self.function_name = os.environ.get("AWS_LAMBDA_FUNCTION_NAME")
        self.memory_limit_in_mb = os.environ.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE")
        self.function_version = os.environ.get("AWS_LAMBDA_FUNCTION_VERSION")
        self.client_context = json.loads(headers["Lambda-Runtime-Client-Context"] or "null")
        self.identity = Identity(json.loads(headers["Lambda-Runtime-Cognito-Identity"] or "{}"))
        self._deadline_ms = int(headers["Lambda-Runtime-Deadline-Ms"] or 0)

    def get_remaining_time_in_millis(self):
        return max(self._deadline_ms - int(time.time() * 1000), 0)

    def log(self, message):
        sys.stdout.write(str(message))


class RuntimeApi:
    """One kept connection to the platform."""

    def __init__(self, address):
        self._connection = http.client.HTTPConnection(address)

    def call(self, method, path, body=None, headers=None):
        for attempt in (1, 2):  # a kept connection may be gone after a freeze
            try:
                self._connection.request(method, API + path, body, headers or {})
                response = self._connection.getresponse()
                return response, response.read()
            except (http.client.RemoteDisconnected, ConnectionError):
                self._connection.close()
                if attempt == 2:
                    raise

    def next(self):
        response, body = self.call("GET", "/invocation/next")
        if response.status != 200:
            raise RuntimeError(f"ask for the next event: status {response.status}: {body!r}")
        return response.headers, body

    def post(self, path, body, error_type=None):
        headers = {"Content-Type": "application/json"}
        if error_type:
            headers["Lambda-Runtime-Function-Error-Type"] = error_type
        return self.call("POST", path, body, headers)[0].status


def error_body(kind, message, stack=(), request_id=""):
    return json.dumps({"errorMessage": message, "errorType": kind, "requestId": request_id,
                       "stackTrace": list(stack)}, ensure_ascii=False).encode("utf-8", "replace")


def describe(error, request_id=""):
    """The error as the caller sees it, without this file's own frames."""
    frames = [f for f in traceback.extract_tb(error.__traceback__) if f.filename != __file__]
    stack = [line for line in traceback.format_list(frames)]
    kind = type(error).__name__
    print(f"[ERROR] {kind}: {error}\nTraceback (most recent call last):\n{''.join(stack)}", end="",
          flush=True)
    return kind, error_body(kind, str(error), stack, request_id)


def load_handler(name):
    """The function that `module.function` names; (function, None) or (None, (type, message))."""
    module_name, dot, function_name = name.rpartition(".")
    if not dot:
        return None, ("Runtime.MalformedHandlerName",
                      f"Bad handler '{name}': not enough values to unpack (expected 2, got 1)")
    try:
        module = importlib.import_module(module_name.replace("/", "."))
    except ImportError as error:
        return None, ("Runtime.ImportModuleError", f"Unable to import module '{module_name}': {error}")
    except SyntaxError as error:
        return None, ("Runtime.UserCodeSyntaxError", f"Syntax error in module '{module_name}': {error}")
    function = getattr(module, function_name, None)
    if function is None:
        return None, ("Runtime.HandlerNotFound",
                      f"Handler '{function_name}' missing on module '{module_name}'")
    return function, None


def invoke(function, headers, body):
    """Runs one invocation: (path, answer, error type or None)."""
    context = Context(headers)
    request_id = context.aws_request_id
    trace_id = headers["Lambda-Runtime-Trace-Id"]
    if trace_id:
        os.environ["_X_AMZN_TRACE_ID"] = trace_id
    answer = None
    try:
        event = json.loads(body)
    except ValueError as error:
        kind = "Runtime.UnmarshalError"
        return f"/invocation/{request_id}/error", error_body(kind, str(error), (), request_id), kind
    try:
        answer = function(event, context)
    except Exception as error:  # the function's own error: the runtime goes on
        kind, text = describe(error, request_id)
        return f"/invocation/{request_id}/error", text, kind
    try:
        text = json.dumps(answer, ensure_ascii=False).encode("utf-8")
    except (TypeError, ValueError) as error:
        kind = "Runtime.MarshalError"
        message = f"Unable to marshal response: {error}"
        return f"/invocation/{request_id}/error", error_body(kind, message, (), request_id), kind
    return f"/invocation/{request_id}/response", text, None


def main():
    api = RuntimeApi(os.environ["AWS_LAMBDA_RUNTIME_API"])
    name = sys.argv[1] if len(sys.argv) > 1 else os.environ.get("_HANDLER", "")
    sys.path[0] = os.environ.get("LAMBDA_TASK_ROOT", os.getcwd())
    try:
        function, failure = load_handler(name)
    except Exception as error:  # the module's own code failed
        kind, text = describe(error)
        api.post("/init/error", text, kind)
        sys.exit(1)
    if failure:
        print(f"[ERROR] {failure[0]}: {failure[1]}", flush=True)
        api.post("/init/error", error_body(*failure), failure[0])
        sys.exit(1)
    while True:
        path, answer, error_type = invoke(function, *api.next())
        if api.post(path, answer, error_type) == 413:
            kind = "Function.ResponseSizeTooLarge"
            text = error_body(kind, "Response payload size exceeded maximum allowed payload size.")
            api.post(path.replace("/response", "/error"), text, kind)


if __name__ == "__main__":
    main()
