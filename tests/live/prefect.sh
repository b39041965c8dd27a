#!/bin/sh
# prefect - a real Prefect server: a deployment is started and followed to its end, cancelled, paused
# shellcheck source=../lib.sh
. "$TOCSIN_TOP/tests/lib.sh"
# shellcheck source=servers.sh
. "$TOCSIN_TOP/tests/live/servers.sh"
# shellcheck source=pipelines.sh
. "$TOCSIN_TOP/tests/live/pipelines.sh"
live
heavy
need curl curl
need python3 python3
# It does not start with what came out after it.
venv_asof 2026-04-15 prefect prefect==3.6.26

port=$(free_port)
PREFECT_API_URL=http://127.0.0.1:$port/api
PREFECT_HOME=$work/home
export PREFECT_API_URL PREFECT_HOME DO_NOT_TRACK=1 PREFECT_SERVER_ANALYTICS_ENABLED=false
export PREFECT_SERVER_UI_ENABLED=false PREFECT_RUNNER_POLL_FREQUENCY=2
cat >"$work/train.py" <<'PY'
import time
from prefect import flow, task


@task
def load():
    return 3


@task
def train(rows, seconds, fail):
    for _ in range(int(seconds * 10)):
        time.sleep(0.1)
    if fail:
        raise ValueError("the labels end on " + fail)
    return rows


@flow(name="retrain-ranker")
def retrain(seconds: float = 1, fail: str = ""):
    return train(load(), seconds, fail)


if __name__ == "__main__":
    retrain.serve(name="nightly", interval=86400)
PY
# shellcheck disable=SC2154 # set by venv_asof
serve server "$venv/bin/prefect" server start --host 127.0.0.1 --port "$port"
until_true 300 answers "$PREFECT_API_URL/health" || fail "Prefect does not start"
cd "$work"
serve runner "$venv/bin/python" "$work/train.py"
cd "$TOCSIN_TOP"

config <<YAML
sources:
  - {name: flows, type: prefect, url: "$PREFECT_API_URL", every: 1s, timeout: 20s}
YAML
deployed() { "$TOCSIN" connector try prefect --source flows --read switches 2>&1 | grep -q '^flag.*retrain-ranker/nightly'; }
until_true 180 deployed || fail "the deployment is not there"
run 0 "$TOCSIN" check --connect
says 3.6.26
says run-deployment
run 0 "$TOCSIN" poll --once

# --- it ends well; nobody holds the line meanwhile ---
begun flows run-deployment deployment=retrain-ranker/nightly 'parameters={"seconds": 8}'
seen_end 0 "$begun"
says "2 of 2 tasks done"
says "-> ok"
expect "the run as it is read" "retrain-ranker/nightly ok" \
	"$(jobs prefect flows "[r['pipeline'] + ' ' + r['state'] for r in j if r['started']][0]")"

# --- it fails: which task, with which exception ---
acted 1 flows run-deployment deployment=retrain-ranker/nightly 'parameters={"fail": "2026-11-19"}'
says "it failed: task train-"
says "ValueError: the labels end on 2026-11-19"
expect "what is read of it" 1 \
	"$(jobs prefect flows "len([r for r in j if r['state'] == 'failed' and 'the labels end' in r['error']])")"

# --- whoever stops the step cancels the run ---
begun flows run-deployment deployment=retrain-ranker/nightly 'parameters={"seconds": 600}'
run 0 "$TOCSIN" runbook stop "$begun"
says "it was stopped, in the backend too"
expect "and it is" 1 "$(jobs prefect flows "len([r for r in j if r['state'] == 'cancelled'])")"

# --- paused, and back; what a person started goes on ---
acted 0 flows pause deployment=retrain-ranker/nightly
paused=$(ran)
says "no run of its schedule waits any more"
acted 4 flows pause deployment=retrain-ranker/nightly
says "paused already"
taken_back "$paused"
run 0 "$TOCSIN" poll --once
run 0 "$TOCSIN" changes --json

acted 4 flows run-deployment deployment=retrain-ranker/nightly parameters=nonsense
says "no JSON object"
acted 2 flows run-deployment deployment=retrain-ranker/nobody
says "not found"
run 0 "$TOCSIN" audit verify
