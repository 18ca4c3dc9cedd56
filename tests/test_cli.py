"""The command line: what it writes and prints, and that every mistake is one line and status 2."""

import io
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import hopfield as hf
from hopfield import _terminal
from hopfield.cli import main

Run = Callable[..., str]


@pytest.fixture
def mistake(capsys: pytest.CaptureFixture[str]) -> Run:
    """The one line that a mistaken command line gives."""

    def run(*arguments: object) -> str:
        assert main([str(argument) for argument in arguments]) == 2
        out, err = capsys.readouterr()
        assert out == ""
        assert err.startswith("hopfield: error: ")
        assert err.endswith("\n")
        assert err.count("\n") == 1, err
        return err.removeprefix("hopfield: error: ").rstrip()

    return run


@pytest.fixture
def succeed(capsys: pytest.CaptureFixture[str]) -> Run:
    """What a command prints that does its work and complains of nothing."""

    def run(*arguments: object) -> str:
        assert main([str(argument) for argument in arguments]) == 0
        out, err = capsys.readouterr()
        assert err == ""
        return out

    return run


def save(folder: Path, images: dict[str, np.ndarray]) -> Path:
    folder.mkdir()
    for name, pixels in images.items():
        Image.fromarray(pixels).save(folder / name)
    return folder


def greys(seed: int, count: int, shape: tuple[int, ...] = (12, 16)) -> list[np.ndarray]:
    return list(np.random.default_rng(seed).integers(0, 256, (count, *shape), dtype=np.uint8))


def retrieve(store: object, cues: object, out: object, *more: object) -> list[object]:
    return ["retrieve", "--store", store, "--cues", cues, "--out", out, *more]


# Images


def test_grey_images_are_retrieved_from_noisy_ones(tmp_path: Path, succeed: Run) -> None:
    images = {f"photo{i}.png": image for i, image in enumerate(greys(0, 5))}
    noisy = {
        name: (0.6 * image + 0.4 * noise).astype(np.uint8)
        for (name, image), noise in zip(images.items(), greys(1, 5), strict=True)
    }
    store, cues = save(tmp_path / "store", images), save(tmp_path / "cues", noisy)
    said = succeed(*retrieve(store, cues, tmp_path / "new" / "out"))
    for name, image in images.items():
        found = np.asarray(Image.open(tmp_path / "new" / "out" / name))
        # At the calibrated beta a grey value is missed by less than a thousandth of the range, before rounding.
        assert np.abs(found.astype(int) - image.astype(int)).max() <= 1
    lines = said.splitlines()
    assert lines[0].split() == ["cue", "pattern", "weight", "outcome", "steps", "energy", "ended", "by"]
    assert [line.split()[:2] for line in lines[2:7]] == [[name, name] for name in images]
    assert "cues: 5, from 5 stored patterns of 192 by the modern network" in said


def test_black_and_white_images_use_the_classical_network(tmp_path: Path, succeed: Run) -> None:
    images = {f"{i}.png": np.where(image > 127, 255, 0).astype(np.uint8) for i, image in enumerate(greys(2, 4))}
    spoilt = {name: image.copy() for name, image in images.items()}
    for image in spoilt.values():
        image[8:] = 0
    said = succeed(*retrieve(save(tmp_path / "a", images), save(tmp_path / "b", spoilt), tmp_path / "c"))
    for name, image in images.items():
        assert np.array_equal(np.asarray(Image.open(tmp_path / "c" / name)), image)
    assert "by the classical network" in said
    assert "outcomes: 4 memory" in said


def test_colours_are_kept_and_jpeg_is_read(tmp_path: Path, succeed: Run) -> None:
    rng = np.random.default_rng(3)
    store = tmp_path / "store"
    store.mkdir()
    for name in ("a.jpg", "b.jpeg"):
        coarse = Image.fromarray(rng.integers(0, 256, (4, 4, 3), dtype=np.uint8))
        coarse.resize((32, 32)).save(store / name, quality=90)
    said = succeed(*retrieve(store, store / "a.jpg", tmp_path / "out"))
    found, stored = (np.asarray(Image.open(file)).astype(int) for file in (tmp_path / "out" / "a.png", store / "a.jpg"))
    assert found.shape == (32, 32, 3)
    assert np.abs(found - stored).max() <= 1
    assert "cues: 1, from 2 stored patterns of 3072" in said


