"""``hopfield capacity``: its table, its numbers, its picture, and its mistakes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import hopfield as hf
from hopfield import _phase_diagram
from hopfield.cli import main

COMMITTED = Path(__file__).parents[1] / "docs" / "hopfield-capacity.png"
SMALL = ["--sizes", "60", "30", "--loads", "0.04", "0.2", "5", "--trials", "6", "--threads", "2"]


def command(*arguments: object) -> int:
    return main(["capacity", *map(str, arguments)])


def test_it_prints_a_table_writes_the_numbers_and_draws_the_picture(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, csv = tmp_path / "picture.png", tmp_path / "numbers.csv"
    assert command(*SMALL, "--out", out, "--csv", csv) == 0
    said, err = capsys.readouterr()
    assert err == ""
    found = hf.capacity.CapacityScan.from_csv(csv)
    expected = hf.capacity.scan(n=[30, 60], alpha=np.linspace(0.04, 0.2, 5), trials=6)
    assert found.overlap.tolist() == expected.overlap.tolist()
    lines = said.splitlines()
    assert "means of 6 networks" in lines[0]
    assert lines[3].split() == ["load", "theory", "n", "=", "30", "n", "=", "60"]
    rows = [line.split() for line in lines[5:10]]
    assert [row[0] for row in rows] == [f"{alpha:.3f}" for alpha in found.alpha[5:]]
    assert [row[2] for row in rows] == [f"{overlap:.3f}" for overlap in found.overlap[:5]]
    assert [row[5] for row in rows] == [f"{rate:.0%}" for rate in found.success_rate[5:]]
    assert "memories are lost at load 0.137906" in said
    assert f"Numbers: {csv}\nPicture: {out}\n" in said
    with Image.open(out) as image, Image.open(COMMITTED) as committed:
        assert image.size == committed.size  # the one in the README is of this version
        pixels = np.asarray(image.convert("L"))
    assert 0.5 < (pixels > 225).mean() < 0.97
    assert out.stat().st_size < 300_000


def test_the_seed_fixes_the_picture(tmp_path: Path) -> None:
    pictures = []
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        assert command(*SMALL, "--seed", seed, "--out", tmp_path / f"{name}.png") == 0
        pictures.append((tmp_path / f"{name}.png").read_bytes())
    assert pictures[0] == pictures[1] != pictures[2]


@pytest.mark.parametrize(
    "options", [["--loads", "0.1", "0.1", "1"], ["--corruption", "0.2"], ["--sizes", "40", "40"], ["--trials", "1"]]
)
def test_small_and_odd_scans_are_drawn_too(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str]
) -> None:
    assert command(*SMALL, *options, "--out", tmp_path / "picture.png") == 0
    said, _ = capsys.readouterr()
    assert (" with 20% of its neurons flipped" in said) == ("--corruption" in options)
    assert (tmp_path / "picture.png").exists()


def test_the_theory_that_is_drawn_falls_at_the_critical_load() -> None:
    critical = hf.capacity.critical_load()
    loads, overlaps = _phase_diagram._theory(critical)
    assert overlaps[0] == 1
    assert (np.diff(overlaps) <= 0).all()
    assert (loads[-2], overlaps[-2:].tolist()) == (critical, [0, 0])
    assert overlaps[-3] == pytest.approx(0.9674, abs=1e-4)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (
            ["--loads", "0.2", "0.1", "5"],
            "--loads must be two loads above 0 and at most 1, in order, and how many; got",
        ),
        (["--loads", "0.1", "1.2", "5"], "got 0.1 1.2 5"),
        (["--loads", "0.1", "0.2", "2.5"], "got 0.1 0.2 2.5"),
        (
            ["--loads", "0.01", "0.2", "3", "--sizes", "20"],
            "`alpha` must make at least one pattern; got 0.01 with n = 20",
        ),
        (["--sizes", "1", "20"], "--sizes must be at least 2; got 1"),
        (["--sizes", "many"], "invalid int value: 'many'"),
        (["--trials", "0"], "`trials` must be at least 1; got 0"),
        (["--corruption", "2"], "`corruption` must be from 0 to 1; got 2"),
        (["--seed", "-1"], "`rng` must be a seed from 0 to 2**64 - 1; got -1"),
        (["--threads", "0"], "`n_threads` must be at least 1; got 0"),
        (["--out", "missing/picture.png"], "missing is no folder to write picture.png to"),
        (["--out", "picture.jpg"], "picture.jpg must name a .png file"),
        (["--csv", "numbers.txt"], "numbers.txt must name a .csv file"),
    ],
)
def test_mistakes(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    options: list[str],
    said: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert command(*options) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert said in err
    assert err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_the_extra_is_named_where_it_is_missing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found: Any = _phase_diagram.util.find_spec
    monkeypatch.setattr(_phase_diagram.util, "find_spec", lambda name: None if name == "matplotlib" else found(name))
    assert command() == 2
    assert capsys.readouterr().err.count("pip install 'hopfield[plot]'") == 1
