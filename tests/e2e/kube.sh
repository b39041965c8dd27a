#!/bin/sh
# kube - a kubeconfig with a credential plug-in, KServe read and its traffic moved and taken back
# shellcheck source=../lib.sh
. "$TOCSIN_TOP/tests/lib.sh"
need python3 python3
need openssl openssl
need curl curl

export TOCSIN_DATADIR="$TOCSIN_TOP" HOME="$work"
cd "$work"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout api.key \
	-out api.pem -subj /CN=kubernetes -days 2 \
	-addext subjectAltName=DNS:kubernetes,IP:127.0.0.1 2>/dev/null || skip "openssl made no key"
serve api python3 "$TOCSIN_TOP/tests/e2e/kube_api.py" api.pem api.key
until_true 10 grep -q . api.log || fail "the API server is not ready"
port=$(cat api.log)
api=https://127.0.0.1:$port

# The cluster in one file, who we are in another; the token in $work/now.
echo t0ken-one >now
cat >plugin <<'SH'
#!/bin/sh
echo x >>"$RUNS"
printf '{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1",'
printf '"status":{"token":"%s"}}\n' "$(cat "$NOW")"
SH
chmod 700 plugin
export RUNS="$work/runs" NOW="$work/now"
cat >cluster.yaml <<YAML
clusters:
  - {name: c, cluster: {server: "$api", certificate-authority: api.pem}}
contexts:
  - {name: prod, context: {cluster: c, user: me, namespace: ml}}
current-context: prod
YAML
cat >user.yaml <<'YAML'
current-context: another
users:
  - name: me
    user:
      exec: {command: ./plugin, apiVersion: client.authentication.k8s.io/v1}
YAML
export KUBECONFIG="$work/cluster.yaml:$work/missing.yaml:$work/user.yaml"
config <<'YAML'
sources:
  - {name: kserve, type: kserve, every: 1s}
services:
  - {name: ranker, serving: {source: kserve, name: ml/ranker}}
YAML

# --- read: pages, and a list that begins anew ---
run 0 "$TOCSIN" connector try kserve --source kserve --read services
says "ml/intent"
says "revision ranker-00001"
says "v8"
run 0 "$TOCSIN" check --connect
says "v1.31.4"
run 0 "$TOCSIN" poll --once
case $out in *t0ken*) fail "the token is shown" ;; esac

# --- act: a rehearsal, the act, what it does, and back ---
look() { curl -sk "$api/log" >log.json; }
percent() {
	look
	json log.json "d['objects']['ranker']['spec']['predictor'].get('canaryTrafficPercent')"
}
cat >shift.md <<'MD'
---
title: Shift the ranker's traffic
---
## Contain
```action {name=shift}
source: kserve
do: canary-traffic
with: {service: ml/ranker, percent: 0}
```
MD
cat >back.md <<'MD'
---
title: All traffic to the newest revision
---
## Restore
```action {name=promote}
source: kserve
do: promote
with: {service: ml/ranker}
```
MD
run 0 "$TOCSIN" runbook run shift.md --dry-run
expect "a dry run changes nothing" 10 "$(percent)"
run 0 "$TOCSIN" runbook run shift.md --yes-to change
expect "the newest revision gets nothing" 0 "$(percent)"
expect "the version goes along" True \
	"$(json log.json "'resourceVersion' in [p for p in d['log'] if not p['dry']][-1]['patch']['metadata']")"
run 0 "$TOCSIN" runbook run back.md --yes-to change
expect "the split is over" None "$(percent)"
run 3 "$TOCSIN" connector try kserve --source kserve --action roll-back --param service=ml/nobody
says "there is no InferenceService ml/nobody"

# --- a token that is no good any more: the plug-in is asked again, once ---
: >"$RUNS"
serve collector "$TOCSIN" poll --daemon
polled() { [ "$(wc -l <"$RUNS")" = "$1" ]; }
until_true 20 polled 1 || fail "the plug-in was not asked"
echo t0ken-two >now
curl -sk -X DELETE "$api/token/t0ken-one" >/dev/null
until_true 20 polled 2 || fail "the plug-in was not asked again: $(cat "$RUNS")"
fine() {
	"$TOCSIN" status --json >status.json || true
	[ "$(json status.json "[s['error'] for s in d['sources']]")" = "[None]" ]
}
until_true 20 fine || fail "the source is not read: $(cat status.json)"
expect "asked twice" 2 "$(wc -l <"$RUNS")"
grep -rq t0ken "$XDG_STATE_HOME" && fail "a token was stored"
echo "ok no token was stored"
