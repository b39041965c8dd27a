#!/bin/sh
# homemade - services of one's own, by what their metrics and their health answers say
# shellcheck source=../lib.sh
. "$TOCSIN_TOP/tests/lib.sh"
live
need curl curl
need python3 python3

# Two instances and a gateway, as people write them: versions in a health answer and in metrics.
cat >"$work/app.py" <<'PY'
import http.server
import json
import sys

port, state = int(sys.argv[1]), sys.argv[2]


class App(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        version, ready = open(state).read().split()
        said = {
            "/health": (200 if ready == "yes" else 503, "application/json", json.dumps(
                {"status": "ok" if ready == "yes" else "loading",
                 "model": {"name": "fraud", "version": int(version)},
                 "models": [{"id": "fraud", "rev": version}, {"id": "rank", "rev": "r.1"}]})),
            "/v1/version": (200, "text/plain", "v%s\n" % version),
            "/login": (200, "text/html", "<html>Log in</html>"),
            "/metrics": (200, "text/plain; version=0.0.4",
                         "# TYPE model_info gauge\n"
                         'model_info{service="checkout",model="fraud",version="%s"} %d\n'
                         % (version, ready == "yes")),
        }.get(self.path, (404, "text/plain", "no"))
        self.send_response(said[0])
        self.send_header("Content-Type", said[1])
        self.send_header("X-Model-Version", version)
        self.send_header("Content-Length", str(len(said[2])))
        self.end_headers()
        self.wfile.write(said[2].encode())

    def log_message(self, *args):
        pass


http.server.ThreadingHTTPServer(("127.0.0.1", port), App).serve_forever()
PY
one=$(free_port)
serve one python3 "$work/app.py" "$one" "$work/one"
two=$(free_port)
serve two python3 "$work/app.py" "$two" "$work/two"
echo "7 yes" >"$work/one"
echo "7 yes" >"$work/two"
until_true 20 answers "http://127.0.0.1:$one/health" || fail "the first does not start"
until_true 20 answers "http://127.0.0.1:$two/health" || fail "the second does not start"
registry "fraud 7 6,7,8"

config <<YAML
sources:
  - {name: registry, type: mlflow, url: "$registry", every: 1s}
  - name: scraped
    type: metrics
    targets: ["http://127.0.0.1:$one", "http://127.0.0.1:$two"]
    every: 1s
    with: {model_info: model_info}
  - {name: health, type: http, url: "http://127.0.0.1:$one", every: 1s,
     with: {service: checkout, version: model.version, model_at: /model/name, ready_at: status}}
  - {name: line, type: http, url: "http://127.0.0.1:$one", every: 1s,
     with: {path: /v1/version, version: ".", model: fraud}}
  - {name: head, type: http, url: "http://127.0.0.1:$two", every: 1s, with: {header: X-Model-Version}}
  - {name: several, type: http, url: "http://127.0.0.1:$one", every: 1s,
     with: {items: models, version: rev, model_at: id}}
  - {name: astray, type: http, url: "http://127.0.0.1:$one", every: 1s, with: {version: model.nowhere}}
services:
  - name: scraped
    model: {source: registry, name: fraud, alias: production}
    serving: {source: scraped, name: checkout}
  - name: health
    model: {source: registry, name: fraud, alias: production}
    serving: {source: health, name: checkout}
  - name: line
    model: {source: registry, name: fraud, alias: production}
    serving: {source: line, name: line}
  - name: head
    model: {source: registry, name: fraud, alias: production}
    serving: {source: head, name: head}
  - name: astray
    model: {source: registry, name: fraud, alias: production}
    serving: {source: astray, name: astray}
YAML

# served SERVICE: its versions, as shown.
served() { json "$work/status.json" "' '.join(sorted(str(v['version']) for m in d['models'] if m.get('service') == '$1' for v in m['serving']))"; }
models scraped=in-sync health=in-sync line=drift head=in-sync astray=serving-unknown
expect "two instances" "7 7" "$(served scraped)"
expect "a line of text" v7 "$(served line)"

# --- one instance is brought to the next version: half a rollout ---
echo "8 yes" >"$work/one"
models scraped=canary health=drift head=in-sync
expect "two versions" "7 8" "$(served scraped)"
run 0 "$TOCSIN" changes --json
says '"checkout/all"'

# --- the registry follows; the other one is not ready yet ---
echo "fraud 8 6,7,8" >"$work/registry"
echo "8 no" >"$work/two"
models scraped=in-sync health=in-sync head=rolling-out
echo "8 no" >"$work/one"
run 3 "$TOCSIN" poll --once
says "503, without a version"
"$TOCSIN" models list --json >"$work/status.json" || true
holds "both are starting" "[m['state'] for m in d['models'] if m.get('service') in ('scraped', 'health')] == ['rolling-out'] * 2"

# --- a login page, and nobody there ---
sed -i 's|path: /v1/version|path: /login|' "$XDG_CONFIG_HOME/tocsin/config.yaml"
run 3 "$TOCSIN" poll --once
says "web page"
"$TOCSIN" models list --json >"$work/status.json" || true
holds "nothing fresh is said of it" "[m['state'] for m in d['models'] if m.get('service') == 'line'] == ['serving-unknown']"
