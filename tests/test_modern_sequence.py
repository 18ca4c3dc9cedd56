"""Sequences replayed from a cue: each step against the oracle, and where a replay leaves its sequence."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import event, given
from hypothesis import strategies as st

import hopfield as hf
import tolerance
from hopfield.errors import InvalidInputError
from oracle import pairs
from strategies_modern import FLOATS, Problem, lists, problems
from tolerance import worst


@given(
    problems(with_values=False, with_mask=False, max_work=800, largest_exponent=100.0),
    st.integers(1, 3),
    st.booleans(),
    st.integers(0, 4),
)
def test_every_step_is_that_of_the_oracle(problem: Problem, delay: int, cyclic: bool, steps: int) -> None:
    sequence, t = problem.patterns, len(problem.patterns)
    if not cyclic and t <= delay:
        return
    memory = hf.SequenceMemory(sequence, delay=delay, cyclic=cyclic, beta=problem.beta)
    replay = memory.replay(problem.queries, steps=steps)
    keys, values = pairs.successors(lists(sequence), delay, cyclic)
    for query, state in enumerate(problem.queries):
        should = pairs.expected(t, int(replay.start[query]), delay, cyclic, steps)
        assert replay.expected[query].tolist() == should
        here = state
        for step in range(steps):
            found = replay.states[query, step]
            if should[step] < 0:
                assert np.isnan(found).all()
                assert math.isnan(replay.distance[query, step])
                assert replay.position[query, step] == -1
                continue
            bounds = tolerance.Problem(keys, problem.beta, here, dtype=problem.dtype, values=values)
            exact = pairs.next_state(lists(sequence), delay, cyclic, problem.beta, lists(here))
            assert worst(found, exact, bounds.step()) <= 1
            missed = math.dist(lists(found), lists(sequence[should[step]]))
            assert worst(replay.distance[query, step], missed, tolerance.chain_length(missed, len(found))) <= 1
            # The best match, up to what scores are off.
            match = tolerance.Problem(sequence, problem.beta, found, dtype=problem.dtype)
            off = match.score_errors(match.ways[0]).max()
            assert match.scores[replay.position[query, step]] >= match.scores.max() - 2 * off
            here = found
        left = pairs.left_at(lists(sequence), should, replay.position[query].tolist())
        assert replay.left_at[query] == left
        event(f"left: {left >= 0}")


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("delay", [1, 2, 7])
@pytest.mark.parametrize("cyclic", [False, True])
def test_a_cold_memory_replays_to_the_end(dtype: str, delay: int, cyclic: bool) -> None:
    rng = np.random.default_rng(delay)
    sequence = rng.standard_normal((40, 24)).astype(dtype)
    memory = hf.SequenceMemory(sequence, delay=delay, cyclic=cyclic)
    replay = memory.replay(sequence + 0.1 * rng.standard_normal(sequence.shape))
    assert replay.start.tolist() == list(range(40))
    assert (replay.left_at == -1).all()
    expected = replay.expected[replay.expected >= 0]
    assert np.array_equal(replay.position[replay.expected >= 0], expected)
    assert np.nanmax(replay.distance) < 0.1
    steps = -(-40 // delay) if cyclic else (40 - 1) // delay
    assert replay.expected.shape == (40, steps)
    assert ((replay.expected >= 0).sum(axis=1) == (steps if cyclic else (39 - np.arange(40)) // delay)).all()


def test_where_elements_repeat_the_replay_says_that_it_got_lost() -> None:
    # What follows B depends on what came before it, which one element does not tell.
    a, b, c, d = np.eye(4)
    replay = hf.SequenceMemory([a, b, c, b, d], beta=40.0).replay(a)
    assert replay.expected.tolist() == [1, 2, 3, 4]
    # The mean of C and D comes after B.
    assert np.allclose(replay.states[1], (c + d) / 2)
    assert replay.left_at in (1, 2, 3)
    # Equal elements count as one.
    assert hf.SequenceMemory([a, b, a, b, a], beta=40.0).replay(a).left_at == -1


def test_one_cue_gives_single_answers() -> None:
    sequence = np.eye(5)
    memory = hf.SequenceMemory(sequence, beta=30.0)
    one, batch = memory.replay(sequence[1]), memory.replay(sequence[[1, 4]])
    assert (one.start, one.left_at) == (1, -1)
    assert one.states.shape == (3, 5)
    assert np.array_equal(one.states, batch.states[0])
    assert np.isnan(batch.states[1]).all()
    assert memory.replay(sequence[4]).states.shape == (0, 5)
    assert memory.replay(sequence[:0]).states.shape == (0, 0, 5)
    assert repr(memory.replay(sequence[:0])) == "SequenceReplay(0 steps)"
    assert (len(memory), memory.delay, memory.beta, repr(memory)) == (
        5,
        1,
        30.0,
        "SequenceMemory(5 elements of 5, delay 1)",
    )


def test_what_the_caller_passed_is_left_alone() -> None:
    sequence, cue = np.eye(5), np.eye(5)[0].copy()
    before = sequence.copy(), cue.copy()
    hf.SequenceMemory(sequence, beta=3.0).replay(cue)
    assert np.array_equal(sequence, before[0])
    assert np.array_equal(cue, before[1])
    assert sequence.flags.writeable


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: hf.SequenceMemory(np.eye(3), delay=3),
            "`sequence` must have more than 3 elements, as `delay` is; got 3",
        ),
        (lambda: hf.SequenceMemory(np.eye(3), delay=0), "`delay` must be at least 1; got 0"),
        (lambda: hf.SequenceMemory(np.empty((0, 3)), cyclic=True), "`sequence` must have more than 1 elements"),
        (lambda: hf.SequenceMemory(np.eye(3)).replay(np.eye(3), steps=-1), "`steps` must be at least 0; got -1"),
        (
            lambda: hf.SequenceMemory(np.eye(3)).replay(np.eye(4)),
            "`cues` must have 3 columns, as the stored patterns do; got shape (4, 4)",
        ),
    ],
)
def test_mistakes(call: object, message: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        call()  # type: ignore[operator]
    assert str(caught.value).startswith(message)
