"""A memory of a sequence: from a cue it replays what comes next, and next.

Not here: sequences whose next element depends on more than one before; give such elements a context of their own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from . import _arrays
from ._arrays import Array
from .errors import InvalidInputError
from .modern import ModernHopfield

__all__ = ["SequenceMemory", "SequenceReplay"]

Int64 = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class SequenceReplay:
    """What a memory replayed of its sequence, with the evidence; `s` is the number of steps.

    For a single cue the first axis is missing.

    Attributes
    ----------
    states : ndarray, shape (m, s, d)
        The state after each step; NaN behind the sequence's end.
    start : ndarray of int64, shape (m,)
        Where in the sequence the cue is: the position of its best match.
    expected : ndarray of int64, shape (m, s)
        The position that should come at each step; -1 behind the end.
    position : ndarray of int64, shape (m, s)
        The position whose element is the best match of the state; -1 behind the end.
    distance : ndarray of float64, shape (m, s)
        The Euclidean distance of the state to the element that should come; NaN behind the end.
    left_at : ndarray of int64, shape (m,)
        The first step, counted from 0, whose state has another element for its best match than should come; -1 if the
        replay stays in the sequence. Equal elements count as one.

    Examples
    --------
    >>> import numpy as np
    >>> import hopfield as hf
    >>> memory = hf.SequenceMemory(np.eye(5))
    >>> replay = memory.replay([0.0, 0.9, 0.1, 0.0, 0.0])
    >>> replay
    SequenceReplay(3 steps, stayed 100%)
    >>> replay.start, replay.position.tolist(), replay.left_at
    (1, [2, 3, 4], -1)
    """

    states: npt.NDArray[Any]
    start: Any
    expected: Int64
    position: Int64
    distance: npt.NDArray[np.float64]
    left_at: Any

    def __repr__(self) -> str:
        stayed = np.atleast_1d(self.left_at) < 0
        said = f", stayed {stayed.mean():.0%}" if stayed.size else ""
        return f"SequenceReplay({self.expected.shape[-1]} steps{said})"


class SequenceMemory:
    """A modern memory in which each element of a sequence leads to the one `delay` later.

    Its patterns are the elements that have a successor and its values those successors: one step is ``softmax(beta *
    patterns @ state) @ values``, and its output is the next state. (The hetero-association of Kosko 1988 with the
    weights of Ramsauer et al. 2020, eq. 10; Chaudhry et al. 2023 study such networks.)

    Parameters
    ----------
    sequence : array_like, shape (t, d)
        The elements in order, more than `delay` of them.
    delay : int
        How many elements later the next state is, at least 1.
    cyclic : bool
        Whether the end leads back to the beginning.
    beta : float, optional
        As in `ModernHopfield`: calibrated unless given.
    separation, similarity, dtype
        As in `ModernHopfield`.

    Raises
    ------
    InvalidInputError
        If the sequence is too short for the delay, or as `ModernHopfield` does.

    Examples
    --------
    >>> import numpy as np
    >>> import hopfield as hf
    >>> melody = np.random.default_rng(0).standard_normal((30, 16))
    >>> memory = hf.SequenceMemory(melody)
    >>> replay = memory.replay(melody[4] + 0.2, steps=5)
    >>> replay.start, replay.position.tolist(), bool(replay.distance.max() < 0.1)
    (4, [5, 6, 7, 8, 9], True)
    >>> hf.SequenceMemory(melody, delay=3, cyclic=True).replay(melody[27], steps=3).position.tolist()
    [0, 3, 6]
    """

    __slots__ = ("_cyclic", "_delay", "_elements", "_labels", "_successors")

    def __init__(
        self,
        sequence: npt.ArrayLike,
        *,
        delay: int = 1,
        cyclic: bool = False,
        beta: float | None = None,
        separation: Any = "softmax",
        similarity: str = "dot",
        dtype: npt.DTypeLike | None = None,
    ) -> None:
        rows, _ = _arrays.table("sequence", sequence)
        self._delay = _arrays.count("delay", delay)
        self._cyclic = bool(cyclic)
        keys = len(rows) if self._cyclic else len(rows) - self._delay
        if keys < 1:
            raise InvalidInputError(
                f"`sequence` must have more than {self._delay} elements, as `delay` is; got {len(rows)}"
            )
        options: dict[str, Any] = {"separation": separation, "similarity": similarity, "dtype": dtype}
        following = (np.arange(keys) + self._delay) % len(rows)
        #: Each element with its successor, and all elements, which say where a state is.
        self._successors = ModernHopfield(rows[:keys], values=rows[following], beta=beta, **options)
        self._elements = ModernHopfield(rows, beta=1.0 if beta is None else beta, **options)
        #: Equal elements have equal labels.
        self._labels: Int64 = np.unique(self._elements.patterns, axis=0, return_inverse=True)[1].reshape(-1)

    @property
    def sequence(self) -> Array:
        """The elements, shape (t, d), read-only."""
        return self._elements.patterns

    @property
    def delay(self) -> int:
        """How many elements later the next state is."""
        return self._delay

    @property
    def beta(self) -> float:
        """The inverse temperature: the one given, or the calibrated one."""
        return self._successors.beta

    def __len__(self) -> int:
        return len(self._elements)

    def __repr__(self) -> str:
        t, d = self._elements.patterns.shape
        return f"SequenceMemory({t} elements of {d}, delay {self._delay}{', cyclic' * self._cyclic})"

    def replay(self, cues: npt.ArrayLike, *, steps: int | None = None, n_threads: int | None = None) -> SequenceReplay:
        """Go on from each cue, each output the next state, and see where the sequence is left.

        Parameters
        ----------
        cues : array_like, shape (m, d) or (d,)
            Where to begin: elements of the sequence, or something near one.
        steps : int, optional
            How many; unless given, as many as lead from the cue to the end of the sequence (of the cue that is
            furthest from it), or once around a cyclic one.
        n_threads : int, optional
            Threads at most; the result is the same for any number.

        Returns
        -------
        SequenceReplay
            To leave the sequence is a result, not an error.

        Raises
        ------
        InvalidInputError
            Cues of another width than the elements, not finite, or fewer than 0 steps.

        Examples
        --------
        A temperature at which neighbours blur: the replay says where it got lost.

        >>> import numpy as np
        >>> import hopfield as hf
        >>> melody = np.random.default_rng(0).standard_normal((30, 16))
        >>> [hf.SequenceMemory(melody, beta=beta).replay(melody[0]).left_at for beta in (0.2, 0.5, 2.0)]
        [0, 2, -1]
        """
        single = np.ndim(cues) == 1
        # Also refuses cues that do not fit, before anything else is done.
        states, start = self._place(cues)
        t = len(self)
        if steps is not None:
            count = _arrays.count("steps", steps, 0)
        elif self._cyclic:
            count = -(-t // self._delay)
        else:
            count = int((t - 1 - start).max(initial=0)) // self._delay
        expected = start[:, np.newaxis] + self._delay * np.arange(1, count + 1)
        expected = expected % t if self._cyclic else np.where(expected < t, expected, -1)
        replayed = np.full((len(states), count, states.shape[1]), np.nan, states.dtype)
        position, distance = np.full(expected.shape, -1, np.int64), np.full(expected.shape, np.nan)
        sequence = self.sequence
        for step in range(count):
            on = np.flatnonzero(expected[:, step] >= 0)
            if not on.size:
                break
            states[on] = self._successors.step(states[on], n_threads=n_threads)
            replayed[on, step] = states[on]
            position[on, step] = self._place(states[on])[1]
            missed = states[on].astype(np.float64) - sequence[expected[on, step]].astype(np.float64)
            distance[on, step] = np.sqrt(np.square(missed).sum(axis=1))
        lost = (expected >= 0) & (self._labels[position] != self._labels[expected])
        left_at = np.where(lost.any(axis=1), lost.argmax(axis=1) if count else 0, -1)
        columns = {
            "states": replayed,
            "start": start,
            "expected": expected,
            "position": position,
            "distance": distance,
            "left_at": left_at,
        }
        if single:
            columns = {name: column[0] for name, column in columns.items()}
            columns["start"], columns["left_at"] = columns["start"].item(), columns["left_at"].item()
        return SequenceReplay(**columns)

    def _place(self, states: npt.ArrayLike) -> tuple[Array, Int64]:
        """The states as rows of the memory's dtype, of their own, and the position of each one's best match."""
        rows, _ = self._elements._states(self._elements._version, "cues", states)
        return rows.copy(), self._elements.association(rows, top=1)[1][:, 0]
