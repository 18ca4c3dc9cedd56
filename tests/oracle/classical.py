"""Retrieval of one cue by a Hebbian network: visits, stops, and what came out.

Asynchronous dynamics after Hopfield (PNAS 79, 1982), synchronous after Little
(Math. Biosci. 19, 1974), finite temperature after Glauber (J. Math. Phys. 4, 1963).
Fields, ties and fixed points are exact (`hebbian`).
"""

from __future__ import annotations

import itertools
import math
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
    mixture: list[int]
    mixture_signs: list[int]
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


@dataclass(frozen=True, slots=True)
class Temperatures:
    """The temperature of each sweep: a schedule, one sweep an entry, or always the same."""

    schedule: list[float] | None
    constant: float

    def of(self, sweep: int) -> float:
        """The temperature of that sweep, the first being 1; at 0 the rule is deterministic."""
        return self.constant if self.schedule is None else self.schedule[sweep - 1]

    def frozen(self, sweep: int) -> bool:
        """Whether that sweep and all that may follow are at 0: only then a fixed point is for good."""
        return self.constant == 0 if self.schedule is None else not any(self.schedule[sweep - 1 :])

    def end(self, sweep: int) -> bool:
        """Whether the schedule ends with that sweep."""
        return self.schedule is not None and sweep == len(self.schedule)


def temperatures(given: float | Sequence[float] | None) -> Temperatures:
    """None, one temperature or a schedule of them."""
    schedule = list(given) if isinstance(given, Sequence) else None
    constant = 0.0 if given is None or isinstance(given, Sequence) else float(given)
    if schedule is not None and not schedule:
        raise ValueError("a schedule has at least one temperature")
    if any(not 0 <= t < math.inf for t in ([constant] if schedule is None else schedule)):
        raise ValueError("a temperature is at least 0 and finite")
    return Temperatures(schedule, constant)


@dataclass(slots=True)
class Run:
    """One cue on its way; `free` are the neurons that may be visited, ascending."""

    net: ClassicalHopfield
    x: list[int]
    free: list[int]
    stops: Stops
    heat: Temperatures
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

    def value(self, before: list[int], i: int) -> int:
        """What an update in state `before` gives neuron i in this sweep."""
        temperature = self.heat.of(self.n_sweeps)
        if temperature > 0:
            return self.net.drawn(before, i, temperature, self.stream)
        return self.net.updated(before, i, self.stream)

    def most_unstable(self) -> int | None:
        """The free neuron of largest instability among those that are not content (lowest index)."""
        restless = [i for i in self.free if not self.net.content(self.x, i)]
        return max(restless, key=lambda i: (self.net.instability(self.x, i), -i), default=None)

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
    if run.heat.frozen(1) and run.settled():
        run.n_sweeps = 1  # the certifying sweep counts
        return "fixed_point"
    return None


def visits(run: Run, order: str | Sequence[int]) -> Iterator[int]:
    """The neurons of one sweep; lazily, because a visit may draw or change what comes next."""
    free, stream = run.free, run.stream
    if not isinstance(order, str):
        yield from (i for i in order if i in free)
    elif order == "permutation":
        for j in stream.permutation(len(free)):
            yield free[j]
    elif order == "random":
        for _ in free:
            yield free[stream.below(len(free))]
    elif order == "sequential":
        yield from free
    elif order == "greedy":
        for _ in free:
            worst = run.most_unstable()
            if worst is None:
                return
            yield worst
    else:
        raise ValueError("unknown order")


def asynchronous(run: Run, order: str | Sequence[int]) -> str:
    """One neuron at a time; the reason for the end."""
    listed = run.free if isinstance(order, str) else [i for i in order if i in run.free]
    unchanged = 0
    for sweep in range(1, run.stops.max_sweeps + 1):
        run.n_sweeps = sweep
        reason: str | None = None
        n_visits = 0
        for i in visits(run, order):
            n_visits += 1
            changed = run.set(i, run.value(run.x, i))
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
        whole = reason is None or n_visits == len(listed)
        if whole and run.heat.frozen(sweep) and run.settled():
            run.n_sweeps = sweep + 1
            return "fixed_point"
        if reason is not None:
            return reason
        if run.heat.end(sweep):
            return "schedule_end"
    return "max_sweeps"


