#!/bin/sh
# query - an expression asked of a Prometheus: tables, charts, documents, objections
# shellcheck source=../lib.sh
. "$TOCSIN_TOP/tests/lib.sh"
need python3 python3

port=$(free_port)
serve api python3 "$TOCSIN_TOP/tests/e2e/prometheus_api.py" "$port"
mkdir -p "$XDG_CONFIG_HOME/tocsin"
config <<YAML
sources:
  - {name: other, type: alertmanager, url: "http://127.0.0.1:$port"}
  - {name: prom, type: prometheus, url: "http://127.0.0.1:$port", timeout: 5s}
  - {name: gone, type: prometheus, url: "http://127.0.0.1:1", timeout: 2s}
  - {name: wrong, type: prometheus, url: "http://127.0.0.1:$port", with: {speaks: influx}}
YAML
up() { "$TOCSIN" query up >/dev/null 2>&1; }
until_true 10 up || fail "the server does not start"

# --- a table ---
run 0 "$TOCSIN" query up
says 'up{instance="a:1", job="x"}'
run 0 "$TOCSIN" query nothing
says "no data"
run 0 "$TOCSIN" query infinite
says "+Inf"
run 0 "$TOCSIN" query native
says "4 observations, mean 1.5"
run 0 "$TOCSIN" query many
says "and 200 more"
# What comes from outside does nothing to the terminal.
run 0 "$TOCSIN" query evil
says NaN
says '\u001b[2J'
# shellcheck disable=SC2154 # set by run
case $out in *"$(printf '\033')"*) fail "an escape sequence came through" ;; esac
run 0 "$TOCSIN" query missing
says "warning: store"
run 0 "$TOCSIN" query slow
says 3

# --- a chart ---
run 0 "$TOCSIN" query wave --range 10m
says 'wave_seconds'
says 'a  last'
run 0 env COLUMNS=60 LC_ALL=C "$TOCSIN" query coarse --range 1h --step 1s
says '**'
echo "$out" | awk 'length($0) > 60 { exit 1 }' || fail "wider than the terminal: $out"
! echo "$out" | LC_ALL=C grep -q '[^ -~]' || fail "more than ASCII in the C locale"
run 0 "$TOCSIN" query native --plot
says "last 1.5"

# --- a document ---
"$TOCSIN" query up --json >"$work/d.json" || fail "no document"
[ "$(json "$work/d.json" "d['series'][0]['value']")" = 1 ] || fail "no value"
"$TOCSIN" query evil --json >"$work/d.json" || fail "no document"
[ "$(json "$work/d.json" "d['series'][0]['value']")" = NaN ] || fail "NaN is not said"
"$TOCSIN" query wave --range 1m --json >"$work/d.json" || fail "no document"
[ "$(json "$work/d.json" "len(d['series'][0]['points'])")" -gt 30 ] || fail "no points"

# --- objections ---
run 2 "$TOCSIN" query 'sum(up'
says 'sum(up'
says '      ^'
says 'unclosed left parenthesis'
run 3 "$TOCSIN" query broken
says 'timed out'
run 3 "$TOCSIN" query up --source gone
run 2 "$TOCSIN" query up --source nobody
run 2 "$TOCSIN" query up --source other
run 2 "$TOCSIN" query up --source wrong
says 'prometheus, thanos'
run 2 "$TOCSIN" query
run 2 "$TOCSIN" query up --at whenever
run 2 "$TOCSIN" query up --range 0
run 2 "$TOCSIN" query up --step 5s
run 0 "$TOCSIN" query up --at 90m
run 0 "$TOCSIN" query up --at 2026-11-21T08:53:09Z

# --- a clock that differs by minutes is said, wherever the source is ---
port=$(free_port)
serve late python3 "$TOCSIN_TOP/tests/e2e/prometheus_api.py" "$port" -240
config <<YAML
sources: [{name: prom, type: prometheus, url: "http://127.0.0.1:$port", timeout: 5s}]
YAML
until_true 10 up || fail "the server does not start"
run 0 "$TOCSIN" query up
says "behind ours"
run 0 "$TOCSIN" check --connect
says "behind ours"
"$TOCSIN" query up --json >"$work/d.json" || fail "no document"
[ "$(json "$work/d.json" "-245 < d['clock_ahead_s'] < -235")" = True ] || fail "no clock"
run 0 "$TOCSIN" poll --once
got=0
"$TOCSIN" status --json >"$work/status.json" || got=$?
holds "the source is partial" "d['sources'][0]['state'] == 'partial'"
holds "and says why" "'behind ours' in d['sources'][0]['error']"
out=$("$TOCSIN" status 2>&1) || got=$?
says "behind ours"
