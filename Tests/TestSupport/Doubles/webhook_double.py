#!/usr/bin/env python3
"""Web services that receive digests, each as strict as its vendor documents.

Prints its port on standard output. The first part of the path selects the service: /teams,
/google-chat, /discord, /mattermost, /telegram, /pagerduty, /opsgenie, /ntfy, /github, /gitlab,
/alertmanager, /cloudevents. Every request is appended to FOLDER/requests.jsonl with the status of
its answer and the reason of a refusal; FOLDER/state.json contains what the services remember.
"""
import argparse
import datetime
import html.parser
import http.server
import json
import os
import re
import threading
import urllib.parse

KEY = "sekretKey0123456789"


class Refused(Exception):
    def __init__(self, why, status=400):
        super().__init__(why)
        self.status = status


def require(holds, why, status=400):
    if not holds:
        raise Refused(why, status)


def units(text):
    """The length of a text in UTF-16 units, which is at least what any vendor counts."""
    return len(text.encode("utf-16-le")) // 2


def text(value, limit, what, least=1):
    require(isinstance(value, str), f"{what} is no text")
    require(least <= units(value) <= limit, f"{what} has {units(value)} of {limit}")
    return value


def link(value, what="url"):
    parts = urllib.parse.urlsplit(text(value, 2048, what))
    require(parts.scheme in ("http", "https") and parts.netloc, f"{what} is no address")


def moment(value, what):
    datetime.datetime.fromisoformat(text(value, 40, what).replace("Z", "+00:00"))


def members(value, known, what, needed=()):
    require(isinstance(value, dict), f"{what} is no object")
    require(set(value) <= set(known), f"{what} has unknown {set(value) - set(known)}")
    require(set(needed) <= set(value), f"{what} lacks {set(needed) - set(value)}")


def markup(value, tags):
    """Only these tags, balanced, with links to the web; everything else is text."""

    class Reader(html.parser.HTMLParser):
        def __init__(self):
            super().__init__()
            self.open = []

        def handle_starttag(self, tag, attributes):
            require(tag in tags, f"tag {tag}")
            for name, content in attributes:
                require(tag == "a" and name == "href", f"attribute {name}")
                link(content)
            self.open.append(tag)

        def handle_endtag(self, tag):
            require(self.open and self.open.pop() == tag, f"unbalanced {tag}")

    reader = Reader()
    reader.feed(value)
    reader.close()
    require(not reader.open, "a tag stays open")
    return re.sub(r"<[^>]*>", "", value).replace("&lt;", "<").replace("&gt;", ">") \
        .replace("&quot;", '"').replace("&#39;", "'").replace("&amp;", "&")


def fenced(value):
    """The text has only fences of its own, so that nothing in it is markup."""
    require(value.count("```") == 2, "a fence of the data")
    before, _, after = value.partition("```")
    inside, _, behind = after.partition("```")
    require("\n" in inside and inside.endswith("\n"), "a fence that is not on its own line")
    require(behind.strip() == "", "text behind the fence")
    return before


# https://learn.microsoft.com/power-automate/… "post to a channel when a webhook request is received"
def teams(request):
    require(len(request.body) <= 28 * 1024, "too large", 413)
    payload = request.json()
    members(payload, ["type", "summary", "attachments"], "message", ["type", "attachments"])
    require(payload["type"] == "message", "type")
    require(len(payload["attachments"]) == 1, "attachments")
    attachment = payload["attachments"][0]
    require(attachment["contentType"] == "application/vnd.microsoft.card.adaptive", "content")
    card = attachment["content"]
    members(card, ["$schema", "type", "version", "msteams", "fallbackText", "body", "actions"],
            "card", ["type", "version", "body"])
    require(card["type"] == "AdaptiveCard" and card["version"] in ("1.2", "1.3", "1.4", "1.5"),
            "version")
    for element in card["body"]:
        # Text runs are plain: TextBlocks would read Markdown of the data.
        members(element, ["type", "inlines", "spacing", "separator"], "element", ["type"])
        require(element["type"] == "RichTextBlock", element["type"])
        for run in element["inlines"]:
            members(run, ["type", "text", "size", "weight", "isSubtle", "fontType"], "run")
            require(run["type"] == "TextRun" and isinstance(run["text"], str), "run")
    require(len(card["actions"]) <= 6, "more actions than a card shows")
    for action in card["actions"]:
        members(action, ["type", "title", "url"], "action", ["type", "title", "url"])
        require(action["type"] == "Action.OpenUrl", "action")
        link(action["url"])
    return 202, b""


