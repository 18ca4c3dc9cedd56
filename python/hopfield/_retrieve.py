"""``hopfield retrieve``: files in, retrieval by one of the two networks, files and a table out."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

import hopfield as hf

from . import _images, _items
from ._items import Destination, Items
from ._terminal import Mistake, Progress, table

Array = npt.NDArray[Any]

#: Lines of the table at most; a thousand cues need no thousand lines.
LINES = 40


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line says, by the names of its options."""

    store: Path
    cues: Path
    out: Path
    network: str
    known: Path | None
    clamp: bool
    beta: float | None
    max_steps: int | None
    seed: int


@dataclass(frozen=True, slots=True)
class Answer:
    """What came out of either network: the rows to write, and a column for each thing to show."""

    rows: Array
    pattern: Array
    columns: dict[str, list[str]]
    outcome: Array
    network: str


def run(options: Options) -> None:
    """Read, retrieve, write, and print the table."""
    if options.clamp and options.known is None:
        raise Mistake("--clamp holds known entries; name them with --known")
    store = _items.read(options.store)
    cues = _items.read(options.cues, like=store)
    known = None if options.known is None else _known(options.known, cues)
    sources = (options.store, options.cues, *([] if options.known is None else [options.known]))
    destination = Destination(options.out, cues, sources)
    network = _network(options, store, cues)
    started = time.perf_counter()
    with Progress() as progress:
        retrieve = _classical if network == "classical" else _modern
        answer = retrieve(options, store, cues, known, progress)
    seconds = time.perf_counter() - started
    destination.write(answer.rows)
    print(_report(store, cues, answer, seconds, options.out))


def _network(options: Options, store: Items, cues: Items) -> str:
    """The network asked for, or the one that fits: two values are for the classical, all else for the modern."""
    binary = _is_binary(store) and _is_binary(cues)
    network = options.network
    if network == "auto":
        network = "classical" if binary else "modern"
    if network == "classical":
        if options.beta is not None:
            raise Mistake("--beta is for the modern network, and this is the classical one; see --network")
        if store.files and not binary:
            wrong = next(file for items in (store, cues) for file in _grey_files(items))
            raise Mistake(f"{wrong} is not black and white, as the classical network needs; try --network modern")
    return network


def _is_binary(items: Items) -> bool:
    """Whether the items are black-and-white images, booleans, or ±1."""
    if items.files:
        return items.values.ndim == 3 and not _grey_files(items)
    return items.values.dtype.kind == "b" or bool((np.abs(items.values) == 1).all())


def _grey_files(items: Items) -> list[Path]:
    """The images with any pixel that is neither black nor white."""
    levels = zip(items.files, items.values, strict=True)
    return [file for file, image in levels if not ((image == 0) | (image == 255)).all()]


def _known(path: Path, cues: Items) -> Array:
    """True for known entries, shape (n,) or (m, n), from an array of booleans or an image that is white there."""
    if path.suffix == ".npy":
        flags = _items.read_array(path)
        if flags.dtype.kind != "b":
            raise Mistake(f"{path} must hold booleans, True for known entries; got {flags.dtype}")
    else:
        # Half-way, so that an image drawn with soft edges does too.
        flags = _images.pixels(_images.read(path), colour=cues.values.ndim == 4) > 127
    m, shape = len(cues.values), cues.values.shape[1:]
    if flags.shape not in (shape, (m, *shape)):
        raise Mistake(f"{path} must have shape {shape} or {(m, *shape)}, as the cues; got {flags.shape}")
    n = cues.rows.shape[1]
    return flags.reshape(n if flags.shape == shape else (m, n))


def _classical(options: Options, store: Items, cues: Items, known: Array | None, progress: Progress) -> Answer:
    found = hf.ClassicalHopfield(_spins(store)).retrieve(
        _spins(cues),
        known=known,
        clamp=options.clamp,
        max_sweeps=100 if options.max_steps is None else options.max_steps,
        rng=options.seed,
        progress=progress,
    )
    rows: Array = found.states
    if cues.files:
        rows = np.where(rows > 0, 255, 0).astype(np.uint8)
    elif cues.values.dtype.kind == "b":
        rows = rows > 0
    columns = {
        "overlap": [f"{overlap:.3f}" for overlap in found.overlap],
        "outcome": list(found.outcome),
        "sweeps": [str(n) for n in found.n_sweeps],
        "energy": [f"{energy:.6g}" for energy in found.energy],
        "ended by": list(found.reason),
    }
    return Answer(rows, found.pattern, columns, found.outcome, "classical network")


def _spins(items: Items) -> Array:
    """±1: white is +1 and True is +1."""
    if items.files:
        return hf.spins(items.rows > 0)
    return hf.spins(items.rows) if items.values.dtype.kind == "b" else items.rows


def _modern(options: Options, store: Items, cues: Items, known: Array | None, progress: Progress) -> Answer:
    patterns, queries, values = store.rows, cues.rows, None
    if store.files:
        # Compared by contrast, whatever the brightness; given back as the pixels that were stored.
        values = patterns.astype(np.float32)
        patterns, queries = _contrast(patterns), _contrast(queries, known)
    memory = hf.ModernHopfield(patterns, values=values, beta=options.beta)
    found = memory.retrieve(
        queries,
        known=known,
        clamp=options.clamp,
        max_steps=1000 if options.max_steps is None else options.max_steps,
        progress=progress,
    )
    outcome = memory.diagnose(found.states).kind
    columns = {
        "weight": [f"{weight:.3f}" for weight in found.weight],
        "outcome": list(outcome),
        "steps": [str(n) for n in found.n_steps],
        "energy": [f"{energy:.6g}" for energy in found.energy],
        "ended by": list(found.reason),
    }
    rows = found.states
    if store.files:
        rows = found.output.round().clip(0, 255).astype(np.uint8)
        if known is not None and options.clamp:
            rows = np.where(known, cues.rows, rows)
    return Answer(rows, found.pattern, columns, outcome, f"modern network, beta {memory.beta:.4g}")


def _contrast(rows: Array, known: Array | None = None) -> npt.NDArray[np.float32]:
    """Rows of mean 0 and norm 1 over their known entries; a row of one value becomes zeros."""
    weights = np.broadcast_to(np.ones(1) if known is None else known, rows.shape).astype(np.float64)
    total = np.maximum(weights.sum(1, keepdims=True), 1)
    centred = (rows - (rows * weights).sum(1, keepdims=True) / total) * weights
    norms = np.linalg.norm(centred, axis=1, keepdims=True)
    unit: Array = np.divide(centred, norms, out=np.zeros_like(centred), where=norms > 0)
    return unit.astype(np.float32)


def _report(store: Items, cues: Items, answer: Answer, seconds: float, out: Path) -> str:
    m, (k, n) = len(cues.values), store.rows.shape
    shown = min(m, LINES)
    rows = [
        [cues.name(i), store.name(int(answer.pattern[i])), *(column[i] for column in answer.columns.values())]
        for i in range(shown)
    ]
    lines = [table(["cue", "pattern", *answer.columns], rows, left=["cue", "pattern", "outcome", "ended by"])]
    if m > shown:
        lines.append(f"... and {m - shown} more")
    counts = ", ".join(f"{count} {outcome}" for outcome, count in Counter(answer.outcome.tolist()).most_common())
    lines.append("")
    took = f"{seconds:.1f} s" if seconds >= 1 else f"{seconds * 1000:.1f} ms"
    lines.append(f"cues: {m}, from {k} stored patterns of {n} by the {answer.network}, in {took}")
    lines.append(f"outcomes: {counts or 'none'}; written to {out}")
    return "\n".join(lines)
