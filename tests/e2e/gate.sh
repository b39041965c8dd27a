#!/bin/sh
# gate - a pipeline deploys when the platform is well, and stops when it burns, or nothing is known
# shellcheck source=../lib.sh
. "$TOCSIN_TOP/tests/lib.sh"
need python3 python3

write_config() {
	cat >"$work/one.yaml" <<'YAML'
version: prometheus/v1
service: checkout-assistant
slos:
  - name: availability
    objective: 99.9
    sli:
      events:
        error_query: sum(rate(requests_total{service="checkout-assistant",code=~"5.."}[{{.window}}]))
        total_query: sum(rate(requests_total{service="checkout-assistant"}[{{.window}}]))
    alerting: {name: Burn, page_alert: {}, ticket_alert: {}}
YAML
	config <<YAML
sources:
  - {name: metrics, type: metrics, targets: ["$lab/metrics"], every: 5s}
  - {name: am, type: alertmanager, url: "$lab/alertmanager", every: 5s}
  - {name: registry, type: mlflow, url: "$lab/mlflow", every: 5s}
  - {name: serving, type: lab-serving, url: "$lab/serving", every: 5s}
services:
  - name: checkout-assistant
    owner: team-shop
    model: {source: registry, name: checkout-ranker, alias: production}
    serving: {source: serving, name: checkout-assistant}
    slos: [$work/one.yaml]
    runbooks: [bad-model-version]
YAML
	rm -rf "$XDG_STATE_HOME/tocsin"
}

# What a team's pipeline does before it moves anything.
cat >"$work/pipeline" <<'SH'
#!/bin/sh
set -e
"$TOCSIN" gate checkout-assistant --slo all --alerts --version "$1" --max-age 10m
touch "$2"
SH
chmod +x "$work/pipeline"
export TOCSIN

read_all() {
	for _ in 1 2 3 4; do
		"$TOCSIN" poll --once >/dev/null 2>"$work/poll.log" ||
			fail "a source could not be read: $(cat "$work/poll.log")"
		sleep 1
	done
}

# --- before anything was read: nothing is known, and that is no go ---
lab well --cause nothing-wrong --speed 1
write_config
run 3 "$TOCSIN" gate checkout-assistant --slo all
says "there is no store"
run 3 "$work/pipeline" 11 "$work/deployed-blind"
[ ! -e "$work/deployed-blind" ] || fail "the pipeline deployed blind"

# --- the platform is well ---
read_all
version=$("$TOCSIN" models list --json |
	python3 -c 'import json, sys
print([m["version"] for m in json.load(sys.stdin)["models"] if m["model"] == "checkout-ranker"][0])')
got=0
"$TOCSIN" gate checkout-assistant --slo all --json >"$work/gate.json" || got=$?
standing=$(json "$work/gate.json" "(d['go'], d['schema'], d['reasons'][0]['check'])")
echo "ok $got $standing"
run 0 "$work/pipeline" "$version" "$work/deployed"
says "go"
says "it is what serving runs"
[ -e "$work/deployed" ] || fail "the pipeline did not deploy"
run 1 "$TOCSIN" gate checkout-assistant --version 999
says "neither the registry nor serving has it"
run 3 "$TOCSIN" gate checkout-assistant --slo nonesuch
says "no such objective"
run 0 "$TOCSIN" gate checkout-assistant --slo nonesuch --allow no-data
says "(allowed)"
run 3 "$TOCSIN" gate checkout-assistant --drift inputs
says "nothing was measured of it"
run 3 "$TOCSIN" gate checkout-assistant --slo all --max-age 1ms
says "stale"
run 0 "$TOCSIN" gate checkout-assistant --slo all --max-age 1ms --allow stale,no-data
run 2 "$TOCSIN" gate checkout-assistant --allow everything
says "knows no-data and stale"
run 2 "$TOCSIN" gate checkout-assistant --max-age soon
run 2 "$TOCSIN" gate nonesuch

# --- what nobody is prepared for ---
run 1 "$TOCSIN" check --coverage
says "nothing is prepared to stop or slow it"
says "it was never walked"
"$TOCSIN" check --coverage --json >"$work/coverage.json" || [ $? = 1 ] || fail "no document"
kinds=$(json "$work/coverage.json" "sorted({g['kind'] for g in d['gaps']})")
echo "ok $kinds"
case $kinds in *service-owner* | *\'slo\'*) fail "what is there is said to lack: $kinds" ;; esac

# --- five minutes into an incident ---
lab burning --cause bad-version --speed 20 --elapsed 5m
write_config
read_all
run 1 "$work/pipeline" "$version" "$work/deployed-badly"
says "no go"
says "firing"
[ ! -e "$work/deployed-badly" ] || fail "the pipeline deployed into a fire"
run 1 "$TOCSIN" gate checkout-assistant --alerts --allow no-data,stale
