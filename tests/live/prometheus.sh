#!/bin/sh
# prometheus - a real Prometheus that scrapes the lab: objectives from files and from rules
# shellcheck source=../lib.sh
. "$TOCSIN_TOP/tests/lib.sh"
live
need prometheus prometheus
need promtool prometheus
need curl curl
need python3 python3

lab lab --speed 20 --cause bad-version --elapsed 15s

# Rules as Sloth writes them, for one service: ids, windows, objective, period.
sloth() {
	ids="sloth_id: $1-requests, sloth_service: $1, sloth_slo: requests"
	echo "  - name: sloth-$1"
	echo "    rules:"
	for w in 5m 30m 1h 2h 6h 1d 3d; do
		cat <<-YAML
		      - record: slo:sli_error:ratio_rate$w
		        expr: |
		          (sum(rate(requests_total{service="$1",code=~"5.."}[$w])))
		          /
		          (sum(rate(requests_total{service="$1"}[$w])))
		        labels: {$ids, sloth_window: $w}
		YAML
	done
	match="sloth_id=\"$1-requests\", sloth_service=\"$1\", sloth_slo=\"requests\""
	cat <<-YAML
	      - record: slo:sli_error:ratio_rate30d
	        expr: |
	          sum_over_time(slo:sli_error:ratio_rate5m{$match}[30d])
	          / ignoring (sloth_window)
	          count_over_time(slo:sli_error:ratio_rate5m{$match}[30d])
	        labels: {$ids, sloth_window: 30d}
	      - {record: "slo:objective:ratio", expr: vector(0.999), labels: {$ids}}
	      - {record: "slo:error_budget:ratio", expr: vector(1-0.999), labels: {$ids}}
	      - {record: "slo:time_period:days", expr: vector(30), labels: {$ids}}
	YAML
}

{
	echo "groups:"
	sloth checkout-assistant
	sloth fraud-scorer
	sloth nobody
	sloth remembered
	cat <<-'YAML'
	  - name: alerts
	    rules:
	      - alert: CheckoutFails
	        expr: >-
	          sum(rate(requests_total{service="checkout-assistant",code=~"5.."}[1m]))
	          / sum(rate(requests_total{service="checkout-assistant"}[1m])) > 0.0144
	        labels: {severity: page, service: checkout-assistant}
	        annotations: {summary: "Checkout answers with errors"}
	YAML
} >"$work/rules.yaml"

cat >"$work/prometheus.yaml" <<YAML
global: {scrape_interval: 1s, evaluation_interval: 1s}
rule_files: [$work/rules.yaml]
scrape_configs:
  - job_name: lab
    static_configs: [{targets: ["${lab#http://}"]}]
YAML
sed '/rule_files/d' "$work/prometheus.yaml" >"$work/calm.yaml"

# prometheus_on NAME CONFIGURATION: $url is where it listens.
prometheus_on() {
	port=$(free_port)
	serve "$1" prometheus --config.file="$2" --storage.tsdb.path="$work/$1.d" \
		--web.listen-address="127.0.0.1:$port" --log.level=warn
	url=http://127.0.0.1:$port
}
# What it remembers: two hours of a service that fails since forty minutes.
now=$(date +%s)
onset=$((now - 2400))
python3 - "$now" "$onset" >"$work/past.om" <<'PYTHON'
import sys
now, onset = int(sys.argv[1]), int(sys.argv[2])
print("# TYPE requests counter")
bad = good = 0
rows = []
for t in range(now - 7200, now - 60, 15):
    good += 150
    bad += 50 if t > onset else 0
    rows.append((t, good, bad))
for code, at in (("200", 1), ("500", 2)):
    for row in rows:
        print('requests_total{service="remembered",code="%s"} %d %d' % (code, row[at], row[0]))
print("# EOF")
PYTHON
promtool tsdb create-blocks-from openmetrics "$work/past.om" "$work/prom.d" >"$work/blocks.log" ||
	fail "promtool makes no blocks"
prometheus_on calm "$work/calm.yaml"
calm=$url
prometheus_on prom "$work/prometheus.yaml"
until_true 30 answers "$calm/-/ready" || fail "prometheus does not start"
until_true 30 answers "$url/-/ready" || fail "prometheus does not start"

# holds_rules: the last rule to come has been recorded.
has() {
	curl -fsS -m 5 -G --data-urlencode "query=$1" "$url/api/v1/query" | grep -q '"value"'
}
until_true 30 has 'slo:sli_error:ratio_rate5m{sloth_service="fraud-scorer"}' ||
	fail "nothing was recorded"
until_true 30 has 'ALERTS{alertname="CheckoutFails",alertstate="firing"}' ||
	fail "the alert does not fire"

