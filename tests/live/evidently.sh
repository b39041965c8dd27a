#!/bin/sh
# evidently - drift that Evidently computed: its reports as files, in both forms, and its service
# shellcheck source=../lib.sh
. "$TOCSIN_TOP/tests/lib.sh"
live
heavy
need python3 python3
need curl curl
venv evidently 'evidently>=0.7.20,<0.8' 'pandas<3'

# shellcheck disable=SC2154 # venv is set by venv
(cd "$work" && EVIDENTLY_DISABLE_TELEMETRY=1 DO_NOT_TRACK=1 "$venv/bin/python" - <<'PY' >"$work/reports.log" 2>&1) ||
import numpy as np, pandas as pd
from evidently import Dataset, DataDefinition, Report
from evidently.presets import DataDriftPreset
from evidently.ui.workspace import Workspace

rng = np.random.default_rng(7)
make = lambda n, mean, lang: pd.DataFrame({
    "length": rng.normal(mean, 10, n), "score": rng.normal(0, 1, n),
    "lang": rng.choice(["en", "de", "fr"], n, p=lang)})
before, now = make(1500, 100, [.8, .2, 0]), make(1200, 115, [.6, .2, .2])
report = Report([DataDriftPreset()]).run(
    Dataset.from_pandas(now, DataDefinition()), Dataset.from_pandas(before, DataDefinition()))
open("report.json", "w").write(report.json())
before.to_csv("before.csv", index=False)
now.to_csv("now.csv", index=False)
workspace = Workspace.create("workspace")
project = workspace.create_project("checkout")
workspace.add_run(project.id, report)

from evidently.legacy.metric_preset import DataDriftPreset as OldPreset
from evidently.legacy.report import Report as OldReport
old = OldReport(metrics=[OldPreset()])
old.run(reference_data=before, current_data=now)
open("older.json", "w").write(old.json())
PY
	fail "Evidently made no reports"

port=$(free_port)
serve ui env EVIDENTLY_DISABLE_TELEMETRY=1 DO_NOT_TRACK=1 \
	"$venv/bin/evidently" ui --workspace "$work/workspace" --port "$port"
until_true 60 answers "http://127.0.0.1:$port/api/version" || fail "its service does not start"

config <<YAML
sources:
  - {name: files, type: files, every: 1s}
  - {name: evidently, type: evidently, url: "http://127.0.0.1:$port", every: 1s}
services:
  - {name: checkout, drift: [today.yaml, older.yaml, service.yaml, ours.yaml]}
YAML
check() {
	cat >"$XDG_CONFIG_HOME/tocsin/$1.yaml"
}
check today <<YAML
drift: today
persist: 1 of 1
evidently: {reports: [$work/report.json]}
YAML
check older <<YAML
drift: older
persist: 1 of 1
evidently: {reports: ["$work/older*.json"]}
YAML
check service <<YAML
drift: service
persist: 1 of 1
evidently: {project: checkout}
YAML
# The same rows, by us: Evidently's choice of methods, and its numbers.
check ours <<YAML
drift: ours
persist: 1 of 1
reference: {file: $work/before.csv}
current: {file: $work/now.csv}
features:
  - {name: length, binning: evidently}
  - {name: score, binning: evidently}
  - {name: lang}
YAML
run 0 "$TOCSIN" check
run 0 "$TOCSIN" check --connect
says 0.7.
run 0 "$TOCSIN" poll --once
"$TOCSIN" drift list --json >"$work/drift.json" || true
python3 - "$work/drift.json" <<'PY' || fail "what Evidently says and what we say differ"
import json, math, sys

drift = {(d["dataset"], d["feature"]): d for d in json.load(open(sys.argv[1]))["drift"]}
for feature in ("length", "score", "lang"):
    rows = {s: drift[s, feature] for s in ("today", "older", "service", "ours")}
    wanted = rows["today"]
    for name, d in rows.items():
        print(feature, name, d["method"], d["value"], d["verdict"])
        assert d["method"] == wanted["method"], (feature, name)
        assert math.isclose(d["value"], wanted["value"], rel_tol=1e-9), (feature, name)
        assert d["threshold"] == wanted["threshold"], (feature, name)
        assert d["verdict"] == ("ok" if feature == "score" else "drifted"), (feature, name)
for dataset in ("today", "older", "service", "ours"):
    assert drift[dataset, "*"]["drifted"], dataset
    assert math.isclose(drift[dataset, "*"]["value"], 2 / 3), dataset
assert drift["service", "length"]["url"].startswith("http://127.0.0.1:")
PY
echo "ok files in both forms, the service and our own numbers agree"
