"""A proxy before an S3-compatible store that makes chosen requests fail.

usage: s3_proxy.py --upstream PORT --folder FOLDER
FOLDER/script.json: {"faults": {"PUT": ["503", …]}, "always": {"GET": "cut-body"}, "only": "part of
a target", "listed": ["key", …]}. Appends each request to FOLDER/requests.txt. The Host header is passed on: the signature covers it.
"""
import argparse
import http.client
import json
import os
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

arguments = argparse.ArgumentParser()
arguments.add_argument("--upstream", type=int, required=True)
arguments.add_argument("--folder", required=True)
arguments = arguments.parse_args()

with open(os.path.join(arguments.folder, "script.json")) as file:
    script = json.load(file)
lock = threading.Lock()


def error(code, more=""):
    return f'<?xml version="1.0"?><Error><Code>{code}</Code><Message>as AWS words it</Message>{more}</Error>'.encode()


def listing():
    contents = "".join(f"<Contents><Key>{key}</Key><Size>1</Size></Contents>" for key in script["listed"])
    return f"<ListBucketResult><IsTruncated>false</IsTruncated>{contents}</ListBucketResult>".encode()


# What the store does not get: status, headers and body of the answer.
ANSWERS = {
    "page": (200, [("Content-Type", "text/html")], b"<html><body>Please log in.</body></html>"),
    "expired-token": (400, [], error("ExpiredToken")),
    "other-region": (301, [("x-amz-bucket-region", "eu-central-1")], error("PermanentRedirect")),
    "error-in-body": (200, [], error("InternalError")),
    "list": (200, [("Content-Type", "application/xml")], listing()),
}


def fault_of(method, target):
    with lock:
        if script["only"] not in target:
            return None
        queue = script["faults"].get(method, [])
        if queue:
            return queue.pop(0)
        return script["always"].get(method)


class Proxy(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def note(self, outcome):
        with lock, open(os.path.join(arguments.folder, "requests.txt"), "a") as file:
            file.write(f"{self.command} {self.path} {outcome}\n")

    def drop(self, outcome):
        self.note(outcome)
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def answer(self, status, headers, body):
        self.send_response_only(status)
        for name, value in headers:
            if name.lower() not in ("connection", "transfer-encoding", "content-length"):
                self.send_header(name, value)
        if self.command == "HEAD":
            lengths = [value for name, value in headers if name.lower() == "content-length"]
            self.send_header("Content-Length", lengths[0] if lengths else "0")
        else:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()

    def serve(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        fault = fault_of(self.command, self.path)
        if fault == "refuse":
            return self.drop("refused")
        if fault == "hang":
            self.note("hung")
            self.connection.recv(1)  # returns when the client closes
            self.close_connection = True
            return
        if fault and fault.isdigit():
            self.note(fault)
            self.answer(int(fault), [], b"")
            return
        if fault in ANSWERS:
            status, headers, content = ANSWERS[fault]
            self.note(fault)
            self.answer(status, headers, content)
            if self.command != "HEAD":
                self.wfile.write(content)
            return
        headers = dict(self.headers.items())
        if fault == "ignore-condition":
            headers.pop("If-None-Match", None)
        upstream = http.client.HTTPConnection("127.0.0.1", arguments.upstream, timeout=60)
        upstream.request(self.command, self.path, body=body, headers=headers)
        reply = upstream.getresponse()
        content = reply.read()
        upstream.close()
        if fault == "lose-answer":
            return self.drop(f"{reply.status} lost")
        self.note(reply.status)
        self.answer(reply.status, reply.getheaders(), content)
        if self.command == "HEAD":
            return
        if fault == "cut-body":
            self.wfile.write(content[: len(content) // 2])
            self.wfile.flush()
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        self.wfile.write(content)

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = serve


server = ThreadingHTTPServer(("127.0.0.1", 0), Proxy)
print(server.server_port, flush=True)
server.serve_forever()
