"""The files of vectors that the Rust tests read: written by the oracle, and covering every end."""

from __future__ import annotations

import json

import pytest

from drawn import HERE
from vectors import write


@pytest.fixture(scope="module")
def written() -> dict[str, str]:
    """What the script would write now."""
    return write.files()


NAMES = ["rng", "classical", "rules", "sparse", "dense", "modern", "separations", "exponential", "capacity"]


def test_no_file_is_forgotten(written: dict[str, str]) -> None:
    assert set(written) == {f"{name}.json" for name in NAMES}


@pytest.mark.parametrize("name", [f"{name}.json" for name in NAMES])
def test_the_vectors_are_what_the_oracle_says(name: str, written: dict[str, str]) -> None:
    text = (HERE / "vectors" / name).read_text("utf-8")
    assert text == written[name]
    assert len(text) < (700_000 if name == "separations.json" else 300_000)


def test_the_vectors_cover_every_end(written: dict[str, str]) -> None:
    cases = json.loads(written["classical.json"])["cases"]
    assert {case["result"]["reason"] for case in cases} == {
        "fixed_point",
        "cycle",
        "memory",
        "energy",
        "patience",
        "max_updates",
        "max_sweeps",
        "schedule_end",
    }
    assert {case["result"]["outcome"] for case in cases} == {
        "cycle",
        "memory",
        "antipattern",
        "mixture",
        "near_memory",
        "spurious",
        "unsettled",
    }
    cases = json.loads(written["modern.json"])["cases"]
    assert {case["result"]["reason"] for case in cases} == {"tolerance", "max_steps", "masked"}
    assert {case["query_diagnosis"]["kind"] for case in cases} == {
        "pattern",
        "metastable",
        "global",
    }
