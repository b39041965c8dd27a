#!/bin/sh
# faults - a source that misbehaves in every way: it is named, the others go on, nothing is lost
# shellcheck source=../lib.sh
. "$TOCSIN_TOP/tests/lib.sh"
need curl curl
need python3 python3
need sqlite3 sqlite3

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
sources 500ms | config
run 0 "$TOCSIN" poll --once
status 0
holds "all are fresh" "[s['state'] for s in d['sources']] == ['ok'] * 4"

source_of() { echo "[s for s in d['sources'] if s['name'] == '$1'][0]"; }

# --- every fault on every type ---
for one in metrics:/metrics am:/alertmanager mlflow:/mlflow langfuse:/langfuse; do
	name=${one%%:*} path=${one#*:}
	for kind in slow=2s hang 500 truncate wrong-json huge=4MB reset; do
		fault "$kind@$path"
		"$TOCSIN" poll --once >"$work/poll" 2>&1 && got=0 || got=$?
		[ "$got" = 3 ] || fail "$kind of $name: poll exits $got: $(cat "$work/poll")"
		"$TOCSIN" status --json >"$work/status.json" && got=0 || got=$?
		[ "$got" = 3 ] || fail "$kind of $name: status exits $got: $(cat "$work/status.json")"
		holds "$kind of $name is named" "$(source_of "$name")['state'] == 'failing' and
			len($(source_of "$name")['error']) > 10"
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
mkdir "$work/site"
echo 'up 1' >"$work/site/metrics"
port=$(free_port)
serve site python3 -u -m http.server --bind 127.0.0.1 --directory "$work/site" "$port"
until_true 10 answers "http://127.0.0.1:$port/metrics" || fail "no server of files"
cat >"$work/two.yaml" <<YAML
sources: [{name: site, type: metrics, targets: ["http://127.0.0.1:$port/metrics"], every: 1s}]
store: {path: $work/two}
YAML
chmod 600 "$work/two.yaml"
serve first "$TOCSIN" poll --daemon --config "$work/two.yaml"
serve second "$TOCSIN" poll --daemon --config "$work/two.yaml"
asked() { grep -c 'GET /metrics' "$work/site.log" || true; }
asked_more() { [ "$(asked)" -gt 3 ]; }
until_true 10 asked_more || fail "neither reads"
before=$(asked)
sleep 4
after=$(asked)
[ $((after - before)) -le 6 ] || fail "in 4 s $((after - before)) times: both read"
echo "ok one of two collectors reads: $((after - before)) times in 4 s"
# The one that goes leaves the source to the other.
# shellcheck disable=SC2154 # set by serve
for p in "$pid_first" "$pid_second"; do
	kill -0 "$p" || fail "a collector is gone"
done
kill -KILL "$pid_first"
before=$(asked)
taken_over() { [ "$(asked)" -gt $((before + 2)) ]; }
until_true 15 taken_over || fail "nobody took over"
kill -TERM "$pid_second"
wait "$pid_second" && got=0 || got=$?
expect "SIGTERM ends it clean" 0 "$got"

# Stopped for a while: what is old says so.
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

# --- a store that two users of a group share ---
as_user() {
	uid=$1
	shift
	umask 027
	HOME=$work/home$uid XDG_STATE_HOME=$work/home$uid/state \
		setpriv --reuid="$uid" --regid=42420 --clear-groups "$@"
}
if [ "$(id -u)" = 0 ] && command -v setpriv >/dev/null 2>&1 &&
	setpriv --reuid=42421 --regid=42420 --clear-groups test -x "$TOCSIN"; then
	chmod 755 "$work"
	mkdir "$work/shared" "$work/home42421" "$work/home42422"
	chown 42421 "$work/home42421"
	chown 42422 "$work/home42422"
	chgrp 42420 "$work/shared"
	chmod 2770 "$work/shared"
	cat >"$work/shared.yaml" <<YAML
sources: [{name: am, type: alertmanager, url: "$lab/alertmanager", every: 1s}]
store: {path: $work/shared}
YAML
	chmod 644 "$work/shared.yaml"
	for uid in 42421 42422 42421; do
		run 0 as_user "$uid" "$TOCSIN" poll --once --config "$work/shared.yaml"
		run 0 as_user "$uid" "$TOCSIN" status --config "$work/shared.yaml"
	done
	expect "others see nothing" 1 "$(setpriv --reuid=42423 --regid=42423 --clear-groups \
		test -r "$work/shared/seen.db" && echo 0 || echo $?)"
else
	echo "not root: no second user"
fi

# A store that a newer version wrote.
sqlite3 "$XDG_STATE_HOME/tocsin/seen.db" 'PRAGMA user_version = 9999'
run 5 "$TOCSIN" status
says "newer"
run 5 "$TOCSIN" poll --once
says "newer"
expect "it is left as it is" 9999 "$(sqlite3 "$XDG_STATE_HOME/tocsin/seen.db" 'PRAGMA user_version')"
