#!/bin/sh
# litellm - a real LiteLLM proxy with PostgreSQL: keys, budgets, models, fallbacks; a key blocked and let in again
# shellcheck source=../lib.sh
. "$TOCSIN_TOP/tests/lib.sh"
# shellcheck source=servers.sh
. "$TOCSIN_TOP/tests/live/servers.sh"
live
heavy
need curl curl
need python3 python3
need node nodejs
postgres litellm
node_packages prisma prisma@5.17.0 @prisma/client@5.17.0 @prisma/adapter-pg@5.17.0 pg graphql@16
venv litellm 'litellm[proxy]' prisma

# shellcheck disable=SC2154 # set by venv and by node_packages
site=$("$venv/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
PATH=$venv/bin:$PATH
TOCSIN_PRISMA=$node_dir
PRISMA_QUERY_ENGINE_BINARY=$TOCSIN_TOP/tests/live/prisma-engine.js
export PATH TOCSIN_PRISMA PRISMA_QUERY_ENGINE_BINARY
if [ ! -f "$venv/client" ]; then
	PRISMA_SCHEMA_ENGINE_BINARY=$PRISMA_QUERY_ENGINE_BINARY \
		PRISMA_QUERY_ENGINE_LIBRARY=$PRISMA_QUERY_ENGINE_BINARY \
		prisma generate --schema "$site/litellm/proxy/schema.prisma" >"$work/prisma.log" 2>&1 ||
		skip "the database client could not be made"
	touch "$venv/client"
fi
find "$site/litellm_proxy_extras/migrations" -name migration.sql | sort | while read -r file; do
	cat "$file"
	echo
done >"$work/tables.sql"
psql -q -h 127.0.0.1 -p "$pg_port" -U postgres -d litellm -f "$work/tables.sql" >"$work/tables.log" 2>&1
grep -q ERROR "$work/tables.log" && fail "the tables: $(grep -m1 ERROR "$work/tables.log")"

LITELLM_MASTER_KEY=sk-tocsin-live-test
export LITELLM_MASTER_KEY
cat >"$work/proxy.yaml" <<YAML
model_list:
  - model_name: assistant
    litellm_params: {model: openai/first, api_key: none, mock_response: "fine", input_cost_per_token: 0.001}
  - {model_name: spare, litellm_params: {model: openai/second, api_key: none, mock_response: "fine"}}
general_settings: {master_key: os.environ/LITELLM_MASTER_KEY, proxy_batch_write_at: 2}
YAML
port=$(free_port)
url=http://127.0.0.1:$port
serve litellm env DATABASE_URL="postgres://postgres@127.0.0.1:$pg_port/litellm" DISABLE_SCHEMA_UPDATE=true \
	STORE_MODEL_IN_DB=True LITELLM_LOCAL_MODEL_COST_MAP=True LITELLM_TELEMETRY=False \
	litellm --config "$work/proxy.yaml" --host 127.0.0.1 --port "$port"
until_true 120 answers "$url/health/readiness" || fail "LiteLLM does not start"

# rest METHOD PATH [BODY]
rest() {
	curl -fsS -m 30 -X "$1" -H "Authorization: Bearer $LITELLM_MASTER_KEY" -H 'Content-Type: application/json' \
		${3:+-d "$3"} -o "$work/answer" "$url/$2" || fail "LiteLLM refuses $1 $2"
}
# call KEY: the status of a call with it.
call() {
	curl -sS -m 30 -o "$work/answer" -w '%{http_code}' -H "Authorization: Bearer $1" \
		-H 'Content-Type: application/json' "$url/v1/chat/completions" \
		-d '{"model": "assistant", "messages": [{"role": "user", "content": "hello"}]}'
}
changes() {
	"$TOCSIN" poll --once >/dev/null
	"$TOCSIN" changes --last 1h --json >"$work/status.json"
}

rest POST key/generate '{"key_alias": "checkout-agent", "models": ["assistant"], "max_budget": 5, "budget_duration": "1d"}'
key=$(json "$work/answer" "d['key']")
rest POST team/new '{"team_alias": "risk", "max_budget": 10}'
expect "the key works" 200 "$(call "$key")"

config <<YAML
sources:
  - {name: gateway, type: litellm, url: "$url", every: 1s, timeout: 20s}
YAML
run 0 "$TOCSIN" check --connect
says block-key
run 0 "$TOCSIN" poll --once
changes
holds "a first look is no change" "not [c for c in d['changes'] if not c.get('from_history')]"

# --- contain: no new call with that key, which takes half a minute to be sure of ---
act 0 gateway block-key key=checkout-agent
says "half a minute"
blocked=$(ran)
expect "blocked, as LiteLLM says" 401 "$(call "$key")"
changes
holds "and as Tocsin says" "[c for c in d['changes'] if c['object'] == 'checkout-agent' and c['after'] == 'blocked']"
taken_back "$blocked"
expect "let in again" 200 "$(call "$key")"

# --- cap a budget, and take the cap away ---
act 0 gateway cap-key key=checkout-agent usd=1
capped=$(ran)
rest GET "key/list?key_alias=checkout-agent&return_full_object=true"
expect "capped" 1.0 "$(json "$work/answer" "d['keys'][0]['max_budget']")"
changes
holds "the cap shows" "[c for c in d['changes'] if c['object'] == 'checkout-agent' and c['field'] == 'limit_usd']"
taken_back "$capped"
rest GET "key/list?key_alias=checkout-agent&return_full_object=true"
expect "the cap of before" 5.0 "$(json "$work/answer" "d['keys'][0]['max_budget']")"

# --- send a model's failing calls elsewhere ---
act 0 gateway set-fallback model=assistant to=spare
moved=$(ran)
rest GET "fallback/assistant?fallback_type=general"
expect "the fallback" "['spare']" "$(json "$work/answer" "d['fallback_models']")"
taken_back "$moved"
curl -sS -m 30 -o "$work/answer" -H "Authorization: Bearer $LITELLM_MASTER_KEY" "$url/fallback/assistant?fallback_type=general"
grep -q 'No general fallbacks' "$work/answer" || fail "the fallback is still there: $(cat "$work/answer")"
echo "ok no fallback, as before"

# --- what cannot be done says so ---
act 4 gateway block-key key=nobody
says alias
LITELLM_MASTER_KEY=sk-wrong run 3 "$TOCSIN" poll --once
run 0 "$TOCSIN" audit verify
