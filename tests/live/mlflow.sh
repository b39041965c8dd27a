#!/bin/sh
# mlflow - a real MLflow registry: what is read, and a rollback that is done, verified, undone
# shellcheck source=../lib.sh
. "$TOCSIN_TOP/tests/lib.sh"
live
need curl curl
need python3 python3
venv mlflow 'mlflow[auth]>=3,<4'

port=$(free_port)
url=http://127.0.0.1:$port
api=$url/api/2.0/mlflow
# Its workers are its children: they get the group's signal.
MLFLOW_DISABLE_TELEMETRY=true DO_NOT_TRACK=true
# Its job runners are not needed, and busy.
MLFLOW_SERVER_ENABLE_JOB_EXECUTION=false
export MLFLOW_DISABLE_TELEMETRY DO_NOT_TRACK MLFLOW_SERVER_ENABLE_JOB_EXECUTION
# shellcheck disable=SC2154 # set by venv
serve mlflow "$venv/bin/mlflow" server --host 127.0.0.1 --port "$port" --workers 1 \
	--backend-store-uri "sqlite:///$work/mlflow.db" \
	--default-artifact-root "$work/artifacts"

# A second one, which asks who one is; it starts beside the first.
cat >"$work/auth.ini" <<INI
[mlflow]
default_permission = READ
database_uri = sqlite:///$work/auth.db
admin_username = admin
admin_password = secret-of-admin
authorization_function = mlflow.server.auth:authenticate_request_basic_auth
INI
guarded=http://127.0.0.1:$(free_port)
serve guarded env MLFLOW_AUTH_CONFIG_PATH="$work/auth.ini" MLFLOW_FLASK_SERVER_SECRET_KEY=lab \
	"$venv/bin/mlflow" server --app-name basic-auth --host 127.0.0.1 --port "${guarded##*:}" \
	--workers 1 --backend-store-uri "sqlite:///$work/guarded.db" \
	--default-artifact-root "$work/artifacts"
until_true 90 answers "$url/health" || fail "mlflow does not start"

# rest METHOD PATH BODY: into $work/answer.
rest() {
	curl -fsS -m 20 -X "$1" -H 'Content-Type: application/json' -d "$3" \
		-o "$work/answer" "$api/$2" || fail "mlflow refuses $1 $2 $3"
}
point() { rest POST registered-models/alias "{\"name\": \"$1\", \"alias\": \"production\", \"version\": \"$2\"}"; }
# pointed MODEL: the version of its alias, as the registry says.
pointed() {
	curl -fsS -m 20 -o "$work/answer" -G --data-urlencode "name=$1" \
		-d alias=production "$api/registered-models/alias"
	json "$work/answer" "d['model_version']['version']"
}
audit_says() {
	run 0 "$TOCSIN" audit verify --json
	says '"ok": true'
}

name='checkout ranker/é'
for model in "$name" fraud; do
	rest POST registered-models/create "{\"name\": \"$(echo "$model" | tr / _)\"}"
done
name=$(echo "$name" | tr / _)
for i in 1 2 3; do
	rest POST model-versions/create "{\"name\": \"$name\", \"source\": \"s3://models/$i\",
		\"description\": \"take $i\", \"tags\": [{\"key\": \"team\", \"value\": \"llm\"}]}"
done
rest POST runs/create '{"experiment_id": "0", "start_time": 1}'
run=$(json "$work/answer" "d['run']['info']['run_id']")
rest POST runs/log-batch "{\"run_id\": \"$run\",
	\"metrics\": [{\"key\": \"auc\", \"value\": 0.93, \"timestamp\": 1, \"step\": 0}],
	\"params\": [{\"key\": \"depth\", \"value\": \"6\"}]}"
rest POST runs/log-inputs "{\"run_id\": \"$run\", \"datasets\": [{
	\"tags\": [{\"key\": \"mlflow.data.context\", \"value\": \"training\"}],
	\"dataset\": {\"name\": \"orders\", \"digest\": \"8f3a11c2\", \"source_type\": \"s3\",
		\"source\": \"{\\\"uri\\\": \\\"s3://data/orders\\\"}\"}}]}"
