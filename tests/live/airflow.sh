#!/bin/sh
# airflow - real Airflow 3 and 2: DAGs are started and followed to their end, stopped, run again
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
# They do not start with what came out after them.
venv_asof 2025-06-01 airflow2 apache-airflow==2.11.0
airflow2=$venv
venv_asof 2026-06-15 airflow3 apache-airflow==3.2.2
airflow3=$venv

AIRFLOW_TEST_PASSWORD=s3cret
export AIRFLOW_TEST_PASSWORD AIRFLOW__CORE__LOAD_EXAMPLES=False
export AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION=False

mkdir -p "$work/dags"
cat >"$work/dags/train.py" <<'PY'
import time
from datetime import datetime
try:
    from airflow.sdk import dag, task
except ImportError:
    from airflow.decorators import dag, task


@dag(dag_id="train_ranker", schedule=None, start_date=datetime(2026, 1, 1), catchup=False)
def train_ranker():
    @task
    def load():
        return 3

    @task
    def train(rows, dag_run=None):
        conf = dag_run.conf or {}
        time.sleep(float(conf.get("seconds", 1)))
        if conf.get("fail"):
            raise ValueError("the labels end on " + conf["fail"])
        return rows

    train(load())


train_ranker()
PY

port3=$(free_port)
port2=$(free_port)
# program VERSION VENV: $work/airflow-VERSION runs in its place, so that its end is Airflow's.
program() {
	mkdir -p "$work/$1"
	cat >"$work/airflow-$1" <<SH
#!/bin/sh
export AIRFLOW_HOME="$work/$1" PATH="$2/bin:$PATH"
export AIRFLOW__CORE__DAGS_FOLDER="$work/dags" AIRFLOW__CORE__PARALLELISM=2
export AIRFLOW__API__AUTH_BACKENDS=airflow.api.auth.backend.basic_auth
export AIRFLOW__WEBSERVER__WORKERS=1 AIRFLOW__WEBSERVER__WEB_SERVER_HOST=127.0.0.1
export AIRFLOW__WEBSERVER__SECRET_KEY=tocsin AIRFLOW__SCHEDULER__DAG_DIR_LIST_INTERVAL=5
export AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS=ann:admin
export AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE="$work/passwords.json"
export AIRFLOW__API_AUTH__JWT_SECRET=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
export AIRFLOW__API__HOST=127.0.0.1 AIRFLOW__API__PORT=$port3 AIRFLOW__API__WORKERS=1
export AIRFLOW__API__BASE_URL="http://127.0.0.1:$port3"
export AIRFLOW__CORE__EXECUTION_API_SERVER_URL="http://127.0.0.1:$port3/execution/"
# On a busy machine its first answer takes longer than the five seconds that a task waits for it.
export AIRFLOW__WORKERS__EXECUTION_API_TIMEOUT=120
exec airflow "\$@"
SH
	chmod +x "$work/airflow-$1"
}
program 2 "$airflow2"
program 3 "$airflow3"
echo '{"ann": "s3cret"}' >"$work/passwords.json"
"$work/airflow-3" db migrate >"$work/migrate3.log" 2>&1 || fail "Airflow 3 has no database"
"$work/airflow-2" db migrate >"$work/migrate2.log" 2>&1 || fail "Airflow 2 has no database"
"$work/airflow-2" users create -u ann -p s3cret -f Ann -l Lee -e ann@example.org -r Admin \
	>"$work/user.log" 2>&1 || fail "Airflow 2 takes no user"
serve api3 "$work/airflow-3" api-server
serve scheduler3 "$work/airflow-3" scheduler --skip-serve-logs
serve processor3 "$work/airflow-3" dag-processor
serve web2 "$work/airflow-2" webserver -p "$port2"
serve scheduler2 "$work/airflow-2" scheduler --skip-serve-logs
until_true 300 answers "http://127.0.0.1:$port3/api/v2/version" || fail "Airflow 3 does not start"
until_true 300 answers "http://127.0.0.1:$port2/api/v1/version" || fail "Airflow 2 does not start"
until_true 300 answers "http://127.0.0.1:$port3/execution/health" || fail "Airflow 3 runs no tasks"

config <<YAML
sources:
  - name: three
    type: airflow
    url: http://127.0.0.1:$port3
    every: 1s
    timeout: 1m
    auth: {login: {user: ann, password: {env: AIRFLOW_TEST_PASSWORD}}}
  - name: two
    type: airflow
    url: http://127.0.0.1:$port2
    every: 1s
    timeout: 1m
    auth: {basic: {user: ann, password: {env: AIRFLOW_TEST_PASSWORD}}}
    with: {api: v1}
YAML
run 0 "$TOCSIN" check --connect
says 3.2.2
says 2.11.0
says trigger-dag

# parsed SOURCE: the DAG is there.
parsed() { "$TOCSIN" connector try airflow --source "$1" --read switches 2>&1 | grep -q '^flag.*train_ranker'; }

for source in two three; do
	until_true 300 parsed "$source" || fail "$source: the DAG is not there"

	# --- it ends well; nobody holds the line meanwhile ---
	begun "$source" trigger-dag dag=train_ranker 'conf={"seconds": 5}'
	seen_end 0 "$begun"
	says "2 of 2 tasks done"
	says "-> ok"
	expect "$source: the run as it is read" ok \
		"$(jobs airflow "$source" "[r['state'] for r in j if r['run'] == 'tocsin-$begun-1'][0]")"

	# --- it fails: which task, at which try, with which exception ---
	acted 1 "$source" trigger-dag dag=train_ranker 'conf={"fail": "2026-11-19"}'
	says "it failed: task train, try 1: ValueError: the labels end on 2026-11-19"
	failed=tocsin-$(ran)-1
	expect "$source: what is read of it" "failed task train failed at try 1" \
		"$(jobs airflow "$source" "[r['state'] + ' ' + r['error'] for r in j if r['run'] == '$failed'][0]")"

	# --- what failed is run again, and fails again ---
	acted 1 "$source" rerun-failed dag=train_ranker "run=$failed"
	says "task train, try 2: ValueError"

	# --- whoever stops the step stops the run ---
	begun "$source" trigger-dag dag=train_ranker 'conf={"seconds": 600}'
	run 0 "$TOCSIN" runbook stop "$begun"
	says "it was stopped, in the backend too"
	expect "$source: and it is" failed \
		"$(jobs airflow "$source" "[r['state'] for r in j if r['run'] == 'tocsin-$begun-1'][0]")"

	# --- paused, and back ---
	acted 0 "$source" pause dag=train_ranker
	paused=$(ran)
	acted 4 "$source" trigger-dag dag=train_ranker
	says "the DAG is paused"
	taken_back "$paused"
	acted 4 "$source" unpause dag=train_ranker
	says "not paused"
done

acted 4 three trigger-dag dag=train_ranker 'conf=[1]'
says "no JSON object"
acted 2 two trigger-dag dag=nobody
says nobody
AIRFLOW_TEST_PASSWORD=wrong run 3 "$TOCSIN" poll --once
run 0 "$TOCSIN" audit verify
