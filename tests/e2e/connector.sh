#!/bin/sh
# connector - a connector is written, checked, tried and acted with; what was done is taken back
# shellcheck source=../lib.sh
. "$TOCSIN_TOP/tests/lib.sh"
need curl curl
need python3 python3

lab lab --cause bad-version --elapsed 5m
export TOCSIN_DATADIR="$TOCSIN_TOP"

# --- what there is ---
run 0 "$TOCSIN" connector list
says mlflow
run 0 "$TOCSIN" connector show mlflow
says "set-alias"
says "undone by set-alias"

# --- all that is wrong, by line ---
mkdir -p "$XDG_CONFIG_HOME/tocsin/connectors"
shelf=$XDG_CONFIG_HOME/tocsin/connectors/shelf.yaml
cat >"$shelf" <<'YAML'
connector: shelf
reads:
  - name: names
    emits: pointer
    get: /api/2.0/mlflow/registered-models/search
    map: |
      .registered_models[]
      | {model: .name, version: $vresion}
actions:
  - name: point
    on: {pointer: {model: $model, alias: $name}}
    params: {model: text, alias: text, version: text}
    post: /api/2.0/mlflow/registered-models/alias
    json: "{name: $model, alias: $alias, version: $version"
YAML
run 1 "$TOCSIN" connector check "$shelf"
says "shelf.yaml:8:1: jq: \$vresion is not defined"
says "shelf.yaml:14:1: jq: syntax error"
run 0 "$TOCSIN" connector list
printf 'connector: broken\nreds: []\n' >"$XDG_CONFIG_HOME/tocsin/connectors/broken.yaml"
run 1 "$TOCSIN" connector list
says broken
says mlflow
rm "$XDG_CONFIG_HOME/tocsin/connectors/broken.yaml"

# --- tried against a server: what is dropped, and why ---
cat >"$shelf" <<'YAML'
connector: shelf
title: A registry by a file of one's own
options: {team: {default: ""}, hidden: {default: not-to-be-seen}}
headers: {X-Api-Key: $hidden, X-Team: $team}
reads:
  - name: names
    emits: pointer
    get: /api/2.0/mlflow/registered-models/search
    map: |
      .registered_models[]
      | .name as $m
      | (.aliases[]? | {model: $m, name: .alias, version}), {model: $m}
  - name: slow
    emits: pointer
    get: /api/2.0/mlflow/registered-models/search
    map: |
      def f: f;
      f
actions:
  - name: point
    title: Point a name at a version
    effects: Who resolves the name gets another version.
    on: {pointer: {model: $model, alias: $name, before: $version}}
    params:
      model: text
      alias: text
      version: {type: text, pattern: "[0-9]+"}
    refuse:
      - {when: $before == $version, because: it points there already}
    before:
      get: /api/2.0/mlflow/registered-models/alias
      query: {name: $model, alias: $alias}
      value: .model_version.version
    post: /api/2.0/mlflow/registered-models/alias
    json: "{name: $model, alias: $alias, version: $version}"
    verify:
      get: /api/2.0/mlflow/registered-models/alias
      query: {name: $model, alias: $alias}
      until: .model_version.version == $version
      within: 10s
    effect:
      get: /api/2.0/mlflow/registered-models/get
      query: {name: $model}
      until: '[.registered_model.aliases[]? | select(.alias == $alias) | .version] == [$version]'
      within: 10s
      says: the model lists the alias at that version
    undo: {action: point, with: {version: $before}}
YAML
run 0 "$TOCSIN" connector check "$shelf"
run 1 "$TOCSIN" connector try "$shelf" --url "$lab/mlflow" --read names --with team=blue
says "X-Team: blue"
says "X-Api-Key: ****"
says '"model":"checkout-ranker"'
says "is without its 'name'"
"$TOCSIN" connector try "$shelf" --url "$lab/mlflow" >"$work/out" 2>&1 || true
grep -q not-to-be-seen "$work/out" && fail "a secret is shown"
echo "ok no secret is shown"
run 1 "$TOCSIN" connector try "$shelf" --url "$lab/mlflow" --read slow
says "connector shelf, read slow, map, line 17"
run 2 "$TOCSIN" connector try "$shelf" --url "$lab/mlflow" --read nothing

pointed() {
	curl -s "$lab/mlflow/api/2.0/mlflow/registered-models/alias?name=$1&alias=production" |
		python3 -c 'import json, sys; print(json.load(sys.stdin)["model_version"]["version"])'
}
was=$(pointed fraud-detector)
run 0 "$TOCSIN" connector try "$shelf" --url "$lab/mlflow" --action point \
	--param model=fraud-detector --param alias=production --param version=2
says "now: \"$was\""
says "the model lists the alias"
says "never applies"
expect "a plan changes nothing" "$was" "$(pointed fraud-detector)"
run 4 "$TOCSIN" connector try "$shelf" --url "$lab/mlflow" --action point \
	--param model=fraud-detector --param alias=production --param "version=$was"
says "it points there already"

# --- acted with: planned, done, taken back once ---
config <<YAML
contexts:
  - {name: all}
  - {name: look, read_only: true}
sources:
  - {name: shelf, type: shelf, url: "$lab/mlflow"}
services:
  - name: fraud-scorer
    model: {source: shelf, name: fraud-detector, alias: production}
YAML
run 0 "$TOCSIN" models rollback fraud-detector --to 2 --dry-run
says "planned, not sent"
expect "a dry run changes nothing" "$was" "$(pointed fraud-detector)"
run 4 "$TOCSIN" models rollback fraud-detector --to 2 --yes --context look
expect "a read-only context changes nothing" "$was" "$(pointed fraud-detector)"
run 0 "$TOCSIN" models rollback fraud-detector --to 2 --yes
says "seen: the model lists the alias at that version"
expect "done" 2 "$(pointed fraud-detector)"
"$TOCSIN" runbook runs --json >"$work/runs.json"
id=$(json "$work/runs.json" "[r['id'] for r in d['runs'] if not r['dry_run']][0]")
dry=$(json "$work/runs.json" "[r['id'] for r in d['runs'] if r['dry_run']][0]")
run 4 "$TOCSIN" runbook undo "$dry" --yes
run 0 "$TOCSIN" runbook undo "$id" --dry-run
expect "the undo is shown" 2 "$(pointed fraud-detector)"
run 0 "$TOCSIN" runbook undo "$id" --yes
expect "taken back" "$was" "$(pointed fraud-detector)"
run 4 "$TOCSIN" runbook undo "$id" --yes
says "and \"2\" was expected"
expect "once" "$was" "$(pointed fraud-detector)"
run 0 "$TOCSIN" audit verify
