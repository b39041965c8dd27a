"""A Kubernetes API server as far as InferenceServices go: lists in pages, patches with the version
that they were made for, rehearsals, and a controller that routes what is asked of it."""
import copy, http.server, json, ssl, sys, urllib.parse

TOKENS = {"t0ken-one", "t0ken-two"}
objects, log, version = {}, [], 100
lists = 0


def service(name, uri, percent=None):
    global version
    version += 1
    spec = {"predictor": {"model": {"storageUri": uri}}}
    if percent is not None:
        spec["predictor"]["canaryTrafficPercent"] = percent
    objects[name] = {
        "apiVersion": "serving.kserve.io/v1beta1", "kind": "InferenceService",
        "metadata": {"name": name, "namespace": "ml", "resourceVersion": str(version)},
        "spec": spec}
    control(objects[name])


def control(o):
    percent = o["spec"]["predictor"].get("canaryTrafficPercent")
    traffic = [{"latestRevision": True, "percent": 100 if percent is None else percent,
                "revisionName": o["metadata"]["name"] + "-00002"}]
    if percent is not None:
        traffic.append({"percent": 100 - percent, "tag": "prev",
                        "revisionName": o["metadata"]["name"] + "-00001"})
    o["status"] = {
        "deploymentMode": "Knative", "url": "https://%s.example" % o["metadata"]["name"],
        "conditions": [{"type": "Ready", "status": "True"}],
        "components": {"predictor": {
            "latestReadyRevision": "2", "latestRolledoutRevision": "1", "traffic": traffic}},
        "modelStatus": {"transitionStatus": "UpToDate"}}


def merge(to, patch):
    if not isinstance(patch, dict) or not isinstance(to, dict):
        return patch
    for key, value in patch.items():
        if value is None:
            to.pop(key, None)
        else:
            to[key] = merge(to.get(key, {}), value)
    return to


class Failure(Exception):
    def __init__(self, code, reason, message):
        super().__init__(message)
        self.answer = code, {"kind": "Status", "apiVersion": "v1", "status": "Failure",
                             "message": message, "reason": reason, "code": code}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def reply(self, code, body):
        data = json.dumps(body).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def answer(self, how):
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        url = urllib.parse.urlsplit(self.path)
        query = dict(urllib.parse.parse_qsl(url.query))
        try:
            token = (self.headers.get("Authorization") or "").removeprefix("Bearer ")
            if url.path != "/log" and token not in TOKENS:
                raise Failure(401, "Unauthorized", "Unauthorized")
            self.reply(200, how(url.path, query, body))
        except Failure as failure:
            self.reply(*failure.answer)

    def do_GET(self):
        self.answer(self.read)

    def do_PATCH(self):
        self.answer(self.patch)

    def do_DELETE(self):  # a test's own: DELETE /token/t0ken-one makes a token invalid
        TOKENS.discard(self.path.rsplit("/", 1)[1])
        self.reply(200, {})

    def read(self, path, query, body):
        global lists
        if path == "/version":
            return {"gitVersion": "v1.31.4"}
        if path == "/log":
            return {"log": log, "objects": objects}
        if path.endswith("/inferenceservices"):
            names = sorted(objects)
            start = 0
            if "continue" in query:
                lists += 1
                if lists == 1:
                    raise Failure(410, "Expired", "The provided continue parameter is too old")
                start = int(query["continue"])
            size = min(int(query.get("limit", 500)), 2 if "limit" in query else 500)
            rest = names[start + size:]
            return {"kind": "InferenceServiceList",
                    "metadata": {"continue": str(start + size) if rest else ""},
                    "items": [objects[n] for n in names[start:start + size]]}
        return self.find(path)

    def find(self, path):
        name = path.rsplit("/", 1)[1]
        if "/namespaces/ml/inferenceservices/" not in path or name not in objects:
            raise Failure(404, "NotFound", 'inferenceservices "%s" not found' % name)
        return objects[name]

    def patch(self, path, query, body):
        global version
        old = self.find(path)
        patch = json.loads(body)
        if self.headers["Content-Type"] != "application/merge-patch+json":
            raise Failure(415, "UnsupportedMediaType", "the body is of no known type")
        if query.get("fieldManager") != "tocsin":
            raise Failure(400, "BadRequest", "who are you?")
        given = patch.get("metadata", {}).get("resourceVersion")
        if given and given != old["metadata"]["resourceVersion"]:
            raise Failure(409, "Conflict", "the object has been modified")
        new = merge(copy.deepcopy(old), patch)
        percent = new["spec"]["predictor"].get("canaryTrafficPercent", 0)
        if not 0 <= percent <= 100:
            raise Failure(422, "Invalid", "canaryTrafficPercent is out of range")
        log.append({"dry": query.get("dryRun") == "All", "patch": patch})
        if query.get("dryRun") == "All":
            return new
        version += 1
        new["metadata"]["resourceVersion"] = str(version)
        control(new)
        objects[old["metadata"]["name"]] = new
        return new


service("ranker", "s3://models/ranker/v8", 10)
service("fraud", "s3://models/fraud/v3")
service("intent", "s3://models/intent/v1")
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
if len(sys.argv) > 1:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[1], sys.argv[2])
    server.socket = context.wrap_socket(server.socket, server_side=True)
print(server.server_port, flush=True)
server.serve_forever()
