#!/bin/sh
# schema - every document that a command prints is what doc/schema says of it
# shellcheck source=../lib.sh
. "$TOCSIN_TOP/tests/lib.sh"

[ -x "$LAB" ] || skip "the lab is not built"
need python3 python3
# Five minutes into the incident: everything has something to say.
serve lab "$LAB" --speed 10 --cause bad-version --elapsed 5m
until_true 10 test -s "$work/lab.log" || fail "the lab does not start"
url=$(json "$work/lab.log" 'd["url"]')

port=$(free_port)
serve api python3 "$TOCSIN_TOP/tests/e2e/prometheus_api.py" "$port"

mkdir -p "$XDG_CONFIG_HOME/tocsin"
cat >"$XDG_CONFIG_HOME/tocsin/config.yaml" <<YAML
sources:
  - {name: metrics, type: metrics, targets: [$url/metrics], every: 1s}
  - {name: am, type: alertmanager, url: $url/alertmanager}
  - {name: registry, type: mlflow, url: $url/mlflow}
  - {name: serving, type: lab-serving, url: $url/serving}
  - {name: agents, type: langfuse, url: $url/langfuse,
     auth: {basic: {user: pk-lf-lab, password: {env: LAB_KEY}}}}
  - {name: prom, type: prometheus, url: "http://127.0.0.1:$port"}
contexts:
  - {name: lab, sources: [metrics, am, registry, serving, agents]}
  - {name: queries, sources: [prom]}
context: lab
services:
  - name: checkout-assistant
    model: {source: registry, name: checkout-ranker, alias: production}
    serving: {source: serving, name: checkout-assistant}
    slos: [slo.yaml]
    drift: [drift.yaml]
YAML
cat >"$XDG_CONFIG_HOME/tocsin/drift.yaml" <<'YAML'
drift: traffic
reference: {pinned: true}
current: {window: 30s}
every: 1s
features:
  - {name: language, counter: 'requests_language_total{service="checkout-assistant"}',
     by: language}
  - {name: prompts, histogram: 'vllm:request_prompt_tokens_bucket{model_name="qwen3-32b"}'}
YAML
cat >"$XDG_CONFIG_HOME/tocsin/slo.yaml" <<'YAML'
version: prometheus/v1
service: checkout-assistant
slos:
  - name: availability
    objective: 99.9
    sli:
      events:
        error_query: sum(rate(requests_total{service="checkout-assistant",code=~"5.."}[{{.window}}]))
        total_query: sum(rate(requests_total{service="checkout-assistant"}[{{.window}}]))
    alerting: {name: Burn, page_alert: {}, ticket_alert: {}}
YAML
LAB_KEY=sk-lf-lab
export LAB_KEY
for _ in 1 2 3; do
	"$TOCSIN" poll --once >/dev/null || fail "a source could not be read"
	sleep 1
done

checked=
# document COMMAND...: what it prints against doc/schema/NAME-VERSION.json
document() {
	got=0
	"$TOCSIN" "$@" --json >"$work/document.json" 2>"$work/document.err" || got=$?
	case $got in
	0 | 1 | 3) ;;
	*) fail "$*: exit $got: $(cat "$work/document.err")" ;;
	esac
	python3 - "$work/document.json" "$TOCSIN_TOP/doc/schema" <<'PY' || fail "$*"
import json, pathlib, sys

document = json.load(open(sys.argv[1]))
name = document["schema"].removeprefix("tocsin.").replace("/", "-")
schema = json.loads((pathlib.Path(sys.argv[2]) / f"{name}.json").read_text())
names = {dict: "object", list: "array", str: "string", bool: "boolean", type(None): "null",
         int: "number", float: "number"}


def check(v, s, at):
    if "const" in s and v != s["const"]:
        sys.exit(f"{at}: {v!r} is not {s['const']!r}")
    wanted = s.get("type")
    if wanted and names[type(v)] not in ([wanted] if isinstance(wanted, str) else wanted):
        sys.exit(f"{at}: {names[type(v)]}, wanted {wanted}")
    if isinstance(v, dict):
        for key in s.get("required", []):
            if key not in v:
                sys.exit(f"{at}: no {key}")
        for key, sub in v.items():
            if "properties" in s and key not in s["properties"]:
                sys.exit(f"{at}: {key} is not in the schema")
            check(sub, s.get("properties", {}).get(key, {}), f"{at}.{key}")
    if isinstance(v, list):
        for i, sub in enumerate(v):
            check(sub, s.get("items", {}), f"{at}[{i}]")


check(document, schema, name)
PY
	checked="$checked $1"
	echo "ok $*"
}

document status
document slo list
document slo show "$XDG_CONFIG_HOME/tocsin/slo.yaml"
document slo show checkout-assistant/availability
document slo explain "$XDG_CONFIG_HOME/tocsin/slo.yaml"
document slo explain checkout-assistant/availability
document slo export checkout-assistant/availability
document models list
document models diff checkout-ranker@12 :production
document changes
document changes --last 24h --kind pointer --kind serving --service checkout-assistant
document changes --suspects-of checkout-assistant/availability
document query up --source prom
document query native --source prom
document query wave --source prom --range 10m
document query native --source prom --range 10m
document alerts
document alerts list
document alerts groups
"$TOCSIN" alerts silence Practice --reason "to see its document" --for 10m --yes >/dev/null ||
	fail "alerts silence"
"$TOCSIN" poll --once >/dev/null || true
document alerts silences
[ "$(json "$work/document.json" "[(s['matchers'], s['alerts']) for s in d['silences']]")" = \
	"[('alertname=\"Practice\"', 0)]" ] || fail "alerts silences: $(cat "$work/document.json")"
document sessions list
document sessions show "$("$TOCSIN" sessions list --json |
	python3 -c 'import json, sys; print(json.load(sys.stdin)["sessions"][0]["id"])')"
document drift list
document drift show checkout-assistant/traffic
document drift accept checkout-assistant/traffic --reason "to see its document"

printf 'x,ok,guess\n%s' "$(seq 1 300 | sed 's/.*/&,1,1/')" >"$work/table.csv"
document drift compute --reference "$work/table.csv" --current "$work/table.csv"
document drift compute --reference "$work/table.csv" --current "$work/table.csv" \
	--performance --label ok --prediction guess
document gate checkout-assistant
document check
document check --coverage
document connector list
document connector show mlflow
document connector try mlflow --source registry
document connector check "$TOCSIN_TOP/connectors/mlflow.yaml"
document runbook list
document runbook runs
document audit list
document audit verify
if [ -f "$TOCSIN_TOP/runbooks/bad-model-version.md" ]; then
	document runbook show bad-model-version
fi
echo "checked:$checked"

# A link from anywhere leads to what it names; without a terminal that is the situation in text.
session=$("$TOCSIN" sessions list --json |
	python3 -c 'import json, sys; print(json.load(sys.stdin)["sessions"][0]["id"])')
run 1 "$TOCSIN" open --no-poll "https://traces.example/project/p/sessions/$session?peek=1"
says "checkout-assistant/availability"
run 2 "$TOCSIN" open nothing-goes-by-this-name
says "nothing in the store goes by"
