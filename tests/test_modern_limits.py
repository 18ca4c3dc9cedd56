"""Results too large for any memory are named errors, and what fits needs little beyond itself."""

from __future__ import annotations

import sys
from collections.abc import Callable

import numpy as np
import pytest

import hopfield as hf
from hopfield.errors import OutOfMemoryError
from processes import ask

LARGE = 3_000_000
TALL = np.zeros((LARGE, 1), np.float32)
FLAT = np.zeros((1, LARGE), np.float32)
MANY = hf.ModernHopfield(TALL, beta=1.0)
BROAD = hf.ModernHopfield(TALL[:1], values=FLAT, beta=1.0)

#: Small inputs, results of 36 terabytes.
HUGE: dict[str, Callable[[], object]] = {
    "association": lambda: MANY.association(TALL),
    "largest weights": lambda: MANY.association(TALL, top=LARGE),
    "step": lambda: BROAD.step(TALL),
    "retrieve": lambda: BROAD.retrieve(TALL, max_steps=1),
    "attention": lambda: hf.attention(TALL, TALL[:1], FLAT),
}


@pytest.mark.parametrize("name", HUGE)
def test_a_huge_result_is_a_memory_error(name: str) -> None:
    with pytest.raises(OutOfMemoryError, match=r"^not enough memory for \d+ bytes of") as caught:
        HUGE[name]()
    assert isinstance(caught.value, MemoryError)
    # And all goes on.
    assert MANY.association(TALL[:1], top=1)[1].tolist() == [[0]]


@pytest.mark.parametrize("shape", [(2**40, 1), (2**31, 2**15)])
def test_an_input_that_would_be_huge_is_a_memory_error(shape: tuple[int, int]) -> None:
    # A single number, seen very often: reading it needs a copy that cannot be had.
    given = np.broadcast_to(np.float64(1), shape)
    memory = hf.ModernHopfield(np.ones((1, shape[1]), np.float32), beta=1e-9)
    calls: list[Callable[[], object]] = [
        lambda: hf.ModernHopfield(given),
        lambda: memory.step(given),
        lambda: memory.retrieve(given),
        lambda: memory.energy(given),
        lambda: memory.add(given),
    ]
    for call in calls:
        with pytest.raises(MemoryError):
            call()
    assert len(memory) == 1


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the peak is read from /proc")
@pytest.mark.parametrize(
    ("name", "threads"),
    [
        ("retrieve", 1),
        ("retrieve", 2),
        ("retrieve", 8),
        ("step", 2),
        ("energy", 2),
        ("attention", 2),
        ("calibrate", 2),
        ("sparsemax", 2),
        ("a walk more", 2),
        ("epanechnikov", 2),
        ("pattern separation", 2),
        ("fixed points", 2),
        ("replay", 2),
    ],
)
def test_the_workspace_is_small(name: str, threads: int) -> None:
    # An association would be 1.6 gigabytes.
    found = ask("peak", name, threads)["mebibytes"]
    print(f"\n{name} on {threads} threads: {found:.1f} MiB")
    assert found < 64
