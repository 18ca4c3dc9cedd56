"""Layers learn: small runs of the complete examples in `benches/training.py`."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture(scope="module")
def training() -> ModuleType:
    path = Path(__file__).parents[1] / "benches" / "training.py"
    spec = importlib.util.spec_from_file_location("training", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_latch_is_learnt(training: ModuleType) -> None:
    assert training.train_latch(steps=200, say=str) == 1.0


def test_a_rare_motif_is_found(training: ModuleType) -> None:
    # A tenth of the instances of the full run, twice the share of which hold the motif.
    assert training.train_repertoire(steps=200, instances=1000, share=0.01, say=str) > 0.9
