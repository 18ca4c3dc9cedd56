"""What is installed: its version, its parts, what importing it costs and pulls in."""

import statistics
import subprocess
import sys
import tomllib
from importlib import metadata, resources
from pathlib import Path
from types import ModuleType

import hopfield

CARGO = tomllib.loads((Path(__file__).parents[1] / "Cargo.toml").read_text("utf-8"))


def python(program: str) -> str:
    """What a fresh interpreter prints, away from the user's own settings."""
    run = subprocess.run([sys.executable, "-I", "-c", program], capture_output=True, text=True, check=True)
    return run.stdout


def test_version_is_that_of_cargo() -> None:
    assert hopfield.__version__ == CARGO["package"]["version"] == metadata.version("hopfield")


def test_typing_files_ship() -> None:
    files = resources.files("hopfield")
    assert files.joinpath("py.typed").is_file()
    assert files.joinpath("_core.pyi").is_file()


def test_license_ships() -> None:
    names = {Path(str(file)).name for file in metadata.files("hopfield") or ()}
    assert {"LICENSE-MIT", "LICENSE-APACHE"} <= names


def test_numpy_is_the_only_requirement() -> None:
    assert [r for r in metadata.requires("hopfield") or () if "extra ==" not in r] == ["numpy>=1.26"]


def test_all_is_complete() -> None:
    everything = set(hopfield.__all__)
    assert len(everything) == len(hopfield.__all__)
    assert everything <= vars(hopfield).keys()
    bound = {
        name for name, thing in vars(hopfield).items() if not name.startswith("_") and not isinstance(thing, ModuleType)
    }
    assert bound <= everything, f"public but not in __all__: {sorted(bound - everything)}"


def test_import_takes_less_than_a_fifth_of_a_second_beyond_numpy() -> None:
    program = "import numpy, time; t = time.perf_counter(); import hopfield; print(time.perf_counter() - t)"
    seconds = [float(python(program)) for _ in range(5)]
    assert statistics.median(seconds) < 0.2, seconds


def test_import_brings_in_nothing_but_numpy_and_the_standard_library() -> None:
    # Compared with a bare interpreter, where site-packages may already have loaded something of its own.
    program = "import sys; before = set(sys.modules); import hopfield; print(*set(sys.modules) - before)"
    loaded = {name.partition(".")[0] for name in python(program).split()}
    assert "hopfield" in loaded
    foreign = loaded - sys.stdlib_module_names - {"hopfield", "numpy"}
    # NumPy 1.x starts Cython modules under names of its own making.
    assert {name for name in foreign if not name.startswith(("_cython_", "cython_runtime"))} == set()
