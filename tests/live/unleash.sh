#!/bin/sh
# unleash - a real Unleash: flags are read, switched, rolled out, undone; the change shows by itself
# shellcheck source=../lib.sh
. "$TOCSIN_TOP/tests/lib.sh"
# shellcheck source=servers.sh
. "$TOCSIN_TOP/tests/live/servers.sh"
live
heavy
need curl curl
need node nodejs
postgres unleash
node_packages unleash unleash-server@8

UNLEASH_TOKEN='*:*.tocsin-live-test'
export UNLEASH_TOKEN
port=$(free_port)
url=http://127.0.0.1:$port
serve unleash node "$TOCSIN_TOP/tests/live/unleash-server.js" "$port" "$pg_port" "$node_dir"
until_true 90 answers "$url/health" || fail "Unleash does not start"

# rest METHOD PATH [BODY]
rest() {
	curl -fsS -m 20 -X "$1" -H "Authorization: $UNLEASH_TOKEN" -H 'Content-Type: application/json' \
		${3:+-d "$3"} -o "$work/answer" "$url/api/admin/$2" || fail "Unleash refuses $1 $2"
}
features=projects/default/features
# flag_is NAME: on or off, as Unleash says.
flag_is() {
	rest GET "$features/$1/environments/production"
	json "$work/answer" "'on' if d['enabled'] else 'off'"
}
rollout_of() {
	rest GET "$features/$1/environments/production"
	json "$work/answer" "d['strategies'][0]['parameters']['rollout']"
}
# seen NAME: the value that Tocsin shows.
seen() {
	"$TOCSIN" poll --once >/dev/null
	"$TOCSIN" changes --last 1h --json >"$work/status.json"
}

for name in new-ranker quiet-flag; do
	rest POST "$features" "{\"name\": \"$name\", \"type\": \"release\"}"
done
rest POST "$features/new-ranker/environments/production/on"

config <<YAML
sources:
  - name: flags
    type: unleash
    url: $url
    every: 1s
    auth: {header: {name: Authorization, value: {env: UNLEASH_TOKEN}}}
    with: {environment: production}
YAML
run 0 "$TOCSIN" check --connect
says set-flag
says 8.
run 0 "$TOCSIN" poll --once

# --- somebody switches a flag: who and when come from Unleash ---
rest POST "$features/quiet-flag/environments/production/on"
seen
holds "the flag went on" "[c for c in d['changes'] if c['object'] == 'quiet-flag' and c['after'] == 'on']"
holds "and by whom" "[c for c in d['changes'] if c['object'] == 'quiet-flag' and c.get('actor')]"

# --- the kill switch ---
act 0 flags set-flag flag=new-ranker value=off
killed=$(ran)
expect "switched off, as Unleash says" off "$(flag_is new-ranker)"
seen
holds "and as Tocsin says" "[c for c in d['changes'] if c['object'] == 'new-ranker' and c['after'] == 'off']"
taken_back "$killed"
expect "taken back" on "$(flag_is new-ranker)"
act 0 flags set-flag flag=new-ranker value=off
act 0 flags set-flag flag=new-ranker value=off
act 0 flags set-flag flag=new-ranker value=on
expect "and on again" on "$(flag_is new-ranker)"

# --- a share of users ---
act 0 flags set-rollout flag=new-ranker percent=10
shared=$(ran)
expect "rolled out to a share" 10 "$(rollout_of new-ranker)"
seen
holds "the share shows" "[c for c in d['changes'] if c['object'] == 'new-ranker' and c['after'] == 'on 10%']"
taken_back "$shared"
expect "and back to all" 100 "$(rollout_of new-ranker)"

# --- what cannot be done says so ---
act 2 flags set-flag flag=no-such-flag value=off
says no-such-flag
UNLEASH_TOKEN=wrong run 3 "$TOCSIN" poll --once
run 0 "$TOCSIN" audit verify