# https://developers.google.com/workspace/chat/api/reference/rest/v1/spaces.messages
def google_chat(request):
    require(len(request.body) <= 32_000, "too large")
    payload = request.json()
    members(payload, ["thread", "fallbackText", "cardsV2", "text"], "message", ["cardsV2"])
    text(payload["thread"]["threadKey"], 4000, "threadKey")
    for holder in payload["cardsV2"]:
        members(holder, ["cardId", "card"], "holder", ["card"])
        card = holder["card"]
        members(card, ["header", "sections"], "card", ["sections"])
        text(card["header"]["title"], 300, "title")
        for section in card["sections"]:
            require(1 <= len(section["widgets"]) <= 100, "widgets")
            for widget in section["widgets"]:
                require(len(widget) == 1, "a widget has one kind")
                if "textParagraph" in widget:
                    markup(text(widget["textParagraph"]["text"], 8000, "text"), ("b",))
                else:
                    for button in widget["buttonList"]["buttons"]:
                        text(button["text"], 100, "button")
                        link(button["onClick"]["openLink"]["url"])
    return 200, b'{"name":"spaces/A/messages/B"}'


# https://discord.com/developers/docs/resources/webhook#execute-webhook
def discord(request):
    payload = request.json()
    members(payload, ["content", "username", "allowed_mentions", "embeds"], "message")
    require("discord" not in payload.get("username", "").lower(), "username")
    require(units(payload.get("content", "")) <= 2000, "content")
    require(payload["allowed_mentions"] == {"parse": []}, "somebody may be mentioned")
    require(1 <= len(payload["embeds"]) <= 10, "embeds")
    total = 0
    for embed in payload["embeds"]:
        members(embed, ["title", "description", "url", "color", "timestamp", "footer", "fields"],
                "embed")
        total += units(text(embed["title"], 256, "title"))
        total += units(text(embed["description"], 4096, "description"))
        total += units(text(embed["footer"]["text"], 2048, "footer"))
        require(isinstance(embed["color"], int) and 0 <= embed["color"] <= 0xFFFFFF, "color")
        moment(embed["timestamp"], "timestamp")
        if "url" in embed:
            link(embed["url"])
        fenced(embed["description"])
    require(total <= 6000, "embeds are too long together")
    return 204, b""


# https://developers.mattermost.com/integrate/webhooks/incoming/
def mattermost(request):
    payload = request.json()
    members(payload, ["text", "username", "attachments", "icon_url", "channel"], "message")
    require(units(payload.get("text", "")) <= 16_383, "text")
    for attachment in payload["attachments"]:
        members(attachment, ["fallback", "color", "pretext", "title", "title_link", "text",
                             "footer", "fields"], "attachment", ["text"])
        text(attachment["text"], 16_383, "text")
        fenced(attachment["text"])
        require(re.fullmatch("#[0-9a-f]{6}", attachment["color"]), "color")
        for part in ("fallback", "title"):
            require("@" not in attachment[part], "a mention")
            require("<" not in attachment[part], "Slack's markup")
        if "title_link" in attachment:
            link(attachment["title_link"])
    return 200, b"ok"


# https://core.telegram.org/bots/api#sendmessage
def telegram(request):
    require(request.parts[1:] == [f"bot{KEY}", "sendMessage"], "Not Found", 404)
    payload = request.json()
    members(payload, ["chat_id", "text", "parse_mode", "link_preview_options"], "message",
            ["chat_id", "text"])
    require(payload["parse_mode"] == "HTML", "parse_mode")
    require(re.fullmatch("-?[0-9]+", payload["chat_id"]), "chat_id")
    shown = markup(payload["text"], ("b", "i", "u", "s", "code", "pre", "a"))
    text(shown, 4096, "text")
    return 200, b'{"ok":true,"result":{"message_id":1}}'


# https://developer.pagerduty.com/docs/events-api-v2/trigger-events/
def pagerduty(request):
    require(len(request.body) <= 512 * 1024, "too large", 413)
    require(request.parts[1:] == ["v2", "enqueue"], "path", 404)
    payload = request.json()
    members(payload, ["routing_key", "event_action", "dedup_key", "payload", "links", "images",
                      "client", "client_url"], "event", ["routing_key", "event_action"])
    require(payload["routing_key"] == KEY, "routing_key")
    action = payload["event_action"]
    require(action in ("trigger", "acknowledge", "resolve"), "event_action")
    text(payload["dedup_key"], 255, "dedup_key")
    for one in payload.get("links", []):
        members(one, ["href", "text"], "link", ["href"])
        link(one["href"])
    body = payload["payload"]
    members(body, ["summary", "source", "severity", "timestamp", "component", "group", "class",
                   "custom_details"], "payload", ["summary", "source", "severity"])
    text(body["summary"], 1024, "summary")
    text(body["source"], 1024, "source")
    require(body["severity"] in ("critical", "error", "warning", "info"), "severity")
    moment(body["timestamp"], "timestamp")
    require(isinstance(body["custom_details"], dict), "custom_details")
    incidents = request.state.setdefault("pagerduty", {})
    if action == "resolve":
        incidents.pop(payload["dedup_key"], None)
    else:
        incidents[payload["dedup_key"]] = body["severity"]
    return 202, b'{"status":"success","message":"Event processed","dedup_key":"x"}'


