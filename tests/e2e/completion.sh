#!/bin/sh
# completion - the scripts that shells complete by are valid, and say what the command table says
# shellcheck source=../lib.sh
. "$TOCSIN_TOP/tests/lib.sh"

for shell in bash zsh fish; do
	"$TOCSIN" completion "$shell" >"$work/$shell"
	grep -q "slo" "$work/$shell" || fail "$shell: no commands"
	grep -q "manual" "$work/$shell" && fail "$shell: a hidden command"
	command -v "$shell" >/dev/null 2>&1 || continue
	"$shell" -n "$work/$shell" || fail "$shell refuses the script"
done
run 2 "$TOCSIN" completion
says "bash, zsh and fish"
run 2 "$TOCSIN" completion tcsh

command -v bash >/dev/null 2>&1 || skip "bash is not installed (Debian: bash)"

# offered WORD...: what bash offers for the last one.
offered() {
	bash -c '. "$1"; shift; COMP_WORDS=(tocsin "$@"); COMP_CWORD=$#; _tocsin; echo "${COMPREPLY[*]}"' \
		bash "$work/bash" "$@"
}

[ "$(offered stat)" = status ] || fail "a command: $(offered stat)"
[ "$(offered slo l)" = list ] || fail "a verb: $(offered slo l)"
[ "$(offered --config slo changes --si)" = --since ] || fail "an option behind --config"
[ "$(offered changes --js)" = --json ] || fail "a common option"
