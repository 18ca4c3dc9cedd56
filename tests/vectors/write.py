"""Write the test vectors that the Rust integration tests read: ``python tests/vectors/write.py``.

Everything comes from the oracle, inputs included (its pinned random numbers), so
the files are a pure function of this script and of `cases`. One case a line. Words of 64 bits are
decimal strings; floats are written so that they come back to the bit (a reader of
JSON must round correctly); null stands for "not given", and for plus infinity: the energy
of a query whose patterns are all masked, the separation of a lone pattern.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from vectors.cases import (
    capacity,
    classical,
    dense,
    exponential,
    modern,
    random_numbers,
    rules,
    separations,
    sparse,
)
from vectors.cases.drawing import Json

HERE = Path(__file__).resolve().parent


def lines(groups: dict[str, list[Json]]) -> str:
    """The groups as one JSON object, one case a line."""
    parts = []
    for name, cases in groups.items():
        rows = ",\n".join(json.dumps(c, separators=(",", ":"), allow_nan=False) for c in cases)
        parts.append(f'"{name}":[\n{rows}\n]')
    return "{\n" + ",\n".join(parts) + "\n}\n"


def files() -> dict[str, str]:
    """The text of every vector file, by name."""
    return {
        "rng.json": lines(random_numbers.rng_vectors()),
        "capacity.json": lines(
            {
                "bounds": capacity.bound_cases(),
                "ramsauer": capacity.ramsauer_cases(),
                "mean_field": capacity.mean_field_cases(),
                "trials": capacity.trial_cases(),
            }
        ),
        "exponential.json": lines({"cases": exponential.exponential_cases()}),
        "separations.json": lines({"cases": separations.separation_cases()}),
        "classical.json": lines(
            {"cases": [classical.classical_case(i, plan) for i, plan in enumerate(classical.CLASSICAL_PLAN)]}
        ),
        "rules.json": lines({"cases": rules.rule_cases()}),
        "sparse.json": lines({"cases": sparse.sparse_cases()}),
        "dense.json": lines({"cases": [dense.dense_case(i, plan) for i, plan in enumerate(dense.DENSE_PLAN)]}),
        "modern.json": lines(
            {
                "cases": [modern.modern_case(i, plan) for i, plan in enumerate(modern.MODERN_PLAN)],
                "calibrations": modern.calibration_cases(),
                "attentions": modern.attention_cases(),
            }
        ),
    }


if __name__ == "__main__":
    for name, text in files().items():
        (HERE / name).write_text(text, encoding="utf-8")
