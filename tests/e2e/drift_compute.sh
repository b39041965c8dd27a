#!/bin/sh
# drift_compute - two files compared column by column: figures, verdicts, words, exit codes
# shellcheck source=../lib.sh
. "$TOCSIN_TOP/tests/lib.sh"

need python3 python3
reference=$work/reference.csv
current=$work/current.csv

python3 - "$work" <<'PY'
import gzip, json, pathlib, sys

work = pathlib.Path(sys.argv[1])
state = 7


def draw():
    global state
    state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
    return (state >> 11) / 2**53


def normal():
    return sum(draw() for _ in range(12)) - 6


def rows(n, shift):
    for i in range(n):
        kind = "abc"[int(draw() * 3)] if not shift or draw() < 0.8 else "d"
        truth = draw() < 0.5
        right = draw() < (0.75 if shift else 0.9)
        yield {"x": normal() + shift, "kind": kind, "code": int(draw() * 4), "id": f"u{i:06}",
               "vector": [round(normal() + shift, 4) for _ in range(3)], "truth": int(truth),
               "guess": int(truth == right), "hole": None if i % 5 == 0 else normal()}


def csv(path, n, shift):
    with open(path, "w") as f:
        f.write("x,kind,code,id,vector,truth,guess,hole\n")
        for r in rows(n, shift):
            r["vector"] = '"' + json.dumps(r["vector"]) + '"'
            f.write(",".join("" if v is None else str(v) for v in r.values()) + "\n")


csv(work / "reference.csv", 1500, 0)
csv(work / "current.csv", 1200, 0.8)
csv(work / "same.csv", 1200, 0)
csv(work / "few.csv", 30, 0.8)
with gzip.open(work / "current.jsonl.gz", "wt") as f:
    for r in rows(1200, 0.8):
        f.write(json.dumps(r) + "\n")
(work / "odd.csv").write_text((work / "same.csv").read_text().replace("\n", "\nbroken,a,1,u,[],1,1,0\n", 1))
PY

run 1 "$TOCSIN" drift compute --reference "$reference" --current "$current" --share 0.4
says "new: d"
says "names or prose"
says "the dataset drifted"
run 0 "$TOCSIN" drift compute --reference "$reference" --current "$work/same.csv"
says "did not drift"
run 3 "$TOCSIN" drift compute --reference "$reference" --current "$work/few.csv" --column x
says "50 on each side"
run 1 "$TOCSIN" drift compute --reference "$reference" --current "$work/current.jsonl.gz" --column x
run 1 "$TOCSIN" drift compute --reference "$reference" --current "$current" --performance \
	--label truth --prediction guess
says "Accuracy"
says "Precision of the classes"
run 2 "$TOCSIN" drift compute --reference "$reference" --current "$current" --performance \
	--label truth --prediction kind
says "no prediction is ever a label"

# Every method says a number of what it can compare, and words of the rest.
for method in psi kl_div jensenshannon hellinger tvd ks wasserstein ed anderson \
	cramer_von_mises mannw t_test chisquare chi2_contingency g_test; do
	column=x
	case $method in chisquare | chi2_contingency | g_test) column=kind ;; esac
	run 1 "$TOCSIN" drift compute --method "$method" --reference "$reference" \
		--current "$current" --column "$column"
done
run 1 "$TOCSIN" drift compute --method linf --threshold 0.05 --reference "$reference" \
	--current "$current" --column x
for method in centroid_euclid mmd domain_classifier components; do
	run 1 "$TOCSIN" drift compute --method "$method" --reference "$reference" \
		--current "$current" --column vector
done
run 3 "$TOCSIN" drift compute --method ks --reference "$reference" --current "$current" --column kind
says "numbers, not categories"

# Bad input.
run 3 "$TOCSIN" drift compute --reference "$reference" --current "$work/odd.csv" --column x
says "'broken' is no number"
says "odd.csv:2"
run 2 "$TOCSIN" drift compute --reference "$reference" --current "$current" --column knid
says "did you mean 'kind'"
run 2 "$TOCSIN" drift compute --reference "$reference" --current "$current" --method kss
says "did you mean 'ks'"
run 2 "$TOCSIN" drift compute --reference "$reference" --current "$current" --bins evidentely
says "did you mean 'evidently'"
run 2 "$TOCSIN" drift compute --reference "$reference" --current "$current" --threshold much
says "wants a number"
run 2 "$TOCSIN" drift compute --reference "$reference" --current "$current" --threshold 0
says "wants a number"
run 2 "$TOCSIN" drift compute --reference "$reference" --current "$work/none.csv"
says "none.csv"
run 2 "$TOCSIN" drift compute --reference "$reference"
says "name two files"
printf 'x,y\n1,2\n3\n' >"$work/ragged.csv"
run 2 "$TOCSIN" drift compute --reference "$reference" --current "$work/ragged.csv"
says "line 3 has 1 fields"
: >"$work/empty.csv"
echo "x,y" >"$work/heading.csv"
run 3 "$TOCSIN" drift compute --reference "$work/empty.csv" --current "$work/empty.csv"
says "empty.csv' is empty: it has no columns"
run 3 "$TOCSIN" drift compute --reference "$work/heading.csv" --current "$work/heading.csv"
says "heading.csv' has columns and no rows"

# The document, and its figures against the vectors' where they are at hand.
"$TOCSIN" drift compute --share 0.4 --reference "$reference" --current "$current" --json >"$work/drift.json" ||
	[ $? = 1 ] || fail "no document"
python3 - "$work/drift.json" <<'PY' || fail "the document"
import json, sys

d = json.load(open(sys.argv[1]))
by = {r["column"]: r for r in d["results"]}
assert d["schema"] == "tocsin.drift/1" and d["dataset"]["drift"]
assert by["x"]["method"] == "wasserstein" and by["x"]["drifted"] and by["x"]["value"] > by["x"]["noise"]
assert by["kind"]["cells"]["new"] == ["d"] and by["kind"]["n_current"] == 1200
assert by["hole"]["dropped_reference"] == 300 and by["hole"]["verdict"] == "ok"
assert by["id"]["value"] is None and by["id"]["verdict"] == "not-comparable"
PY
vectors=${TOCSIN_SHARED:-}/data/drift/vectors.json
if [ -f "$vectors" ]; then
	python3 - "$vectors" "$work" "$TOCSIN" <<'PY' || fail "the vectors"
import json, subprocess, sys

vectors, work, tocsin = json.load(open(sys.argv[1])), sys.argv[2], sys.argv[3]
names = {"psi": "psi", "kl_div": "kl_div", "jensenshannon": "jensenshannon",
         "hellinger": "hellinger", "wasserstein_normed": "wasserstein"}
for v in vectors["groups"]["evidently_numerical"]:
    for side in ("reference", "current"):
        with open(f"{work}/{side}.txt", "w") as f:
            f.write("x\n" + "".join(f"{x!r}\n" for x in vectors["samples"][v["in"][side]]))
    for key, method in names.items():
        out = subprocess.run([tocsin, "drift", "compute", "--method", method, "--least", "1",
                              "--reference", f"{work}/reference.txt", "--json",
                              "--current", f"{work}/current.txt"], capture_output=True, text=True)
        got = json.loads(out.stdout)["results"][0]["value"]
        want = v["out"][key]
        if abs(got - want) > max(1e-9 * abs(want), 3e-8 * (want == 0)):
            sys.exit(f"{v['id']} {method}: {got!r}, wanted {want!r}")
PY
	echo "ok the vectors"
fi
