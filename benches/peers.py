"""The same retrieval step by hopfield and by what else does it, whichever is installed: `python benches/peers.py`.

NumPy, torch's scaled dot-product attention and JAX compute the same mean of all patterns under the softmax at
β = 1/√d; faiss's exact flat search finds the nearest pattern instead, the hard choice that people make for speed. Each
library works in a process of its own, with as many threads; answers are compared before anything is timed. Ratios of
medians are what to read: absolute times belong to this machine and minute. Rivals are installed by hand:
`pip install torch jax faiss-cpu`, and threadpoolctl to see which kernels NumPy runs.

Not here: binary networks (`binary_peers.py`).
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import shlex
import sys

from rivals import accuracy, contest, memory, report
from rivals.libraries import LIBRARIES, OURS
from rivals.processes import Process
from rivals.shapes import ROWS, Shape

say = functools.partial(print, flush=True)


def shape(text: str) -> Shape:
    m, k, d = map(int, text.split(","))
    return Shape(m, k, d)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--accuracy", action="store_true", help="compare float32 errors with NumPy's instead of times")
    what.add_argument("--memory", action="store_true", help="compare peak memory instead of times")
    what.add_argument("--dtypes", nargs="+", metavar="DTYPE", help="compare our own dtypes with float32 instead")
    parser.add_argument("--rows", nargs="+", choices=[*ROWS, "all"], default=["all"], help="which shapes")
    parser.add_argument("--shape", type=shape, action="append", metavar="M,K,D", help="this shape instead of rows")
    rivals = [name for name in LIBRARIES if name != OURS]
    parser.add_argument("--libraries", nargs="+", choices=rivals, help="all that are installed unless given")
    parser.add_argument("--repeats", type=int, default=7, help="turns of each library at each shape")
    parser.add_argument("--threads", type=int, default=2, help="threads of each library")
    parser.add_argument("--markdown", action="store_true", help="end with the README's table")
    return parser.parse_args()


def times(options: argparse.Namespace, names: list[str], shapes: list[Shape]) -> None:
    """Contests of libraries, or of our dtypes."""
    with contextlib.ExitStack() as stack:
        entrants = [(OURS, dtype) for dtype in ("float32", *options.dtypes)] if options.dtypes else []
        processes = [
            stack.enter_context(Process(name, threads=options.threads, dtype=dtype))
            for name, dtype in entrants or [(name, "float32") for name in names]
        ]
        about = report.heading([process.about() for process in processes], options.threads)
        say(f"{about}\nmedians of {options.repeats} turns; × is times as long as {processes[0].title}")
        contests = []
        for each in shapes:
            contests.append(contest.compete(processes, each, options.repeats))
            say(report.text(contests[-1]))
    for cliff in contest.cliffs(contests):
        say(f"\nmore for fewer: {cliff}")
    if options.markdown:
        command = shlex.join(["python", "benches/peers.py", *sys.argv[1:]])
        say("\n" + report.markdown(contests, about, command))


def accuracies(options: argparse.Namespace, shapes: list[Shape]) -> bool:
    """Ours against NumPy's; whether all hold."""
    with Process(OURS, threads=options.threads) as ours, Process("numpy", threads=options.threads) as numpys:
        say(report.heading([ours.about(), numpys.about()], options.threads))
        say(f"float32 errors over {len(accuracy.SEEDS)} seeds, ours against NumPy's (ratio)")
        found = [accuracy.compare(ours, numpys, each) for each in shapes]
    say("\n".join(map(report.accuracy_text, found)))
    return all(each.holds for each in found)


def memories(options: argparse.Namespace, names: list[str]) -> None:
    """The peak of each library."""
    for each in options.shape or [memory.SHAPE]:
        say(f"m, k, d = {each}: peak beyond inputs and result")
        for name in names:
            title, mebibytes = memory.peak(name, each, options.threads)
            say(f"  {title:<18}{mebibytes:9.1f} MiB")


def main() -> int:
    options = arguments()
    rows = list(ROWS) if "all" in options.rows else options.rows
    shapes = options.shape or [each for row in rows for each in ROWS[row]]
    names = [name for name in LIBRARIES if name == OURS or options.libraries is None or name in options.libraries]
    missing = [name for name in names if not LIBRARIES[name].is_installed]
    if missing:
        say(f"not installed: {', '.join(LIBRARIES[name].title for name in missing)}")
    names = [name for name in names if name not in missing]
    if options.accuracy:
        return 0 if accuracies(options, shapes) else 1
    if options.memory:
        memories(options, names)
    else:
        times(options, names, shapes)
    return 0


if __name__ == "__main__":
    sys.exit(main())