def synchronous(run: Run) -> str:
    """All free neurons at once; the reason for the end.

    `patience` cannot speak here: a step that changes nothing certifies a fixed point,
    and the fixed-point test comes first.
    """
    earlier: list[list[int]] = []
    for step in range(1, run.stops.max_sweeps + 1):
        run.n_sweeps = step
        before = list(run.x)
        for i in run.free:
            run.set(i, run.value(before, i))
        run.record()
        reached = run.goal()
        if reached is not None:
            return reached
        if run.heat.frozen(step):
            if run.settled():
                run.n_sweeps = step + 1
                return "fixed_point"
            earlier.append(before)
            # With random ties a state that comes back proves nothing.
            if run.net.tie != "random" and comes_back(run.x, earlier):
                return "cycle"
        if run.out_of_updates():
            return "max_updates"
        if run.heat.end(step):
            return "schedule_end"
    return "max_sweeps"


def comes_back(x: list[int], earlier: list[list[int]]) -> bool:
    """Whether a state is that of two steps ago, or the landmark: the state after 0, 1, 3, 7, ... steps (Brent 1980)."""
    landmark = (1 << (len(earlier).bit_length() - 1)) - 1
    return x in (earlier[-2:][0] if len(earlier) > 1 else None, earlier[landmark])


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
    if mixture(net, x)[0]:
        return "mixture", -1, 0
    nearest, overlap = nearest_pattern(net, x)
    if abs(overlap) >= near_overlap:
        return "near_memory", nearest, 1 if overlap > 0 else -1
    return "spurious", -1, 0


def mixture(net: ClassicalHopfield, x: list[int]) -> tuple[list[int], list[int]]:
    """The patterns and signs whose signed sum has the sign of x everywhere; empty if there are none.

    Amit, Gutfreund & Sompolinsky (Phys. Rev. A 32, 1985): odd mixtures are stable. Sums of 3, then
    of 5, among the 8 patterns of largest absolute overlap (equal ones by index); the first in
    lexicographic order of those ranks, and then of the signs, plus before minus.
    """
    a = net.agreements(x)
    ranked = sorted(range(net.k), key=lambda mu: (-abs(a[mu]), mu))[:8]
    for size in (3, 5):
        for chosen in itertools.combinations(ranked, size):
            for signs in itertools.product((1, -1), repeat=size):
                terms = [(s, net.patterns[mu]) for s, mu in zip(signs, chosen, strict=True)]
                if all(x[i] * sum(s * xi[i] for s, xi in terms) > 0 for i in range(net.n)):
                    return list(chosen), list(signs)
    return [], []


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
    order: str | Sequence[int] = "permutation",
    max_sweeps: int = 100,
    max_updates: int | None = None,
    patience: int | None = None,
    stop_at_memory: bool = False,
    target_energy: float | None = None,
    target: int | None = None,
    known: Sequence[bool] | None = None,
    clamp: bool = False,
    near_overlap: float = 0.9,
    field: Sequence[float] | None = None,
    temperature: float | Sequence[float] | None = None,
    seed: int = 0,
    index: int = 0,
    trace: bool = False,
) -> BinaryRetrieval:
    """Retrieve one cue; its random numbers are those of ``Stream(seed, index)``."""
    if net.k == 0:
        raise ValueError("the network stores no patterns")
    heat = temperatures(temperature)
    if order == "greedy" and not heat.frozen(1):
        raise ValueError("greedy visits are deterministic")
    if field is not None:
        net = net.in_field(field)
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
        heat=heat,
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
    mixed, mixed_signs = mixture(net, run.x) if name == "mixture" else ([], [])
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
        mixture=mixed,
        mixture_signs=mixed_signs,
        overlap=nearest_pattern(net, run.x)[1],
        hit=None if target is None else run.x == net.patterns[target],
        trace=run.energies if trace else None,
    )
