# SPDX-FileCopyrightText: The Lambent Authors
# SPDX-License-Identifier: Apache-2.0
"""Just enough of the Extensions API to see when an extension first calls what, to the microsecond."""
import os
import socket
import threading
import time


class PlatformStub:
    """Answers register and the telemetry subscription, lets next wait until close(). Notes in
    `first` when each call was first read in full, as time.perf_counter()."""

    def __init__(self):
        self.first = {}
        self.seen = threading.Condition()
        self.connections = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def wait_for(self, what, seconds):
        with self.seen:
            self.seen.wait_for(lambda: what in self.first, seconds)
            return self.first.get(what)

    def close(self):
        # shutdown, not close alone: the accepting thread holds the socket in its call.
        for sock in [self.listener] + self.connections:
            try:
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            sock.close()

    def _accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.connections.append(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        received = b""
        try:
            while True:
                while b"\r\n\r\n" not in received:
                    piece = connection.recv(65536)
                    if not piece:
                        return
                    received += piece
                now = time.perf_counter()
                head, _, received = received.partition(b"\r\n\r\n")
                length = 0
                for line in head.lower().split(b"\r\n"):
                    if line.startswith(b"content-length:"):
                        length = int(line.split(b":")[1])
                while len(received) < length:
                    received += connection.recv(65536)
                    now = time.perf_counter()
                received = received[length:]
                self._answer(connection, head.split(b" ")[1].decode(), now)
        except OSError:
            pass

    def _answer(self, connection, path, now):
        what = path.rsplit("/", 1)[1]
        with self.seen:
            self.first.setdefault(what, now)
            self.seen.notify_all()
        if what == "next":
            return
        body = b'{"functionName":"bench","functionVersion":"$LATEST","handler":"h"}'
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                           b"Lambda-Extension-Identifier: 00000000-0000-4000-8000-000000000001\r\n"
                           b"Content-Length: %d\r\n\r\n%s" % (len(body), body))


def time_start(program, variables):
    """Seconds from just before exec to register and to the first next, or None where not reached."""
    stub = PlatformStub()
    environment = {"PATH": "/usr/bin:/bin", "AWS_LAMBDA_RUNTIME_API": stub.address,
                   "AWS_LAMBDA_FUNCTION_NAME": "bench", **variables}
    null = os.open("/dev/null", os.O_RDWR)
    start = time.perf_counter()
    pid = os.posix_spawn(program, [program], environment,
                         file_actions=[(os.POSIX_SPAWN_DUP2, null, fd) for fd in (0, 1, 2)])
    try:
        stub.wait_for("next", 5)
        return tuple(stub.first[w] - start if w in stub.first else None for w in ("register", "next"))
    finally:
        os.kill(pid, 9)
        os.waitpid(pid, 0)
        os.close(null)
        stub.close()
