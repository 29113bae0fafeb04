"""Receivers that record the time and size of each message, and only small parts of it."""
import http.server
import re
import socket
import socketserver
import threading
import time


def until(holds, seconds):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and not holds():
        time.sleep(0.02)
    return holds()


class SlackSink(http.server.ThreadingHTTPServer):
    """A Slack webhook. `seen` contains (time, start of the body, length) of each request;
    `script` contains the (status, headers) of the first answers."""
    daemon_threads = True
    request_queue_size = 1024

    def __init__(self):
        self.seen, self.script, self.kept = [], [], 4096
        sink = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                sink.seen.append((time.monotonic(), body[:sink.kept], len(body)))
                status, headers = sink.script.pop(0) if sink.script else (200, {})
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"ok")

        super().__init__(("127.0.0.1", 0), Handler)
        self.port = self.server_address[1]
        threading.Thread(target=self.serve_forever, daemon=True).start()


class MailSink(socketserver.ThreadingTCPServer):
    """A minimal SMTP server without a size limit. `seen` contains (time, bytes, recipients,
    longest line) of each mail; recipients that begin with `bad` are refused."""
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 1024

    def __init__(self):
        self.seen, self.sessions = [], 0
        sink = self

        class Handler(socketserver.StreamRequestHandler):
            def say(self, text):
                self.wfile.write(text.encode() + b"\r\n")

            def data(self):
                size = longest = 0
                while (line := self.rfile.readline()) not in (b".\r\n", b""):
                    size += len(line)
                    longest = max(longest, len(line.rstrip(b"\r\n")))
                return size, longest

            def handle(self):
                sink.sessions += 1
                recipients = []
                self.say("220 sink ESMTP")
                while line := self.rfile.readline():
                    verb = line.decode("latin-1").strip().upper()
                    if verb.startswith(("EHLO", "HELO")):
                        self.say("250-sink\r\n250 8BITMIME")
                    elif verb.startswith("RCPT"):
                        address = re.search("<(.*)>", line.decode("latin-1")).group(1)
                        if address.startswith("bad"):
                            self.say("550 5.1.1 unknown")
                            continue
                        recipients.append(address)
                        self.say("250 2.1.5 ok")
                    elif verb == "DATA":
                        self.say("354 go on")
                        size, longest = self.data()
                        sink.seen.append((time.monotonic(), size, recipients, longest))
                        recipients = []
                        self.say("250 2.0.0 taken")
                    elif verb == "QUIT":
                        self.say("221 bye")
                        return
                    else:
                        if verb == "RSET":
                            recipients = []
                        self.say("250 ok")

        super().__init__(("127.0.0.1", 0), Handler)
        self.port = self.server_address[1]
        threading.Thread(target=self.serve_forever, daemon=True).start()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
