#!/bin/sh
# ray - a real Ray Serve: which version each application runs; another version, and back; scaled
# shellcheck source=../lib.sh
. "$TOCSIN_TOP/tests/lib.sh"
live
heavy
need curl curl
need python3 python3
venv ray 'ray[serve]>=2.40,<3'

port=$(free_port) gcs=$(free_port) http=$(free_port)
url=http://127.0.0.1:$port
mkdir -p "$work/code"
cat >"$work/code/app.py" <<'PY'
from ray import serve


@serve.deployment(ray_actor_options={"num_cpus": 0.1})
class Scorer:
    def __init__(self, version):
        self.version, self.config = version, None

    def reconfigure(self, config):
        self.config = config

    async def __call__(self, request):
        return {"version": self.version, "config": self.config}


def build(args):
    if args.get("version") == "broken":
        raise RuntimeError("the weights are not there")
    return Scorer.bind(args.get("version"))
PY
RAY_USAGE_STATS_ENABLED=0 PYTHONPATH=$work/code
export RAY_USAGE_STATS_ENABLED PYTHONPATH
# shellcheck disable=SC2154 # set by venv
serve ray "$venv/bin/ray" start --head --block --port "$gcs" --node-ip-address 127.0.0.1 \
	--dashboard-host 127.0.0.1 --dashboard-port "$port" --num-cpus 2 \
	--object-store-memory 100000000 --temp-dir "$work/r" --disable-usage-stats
until_true 60 answers "$url/api/ray/version" || fail "ray does not start"

# apps VERSION CONFIG: three applications; what serve.run does not know of is deleted.
apps() {
	curl -fsS -m 60 -X PUT -H 'Content-Type: application/json' "$url/api/serve/applications/" -d "{
	  \"http_options\": {\"host\": \"127.0.0.1\", \"port\": $http},
	  \"applications\": [
	    {\"name\": \"fraud\", \"route_prefix\": \"/fraud\", \"import_path\": \"app:build\",
	     \"args\": {\"version\": \"$1\", \"model\": \"fraud-detector\"},
	     \"runtime_env\": {\"env_vars\": {\"PYTHONPATH\": \"$work/code\"}}},
	    {\"name\": \"rank\", \"route_prefix\": \"/rank\", \"import_path\": \"app:build\",
	     \"external_scaler_enabled\": true,
	     \"deployments\": [{\"name\": \"Scorer\", \"user_config\": {\"version\": 12}}],
	     \"runtime_env\": {\"env_vars\": {\"PYTHONPATH\": \"$work/code\"}}},
	    {\"name\": \"bare\", \"route_prefix\": \"/bare\", \"import_path\": \"app:build\",
	     \"runtime_env\": {\"env_vars\": {\"PYTHONPATH\": \"$work/code\"}}}]}"
}
# application NAME EXPRESSION: of what Ray says itself, as a
application() {
	curl -fsS -m 20 -o "$work/answer" "$url/api/serve/applications/"
	json "$work/answer" "(lambda a: $2)(d['applications']['$1'])"
}
running() { [ "$(application "$1" "a['status']")" = RUNNING ]; }
# runs NAME: the version that answers a request.
runs() {
	curl -fsS -m 20 -o "$work/answer" "http://127.0.0.1:$http/$1"
	json "$work/answer" "d['version']"
}
apps 3
for app in fraud rank bare; do
	until_true 90 running "$app" || fail "$app does not start"
done
registry "fraud-detector 3 1,2,3,4"

config <<YAML
sources:
  - {name: registry, type: mlflow, url: "$registry", every: 1s}
  - {name: ray, type: ray-serve, url: "$url", every: 1s, timeout: 20s}
  - {name: parts, type: ray-serve, url: "$url", every: 1s, timeout: 20s,
     with: {version_at: deployment.user_config.version}}
services:
  - name: fraud
    model: {source: registry, name: fraud-detector, alias: production}
    serving: {source: ray, name: fraud}
  - name: rank
    model: {source: registry, name: fraud-detector, alias: production}
    serving: {source: ray, name: rank}
  - name: part
    model: {source: registry, name: fraud-detector, alias: production}
    serving: {source: parts, name: rank/Scorer}
  - name: bare
    model: {source: registry, name: fraud-detector, alias: production}
    serving: {source: ray, name: bare}
YAML
run 0 "$TOCSIN" check --connect
says "$("$venv/bin/ray" --version | sed 's/.* //')"
models fraud=in-sync rank=drift part=drift bare=serving-unknown
holds "versions" "[[v['version'] for v in m['serving']] for m in d['models'] if m.get('service') != 'bare'] == [['3'], ['12'], ['12']]"

# --- the registry moves on, and serving is brought after it ---
echo "fraud-detector 4 1,2,3,4" >"$work/registry"
models fraud=drift
act 0 ray set-version application=fraud version=4
expect "what answers" 4 "$(runs fraud)"
models fraud=in-sync
run 0 "$TOCSIN" changes --json
says '"fraud/application"'
expect "the others are what they were" "12 None" \
	"$(application rank "a['deployed_app_config']['deployments'][0]['user_config']['version']") $(application bare "a['deployed_app_config'].get('args')")"
act 0 ray set-version application=fraud version=3
expect "and back" 3 "$(runs fraud)"

# --- where it stands in a deployment, a number stays one ---
act 0 parts set-version application=rank/Scorer version=13
expect "a number" 13 "$(application rank "a['deployed_app_config']['deployments'][0]['user_config']['version']")"
models part=drift
act 4 ray set-version application=bare version=1
says "version_at"
act 4 ray set-version application=nobody version=1
says "no application of this name"

# --- replicas ---
replicas() { application "$1" "len([r for r in a['deployments']['Scorer']['replicas'] if r['state'] == 'RUNNING'])"; }
act 0 ray scale application=rank replicas=2
expect "two replicas" 2 "$(replicas rank)"
act 0 ray scale application=rank replicas=1
act 4 ray scale application=fraud replicas=2
says external_scaler_enabled

# --- built anew ---
replica() { application "$1" "a['deployments']['Scorer']['replicas'][0]['replica_id']"; }
before=$(replica fraud)
act 0 ray redeploy application=fraud
[ "$(replica fraud)" != "$before" ] || fail "redeploy replaced nothing"
expect "with its version" 3 "$(runs fraud)"

# --- what cannot be built is not said to run ---
failed() { [ "$(application fraud "a['status']")" = DEPLOY_FAILED ]; }
apps broken
until_true 60 failed || fail "a broken version deploys"
models fraud=serving-unknown
run 0 "$TOCSIN" audit verify --json
says '"ok": true'

# --- from code: read, and left alone ---
cat >"$work/code/byhand.py" <<'PY'
import ray
from ray import serve
import app

ray.init(address="auto", log_to_driver=False)
serve.run(app.build({"version": "9"}), name="byhand", route_prefix="/byhand")
PY
"$venv/bin/python" "$work/code/byhand.py" >"$work/byhand.log" 2>&1 || fail "serve.run"
act 4 ray set-version application=byhand version=1
says "from code"
act 0 ray redeploy application=bare
expect "what code deployed is still there" RUNNING "$(application byhand "a['status']")"
