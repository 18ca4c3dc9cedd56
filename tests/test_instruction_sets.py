"""Every instruction set of this processor gives the same bits, and each was exercised (`-s` shows which)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bits import NETWORKS
from hopfield import _core

HERE = Path(__file__).resolve().parent
VARIABLE = "HOPFIELD_INSTRUCTION_SET"

# What the kernels of a set are compiled for, in the words of /proc/cpuinfo.
NEEDS = {
    "avx2": {"avx2", "fma", "f16c", "popcnt"},
    "avx512": {"avx2", "fma", "f16c", "popcnt"}
    | {"avx512f", "avx512bw", "avx512dq", "avx512vl", "avx512vbmi", "avx512_vbmi2", "avx512_vnni", "avx512_vpopcntdq"},
}


def answers(instruction_set: str | None) -> dict[str, Any]:
    """What `bits.py` prints in a process of its own."""
    environment = {name: value for name, value in os.environ.items() if name != VARIABLE}
    if instruction_set is not None:
        environment[VARIABLE] = instruction_set
    program = [sys.executable, str(HERE / "bits.py")]
    run = subprocess.run(program, env=environment, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    found: dict[str, Any] = json.loads(run.stdout)
    return found


@pytest.fixture(scope="module")
def by_set() -> dict[str, dict[str, Any]]:
    return {name: answers(name) for name in _core.instruction_sets()}


def test_every_instruction_set_gives_the_same_bits(by_set: dict[str, dict[str, Any]]) -> None:
    print(f"\ninstruction sets that ran: {', '.join(by_set)}")
    assert [found["instruction_set"] for found in by_set.values()] == list(by_set)
    reference = by_set["portable"]["answers"]
    assert {name.partition(":")[0] for name in reference} == set(NETWORKS)
    # Not the same hash again and again.
    assert len(set(reference.values())) > len(reference) / 2
    for name, found in by_set.items():
        differing = [question for question, hash_ in found["answers"].items() if hash_ != reference[question]]
        assert differing == [], f"{name} differs from portable"


def test_every_instruction_set_of_the_processor_was_exercised(by_set: dict[str, dict[str, Any]]) -> None:
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text("utf-8").splitlines() if cpuinfo.exists() else []
    flags = next((set(line.partition(":")[2].split()) for line in lines if line.startswith("flags")), None)
    if flags is None:
        pytest.skip("this system does not say what its processor has")
    reported = {name for name, needed in NEEDS.items() if needed <= flags}
    print(f"\ninstruction sets that the processor reports: {', '.join(sorted(reported)) or 'none'}")
    assert reported <= by_set.keys()


def test_a_set_that_is_not_there_is_not_used() -> None:
    widest = _core.instruction_sets()[-1]
    program = "from hopfield import _core; print(_core.instruction_set())"
    for name in ("quantum", "", None):
        environment = {key: value for key, value in os.environ.items() if key != VARIABLE}
        if name is not None:
            environment[VARIABLE] = name
        run = subprocess.run(
            [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True
        )
        assert run.stdout.strip() == widest
