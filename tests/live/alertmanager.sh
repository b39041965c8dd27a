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

tool silence query -q | while read -r id; do
	tool silence expire "$id"
done

# What we do is what its own tool sees: made with a preview, a reason and an end ...
run 2 "$TOCSIN" alerts silence ModelErrorBudgetBurn --yes
run 0 "$TOCSIN" alerts silence ModelErrorBudgetBurn --reason "being rolled back" --for 2h --by ann --yes
says "alerts that it covers now: 1"
tool silence query -o json >"$work/status.json"
holds "one silence" "len(d) == 1 and d[0]['comment'] == 'being rolled back' and d[0]['createdBy'] == 'ann'"
holds "its matchers" "d[0]['matchers'] == [
	{'isEqual': True, 'isRegex': False, 'name': 'alertname', 'value': 'ModelErrorBudgetBurn'}]"
id=$(json "$work/status.json" "d[0]['id']")
ends=$(json "$work/status.json" "d[0]['endsAt']")
tool alert query -o json -s >"$work/status.json"
holds "silenced by it" "d[0]['status']['silencedBy'] == ['$id']"
poll
status 0
holds "the status says so" "d['alerts'][0]['silenced_by'][0]['id'] == '$id'"
run 4 "$TOCSIN" alerts silence ModelErrorBudgetBurn --reason twice --yes
says "extend that silence"
# ... extended in place, under its id ...
run 0 "$TOCSIN" alerts extend "$id" --for 5h --yes
tool silence query -o json >"$work/status.json"
holds "extended" "[s['id'] for s in d] == ['$id'] and d[0]['endsAt'] > '$ends'"
# ... and ended, which a run can take back.
run 0 "$TOCSIN" alerts expire "$id" --yes
tool silence query -o json >"$work/status.json"
holds "ended" "d == []"
undone=$("$TOCSIN" runbook runs --json | python3 -c 'import json, sys
print(json.load(sys.stdin)["runs"][0]["id"])')
run 0 "$TOCSIN" runbook undo "$undone" --yes
tool silence query -o json >"$work/status.json"
holds "made anew" "len(d) == 1 and d[0]['id'] != '$id' and d[0]['comment'] == 'being rolled back'"
poll
run 0 "$TOCSIN" alerts expire "$(json "$work/status.json" "d[0]['id']")" --yes
run 0 "$TOCSIN" alerts silence 'service=~"none-.*"' --reason early --dry-run --yes
says "matches 0 alerts now"
run 3 "$TOCSIN" alerts silence 'a=~"("' --reason x --yes
says "error parsing regexp"
"$TOCSIN" audit export | grep -q 'being rolled back' || fail "the audit log does not say why"

# Two in a cluster, of which one source names both: each alert once, each silence once.
peer() {
	serve "$1" prometheus-alertmanager --config.file="$work/am.yaml" --storage.path="$work/$1.d" \
		--web.listen-address="127.0.0.1:$2" --cluster.listen-address="127.0.0.1:$3" \
		--cluster.peer="127.0.0.1:$4" --cluster.settle-timeout=1s --cluster.gossip-interval=100ms
	until_true 30 answers "http://127.0.0.1:$2/-/ready" || fail "$1 does not start"
}
port_a=$(free_port) gossip_a=$(free_port)
peer peer_a "$port_a" "$gossip_a" "$gossip_a"
port_b=$(free_port) gossip_b=$(free_port)
peer peer_b "$port_b" "$gossip_b" "$gossip_a"
port_p=$(free_port)
cat >"$work/rules.yml" <<'YAML'
groups:
  - name: g
    interval: 1s
    rules:
      - {alert: AlwaysBad, expr: vector(3), for: 2s, labels: {severity: page, service: shop}}
      - {alert: Broken, expr: 'label_replace(vector(1), "a", "b", "c", ".*") * on() (vector(1) or label_replace(vector(1), "x", "y", "", ""))'}
YAML
cat >"$work/prom.yml" <<YAML
global: {evaluation_interval: 1s, external_labels: {cluster: lab}}
rule_files: [$work/rules.yml]
alerting: {alertmanagers: [{static_configs: [{targets: ["127.0.0.1:$port_a", "127.0.0.1:$port_b"]}]}]}
YAML
url=http://127.0.0.1:$port_a
if command -v prometheus >/dev/null 2>&1; then
	serve prom prometheus --config.file="$work/prom.yml" --storage.tsdb.path="$work/prom.d" \
		--rules.alert.resend-delay=1s \
		--web.listen-address="127.0.0.1:$port_p"
	until_true 30 shows AlwaysBad || fail "the alert does not reach its Alertmanager"
	prom="- {name: prom, type: prometheus, url: \"http://127.0.0.1:$port_p\", every: 1s}"
else
	prom=
fi
config <<YAML
sources:
  - {name: pair, type: alertmanager, url: "$url", with: {peers: ["http://127.0.0.1:$port_b"]}, every: 1s}
  $prom
YAML
[ -n "$prom" ] || post AlwaysBad page shop
at_both() {
	curl -fsS -m 5 "http://127.0.0.1:$port_b/api/v2/alerts" | grep -q AlwaysBad
}
[ -z "$prom" ] || until_true 30 at_both || fail "the alert does not reach the other peer"
poll
poll
status 1
holds "one alert, whoever tells of it" "len($(alert AlwaysBad)) == 1"
holds "the peers know each other" "[s for s in d['sources'] if s['name'] == 'pair'][0]['state'] == 'ok'"
if [ -n "$prom" ]; then
	holds "it began before it fired" "$(alert AlwaysBad)[0]['onset'] < $(alert AlwaysBad)[0]['since']"
	holds "its value" "$(alert AlwaysBad)[0]['value'] == 3"
	holds "a rule that fails is a finding" "$(alert Broken) and $(alert Broken)[0]['state'] == 'error'"
fi
run 0 "$TOCSIN" alerts silence AlwaysBad --reason "known" --yes
silenced_at_b() {
	amtool --alertmanager.url="http://127.0.0.1:$port_b" silence query | grep -q AlwaysBad
}
until_true 20 silenced_at_b || fail "the silence does not reach the other peer"
poll
"$TOCSIN" alerts silences --json >"$work/status.json"
holds "one silence" "[(s['matchers'], s['alerts']) for s in d['silences']] == [('alertname=\"AlwaysBad\"', 1)]"
# One of them dies: the other is enough, to read and to act.
# shellcheck disable=SC2154 # set by serve
kill -KILL "$pid_peer_a"
poll
"$TOCSIN" status --json >"$work/status.json" || true
holds "the dead one is named" "'does not answer' in [s for s in d['sources'] if s['name'] == 'pair'][0]['error']"
holds "the alert is there, and silenced" "$(alert AlwaysBad)[0]['state'] == 'silenced'"
"$TOCSIN" alerts silences --json >"$work/status.json"
run 0 "$TOCSIN" alerts expire "$(json "$work/status.json" "d['silences'][0]['id']")" --yes
expired_at_b() { ! silenced_at_b; }
until_true 10 expired_at_b || fail "the silence did not end at the peer that is left"

config <<YAML
sources:
  - {name: am, type: alertmanager, url: "http://127.0.0.1:$port", every: 1s, timeout: 5s}
YAML
poll
status 1
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
