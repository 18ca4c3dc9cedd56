"""Retrieval of one cue by a Hebbian network: visits, stops, and what came out.

Asynchronous dynamics after Hopfield (PNAS 79, 1982), synchronous after Little
(Math. Biosci. 19, 1974). Fields, ties and fixed points are exact (`hebbian`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from oracle.hebbian import ClassicalHopfield
from oracle.rng import Stream

__all__ = ["BinaryRetrieval", "ClassicalHopfield", "retrieve"]


@dataclass(frozen=True, slots=True)
class BinaryRetrieval:
    """The evidence for one cue."""

    states: list[int]
    converged: bool
    is_fixed_point: bool
    reason: str
    n_sweeps: int
    n_updates: int
    n_flips: int
    energy: float
    outcome: str
    pattern: int
    sign: int
    overlap: float
    hit: bool | None
    trace: list[float] | None


@dataclass(frozen=True, slots=True)
class Stops:
    """The budgets and the tests asked for."""

    max_sweeps: int
    max_updates: int | None
    patience: int | None
    stop_at_memory: bool
    target_energy: float | None


@dataclass(slots=True)
class Run:
    """One cue on its way; `free` are the neurons that may be visited, ascending."""

    net: ClassicalHopfield
    x: list[int]
    free: list[int]
    stops: Stops
    stream: Stream
    n_sweeps: int = 0
    n_updates: int = 0
    n_flips: int = 0
    energies: list[float] = field(default_factory=list)

    def record(self) -> None:
        """One more energy of the trace."""
        self.energies.append(self.net.energy(self.x))

    def set(self, i: int, value: int) -> bool:
        """Give neuron i a value; whether that changed it (from 0 included)."""
        changed = self.x[i] != value
        self.x[i] = value
        self.n_updates += 1
        self.n_flips += changed
        return changed

    def goal(self) -> str | None:
        """The goals that a state itself can reach: "memory" before "energy"."""
        if 0 in self.x:
            return None
        if self.stops.stop_at_memory and self.x in self.net.patterns:
            return "memory"
        target = self.stops.target_energy
        # The energy compared is the float64 that is reported.
        if target is not None and self.net.energy(self.x) <= target:
            return "energy"
        return None

    def settled(self) -> bool:
        """The fixed-point test of the free neurons."""
        return self.net.is_fixed_point(self.x, self.free)

    def out_of_updates(self) -> bool:
        """Whether the budget of single updates is spent."""
        budget = self.stops.max_updates
        return budget is not None and self.n_updates >= budget


def start(run: Run) -> str | None:
    """The tests before the first visit."""
    run.record()
    reached = run.goal()
    if reached is not None:
        return reached
    if run.settled():
        run.n_sweeps = 1  # the certifying sweep counts
        return "fixed_point"
    return None


def visits(order: str, free: list[int], stream: Stream) -> Iterator[int]:
    """The neurons of one sweep; lazily, because a tie may draw between two visits."""
    if order == "permutation":
        for j in stream.permutation(len(free)):
            yield free[j]
    elif order == "random":
        for _ in free:
            yield free[stream.below(len(free))]
    elif order == "sequential":
        yield from free
    else:
        raise ValueError("unknown order")


def asynchronous(run: Run, order: str) -> str:
    """One neuron at a time; the reason for the end."""
    unchanged = 0
    for sweep in range(1, run.stops.max_sweeps + 1):
        run.n_sweeps = sweep
        reason: str | None = None
        n_visits = 0
        for i in visits(order, run.free, run.stream):
            n_visits += 1
            changed = run.set(i, run.net.updated(run.x, i, run.stream))
            unchanged = 0 if changed else unchanged + 1
            if changed:
                reason = run.goal()
            if reason is None and unchanged == run.stops.patience:
                reason = "patience"
            if reason is None and run.out_of_updates():
                reason = "max_updates"
            if reason is not None:
                break
        run.record()
        if reason in ("memory", "energy"):
            return reason
        # At the end of a sweep a fixed point is the stronger statement than a spent budget.
        if n_visits == len(run.free) and run.settled():
            run.n_sweeps = sweep + 1
            return "fixed_point"
        if reason is not None:
            return reason
    return "max_sweeps"


def synchronous(run: Run) -> str:
    """All free neurons at once; the reason for the end.

    `patience` cannot speak here: a step that changes nothing certifies a fixed point,
    and the fixed-point test comes first.
    """
    earlier = [list(run.x)]
    for step in range(1, run.stops.max_sweeps + 1):
        run.n_sweeps = step
        before = list(run.x)
        for i in run.free:
            run.set(i, run.net.updated(before, i, run.stream))
        run.record()
        reached = run.goal()
        if reached is not None:
            return reached
        if run.settled():
            run.n_sweeps = step + 1
            return "fixed_point"
        # With random ties a state that comes back proves nothing.
        if run.net.tie != "random" and run.x in earlier:
            return "cycle"
        earlier.append(list(run.x))
        if run.out_of_updates():
            return "max_updates"
    return "max_sweeps"


def outcome(
    net: ClassicalHopfield, x: list[int], *, reason: str, fixed: bool, near_overlap: float
) -> tuple[str, int, int]:
    """What came out, the pattern it speaks of (-1: none) and its sign (0: none)."""
    if reason == "cycle":
        return "cycle", -1, 0
    if x in net.patterns:
        return "memory", net.patterns.index(x), 1
    negative = [-value for value in x]
    if negative in net.patterns:
        return "antipattern", net.patterns.index(negative), -1
    if not fixed:
        return "unsettled", -1, 0
    nearest, overlap = nearest_pattern(net, x)
    if abs(overlap) >= near_overlap:
        return "near_memory", nearest, 1 if overlap > 0 else -1
    return "spurious", -1, 0


def nearest_pattern(net: ClassicalHopfield, x: list[int]) -> tuple[int, float]:
    """The pattern of largest absolute overlap (lowest index), and that overlap, signed."""
    agreements = net.agreements(x)
    sizes = [abs(a) for a in agreements]
    nearest = sizes.index(max(sizes))
    return nearest, agreements[nearest] / net.n


def retrieve(
    net: ClassicalHopfield,
    cue: Sequence[float],
    *,
    update: str = "asynchronous",
    order: str = "permutation",
    max_sweeps: int = 100,
    max_updates: int | None = None,
    patience: int | None = None,
    stop_at_memory: bool = False,
    target_energy: float | None = None,
    target: int | None = None,
    known: Sequence[bool] | None = None,
    clamp: bool = False,
    near_overlap: float = 0.9,
    seed: int = 0,
    index: int = 0,
    trace: bool = False,
) -> BinaryRetrieval:
    """Retrieve one cue; its random numbers are those of ``Stream(seed, index)``."""
    if net.k == 0:
        raise ValueError("the network stores no patterns")
    if clamp and known is None:
        raise ValueError("clamp needs known")
    if any(budget is not None and budget < 1 for budget in (max_sweeps, max_updates, patience)):
        raise ValueError("a budget is at least 1")
    if target is not None and not 0 <= target < net.k:
        raise ValueError("target is the index of a stored pattern")
    is_known = [True] * net.n if known is None else list(known)
    if len(cue) != net.n or len(is_known) != net.n:
        raise ValueError("a cue has one value for each neuron")
    if any(there and value not in (-1, 1) for value, there in zip(cue, is_known, strict=True)):
        raise ValueError("a known neuron is +1 or -1")

    run = Run(
        net=net,
        # What the cue holds at an unknown neuron is not read.
        x=[int(value) if there else 0 for value, there in zip(cue, is_known, strict=True)],
        free=[i for i in range(net.n) if not (clamp and is_known[i])],
        stops=Stops(max_sweeps, max_updates, patience, stop_at_memory, target_energy),
        stream=Stream(seed, index),
    )
    reason = start(run)
    if reason is None:
        if update == "asynchronous":
            reason = asynchronous(run, order)
        elif update == "synchronous":
            reason = synchronous(run)
        else:
            raise ValueError("unknown update")

    fixed = run.settled()
    name, pattern, sign = outcome(net, run.x, reason=reason, fixed=fixed, near_overlap=near_overlap)
    return BinaryRetrieval(
        states=run.x,
        converged=reason == "fixed_point",
        is_fixed_point=fixed,
        reason=reason,
        n_sweeps=run.n_sweeps,
        n_updates=run.n_updates,
        n_flips=run.n_flips,
        energy=net.energy(run.x),
        outcome=name,
        pattern=pattern,
        sign=sign,
        overlap=nearest_pattern(net, run.x)[1],
        hit=None if target is None else run.x == net.patterns[target],
        trace=run.energies if trace else None,
    )
