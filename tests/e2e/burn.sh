#!/bin/sh
# burn - what burns on the lab is on the overview's rows after one more poll, with its onset
# shellcheck source=../lib.sh
. "$TOCSIN_TOP/tests/lib.sh"

[ -x "$LAB" ] || skip "the lab is not built"
need python3 python3
serve lab "$LAB" --speed 10 --cause bad-version --elapsed 5m
until_true 10 test -s "$work/lab.log" || fail "the lab does not start"
url=$(json "$work/lab.log" 'd["url"]')

mkdir -p "$XDG_CONFIG_HOME/tocsin"
cat >"$XDG_CONFIG_HOME/tocsin/config.yaml" <<YAML
sources:
  - {name: metrics, type: metrics, targets: [$url/metrics], every: 1s}
services:
  - {name: checkout-assistant, slos: [slo.yaml]}
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
"$TOCSIN" poll --once >/dev/null || fail "the lab could not be read"
sleep 2
# The second look is the first that can tell how much was counted.
"$TOCSIN" poll --once >/dev/null || fail "the lab could not be read again"
"$TOCSIN" status --json >"$work/status.json" || [ $? -le 3 ] || fail "status"
severity=$(json "$work/status.json" '[s["severity"] for s in d["slos"] if s["name"] == "availability"][0]')
[ "$severity" = page ] || fail "the burn is '$severity' on the overview: $(cat "$work/status.json")"
onset=$(json "$work/status.json" '[s["onset"] for s in d["slos"]][0]')
[ "$onset" != None ] || fail "nobody says since when"
bad=$(json "$work/status.json" '[s["bad"] for s in d["slos"]][0]')
[ "$bad" != None ] || fail "nobody says how many events failed"
