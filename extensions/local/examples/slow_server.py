#!/usr/bin/env python3
# SPDX-FileCopyrightText: The Lambent Authors
# SPDX-License-Identifier: Apache-2.0
"""The service the demo's function waits for: answers after ?ms=N milliseconds.

usage: slow_server.py PORT-FILE     (port picked by the kernel, written to PORT-FILE when ready)
"""
import http.server
import os
import sys
import time
import urllib.parse


class Stock(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        query = urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query)
        time.sleep(min(float(query.get("ms", ["50"])[0]), 60_000) / 1000)
        body = b'{"in_stock": true}'
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def main():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Stock)
    with open(sys.argv[1] + ".new", "w", encoding="ascii") as file:
        file.write(f"{server.server_address[1]}\n")
    os.rename(sys.argv[1] + ".new", sys.argv[1])
    server.serve_forever()


if __name__ == "__main__":
    main()
