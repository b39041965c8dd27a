# shellcheck shell=sh disable=SC2154 # sourced after lib.sh, which sets $work
# registry.sh - what the tests of OCI registries share: artifacts, pushed with curl alone
#
# $base is the registry's URL, $auth what curl needs to be let in (a file of options, or empty).
# Nobody's own logins are used: the home is a directory of the test.

export TOCSIN_DATADIR="$TOCSIN_TOP"
unset DOCKER_CONFIG REGISTRY_AUTH_FILE
HOME=$work/home
mkdir "$HOME"
export HOME
registry_program=docker-registry

MANIFEST=application/vnd.oci.image.manifest.v1+json
INDEX=application/vnd.oci.image.index.v1+json
DOCKER=application/vnd.docker.distribution.manifest.v2+json
ACCEPT="Accept: $MANIFEST, $INDEX, $DOCKER"

# registry NAME, its auth from standard input: it listens at $base.
registry() {
	port=$(free_port)
	base=http://127.0.0.1:$port
	cat >"$work/$1.yml" <<-YAML
		version: 0.1
		log: {level: error, accesslog: {disabled: true}}
		storage: {filesystem: {rootdirectory: $work/$1}, delete: {enabled: true}}
		http: {addr: "127.0.0.1:$port"}
	YAML
	cat >>"$work/$1.yml"
	serve "$1" "$registry_program" serve "$work/$1.yml"
	until_true 20 curl -sS -m 2 -o /dev/null "$base/v2/" || fail "$1 does not start"
}

# credentials USER PASSWORD: curl's, in a file.
credentials() {
	printf 'user = "%s:%s"\n' "$1" "$2" >"$work/$1.curl"
	auth=$work/$1.curl
}

# rq OPTION...: curl with the registry's credentials.
rq() { curl -sS -m 20 ${auth:+-K "$auth"} "$@"; }

digest_of() { echo "sha256:$(sha256sum "$1" | cut -d' ' -f1)"; }

# blob REPOSITORY FILE
blob() {
	up=$(rq -i -X POST "$base/v2/$1/blobs/uploads/" | tr -d '\r' |
		sed -n 's/^[Ll]ocation: //p')
	[ -n "$up" ] || fail "$1: no upload begins"
	case $up in
	/*) up=$base$up ;;
	esac
	case $up in
	*\?*) up="$up&" ;;
	*) up="$up?" ;;
	esac
	code=$(rq -o /dev/null -w '%{http_code}' -X PUT --data-binary "@$2" \
		-H 'Content-Type: application/octet-stream' "${up}digest=$(digest_of "$2")")
	[ "$code" = 201 ] || fail "$1: the blob $2 is refused: $code"
}

# manifest REPOSITORY REFERENCE FILE [TYPE]
manifest() {
	code=$(rq -o "$work/answer" -w '%{http_code}' -X PUT --data-binary "@$3" \
		-H "Content-Type: ${4:-$MANIFEST}" "$base/v2/$1/manifests/$2")
	[ "$code" = 201 ] || fail "$1:$2 is refused: $code $(cat "$work/answer")"
}

# descriptor FILE TYPE
descriptor() {
	printf '{"mediaType":"%s","digest":"%s","size":%d}' "$2" "$(digest_of "$1")" \
		"$(wc -c <"$1")"
}

# artifact REPOSITORY FILE CONFIG_TYPE LAYER_TYPE MORE: blobs $work/artifact.config and $work/artifact.layer are
# pushed, the manifest is in FILE; MORE are further members, each with a comma in front.
artifact() {
	blob "$1" "$work/artifact.config"
	blob "$1" "$work/artifact.layer"
	printf '{"schemaVersion":2,"mediaType":"%s","config":%s,"layers":[%s]%s}' "$MANIFEST" \
		"$(descriptor "$work/artifact.config" "$3")" "$(descriptor "$work/artifact.layer" "$4")" "$5" >"$2"
}

# kit REPOSITORY VERSION FILE: a KitOps ModelKit.
kit() {
	printf '{"manifestVersion":"1.0.0","package":{"name":"%s","version":"%s","authors":["Ada","Ben"]},"model":{"name":"net","path":"model.onnx","framework":"onnx"}}' \
		"${1##*/}" "$2" >"$work/artifact.config"
	echo "weights of $1, version $2" >"$work/artifact.layer"
	artifact "$1" "$3" application/vnd.kitops.modelkit.config.v1+json \
		application/vnd.kitops.modelkit.model.v1.tar \
		',"annotations":{"ml.kitops.modelkit.cli-version":"1.7.0"}'
}

# pack REPOSITORY VERSION FILE: a CNCF ModelPack.
pack() {
	printf '{"descriptor":{"createdAt":"2026-08-0%sT10:00:00.5+02:00","authors":["Cy"],"family":"bert","name":"ranker","version":"%s","sourceURL":"https://git.example/ranker"},"config":{"format":"safetensors"}}' \
		"$2" "$2" >"$work/artifact.config"
	echo "tensors of $1, version $2" >"$work/artifact.layer"
	artifact "$1" "$3" application/vnd.cncf.model.config.v1+json \
		application/vnd.cncf.model.weight.v1.raw \
		',"artifactType":"application/vnd.cncf.model.manifest.v1+json"'
}

# plain REPOSITORY VERSION FILE: what oras pushes.
plain() {
	printf '{}' >"$work/artifact.config"
	echo "anything of $1, version $2" >"$work/artifact.layer"
	artifact "$1" "$3" application/vnd.oci.empty.v1+json application/octet-stream \
		",\"artifactType\":\"application/vnd.acme.scaler\",\"annotations\":{\"org.opencontainers.image.created\":\"2026-08-08T10:00:00Z\",\"org.opencontainers.image.version\":\"$2\"}"
}

# tagged REPOSITORY TAG: the digest, as the registry says.
tagged() {
	rq -I -H "$ACCEPT" "$base/v2/$1/manifests/$2" | tr -d '\r' |
		sed -n 's/^[Dd]ocker-[Cc]ontent-[Dd]igest: //p'
}

models() { "$TOCSIN" models list --json >"$work/status.json" || [ $? = 1 ] || fail "models list"; }

# version SOURCE MODEL DIGEST: a Python expression of it, over models' document.
version() {
	echo "[v for m in d['models'] if m['source'] == '$1' and m['model'] == '$2'
		for v in m['versions'] if v['version'] == '$3'][0]"
}

# pointed SOURCE MODEL TAG: what it points at.
pointed() {
	echo "[m['version'] for m in d['models'] if m['source'] == '$1' and m['model'] == '$2'
		and m['alias'] == '$3']"
}

# rollback CODE SOURCE MODEL TAG TO OPTION...
rollback() {
	code=$1 source=$2 model=$3 tag=$4 to=$5
	shift 5
	run "$code" "$TOCSIN" models rollback "$model" --source "$source" --alias "$tag" \
		--to "$to" "$@"
}
