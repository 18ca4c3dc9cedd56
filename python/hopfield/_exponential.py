"""``hopfield exponential``: the largest number of patterns against their length, and how fast states settle."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib import util
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from . import capacity
from ._phase_diagram import FAINT, INK, MUTED, SMALL, TEXT, TITLE, tidy
from ._pictures import save
from ._terminal import Mistake, Progress, destination, table
from .capacity._plot import COLOURS, MARKS
from .dense import DenseAssociativeMemory
from .modern import ModernHopfield

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Float64 = npt.NDArray[np.float64]

#: Lengths of patterns, and the most patterns that are tried.
SIZES = tuple(range(10, 41, 3))
MOST = 2**16
#: Inverse temperatures of the modern networks, for patterns of length sqrt(d).
BETAS = (0.3, 0.5, 1.0)
#: Of a success: the overlap may be this much below 1.
TOLERANCE = 0.05
#: The share of neurons that are flipped in cues of the exponential network, whose theory is about such cues.
FLIPPED = 0.1
#: The problem on which steps are counted: so many patterns of so many entries, and the temperatures.
STEPS = 14
SETTLING_SIZE, SETTLING_BETAS = (1000, 40), (0.25, 0.3, 0.4, 0.6, 1.0)
#: The most patterns that the picture's curves go up to.
FRAME = 2e6
WIDTH, HEIGHT, DPI = 11.0, 5.0, 160


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line says, by the names of its options."""

    trials: int
    seed: int
    threads: int | None
    out: Path


@dataclass(frozen=True, slots=True)
class Network:
    """A kind of memory, the problems that it is given, and what theory says of it."""

    name: str
    factory: Any
    patterns: str
    tolerance: float
    theory: Callable[[int], float]
    #: Of the cue: the share of neurons that are flipped.
    corruption: float = 0.0


def networks() -> list[Network]:
    """All that are measured, from the smallest capacity to the largest."""
    hebbian = Network(
        name="classical, Hebb",
        factory="hebbian",
        patterns="spins",
        tolerance=TOLERANCE,
        theory=lambda n: n * capacity.critical_load(),
    )
    cubic = Network(
        name="dense, cubic",
        factory=lambda patterns: DenseAssociativeMemory(patterns, degree=3),
        patterns="spins",
        tolerance=TOLERANCE,
        theory=lambda n: float(capacity.krotov_hopfield(n, 3)),
    )
    exponential = Network(
        name="dense, exponential",
        factory=lambda patterns: DenseAssociativeMemory(patterns, interaction="exponential"),
        patterns="spins",
        tolerance=TOLERANCE,
        theory=lambda n: math.exp(n * capacity.demircigil_rate(FLIPPED)),
        corruption=FLIPPED,
    )
    return [hebbian, cubic, exponential, *map(_modern, BETAS)]


def _modern(beta: float) -> Network:
    rate = capacity.lucibello_mezard(beta, ensemble="spherical")
    return Network(
        name=f"modern, β = {beta:g}",
        factory=lambda patterns: ModernHopfield(patterns, beta=beta),
        patterns="spherical",
        tolerance=TOLERANCE,
        theory=lambda d: math.exp(rate * d),
    )


def run(options: Options) -> None:
    """Measure, print the table, draw the picture."""
    if util.find_spec("matplotlib") is None:
        raise Mistake("the picture needs matplotlib: pip install 'hopfield[plot]'")
    destination(options.out, ".png")
    started = time.perf_counter()
    measured = {}
    with Progress("sizes") as progress:
        tried = networks()
        for number, network in enumerate(tried):
            measured[network.name] = curve(
                network,
                options,
                lambda done, at=number: progress(  # type: ignore[misc]
                    at * len(SIZES) + done, len(tried) * len(SIZES)
                ),
            )
    print(report(tried, measured, time.perf_counter() - started))
    write(options.out, tried, measured)
    print(f"Picture: {options.out}")


def curve(network: Network, options: Options, progress: Callable[[int], object]) -> Float64:
    """The largest number of patterns for each size; NaN beyond the most that are tried."""
    found = np.full(len(SIZES), np.nan)
    begin = 2
    for at, d in enumerate(SIZES):
        found[at] = largest(network, d, begin, options)
        progress(at + 1)
        if math.isnan(found[at]):
            break
        # Capacities rise with the size: the next search begins where this one ended.
        begin = max(2, 2 ** int(math.log2(found[at])))
    return found


def largest(network: Network, d: int, begin: int, options: Options) -> float:
    """The number of patterns at which half of the trials succeed, between two powers of 2 by their logarithms."""

    def rate(k: int) -> float:
        found = capacity.scan(
            n=d,
            k=k,
            memory=network.factory,
            patterns=network.patterns,
            tolerance=network.tolerance,
            corruption=network.corruption,
            trials=options.trials,
            rng=options.seed,
            n_threads=options.threads,
        )
        return float(found.success_rate[0])

    k, here = begin, rate(begin)
    while here < 0.5 and k > 1:
        k, above = k // 2, here
        here = rate(k)
        if here >= 0.5:
            return float(k * 2.0 ** ((here - 0.5) / (here - above)))
    while here >= 0.5:
        if 2 * k > MOST:
            return math.nan
        above = rate(2 * k)
        if above < 0.5:
            return float(k * 2.0 ** ((here - 0.5) / (here - above)))
        k, here = 2 * k, above
    return 1.0


