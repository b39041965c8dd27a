#!/bin/sh
# rollback - from an incident that began before the store did, to its end and the audit of it
# shellcheck source=../lib.sh
. "$TOCSIN_TOP/tests/lib.sh"
need curl curl
need sqlite3 sqlite3

# At twenty times the speed, five minutes of the incident are fifteen seconds.
lab lab --cause bad-version --speed 20 --elapsed 21s
cat >"$work/one.yaml" <<'YAML'
apiVersion: openslo/v1
kind: SLO
metadata: {name: availability}
spec:
  service: checkout-assistant
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
            spec: {query: 'requests_total{service="checkout-assistant",code=~"5.."}'}
        total:
          metricSource:
            type: Prometheus
            spec: {query: 'requests_total{service="checkout-assistant"}'}
  objectives: [{target: 0.999}]
YAML
config <<YAML
sources:
  - {name: metrics, type: metrics, targets: ["$lab/metrics"], every: 1s}
  - {name: am, type: alertmanager, url: "$lab/alertmanager", every: 1s}
  - {name: mlflow, type: mlflow, url: "$lab/mlflow", every: 1s}
  - {name: serving, type: lab-serving, url: "$lab/serving", every: 1s}
services:
  - name: checkout-assistant
    model: {source: mlflow, name: checkout-ranker, alias: production}
    serving: {source: serving, name: checkout-assistant}
    slos: [$work/one.yaml]
  - name: fraud-scorer
    model: {source: mlflow, name: fraud-detector, alias: production}
    serving: {source: serving, name: fraud-scorer}
YAML
export TOCSIN_DATADIR="$TOCSIN_TOP"
serve collector "$TOCSIN" poll --daemon

# is EXPRESSION: it is true of the situation now.
is() {
	"$TOCSIN" status --json >"$work/status.json" || true
	[ "$(json "$work/status.json" "bool($1)")" = True ]
}
model() { echo "[m for m in d['models'] if m['model'] == '$1'][0]"; }
burning="[a for a in d['alerts'] if a['labels'].get('service') == 'checkout-assistant'
	and a['severity'] == 'page' and a['state'] == 'firing']"
serves() {
	echo "[s['version'] for s in $(model "$1")['serving'] if s['traffic'] > 0] == ['$2']"
}

until_true 40 is "$burning and d['slos'][0]['severity'] == 'page' and $(serves checkout-ranker 13)" ||
	fail "nothing burns: $(cat "$work/status.json")"
echo "ok it burns, in a store that never saw it begin"
holds "the burn" "d['slos'][0]['burn']['5m'] > 14.4"
holds "the alias, and what serves" "$(model checkout-ranker)['version'] == '13' and
	$(serves checkout-ranker 13)"
until_true 10 is "[c for c in d['changes'] if '13' in str(c)]" ||
	fail "the change is not known: $(cat "$work/status.json")"
echo "ok the change is known"

# rollback MODEL TO
rollback() {
	run 0 "$TOCSIN" models rollback "$1" --source mlflow --alias production --to "$2" --yes
}

# The wrong one moves what it says, and the burn goes on.
rollback fraud-detector 3
until_true 20 is "$(model fraud-detector)['version'] == '3' and $(serves fraud-detector 3)" ||
	fail "serving does not follow: $(cat "$work/status.json")"
until_true 4 is "not $burning" && fail "the wrong rollback ended it"
echo "ok the wrong rollback does not end it"
# A version that fails as well ends nothing either.
rollback checkout-ranker 9
until_true 20 is "$(serves checkout-ranker 9)" || fail "serving does not follow"
until_true 4 is "not $burning" && fail "another bad version ended it"
echo "ok another bad version does not end it"
# The right one does.
rollback checkout-ranker 12
until_true 60 is "$(serves checkout-ranker 12) and not $burning" ||
	fail "the burn goes on: $(cat "$work/status.json")"
echo "ok the right rollback ends it"

# --- every step is in the audit log ---
run 0 "$TOCSIN" audit list --json
for word in checkout-ranker fraud-detector 'version\":\"12\"' 'version\":\"9\"'; do
	says "$word"
done
run 0 "$TOCSIN" audit verify --json
says '"ok": true'
# shellcheck disable=SC2154 # set by serve
kill -TERM "$pid_collector"
wait "$pid_collector" || true

# --- and cannot be changed unseen ---
record=$XDG_STATE_HOME/tocsin/record.db
sqlite3 "$record" "UPDATE audit SET entry = 'x' WHERE seq = 2" 2>"$work/refused" &&
	fail "the store lets the log be changed"
echo "ok the store refuses a change: $(cat "$work/refused")"
sqlite3 "$record" "SELECT 'DROP TRIGGER ' || name || ';' FROM sqlite_master
	WHERE type = 'trigger' AND tbl_name = 'audit'" | sqlite3 "$record"
tampered() {
	sqlite3 "$record" "$1"
	run 1 "$TOCSIN" audit verify --json
	says '"ok": false'
	says "\"first_bad\": $2"
}
first=$(sqlite3 "$record" "SELECT min(seq) FROM audit WHERE instr(entry, 'fraud-detector')")
tampered "UPDATE audit SET entry = replace(entry, 'fraud-detector', 'search-ranker')
	WHERE seq = $first" "$first"
tampered "UPDATE audit SET entry = '{}' WHERE seq = 1" 1