rest POST model-versions/create "{\"name\": \"fraud\", \"source\": \"s3://models/f\", \"run_id\": \"$run\"}"
rest POST model-versions/create '{"name": "fraud", "source": "s3://models/g"}'
rest POST registered-models/create '{"name": "churn"}'
rest POST model-versions/create "{\"name\": \"churn\", \"source\": \"s3://models/c\", \"run_id\": \"$run\"}"
# stage VERSION STAGE
stage() {
	rest POST model-versions/transition-stage "{\"name\": \"fraud\", \"version\": \"$1\",
		\"stage\": \"$2\", \"archive_existing_versions\": true}"
}
stage 1 Production
prompt='[{"key": "mlflow.prompt.is_prompt", "value": "true"}]'
rest POST registered-models/create "{\"name\": \"system\", \"tags\": $prompt}"
text='[{"key": "mlflow.prompt.is_prompt", "value": "true"}, {"key": "mlflow.prompt.text", "value": "You are"}]'
for i in 1 2; do
	rest POST model-versions/create "{\"name\": \"system\", \"source\": \"dummy-source\", \"tags\": $text,
		\"description\": \"words $i\"}"
done
point system 1
point "$name" 2

config <<YAML
sources:
  - {name: registry, type: mlflow, url: "$url", every: 30s, timeout: 20s}
services:
  - name: checkout
    model: {source: registry, name: "$name", alias: production}
YAML

run 0 env MLFLOW_TRACKING_URI="$url" "$TOCSIN" init --print
says "type: mlflow"
run 0 "$TOCSIN" check --connect
says set-alias
says "$(curl -fsS -m 20 "$url/version")"
run 0 "$TOCSIN" poll --once

"$TOCSIN" models list --json >"$work/status.json" || [ $? = 1 ] || fail "models list"
holds "the alias" "[m for m in d['models'] if m['model'] == '$name'][0]['version'] == '2'"
holds "the versions" "sorted(v['version'] for m in d['models'] if m['model'] == '$name'
	for v in m['versions']) == ['1', '2', '3']"
holds "what points where" "[v['pointed_at_by'] for m in d['models'] if m['model'] == '$name'
	for v in m['versions'] if v['version'] == '2'] == [['production']]"

# tried READ: what the connector makes of the real answers.
tried() {
	run 0 "$TOCSIN" connector try mlflow --source registry --read "$1" --json
	printf '%s' "$out" >"$work/status.json"
}
tried versions
says '"auc"'
says '"depth"'
says "$run"
tried datasets
says '"churn/orders (training)"'
says '"8f3a11c2"'
tried prompts
says "words 2"
tried prompt-aliases
says '"system"'
tried aliases
says '"Production"'

# One poll old, and it knows when each version was made.
run 0 "$TOCSIN" changes --last 24h
says "$name"
says "from history"
"$TOCSIN" changes --last 24h --json >"$work/status.json" || fail "changes"
made="[c for c in d['changes'] if c['kind'] == 'model_version' and c['object'].startswith('$name')]"
holds "each version's own time" "len($made) == 3 and
	all(c['from_history'] and c['at'] < c['seen'] for c in $made)"
holds "in the order in which they were made" \
	"[c['object'][-2:] for c in sorted($made, key=lambda c: c['at'])] == ['/1', '/2', '/3']"

# --- somebody promotes a bad version ---
point "$name" 3
onset=$(date -u +%FT%TZ -d '+2 seconds')
run 0 "$TOCSIN" poll --once
run 0 "$TOCSIN" changes --json
says '"3"'
# What burns from now on burns because of that, and not of the versions made a moment ago.
"$TOCSIN" changes --service checkout --onset "$onset" --json >"$work/status.json" || fail "suspects"
holds "the move comes first" "[(s['kind'], s['field'], s['before'], s['after'], s['fits'])
	for s in d['suspects']][0] == ('pointer', 'version', '2', '3', True)"
run 0 "$TOCSIN" changes --service checkout --onset "$onset"
says "$name/production"
"$TOCSIN" models list --json >"$work/status.json" || [ $? = 1 ] || fail "models list"
holds "the alias moved" "[m for m in d['models'] if m['model'] == '$name'][0]['version'] == '3'"

# --- rolled back ---
# rollback TO OPTION...
rollback() {
	to=$1
	shift
	run 0 "$TOCSIN" models rollback "$name" --source registry --alias production --to "$to" "$@"
}
rollback 2 --dry-run
expect "a dry run moves nothing" 3 "$(pointed "$name")"
rollback 2 --yes
expect "rolled back, as the registry says" 2 "$(pointed "$name")"
audit_says
run 0 "$TOCSIN" audit list
says set-alias
run 0 "$TOCSIN" poll --once
"$TOCSIN" models list --json >"$work/status.json" || [ $? = 1 ] || fail "models list"
holds "and as Tocsin says" "[m for m in d['models'] if m['model'] == '$name'][0]['version'] == '2'"
# Again: it names a version, so that nothing more happens; and back, which is its undo.
rollback 2 --yes
expect "twice is once" 2 "$(pointed "$name")"
rollback 3 --yes
expect "undone" 3 "$(pointed "$name")"

