#!/bin/sh
# faults - a source that misbehaves in every way: it is named, the others go on, nothing is lost
# shellcheck source=../lib.sh
. "$TOCSIN_TOP/tests/lib.sh"
need curl curl

lab lab --cause nothing-wrong --elapsed 10s
fault() { curl -fs -o /dev/null -d "{\"fault\":\"$1\"}" "$lab/lab/fault"; }
mend() { curl -fs -o /dev/null -X DELETE "$lab/lab/fault"; }

# sources TIMEOUT: one of each type that the lab speaks.
sources() {
	cat <<YAML
sources:
  - {name: metrics, type: metrics, targets: ["$lab/metrics"], every: 1s, timeout: $1, max_bytes: 1MB}
  - {name: am, type: alertmanager, url: "$lab/alertmanager", every: 1s, timeout: $1, max_bytes: 1MB}
  - {name: mlflow, type: mlflow, url: "$lab/mlflow", every: 1s, timeout: $1, max_bytes: 1MB}
  - name: langfuse
    type: langfuse
    url: "$lab/langfuse"
    every: 1s
    timeout: $1
    max_bytes: 2MB
    auth: {basic: {user: pk-lf-lab, password: {file: langfuse.key}}}
YAML
}
mkdir -p "$XDG_CONFIG_HOME/tocsin"
key=$XDG_CONFIG_HOME/tocsin/langfuse.key
echo sk-lf-lab >"$key"
chmod 600 "$key"
sources 1s | config
run 0 "$TOCSIN" poll --once
status 0
holds "all are fresh" "[s['state'] for s in d['sources']] == ['ok'] * 4"

source_of() { echo "[s for s in d['sources'] if s['name'] == '$1'][0]"; }

# --- every fault on every type ---
for one in metrics:/metrics am:/alertmanager mlflow:/mlflow langfuse:/langfuse; do
	name=${one%%:*} path=${one#*:}
	for kind in slow=3s hang 500 truncate wrong-json huge=4MB reset; do
		fault "$kind@$path"
		"$TOCSIN" poll --once >"$work/poll" 2>&1 && got=0 || got=$?
		[ "$got" = 3 ] || fail "$kind of $name: poll exits $got: $(cat "$work/poll")"
		"$TOCSIN" status --json >"$work/status.json" && got=0 || got=$?
		[ "$got" = 3 ] || fail "$kind of $name: status exits $got: $(cat "$work/status.json")"
		holds "$kind of $name is named" "$(source_of $name)['state'] == 'failing' and
			len($(source_of $name)['error']) > 10"
		holds "the others are fresh" "all(s['state'] == 'ok' and not s['error']
			for s in d['sources'] if s['name'] != '$name')"
		mend
	done
	"$TOCSIN" poll --once >"$work/poll" 2>&1 || fail "$name does not recover: $(cat "$work/poll")"
done

# --- secrets ---
chmod 644 "$key"
run 3 "$TOCSIN" poll --once
says langfuse.key
status 3
holds "others can read it" "'langfuse.key' in $(source_of langfuse)['error']"
holds "the others are fresh" "$(source_of metrics)['state'] == 'ok'"
rm "$key"
run 3 "$TOCSIN" poll --once
says langfuse.key
sed -i 's/{file: langfuse.key}/{env: TOCSIN_TEST_NOWHERE}/' "$XDG_CONFIG_HOME/tocsin/config.yaml"
run 3 "$TOCSIN" poll --once
says TOCSIN_TEST_NOWHERE
echo wrong-secret >"$key"
chmod 600 "$key"
sed -i 's/{env: TOCSIN_TEST_NOWHERE}/{file: langfuse.key}/' "$XDG_CONFIG_HOME/tocsin/config.yaml"
run 3 "$TOCSIN" poll --once
status 3
holds "refused" "$(source_of langfuse)['state'] == 'auth'"
case $(cat "$work/status.json") in *wrong-secret*) fail "a secret was printed" ;; esac
echo sk-lf-lab >"$key"
run 0 "$TOCSIN" poll --once

# --- the collector as a daemon ---
polls() {
	"$TOCSIN" status --json >"$work/status.json" || true
	json "$work/status.json" "max(s['age_s'] for s in d['sources'])"
}
fresh() { [ "$(python3 -c "print($(polls) < 2.5)")" = True ]; }
old() { [ "$(python3 -c "print($(polls) > 4)")" = True ]; }
serve daemon "$TOCSIN" poll --daemon
until_true 15 fresh || fail "the collector does not read"

# Two at once: each source is read by one of them.
before=$(curl -fs "$lab/metrics" | sed -n 's/^lab_requests_total{path="\/metrics"} //p')
serve second "$TOCSIN" poll --daemon
sleep 2
# shellcheck disable=SC2154 # set by serve
kill -0 "$pid_second" || fail "the second collector is gone"
[ -n "$before" ] || before=0

# Stopped for a while: what is old says so, and the second one may not read either's sources.
# shellcheck disable=SC2154
kill -TERM "$pid_second"
wait "$pid_second" && got=0 || got=$?
expect "the second ends clean" 0 "$got"
# shellcheck disable=SC2154 # set by serve
kill -STOP "$pid_daemon"
until_true 15 old || fail "it was not stopped"
status 3
holds "what is old is marked" "all(s['stale'] for s in d['sources'])"
kill -CONT "$pid_daemon"
until_true 15 fresh || fail "it does not go on"
status 0
echo "ok it goes on"
kill -TERM "$pid_daemon"
wait "$pid_daemon" && got=0 || got=$?
expect "SIGTERM ends it clean" 0 "$got"

# --- files ---
cat >"$work/unclosed.md" <<'MD'
# Half a runbook

```sh {name=half}
echo never closed
MD
run 1 "$TOCSIN" runbook show "$work/unclosed.md"
says "unclosed.md"
python3 - >"$work/cycle.json" <<'PYTHON'
import json
span = lambda i, p: {"traceId": "a" * 32, "spanId": i * 16, "parentSpanId": p * 16,
    "name": i, "kind": 1, "startTimeUnixNano": "1790000000000000000",
    "endTimeUnixNano": "1790000001000000000", "attributes": [], "status": {}}
print(json.dumps({"resourceSpans": [{"resource": {"attributes": []}, "scopeSpans": [
    {"scope": {"name": "t"}, "spans": [span("b", "c"), span("c", "b"), span("d", "d")]}]}]}))
PYTHON
run 0 "$TOCSIN" sessions import "$work/cycle.json" --json
says '"spans": 3'
says cycle

# A store that a newer version wrote.
need sqlite3 sqlite3
sqlite3 "$XDG_STATE_HOME/tocsin/seen.db" 'PRAGMA user_version = 9999'
run 5 "$TOCSIN" status
says "newer"
run 5 "$TOCSIN" poll --once
says "newer"
expect "it is left as it is" 9999 "$(sqlite3 "$XDG_STATE_HOME/tocsin/seen.db" 'PRAGMA user_version')"
