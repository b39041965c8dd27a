#!/bin/sh
# bentoml - a real BentoML service: which bento it runs, by its own words and by its metrics
# shellcheck source=../lib.sh
. "$TOCSIN_TOP/tests/lib.sh"
live
heavy
need curl curl
need python3 python3
venv bentoml 'bentoml>=1.4,<2'

BENTOML_HOME=$work/bentos BENTOML_DO_NOT_TRACK=True DO_NOT_TRACK=true
export BENTOML_HOME BENTOML_DO_NOT_TRACK DO_NOT_TRACK
mkdir -p "$work/code" "$BENTOML_HOME"
cat >"$work/code/service.py" <<'PY'
import os

import bentoml


@bentoml.service(name="fraud")
class Fraud:
    @bentoml.api
    def score(self, x: float) -> float:
        return x

    def __is_ready__(self) -> bool:
        return not os.path.exists(os.environ["NOT_READY"])
PY
printf 'service: "service:Fraud"\ninclude: ["*.py"]\n' >"$work/code/bentofile.yaml"
NOT_READY=$work/not-ready
export NOT_READY
for v in v1 v2; do
	# shellcheck disable=SC2154 # set by venv
	(cd "$work/code" && "$venv/bin/bentoml" build --version "$v" . >"$work/build.log" 2>&1) ||
		fail "the bento $v is not built"
done

# bento NAME VERSION: served; its address is $url.  Metrics of one home are one server's.
bento() {
	cp -r "$work/bentos" "$work/home-$1"
	BENTOML_HOME=$work/home-$1
	port=$(free_port)
	url=http://127.0.0.1:$port
	serve "$1" "$venv/bin/bentoml" serve "fraud:$2" --host 127.0.0.1 --port "$port"
	until_true 60 answers "$url/readyz" || fail "bentoml does not start"
	curl -fsS -m 10 -o "$work/answer" -X POST -H 'Content-Type: application/json' \
		-d '{"x": 1}' "$url/score"
}
bento one v1
one=$url
bento two v2
two=$url
registry "fraud v1 v1,v2"

config <<YAML
sources:
  - {name: registry, type: mlflow, url: "$registry", every: 1s}
  - {name: one, type: bentoml, url: "$one", every: 1s, with: {service: checkout}}
  - {name: two, type: bentoml, url: "$two", every: 1s}
  - name: scraped
    type: metrics
    targets: ["$one", "$two"]
    every: 1s
    with: {model_info: bentoml_service_request_total, version_label: service_version, service_label: service_name}
services:
  - name: one
    model: {source: registry, name: fraud, alias: production}
    serving: {source: one, name: checkout}
  - name: two
    model: {source: registry, name: fraud, alias: production}
    serving: {source: two, name: fraud}
  - name: both
    model: {source: registry, name: fraud, alias: production}
    serving: {source: scraped, name: fraud}
YAML
run 0 "$TOCSIN" check --connect
says "$("$venv/bin/bentoml" --version | sed 's/.* //')"
models one=in-sync two=drift both=canary
echo "fraud v2 v1,v2" >"$work/registry"
models one=drift two=in-sync both=canary

# --- not ready ---
touch "$NOT_READY"
models two=rolling-out
rm "$NOT_READY"
models two=in-sync

# --- it goes away ---
# shellcheck disable=SC2154 # set by serve
kill -TERM "$pid_two"
wait "$pid_two" || true
run 3 "$TOCSIN" poll --once
"$TOCSIN" models list --json >"$work/status.json" || true
holds "nobody says what runs" "[m['state'] for m in d['models'] if m.get('service') == 'two'] == ['serving-unknown']"
