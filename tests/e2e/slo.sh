#!/bin/sh
# slo - what is configured, what is wrong with it, in words and as rules; no server is asked
# shellcheck source=../lib.sh
. "$TOCSIN_TOP/tests/lib.sh"

config <<YAML
sources:
  - {name: prom, type: prometheus, url: http://127.0.0.1:1}
services:
  - {name: shop, slos: [windows.yaml, slo.yaml, open.yaml]}
YAML
conf=$XDG_CONFIG_HOME/tocsin
cat >"$conf/windows.yaml" <<'YAML'
apiVersion: sloth.slok.dev/v1
kind: AlertWindows
spec:
  sloPeriod: 7d
  page:
    quick: {errorBudgetPercent: 8, shortWindow: 5m, longWindow: 1h}
    slow: {errorBudgetPercent: 12.5, shortWindow: 30m, longWindow: 6h}
  ticket:
    quick: {errorBudgetPercent: 20, shortWindow: 2h, longWindow: 1d}
    slow: {errorBudgetPercent: 42, shortWindow: 6h, longWindow: 3d}
YAML
cat >"$conf/slo.yaml" <<'YAML'
version: prometheus/v1
service: shop
slos:
  - name: availability
    objective: 99.9
    sli:
      events:
        error_query: sum(rate(errors_total[{{.window}}]))
        total_query: sum(rate(requests_total[{{.window}}]))
    alerting: {name: ShopBurns}
YAML
cat >"$conf/open.yaml" <<'YAML'
apiVersion: openslo/v1
kind: SLO
metadata: {name: quality}
spec:
  service: shop
  budgetingMethod: Occurrences
  timeWindow: [{duration: 30d, isRolling: true}]
  indicator:
    spec:
      ratioMetric:
        bad: {metricSource: {metricSourceRef: elsewhere, spec: {query: poor_total}}}
        total: {metricSource: {metricSourceRef: elsewhere, spec: {query: all_total}}}
  objectives: [{target: 0.9}]
YAML

# Rows that can never fire, and a source that nobody configured, are said and no failure.
run 0 "$TOCSIN" check
says "shop/quality: the page on 1h at 14.4 times can never fire"
says "data source 'elsewhere' is not configured"
"$TOCSIN" poll --once >/dev/null 2>&1 || true
"$TOCSIN" slo list --json >"$work/status.json" || [ $? -le 3 ] || fail "slo list"
holds "both are listed" "{s['name'] for s in d['slos']} == {'availability', 'quality'}"
holds "none is good" "all(s['severity'] == 'no-data' for s in d['slos'])"

# By name: with the windows of the service's other file.
run 0 "$TOCSIN" slo show shop/availability
says "99.9% over 1w"
says "over 13.44 times"
run 0 "$TOCSIN" slo explain shop/availability
says "10.08 min of total failure in 1w"
run 0 "$TOCSIN" slo export shop/availability --output "$work/rules.yaml"
grep -q 'alert: ShopBurns' "$work/rules.yaml" || fail "no alert is written"
grep -q '13.44 \* (1 - 0.999)' "$work/rules.yaml" || fail "not the factors of the windows"
run 2 "$TOCSIN" slo export shop/availability --format excel
says "prometheus is the one"
run 2 "$TOCSIN" slo explain shop/nothing
says "slo list"

# A second objective of one name, and an impossible one: said by line, the first is kept.
cat >>"$conf/slo.yaml" <<'YAML'
  - name: availability
    objective: 99
    sli: {raw: {error_ratio_query: "x[{{.window}}]"}}
    alerting: {name: Again}
  - name: perfect
    objective: 100
    sli: {raw: {error_ratio_query: "x[{{.window}}]"}}
    alerting: {name: Perfect}
YAML
run 1 "$TOCSIN" check
says "slo.yaml:11:5: service 'shop' has an SLO named 'availability' already"
says "slo.yaml:16:16: an objective of 100 % leaves no error budget"
run 0 "$TOCSIN" slo show shop/availability
says "99.9% over 1w"
