#!/usr/bin/env python3
"""fault-server.py - a backend that does one thing wrong; /FAULT/... says which

Prints its URL, then serves until it is killed.  Whatever the path and the method, the answer is
the fault's: what reads it has to notice.
"""
import http.server
import itertools
import json
import socketserver
import time

MEGABYTE = b'"' + b"x" * (1 << 20) + b'",'
count = itertools.count(1)


def page():
    """One page in every dialect, and always another one behind it."""
    n = next(count)
    items = [{"name": f"m{n}-{i}", "id": f"{n}-{i}", "version": "1"} for i in range(3)]
    token = f"t{n}"
    return {
        "next_page_token": token, "nextPageToken": token, "NextToken": token, "next": token,
        "metadata": {"continue": token}, "total_pages": 1 << 30, "totalPages": 1 << 30,
        "total": 1 << 30, "totalItems": 1 << 30,
        "meta": {"cursor": token, "page": n, "totalPages": 1 << 30, "limit": 3},
        "registered_models": [dict(i, aliases=[{"alias": "a", "version": "1"}]) for i in items],
        "model_versions": items, "keys": items * 40, "features": items, "items": [], "data": items,
        "repositories": [i["name"] for i in items], "tags": [i["name"] for i in items],
        "ModelPackageGroupSummaryList": [], "Endpoints": [],
    }


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def send(self, status, body, kind="application/json", headers=(), length=None):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def stream(self, pieces):
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True
        for piece in pieces:
            self.wfile.write(piece)

    def answer(self):
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        fault = self.path.split("/")[1]
        try:
            getattr(self, "fault_" + fault, self.fault_status)(fault)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = answer

    def fault_status(self, fault):
        words = json.dumps({"message": "no \x1b[31m luck \u202e today"}).encode()
        after = [("Retry-After", "30")] if fault in ("429", "503") else []
        self.send(int(fault), words, headers=after)

    def fault_slow(self, _):
        time.sleep(30)

    def fault_truncated(self, _):
        self.send(200, b'{"registered_models": [{"na', length=4096)
        self.close_connection = True

    def fault_nonsense(self, _):
        self.send(200, b'{"registered_models": [}')

    def fault_login(self, _):
        self.send(200, b"<!doctype html><title>Sign in</title><form>", kind="text/html")

    def fault_redirect(self, _):
        self.send(302, b"", headers=[("Location", "https://login.example/start")])

    def fault_endless(self, _):
        n = next(count)
        self.send(200, json.dumps(page()).encode(), headers=[("Link", f'<?n={n}>; rel="next"')])

    def fault_names(self, _):
        """A registry in MLflow's words, whose names hold what a terminal would act on."""
        name = "a/b \"c\" 'd'\n\x1b[31m\x1b]0;owned\x07\u202e\x9b2J"
        of_prompts = "is_prompt" in self.path
        models = [] if of_prompts else [{"name": name, "aliases": [{"alias": name, "version": "7"}]}]
        versions = [] if of_prompts else [
            {"name": name, "version": "7", "status": "READY", "user_id": name, "description": name,
             "creation_timestamp": int(time.time() * 1000) - 60000}]
        self.send(200, json.dumps({"registered_models": models, "model_versions": versions}).encode())

    def fault_huge(self, _):
        self.stream(itertools.chain([b'{"data": ['], itertools.repeat(MEGABYTE, 100), [b'""]}']))

    def fault_million(self, _):
        item = b'{"name":"m","version":"1","aliases":[{"alias":"a","version":"1"}]},' * 1000
        self.stream(itertools.chain([b'{"registered_models":['], itertools.repeat(item[:], 1000),
                                    [b'{}],"next_page_token":""}']))


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request, client_address):
        pass


server = Server(("127.0.0.1", 0), Handler)
print(f"http://127.0.0.1:{server.server_port}", flush=True)
server.serve_forever()
