#!/bin/sh
# oci - a real docker-registry without credentials, with basic ones and with tokens: what is read
# of artifacts as people package models, and tags that are moved, verified and moved back
# shellcheck source=../lib.sh
. "$TOCSIN_TOP/tests/lib.sh"
live
need curl curl
need python3 python3
need docker-registry docker-registry
need htpasswd apache2-utils
need openssl openssl
# shellcheck source=registry.sh
. "$TOCSIN_TOP/tests/live/registry.sh"

# --- three registries ---
htpasswd -Bbc "$work/htpasswd" ada 'correct: horse' 2>/dev/null
registry basic <<YAML
auth: {htpasswd: {realm: models, path: $work/htpasswd}}
YAML
basic=$base
registry open </dev/null
open=$base
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=tokens \
	-keyout "$work/tokens.key" -out "$work/tokens.pem" 2>/dev/null
tokens=$(free_port)
serve tokens python3 "$TOCSIN_TOP/tests/live/token_server.py" --port "$tokens" \
	--key "$work/tokens.key" --cert "$work/tokens.pem" --issuer tocsin-test \
	--service models.example --user 'ada:horse:pull,push,*' --user 'reader:stable:pull,*' \
	--lifetime 60
registry bearer <<YAML
auth:
  token:
    realm: http://127.0.0.1:$tokens/token
    service: models.example
    issuer: tocsin-test
    rootcertbundle: $work/tokens.pem
YAML
bearer=$base

# --- artifacts as people package models ---
base=$basic
credentials ada 'correct: horse'
for v in 7 8; do
	kit ml/fraud-detector $v "$work/kit$v"
	manifest ml/fraud-detector v$v "$work/kit$v"
done
manifest ml/fraud-detector production "$work/kit7"
pack team/nlp/ranker 3 "$work/pack"
manifest team/nlp/ranker v3 "$work/pack"
plain scaler 1 "$work/plain"
manifest scaler latest "$work/plain"
printf '{"schemaVersion":2,"mediaType":"%s","manifests":[%s]}' "$INDEX" \
	"$(descriptor "$work/kit8" "$MANIFEST")" >"$work/index"
manifest ml/fraud-detector all "$work/index" "$INDEX"
k7=$(digest_of "$work/kit7") k8=$(digest_of "$work/kit8")
# Not tagged: it is in the registry, and no pointer names it.
kit ml/fraud-detector 6 "$work/kit6"
k6=$(digest_of "$work/kit6")
manifest ml/fraud-detector "$k6" "$work/kit6"
expect "the registry's own digest" "$k7" "$(tagged ml/fraud-detector production)"

base=$open auth=
for v in 1 2; do
	plain a/b $v "$work/o$v"
	manifest a/b v$v "$work/o$v"
done
o2=$(digest_of "$work/o2")
manifest a/b production "$work/o1"
plain c 1 "$work/c"
manifest c latest "$work/c"

# token SCOPE: what curl needs in bearer mode.
token() {
	curl -sS -m 5 -u ada:horse -G --data-urlencode "service=models.example" \
		--data-urlencode "scope=$1" "http://127.0.0.1:$tokens/token" >"$work/token"
	printf 'header = "Authorization: Bearer %s"\n' "$(json "$work/token" "d['token']")" \
		>"$work/bearer.curl"
	auth=$work/bearer.curl
}
base=$bearer
token repository:ml/ranker:pull,push
for v in 1 2; do
	kit ml/ranker $v "$work/r$v"
	manifest ml/ranker v$v "$work/r$v"
done
manifest ml/ranker production "$work/r2"
r1=$(digest_of "$work/r1") r2=$(digest_of "$work/r2")

# --- what is read ---
mkdir -p "$HOME/.docker"
printf '{"auths": {"127.0.0.1:%s": {"auth": "%s"}}}' "${basic##*:}" \
	"$(printf 'ada:correct: horse' | base64)" >"$HOME/.docker/config.json"
