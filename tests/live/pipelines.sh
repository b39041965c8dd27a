# shellcheck shell=sh disable=SC2154 # sourced after lib.sh; work and out are its
# pipelines.sh - what the tests of Airflow and Prefect share: a run that is followed
#
# begun leaves the run's name in $begun.

# act_file SOURCE ACTION NAME=VALUE...: a runbook of one step; its file in $book.
act_file() {
	books=$((${books:-0} + 1))
	book=$work/book-$books.md # a run that is undone wants its own as it was
	{
		printf '# Act\n\n~~~ action {name=act}\nsource: %s\ndo: %s\nwith:\n' "$1" "$2"
		shift 2
		for pair; do
			printf "  %s: '%s'\n" "${pair%%=*}" "${pair#*=}"
		done
		printf '~~~\n'
	} >"$book"
}

# acted CODE SOURCE ACTION NAME=VALUE...: as act, with values that may be JSON.
acted() {
	code=$1
	shift
	act_file "$@"
	run "$code" "$TOCSIN" runbook run "$book" --yes-to change
}

# begun SOURCE ACTION NAME=VALUE...: started in the background, whoever started it is gone.
begun() {
	act_file "$@"
	rm -f "$work/begun.log" # that of the one before says running too
	"$TOCSIN" runbook run "$book" --yes-to change >"$work/begun.log" 2>&1 &
	walker=$!
	until_true 180 grep -q "s\\] .*running" "$work/begun.log" ||
		fail "it does not run: $(cat "$work/begun.log")"
	# The line drops: the supervisor goes on.
	kill -9 "$walker" 2>/dev/null || true
	wait "$walker" 2>/dev/null || true
	"$TOCSIN" runbook runs --live --json >"$work/runs.json"
	begun=$(json "$work/runs.json" "d['runs'][0]['id']")
	echo "ok begun, and let go: $begun"
}

# seen_end CODE: who comes back sees the run to its end; what it says is in $out.
seen_end() {
	run "$1" "$TOCSIN" runbook resume "$2" --yes-to change
}

# jobs CONNECTOR SOURCE EXPRESSION: over the runs that are read, a list j.
jobs() {
	"$TOCSIN" connector try "$1" --source "$2" --read runs --json >"$work/status.json" ||
		fail "the runs of $2 cannot be read"
	json "$work/status.json" "(lambda j: $3)(d['reads'][0]['records'])"
}