# https://docs.opsgenie.com/docs/alert-api
def opsgenie(request):
    require(request.headers.get("Authorization") == f"GenieKey {KEY}", "key", 401)
    alerts = request.state.setdefault("opsgenie", {})
    payload = request.json()
    if request.parts[1:] == ["v2", "alerts"]:
        members(payload, ["message", "alias", "description", "responders", "visibleTo", "actions",
                          "tags", "details", "entity", "source", "priority", "user", "note"],
                "alert", ["message"])
        text(payload["message"], 130, "message")
        text(payload["alias"], 512, "alias")
        text(payload["description"], 15_000, "description")
        text(payload["entity"], 512, "entity")
        text(payload["source"], 100, "source")
        require(payload["priority"] in ("P1", "P2", "P3", "P4", "P5"), "priority")
        require(len(payload["tags"]) <= 20, "tags")
        for tag in payload["tags"]:
            text(tag, 50, "tag")
        require(all(isinstance(value, str) for value in payload["details"].values()), "details")
        require(units(json.dumps(payload["details"])) <= 8000, "details")
        alerts[payload["alias"]] = payload["priority"]
    else:
        require(request.parts[1:3] == ["v2", "alerts"] and request.parts[4:] == ["close"],
                "path", 404)
        require(request.query == {"identifierType": ["alias"]}, "identifierType")
        members(payload, ["user", "source", "note"], "close")
        text(payload["note"], 25_000, "note")
        alerts.pop(request.parts[3], None)
    return 202, b'{"result":"Request will be processed","took":0.1,"requestId":"1"}'


# https://docs.ntfy.sh/publish/#publish-as-json
def ntfy(request):
    require(request.parts[1:] == [], "path", 404)
    require(len(request.body) <= 8192, "too large", 413)
    payload = request.json()
    members(payload, ["topic", "message", "title", "tags", "priority", "actions", "click"],
            "message", ["topic"])
    require(re.fullmatch("[-_A-Za-z0-9]{1,64}", payload["topic"]), "topic")
    require(len(payload["message"].encode()) <= 4096, "message would become a file")
    require(len(payload["title"].encode()) <= 256, "title")
    require(payload["priority"] in (1, 2, 3, 4, 5), "priority")
    if "click" in payload:
        link(payload["click"])
    return 200, b'{"id":"x","event":"message"}'


def numbered(request, base, comments, body_key, close):
    """The issues of GitHub and GitLab: made, commented, closed."""
    issues = request.state.setdefault(request.service, {})
    payload = request.json()
    rest = request.parts[1 + len(base):]
    require(request.parts[1:1 + len(base)] == base, f"path {request.parts}", 404)
    if not rest:
        require(request.method == "POST", "method", 405)
        text(payload["title"], 255, "title")
        fenced(text(payload[body_key], 65_536, body_key))
        number = str(len(issues) + 1)
        issues[number] = {"title": payload["title"], "state": "open", "comments": 0}
        return number
    require(rest[0] in issues, "no such issue", 404)
    if rest[1:] == [comments]:
        require(request.method == "POST", "method", 405)
        before = fenced(text(payload["body"], 65_536, "body"))
        require("@" not in before, "a mention")
        issues[rest[0]]["comments"] += 1
    else:
        require(len(rest) == 1 and request.method == close[0], "method", 405)
        require(payload[close[1]] == close[2], "state")
        text(payload["title"], 255, "title")
        issues[rest[0]].update(title=payload["title"], state="closed")
    return rest[0]


# https://docs.github.com/rest/issues/issues
def github(request):
    require(request.headers.get("Authorization") == f"Bearer {KEY}", "token", 401)
    require(request.headers.get("User-Agent"), "no user agent", 403)
    require(request.headers.get("Accept") == "application/vnd.github+json", "accept", 415)
    new = len(request.parts) == 5
    number = numbered(request, ["repos", "example", "payments-api", "issues"], "comments", "body",
                      ("PATCH", "state", "closed"))
    return 201 if new else 200, json.dumps({"id": 990, "number": int(number)}).encode()