export PASSWORD=horse READER=stable
sources() {
	cat <<YAML
sources:
  - {name: basic, type: oci, url: "$basic", every: 1s}
  - {name: open, type: oci, url: "$open", every: 1s, with: {repositories: [a/b], tags: "production|v.*"}}
  - {name: bearer, type: oci, url: "$bearer", every: 1s, auth: {oci: {user: ada, password: {env: PASSWORD}}}}
  - {name: reader, type: oci, url: "$bearer", every: 1s, with: {repositories: [ml/ranker]},
     auth: {oci: {user: reader, password: {env: READER}}}}
services:
  - name: fraud
    model: {source: basic, name: ml/fraud-detector, alias: production}
YAML
}
sources | config
run 0 "$TOCSIN" check --connect
says retag
says registry/2.0
run 0 "$TOCSIN" poll --once

models
holds "all repositories of the catalog" "set(m['model'] for m in d['models']
	if m['source'] == 'basic') == {'ml/fraud-detector', 'scaler', 'team/nlp/ranker'}"
holds "the tag" "$(pointed basic ml/fraud-detector production) == ['$k7']"
holds "what points where" "sorted($(version basic ml/fraud-detector "$k7")['pointed_at_by'])
	== ['production', 'v7']"
holds "a ModelKit" "(lambda v: v['tags']['kind'] == 'KitOps ModelKit' and v['author'] == 'Ada, Ben'
	and v['tags']['version'] == '7' and v['tags']['framework'] == 'onnx' and v['created'] is None
	and v['size'] > 0 and v['digest'] == v['version'])($(version basic ml/fraud-detector "$k7"))"
holds "a ModelPack" "(lambda v: v['tags']['kind'] == 'CNCF ModelPack' and v['author'] == 'Cy' and
	v['created'].startswith('2026-08-03T08:00:00') and v['lineage'] == 'https://git.example/ranker'
	)($(version basic team/nlp/ranker "$(digest_of "$work/pack")"))"
holds "what oras pushes" "(lambda v: v['created'].startswith('2026-08-08T10:00:00') and
	v['tags'] == {'kind': 'artifact', 'artifact': 'application/vnd.acme.scaler', 'version': '1'}
	)($(version basic scaler "$(digest_of "$work/plain")"))"
holds "an index" "$(version basic ml/fraud-detector "$(digest_of "$work/index")")['tags']['kind'] == 'index'"
holds "only the named repositories" "set(m['model'] for m in d['models'] if m['source'] == 'open') == {'a/b'}"
holds "behind tokens" "$(pointed bearer ml/ranker production) == ['$r2']"
holds "with less rights" "$(pointed reader ml/ranker production) == ['$r2']"

# --- somebody pushes a bad version under the tag ---
base=$basic
credentials ada 'correct: horse'
manifest ml/fraud-detector production "$work/kit8"
run 0 "$TOCSIN" poll --once
run 0 "$TOCSIN" changes --json
says "$k8"
models
holds "the tag moved" "$(pointed basic ml/fraud-detector production) == ['$k8']"

# --- rolled back ---
rollback 0 basic ml/fraud-detector production "$k7" --dry-run
says "PUT $basic/v2/ml/fraud-detector/manifests/production"
expect "a dry run moves nothing" "$k8" "$(tagged ml/fraud-detector production)"
rollback 0 basic ml/fraud-detector production "$k7" --yes
expect "rolled back, as the registry says" "$k7" "$(tagged ml/fraud-detector production)"
rq -H "$ACCEPT" -o "$work/back" "$base/v2/ml/fraud-detector/manifests/production"
cmp -s "$work/back" "$work/kit7" || fail "the manifest is not the same bytes"
echo "ok byte for byte"
if command -v skopeo >/dev/null 2>&1; then
	expect "as skopeo says" "$k7" "$(skopeo inspect --tls-verify=false --creds 'ada:correct: horse' \
		--raw "docker://${base#http://}/ml/fraud-detector:production" | sha256sum |
		sed 's/ .*//; s/^/sha256:/')"
