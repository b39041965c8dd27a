#!/bin/sh
# drift_compute - the figures and verdicts of drift compute are those of the real Evidently
# shellcheck source=../lib.sh
. "$TOCSIN_TOP/tests/lib.sh"
live
heavy

venv evidently "evidently>=0.7.20,<0.8" "pandas<3"
"$venv/bin/python" "$TOCSIN_TOP/tests/live/drift_compute.py" "$TOCSIN" "$work" || fail "they differ"
