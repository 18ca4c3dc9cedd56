"""What a scan of capacities keeps: tables that come back to the bit, and plots."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hopfield.capacity import CapacityScan, basin, scan
from hopfield.errors import InvalidInputError, MissingExtraError
from scans import COLUMNS, COMMON, same

# Tables


def finite(low: float, high: float) -> st.SearchStrategy[float]:
    return st.floats(low, high)


@st.composite
def scans(draw: st.DrawFn) -> CapacityScan:
    size = draw(st.integers(1, 4))

    def column(values: st.SearchStrategy[Any], dtype: str) -> Any:
        return np.array(draw(st.lists(values, min_size=size, max_size=size)), dtype)

    counts, shares = st.integers(0, 2**62), st.one_of(st.floats(-1, 1), st.just(float("nan")))
    values = {
        name: column(counts, "i8") if name in ("n", "k", "trials", "successes") else column(shares, "f8")
        for name in COLUMNS
    }
    text = st.text(st.characters(codec="utf-8", exclude_characters="\r\0", exclude_categories=["Cs"]))
    return CapacityScan(
        memory=draw(text), patterns="spins", seed=draw(st.integers(0, 2**64 - 1)), confidence=0.9, **values
    )


@given(scans())
def test_a_table_comes_back_to_the_bit(tmp_path_factory: pytest.TempPathFactory, found: CapacityScan) -> None:
    path = tmp_path_factory.mktemp("scan") / "scan.csv"
    found.to_csv(path)
    again = CapacityScan.from_csv(path)
    assert same(found, again)
    assert [getattr(again, name) for name in COMMON] == [getattr(found, name) for name in COMMON]
    for name in COLUMNS:
        assert getattr(again, name).dtype == getattr(found, name).dtype


def test_a_table_is_what_others_read(tmp_path: Path) -> None:
    scan(n=50, k=[2, 20], trials=5).to_csv(tmp_path / "scan.csv")
    table = np.genfromtxt(tmp_path / "scan.csv", delimiter=",", names=True, dtype=None, encoding="utf-8")
    assert table["k"].tolist() == [2, 20]
    assert table["memory"].tolist() == ["hebbian"] * 2
    assert (table["overlap"] <= 1).all()


@pytest.mark.parametrize(
    "text", ["", "n,k\n1,2\n", "HEADING\n", "HEADING\nhebbian,spins,0\n", "HEADING\nhebbian,spins,zero" + ",0" * 13]
)
def test_a_table_of_something_else_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "scan.csv"
    path.write_text(text.replace("HEADING", ",".join(CapacityScan.__slots__)), "utf-8")
    with pytest.raises(InvalidInputError, match="must be a table as `to_csv` writes it"):
        CapacityScan.from_csv(path)


def test_tables_of_two_scans_are_not_one(tmp_path: Path) -> None:
    path = tmp_path / "scan.csv"
    scan(n=50, k=2, trials=5).to_csv(path)
    lines = path.read_text("utf-8").splitlines()
    path.write_text("\n".join([*lines, lines[1].replace("hebbian,spins,0", "hebbian,spins,1")]), "utf-8")
    with pytest.raises(InvalidInputError, match="`seed` must be the same in all lines"):
        CapacityScan.from_csv(path)


# Plots


@pytest.fixture
def ax() -> Any:
    figure = pytest.importorskip("matplotlib.figure").Figure()
    return figure.subplots()


def test_a_scan_is_drawn_against_the_load(ax: Any) -> None:
    found = scan(n=[40, 80], alpha=[0.2, 0.1], trials=10)
    assert found.plot(ax) is ax
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("load, patterns / neurons", "overlap with the pattern")
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["n = 40", "n = 80"]
    line = ax.containers[0].lines[0]
    assert line.get_xdata().tolist() == [0.1, 0.2]
    assert line.get_ydata().tolist() == found.overlap[[1, 0]].tolist()
    assert len({container.lines[0].get_color() for container in ax.containers}) == 2


def test_a_basin_is_drawn_against_the_corruption(ax: Any) -> None:
    found = basin(n=40, k=[2, 5], corruption=[0.1, 0.3], trials=10)
    found.plot(ax)
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("corruption of the cue", "share of patterns retrieved")
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["n = 40, k = 2", "n = 40, k = 5"]
    found.plot(ax, quantity="overlap")
    assert ax.get_ylabel() == "overlap with the pattern"
    with pytest.raises(InvalidInputError, match="`quantity` must be one of 'overlap', 'success_rate'; got 'energy'"):
        found.plot(ax, quantity="energy")


def test_a_single_trial_is_drawn_without_an_interval(ax: Any) -> None:
    found = scan(n=40, k=2, trials=1)
    assert np.isnan(found.overlap_low).all()
    found.plot(ax)


def test_without_matplotlib_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'hopfield\[plot\]'"):
        scan(n=20, k=2, trials=2).plot()