def test_a_colour_cue_of_grey_patterns_is_taken_as_grey(tmp_path: Path, succeed: Run) -> None:
    images = {f"{i}.png": image for i, image in enumerate(greys(4, 3))}
    cue = {"tinted.png": np.stack([images["1.png"], images["1.png"], images["1.png"] // 2], axis=-1)}
    succeed(*retrieve(save(tmp_path / "a", images), save(tmp_path / "b", cue), tmp_path / "c"))
    found = np.asarray(Image.open(tmp_path / "c" / "tinted.png")).astype(int)
    assert np.abs(found - images["1.png"]).max() <= 1


def test_sixteen_bits_are_scaled_and_not_cut_off(tmp_path: Path, succeed: Run) -> None:
    images = {f"{i}.png": image for i, image in enumerate(greys(5, 3))}
    deep = {"deep.png": images["2.png"].astype(np.uint16) * 257}
    succeed(*retrieve(save(tmp_path / "a", images), save(tmp_path / "b", deep), tmp_path / "c.npy"))
    assert np.abs(np.load(tmp_path / "c.npy")[0].astype(int) - images["2.png"]).max() <= 1


def test_images_of_one_stem_do_not_overwrite_each_other(tmp_path: Path, succeed: Run) -> None:
    store = save(tmp_path / "store", dict(zip(("x.png", "y.png"), greys(6, 2), strict=True)))
    cues = tmp_path / "cues"
    cues.mkdir()
    for name in ("x.png", "x.bmp"):
        Image.open(store / "x.png").save(cues / name)
    succeed(*retrieve(store, cues, tmp_path / "out"))
    assert {file.name for file in (tmp_path / "out").iterdir()} == {"x.png.png", "x.bmp.png"}


@pytest.mark.parametrize("clamp", [False, True])
def test_known_pixels_are_enough(tmp_path: Path, succeed: Run, clamp: bool) -> None:
    images = {f"{i}.png": image for i, image in enumerate(greys(7, 4))}
    mask = np.zeros((12, 16), dtype=np.uint8)
    mask[:6] = 255
    spoilt = {name: np.where(mask, image, 200).astype(np.uint8) for name, image in images.items()}
    save(tmp_path / "masks", {"mask.png": mask})
    np.save(tmp_path / "mask.npy", mask > 0)
    store, cues = save(tmp_path / "a", images), save(tmp_path / "b", spoilt)
    for name in ("masks/mask.png", "mask.npy"):
        out = tmp_path / Path(name).name.replace(".", "_")
        more = ["--known", tmp_path / name, *(["--clamp"] if clamp else [])]
        succeed(*retrieve(store, cues, out, *more))
        for file, image in images.items():
            found = np.asarray(Image.open(out / file)).astype(int)
            assert np.abs(found - image).max() <= 1
            assert not clamp or np.array_equal(found[:6], image[:6])


# Arrays


def test_spins_in_an_array_use_the_classical_network(tmp_path: Path, succeed: Run) -> None:
    patterns = hf.spins(np.random.default_rng(8).random((4, 100)) < 0.5)
    np.save(tmp_path / "store.npy", patterns.astype(np.float64))
    np.save(tmp_path / "cues.npy", hf.corrupt.flip(patterns, 0.2, 0))
    said = succeed(*retrieve(tmp_path / "store.npy", tmp_path / "cues.npy", tmp_path / "out.npy", "--seed", 3))
    assert np.array_equal(np.load(tmp_path / "out.npy"), patterns)
    assert said.splitlines()[2].split()[:4] == ["0", "0", "1.000", "memory"]


def test_booleans_come_back_as_booleans_in_their_shape(tmp_path: Path, succeed: Run) -> None:
    patterns = np.random.default_rng(9).random((3, 8, 8)) < 0.5
    np.save(tmp_path / "store.npy", patterns)
    np.save(tmp_path / "cue.npy", patterns[1])
    np.save(tmp_path / "cues.npy", patterns[[2, 0]])
    succeed(*retrieve(tmp_path / "store.npy", tmp_path / "cues.npy", tmp_path / "out.npy"))
    found = np.load(tmp_path / "out.npy")
    assert found.dtype == bool
    assert np.array_equal(found, patterns[[2, 0]])


def test_real_arrays_are_retrieved_as_the_package_does(tmp_path: Path, succeed: Run) -> None:
    rng = np.random.default_rng(10)
    patterns = rng.standard_normal((60, 32))
    cues = patterns[:50] + 0.3 * rng.standard_normal((50, 32))
    np.save(tmp_path / "store.npy", patterns)
    np.save(tmp_path / "cues.npy", cues)
    options = ["--beta", 0.7, "--max-steps", 4]
    said = succeed(*retrieve(tmp_path / "store.npy", tmp_path / "cues.npy", tmp_path / "out.npy", *options))
    expected = hf.ModernHopfield(patterns, beta=0.7).retrieve(cues, max_steps=4).states
    assert np.array_equal(np.load(tmp_path / "out.npy"), expected)
    assert "... and 10 more" in said
    assert "beta 0.7" in said


def test_no_cues_give_no_answers(tmp_path: Path, succeed: Run) -> None:
    np.save(tmp_path / "store.npy", np.eye(4))
    np.save(tmp_path / "cues.npy", np.empty((0, 4)))
    said = succeed(*retrieve(tmp_path / "store.npy", tmp_path / "cues.npy", tmp_path / "out.npy"))
    assert np.load(tmp_path / "out.npy").shape == (0, 4)
    assert "outcomes: none" in said


def test_what_the_package_warns_of_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    np.save(tmp_path / "store.npy", np.array([[1.0, 0], [0, 1], [3, 3]]))
    np.save(tmp_path / "cues.npy", np.eye(2))
    arguments = retrieve(tmp_path / "store.npy", tmp_path / "cues.npy", tmp_path / "out.npy")
    assert main(list(map(str, arguments))) == 0
    err = capsys.readouterr().err
    assert err.startswith("hopfield: warning: no beta retrieves 67% of the patterns")
    assert err.count("\n") == 1


# Mistakes


def test_command_lines_that_are_none(mistake: Run) -> None:
    assert "are required" in mistake()
    assert "invalid choice: 'recall'" in mistake("recall")
    assert "--store, --cues, --out" in mistake("retrieve")
    assert "invalid choice: 'quantum'" in mistake(*retrieve("a", "b", "c", "--network", "quantum"))
    assert "invalid float value: 'hot'" in mistake(*retrieve("a", "b", "c", "--beta", "hot"))
    assert "unrecognized arguments: --fast (see hopfield --help)" in mistake("info", "--fast")


def test_paths_that_lead_nowhere(tmp_path: Path, mistake: Run) -> None:
    (tmp_path / "empty").mkdir()
    np.save(tmp_path / "eye.npy", np.eye(3))
    eye = tmp_path / "eye.npy"
    assert "nowhere does not exist" in mistake(*retrieve(tmp_path / "nowhere", eye, tmp_path / "out.npy"))
    assert "nowhere.npy does not exist" in mistake(*retrieve(eye, tmp_path / "nowhere.npy", tmp_path / "out.npy"))
    assert "empty holds no images" in mistake(*retrieve(tmp_path / "empty", eye, tmp_path / "out.npy"))
    missing = tmp_path / "missing" / "out.npy"
    assert "missing is no folder to write out.npy to" in mistake(*retrieve(eye, eye, missing))
    assert "would overwrite what is read" in mistake(*retrieve(eye, eye, tmp_path / "." / "eye.npy"))
    assert "--out must be a .npy file" in mistake(*retrieve(eye, eye, tmp_path / "out"))


@pytest.mark.parametrize("name", ["notes.txt", "broken.png", "broken.jpg"])
def test_a_file_that_is_no_image_is_named(tmp_path: Path, mistake: Run, name: str) -> None:
    store = save(tmp_path / "store", dict(zip(("x.png", "y.png"), greys(11, 2), strict=True)))
    whole = io.BytesIO()
    Image.open(store / "x.png").save(whole, format="JPEG" if name.endswith("jpg") else "PNG")
    (store / name).write_bytes(b"no image at all" if name.endswith("txt") else whole.getvalue()[:100])
    said = mistake(*retrieve(store, store / "x.png", tmp_path / "out"))
    assert said == f"{store / name} is no image that can be read; give PNG or JPEG files"
    assert not (tmp_path / "out").exists()


def test_hidden_files_and_folders_in_a_folder_are_not_read(tmp_path: Path, succeed: Run) -> None:
    store = save(tmp_path / "store", dict(zip(("x.png", "y.png"), greys(12, 2), strict=True)))
    (store / ".DS_Store").write_bytes(b"no image")
    (store / "more").mkdir()
    assert "from 2 stored patterns" in succeed(*retrieve(store, store / "x.png", tmp_path / "out"))


def test_images_of_another_size_are_named(tmp_path: Path, mistake: Run) -> None:
    (small,), (large,) = greys(13, 1), greys(13, 1, (20, 10))
    mixed = save(tmp_path / "mixed", {"a.png": small, "b.png": large})
    store, cues = save(tmp_path / "store", {"a.png": small}), save(tmp_path / "cues", {"b.png": large})
    sizes = "has 10 x 20 pixels, but {} has 16 x 12; all must have one size"
    assert mistake(*retrieve(mixed, store, tmp_path / "out")) == f"{mixed / 'b.png'} {sizes.format(mixed / 'a.png')}"
    assert mistake(*retrieve(store, cues, tmp_path / "out")) == f"{cues / 'b.png'} {sizes.format(store / 'a.png')}"


def test_files_that_are_no_arrays(tmp_path: Path, mistake: Run) -> None:
    np.save(tmp_path / "eye.npy", np.eye(3))
    eye, out = tmp_path / "eye.npy", tmp_path / "out.npy"
    (tmp_path / "text.npy").write_text("1 2 3")
    (tmp_path / "empty.npy").write_bytes(b"")
    np.save(tmp_path / "pickled.npy", np.array([{}, None]), allow_pickle=True)
    for name in ("text.npy", "empty.npy", "pickled.npy"):
        assert f"{name} is no .npy file of numbers" in mistake(*retrieve(tmp_path / name, eye, out))
    np.save(tmp_path / "complex.npy", np.eye(3) * 1j)
    np.save(tmp_path / "scalar.npy", np.float64(3))
    for name in ("complex.npy", "scalar.npy"):
        assert f"{name} must hold one array of real numbers" in mistake(*retrieve(tmp_path / name, eye, out))


def test_arrays_that_do_not_fit(tmp_path: Path, mistake: Run) -> None:
    def array(name: str, values: np.ndarray) -> Path:
        np.save(tmp_path / name, values)
        return tmp_path / name

    eye, out = array("eye.npy", np.eye(3)), tmp_path / "out.npy"
    images = save(tmp_path / "images", {"a.png": greys(14, 1)[0]})
    assert "holds cues of shape (4,), but patterns have (3,)" in mistake(
        *retrieve(eye, array("wide.npy", np.eye(4)), out)
    )
    assert "both be images or both be .npy" in mistake(*retrieve(eye, images, out))
    assert "row 1, column 2" in mistake(*retrieve(array("nan.npy", np.array([[1.0, 2, 3], [4, 5, np.nan]])), eye, out))
    assert "`patterns`" in mistake(*retrieve(array("none.npy", np.empty((0, 3))), eye, out))
    assert "-1 and +1" in mistake(*retrieve(eye, eye, out, "--network", "classical"))
    flags = array("flags.npy", np.ones(4, dtype=bool))
    assert "must have shape (3,) or (3, 3), as the cues; got (4,)" in mistake(
        *retrieve(eye, eye, out, "--known", flags)
    )
    assert "must hold booleans" in mistake(*retrieve(eye, eye, out, "--known", eye))
    assert not out.exists()


def test_options_that_do_not_fit(tmp_path: Path, mistake: Run) -> None:
    np.save(tmp_path / "eye.npy", np.eye(3))
    np.save(tmp_path / "spins.npy", 2 * np.eye(3) - 1)
    eye, spins, out = tmp_path / "eye.npy", tmp_path / "spins.npy", tmp_path / "out.npy"
    images = save(tmp_path / "images", {"grey.png": greys(15, 1)[0]})
    assert "`beta` must be positive" in mistake(*retrieve(eye, eye, out, "--beta", -1))
    assert "`beta` must be positive" in mistake(*retrieve(eye, eye, out, "--beta", "nan"))
    assert "`max_steps` must be at least 1" in mistake(*retrieve(eye, eye, out, "--max-steps", 0))
    assert "--beta is for the modern network" in mistake(*retrieve(spins, spins, out, "--beta", 1))
    assert "--clamp holds known entries" in mistake(*retrieve(eye, eye, out, "--clamp"))
    assert "grey.png is not black and white" in mistake(
        *retrieve(images, images, tmp_path / "out", "--network", "classical")
    )


def test_a_missing_extra_is_named(tmp_path: Path, mistake: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    store = save(tmp_path / "store", {"a.png": greys(16, 1)[0]})
    with monkeypatch.context() as patched:
        patched.setitem(sys.modules, "PIL", None)
        assert "hopfield[demo]" in mistake(*retrieve(store, store, tmp_path / "out"))


def test_what_the_system_refuses_is_one_line(tmp_path: Path, mistake: Run) -> None:
    store = save(tmp_path / "store", {"a.png": greys(17, 1)[0], "b.png": greys(18, 1)[0]})
    below_a_file = store / "a.png" / "out"
    assert mistake(*retrieve(store, store / "b.png", below_a_file)).startswith(f"{below_a_file}: ")


# The rest


def test_info_says_what_show_config_says(succeed: Run, capsys: pytest.CaptureFixture[str]) -> None:
    said = succeed("info")
    assert hf.show_config() is None
    assert capsys.readouterr().out == said
    for fact in (hf.__version__, hf._core.instruction_set(), np.__version__, sys.platform):
        assert fact.lower() in said.lower()
    assert f"threads          {hf.get_num_threads()}\n" in said


def test_python_dash_m_is_the_command(tmp_path: Path, succeed: Run) -> None:
    def command(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "hopfield", *arguments], capture_output=True, text=True, cwd=tmp_path, check=False
        )

    said = command("info")
    assert (said.returncode, said.stdout, said.stderr) == (0, succeed("info"), "")
    wrong = command("retrieve", "--store", "no\nwhere", "--cues", "b", "--out", "c")
    assert (wrong.returncode, wrong.stdout, wrong.stderr) == (2, "", "hopfield: error: no where does not exist\n")
    assert command("--version").stdout == f"hopfield {hf.__version__}\n"
    assert command("retrieve", "--help").returncode == 0


def test_ctrl_c_ends_with_130(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("hopfield.cli.show_config", lambda: signal.raise_signal(signal.SIGINT))
    assert main(["info"]) == 130
    assert capsys.readouterr() == ("", "")


def test_importing_the_package_leaves_the_commands_alone() -> None:
    program = "import hopfield, sys; print(*(m for m in sys.modules if m.split('.')[-1] in {!r}))"
    parts = {
        "cli",
        "_demo",
        "_phase_diagram",
        "_plot",
        "_retrieve",
        "_images",
        "argparse",
        "matplotlib",
        "skimage",
        "PIL",
    }
    run = subprocess.run([sys.executable, "-c", program.format(parts)], capture_output=True, text=True, check=True)
    assert run.stdout.split() == []


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_long_work_shows_a_bar_and_wipes_it(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([0.0, 0.5, 2.0, 3.0])
    monkeypatch.setattr(_terminal.time, "monotonic", lambda: next(clock))
    monkeypatch.setattr(sys, "stderr", terminal := Terminal())
    with _terminal.Progress() as progress:
        progress(1, 100)
        assert terminal.getvalue() == ""  # too early to bother anybody
        progress(50, 100)
        assert terminal.getvalue() == "\r[###############...............] 50 of 100 cues, 2 s"
        progress(100, 100)
    drawn, wiped = terminal.getvalue().rsplit("\r", 2)[-2:]
    assert drawn == " " * len("[##############################] 100 of 100 cues, 3 s")
    assert wiped == ""


def test_a_file_gets_no_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_terminal, "PATIENCE", -1.0)
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    with _terminal.Progress() as progress:
        progress(1, 2)
    assert sys.stderr.getvalue() == ""
