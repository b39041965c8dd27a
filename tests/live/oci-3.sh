#!/bin/sh
# oci-3 - registry 3 of the distribution project: pages, and tags that can be removed
# shellcheck source=../lib.sh
. "$TOCSIN_TOP/tests/lib.sh"
live
heavy
need curl curl
need python3 python3
go_program registry github.com/distribution/distribution/v3/cmd/registry@v3.1.2
# shellcheck source=registry.sh
. "$TOCSIN_TOP/tests/live/registry.sh"
registry_program=$program

registry three </dev/null
for v in 1 2; do
	kit ml/fraud $v "$work/kit$v"
	manifest ml/fraud v$v "$work/kit$v"
done
k1=$(digest_of "$work/kit1") k2=$(digest_of "$work/kit2")
manifest ml/fraud production "$work/kit2"
# More tags and repositories than stand on a page.
i=100
while [ $i -lt 205 ]; do
	manifest ml/fraud "build-$i" "$work/kit1"
	i=$((i + 1))
done
plain tiny 1 "$work/tiny"
manifest tiny latest "$work/tiny"
i=100
while [ $i -lt 205 ]; do
	blob "many/r$i" "$work/artifact.config"
	blob "many/r$i" "$work/artifact.layer"
	manifest "many/r$i" latest "$work/tiny"
	i=$((i + 1))
done
config <<YAML
sources:
  - {name: three, type: oci, url: "$base", every: 1s}
YAML
run 0 "$TOCSIN" poll --once
models
holds "all tags of all pages" "len([m for m in d['models'] if m['model'] == 'ml/fraud']) == 108"
holds "all repositories of all pages" "len(set(m['model'] for m in d['models'])) == 107"
holds "the tag" "$(pointed three ml/fraud production) == ['$k2']"

# --- a tag that was not there: its undo removes it again ---
rollback 0 three ml/fraud canary "$k1" --yes
expect "a new tag" "$k1" "$(tagged ml/fraud canary)"
