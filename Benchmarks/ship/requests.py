#!/usr/bin/env python3
"""Passes requests to a store on a port of this machine and counts them by kind.

usage: requests.py PORT FILE
Prints its own port. Writes the counts to FILE as JSON twice a second: LIST and the methods.
"""
import collections
import http.client
import json
import os
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

port, path = int(sys.argv[1]), sys.argv[2]
counts, lock = collections.Counter(), threading.Lock()


class Proxy(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass

    def serve(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        with lock:
            counts["LIST" if "list-type=" in self.path else self.command] += 1
        upstream = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        upstream.request(self.command, self.path, body=body, headers=dict(self.headers.items()))
        reply = upstream.getresponse()
        content = reply.read()
        upstream.close()
        self.send_response_only(reply.status)
        length = str(len(content))
        for name, value in reply.getheaders():
            if name.lower() == "content-length":
                length = value if self.command == "HEAD" else length
            elif name.lower() not in ("connection", "transfer-encoding"):
                self.send_header(name, value)
        self.send_header("Content-Length", length)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = serve


server = ThreadingHTTPServer(("127.0.0.1", 0), Proxy)
print(server.server_port, flush=True)
threading.Thread(target=server.serve_forever, daemon=True).start()
while True:
    with lock:
        text = json.dumps(counts)
    with open(path + ".part", "w", encoding="utf-8") as file:
        file.write(text)
    os.replace(path + ".part", path)
    time.sleep(0.5)
