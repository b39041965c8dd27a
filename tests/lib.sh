# shellcheck shell=sh disable=SC2034 # used by those who source this
# lib.sh - what the tests in shell share: programs on loopback, in a directory of their own
#
# A test sources this, starts programs with `serve`, and ends with what its last check says.
# What cannot run here says SKIP and why (exit 77).

set -eu
: "${TOCSIN_BUILD:?}" "${TOCSIN_TOP:?}"
TOCSIN=$TOCSIN_BUILD/tocsin
LAB=$TOCSIN_BUILD/tocsin-lab
work=$(mktemp -d "${TMPDIR:-/tmp}/tocsin-live.XXXXXX")
XDG_CONFIG_HOME=$work/config XDG_STATE_HOME=$work/state
export XDG_CONFIG_HOME XDG_STATE_HOME
pids=

cleanup() {
	code=$?
	for p in $pids; do
		kill "$p" 2>/dev/null || true
	done
	for p in $pids; do
		wait "$p" 2>/dev/null || true
	done
	if [ "$code" != 0 ] && [ "$code" != 77 ]; then
		for f in "$work"/*.log; do
			[ -f "$f" ] && { echo "--- $f"; tail -n 40 "$f"; }
		done
	fi
	rm -rf "$work" ${pg_dir:+"$pg_dir"}
	exit "$code"
}
trap cleanup EXIT
trap 'exit 1' INT TERM

skip() {
	echo "SKIP $*"
	exit 77
}

fail() {
	echo "FAIL $*"
	exit 1
}

# The tests of real servers say so first: they run once, in the main build.
live() {
	[ "${TOCSIN_NO_LIVE:-0}" != 1 ] || skip "live tests run in the main build only"
}

# Second line of those that install much or run long: they run in make check-live alone.
heavy() {
	[ "${TOCSIN_LIVE:-}" = all ] || skip "heavy: make check-live runs it"
}

need() {
	command -v "$1" >/dev/null 2>&1 || skip "$1 is not installed (Debian: $2)"
}

# serve NAME COMMAND...: in the background; its output goes to $work/NAME.log.
serve() {
	name=$1
	shift
	"$@" >"$work/$name.log" 2>&1 &
	pids="$! $pids"
	eval "pid_$name=$!"
}

# A port that nobody listens on right now.
free_port() {
	python3 -c 'import socket
s = socket.socket()
s.bind(("127.0.0.1", 0))
print(s.getsockname()[1])'
}

# until_true SECONDS COMMAND...: repeated four times a second until it succeeds.
until_true() {
	tries=$(($1 * 4))
	shift
	while [ "$tries" -gt 0 ]; do
		"$@" >/dev/null 2>&1 && return 0
		sleep 0.25
		tries=$((tries - 1))
	done
	return 1
}

# lab NAME OPTION...: a practice platform; $lab is where it listens.
lab() {
	[ -x "$LAB" ] || skip "this build has no lab"
	of=$1
	shift
	serve "$of" "$LAB" --port 0 "$@"
	until_true 20 grep -q '"url"' "$work/$of.log" || fail "the lab is not ready"
	lab=$(json "$work/$of.log" "d['url']")
}

# config: the configuration, from standard input.
config() {
	mkdir -p "$XDG_CONFIG_HOME/tocsin"
	cat >"$XDG_CONFIG_HOME/tocsin/config.yaml"
	chmod 600 "$XDG_CONFIG_HOME/tocsin/config.yaml"
}

# status CODE OPTION...: the situation into $work/status.json; the exit code as wanted.
status() {
	wanted=$1 got=0
	shift
	"$TOCSIN" status --json "$@" >"$work/status.json" || got=$?
	[ "$got" = "$wanted" ] ||
		fail "status $*: exit $got, wanted $wanted: $(cat "$work/status.json")"
	echo "ok exit $got: status $*"
}

# holds WHAT EXPRESSION: it is true of $work/status.json.
holds() {
	[ "$(json "$work/status.json" "bool($2)")" = True ] ||
		fail "$1 ($2): $(cat "$work/status.json")"
	echo "ok $1"
}

answers() { curl -fsS -m 2 -o /dev/null "$1"; }

# json FILE EXPRESSION: a Python expression over the document d.
json() {
	python3 -c 'import json, sys
d = json.load(open(sys.argv[1]))
print(eval(sys.argv[2]))' "$1" "$2"
}

# run CODE COMMAND...: its output in $out (both streams), its exit code as wanted.
run() {
	wanted=$1 got=0
	shift
	out=$("$@" 2>&1) || got=$?
	[ "$got" = "$wanted" ] || fail "$*: exit $got, wanted $wanted: $out"
	echo "ok exit $got: $*"
}

# says TEXT: $out holds it.
says() {
	case $out in
	*"$1"*) echo "ok says: $1" ;;
	*) fail "wanted '$1' in: $out" ;;
	esac
}

# act CODE SOURCE ACTION NAME=VALUE...: by a runbook of one step.
act() {
	code=$1
	{
		printf '# Act\n\n~~~ action {name=act}\nsource: %s\ndo: %s\nwith:\n' "$2" "$3"
		shift 3
		for pair; do
			printf '  %s: "%s"\n' "${pair%%=*}" "${pair#*=}"
		done
		printf '~~~\n'
	} >"$work/act.md"
	run "$code" "$TOCSIN" runbook run "$work/act.md" --yes-to change
}

# models SERVICE=STATE...: how they stand after a poll, in $work/status.json.
models() {
	run 0 "$TOCSIN" poll --once
	"$TOCSIN" models list --json >"$work/status.json" || [ $? = 1 ] || fail "models list"
	for pair; do
		holds "$pair" "[m['state'] for m in d['models']
			if m.get('service') == '${pair%=*}'] == ['${pair#*=}']"
	done
}

# registry: one in MLflow's words; "MODEL VERSION-OF-production ALL,VERSIONS" stands in
# $work/registry.  Its address is $registry.
registry() {
	echo "$1" >"$work/registry"
	port=$(free_port)
	registry=http://127.0.0.1:$port
	serve registry python3 "$TOCSIN_TOP/tests/live/registry.py" "$port" "$work/registry"
	until_true 20 answers "$registry/version" || fail "the registry does not start"
}

# expect WHAT WANTED FOUND
expect() {
	[ "$2" = "$3" ] || fail "$1: wanted '$2', found '$3'"
	echo "ok $1: $3"
}

# venv NAME PACKAGE...: a cached virtual environment; its path in $venv.  What it holds stands in
# its file "ready": another list is installed into it.
venv() {
	venv=${TOCSIN_VENVS:-${XDG_CACHE_HOME:-$HOME/.cache}/tocsin-tests}/$1
	shift
	[ "$(cat "$venv/ready" 2>/dev/null)" = "$*" ] && return 0
	python3 -c 'import venv' 2>/dev/null || skip "python3 has no venv (Debian: python3-venv)"
	mkdir -p "$(dirname "$venv")"
	python3 -m venv "$venv" || skip "no virtual environment could be made"
	for pause in 5 20 0; do
		if "$venv/bin/pip" install -q "$@"; then
			echo "$*" >"$venv/ready"
			return 0
		fi
		sleep "$pause"
	done
	skip "pip could not install $*"
}

# venv_asof DATE NAME PACKAGE...: the same, with all that they need as it was on that day.
venv_asof() {
	asof=$1 of=$2
	shift 2
	cache=${TOCSIN_VENVS:-${XDG_CACHE_HOME:-$HOME/.cache}/tocsin-tests}
	venv=$cache/$of
	[ "$(cat "$venv/ready" 2>/dev/null)" = "$asof $*" ] && return 0
	venv uv 'uv>=0.5,<1'
	rm -rf "${cache:?}/${of:?}"
	python3 -m venv --without-pip "$cache/$of" || skip "no virtual environment could be made"
	for pause in 5 20 0; do
		if "$cache/uv/bin/uv" pip install -q --python "$cache/$of/bin/python" \
			--exclude-newer "$asof" "$@"; then
			venv=$cache/$of
			echo "$asof $*" >"$venv/ready"
			return 0
		fi
		sleep "$pause"
	done
	skip "uv could not install $*"
}

# go_program NAME PACKAGE@VERSION: built once and cached; its path in $program.
go_program() {
	program=${TOCSIN_VENVS:-${XDG_CACHE_HOME:-$HOME/.cache}/tocsin-tests}/go/$1
	[ -x "$program" ] && return 0
	need go golang
	mkdir -p "$(dirname "$program")"
	for pause in 5 20 0; do
		if GOBIN=$work/go go install -trimpath "$2"; then
			mv "$work/go/$1" "$program"
			return 0
		fi
		sleep "$pause"
	done
	skip "go could not install $2"
}