fi
for t in v7:$k7 v8:$k8; do
	expect "${t%%:*} stays" "${t#*:}" "$(tagged ml/fraud-detector "${t%%:*}")"
done
run 0 "$TOCSIN" audit list
says retag
# Again: it names a version, so that nothing more happens.  By a tag, and by an untagged digest.
rollback 0 basic ml/fraud-detector production "$k7" --yes
rollback 0 basic ml/fraud-detector production v8 --yes
expect "by a tag" "$k8" "$(tagged ml/fraud-detector production)"
rollback 0 basic ml/fraud-detector production "$k6" --yes
expect "to one without a tag" "$k6" "$(tagged ml/fraud-detector production)"
run 0 "$TOCSIN" poll --once
models
holds "and as Tocsin says" "$(pointed basic ml/fraud-detector production) == ['$k6']"

# --- taken back from the journal: the tag points where it pointed before ---
rollback 0 basic ml/fraud-detector production "$k7" --yes
id=$(echo "$out" | sed -n 's/^The run \([^ ]*\) ended.*/\1/p')
run 0 "$TOCSIN" runbook undo "$id" --yes
expect "undone, to a digest that has no tag" "$k6" "$(tagged ml/fraud-detector production)"

# A tag that was not there before would have to be removed: nobody does that unasked.
rollback 0 basic ml/fraud-detector canary "$k7" --yes
id=$(echo "$out" | sed -n 's/^The run \([^ ]*\) ended.*/\1/p')
"$TOCSIN" runbook undo "$id" --yes >"$work/out" 2>&1 && fail "a tag was removed: $(cat "$work/out")"
grep -q 'confirmed at a terminal only' "$work/out" || fail "it says: $(cat "$work/out")"
expect "the tag is still there, and so is its version" "$k7" "$(tagged ml/fraud-detector canary)"
expect "and the version's other tags" "$k7" "$(tagged ml/fraud-detector v7)"

# --- the change shows by itself, as the suspect ---
manifest ml/fraud-detector production "$work/kit8"
run 0 "$TOCSIN" poll --once
onset=$(date -u -d '+5 seconds' +%Y-%m-%dT%H:%M:%SZ)
run 0 "$TOCSIN" changes --service fraud --onset "$onset"
says "ml/fraud-detector"
says production

# --- by the runbook ---
"$TOCSIN" runbook run bad-model-artifact --service fraud --var "TO=$k7" --yes-to change \
	>"$work/run.log" 2>&1 </dev/null && got=0 || got=$?
echo "the run ended with $got"
expect "the runbook rolls back" "$k7" "$(tagged ml/fraud-detector production)"
manifest ml/fraud-detector production "$work/kit6"

# What does not exist is no rollback; what is no reference does not reach the registry.
rollback 2 basic ml/fraud-detector production v99 --yes
says "no such tag or digest: v99"
rollback 2 basic ml/nothing production v7 --yes
says "no such"
rollback 2 basic ml/fraud-detector production ../../x --yes
expect "the tag stays" "$k6" "$(tagged ml/fraud-detector production)"

# --- behind tokens: a reader may not, who may push may ---
base=$bearer
token repository:ml/ranker:pull
rollback 1 reader ml/ranker production "$r1" --yes
expect "a reader moves nothing" "$r2" "$(tagged ml/ranker production)"
rollback 0 bearer ml/ranker production "$r1" --yes
expect "moved with a token" "$r1" "$(tagged ml/ranker production)"
grep -q '^ada repository:ml/ranker:pull,push' "$work/tokens.log" || fail "no token to push was asked for"

# --- the registry goes away ---
# shellcheck disable=SC2154 # set by serve
kill -TERM "$pid_open"
wait "$pid_open" || true
run 3 "$TOCSIN" poll --once
rollback 3 open a/b production "$o2" --yes
run 0 "$TOCSIN" audit verify --json
says '"ok": true'
