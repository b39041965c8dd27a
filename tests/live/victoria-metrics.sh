#!/bin/sh
# victoria-metrics - a real VictoriaMetrics: who it is, what it keeps, objectives and queries
# shellcheck source=../lib.sh
. "$TOCSIN_TOP/tests/lib.sh"
live
need victoria-metrics victoria-metrics
need curl curl
need python3 python3

port=$(free_port)
url=http://127.0.0.1:$port
serve vm victoria-metrics -storageDataPath="$work/vm.d" -httpListenAddr="127.0.0.1:$port" \
	-retentionPeriod=2w -search.latencyOffset=0s -loggerLevel=WARN
until_true 30 answers "$url/health" || fail "victoria-metrics does not start"

# Two hours of two services: one fails since forty minutes, the other does not.
now=$(date +%s)
onset=$((now - 2400))
python3 - "$now" "$onset" >"$work/past.txt" <<'PYTHON'
import sys
now, onset = int(sys.argv[1]), int(sys.argv[2])
good = bad = fine = 0
for t in range(now - 7200, now, 15):
    good += 150
    fine += 75
    bad += 50 if t > onset else 0
    for service, code, value in (("burns", "200", good), ("burns", "500", bad),
                                 ("calm", "200", fine), ("calm", "500", 0)):
        print('requests_total{service="%s",code="%s",env="prod"} %d %d000'
              % (service, code, value, t))
PYTHON
curl -fsS -m 20 --data-binary "@$work/past.txt" "$url/api/v1/import/prometheus" ||
	fail "nothing was imported"
curl -fsS -m 20 "$url/internal/force_flush" || fail "nothing was flushed"
there() { curl -fsS -m 5 "$url/api/v1/query?query=count(requests_total)" | grep -q '"4"'; }
until_true 20 there || fail "what was imported is not there"

mkdir -p "$XDG_CONFIG_HOME/tocsin"
for s in burns calm; do
	cat >"$XDG_CONFIG_HOME/tocsin/$s.yaml" <<YAML
version: prometheus/v1
service: $s
slos:
  - name: availability
    objective: 99
    sli:
      events:
        error_query: sum(rate(requests_total{service="$s",code=~"5.."}[{{.window}}]))
        total_query: sum(rate(requests_total{service="$s"}[{{.window}}]))
    alerting: {name: Burn}
YAML
done
config <<YAML
contexts:
  - {name: all, sources: [vm]}
  - {name: filtered, sources: [staging]}
context: all
sources:
  - {name: vm, type: prometheus, url: "$url", every: 1s, timeout: 5s}
  - {name: staging, type: prometheus, url: "$url", timeout: 5s, with: {extra_labels: [env=staging]}}
services:
  - {name: burns, slos: [burns.yaml]}
  - {name: calm, slos: [calm.yaml]}
YAML

run 0 "$TOCSIN" check
run 0 "$TOCSIN" check --connect
says VictoriaMetrics
run 0 "$TOCSIN" poll --once
status 1
slo() { echo "[s for s in d['slos'] if s['service'] == '$1'][0]"; }
holds "one pages" "$(slo burns)['severity'] == 'page'"
holds "a quarter fails, of one in a hundred" "abs($(slo burns)['burn']['5m'] - 25) < 1.5"
holds "since it began" "$onset - 60 <= __import__('datetime').datetime.fromisoformat(
	$(slo burns)['onset'].replace('Z', '+00:00')).timestamp() < $onset + 900"
holds "the other is fine" "$(slo calm)['severity'] == 'ok'"
holds "it is known for what it is" "d['sources'][0]['version'] == 'VictoriaMetrics'"
holds "and read whole" "d['sources'][0]['state'] == 'ok'"

# It keeps two weeks, the objective is about thirty days: that is said.
run 1 "$TOCSIN" slo list
"$TOCSIN" query 'sum(increase(requests_total{service="burns",code="500"}[5m]))' --json \
	>"$work/q.json" || fail "no answer"
[ "$(json "$work/q.json" "abs(d['series'][0]['value'] - 1000) < 60")" = True ] ||
	fail "$(cat "$work/q.json")"
echo "ok it counts what was put in"

# Our ratio is what the server gives for the same expression and moment.
at=$((now - 30))
for s in burns calm; do
	"$TOCSIN" query "sum(rate(requests_total{service=\"$s\",code=~\"5..\"}[5m]))
		/ sum(rate(requests_total{service=\"$s\"}[5m]))" --at $at --json >"$work/q.json"
	theirs=$(curl -fsS -m 5 --data-urlencode "time=$at" --data-urlencode "query=sum(rate(
		requests_total{service=\"$s\",code=~\"5..\"}[5m])) / sum(rate(
		requests_total{service=\"$s\"}[5m]))" "$url/api/v1/query" |
		python3 -c 'import json, sys
print(json.load(sys.stdin)["data"]["result"][0]["value"][1])')
	[ "$(json "$work/q.json" "d['series'][0]['value'] == float('$theirs')")" = True ] ||
		fail "theirs is $theirs: $(cat "$work/q.json")"
	echo "ok the same as theirs: $theirs"
done

# More points than it gives: a wider step, not an error.
run 0 "$TOCSIN" query requests_total --range 2h --step 1s
says "burns"
# Its words when it does not understand.
run 2 "$TOCSIN" query 'sum(requests_total'
says "unexpected token"
run 0 "$TOCSIN" query requests_total --source staging
says "no data"

# shellcheck disable=SC2154 # set by serve
kill -KILL "$pid_vm"
run 3 "$TOCSIN" query up
run 3 "$TOCSIN" poll --once
