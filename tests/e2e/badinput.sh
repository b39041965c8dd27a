#!/bin/sh
# badinput - clear words and the right exit code for what is wrong with files and words
# shellcheck source=../lib.sh
. "$TOCSIN_TOP/tests/lib.sh"

# --- the command line ---
run 2 "$TOCSIN" statsu
says "did you mean 'status'"
run 2 "$TOCSIN" status --jsn
says "did you mean --json"
run 2 "$TOCSIN" slo
says "usage: tocsin slo"
run 2 "$TOCSIN" slo show
says "name one file"
run 2 "$TOCSIN" status --context
says "needs a value"
run 2 "$TOCSIN" slo show "$work/nowhere.yaml"
says "nowhere.yaml"

# --- the configuration ---
config <<'YAML'
sources:
  - name: prom
    type: prometheus
    ulr: http://127.0.0.1:1
YAML
run 2 "$TOCSIN" status
says "config.yaml:4"
says "ulr"
says "url"

config <<'YAML'
sources:
  - name: prom
    type: prometheus
    url: http://127.0.0.1:1
    auth: {bearer: s3cret-literal}
YAML
run 2 "$TOCSIN" status
says "does not stand in this file"
case $out in *s3cret-literal*) fail "a secret was printed" ;; esac

config <<'YAML'
sources:
  - {name: prom, type: prometheus, url: "http://u:p4ss@h:1"}
  - {name: prom, type: prometheus, url: "http://h"}
services:
  - {name: a, model: {source: pron, name: m}}
YAML
run 2 "$TOCSIN" status
says "no user and no password"
case $out in *p4ss*) fail "a password was printed" ;; esac
says "two sources named"

printf 'sources:\n\t- name: x\n' | config
run 2 "$TOCSIN" status
says "config.yaml:2"

config <<'YAML'
contexts: [{name: prod, sources: []}]
YAML
run 2 "$TOCSIN" status --context pord
says "no context 'pord'"
run 2 "$TOCSIN" --config "$work/none.yaml" status
says "none.yaml"
run 2 "$TOCSIN" status --config "$work/none.yaml"
says "none.yaml"

# --- check says all of it, and what was read ---
config <<'YAML'
sources:
  - {name: prom, type: prometheus, evry: 5s}
  - {name: ml, type: mlflow, auth: {bearer: s3cret-literal}}
ui: {clock: mars}
YAML
run 1 "$TOCSIN" check
says "config.yaml:2:36"
says "did you mean 'every'"
says "config.yaml:3:45"
says "config.yaml:4:13"
case $out in *s3cret-literal*) fail "a secret was printed" ;; esac
run 1 "$TOCSIN" check --json
says '"ok": false'
says '"line": 4'

config <<'YAML'
sources:
  - {name: prom, type: prometheus, url: "http://127.0.0.1:1", auth: {bearer: {env: NOWHERE}}}
  - {name: other, type: no-such-system}
services:
  - {name: shop, slos: [none.yaml]}
YAML
run 1 "$TOCSIN" check
says "config.yaml:3"
says "no-such-system"
says "none.yaml"
sed -i '/other\|none.yaml\|services/d' "$XDG_CONFIG_HOME/tocsin/config.yaml"
run 0 "$TOCSIN" check
says "prometheus"
says "bearer"
run 2 "$TOCSIN" check operand
run 2 "$TOCSIN" check --config "$work/none.yaml"
says "none.yaml"

# --- the store ---
rm -f "$XDG_CONFIG_HOME/tocsin/config.yaml"
run 3 "$TOCSIN" status
says "there is no store"
mkdir -p "$XDG_STATE_HOME/tocsin"
chmod 700 "$XDG_STATE_HOME/tocsin"
echo "this is no database, whatever its name says, and it is long enough" >"$XDG_STATE_HOME/tocsin/seen.db"
chmod 600 "$XDG_STATE_HOME/tocsin/seen.db"
run 5 "$TOCSIN" status
says "seen.db"
grep -q "this is no database" "$XDG_STATE_HOME/tocsin/seen.db" || fail "a damaged file was replaced"

# --- SLO files ---
printf 'version: prometheus/v1\nservice: x\nslos:\n  - name: a\n    objective: 120\n' >"$work/bad.yaml"
run 1 "$TOCSIN" slo show "$work/bad.yaml"
says "bad.yaml:"
