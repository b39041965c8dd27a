#!/bin/sh
# drift.sh - ours and SciPy (from PyPI, cached) over the same ten million values a side, one thread
# shellcheck source=../tests/lib.sh
. "$TOCSIN_TOP/tests/lib.sh"

venv scipy numpy scipy
OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1
export OPENBLAS_NUM_THREADS OMP_NUM_THREADS
bench=$TOCSIN_BUILD/bench/drift
"$bench" make "$work/values" "${1:-10000000}"
"$bench" run "$work/values" >"$work/ours"
"$venv/bin/python" "$TOCSIN_TOP/bench/drift_scipy.py" "$work/values" >"$work/theirs"
cat "$work/ours" "$work/theirs" | "$bench" say
