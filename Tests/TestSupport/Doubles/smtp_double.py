#!/usr/bin/env python3
"""A real SMTP server (aiosmtpd) that records accepted messages and refuses on request.

Prints its port on standard output. Every accepted message is written to
FOLDER/NNNN.json (envelope, session, message as Latin-1 text, so that bytes are
kept) before it is acknowledged; every connection is a line of
FOLDER/sessions.txt. With --slow SECONDS the acknowledgement comes that much later,
and a line "NUMBER MILLISECONDS" is appended to FOLDER/answers.txt just before it.

With --strict the greeting must be a fully-qualified name or an address literal, as with
Postfix's reject_non_fqdn_helo_hostname and reject_invalid_helo_hostname. --mechanisms names
the offered mechanisms of AUTH; GSSAPI and NTLM refuse every credential.

FOLDER/script.json, read before each answer, may hold
  "recipients": {"a@b": ["450 4.2.1 later", null]}   answers to the n-th RCPT
                of that address; the last one repeats, null accepts
  "senders":    {"a@b": "550 5.7.1 no"}
  "data":       ["451 4.3.0 full", null]   answers to the n-th message; then accepted
"""
import argparse
import asyncio
import base64
import hmac
import json
import os
import re
import ssl
import time

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword


HELLO = re.compile(
    r"\[(IPv6:)?[0-9a-fA-F.:]+\]|([A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?\.)+[A-Za-z]([A-Za-z0-9-]*[A-Za-z0-9])?")


class Handler:
    strict = False
    credentials = ("", "")

    def __init__(self, folder):
        self.folder = folder
        self.accepted = 0
        self.messages = 0
        self.asked = {}

    def script(self):
        try:
            with open(os.path.join(self.folder, "script.json"), encoding="utf-8") as file:
                return json.load(file)
        except FileNotFoundError:
            return {}

    async def handle_EHLO(self, server, session, envelope, hostname, responses):
        if self.strict and not HELLO.fullmatch(hostname):
            return [f"504 5.5.2 <{hostname}>: Helo command rejected: need fully-qualified hostname"]
        session.host_name = hostname
        # In the given order; nothing if none was given.
        kept = [line for line in responses if not line.startswith("250-AUTH")]
        if server.offered and len(kept) < len(responses):
            kept.insert(1, "250-AUTH " + " ".join(server.offered))
        return kept

    async def handle_HELO(self, server, session, envelope, hostname):
        if self.strict and not HELLO.fullmatch(hostname):
            return f"504 5.5.2 <{hostname}>: Helo command rejected: need fully-qualified hostname"
        session.host_name = hostname
        return "250 double.example"

    def result(self, right, login):
        return AuthResult(
            success=right, handled=False, auth_data=LoginPassword(login, b"") if right else None)

    async def auth_CRAM__MD5(self, server, args):
        server.session.mechanism = "CRAM-MD5"
        challenge = b"<1896.697170952@double.example>"
        answer = await server.challenge_auth(challenge)
        login, _, digest = answer.rpartition(b" ")
        username, password = (text.encode() for text in self.credentials)
        expected = hmac.new(password, challenge, "md5").hexdigest().encode()
        return self.result(login == username and digest == expected, login)

    async def auth_XOAUTH2(self, server, args):
        server.session.mechanism = "XOAUTH2"
        answer = base64.b64decode(args[1]) if len(args) > 1 else await server.challenge_auth(b"")
        username, password = self.credentials
        right = answer == f"user={username}\x01auth=Bearer {password}\x01\x01".encode()
        if not right and b"ya29.bad" in answer:
            await server.push("535 5.7.3 the token is no good")
            return AuthResult(success=False, handled=True)
        if not right:
            # As Google and Microsoft do: the client must acknowledge the error first.
            await server.challenge_auth(b'{"status":"401","schemes":"Bearer"}')
            await server.push("535 5.7.3 the token has expired")
            return AuthResult(success=False, handled=True)
        return self.result(right, username.encode())

    async def bait(self, server):
        await server.push("535 5.7.8 nobody here speaks that")
        return AuthResult(success=False, handled=True)

    async def auth_GSSAPI(self, server, args):
        return await self.bait(server)

    async def auth_NTLM(self, server, args):
        return await self.bait(server)

    async def handle_MAIL(self, server, session, envelope, address, options):
        refusal = self.script().get("senders", {}).get(address)
        if refusal:
            return refusal
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 2.1.0 OK"

    async def handle_RCPT(self, server, session, envelope, address, options):
        answers = self.script().get("recipients", {}).get(address)
        if answers:
            turn = self.asked.get(address, 0)
            self.asked[address] = turn + 1
            refusal = answers[min(turn, len(answers) - 1)]
            if refusal:
                return refusal
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server, session, envelope):
        turn = self.messages
        self.messages += 1
        answers = self.script().get("data", [])
        if turn < len(answers) and answers[turn]:
            return answers[turn]
        record = {
            "from": envelope.mail_from,
            "recipients": envelope.rcpt_tos,
            "session": session.peer[1],
            "tls": session.ssl is not None or self.implicit,
            "login": self.login(session),
            "hello": session.host_name,
            "mechanism": getattr(session, "mechanism", ""),
            "options": envelope.mail_options,
            "data": envelope.original_content.decode("latin-1"),
            "received_ms": time.monotonic_ns() // 1_000_000,
        }
        name = os.path.join(self.folder, f"{self.accepted:04}.json")
        self.accepted += 1
        with open(name + ".part", "w", encoding="utf-8") as file:
            json.dump(record, file)
        os.rename(name + ".part", name)
        if self.slow:
            number = self.accepted - 1
            await asyncio.sleep(self.slow)
            with open(os.path.join(self.folder, "answers.txt"), "a") as file:
                file.write(f"{number} {time.monotonic_ns() // 1_000_000}\n")
        return "250 2.0.0 taken"

    @staticmethod
    def login(session):
        data = session.auth_data
        return data.login.decode() if isinstance(data, LoginPassword) else ""


