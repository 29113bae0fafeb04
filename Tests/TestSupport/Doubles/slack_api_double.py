#!/usr/bin/env python3
"""chat.postMessage and chat.update of Slack's Web API, as strict as documented.

Prints its port on standard output. FOLDER/script.json and requests.jsonl are
those of slack_double.py; FOLDER/messages.json contains the channel's messages.


"""
import argparse
import http.server
import json
import os
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from slack_double import (  # noqa: E402
    Invalid, MAX_BLOCKS, MAX_TEXT, attachment, block, require, unique_keys)

# https://docs.slack.dev/reference/methods/chat.postMessage and chat.update
POST = {"channel", "text", "blocks", "attachments", "thread_ts", "reply_broadcast", "unfurl_links",
        "unfurl_media", "metadata", "mrkdwn", "parse", "link_names"}
UPDATE = {"channel", "ts", "text", "blocks", "attachments", "metadata", "parse", "link_names", "reply_broadcast"}


class Refused(Exception):
    pass


def checked(payload, known):
    require(isinstance(payload, dict), "payload is no object")
    require(set(payload) <= known, f"unknown arguments {set(payload) - known}")
    text = payload.get("text")
    if not text and not payload.get("blocks"):
        raise Refused("no_text")
    if text is not None and (not isinstance(text, str) or len(text) > MAX_TEXT):
        raise Refused("msg_too_long")
    blocks = payload.get("blocks", [])
    try:
        require(isinstance(blocks, list) and len(blocks) <= MAX_BLOCKS, "too many blocks")
        for one in blocks:
            block(one)
        for one in payload.get("attachments", []):
            attachment(one)
    except Invalid as fault:
        raise Refused("invalid_blocks") from fault
    metadata = payload.get("metadata", {"event_type": "x", "event_payload": {}})
    if set(metadata) != {"event_type", "event_payload"}:
        raise Refused("metadata_must_be_sent_from_app")


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, body):
        server = self.server
        if self.headers.get("Authorization") != f"Bearer {server.token}":
            return {"ok": False, "error": "invalid_auth"}
        if not self.headers.get("Content-Type", "").startswith("application/json"):
            return {"ok": False, "error": "invalid_form_data"}
        try:
            payload = json.loads(body.decode("utf-8"), object_pairs_hook=unique_keys)
            if self.path == "/api/chat.postMessage":
                checked(payload, POST)
                return self.post(payload)
            if self.path == "/api/chat.update":
                checked(payload, UPDATE)
                return self.update(payload)
            return {"ok": False, "error": "unknown_method"}
        except Refused as refused:
            return {"ok": False, "error": str(refused)}
        except (ValueError, Invalid) as fault:
            return {"ok": False, "error": "invalid_arguments", "why": str(fault)}

    def post(self, payload):
        server = self.server
        if payload["channel"] != server.channel:
            raise Refused("channel_not_found")
        parent = payload.get("thread_ts")
        if parent is not None and parent not in server.messages:
            raise Refused("thread_not_found")
        server.count += 1
        ts = f"17000000{server.count:02d}.000100"
        server.messages[ts] = {"thread_ts": parent, "edits": 0, **payload}
        return {"ok": True, "channel": server.channel, "ts": ts, "message": {"text": ""}}

    def update(self, payload):
        server = self.server
        if payload["channel"] != server.channel:
            raise Refused("channel_not_found")
        message = server.messages.get(payload.get("ts"))
        if message is None:
            raise Refused("message_not_found")
        message.update({key: value for key, value in payload.items() if key not in ("channel", "ts")})
        message["edits"] += 1
        return {"ok": True, "channel": server.channel, "ts": payload["ts"], "text": ""}

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        server = self.server
        with server.lock:
            scripted = None
            try:
                with open(os.path.join(server.folder, "script.json"), encoding="utf-8") as file:
                    script = json.load(file)
                scripted = script[server.served] if server.served < len(script) else None
            except FileNotFoundError:
                pass
            index, server.served = server.served, server.served + 1
            status, headers = 200, {}
            if scripted is not None:
                status = scripted.get("status", 200)
                headers = scripted.get("headers", {})
                answer = json.loads(scripted.get("body") or "{}")
            else:
                answer = self.answer(body)
            with open(server.record, "a", encoding="utf-8") as file:
                file.write(json.dumps({
                    "index": index, "method": self.command, "path": self.path,
                    "headers": {name.lower(): value for name, value in self.headers.items()},
                    "body": body.decode("utf-8", "replace"), "status": status,
                    "answer": json.dumps(answer), "why": answer.get("error", ""),
                    "peer_port": self.client_address[1],
                    "received_ms": time.monotonic_ns() // 1_000_000}) + "\n")
            path = os.path.join(server.folder, "messages.json")
            with open(path + ".new", "w", encoding="utf-8") as file:
                json.dump([{"ts": ts, **message} for ts, message in server.messages.items()], file)
            os.replace(path + ".new", path)
        content = json.dumps(answer).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        pass


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--folder", required=True)
    parser.add_argument("--key", default="xoxb-sekret")
    parser.add_argument("--channel", default="C0123456789")
    options = parser.parse_args()
    server = Server(("127.0.0.1", 0), Handler)
    server.folder, server.token, server.channel = options.folder, options.key, options.channel
    server.record = os.path.join(options.folder, "requests.jsonl")
    server.served = server.count = 0
    server.messages = {}
    server.lock = threading.Lock()
    print(server.server_address[1], flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
