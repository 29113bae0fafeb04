#!/usr/bin/env python3
"""A mail server that sends scripted replies and then stops.

Prints its port on standard output. ANSWERS is a JSON list of lines: the first
is the greeting, each other replies to one line of the client. After the last,
lines are read and ignored; with --close, the connection is closed.
"""
import argparse
import json
import socketserver


class Handler(socketserver.StreamRequestHandler):
    def handle(self):
        answers = list(self.server.answers)
        self.wfile.write(answers.pop(0).encode() + b"\r\n")
        while True:
            if not answers and self.server.closes:
                return
            if not self.rfile.readline():
                return
            if answers:
                self.wfile.write(answers.pop(0).encode() + b"\r\n")


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("answers", type=json.loads)
    parser.add_argument("--close", action="store_true")
    options = parser.parse_args()
    server = Server(("127.0.0.1", 0), Handler)
    server.answers = options.answers
    server.closes = options.close
    print(server.server_address[1], flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