# What does not exist is no rollback.
"$TOCSIN" models rollback "$name" --source registry --alias production --to 99 --yes \
	>"$work/out" 2>&1 && fail "version 99 was accepted: $(cat "$work/out")"
expect "the alias stays" 3 "$(pointed "$name")"
audit_says

# --- by the runbook ---
"$TOCSIN" runbook run bad-model-version --service checkout --var TO=1 --yes-to change \
	>"$work/run.log" 2>&1 </dev/null && got=0 || got=$?
echo "the run ended with $got"
expect "the runbook rolls back" 1 "$(pointed "$name")"
audit_says

# --- a stage and a prompt, by a runbook, and both taken back ---
staged() {
	curl -fsS -m 20 -o "$work/answer" "$api/registered-models/get-latest-versions?name=fraud&stages=Production"
	json "$work/answer" "d['model_versions'][0]['version']"
}
cat >"$work/stage.md" <<'MD'
---
title: A stage and a prompt
---
# A stage and a prompt

```action {name=stage}
source: registry
do: transition-stage
with: {model: fraud, version: "2", stage: Production}
```

```action {name=prompt}
source: registry
do: set-prompt-alias
with: {model: system, alias: production, version: "2"}
```
MD
run 0 "$TOCSIN" runbook run "$work/stage.md" --yes-to change
expect "the stage has the other version" 2 "$(staged)"
expect "and so has the prompt" 2 "$(pointed system)"
"$TOCSIN" runbook runs --json >"$work/status.json" || fail "runbook runs"
id=$(json "$work/status.json" "d['runs'][0]['id']")
run 0 "$TOCSIN" runbook undo "$id" --yes
expect "the stage is back" 1 "$(staged)"
expect "and so is the prompt" 1 "$(pointed system)"
audit_says

# --- a version is deleted behind its alias ---
point fraud 2
run 0 "$TOCSIN" poll --once
rest DELETE model-versions/delete '{"name": "fraud", "version": "2"}'
run 0 "$TOCSIN" poll --once
run 0 "$TOCSIN" changes --json
says '"fraud'
tried aliases

# --- the registry goes away ---
# shellcheck disable=SC2154 # set by serve
kill -TERM "$pid_mlflow"
wait "$pid_mlflow" || true
run 3 "$TOCSIN" poll --once
"$TOCSIN" models rollback "$name" --source registry --alias production --to 2 --yes \
	>"$work/out" 2>&1 && fail "it says done without a registry: $(cat "$work/out")"
echo "ok no registry, no rollback"
audit_says

# --- a server that asks who one is ---
until_true 60 answers "$guarded/health" || fail "mlflow with users does not start"
as_admin() {
	curl -fsS -m 20 -u admin:secret-of-admin -X POST -H 'Content-Type: application/json' \
		-d "$2" -o "$work/answer" "$guarded/api/2.0/mlflow/$1" || fail "mlflow refuses $1"
}
as_admin registered-models/create '{"name": "fraud"}'
for i in 1 2; do
	as_admin model-versions/create "{\"name\": \"fraud\", \"source\": \"s3://models/$i\"}"
done
as_admin registered-models/alias '{"name": "fraud", "alias": "production", "version": "1"}'
as_admin users/create '{"username": "reader", "password": "secret-of-reader"}'
MLFLOW_PASSWORD=wrong-password
export MLFLOW_PASSWORD
config <<YAML
sources:
  - name: guarded
    type: mlflow
    url: "$guarded"
    auth: {basic: {user: reader, password: {env: MLFLOW_PASSWORD}}}
YAML
moved() {
	"$TOCSIN" models rollback fraud --source guarded --alias production --to 2 --yes \
		>"$work/out" 2>&1 && fail "it was moved: $(cat "$work/out")"
	out=$(cat "$work/out")
}
run 3 "$TOCSIN" poll --once
says "401"
run 3 "$TOCSIN" status
says "guarded"
moved
says "401"
case $out in *wrong-password*) fail "a password was printed" ;; esac
MLFLOW_PASSWORD=secret-of-reader
run 0 "$TOCSIN" poll --once
moved
says "Permission denied"
audit_says
curl -fsS -m 20 -u admin:secret-of-admin -o "$work/answer" \
	"$guarded/api/2.0/mlflow/registered-models/alias?name=fraud&alias=production"
expect "nothing has moved" 1 "$(json "$work/answer" "d['model_version']['version']")"
MLFLOW_PASSWORD=secret-of-admin
sed -i 's/user: reader/user: admin/' "$XDG_CONFIG_HOME/tocsin/config.yaml"
run 0 "$TOCSIN" models rollback fraud --source guarded --alias production --to 2 --yes
