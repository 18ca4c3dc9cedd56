"""What the documentation shows is run: an example for every public name, and every block of the README.

The README's Rust blocks are doctests of the crate, its test command is run by `.ci/run`.
"""

import doctest
import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import hopfield

README = Path(__file__).parents[1] / "README.md"
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def is_data(thing: object) -> bool:
    """Whether `thing` is a value, such as the version, whose type has the docstring."""
    return not (isinstance(thing, ModuleType | type) or callable(thing))


def methods(name: str, owner: type) -> Iterator[tuple[str, Any]]:
    """Public methods and properties that the package itself writes, inherited ones included."""
    for member in sorted({m for base in owner.__mro__ for m in vars(base) if not m.startswith("_")}):
        thing = inspect.getattr_static(owner, member)
        if isinstance(thing, classmethod | staticmethod):
            thing = thing.__func__
        if isinstance(thing, property) or (inspect.isfunction(thing) and thing.__module__.startswith("hopfield")):
            yield f"{name}.{member}", thing


def public() -> Iterator[tuple[str, Any]]:
    """Everything that a user may name, with its dotted path; public submodules are entered."""
    waiting: list[ModuleType] = [hopfield]
    while waiting:
        module = waiting.pop()
        yield module.__name__, module
        for name in module.__all__:
            thing = getattr(module, name)
            path = f"{module.__name__}.{name}"
            if isinstance(thing, ModuleType):
                waiting.append(thing)
            elif not is_data(thing):
                yield path, thing
            if isinstance(thing, type):
                yield from methods(path, thing)


PUBLIC = dict(public())


def run(name: str, text: str, namespace: dict[str, Any]) -> tuple[doctest.TestResults, str]:
    """The examples of one docstring, and what went wrong in them."""
    said: list[str] = []
    test = doctest.DocTestParser().get_doctest(text, namespace, name, None, 0)
    results = doctest.DocTestRunner(optionflags=FLAGS).run(test, out=said.append)
    return results, "".join(said)


@pytest.mark.parametrize("path", PUBLIC)
def test_example_runs(path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    thing = PUBLIC[path]
    text = inspect.getdoc(thing)
    assert text, f"{path} has no docstring"
    results, said = run(path, text, {"np": np, "hf": hopfield})
    assert results.failed == 0, said
    if not isinstance(thing, property | ModuleType):  # a property is shown in the example of its class
        assert results.attempted > 0, f"{path} has no example"


def test_the_listing_sees_what_is_there() -> None:
    known = {
        "hopfield",
        "hopfield.ClassicalHopfield",
        "hopfield.ClassicalHopfield.retrieve",
        "hopfield.ClassicalHopfield.patterns",
        "hopfield.DenseAssociativeMemory.field",
        "hopfield.ModernHopfield.step",
        "hopfield.attention",
        "hopfield.corrupt.flip",
    }
    assert known <= PUBLIC.keys()
    assert len(PUBLIC) > len(hopfield.__all__)


def test_a_wrong_example_fails() -> None:
    results, said = run("planted", ">>> 1 + 1\n3\n>>> 2\n2\n", {})
    assert (results.attempted, results.failed) == (2, 1)
    assert "Expected" in said


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", README.read_text("utf-8"), re.DOTALL | re.MULTILINE)


def test_readme_python_blocks_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    namespace: dict[str, Any] = {"__name__": "readme"}
    python = blocks("python")
    assert python
    for number, block in enumerate(python):
        exec(compile(block, f"README.md, Python block {number}", "exec"), namespace)


@pytest.mark.parametrize(("block", "begins"), [("main-job", "python3 -m venv"), ("test", "python3 -m venv")])
def test_readme_commands_are_one_line_each(block: str, begins: str) -> None:
    pattern = rf"<!-- {block} -->\n```sh\n(.*)\n```\n<!-- /{block} -->"
    (command,) = re.findall(pattern, README.read_text("utf-8"))
    assert command.startswith(begins)


def test_readme_has_no_block_that_nobody_runs() -> None:
    fences = re.findall(r"^```(\w*)$", README.read_text("utf-8"), re.MULTILINE)
    opened = fences[::2]
    assert set(opened) == {"sh", "python", "rust"}
    assert opened.count("sh") == len(re.findall(r"<!-- (?!/)[\w-]+ -->\n```sh", README.read_text("utf-8")))
