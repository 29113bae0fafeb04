"""The credential services of AWS: STS, a container's endpoint and the instance metadata (IMDSv2).

usage: aws_double.py
Refuses what the services refuse: missing parameters, a missing or wrong token, version 1 of the
metadata service. Each answer's credentials have the number of the answer in their access key.
"""
import json
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from urllib.parse import parse_qs

answers = count(1)


def expiry():
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 3600))


class Service(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, status, body=b"", kind="application/json"):
        self.send_response_only(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def credentials(self, name):
        body = {
            "AccessKeyId": f"{name}-{next(answers)}",
            "SecretAccessKey": "secret",
            "Token": "session",
            "Expiration": expiry(),
        }
        self.answer(200, json.dumps(body).encode())

    def do_POST(self):
        length = int(self.headers.get("Content-Length") or 0)
        form = {key: values[0] for key, values in parse_qs(self.rfile.read(length).decode()).items()}
        wanted = {
            "Action": "AssumeRoleWithWebIdentity",
            "Version": "2011-06-15",
            "RoleArn": "arn:aws:iam::123456789012:role/bellwether",
            "WebIdentityToken": "a.web/identity+token=",
        }
        if any(form.get(key) != value for key, value in wanted.items()) or not form.get("RoleSessionName"):
            return self.answer(400, b"<ErrorResponse><Error><Code>InvalidIdentityToken</Code></Error></ErrorResponse>", "text/xml")
        body = f"""<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
<AssumeRoleWithWebIdentityResult><Credentials><SessionToken>session</SessionToken>
<SecretAccessKey>secret</SecretAccessKey><Expiration>{expiry()}</Expiration>
<AccessKeyId>sts-{next(answers)}</AccessKeyId></Credentials></AssumeRoleWithWebIdentityResult>
</AssumeRoleWithWebIdentityResponse>"""
        self.answer(200, body.encode(), "text/xml")

    def do_PUT(self):
        if self.path != "/latest/api/token" or not self.headers.get("X-aws-ec2-metadata-token-ttl-seconds"):
            return self.answer(400)
        self.answer(200, b"instance-token", "text/plain")

    def do_GET(self):
        if self.path == "/container":
            if self.headers.get("Authorization") != "container token":
                return self.answer(403)
            return self.credentials("container")
        if self.headers.get("X-aws-ec2-metadata-token") != "instance-token":
            return self.answer(401)
        roles = "/latest/meta-data/iam/security-credentials/"
        if self.path == roles:
            return self.answer(200, b"my-role\n", "text/plain")
        if self.path == roles + "my-role":
            return self.credentials("instance")
        self.answer(404)


server = ThreadingHTTPServer(("127.0.0.1", 0), Service)
print(server.server_port, flush=True)
server.serve_forever()
