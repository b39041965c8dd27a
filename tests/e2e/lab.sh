#!/bin/sh
# lab - the practice platform over real sockets: its ready line, every fault, how it ends
# shellcheck source=../lib.sh
. "$TOCSIN_TOP/tests/lib.sh"
[ -x "$LAB" ] || skip "this build has no lab"
need curl curl

# start NAME OPTION...: sets $url; its standard input is the pipe $work/NAME.in.
start() {
	of=$1
	shift
	mkfifo "$work/$of.in"
	# shellcheck disable=SC2016 # for the inner shell
	serve "$of" sh -c 'in=$1; shift; exec "$@" <"$in"' sh "$work/$of.in" \
		"$LAB" --manual-time --now 2026-11-21T09:00:00Z "$@"
	exec 9>"$work/$of.in"
	until_true 10 grep -q '"url"' "$work/$of.log" || fail "the lab is not ready"
	url=$(sed -n 's/.*"url":"\([^"]*\)".*/\1/p' "$work/$of.log")
}

# ends WHAT PID: it ends well.
ends() {
	wait "$2" && got=0 || got=$?
	expect "$1" 0 "$got"
}
status() { curl -s -m 10 -o "$work/body" -w '%{http_code}' "$@" || true; }
curl_code() { curl -s -m "${limit:-10}" -o "$work/body" "$@" && echo 0 || echo $?; }
fault() { curl -fs -o /dev/null -d "{\"fault\":\"$1\"}" "$url/lab/fault"; }
no_hang() { ! curl -s "$url/lab/fault" | grep -q hang; }

registry=/mlflow/api/2.0/mlflow/registered-models

start one --cause bad-version --speed 10 --port 0
for path in /metrics /mlflow/version $registry/search /langfuse/api/public/health \
	/alertmanager/api/v2/alerts /alertmanager/api/v2/status /serving/v1/services \
	/pipelines/v1/runs /lab/catalog /lab/state /; do
	expect "GET $path" 200 "$(status "$url$path")"
done
expect "Langfuse asks for keys" 401 "$(status "$url/langfuse/api/public/traces")"
expect "Langfuse takes its keys" 200 "$(status -u pk-lf-lab:sk-lf-lab \
	"$url/langfuse/api/public/v2/observations?limit=5")"
expect "another host's name is refused" 403 "$(status -H 'Host: rebind.example' "$url/metrics")"
expect "HEAD" 200 "$(status -I "$url/metrics")"
expect "time by hand" 200 "$(status -d '{"seconds": 60}' "$url/lab/advance")"
expect "it burns" 1 "$(curl -s "$url/alertmanager/api/v2/alerts?filter=severity%3Dpage" |
	grep -c ModelErrorBudgetBurn)"
head -c 1100000 /dev/zero >"$work/large"
expect "a large body is refused" 413 "$(status -H 'Content-Type: application/json' \
	--data-binary @"$work/large" "$url$registry/alias")"

fault 'slow=300ms@/metrics*1'
expect "slow: too slow for some" 28 "$(limit=0.1 curl_code "$url/metrics")"
fault 'slow=300ms@/metrics*1'
expect "slow: in time for others" 200 "$(status "$url/metrics")"
fault '500@/mlflow*1'
expect "500" 500 "$(status "$url/mlflow/version")"
expect "500 once" 200 "$(status "$url/mlflow/version")"
fault 'truncate@/metrics*1'
expect "truncated: transfer closed" 18 "$(curl_code "$url/metrics")"
fault 'wrong-json@/serving*1'
expect "wrong JSON: status" 200 "$(status "$url/serving/v1/services")"
expect "wrong JSON: body" 1 "$(grep -c '"name": }' "$work/body")"
fault 'wrong-json@/metrics*1'
expect "wrong exposition: status" 200 "$(status "$url/metrics")"
expect "wrong exposition: body" 1 "$(grep -c '{{{' "$work/body")"
fault 'huge=3MB@/mlflow*1'
expect "huge: status" 200 "$(status "$url$registry/search")"
expect "huge: size" 3000000 "$(wc -c <"$work/body" | tr -d ' ')"
fault 'huge=3MB@/metrics*1'
expect "huge exposition: status" 200 "$(status "$url/metrics")"
expect "huge exposition: comments only" 0 "$(grep -vc '^#' "$work/body" || true)"
fault 'reset*1'
expect "reset by peer" 56 "$(curl_code "$url/metrics")"
fault 'hang@/langfuse'
expect "hangs" 28 "$(limit=1 curl_code "$url/langfuse/api/public/health")"
expect "others go on meanwhile" 200 "$(status "$url/metrics")"
curl -s -m 10 -o /dev/null -w '%{http_code}' "$url/langfuse/api/public/health" \
	>"$work/asked" &
hung=$!
status "$url/metrics" >/dev/null
expect "the fault is taken away" 200 "$(status -X DELETE "$url/lab/fault")"
wait "$hung" || true
expect "what hung is answered" 200 "$(cat "$work/asked")"
no_hang || fail "the fault is still there"
fault 'hang@/metrics'
curl -s -m 5 -o /dev/null "$url/metrics" &
pids="$! $pids"
# shellcheck disable=SC2154 # set by serve
kill -TERM "$pid_one"
ends "SIGTERM ends it, also while something hangs" "$pid_one"
exec 9>&-

export LAB_TOKEN=t0ken
start two --until-eof --fault '500@/metrics' --seed 3
expect "a fault by flag" 500 "$(status "$url/metrics")"
expect "the registry asks for its token" 401 "$(status "$url$registry/search")"
expect "and takes it" 200 "$(status -H 'Authorization: Bearer t0ken' "$url$registry/search")"
run 1 "$LAB" --port "${url##*:}"
says "cannot listen on port ${url##*:}"
exec 9>&-
# shellcheck disable=SC2154
ends "it ends with its standard input" "$pid_two"

run 2 "$LAB" --spee 3
says "did you mean --speed"
run 1 "$LAB" --scenario nowhere
says nowhere
printf 'scenario: x\nservises: []\n' >"$work/bad.yaml"
run 2 "$LAB" --scenario "$work/bad.yaml"
says "bad.yaml:2:1"
run 2 "$LAB" --cause bad-luck
says "bad-luck"
