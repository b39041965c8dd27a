#!/bin/sh
# alertmanager - a real Alertmanager: what fires, what is silenced, what ended
# shellcheck source=../lib.sh
. "$TOCSIN_TOP/tests/lib.sh"
live
need prometheus-alertmanager prometheus-alertmanager
need amtool prometheus-alertmanager
need curl curl

cat >"$work/am.yaml" <<'YAML'
route: {receiver: nobody, group_wait: 0s}
receivers: [{name: nobody}]
YAML
port=$(free_port)
url=http://127.0.0.1:$port
serve am prometheus-alertmanager --config.file="$work/am.yaml" --storage.path="$work/am.d" \
	--web.listen-address="127.0.0.1:$port" --cluster.listen-address=
until_true 30 answers "$url/-/ready" || fail "alertmanager does not start"

config <<YAML
sources:
  - {name: am, type: alertmanager, url: "$url", every: 1s, timeout: 5s}
YAML

# post NAME SEVERITY SERVICE: an alert that goes on.
post() {
	now=$(date -u +%Y-%m-%dT%H:%M:%SZ)
	curl -fsS -m 5 -H 'Content-Type: application/json' -d "[{
		\"labels\": {\"alertname\": \"$1\", \"severity\": \"$2\", \"service\": \"$3\"},
		\"annotations\": {\"summary\": \"$1 of $3\", \"runbook_url\": \"http://x.example/r\"},
		\"startsAt\": \"$now\", \"endsAt\": \"${4:-2099-01-01T00:00:00Z}\",
		\"generatorURL\": \"http://p.example/graph\"}]" "$url/api/v2/alerts"
}
shows() { curl -fsS -m 5 "$url/api/v2/alerts" | grep -q "$1"; }
tool() { amtool --alertmanager.url="$url" "$@"; }
poll() { run "${1:-0}" "$TOCSIN" poll --once; }
alert() { echo "[a for a in d['alerts'] if a['name'] == '$1']"; }

poll
status 0
holds "nothing fires" "d['alerts'] == []"
run 0 "$TOCSIN" check --connect
says am
run 0 env ALERTMANAGER_URL="$url" "$TOCSIN" init --print
says "type: alertmanager"

post ModelErrorBudgetBurn page checkout
post FeatureLag ticket search
until_true 10 shows FeatureLag || fail "the alert was not taken"
poll
status 1
holds "both" "len(d['alerts']) == 2"
holds "one fires" "$(alert ModelErrorBudgetBurn)[0]['state'] == 'firing'"
holds "its severity" "$(alert ModelErrorBudgetBurn)[0]['severity'] == 'page'"
holds "its labels" "$(alert ModelErrorBudgetBurn)[0]['labels']['service'] == 'checkout'"
run 1 "$TOCSIN" alerts list
says FeatureLag
says firing

# A silence takes one away from the findings, not from sight.
tool silence add --author=night --comment="known, being rolled back" --duration=1h \
	alertname=ModelErrorBudgetBurn >"$work/silence"
until_true 10 shows '"suppressed"' || fail "the silence does nothing"
poll
status 1
holds "silenced" "$(alert ModelErrorBudgetBurn)[0]['state'] == 'silenced'"
holds "the other is not" "$(alert FeatureLag)[0]['state'] == 'firing'"
run 1 "$TOCSIN" alerts list
says silenced
tool silence add --author=night --comment="both" --duration=1h alertname=FeatureLag >/dev/null
all_silenced() { ! shows '"active"'; }
until_true 10 all_silenced || fail "the silence does nothing"
poll
status 0
holds "all silenced" "all(a['state'] == 'silenced' for a in d['alerts']) and d['alerts']"

# The silence ends, and so does an alert.
tool silence expire "$(cat "$work/silence")"
until_true 10 shows '"active"' || fail "the silence did not end"
post FeatureLag ticket search "$(date -u +%Y-%m-%dT%H:%M:%SZ)"
gone() { ! shows FeatureLag; }
until_true 10 gone || fail "the alert did not end"
poll
status 1
holds "fires again" "$(alert ModelErrorBudgetBurn)[0]['state'] == 'firing'"
holds "the other ended" "$(alert FeatureLag) == []"

# shellcheck disable=SC2154 # set by serve
kill -KILL "$pid_am"
poll 3
status 1
holds "unreachable" "d['sources'][0]['state'] != 'ok'"
stale() {
	"$TOCSIN" status --json >"$work/status.json"
	[ "$(json "$work/status.json" "d['sources'][0]['stale'] and d['alerts'][0]['stale']")" = True ]
}
until_true 20 stale || fail "not stale: $(cat "$work/status.json")"
echo "ok what is known is marked stale"
