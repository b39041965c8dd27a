#!/bin/sh
# prometheus-3 - a real Prometheus 3: native histograms, what it changed, what it remarks
# shellcheck source=../lib.sh
. "$TOCSIN_TOP/tests/lib.sh"
live
heavy
need curl curl
need python3 python3

# Built from its source without the discovery of other systems: those are most of the work.  With
# the tag of its releases: without it, labels that are read by protobuf point into what was reused.
program=${TOCSIN_VENVS:-${XDG_CACHE_HOME:-$HOME/.cache}/tocsin-tests}/go/prometheus-3.4.2
if [ ! -x "$program" ]; then
	need go golang
	module=github.com/prometheus/prometheus@v0.304.2
	go mod download -json $module >"$work/module.json" 2>"$work/module.log" ||
		skip "go could not get $module"
	cp -r "$(json "$work/module.json" "d['Dir']")" "$work/source"
	chmod -R u+w "$work/source"
	rm -f "$work"/source/plugins/*.go
	echo 'package plugins' >"$work/source/plugins/plugins.go"
	mkdir -p "$(dirname "$program")"
	(cd "$work/source" && go build -trimpath -tags netgo,stringlabels -o "$work/built" -ldflags \
		'-X github.com/prometheus/common/version.Version=3.4.2' ./cmd/prometheus) ||
		skip "go could not build $module"
	mv "$work/built" "$program"
fi

port=$(free_port)
url=http://127.0.0.1:$port
lab lab --speed 20 --cause bad-version --elapsed 15s
cat >"$work/prometheus.yaml" <<YAML
global: {scrape_interval: 1s, evaluation_interval: 1s}
scrape_configs:
  - job_name: lab
    static_configs: [{targets: ["${lab#http://}"]}]
  - job_name: self
    scrape_protocols: [PrometheusProto]
    static_configs: [{targets: ["127.0.0.1:$port"]}]
YAML
serve prom "$program" --config.file="$work/prometheus.yaml" --storage.tsdb.path="$work/prom.d" \
	--web.listen-address="127.0.0.1:$port" --enable-feature=native-histograms --log.level=warn
until_true 30 answers "$url/-/ready" || fail "prometheus does not start"

mkdir -p "$XDG_CONFIG_HOME/tocsin"
cat >"$XDG_CONFIG_HOME/tocsin/slo.yaml" <<'YAML'
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
  - name: native
    objective: 99
    sli:
      raw:
        error_ratio_query: >-
          1 - histogram_fraction(0, 5, sum(rate(prometheus_http_request_duration_seconds[{{.window}}])))
    alerting: {name: Slow}
YAML
config <<YAML
sources: [{name: prom, type: prometheus, url: "$url", every: 1s, timeout: 5s}]
services: [{name: checkout-assistant, slos: [slo.yaml]}]
YAML
native() {
	"$TOCSIN" query 'sum(prometheus_http_request_duration_seconds)' --json >"$work/h.json" &&
		[ "$(json "$work/h.json" "d['series'][0]['histogram']['count'] > 20")" = True ]
}
until_true 40 native || fail "there is no native histogram"
echo "ok a native histogram is read"
[ "$(json "$work/h.json" "abs(sum(b['count'] for b in d['series'][0]['histogram']['buckets'])
	- d['series'][0]['histogram']['count']) < 1e-9")" = True ] || fail "$(cat "$work/h.json")"
echo "ok and all of it is in buckets"
run 0 "$TOCSIN" query 'sum(prometheus_http_request_duration_seconds)'
says "observations"
drawn() { "$TOCSIN" query 'sum(prometheus_http_request_duration_seconds)' --range 1m | grep -q last; }
until_true 10 drawn || fail "native histograms are not drawn"

rated() {
	"$TOCSIN" query 'sum(rate(prometheus_http_request_duration_seconds[5m]))' |
		grep -q mean
}
until_true 20 rated || fail "native histograms have no rate"
run 0 "$TOCSIN" check --connect
says "3.4"
run 0 "$TOCSIN" poll --once
status 1
slo() { echo "[s for s in d['slos'] if s['name'] == '$1'][0]"; }
holds "it pages" "$(slo answers)['severity'] == 'page'"
holds "the native one is fine" "$(slo native)['severity'] == 'ok'"
holds "the source" "d['sources'][0]['state'] == 'ok'"
holds "its version" "d['sources'][0]['version'].startswith('3.')"

# Our fraction of a native histogram is its own.
for limit in 0.0003 0.001 0.02 5; do
	"$TOCSIN" query "histogram_fraction(0, $limit, sum(prometheus_http_request_duration_seconds))" \
		--json >"$work/f.json"
	[ "$(json "$work/f.json" "0 <= d['series'][0]['value'] <= 1")" = True ] ||
		fail "$(cat "$work/f.json")"
done

# Remarks of the server on an expression are told, and are no missing data.
run 0 "$TOCSIN" query 'sum(rate(process_resident_memory_bytes[1m]))'
says "PromQL info"
run 0 "$TOCSIN" query 'histogram_quantile(2, sum by (le) (request_seconds_bucket))'
says "quantile value"

# What ships is understood by this one, too.
for f in "$TOCSIN_TOP"/slos/*.yaml; do
	"$TOCSIN" slo show "$f" --json >"$work/shown.json" || fail "$f"
	python3 - "$work/shown.json" "$url" <<'PYTHON' || fail "$f"
import json, sys, urllib.parse, urllib.request
for slo in json.load(open(sys.argv[1]))["slos"]:
    for query in slo["queries"].values():
        if not query:
            continue
        form = urllib.parse.urlencode({"query": query}).encode()
        with urllib.request.urlopen(f"{sys.argv[2]}/api/v1/query", form, timeout=10) as r:
            assert json.load(r)["status"] == "success", query
PYTHON
	echo "ok queries of $(basename "$f")"
done