class Server(SMTP):
    def connection_made(self, transport):
        peer = transport.get_extra_info("peername")
        with open(os.path.join(self.event_handler.folder, "sessions.txt"), "a") as file:
            file.write(f"{peer[1]}\n")
        super().connection_made(transport)


def authenticator(username, password):
    def check(server, session, envelope, mechanism, data):
        session.mechanism = mechanism
        right = (
            isinstance(data, LoginPassword)
            and data.login == username.encode()
            and data.password == password.encode()
        )
        return AuthResult(success=right, handled=right, auth_data=data if right else None)

    return check


async def serve(options):
    context = None
    if options.certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(options.certificate, options.key)
    handler = Handler(options.folder)
    handler.slow = options.slow
    handler.implicit = options.security == "implicit"
    handler.strict = options.strict
    handler.credentials = (options.username, options.password)
    offered = options.mechanisms.split() if options.username else []

    def make():
        server = Server(
            handler,
            hostname="double.example",
            tls_context=context if options.security == "starttls" else None,
            require_starttls=options.security == "starttls",
            authenticator=authenticator(options.username, options.password)
            if options.username
            else None,
            auth_required=bool(options.username),
            auth_require_tls=options.security == "starttls",
            enable_SMTPUTF8=options.utf8,
        )
        server.offered = offered
        return server

    server = await asyncio.get_running_loop().create_server(
        make, "127.0.0.1", options.port,
        ssl=context if options.security == "implicit" else None)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--folder", required=True)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--security", choices=["none", "starttls", "implicit"], default="starttls")
    parser.add_argument("--certificate", default="")
    parser.add_argument("--key", default="")
    parser.add_argument("--username", default="")
    parser.add_argument("--password", default="")
    parser.add_argument("--strict", action="store_true")
    parser.add_argument("--utf8", action="store_true")
    parser.add_argument("--mechanisms", default="LOGIN PLAIN")
    parser.add_argument("--slow", type=float, default=0)
    asyncio.run(serve(parser.parse_args()))


if __name__ == "__main__":
    main()
