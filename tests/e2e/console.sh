#!/bin/sh
# console - by keyboard alone: from the page to the verified rollback, then the audit log
#
# The demo platform at 80x24 in tmux; every wait is for words on the screen.
# shellcheck source=../lib.sh
. "$TOCSIN_TOP/tests/lib.sh"

# Minutes of real time: once, in the main build.
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

# do_step NAME SECONDS STATE: start the step that is next, confirm as asked, wait for its end.
do_step() {
	wait_for 20 "\[>\].* $1 "
	keys x
	wait_for 10 'Act on'
	keys Enter
	until_true 10 shows 'to do it\|To do it' || shows "$1 .*\(running\|done\)" || {
		screen
		fail "step $1 does not ask"
	}
	letter=$(screen | sed -n 's/.*Press \(.\) to do it.*/\1/p')
	word=$(screen | sed -n 's/.*To do it, type \([^ ]*\).*/\1/p')
	sleep 0.5
	if [ -n "$letter" ]; then
		keys "$letter"
	elif [ -n "$word" ]; then
		keys "$word" Enter
	fi
	wait_for "$2" "\[x\].* $1 "
}

TMPDIR=$work
TOCSIN_DATADIR=$TOCSIN_TOP
export TMPDIR TOCSIN_DATADIR
mux new-session -d -s demo -x 80 -y 24 \
	"LC_ALL=C.UTF-8 '$TOCSIN' demo --speed 20 --cause bad-version"
pids="$(mux display-message -p '#{pid}') $pids"

wait_for 90 'Act now'
wait_for 30 'checkout-ranker/production: 12 -> 13'
keys R
wait_for 10 'bad-model-version'
keys Enter
wait_for 10 'Roll back to which version'
keys Enter
wait_for 10 'not begun'
do_step capture 30
do_step check-target 20
do_step drain 30
do_step roll-back 30
do_step served 120
do_step burn-stopped 400

# What the log says, while the platform is still there.
conf=$(find "$work" -maxdepth 2 -name config.yaml | head -n 1)
[ -n "$conf" ] || fail "the demo's configuration was not found"
run 0 "$TOCSIN" --config "$conf" audit verify
"$TOCSIN" --config "$conf" audit list >"$work/audit.txt"
for step in capture check-target drain roll-back served burn-stopped; do
	grep -q "$step" "$work/audit.txt" || {
		cat "$work/audit.txt"
		fail "the audit log does not name $step"
	}
done
"$TOCSIN" --config "$conf" models list --json >"$work/models.json" || true
expect "the alias points at" 12 "$(json "$work/models.json" \
	'[m["version"] for m in d["models"] if m["model"] == "checkout-ranker" and m["alias"] == "production"][0]')"
