"""The demo keeps its word: what it says of the photographs is so, and the picture shows it."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import hopfield as hf
from hopfield._demo import photographs, picture, report, runs
from hopfield.cli import main

EIGHT = len(photographs.FILES)
NEURONS = photographs.SIDE**2
COMMITTED = Path(__file__).parents[1] / "docs" / "hopfield-demo.png"


@pytest.fixture(scope="module")
def greys() -> photographs.Greys:
    return photographs.load()


@pytest.fixture(scope="module")
def every(greys: photographs.Greys) -> dict[str, runs.Run]:
    return runs.every(greys)


def test_the_photographs_come_from_the_wheel_of_scikit_image(greys: photographs.Greys) -> None:
    assert EIGHT == 8
    assert greys.shape == (EIGHT, 128, 128)
    assert greys.min() >= 0
    assert greys.max() <= 1
    assert (greys.std(axis=(1, 2)) > 0.05).all()


def test_local_contrast_is_balanced_and_nearly_uncorrelated(greys: photographs.Greys) -> None:
    patterns = photographs.local_contrast(greys)
    assert np.abs(patterns.mean(axis=1)).max() < 0.01  # the median is the threshold; some pixels tie with it

    def largest_overlap(spins: np.ndarray) -> float:
        overlaps = spins.astype(int) @ spins.T.astype(int) / NEURONS
        return np.abs(overlaps - np.eye(EIGHT)).max()

    assert largest_overlap(patterns) < 0.15
    assert largest_overlap(photographs.threshold(greys)) > 0.5


def test_the_cues_are_spoilt_as_they_say(every: dict[str, runs.Run]) -> None:
    lost = every["lost"]
    rows = round(runs.LOST * photographs.SIDE) * photographs.SIDE
    assert (lost.cues[:, -rows:] == -1).all()
    assert np.array_equal(lost.cues[:, :-rows], lost.stored[:, :-rows])
    flipped = every["flipped"]
    assert ((flipped.cues != flipped.stored).sum(axis=1) == round(0.3 * NEURONS)).all()
    half = every["half"]
    assert np.isnan(half.cues[:, NEURONS // 2 :]).all()
    assert np.array_equal(half.cues[:, : NEURONS // 2], half.stored[:, : NEURONS // 2])
    noise = every["noise"]
    ratio = (noise.cues - noise.stored).std(axis=1) / noise.stored.std(axis=1)
    assert np.abs(ratio - runs.NOISE).max() < 0.1


@pytest.mark.parametrize("name", ["lost", "flipped"])
def test_the_classical_network_retrieves_all_eight_exactly(every: dict[str, runs.Run], name: str) -> None:
    run = every[name]
    assert np.array_equal(run.retrieved, run.stored)
    assert run.hits.all()
    assert run.outcomes == ["memory"] * EIGHT
    assert (run.similarity == 1).all()
    assert run.cue_similarity.max() < 0.7


def test_photographs_thresholded_at_the_median_are_lost(every: dict[str, runs.Run]) -> None:
    run = every["plain"]
    assert not run.hits.any()
    assert (run.retrieved != run.stored).any(axis=1).all()
    assert set(run.outcomes) <= {"near_memory", "spurious", "antipattern", "memory"}
    assert run.similarity.mean() < run.cue_similarity.mean()
    assert "0/8 right: " in report.text({"plain": run})


@pytest.mark.parametrize("name", ["half", "noise"])
def test_the_modern_network_retrieves_all_eight(every: dict[str, runs.Run], name: str) -> None:
    run = every[name]
    assert run.hits.all()
    assert run.outcomes == ["pattern"] * EIGHT
    # The bound that calibration aims at, for a cosine: 1 - error**2 / 2.
    assert run.similarity.min() > 1 - 1e-3**2
    assert run.cue_similarity.max() < 0.8


def test_energies_fall_all_the_way(every: dict[str, runs.Run]) -> None:
    for run in every.values():
        assert run.energies.shape == (EIGHT, len(run.at))
        falls = np.diff(run.energies, axis=1)
        # Classical energies are exact integers, rounded once; modern ones are sums in float64 of float32 scores.
        slack = 0 if run.network.startswith("classical") else 16384 * 2.0**-24
        assert np.nanmax(falls) <= slack
        assert np.nanmin(falls) < 0


def test_the_curve_ends_where_the_retrieval_does(every: dict[str, runs.Run]) -> None:
    for name in ("lost", "flipped", "plain"):
        run = every[name]
        net = hf.ClassicalHopfield(run.stored)
        assert np.array_equal(run.energies[:, 0], net.energy(run.cues))
        assert np.array_equal(run.energies[:, -1], net.energy(run.retrieved))
        assert run.at[-1] == run.steps.max() - 1


def test_the_command_prints_the_table_and_draws_the_picture(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "picture.png"
    assert main(["demo", "--out", str(out)]) == 0
    said, err = capsys.readouterr()
    assert err == ""
    assert str(out) in said
    lines = said.splitlines()
    assert [heading for heading in report.HEADINGS if heading not in lines[2]] == []
    assert sum("8/8 right" in line for line in lines) == 4
    with Image.open(out) as image, Image.open(COMMITTED) as committed:
        assert image.width == 2 * picture.WIDTH
        assert image.size == committed.size  # the one in the README is of this version
        pixels = np.asarray(image.convert("L"))
    assert out.stat().st_size < 600_000
    assert 0.3 < (pixels > 240).mean() < 0.9  # paper, and something on it
    assert len(np.unique(pixels)) > 50


def test_a_retrieved_tile_looks_as_the_stored_one(tmp_path: Path, every: dict[str, runs.Run]) -> None:
    picture.write(tmp_path / "picture.png", every)
    pixels = np.asarray(Image.open(tmp_path / "picture.png").convert("L"))
    top, side = picture.MARGIN + picture.HEADING, photographs.SIDE

    def tile(row: int) -> np.ndarray:
        y = top + row * (side + picture.GAP) + (picture.CAPTION if row == 2 else 0)
        x = picture.TILES
        return pixels[2 * y : 2 * (y + side), 2 * x : 2 * (x + side)]

    assert np.array_equal(tile(0), tile(2))
    assert not np.array_equal(tile(0), tile(1))
    # Dark and light are -1 and +1 of the first photograph, each pixel a square of two by two.
    assert np.array_equal(tile(0)[::2, ::2] > 128, every["lost"].stored[0].reshape(side, side) > 0)


@pytest.mark.parametrize(
    ("out", "said"),
    [("missing/picture.png", "missing is no folder to write picture.png to"), ("picture.jpg", "must name a .png file")],
)
def test_a_picture_that_cannot_be_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], out: str, said: str
) -> None:
    assert main(["demo", "--out", str(tmp_path / out)]) == 2
    printed, err = capsys.readouterr()
    assert printed == ""
    assert said in err
    assert err.count("\n") == 1


def test_the_extra_is_named_where_it_is_missing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found = hf._demo.util.find_spec
    monkeypatch.setattr(hf._demo.util, "find_spec", lambda name: None if name == "skimage" else found(name))
    assert main(["demo"]) == 2
    assert capsys.readouterr().err.count("pip install 'hopfield[demo]'") == 1