# https://docs.gitlab.com/api/issues/
def gitlab(request):
    require(request.headers.get("PRIVATE-TOKEN") == KEY, "token", 401)
    number = numbered(request, ["api", "v4", "projects", "example%2Fpayments-api", "issues"],
                      "notes", "description", ("PUT", "state_event", "close"))
    return 201, json.dumps({"id": 990, "iid": int(number)}).encode()


# https://github.com/prometheus/alertmanager/blob/main/api/v2/openapi.yaml
def alertmanager(request):
    payload = request.json()
    require(isinstance(payload, list) and payload, "no list")
    for alert in payload:
        members(alert, ["labels", "annotations", "startsAt", "endsAt", "generatorURL"], "alert",
                ["labels"])
        for name, value in {**alert["labels"], **alert["annotations"]}.items():
            require(re.fullmatch("[a-zA-Z_][a-zA-Z0-9_]*", name), name)
            require(isinstance(value, str), name)
        require(all(alert["labels"].values()), "an empty label")
        moment(alert["startsAt"], "startsAt")
        if "endsAt" in alert:
            moment(alert["endsAt"], "endsAt")
            require(alert["startsAt"] <= alert["endsAt"], "ends before it starts")
        if "generatorURL" in alert:
            link(alert["generatorURL"])
        alerts = request.state.setdefault("alertmanager", {})
        alerts[json.dumps(alert["labels"], sort_keys=True)] = alert.get("endsAt")
    return 200, b""


# https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md
def cloudevents(request):
    kind = request.headers.get("Content-Type", "").split(";")[0]
    require(kind == "application/cloudevents+json", "content type", 415)
    event = request.json(kind)
    require(event["specversion"] == "1.0", "specversion")
    for name in ("id", "source", "type", "subject"):
        text(event[name], 1000, name)
    require(all(re.fullmatch("[a-z0-9]{1,20}", name) for name in event), "attribute's name")
    moment(event["time"], "time")
    require(event["datacontenttype"] == "application/json", "datacontenttype")
    require(event["data"]["id"] == event["id"], "data")
    return 202, b""


SERVICES = {
    "teams": teams, "google-chat": google_chat, "discord": discord, "mattermost": mattermost,
    "telegram": telegram, "pagerduty": pagerduty, "opsgenie": opsgenie, "ntfy": ntfy,
    "github": github, "gitlab": gitlab, "alertmanager": alertmanager, "cloudevents": cloudevents,
}


def unique_keys(pairs):
    require(len({key for key, _ in pairs}) == len(pairs), "a key occurs twice")
    return dict(pairs)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def json(self, kind="application/json"):
        given = self.headers.get("Content-Type", "").split(";")[0].strip().lower()
        require(given == kind, f"content type {given}", 415)
        try:
            return json.loads(self.body.decode("utf-8"), object_pairs_hook=unique_keys)
        except ValueError as fault:
            raise Refused(f"no JSON: {fault}") from fault

    def serve(self):
        self.method = self.command
        self.state = self.server.state
        self.body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        address = urllib.parse.urlsplit(self.path)
        self.query = urllib.parse.parse_qs(address.query)
        self.parts = [part for part in address.path.split("/") if part]
        self.service = self.parts[0] if self.parts else ""
        with self.server.lock:
            why = ""
            try:
                status, answer = SERVICES[self.service](self)
            except Refused as refused:
                # A vendor that quotes the request in its answer.
                status, why = refused.status, str(refused)
                answer = f"{why} {self.path} {self.headers.get('Authorization')}".encode()
            except (KeyError, TypeError, ValueError, AttributeError) as fault:
                status, why, answer = 400, repr(fault), b"invalid"
            record = {
                "service": self.service, "method": self.method, "path": self.path,
                "body": self.body.decode("utf-8", "replace"), "status": status, "why": why,
            }
            with open(os.path.join(self.server.folder, "requests.jsonl"), "a") as file:
                file.write(json.dumps(record) + "\n")
            with open(os.path.join(self.server.folder, "state.json"), "w") as file:
                json.dump(self.state, file)
        self.send_response(status)
        if status != 204:
            self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        if status != 204:
            self.wfile.write(answer)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = serve


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        pass


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--folder", required=True)
    options = parser.parse_args()
    server = Server(("127.0.0.1", 0), Handler)
    server.folder = options.folder
    server.state = {}
    server.lock = threading.Lock()
    print(server.server_address[1], flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
