#!/usr/bin/env python3
"""A token server for a registry in bearer mode: who asks, for what, and a signed answer.

    token_server.py --port N --key KEY.pem --cert CERT.pem --issuer I --service S \
        --user NAME:PASSWORD:ACTIONS [--user ...] [--public PREFIX] [--lifetime SECONDS]

ACTIONS is what the user may do, such as pull,push,*; an anonymous caller may pull what begins with
PREFIX.  As token servers do, it grants what it may of what was asked and answers 200 all the
same.  RS256 is signed by the openssl tool.  Prints one line for each token: user, scopes, grants.
"""
import argparse
import base64
import json
import subprocess
import sys
import time
import urllib.parse
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def certificate_der(path):
    """The certificate as the header x5c wants it: base64 of DER, which is PEM without its frame."""
    with open(path, encoding="ascii") as f:
        return "".join(line.strip() for line in f if not line.startswith("-----"))


def sign(key, text):
    return subprocess.run(["openssl", "dgst", "-sha256", "-sign", key],
                          input=text.encode(), stdout=subprocess.PIPE, check=True).stdout


class Tokens:
    def __init__(self, options):
        self.options = options
        self.users = {}
        for user in options.user:
            name, password, actions = user.split(":", 2)
            self.users[name] = (password, set(actions.split(",")))

    def grants(self, user, scopes):
        """The access list of the token: of each scope what the user may do."""
        access = []
        for scope in scopes:
            kind, _, rest = scope.partition(":")
            name, _, asked = rest.rpartition(":")
            if user is not None:
                may = self.users[user][1]
            else:
                public = self.options.public and name.startswith(self.options.public)
                may = {"pull"} if public else set()
            granted = [a for a in asked.split(",") if a in may]
            if granted:
                access.append({"type": kind, "name": name, "actions": granted})
        return access

    def token(self, user, access):
        now = int(time.time())
        head = {"typ": "JWT", "alg": "RS256", "x5c": [certificate_der(self.options.cert)]}
        claims = {"iss": self.options.issuer, "sub": user or "", "aud": self.options.service,
                  "exp": now + self.options.lifetime, "nbf": now - 5, "iat": now,
                  "jti": str(uuid.uuid4()), "access": access}
        text = ".".join(base64url(json.dumps(part).encode()) for part in (head, claims))
        return text + "." + base64url(sign(self.options.key, text))


class Handler(BaseHTTPRequestHandler):
    tokens = None

    def log_message(self, *args):
        pass

    def answer(self, status, document):
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def caller(self):
        """(known, name); the name is None for an anonymous caller."""
        header = self.headers.get("Authorization", "")
        if not header:
            return True, None
        try:
            kind, _, value = header.partition(" ")
            name, _, password = base64.b64decode(value).decode().partition(":")
        except ValueError:
            return False, None
        users = self.tokens.users
        return kind == "Basic" and name in users and users[name][0] == password, name

    def do_GET(self):
        url = urllib.parse.urlsplit(self.path)
        query = urllib.parse.parse_qs(url.query)
        if url.path != "/token":
            self.answer(404, {"details": "there is /token"})
            return
        known, user = self.caller()
        if not known:
            self.answer(401, {"details": "incorrect username or password"})
            return
        if query.get("service") != [self.tokens.options.service]:
            self.answer(400, {"details": "this is not the token server of that service"})
            return
        scopes = [s for value in query.get("scope", []) for s in value.split()]
        access = self.tokens.grants(user, scopes)
        print(user or "-", " ".join(scopes) or "-", json.dumps(access), flush=True)
        self.answer(200, {"token": self.tokens.token(user, access),
                          "expires_in": self.tokens.options.lifetime,
                          "issued_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())})


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--port", type=int, required=True)
    for name in ("key", "cert", "issuer", "service"):
        p.add_argument("--" + name, required=True)
    p.add_argument("--user", action="append", default=[])
    p.add_argument("--public", default="")
    p.add_argument("--lifetime", type=int, default=300)
    Handler.tokens = Tokens(p.parse_args())
    server = ThreadingHTTPServer(("127.0.0.1", Handler.tokens.options.port), Handler)
    server.serve_forever()


if __name__ == "__main__":
    sys.exit(main())
