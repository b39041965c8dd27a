#!/bin/sh
# slo_rules - rules that we write, and those of Pyrra's make, in a real Prometheus: found again
# shellcheck source=../lib.sh
. "$TOCSIN_TOP/tests/lib.sh"
live
need prometheus prometheus
need promtool prometheus
need curl curl
need python3 python3

lab lab --speed 20 --cause bad-version --elapsed 15s

# --- a file, in words and as rules ---
cat >"$work/slo.yaml" <<'YAML'
version: prometheus/v1
service: checkout-assistant
slos:
  - name: requests
    objective: 99.9
    sli:
      events:
        error_query: sum(rate(requests_total{service="checkout-assistant",code=~"5.."}[{{.window}}]))
        total_query: sum(rate(requests_total{service="checkout-assistant"}[{{.window}}]))
    alerting: {name: CheckoutBurns, page_alert: {}, ticket_alert: {}}
  - name: wrong
    objective: 0.999
    sli: {raw: {error_ratio_query: "x[{{.window}}]"}}
    alerting: {name: Wrong}
YAML
# What is wrong with one is said, and the other is written.
run 1 "$TOCSIN" slo export "$work/slo.yaml" --output "$work/ours.yaml"
says '99.9'
promtool check rules "$work/ours.yaml" >"$work/out" || fail "promtool: $(cat "$work/out")"
grep -q FAILED "$work/out" && fail "promtool: $(cat "$work/out")"
run 1 "$TOCSIN" slo explain "$work/slo.yaml"
says '43.2 min'
says '51.84 s'

# The period's rules are evaluated every two minutes: nobody waits so long here.
sed -i 's/interval: .*/interval: 1s/' "$work/ours.yaml"

# --- as Pyrra records them, and alerts ---
{
	echo "groups:"
	echo "  - name: fraud"
	echo "    rules:"
	for w in 5m 30m 1h 2h 6h 1d 4d; do
		cat <<-YAML
		      - record: requests:burnrate$w
		        expr: sum(rate(requests_total{service="fraud-scorer",code=~"5.."}[$w])) / sum(rate(requests_total{service="fraud-scorer"}[$w]))
		        labels: {service: fraud-scorer, slo: fraud-requests}
		YAML
	done
	while read -r severity factor short long spent; do
		cat <<-YAML
		      - alert: ErrorBudgetBurn
		        expr: >-
		          requests:burnrate$short{service="fraud-scorer",slo="fraud-requests"} > ($factor * (1-0.995))
		          and requests:burnrate$long{service="fraud-scorer",slo="fraud-requests"} > ($factor * (1-0.995))
		        labels: {severity: $severity, service: fraud-scorer, slo: fraud-requests, short: $short, long: $long, exhaustion: $spent}
		YAML
	done <<-ROWS
	critical 14 5m 1h 2d
	critical 7 30m 6h 4d
	warning 2 2h 1d 2w
	warning 1 6h 4d 4w
	ROWS
} >"$work/pyrra.yaml"

cat >"$work/prometheus.yaml" <<YAML
global: {scrape_interval: 1s, evaluation_interval: 1s}
rule_files: [$work/ours.yaml, $work/pyrra.yaml]
scrape_configs:
  - job_name: lab
    static_configs: [{targets: ["${lab#http://}"]}]
YAML
port=$(free_port)
serve prom prometheus --config.file="$work/prometheus.yaml" --storage.tsdb.path="$work/prom.d" \
	--web.listen-address="127.0.0.1:$port" --log.level=warn
url=http://127.0.0.1:$port
until_true 30 answers "$url/-/ready" || fail "Prometheus does not start"

recorded() {
	curl -fsS -m 5 -G --data-urlencode "query=$1" "$url/api/v1/query" -o "$work/answer" &&
		python3 -c 'import json,sys; sys.exit(not json.load(open(sys.argv[1]))["data"]["result"])' "$work/answer"
}
until_true 60 recorded 'slo:sli_error:ratio_rate5m == slo:sli_error:ratio_rate5m' ||
	fail "our rules record nothing"
until_true 60 recorded 'slo:sli_error:ratio_rate30d == slo:sli_error:ratio_rate30d' ||
	fail "our rules record no period"
until_true 60 recorded 'requests:burnrate5m == requests:burnrate5m' ||
	fail "the rules of Pyrra's make record nothing"

# --- found without a file ---
config <<YAML
sources:
  - {name: prom, type: prometheus, url: $url, every: 1s}
YAML
"$TOCSIN" poll --once >"$work/out" 2>&1 || fail "$(cat "$work/out")"
"$TOCSIN" slo list --json >"$work/list.json" 2>"$work/err" || [ $? -eq 1 ] || fail "$(cat "$work/err")"
python3 - "$work/list.json" <<'PYTHON' || fail "$(cat "$work/list.json")"
import json, sys

slos = {(s["service"], s["name"]): s for s in json.load(open(sys.argv[1]))["slos"]}
ours = slos["checkout-assistant", "requests"]
pyrra = slos["fraud-scorer", "fraud-requests"]
assert ours["objective"] == 0.999 and ours["window_s"] == 30 * 86400, ours
assert pyrra["objective"] == 0.995 and pyrra["window_s"] == 28 * 86400, pyrra
for s in ours, pyrra:
    assert s["format"] == "recorded" and s["source"] == "prom", s
    assert s["burn"]["5m"] is not None, s
    # Also the period, which nobody records of Pyrra's.
    assert s["budget_left"] is not None, s
assert set(pyrra["burn"]) == {"5m", "30m", "1h", "2h", "6h", "1d", "4d", "4w"}, pyrra
PYTHON
echo "ok found: both"
run 0 "$TOCSIN" slo explain fraud-scorer/fraud-requests
says 'the last 5m and the last 1h both burn over 14 times'
# What others record is not written a second time.
run 1 "$TOCSIN" slo export fraud-scorer/fraud-requests
says 'already'
