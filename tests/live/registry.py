# A registry in the words of MLflow: one model, its versions, and where production points.
import http.server, json, sys, urllib.parse

port, state = int(sys.argv[1]), sys.argv[2]


class Registry(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        name, alias, versions = open(state).read().split()
        versions = versions.split(",")
        path = urllib.parse.urlparse(self.path).path
        if path.endswith("/registered-models/search"):
            said = {"registered_models": [{"name": name, "aliases": [
                {"alias": "production", "version": alias}]}]}
        elif path.endswith("/model-versions/search"):
            said = {"model_versions": [{"name": name, "version": v, "status": "READY",
                                        "aliases": ["production"] if v == alias else []}
                                       for v in versions]}
        else:
            said = {"version": "3.0"}
        body = json.dumps(said).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


http.server.ThreadingHTTPServer(("127.0.0.1", port), Registry).serve_forever()
