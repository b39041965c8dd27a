#!/bin/sh
# sloth - the real Sloth makes rules of a file: promtool evaluates them as we do the file
# shellcheck source=../lib.sh
. "$TOCSIN_TOP/tests/lib.sh"
live
heavy
need promtool prometheus
go_program sloth github.com/slok/sloth/cmd/sloth@v0.12.0

unit=$TOCSIN_BUILD/tests/unit/slo_rules
[ -x "$unit" ] || skip "tests/unit/slo_rules is not built"
cat >"$work/slo.yaml" <<'YAML'
version: prometheus/v1
service: myservice
slos:
  - name: requests-availability
    objective: 99.9
    sli:
      events:
        error_query: sum(rate(http_request_duration_seconds_count{job="myservice",code=~"(5..|429)"}[{{.window}}]))
        total_query: sum(rate(http_request_duration_seconds_count{job="myservice"}[{{.window}}]))
    alerting: {name: High, page_alert: {}, ticket_alert: {}}
YAML
"$program" generate -i "$work/slo.yaml" -o "$work/rules.yaml" >"$work/out" 2>&1 ||
	fail "sloth: $(cat "$work/out")"
TOCSIN_SLOTH_RULES=$work/rules.yaml
export TOCSIN_SLOTH_RULES
run 0 "$unit"
says 'OK ] rules_of_sloth_agree_too'
