#!/bin/sh
# drift - inputs that change on the practice platform: seen within a poll, shown, accepted
# shellcheck source=../lib.sh
. "$TOCSIN_TOP/tests/lib.sh"
need python3 python3

lab lab --speed 10 --cause input-drift --elapsed 20s
config <<YAML
contexts:
  - {name: work, sources: [metrics]}
  - {name: locked, read_only: true, sources: [metrics]}
context: work
sources:
  - {name: metrics, type: metrics, targets: ["$lab/metrics"], every: 1s}
services:
  - {name: checkout-assistant, drift: [drift.yaml, partly.yaml]}
YAML
cat >"$XDG_CONFIG_HOME/tocsin/drift.yaml" <<'YAML'
drift: traffic
reference: {pinned: true}
current: {window: 2s}
every: 1s
persist: 2 of 2
features:
  - {name: language, counter: 'requests_language_total{service="checkout-assistant"}',
     by: language, method: psi}
  - {name: prompt_length, histogram: 'vllm:request_prompt_tokens_bucket{model_name="qwen3-32b"}',
     method: psi, threshold: 0.2}
predictions:
  - {name: finish, counter: 'vllm:request_success_total{model_name="qwen3-32b"}',
     by: finished_reason}
YAML
cat >"$XDG_CONFIG_HOME/tocsin/partly.yaml" <<'YAML'
drift: unknown
reference: {pinned: true}
current: {window: 2s}
every: 1s
persist: 100 of 100
features:
  - {name: language, counter: 'requests_language_total{service="checkout-assistant"}', by: language}
  - {name: nothing, counter: nonesuch_total, by: language}
YAML
run 0 "$TOCSIN" check

# A mistake is named with its place.
sed 's/method: psi}/method: pssi}/' "$XDG_CONFIG_HOME/tocsin/drift.yaml" >"$work/bad.yaml"
cp "$XDG_CONFIG_HOME/tocsin/drift.yaml" "$work/good.yaml"
cp "$work/bad.yaml" "$XDG_CONFIG_HOME/tocsin/drift.yaml"
run 1 "$TOCSIN" check
says "drift.yaml:8:"
says "did you mean 'psi'"
cp "$work/good.yaml" "$XDG_CONFIG_HOME/tocsin/drift.yaml"

run 0 "$TOCSIN" poll --once
run 0 "$TOCSIN" drift list
serve poll "$TOCSIN" poll
drifted() {
	"$TOCSIN" drift list --json >"$work/drift.json" || true
	[ "$(json "$work/drift.json" "len([x for x in d['drift'] if x['drifted']])")" = "$1" ]
}
until_true 20 drifted 4 || fail "nothing drifts: $(cat "$work/drift.json")"
run 1 "$TOCSIN" drift list
says "3 of 3 features: prompt_length"
run 1 "$TOCSIN" drift show checkout-assistant/traffic/language
says "current"
says " ja "
run 1 "$TOCSIN" drift show checkout-assistant/traffic
run 2 "$TOCSIN" drift show nobody
says "drift list"

# What drifted stops a pipeline that asks for it, and so does what could not be compared.
run 1 "$TOCSIN" gate checkout-assistant --drift traffic
says "drift traffic: 3 of 3 features"
run 3 "$TOCSIN" gate checkout-assistant --drift unknown
says "1 of 2 features could not be compared, as 'nothing'"
run 0 "$TOCSIN" gate checkout-assistant --drift unknown --allow no-data
status 1
holds "the situation tells of it" "[x for x in d['drift'] if x['feature'] == '*'][0]['drifted']"
holds "with its kinds" "{x['kind'] for x in d['drift']} == {'data', 'prediction'}"
holds "and when it began" "[c for c in d['changes'] if c['kind'] == 'drift_report']"

# --- accepted: by somebody, for a reason, where it is allowed ---
run 2 "$TOCSIN" drift accept checkout-assistant/traffic
run 2 "$TOCSIN" drift accept checkout-assistant --reason "x"
run 4 "$TOCSIN" drift accept checkout-assistant/traffic --reason "x" --context locked
says "read-only"
run 2 "$TOCSIN" drift accept checkout-assistant/nothing --reason "x"
run 0 "$TOCSIN" drift accept checkout-assistant/traffic --feature language --reason "a new market"
until_true 20 drifted 3 || fail "what was accepted drifts still: $(cat "$work/drift.json")"
run 0 "$TOCSIN" audit list
says drift.accepted
run 0 "$TOCSIN" audit verify
