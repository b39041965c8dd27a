# shellcheck shell=sh disable=SC2034,SC2154 # sourced by live tests, after tests/lib.sh
# servers.sh - what several live tests need beside the server that they test

# postgres DATABASE: a PostgreSQL of our own with this empty database; $pg_port on loopback.
postgres() {
	pg_bin=$(find /usr/lib/postgresql -maxdepth 2 -name bin 2>/dev/null | sort -V | tail -n 1)
	[ -n "$pg_bin" ] || pg_bin=$(dirname "$(command -v initdb || echo /)")
	[ -x "$pg_bin/initdb" ] || skip "PostgreSQL is not installed (Debian: postgresql)"
	pg_dir=$(mktemp -d "${TMPDIR:-/tmp}/tocsin-pg.XXXXXX")
	pg_port=$(free_port)
	as=
	# It refuses to run as root.
	if [ "$(id -u)" = 0 ]; then
		chown postgres "$pg_dir"
		as="runuser -u postgres --"
	fi
	# shellcheck disable=SC2086 # several words, or none
	(cd "$pg_dir" && $as "$pg_bin/initdb" -D "$pg_dir/data" -A trust -U postgres >"$work/initdb.log" 2>&1) ||
		fail "initdb: $(tail -n 3 "$work/initdb.log")"
	# shellcheck disable=SC2086
	(cd "$pg_dir" && exec $as "$pg_bin/postgres" -D "$pg_dir/data" -p "$pg_port" -k "$pg_dir" \
		-c listen_addresses=127.0.0.1 -c fsync=off) >"$work/postgres.log" 2>&1 &
	pids="$! $pids"
	until_true 30 sql postgres 'select 1' || fail "PostgreSQL does not start"
	sql postgres "create database $1"
}

# sql DATABASE STATEMENT
sql() {
	psql -q -h 127.0.0.1 -p "$pg_port" -U postgres -d "$1" -c "$2"
}

# node_packages NAME PACKAGE...: cached; where they are in $node_dir.
node_packages() {
	need npm npm
	node_dir=${TOCSIN_VENVS:-${XDG_CACHE_HOME:-$HOME/.cache}/tocsin-tests}/$1
	shift
	[ -f "$node_dir/ready" ] && return 0
	mkdir -p "$node_dir"
	echo '{"private": true}' >"$node_dir/package.json"
	for pause in 5 20 0; do
		if (cd "$node_dir" && npm install --no-audit --no-fund --ignore-scripts "$@" >npm.log 2>&1); then
			touch "$node_dir/ready"
			return 0
		fi
		sleep "$pause"
	done
	skip "npm could not install $*"
}

# ran: the run that the last `act` was.
ran() {
	echo "$out" | sed -n 's/^The run \([^ ]*\) ended.*/\1/p'
}

# taken_back RUN: undone from its journal.
taken_back() {
	run 0 "$TOCSIN" runbook undo "$1" --yes
}
