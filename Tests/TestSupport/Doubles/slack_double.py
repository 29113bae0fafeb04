#!/usr/bin/env python3
"""A Slack incoming webhook that enforces Slack's documented rules.

Prints its port on standard output, then serves POST /services/T0/B0/KEY.

FOLDER/script.json, read before each request, is a list: entry n is the response
to request n (from 0), whatever its content; null, or no entry, means the regular
response. An entry is an object: `status`, `body`, `headers`, `hang` (seconds
before it closes without a response).

Every request is appended to FOLDER/requests.jsonl before it is answered. With
--slow SECONDS an answer comes that much later, and a line "INDEX MILLISECONDS" is
appended to FOLDER/answers.txt just before it goes out.
"""
import argparse
import http.server
import json
import os
import re
import threading
import time

# https://docs.slack.dev/reference/block-kit/blocks and
# https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks
MAX_BLOCKS = 50
MAX_TEXT = 40_000
MAX_HEADER = 150
MAX_SECTION = 3_000
MAX_FIELDS = 10
MAX_FIELD = 2_000
MAX_CONTEXT = 10
MAX_BLOCK_ID = 255
TEXT_TYPES = ("plain_text", "mrkdwn")
# https://docs.slack.dev/legacy/legacy-messaging/legacy-secondary-message-attachments
MAX_ATTACHMENTS = 100
MAX_ACTIONS = 5
MAX_ACTION_TEXT = 30


class Invalid(Exception):
    pass


def require(holds, why):
    if not holds:
        raise Invalid(why)


def text_object(value, limit, types=TEXT_TYPES):
    require(isinstance(value, dict), "text object is no object")
    require(value.get("type") in types, "text object has the wrong type")
    text = value.get("text")
    require(isinstance(text, str) and text != "", "text object has no text")
    require(len(text) <= limit, f"text of {len(text)} over {limit}")


def block(value):
    require(isinstance(value, dict), "block is no object")
    kind = value.get("type")
    require(len(value.get("block_id", "")) <= MAX_BLOCK_ID, "block_id too long")
    if kind == "header":
        text_object(value.get("text"), MAX_HEADER, ("plain_text",))
    elif kind == "section":
        require("text" in value or "fields" in value, "section without text and fields")
        if "text" in value:
            text_object(value["text"], MAX_SECTION)
        fields = value.get("fields", [])
        require(isinstance(fields, list) and len(fields) <= MAX_FIELDS, "too many fields")
        for field in fields:
            text_object(field, MAX_FIELD)
    elif kind == "context":
        elements = value.get("elements")
        require(isinstance(elements, list) and elements, "context without elements")
        require(len(elements) <= MAX_CONTEXT, "too many context elements")
        for element in elements:
            text_object(element, MAX_SECTION)
    elif kind == "divider":
        pass
    elif kind == "rich_text":
        require(isinstance(value.get("elements"), list), "rich_text without elements")
    else:
        raise Invalid(f"unknown block type {kind!r}")


def attachment(value):
    require(isinstance(value, dict), "attachment is no object")
    require(re.fullmatch("good|warning|danger|#[0-9a-fA-F]{6}", value.get("color", "good")),
            "color of an attachment")
    require("blocks" not in value or not set(value) & {"text", "title", "fields", "actions"},
            "blocks beside the members that they replace")
    require(len(value.get("blocks", [])) <= MAX_BLOCKS, "too many blocks in an attachment")
    for one in value.get("blocks", []):
        block(one)
    actions = value.get("actions", [])
    require(len(actions) <= MAX_ACTIONS, "too many actions")
    for action in actions:
        require(action.get("type") == "button", "an action that is no button")
        require(0 < len(action.get("text", "")) <= MAX_ACTION_TEXT, "text of a button")
        require(action.get("url", "").startswith(("http://", "https://")), "address of a button")


def unique_keys(pairs):
    keys = [key for key, _ in pairs]
    if len(set(keys)) != len(keys):
        raise ValueError("a key occurs twice")
    return dict(pairs)


def verdict(method, path, key, content_type, body):
    """Returns Slack's status and error word for this request, and the reason."""
    if path != f"/services/T0/B0/{key}":
        return 404, "no_service", "unknown path"
    if method != "POST":
        return 400, "invalid_payload", "not a POST"
    if content_type.split(";")[0].strip().lower() != "application/json":
        return 400, "invalid_payload", f"content type {content_type!r}"
    try:
        payload = json.loads(body.decode("utf-8"), object_pairs_hook=unique_keys)
        require(isinstance(payload, dict), "payload is no object")
    except (ValueError, Invalid) as fault:
        return 400, "invalid_payload", str(fault)
    text = payload.get("text")
    if text is not None and not isinstance(text, str):
        return 400, "invalid_payload", "text is no string"
    if not text and not payload.get("blocks") and not payload.get("attachments"):
        return 400, "no_text", "no text"
    if text and len(text) > MAX_TEXT:
        return 400, "msg_too_long", "text too long"
    try:
        blocks = payload.get("blocks", [])
        require(isinstance(blocks, list), "blocks are no list")
        require(len(blocks) <= MAX_BLOCKS, f"{len(blocks)} blocks")
        for one in blocks:
            block(one)
    except Invalid as fault:
        return 400, "invalid_blocks", str(fault)
    try:
        attachments = payload.get("attachments", [])
        require(isinstance(attachments, list), "attachments are no list")
        require(len(attachments) <= MAX_ATTACHMENTS, "too many attachments")
        for one in attachments:
            attachment(one)
    except (Invalid, AttributeError, TypeError) as fault:
        return 400, "invalid_attachments", str(fault)
    return 200, "ok", ""


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def scripted(self, index):
        try:
            with open(os.path.join(self.server.folder, "script.json"), encoding="utf-8") as file:
                script = json.load(file)
        except FileNotFoundError:
            return None
        return script[index] if index < len(script) else None

    def serve(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        with self.server.lock:
            index = self.server.served
            self.server.served += 1
            answer = self.scripted(index)
            status, word, why = verdict(
                self.command, self.path, self.server.key,
                self.headers.get("Content-Type", ""), body)
            headers = {}
            hang = 0
            if answer is not None:
                status = answer.get("status", status)
                word = answer.get("body", word)
                headers = answer.get("headers", {})
                hang = answer.get("hang", 0)
                why = "scripted"
            record = {
                "index": index,
                "method": self.command,
                "path": self.path,
                "headers": {name.lower(): value for name, value in self.headers.items()},
                "body": body.decode("utf-8", "replace"),
                "status": 0 if hang else status,
                "answer": word,
                "why": why,
                "peer_port": self.client_address[1],
                "received_ms": time.monotonic_ns() // 1_000_000,
            }
            with open(self.server.record, "a", encoding="utf-8") as file:
                file.write(json.dumps(record) + "\n")
        if hang:
            time.sleep(hang)
            self.close_connection = True
            return
        if self.server.slow:
            time.sleep(self.server.slow)
            with open(os.path.join(self.server.folder, "answers.txt"), "a") as file:
                file.write(f"{index} {time.monotonic_ns() // 1_000_000}\n")
        content = word.encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_PUT = do_DELETE = serve


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, *_):
        pass


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--folder", required=True)
    parser.add_argument("--key", default="sekret")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--slow", type=float, default=0)
    options = parser.parse_args()
    server = Server(("127.0.0.1", options.port), Handler)
    server.folder = options.folder
    server.key = options.key
    server.slow = options.slow
    server.record = os.path.join(options.folder, "requests.jsonl")
    server.served = 0
    server.lock = threading.Lock()
    print(server.server_address[1], flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
