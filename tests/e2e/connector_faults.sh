#!/bin/sh
# connector_faults - every connector against every fault: what went wrong is said, nothing wrong is shown
# shellcheck source=../lib.sh
. "$TOCSIN_TOP/tests/lib.sh"
need python3 python3

serve faults python3 "$TOCSIN_TOP/tests/e2e/fault-server.py"
until_true 20 grep -q http "$work/faults.log" || fail "the server does not start"
base=$(cat "$work/faults.log")
TOKEN=t AWS_ACCESS_KEY_ID=AKIDEXAMPLE AWS_SECRET_ACCESS_KEY=secret AWS_REGION=eu-west-1
export TOKEN AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_REGION

# A source of each connector, all with this fault.
sources() {
	echo "sources:"
	for file in "$TOCSIN_TOP"/connectors/*.yaml; do
		type=$(basename "$file" .yaml)
		case $type in
		sagemaker) more=", auth: {sigv4: {region: eu-west-1}}" ;;
		*) more=", auth: {bearer: {env: TOKEN}}" ;;
		esac
		case $type in
		http) more="$more, with: {path: /health, version: version, service: s}" ;;
		oci) more="$more, with: {repositories: [a/b]}" ;;
		harbor) more="$more, with: {projects: [p]}" ;;
		pagerduty) more="$more, with: {from: night@example.org}" ;;
		feast) more="$more, with: {project: p}" ;;
		esac
		echo "  - {name: $type, type: $type, url: \"$base/$1\", every: 1s, timeout: $2$more}"
	done
}

# states FAULT TIMEOUT: polled once; $work/status.json says what became of it.
states() {
	rm -rf "$XDG_STATE_HOME/tocsin"
	sources "$1" "$2" | config
	"$TOCSIN" poll --once >"$work/poll.out" 2>&1 && got=0 || got=$?
	[ "$got" = 3 ] || fail "$1: poll ended with $got: $(cat "$work/poll.out")"
	"$TOCSIN" status --json >"$work/status.json" || true
	holds "$1: none says ok" "not [s for s in d['sources'] if s['state'] == 'ok']"
	holds "$1: each has its reason, safe for a terminal" \
		"all(s['error'] and all(c.isprintable() and c != '\u202e' for c in s['error']) for s in d['sources'])"
	holds "$1: nothing is shown of it" "not d['models'] and not d['alerts']"
}

for fault in slow truncated nonsense login redirect 401 403 404 409 429 500 503; do
	states "$fault" 2s
done
states login 5s
holds "a login page is one of credentials" "all(s['state'] == 'auth' for s in d['sources'])"
states 401 5s
holds "so is 401" "all(s['state'] == 'auth' for s in d['sources'])"

# What is too large ends early, in bounded memory.  It takes its time: once, in the main build.
[ "${TOCSIN_NO_LIVE:-0}" != 1 ] || exit 0
# shellcheck disable=SC3045 # dash and bash have it
ulimit -v 4000000 2>/dev/null || true
rm -rf "$XDG_STATE_HOME/tocsin"
for fault in huge million endless; do
	rm -rf "$XDG_STATE_HOME/tocsin"
	sources "$fault" 20s | config
	"$TOCSIN" poll --once >"$work/poll.out" 2>&1 && got=0 || got=$?
	[ "$got" = 3 ] || [ "$got" = 0 ] || fail "$fault: poll ended with $got: $(cat "$work/poll.out")"
	"$TOCSIN" status --json >"$work/status.json" || true
	holds "$fault: mlflow is not whole" \
		"[s for s in d['sources'] if s['name'] == 'mlflow' and s['state'] in ('partial', 'failing')]"
	holds "$fault: whoever is not whole says why" \
		"all(s['error'] for s in d['sources'] if s['state'] != 'ok')"
done

# Names that a terminal would act on: kept as they are, shown without harm.
rm -rf "$XDG_STATE_HOME/tocsin"
echo "sources: [{name: mlflow, type: mlflow, url: \"$base/names\", every: 30s}]" | config
run 0 "$TOCSIN" poll --once
harmless() {
	"$TOCSIN" "$@" >"$work/out" 2>&1 || [ $? = 1 ] || fail "$*: $(cat "$work/out")"
	python3 - "$work/out" <<'PYTHON' || fail "$* shows a control character: $(cat -v "$work/out")"
import sys
text = open(sys.argv[1], encoding="utf-8").read()
sys.exit("a/b" not in text or any(c != "\n" and not c.isprintable() for c in text))
PYTHON
	echo "ok harmless: $*"
}
harmless models list
harmless changes --last 24h
harmless connector try mlflow --source mlflow --read aliases
"$TOCSIN" models list --json >"$work/status.json" || [ $? = 1 ] || fail "models list"
holds "the name is exact" "d['models'][0]['model'] ==
	'a/b \"c\" \\'d\\'\n\x1b[31m\x1b]0;owned\x07\u202e\x9b2J'"
