"""``hopfield landscape``, ``hopfield exponential`` and ``hopfield novelty``: tables, pictures, and mistakes."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import hopfield as hf
from hopfield import _exponential, _landscape, _novelty
from hopfield.cli import main

DOCS = Path(__file__).parents[1] / "docs"


def command(*arguments: object) -> int:
    return main([str(argument) for argument in arguments])


def is_like(out: Path, committed: Path) -> None:
    """A picture that is mostly neither white nor black, and as large as the one in the documentation."""
    with Image.open(out) as image, Image.open(committed) as other:
        assert image.size == other.size
        pixels = np.asarray(image.convert("L"))
    assert 0.2 < (pixels > 225).mean() < 0.97
    assert out.stat().st_size < 900_000


# Landscapes


def test_landscapes_are_counted_and_drawn(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "picture.png"
    assert command("landscape", "--out", out) == 0
    said, err = capsys.readouterr()
    assert err == ""
    rows = {line[:26].rstrip(): line[26:].split() for line in said.splitlines()}
    # One minimum when hot, one for each pattern when cold, and new ones where Epanechnikov's balls meet.
    assert rows["softmax, β = 1"] == ["0", "1", "0"]
    assert rows["softmax, β = 40"][:2] == ["6", "0"]
    assert rows["epanechnikov, β = 8"][:2] == ["6", "2"]
    assert said.endswith(f"Picture: {out}\n")
    is_like(out, DOCS / "hopfield-landscape.png")


def test_the_landscape_that_is_drawn_has_its_minima_where_they_are_drawn() -> None:
    for panel in (panel for row in _landscape.LANDSCAPES for panel in row):
        memory = panel.memory()
        minima = memory.fixed_points().minima()
        assert len(minima)
        beside = minima[:, np.newaxis] + 0.02 * np.array([[1, 0], [0, 1], [-1, 0], [0, -1]])
        around = memory.energy(beside.reshape(-1, 2)).reshape(-1, 4)
        assert (around >= memory.energy(minima)[:, np.newaxis]).all(), panel.title


# Capacities


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_exponential, "SIZES", (10, 13, 16))
    monkeypatch.setattr(_exponential, "MOST", 64)


@pytest.mark.usefixtures("small")
def test_capacities_are_measured_and_drawn(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "picture.png"
    assert command("exponential", "--trials", 4, "--threads", 2, "--out", out) == 0
    said, err = capsys.readouterr()
    assert err == ""
    assert [line.split()[0] for line in said.splitlines()[4:7]] == ["10", "13", "16"]
    assert "> 64" in said
    is_like(out, DOCS / "hopfield-exponential.png")


@pytest.mark.usefixtures("small")
def test_the_largest_number_is_where_half_of_the_trials_succeed() -> None:
    options = _exponential.Options(trials=8, seed=0, threads=1, out=Path())
    network = _exponential.networks()[-3]
    found = {begin: _exponential.largest(network, 16, begin, options) for begin in (1, 2, 16, 32)}
    # Wherever the search begins, it ends between the same two powers of 2.
    assert len({math.floor(math.log2(k)) for k in found.values()}) == 1
    low = 2 ** math.floor(math.log2(found[2]))
    rates = [
        hf.capacity.scan(
            n=16, k=k, memory=network.factory, patterns="spherical", tolerance=0.05, trials=8
        ).success_rate[0]
        for k in (low, 2 * low)
    ]
    assert rates[0] >= 0.5 > rates[1]
    assert math.isnan(_exponential.largest(_exponential.networks()[-1], 16, 64, options))


def test_moves_shrink_by_the_jacobian() -> None:
    for beta in _exponential.SETTLING_BETAS:
        moves, slope = _exponential.settling(beta)
        assert 0 < slope < 1
        seen = np.flatnonzero(moves > 1e-13)
        last = int(seen[-1])
        if moves[last] < 1e-8:
            assert moves[last] / moves[last - 1] == pytest.approx(slope, rel=0.02)


def test_the_theorem_promises_less_than_is_retrieved() -> None:
    # As many patterns as it promises: all are retrieved, it says, with probability 1 - p.
    for d in (25, 31, 40):
        k = math.ceil(_exponential.theorem(d))
        found = hf.capacity.scan(
            n=d, k=k, memory=lambda x: hf.ModernHopfield(x, beta=9.0), patterns="spherical", trials=20, tolerance=0.01
        )
        assert found.success_rate[0] == 1
    assert math.isnan(_exponential.theorem(10))


# Novelty


def test_digits_are_told_apart_as_the_readme_says(capsys: pytest.CaptureFixture[str]) -> None:
    assert command("novelty") == 0
    said, err = capsys.readouterr()
    assert err == ""
    scores = [line.split()[-3:] for line in said.splitlines() if line.startswith(("the stored ones", "STIXGeneral"))]
    assert len(scores) == 2
    readme = (Path(__file__).parents[1] / "README.md").read_text("utf-8")
    figure = re.search(r"area under the ROC curve (\d\.\d+)", readme)
    assert figure is not None
    for seen, unseen, auroc in scores:
        assert float(seen) < float(unseen)
        # Typefaces are drawn a little differently by other versions of matplotlib: seeds 0 to 4 give 0.946 to 0.976.
        assert abs(float(auroc) - float(figure[1])) < 0.02
    assert "the digits 0 1 2 3 4 in 12 typefaces" in said


def test_the_digits_are_drawn_whole_and_in_the_middle() -> None:
    images = _novelty.render(list(range(10)), _novelty.FACES, 1, np.random.default_rng(0))
    assert images.shape == (160, 28, 28)
    assert (images.max(axis=(1, 2)) > 0.9).all()
    ink = images.sum(axis=(1, 2))
    assert (ink > 20).all()
    assert (ink < 300).all()
    # Nothing is cut off at the border.
    border = np.concatenate([images[:, 0], images[:, -1], images[:, :, 0], images[:, :, -1]], axis=1)
    assert (border.max(axis=1) < 0.5).mean() > 0.95
    again = _novelty.render(list(range(10)), _novelty.FACES, 1, np.random.default_rng(0))
    assert np.array_equal(images, again)


def test_the_area_under_the_curve_counts_pairs() -> None:
    assert _novelty.auroc(np.array([0.0, 1.0]), np.array([2.0, 3.0])) == 1.0
    assert _novelty.auroc(np.array([2.0, 3.0]), np.array([0.0, 1.0])) == 0.0
    assert _novelty.auroc(np.array([1.0, 1.0]), np.array([1.0])) == 0.5
    rng = np.random.default_rng(0)
    low, high = rng.integers(0, 9, 30), rng.integers(3, 12, 20)
    pairs = np.mean([(a < b) + (a == b) / 2 for a in low for b in high])
    assert _novelty.auroc(low, high) == pytest.approx(pairs)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["novelty", "--unseen", "10"], "--unseen must name some of the digits 0 to 9, and not all; got 10"),
        (["novelty", "--unseen", *map(str, range(10))], "and not all; got 0 1 2 3 4 5 6 7 8 9"),
        (["novelty", "--seed", "-1"], "--seed must not be negative; got -1"),
        (["landscape", "--out", "picture.jpg"], "picture.jpg must name a .png file"),
        (["exponential", "--out", "missing/picture.png"], "missing is no folder to write picture.png to"),
        (["exponential", "--trials", "0"], "`trials` must be at least 1; got 0"),
        (["exponential", "--seed", "-1"], "`rng` must be a seed from 0 to 2**64 - 1; got -1"),
    ],
)
def test_mistakes(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    said: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert command(*arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert said in err
    assert err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("module", [_exponential, _landscape, _novelty])
def test_the_extra_is_named_where_it_is_missing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], module: Any
) -> None:
    found: Any = module.util.find_spec
    monkeypatch.setattr(module.util, "find_spec", lambda name: None if name == "matplotlib" else found(name))
    assert command(module.__name__.rpartition("_")[2]) == 2
    assert capsys.readouterr().err.count("pip install 'hopfield[plot]'") == 1