# --- what tocsin init finds ---
run 0 env PROMETHEUS_URL="$url" "$TOCSIN" init --print
says "found   prometheus"
says "checkout-assistant"
says "guessed: true"

# --- objectives of files, and those that are recorded ---
mkdir -p "$XDG_CONFIG_HOME/tocsin"
cat >"$XDG_CONFIG_HOME/tocsin/sloth.yaml" <<'YAML'
version: prometheus/v1
service: checkout-assistant
slos:
  - name: answers
    objective: 99.9
    sli:
      events:
        error_query: sum(rate(requests_total{service="checkout-assistant",code=~"5.."}[{{.window}}]))
        total_query: sum(rate(requests_total{service="checkout-assistant"}[{{.window}}]))
    alerting: {name: CheckoutFails}
YAML
# openslo SERVICE
openslo() {
	cat >"$XDG_CONFIG_HOME/tocsin/$1.yaml" <<YAML
apiVersion: openslo/v1
kind: SLO
metadata: {name: availability}
spec:
  service: $1
  budgetingMethod: Occurrences
  timeWindow: [{duration: 30d, isRolling: true}]
  indicator:
    metadata: {name: availability}
    spec:
      ratioMetric:
        counter: true
        bad:
          metricSource:
            type: Prometheus
            spec: {query: 'requests_total{service="$1",code=~"5.."}'}
        total:
          metricSource:
            type: Prometheus
            spec: {query: 'requests_total{service="$1"}'}
  objectives: [{target: 0.99}]
YAML
}
openslo search-ranker
openslo no-traffic
openslo remembered
config <<YAML
context: prod
contexts:
  - {name: prod, sources: [prom]}
  - {name: calm, sources: [calm]}
sources:
  - {name: prom, type: prometheus, url: "$url", every: 1s, timeout: 5s}
  - {name: calm, type: prometheus, url: "$calm", every: 1s, timeout: 5s}
services:
  - {name: checkout-assistant, slos: [sloth.yaml]}
  - {name: search-ranker, slos: [search-ranker.yaml]}
  - {name: no-traffic, slos: [no-traffic.yaml]}
  - {name: remembered, slos: [remembered.yaml]}
YAML

run 0 "$TOCSIN" check
run 0 "$TOCSIN" check --connect
says prom
says yes
run 0 "$TOCSIN" poll --once

status 1
slo() { echo "[s for s in d['slos'] if s['service'] == '$1' and s['name'] == '$2'][0]"; }
for name in answers requests; do
	holds "checkout-assistant/$name pages" "$(slo checkout-assistant $name)['severity'] == 'page'"
	holds "and burns" "$(slo checkout-assistant $name)['burn']['5m'] > 14.4"
	holds "since a moment" "$(slo checkout-assistant $name)['onset']"
done
holds "file and rules say the same" "abs($(slo checkout-assistant answers)['burn']['5m'] /
	$(slo checkout-assistant requests)['burn']['5m'] - 1) < 0.25"
holds "fraud-scorer is fine" "$(slo fraud-scorer requests)['severity'] == 'ok'"
holds "search-ranker is fine" "$(slo search-ranker availability)['severity'] == 'ok'"
holds "no traffic is no data" "$(slo no-traffic availability)['severity'] == 'no-data'"
holds "and no figure" "$(slo no-traffic availability)['burn']['5m'] is None"
holds "recorded without traffic, too" "not any(s['severity'] == 'ok'
	for s in d['slos'] if s['service'] == 'nobody')"
holds "the alert" "[a for a in d['alerts'] if a['name'] == 'CheckoutFails'][0]['state'] == 'firing'"
holds "the source" "[s for s in d['sources'] if s['name'] == 'prom'][0]['state'] == 'ok'"
holds "its version" "[s for s in d['sources'] if s['name'] == 'prom'][0]['version'][0] in '23'"
run 1 "$TOCSIN" slo list
says checkout-assistant

# --- our figures are those of promtool, for the same expression and moment ---
"$TOCSIN" slo list --json >"$work/slos.json" || true
"$TOCSIN" slo show "$XDG_CONFIG_HOME/tocsin/sloth.yaml" --json >"$work/shown.json"
python3 - "$work" "$url" <<'PYTHON' || fail "promtool says something else"
import datetime, json, subprocess, sys
work, url = sys.argv[1:]
slo = [s for s in json.load(open(work + "/slos.json"))["slos"]
       if (s["service"], s["name"]) == ("checkout-assistant", "answers")][0]
