#!/bin/sh
# demo - `tocsin demo` without a terminal: the report, and nothing left behind however it ends
# shellcheck source=../lib.sh
. "$TOCSIN_TOP/tests/lib.sh"
[ -x "$LAB" ] || skip "this build has no lab"
TMPDIR=$work
export TMPDIR

left() { find "$work" -maxdepth 1 -name 'tocsin-demo-*' | wc -l | tr -d ' '; }
nothing_left() { [ "$(left)" = 0 ]; }
something_there() { ls "$work"/tocsin-demo-*/store/seen.db; }

# The situation some time after a bad promotion, with a store that never saw it happen.
run 0 "$TOCSIN" demo </dev/null
says "PAGE  checkout-assistant/availability"
says "likely cause: "
says "ModelErrorBudgetBurn"
says "serving checkout-assistant/v13"
says "13 100%"
says "agent sessions in the last hour"
for source in alertmanager langfuse metrics mlflow pipelines serving; do
	says "$source"
done
until_true 10 nothing_left || fail "left behind: $(ls -d "$work"/tocsin-demo-*)"

# Killed, with no chance to tidy up: its keeper does.
serve killed "$TOCSIN" demo
until_true 20 something_there || fail "no store was made"

# shellcheck disable=SC2154 # set by serve
kill -KILL "$pid_killed"
until_true 15 nothing_left || fail "left behind: $(ls -d "$work"/tocsin-demo-*)"
echo "ok nothing is left behind by a demo that was killed"

# Interrupted.
serve interrupted "$TOCSIN" demo
until_true 20 something_there || fail "no store was made"
# shellcheck disable=SC2154 # set by serve
kill -TERM "$pid_interrupted"
until_true 15 nothing_left || fail "left behind: $(ls -d "$work"/tocsin-demo-*)"
echo "ok nothing is left behind by a demo that was interrupted"

# What cannot start says why, in the lab's own words.
run 2 "$TOCSIN" demo --cause bad-luck
says "bad-luck"
run 2 "$TOCSIN" demo --sped 3
says "did you mean"
nothing_left || fail "left behind: $(ls -d "$work"/tocsin-demo-*)"