def settling(beta: float) -> tuple[Float64, float]:
    """The lengths of the moves from a noisy pattern, and the largest eigenvalue of the Jacobian where they end."""
    rng = np.random.default_rng(0)
    k, d = SETTLING_SIZE
    patterns = rng.standard_normal((k, d))
    patterns *= np.sqrt(d) / np.linalg.norm(patterns, axis=1, keepdims=True)
    memory = ModernHopfield(patterns, beta=beta)
    state = patterns[0] + 0.5 * rng.standard_normal(d)
    moves = []
    for _ in range(STEPS):
        moved = memory.step(state)
        moves.append(float(np.linalg.norm(moved - state)))
        state = moved
    weights = memory.association(state)
    spread = patterns - weights @ patterns
    return np.array(moves), float(beta * np.linalg.norm((spread.T * weights) @ spread, 2))


def report(tried: list[Network], measured: dict[str, Float64], seconds: float) -> str:
    """A line for each size and a column for each network."""
    rows = []
    for at, d in enumerate(SIZES):
        cells = [_count(measured[network.name][at], f"> {MOST}") for network in tried]
        rows.append([f"{d}", *cells, _count(theorem(d), "")])
    headings = ["entries", *(network.name for network in tried), "theorem"]
    rates = ", ".join(f"e^({capacity.lucibello_mezard(beta, ensemble='spherical'):.3f} d)" for beta in BETAS)
    return (
        f"The number of random patterns of which half are retrieved, to an overlap of {1 - TOLERANCE:g}; "
        f"at most {MOST} are tried.\n\n"
        + table(headings, rows, left=[])
        + f"\n\nmodern: on the sphere of radius sqrt(d); theory for large d: {rates}"
        "\ntheorem: theorem 3 of Ramsauer et al. (2020) at beta = 9, p = 0.001, where many more are retrieved"
        f"\nmeasured in {seconds:.1f} s"
    )


def theorem(d: int) -> float:
    """What theorem 3 promises of patterns of length 3 sqrt(d - 1) at beta = 1, which is beta = 9 at sqrt(d - 1)."""
    bound = capacity.ramsauer(d, beta=1.0, radius=3.0, failure=0.001)
    return bound.patterns if bound.applies else math.nan


def _count(k: float, beyond: str) -> str:
    return beyond if math.isnan(k) else f"{k:.0f}"


# The picture


def write(out: Path, tried: list[Network], measured: dict[str, Float64]) -> None:
    """Draw capacities against the length of patterns, and moves against the step."""
    import matplotlib
    from matplotlib.figure import Figure

    # What is set up in the user's own matplotlib does not change the picture.
    with matplotlib.rc_context(matplotlib.rcParamsDefault):
        matplotlib.rcParams.update({"font.family": "DejaVu Sans", "font.size": TEXT, "text.color": INK})
        figure = Figure(figsize=(WIDTH, HEIGHT), dpi=DPI, facecolor="white")
        left, right = figure.subplots(1, 2, width_ratios=(1.35, 1), squeeze=True)
        for axes in (left, right):
            tidy(axes)
            axes.set_yscale("log")
        _capacities(left, tried, measured)
        _moves(right)
        figure.subplots_adjust(left=0.07, right=0.985, top=0.845, bottom=0.115, wspace=0.2)
        title = "Modern networks hold exponentially many patterns, and settle exponentially fast"
        figure.text(0.012, 0.945, title, size=TITLE, weight="bold")
        save(figure, out)


def _capacities(axes: Axes, tried: list[Network], measured: dict[str, Float64]) -> None:
    sizes = np.array(SIZES, float)
    along = range(SIZES[0], SIZES[-1] + 1)
    for number, network in enumerate(tried):
        look: dict[str, Any] = {"color": COLOURS[number % len(COLOURS)]}
        # Above the frame is the legend.
        theory = [k if (k := network.theory(d)) < FRAME else math.nan for d in along]
        axes.plot(along, theory, linewidth=1.1, linestyle=(0, (5, 3)), **look)
        axes.plot(
            sizes,
            measured[network.name],
            marker=MARKS[number % len(MARKS)],
            markersize=5,
            linewidth=1.4,
            label=network.name,
            **look,
        )
    axes.plot(along, [theorem(d) for d in along], color=INK, linewidth=1.1, linestyle=":", label="theorem 3, β = 9")
    axes.axhline(MOST, color=FAINT, linewidth=6, zorder=0)
    axes.text(41, MOST * 1.45, f"{MOST}: no more are tried", size=SMALL, color=MUTED, ha="right")
    axes.set_ylim(0.8, 100 * FRAME)
    axes.set_xlim(9, 41)
    axes.set_xlabel("entries of a pattern, d", color=MUTED)
    axes.set_title("patterns of which half are retrieved; dashes: theory", size=TEXT, color=MUTED, loc="left", pad=8)
    axes.legend(frameon=False, fontsize=SMALL, loc="upper left", ncols=2)


def _moves(axes: Axes) -> None:
    steps = np.arange(1, STEPS + 1)
    for number, beta in enumerate(SETTLING_BETAS):
        moves, slope = settling(beta)
        look: dict[str, Any] = {"color": COLOURS[number % len(COLOURS)]}
        # Below this, rounding moves the state.
        seen = moves > 1e-14
        axes.plot(
            steps[seen],
            moves[seen],
            marker=MARKS[number % len(MARKS)],
            markersize=4.5,
            linewidth=1.4,
            label=f"β = {beta:g}",
            **look,
        )
        last = int(np.flatnonzero(seen)[-1])
        line = moves[last] * slope ** (steps - steps[last]).astype(float)
        axes.plot(steps, line, linewidth=1, linestyle=(0, (5, 3)), **look)
    axes.set_ylim(1e-15, 1e5)
    axes.set_xlim(0.5, STEPS + 0.5)
    axes.set_xlabel("step", color=MUTED)
    said = "length of a move; dashes: by the Jacobian at the end"
    axes.set_title(said, size=TEXT, color=MUTED, loc="left", pad=8)
    axes.legend(frameon=False, fontsize=SMALL, loc="upper right", ncols=2)
