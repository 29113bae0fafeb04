#!/usr/bin/env python3
"""A mail server that stops responding at one stage of the conversation.

Prints its port on standard output, then a line "stalled" whenever a conversation
reaches STAGE, and a line "ended BYTES" with what it received after that, as a Python
literal, once the client closes. STAGE gets no reply: greeting, EHLO, STARTTLS,
handshake (of TLS), AUTH, MAIL, RCPT, DATA, body (the message is not read until there is
another connection), dot (the message's end) or QUIT. With --drip one byte of an endless
reply is sent every tenth of a second instead of nothing. With --certificate STARTTLS is
offered, and with --auth a password is required. With --refuse the sender is refused, so
that a client continues with QUIT.
"""
import argparse
import socket
import socketserver
import ssl
import threading
import time

printing = threading.Lock()


def tell(line):
    with printing:
        print(line, flush=True)


class Handler(socketserver.BaseRequestHandler):
    def handle(self):
        self.options = self.server.options
        self.connection = self.request
        self.buffer = b""
        self.secure = False
        with self.server.counting:
            self.server.connections += 1
            if self.server.connections > 1:
                self.server.release.set()
        try:
            self.converse()
        except (OSError, ssl.SSLError):
            pass

    def stall(self, name):
        if self.options.stage != name:
            return False
        tell("stalled")
        if self.options.drip:
            threading.Thread(target=self.drip, daemon=True).start()
        received = self.buffer
        try:
            if name == "body":
                self.server.release.wait()
            while True:
                data = self.connection.recv(65536)
                if not data:
                    break
                received += data
        except (OSError, ssl.SSLError):
            pass
        tell(f"ended {received[-200:]!r}")
        return True

    def drip(self):
        try:
            while True:
                for byte in b"250-more\r\n":
                    self.connection.sendall(bytes([byte]))
                    time.sleep(0.1)
        except (OSError, ssl.SSLError):
            pass

    def answer(self, line):
        self.connection.sendall(line.encode() + b"\r\n")

    def line(self, end=b"\r\n"):
        while end not in self.buffer:
            data = self.connection.recv(65536)
            if not data:
                return None
            self.buffer += data
        line, self.buffer = self.buffer.split(end, 1)
        return line

    def converse(self):
        if self.stall("greeting"):
            return
        self.answer("220 double.example hello")
        while (line := self.line()) is not None:
            verb = line.split(b" ")[0].upper().decode("latin-1")
            if self.stall(verb):
                return
            if verb == "EHLO":
                offers = ["STARTTLS"] if self.options.certificate and not self.secure else []
                offers += ["AUTH PLAIN"] if self.options.auth else []
                for offer in ["double.example"] + offers[:-1]:
                    self.answer("250-" + offer if offers else "250 " + offer)
                if offers:
                    self.answer("250 " + offers[-1])
            elif verb == "STARTTLS":
                self.answer("220 go on")
                if self.stall("handshake"):
                    return
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                context.load_cert_chain(self.options.certificate, self.options.key)
                self.connection = context.wrap_socket(self.connection, server_side=True)
                self.secure = True
            elif verb == "AUTH":
                self.answer("235 2.7.0 welcome")
            elif verb == "MAIL" and self.options.refuse:
                self.answer("550 5.7.1 not you")
            elif verb == "DATA":
                self.answer("354 go on")
                if self.stall("body"):
                    return
                if self.line(b"\r\n.\r\n") is None or self.stall("dot"):
                    return
                self.answer("250 2.0.0 taken")
            elif verb == "QUIT":
                self.answer("221 2.0.0 bye")
                return
            else:
                self.answer("250 2.0.0 ok")


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 64


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("stage")
    parser.add_argument("--drip", action="store_true")
    parser.add_argument("--refuse", action="store_true")
    parser.add_argument("--auth", action="store_true")
    parser.add_argument("--certificate", default="")
    parser.add_argument("--key", default="")
    options = parser.parse_args()
    server = Server(("127.0.0.1", 0), Handler)
    server.options = options
    server.release = threading.Event()
    server.counting = threading.Lock()
    server.connections = 0
    tell(server.server_address[1])
    server.serve_forever()


if __name__ == "__main__":
    main()
