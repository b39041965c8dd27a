#!/bin/sh
# models - an alias moved from the Models pane: plan, confirmation, read-back, undo, the change
#
# The demo platform at 80x24 in tmux; every wait is for words on the screen.
# shellcheck source=../lib.sh
. "$TOCSIN_TOP/tests/lib.sh"

# A platform is started: once, in the main build.
live
need tmux tmux
[ -x "$LAB" ] || skip "the lab is not built"

mux() { tmux -f /dev/null -S "$work/tmux" "$@"; }
screen() { mux capture-pane -p -t demo; }
shows() { screen | grep -q "$1"; }
keys() { mux send-keys -t demo "$@"; }

# wait_for SECONDS WORDS
wait_for() {
	until_true "$1" shows "$2" || {
		screen
		fail "the screen never said '$2'"
	}
	echo "ok the screen says: $2"
}

confirm() {
	wait_for 10 'Press . to do it'
	letter=$(screen | sed -n 's/.*Press \(.\) to do it.*/\1/p')
	sleep 0.5
	keys "$letter"
}

TMPDIR=$work
TOCSIN_DATADIR=$TOCSIN_TOP
export TMPDIR TOCSIN_DATADIR
mux new-session -d -s demo -x 80 -y 24 \
	"LC_ALL=C.UTF-8 '$TOCSIN' demo --cause nothing-wrong"
pids="$(mux display-message -p '#{pid}') $pids"

wait_for 90 'All is well\|Act now\|Look today'
keys 4
wait_for 30 'checkout-ranker *production *12'
keys x
wait_for 10 'Act on'
keys m
wait_for 10 '1  Point an alias at a version'
keys 1
wait_for 10 'checkout-ranker/production, now 12: which version'
# Where it was before stands first, and says so.
wait_for 5 '1  11  where it pointed before'
keys 1
# The plan: what is asked of whom, with which values, from which value.
wait_for 20 'registered-models/alias'
wait_for 5 '11'
confirm
wait_for 30 '\[x\] 1 set-alias'
wait_for 10 'after *"11"'
keys x
wait_for 10 'Act on'
keys u
confirm
wait_for 30 '\[x\] 1 set-alias'
wait_for 10 'after *"12"'
keys 3
# Collected by itself; both moves stand in the line of time.
wait_for 60 'checkout-r[a-z~]*/production *11 -> 12'
wait_for 10 'checkout-r[a-z~]*/production *12 -> 11'
