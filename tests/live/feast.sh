#!/bin/sh
# feast - a real Feast registry: what is defined, how fresh it is, and a definition that changes
# shellcheck source=../lib.sh
. "$TOCSIN_TOP/tests/lib.sh"
live
heavy
need curl curl
need python3 python3
venv feast 'feast[grpcio]>=0.66,<1'
# Its registry server does not start with newer ones, whatever its own bounds say.
[ -f "$venv/pinned" ] || { "$venv/bin/pip" install -q 'fastapi<0.120' && touch "$venv/pinned"; } ||
	skip "pip could not install an older fastapi"

port=$(free_port)
url=http://127.0.0.1:$port
mkdir -p "$work/repo/data"
cat >"$work/repo/feature_store.yaml" <<'YAML'
project: shop
provider: local
registry: data/registry.db
online_store: {type: sqlite, path: data/online.db}
offline_store: {type: file}
entity_key_serialization_version: 3
YAML
cat >"$work/repo/rows.py" <<'PY'
import datetime
import pandas
now = datetime.datetime.now(datetime.timezone.utc)
pandas.DataFrame({"driver_id": [1, 2], "rate": [0.5, 0.6], "trips": [3, 4],
    "ts": [now - datetime.timedelta(hours=1)] * 2}).to_parquet("data/stats.parquet")
PY
# defined TYPE: the view, its feature "trips" of this type.
defined() {
	cat >"$work/repo/shop.py" <<PY
from datetime import timedelta
from feast import Entity, FeatureService, FeatureView, Field, FileSource, ValueType
from feast.types import Float32, Float64, Int64
driver = Entity(name="driver", join_keys=["driver_id"], value_type=ValueType.INT64)
stats = FileSource(name="stats", path="data/stats.parquet", timestamp_field="ts")
view = FeatureView(name="driver_stats", entities=[driver], ttl=timedelta(days=1), source=stats,
	schema=[Field(name="rate", dtype=Float32), Field(name="trips", dtype=$1)])
service = FeatureService(name="risk", features=[view])
PY
	feast apply
}
# shellcheck disable=SC2154 # venv is set by venv
feast() {
	(cd "$work/repo" && FEAST_USAGE=False "$venv/bin/feast" "$@" >"$work/feast.log" 2>&1) ||
		fail "feast $*: $(tail -n 3 "$work/feast.log")"
}

(cd "$work/repo" && "$venv/bin/python" rows.py) || fail "no rows"
defined Int64
feast materialize-incremental "$(date -u +%Y-%m-%dT%H:%M:%S)"
serve registry "$venv/bin/feast" -c "$work/repo" serve_registry --rest-api --no-grpc --rest-port "$port"
until_true 90 answers "$url/api/v1/projects" || fail "feast does not start"

config <<YAML
sources:
  - {name: features, type: feast, url: "$url", every: 1s, timeout: 20s, with: {project: shop}}
services:
  - {name: pricing, uses: [driver_stats]}
YAML

run 0 "$TOCSIN" check --connect
run 0 "$TOCSIN" poll --once
# tried READ: what the connector makes of the real answers.
tried() {
	run 0 "$TOCSIN" connector try feast --source features --read "$1" --json
}
tried features
says '"driver_stats"'
says 'trips int64'
tried entities
says '"entity driver"'
tried sources
says '"source stats"'
tried services
says 'driver_stats:trips'
tried freshness
says '"driver_stats"'
says '"ok"'
tried saved-datasets

# --- somebody changes a type ---
defined Float64
sleep 1
run 0 "$TOCSIN" poll --once
run 0 "$TOCSIN" changes --json
says '"feature/driver_stats"'
says '"pricing"'
run 0 "$TOCSIN" poll --once
expect "and says it once" 1 "$("$TOCSIN" changes --json | grep -c '"feature/driver_stats"')"
