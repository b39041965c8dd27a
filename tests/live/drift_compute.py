"""What Evidently's own tests say of two columns, beside `tocsin drift compute --plain`.

drift_compute.py TOCSIN FOLDER: writes files there, compares both, exits 1 with the differences.
"""
import json
import subprocess
import sys
import warnings

import numpy as np
import pandas as pd
from evidently.legacy.calculations import stattests
from evidently.legacy.core import ColumnType

warnings.simplefilter("ignore")
tocsin, folder = sys.argv[1:]
rng = np.random.default_rng(3)
NUMBERS = ("psi_stat_test", "kl_div_stat_test", "jensenshannon_stat_test", "hellinger_stat_test",
           "wasserstein_stat_test", "ks_stat_test", "energy_dist_test", "anderson_darling_test",
           "cramer_von_mises", "t_test")
CATEGORIES = ("psi_stat_test", "kl_div_stat_test", "jensenshannon_stat_test",
              "hellinger_stat_test", "chi_stat_test")
OURS = {"psi_stat_test": "psi", "kl_div_stat_test": "kl_div", "jensenshannon_stat_test":
        "jensenshannon", "hellinger_stat_test": "hellinger", "wasserstein_stat_test":
        "wasserstein", "ks_stat_test": "ks", "energy_dist_test": "ed", "anderson_darling_test":
        "anderson", "cramer_von_mises": "cramer_von_mises", "t_test": "t_test",
        "chi_stat_test": "chisquare"}


def frame(n, shift):
    return pd.DataFrame({
        "normal": rng.normal(shift, 1 + shift, n),
        "heavy": np.exp(rng.normal(shift, 1, n)),
        "few": rng.integers(0, 9 + int(4 * shift), n).astype(float),
        "kind": rng.choice(list("abc") + (["d"] if shift else []), n),
    })


def ours(column, method, sides):
    out = subprocess.run([tocsin, "drift", "compute", "--json", "--plain", "--column", column,
                          "--method", method, "--reference", sides[0], "--current", sides[1]],
                         capture_output=True, text=True)
    return json.loads(out.stdout)["results"][0]


compared = wrong = 0
for n, m, shift in ((600, 500, 0.0), (600, 500, 0.2), (2500, 1800, 0.1)):
    reference, current = frame(n, 0), frame(m, shift)
    sides = f"{folder}/reference.csv", f"{folder}/current.csv"
    reference.to_csv(sides[0], index=False)
    current.to_csv(sides[1], index=False)
    for column in reference:
        kind = ColumnType.Categorical if column == "kind" else ColumnType.Numerical
        for name in CATEGORIES if column == "kind" else NUMBERS:
            test = getattr(stattests, name, None)
            if test is None or not hasattr(test, "func"):
                continue
            theirs = test.func(reference[column], current[column], kind, test.default_threshold)
            one = ours(column, OURS[name], sides)
            score = one["p_value"] if one["threshold_of_p"] else one["value"]
            compared += 1
            if abs(score - theirs[0]) > max(1e-8 * abs(theirs[0]), 3e-8) or \
                    one["drifted"] != bool(theirs[1]):
                wrong += 1
                print(f"{n}/{m} {column} {name}: {score!r} {one['drifted']}, Evidently "
                      f"{theirs[0]!r} {bool(theirs[1])}")
print(f"{compared} compared, {wrong} differ")
sys.exit(wrong > 0 or compared < 60)