queries = json.load(open(work + "/shown.json"))["slos"][0]["queries"]
at = datetime.datetime.fromisoformat(slo["as_of"].replace("Z", "+00:00")).timestamp()
compared = 0
for window in ("5m", "30m", "1h", "6h"):
    out = subprocess.run(["promtool", "query", "instant", f"--time={at:.3f}", "-o", "json", url,
                          queries[window]], capture_output=True, text=True, check=True).stdout
    ratio = float(json.loads(out)[0]["value"][1])
    burn = slo["burn"][window]
    assert abs(burn - ratio / 0.001) <= 1e-6 * burn, (window, burn, ratio)
    compared += 1
print("ok promtool agrees in", compared, "windows")
PYTHON

# --- tocsin query, against promtool ---
at=$(($(date +%s) - 5))
for q in 'sum by (code) (rate(requests_total[1m]))' 'up' 'count(requests_total)' \
	'histogram_quantile(0.9, sum by (le) (rate(request_seconds_bucket[1m])))' 'vector(1)/0'; do
	"$TOCSIN" query "$q" --at $at --json >"$work/ours.json" || fail "query $q"
	promtool query instant --time=$at -o json "$url" "$q" >"$work/theirs.json" || fail "promtool $q"
	python3 - "$work" <<'PYTHON' || fail "$q differs"
import json, sys
ours = json.load(open(sys.argv[1] + "/ours.json"))["series"]
theirs = json.load(open(sys.argv[1] + "/theirs.json"))
key = lambda labels: json.dumps(labels, sort_keys=True)
a = {key(s["labels"]): str(float(s["value"])) for s in ours}
b = {key(s["metric"]): str(float(s["value"][1])) for s in theirs}
assert a == b, (a, b)
PYTHON
	echo "ok the same as promtool: $q"
done
run 0 "$TOCSIN" query 'sum(rate(requests_total[10s]))' --range 2m
says "+--"
run 2 "$TOCSIN" query 'sum(rate(requests_total[10s])'
says "unclosed left parenthesis"

# --- what ships is understood by a real server ---
for f in "$TOCSIN_TOP"/slos/*.yaml; do
	"$TOCSIN" slo show "$f" --json >"$work/shown.json" || fail "$f"
	python3 - "$work/shown.json" "$url" <<'PYTHON' || fail "$f"
import json, sys, urllib.parse, urllib.request
n = 0
for slo in json.load(open(sys.argv[1]))["slos"]:
    for window, query in slo["queries"].items():
        if not query:
            continue
        form = urllib.parse.urlencode({"query": query}).encode()
        for path in ("format_query", "query"):
            with urllib.request.urlopen(f"{sys.argv[2]}/api/v1/{path}", form, timeout=10) as r:
                assert json.load(r)["status"] == "success", query
        n += 1
print("ok", n, "queries")
PYTHON
	case $f in */agents.yaml) continue ;; esac
	"$TOCSIN" slo export "$f" >"$work/export.yaml" || fail "export $f"
	promtool check rules "$work/export.yaml" >"$work/rules.log" 2>&1 ||
		fail "promtool refuses the rules of $f: $(cat "$work/rules.log")"
	echo "ok rules of $(basename "$f")"
done

# The past came along with the first contact: when it began, not when it was first seen.
began="__import__('datetime').datetime.fromisoformat(
	$(slo remembered availability)['onset'].replace('Z', '+00:00')).timestamp()"
holds "remembered pages" "$(slo remembered availability)['severity'] == 'page'"
holds "since it began" "$onset <= $began < $onset + 600"

status 3 --context calm
holds "never read" "[s['state'] for s in d['sources']] == ['never']"
holds "what another context burns is not ours" "d['slos'] == []"
run 0 "$TOCSIN" slo list --context calm

# Another store, of a server without rules: nothing burns there.
cat >"$work/other.yaml" <<YAML
sources: [{name: calm, type: prometheus, url: "$calm", every: 1s, timeout: 5s}]
store: {path: $work/other}
YAML
chmod 600 "$work/other.yaml"
run 0 "$TOCSIN" poll --once --config "$work/other.yaml"
status 0 --config "$work/other.yaml"

# --- killed ---
# shellcheck disable=SC2154 # set by serve
kill -KILL "$pid_calm" "$pid_prom"
run 3 "$TOCSIN" poll --once
run 3 "$TOCSIN" poll --once --config "$work/other.yaml"
run 3 "$TOCSIN" check --connect
says no
status 3 --config "$work/other.yaml"
holds "unreachable" "d['sources'][0]['state'] != 'ok' and d['sources'][0]['error']"
status 1
holds "what burnt still shows" "$(slo checkout-assistant answers)['severity'] == 'page'"
stale() { "$TOCSIN" status --json >"$work/status.json"; [ "$(json "$work/status.json" \
	"all(s['stale'] for s in d['slos']) and d['sources'][0]['stale']")" = True ]; }
until_true 20 stale || fail "nothing is marked stale: $(cat "$work/status.json")"
echo "ok everything is marked stale"
