#!/bin/sh
# drift_prometheus - drift checks on a real Prometheus: our numbers are those of what promtool is answered
# shellcheck source=../lib.sh
. "$TOCSIN_TOP/tests/lib.sh"
live
need prometheus prometheus
need promtool prometheus
need curl curl
need python3 python3

# Twelve seconds as usual, then other inputs.
lab lab --speed 10 --cause input-drift
port=$(free_port)
prom=http://127.0.0.1:$port
cat >"$work/prometheus.yaml" <<YAML
global: {scrape_interval: 1s}
scrape_configs:
  - {job_name: lab, static_configs: [{targets: ["${lab#http://}"]}]}
YAML
serve prom prometheus --config.file="$work/prometheus.yaml" --storage.tsdb.path="$work/tsdb" \
	--web.listen-address="127.0.0.1:$port"
until_true 20 answers "$prom/-/ready" || fail "Prometheus is not ready"

counted() {
	promtool query instant "$prom" \
		'sum(increase(requests_language_total{service="checkout-assistant"}[7s]))' |
		grep -q '=> *[1-9]'
}
sleep 9
until_true 10 counted || fail "nothing was scraped"
at=$(date +%s)
until_true 30 sh -c "[ \$(date +%s) -ge $((at + 20)) ]"

config <<YAML
sources:
  - {name: prom, type: prometheus, url: "$prom", every: 1s, timeout: 5s}
services:
  - {name: checkout-assistant, drift: [drift.yaml]}
YAML
cat >"$XDG_CONFIG_HOME/tocsin/drift.yaml" <<YAML
drift: traffic
reference: {at: $(date -u -d "@$at" +%Y-%m-%dT%H:%M:%SZ), window: 7s}
current: {window: 10s}
every: 1s
features:
  - {name: language, counter: 'requests_language_total{service="checkout-assistant"}',
     by: language, method: psi}
  - {name: prompt, histogram: 'vllm:request_prompt_tokens_bucket{model_name="qwen3-32b"}',
     method: psi, threshold: 0.2}
  - {name: by_name, histogram: 'vllm:request_prompt_tokens{model_name="qwen3-32b"}', method: ks}
  - {name: nobody, counter: no_such_total, by: reason}
  - {name: wrong, query: 'sum by (x) (nonsense(y[{{.window}}]))'}
predictions:
  - {name: finish, counter: 'vllm:request_success_total{model_name="qwen3-32b"}',
     by: finished_reason}
YAML
run 0 "$TOCSIN" check
run 0 "$TOCSIN" poll --once
run 1 "$TOCSIN" drift list
"$TOCSIN" drift show checkout-assistant --json >"$work/drift.json" || true

python3 - "$work/drift.json" "$prom" "$at" <<'PY' || fail "the numbers differ"
import json, math, subprocess, sys, datetime, re

drift = {d["feature"]: d for d in json.load(open(sys.argv[1]))["drift"]}
prom, at = sys.argv[2], float(sys.argv[3])


def asked(query, label, when):
    out = subprocess.run(["promtool", "query", "instant", f"--time={when:.3f}", prom, query],
                         capture_output=True, text=True, check=True).stdout
    return {re.search(label + '="([^"]*)"', line).group(1): float(line.split("=>")[1].split()[0])
            for line in out.splitlines() if "=>" in line}


def cells(x, bins):
    if not bins:
        return x
    le = sorted(x, key=float)
    return {b: max(0, x[b] - (x[le[i - 1]] if i else 0)) for i, b in enumerate(le)}


def sides(name, metric, label, when):
    sel = f"sum by ({label}) (increase({metric}[%s]))"
    p = cells(asked(sel % "7s", label, at), label == "le")
    q = cells(asked(sel % "10s", label, when), label == "le")
    keys = [k for k in sorted({*p, *q}) if p.get(k, 0) > 0 or q.get(k, 0) > 0]
    return [p.get(k, 0) for k in keys], [q.get(k, 0) for k in keys]


def psi(p, q):
    n, m = sum(p) + len(p) / 2, sum(q) + len(q) / 2
    return sum(((a + .5) / n - (b + .5) / m) * math.log((a + .5) / n / ((b + .5) / m))
               for a, b in zip(p, q))


def js(p, q):
    n, m = sum(p), sum(q)
    kl = lambda a, b: sum(x * math.log(x / y) for x, y in zip(a, b) if x > 0)
    p, q = [x / n for x in p], [x / m for x in q]
    mid = [(a + b) / 2 for a, b in zip(p, q)]
    return math.sqrt((kl(p, mid) + kl(q, mid)) / 2)


def same(name, ours, theirs):
    print(f"{name}: {ours:.9g} and {theirs:.9g}")
    if not math.isclose(ours, theirs, rel_tol=1e-6, abs_tol=1e-9):
        sys.exit(f"{name}: {ours} is not {theirs}")


def moment(d):
    return datetime.datetime.fromisoformat(d["computed"].replace("Z", "+00:00")).timestamp()


llm = '{model_name="qwen3-32b"}'
for name, metric, label, f in (
        ("language", 'requests_language_total{service="checkout-assistant"}', "language", psi),
        ("prompt", "vllm:request_prompt_tokens_bucket" + llm, "le", psi),
        ("finish", "vllm:request_success_total" + llm, "finished_reason", js)):
    p, q = sides(name, metric, label, moment(drift[name]))
    same(name, drift[name]["value"], f(p, q))
    same(name + "'s reference", drift[name]["n_reference"], sum(p))
    same(name + "'s window", drift[name]["n_current"], sum(q))
for name in ("language", "prompt", "finish", "by_name"):
    assert drift[name]["verdict"] == "drifted", (name, drift[name])
    assert at < datetime.datetime.fromisoformat(
        drift[name]["since"].replace("Z", "+00:00")).timestamp() < moment(drift[name])
    assert drift[name]["history"] and drift[name]["persisted"] == "4 of 4", drift[name]
assert drift["prompt"]["kind"] == "data" and drift["finish"]["kind"] == "prediction"
assert drift["nobody"]["verdict"] == "no-data" and drift["nobody"]["value"] is None
assert drift["wrong"]["verdict"] == "not-comparable" and "nonsense" in drift["wrong"]["note"]
PY
echo "ok the numbers are those of what promtool is answered"

# The reference is pinned: it holds when the server has forgotten it.
sed -i 's/window: 10s/window: 9s/' "$XDG_CONFIG_HOME/tocsin/drift.yaml"
run 0 "$TOCSIN" poll --once
run 1 "$TOCSIN" drift show checkout-assistant/traffic/language
says "values"
run 0 "$TOCSIN" drift accept checkout-assistant/traffic --reason "a new market"
says "4 features"
# shellcheck disable=SC2016 # $0 is the inner shell's
until_true 20 sh -c '"$0" poll --once >/dev/null && "$0" drift list' "$TOCSIN" ||
	fail "what was accepted drifts still: $("$TOCSIN" drift list)"
run 0 "$TOCSIN" audit list
says drift.accepted
