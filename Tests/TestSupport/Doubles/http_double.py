#!/usr/bin/env python3
"""A real HTTP server that misbehaves on request.

Prints its port on standard output. With --record every request to /echo is
written to that file, one per line, before the response. Paths:
  /echo            the request as JSON, with the connection's number
  /status/N        that status and a short body
  /hang            reads the request, never responds
  /drip            a header, then one byte every 50 ms without end
  /big/N           N bytes
  /endless         a chunked body without end
  /head-flood      a header without end
  /garbage         bytes that are not HTTP
  /close           closes without a byte
  /half            announces 100 bytes, sends 10, closes
  /redirect        to /echo
  /redirect-file   to file:///etc/passwd
  /redirect-to?U   to U; without one, to itself
  /unmarked        a body that ends when the connection closes
  /receipt/A/D/…   a notifier's receipt for no lines: A accepted, D duplicates
"""
import argparse
import http.server
import json
import ssl
import threading
import time

connections = {"count": 0, "lock": threading.Lock()}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def setup(self):
        super().setup()
        with connections["lock"]:
            connections["count"] += 1
            self.number = connections["count"]

    def log_message(self, *_):
        pass

    def body(self):
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def answer(self, status, body=b"", headers=()):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def serve(self):
        sent = self.body()
        if self.path.startswith("http://"):  # the absolute form, sent to proxies
            self.path = "/" + self.path.split("/", 3)[3]
        path, _, argument = self.path[1:].partition("?")[0].partition("/")
        if path == "echo":
            told = {
                "method": self.command,
                "path": self.path,
                "headers": [[n, v] for n, v in self.headers.items()],
                "body": sent.decode("utf-8", "replace"),
                "connection": self.number,
            }
            if self.server.record:
                with connections["lock"], open(self.server.record, "a", encoding="utf-8") as file:
                    file.write(json.dumps(told) + "\n")
            self.answer(200, json.dumps(told).encode(), [("Content-Type", "application/json")])
        elif path == "status":
            self.answer(int(argument), b"as asked\n", [("Retry-After", "7")])
        elif path == "hang":
            self.rfile.read(1)
            self.close_connection = True
        elif path == "drip":
            self.send_response(200)
            self.send_header("Content-Length", "1000000")
            self.end_headers()
            while True:
                self.wfile.write(b".")
                time.sleep(0.05)
        elif path == "big":
            self.answer(200, b"x" * int(argument))
        elif path == "endless":
            self.send_response(200)
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            while True:
                self.wfile.write(b"4000\r\n" + b"y" * 0x4000 + b"\r\n")
        elif path == "head-flood":
            self.wfile.write(b"HTTP/1.1 200 OK\r\n")
            while True:
                self.wfile.write(b"X-Flood: " + b"z" * 1000 + b"\r\n")
        elif path == "garbage":
            self.wfile.write(b"\x00\xff\x1b[2Jnothing like HTTP\r\n" * 4)
            self.close_connection = True
        elif path == "close":
            self.close_connection = True
        elif path == "half":
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n0123456789")
            self.close_connection = True
        elif path == "redirect":
            self.answer(302, b"", [("Location", "/echo")])
        elif path == "receipt":
            accepted, duplicates = argument.split("/")[:2]
            receipt = '{"accepted":%s,"duplicates":%s,"rejected":[]}' % (accepted, duplicates)
            self.answer(200, receipt.encode(), [("Content-Type", "application/json")])
        elif path == "redirect-to":
            target = self.path.partition("?")[2] or "/redirect-to"
            self.answer(302, b"", [("Location", target)])
        elif path == "unmarked":
            self.close_connection = True
            self.wfile.write(b"HTTP/1.1 200 OK\r\n\r\nas far as it came")
        elif path == "redirect-file":
            self.answer(302, b"", [("Location", "file:///etc/passwd")])
        else:
            self.answer(404, b"no such misbehaviour\n")

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = serve


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, *_):
        pass  # The client disconnected, as some tests intend.


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--certificate", default="")
    parser.add_argument("--key", default="")
    parser.add_argument("--client-ca", default="")
    parser.add_argument("--record", default="")
    parser.add_argument("--port", type=int, default=0)
    options = parser.parse_args()
    server = Server(("127.0.0.1", options.port), Handler)
    server.record = options.record
    if options.certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(options.certificate, options.key)
        if options.client_ca:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(options.client_ca)
        server.socket = context.wrap_socket(
            server.socket, server_side=True, do_handshake_on_connect=False)
    print(server.server_address[1], flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
