"""The command ``hopfield``: what it takes, and how it ends.

Exit status 0; 2 for a user's mistake, with one line on standard error; 1 for a defect of ours; 130 after Ctrl-C.
Each command's own work is in a module of its own, imported when it is asked for.
"""

from __future__ import annotations

import argparse
import io
import os
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn, TextIO

from . import __version__
from ._config import show_config
from ._terminal import Mistake
from .errors import HopfieldError, HopfieldWarning, InternalError

__all__ = ["main"]


class _Parser(argparse.ArgumentParser):
    """A parser whose complaints are one line, as all others are."""

    def error(self, message: str) -> NoReturn:
        raise Mistake(f"{message} (see {self.prog} --help)")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line, by default that of the process, and return its exit status."""
    # A name that the terminal's encoding lacks shall not end the command.
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("always", HopfieldWarning)
            warnings.showwarning = _show_warning
            _run(_parser().parse_args(argv))
            sys.stdout.flush()
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # Whoever read our output has had enough. Python would complain once more when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except (HopfieldError, OSError, MemoryError) as error:
        _say("error", _sentence(error))
        return 1 if isinstance(error, InternalError) else 2
    return 0


def _run(arguments: argparse.Namespace) -> None:
    if arguments.command == "info":
        show_config()
    elif arguments.command == "demo":
        from . import _demo

        _demo.run(arguments.out)
    elif arguments.command == "capacity":
        from . import _phase_diagram

        options = vars(arguments)
        del options["command"]
        _phase_diagram.run(_phase_diagram.Options(**options))
    elif arguments.command == "exponential":
        from . import _exponential

        options = vars(arguments)
        del options["command"]
        _exponential.run(_exponential.Options(**options))
    elif arguments.command == "landscape":
        from . import _landscape

        _landscape.run(arguments.out)
    elif arguments.command == "novelty":
        from . import _novelty

        _novelty.run(_novelty.Options(unseen=arguments.unseen, seed=arguments.seed))
    else:
        from . import _retrieve

        options = vars(arguments)
        del options["command"]
        _retrieve.run(_retrieve.Options(**options))


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="hopfield",
        description="Associative memories: store patterns, give back a spoiled one, get the stored one.",
    )
    parser.add_argument("--version", action="version", version=f"hopfield {__version__}")
    commands = parser.add_subparsers(
        dest="command", required=True, metavar="{demo,retrieve,capacity,exponential,landscape,novelty,info}"
    )

    demo = commands.add_parser(
        "demo",
        help="store eight photographs, spoil them, retrieve them with both networks; a table and a picture",
    )
    demo.add_argument(
        "--out",
        type=Path,
        default=Path("hopfield-demo.png"),
        metavar="PNG",
        help="the picture; %(default)s unless given",
    )

    retrieve = commands.add_parser(
        "retrieve",
        help="store images or arrays and retrieve them from cues",
        description="Store the images of a folder (or the rows of a .npy file) and retrieve them from spoiled ones. "
        "All must have one size. Images are compared by contrast; black-and-white ones use the classical network.",
    )
    add = retrieve.add_argument
    add("--store", type=Path, required=True, metavar="DIR|FILE.npy", help="what to store")
    add("--cues", type=Path, required=True, metavar="DIR|FILE.npy", help="what to retrieve from")
    add("--out", type=Path, required=True, metavar="DIR|FILE.npy", help="where to write what is retrieved")
    add(
        "--network",
        choices=["auto", "classical", "modern"],
        default="auto",
        help="auto: classical for ±1, booleans and black-and-white images, modern for everything else",
    )
    add(
        "--known",
        type=Path,
        metavar="FILE",
        help="which entries of the cues are known: white pixels, or True",
    )
    add("--clamp", action="store_true", help="hold the known entries at the cue's values")
    add("--beta", type=float, help="inverse temperature of the modern network; calibrated unless given")
    add(
        "--max-steps",
        type=int,
        metavar="N",
        help="updates (modern) or sweeps (classical) of each cue at most",
    )
    add(
        "--seed",
        type=int,
        default=0,
        help="of the order in which the classical network visits neurons; %(default)s unless given",
    )

    diagram = commands.add_parser(
        "capacity",
        help="measure how much Hebbian networks hold, and draw it beside the theory",
        description="Store random patterns, start at one of them, and see how near the network stays to it: for "
        "several sizes against the load, with the mean-field theory of infinite networks. A seed fixes all numbers.",
    )
    add = diagram.add_argument
    add(
        "--sizes",
        type=int,
        nargs="+",
        default=[200, 1000, 5000],
        metavar="N",
        help="numbers of neurons; %(default)s unless given",
    )
    add(
        "--loads",
        type=float,
        nargs=3,
        default=[0.02, 0.2, 37],
        metavar=("FROM", "TO", "COUNT"),
        help="loads, patterns over neurons; 37 from 0.02 to 0.2 unless given",
    )
    add("--trials", type=int, default=200, metavar="N", help="networks for each point; %(default)s unless given")
    add(
        "--corruption",
        type=float,
        default=0.0,
        metavar="SHARE",
        help="share of neurons to flip before retrieving; %(default)s unless given",
    )
    add("--seed", type=int, default=0, help="of all random numbers; %(default)s unless given")
    add("--threads", type=int, metavar="N", help="threads at most; all processors unless given")
    add(
        "--out",
        type=Path,
        default=Path("hopfield-capacity.png"),
        metavar="PNG",
        help="the picture; %(default)s unless given",
    )
    add("--csv", type=Path, metavar="CSV", help="where to write the numbers, if anywhere")

    growth = commands.add_parser(
        "exponential",
        help="measure how the capacity grows with the length of patterns, and how fast states settle",
        description="Find the number of random patterns of which half are retrieved, for lengths from 10 to 40 and "
        "several networks, beside the theory; and follow states until they settle. A seed fixes all numbers.",
    )
    add = growth.add_argument
    add("--trials", type=int, default=10, metavar="N", help="memories for each point; %(default)s unless given")
    add("--seed", type=int, default=0, help="of all random numbers; %(default)s unless given")
    add("--threads", type=int, metavar="N", help="threads at most; all processors unless given")
    add(
        "--out",
        type=Path,
        default=Path("hopfield-exponential.png"),
        metavar="PNG",
        help="the picture; %(default)s unless given",
    )

    landscape = commands.add_parser(
        "landscape", help="draw energy landscapes in two dimensions, for temperatures and separations"
    )
    landscape.add_argument(
        "--out",
        type=Path,
        default=Path("hopfield-landscape.png"),
        metavar="PNG",
        help="the picture; %(default)s unless given",
    )

    novelty = commands.add_parser(
        "novelty",
        help="tell digits that were stored from digits that were not, by the energy of a memory",
        description="Draw digits in several typefaces, store some of them, and score others by their novelty.",
    )
    novelty.add_argument(
        "--unseen",
        type=int,
        nargs="+",
        default=[5, 6, 7, 8, 9],
        metavar="DIGIT",
        help="the digits that are not stored; %(default)s unless given",
    )
    novelty.add_argument("--seed", type=int, default=0, help="of all random numbers; %(default)s unless given")

    commands.add_parser("info", help="the version, the instruction set in use, the threads")
    return parser


def _sentence(error: BaseException) -> str:
    """The error in one line."""
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.filename}: {error.strerror}"
    return " ".join(str(error).split()) or "not enough memory"


def _say(kind: str, sentence: str) -> None:
    print(f"hopfield: {kind}: {sentence}", file=sys.stderr)


def _show_warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    _say("warning", " ".join(str(message).split()))
