"""Calls that need a process of their own (signals, forks, peak memory); each prints what it found as JSON.

Run as ``python processes.py NAME ARGUMENTS``; `ask` does that from a test.
"""

from __future__ import annotations

import faulthandler
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import hopfield as hf

#: Seconds after which a process that hangs shows where, and ends.
PATIENCE = 60


def ask(name: str, *arguments: object) -> Any:
    """What `name` prints in a process of its own."""
    program = [sys.executable, str(Path(__file__).resolve()), name, *map(str, arguments)]
    run = subprocess.run(program, capture_output=True, text=True, check=False, timeout=PATIENCE + 30)
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


def by_instruction_set(program: str) -> dict[str, str]:
    """What a program, in which `{name}` stands for the name of the set, prints on each instruction set at hand."""
    printed = {}
    for name in hf._core.instruction_sets():
        environment = {**os.environ, "HOPFIELD_INSTRUCTION_SET": name}
        command = [sys.executable, "-c", program.format(name=name)]
        printed[name] = subprocess.run(command, capture_output=True, text=True, check=True, env=environment).stdout
    return printed


def draw(k: int, d: int, m: int) -> tuple[hf.ModernHopfield, np.ndarray[Any, np.dtype[np.float32]]]:
    """A memory of no great contrast, and queries."""
    rng = np.random.default_rng(0)
    patterns = rng.standard_normal((k, d), dtype=np.float32)
    return hf.ModernHopfield(patterns, beta=0.05), patterns[:m] + np.float32(0.1)


# Ctrl-C


def long_calls() -> dict[str, Callable[[], object]]:
    """Calls of seconds each, were they left alone."""
    hf.set_num_threads(2)
    memory, queries = draw(100_000, 64, 30_000)
    tiny = np.ones((1_000_000, 1, 1))
    pair = hf.ModernHopfield([[1.0], [-1.0]], beta=1.0)
    lookup, states = draw_lookup(30_000)
    pooling = hf.layers.HopfieldPooling(64, num_heads=4, quantity=64)
    association = hf.layers.Hopfield(64, num_heads=4, hidden_size=16, update_steps_max=1000, update_steps_eps=1e-30)

    def store_and_recall() -> None:
        patterns = np.ones((200, 1_000_000), np.int8)
        for _ in range(100):
            hf.ClassicalHopfield(patterns).retrieve(patterns[:1])

    def under(separation: str, beta: float, similarity: str = "dot") -> hf.ModernHopfield:
        return hf.ModernHopfield(memory.patterns, beta=beta, separation=separation, similarity=similarity, copy=False)

    return {
        "sparsemax": lambda: [under("sparsemax", 1.0).step(queries) for _ in range(4)],
        # More patterns have weight than a walk keeps.
        "a walk more for each query": lambda: under("sparsemax", 1e-4).step(queries),
        "entmax of any alpha": lambda: hf.ModernHopfield(
            memory.patterns, beta=0.05, separation=hf.separation.Entmax(1.1), copy=False
        ).step(queries),
        "epanechnikov": lambda: under("epanechnikov", 0.01, "euclidean").step(queries),
        "manhattan": lambda: under("softmax", 0.05, "manhattan").step(queries),
        "polynomial": lambda: [under("linear", 1.0).step(queries) for _ in range(4)],
        "pattern separation": lambda: [memory.pattern_separation() for _ in range(4)],
        "fixed points": lambda: memory.fixed_points(queries, tol=0.0),
        "replay": lambda: hf.SequenceMemory(memory.patterns[:20_000], beta=0.05).replay(queries[:5000], steps=100),
        "retrieve on 1 thread": lambda: memory.retrieve(queries, tol=0, n_threads=1),
        "retrieve on 2 threads": lambda: memory.retrieve(queries, tol=0, n_threads=2),
        "retrieve on 8 threads": lambda: memory.retrieve(queries, tol=0, n_threads=8),
        "retrieve one query": lambda: memory.retrieve(queries[:1] * 0 + 1, tol=0, max_steps=10**6),
        "retrieve by weights": lambda: memory.retrieve(queries, criterion="association", tol=0),
        "step": lambda: memory.step(queries),
        "energy": lambda: [memory.energy(queries) for _ in range(20)],
        "largest weights": lambda: memory.association(queries, top=10),
        "diagnose": lambda: memory.diagnose(queries[:3000]),
        "attention": lambda: hf.attention(queries, memory.patterns, memory.patterns),
        "many steps of a small memory": lambda: pair.retrieve([1.0], tol=0, max_steps=2 * 10**6),
        "scan on 1 thread": lambda: hf.capacity.scan(n=2000, alpha=0.14, trials=10**5, n_threads=1),
        "scan on 3 threads": lambda: hf.capacity.scan(n=2000, alpha=0.14, trials=10**5, n_threads=3),
        "scan of large networks": lambda: hf.capacity.scan(n=50_000, alpha=0.1, trials=100, n_threads=2),
        "store and recall in wide networks": store_and_recall,
        "many small problems": lambda: hf.attention(tiny, tiny, tiny),
        "lookup": lambda: lookup(states),
        "pooling": lambda: pooling(memory.patterns[np.newaxis].repeat(8, axis=0)),
        "updates of a layer": lambda: association(queries[:12_000].reshape(4, 3000, 64)),
    }


def draw_lookup(states: int, **options: Any) -> tuple[hf.layers.HopfieldLayer, np.ndarray[Any, np.dtype[np.float32]]]:
    """A lookup among very many stored patterns, and states."""
    layer = hf.layers.HopfieldLayer(64, quantity=100_000, **options)
    return layer, np.random.default_rng(0).standard_normal((states, 1, 64), dtype=np.float32)


def long_gradients(name: str) -> Callable[[], object]:
    """Pulling a gradient back through a layer; the forward pass is over."""
    hf.set_num_threads(2)
    softmax = name == "gradient of a lookup"
    layer, states = draw_lookup(5000 if softmax else 1000, separation="softmax" if softmax else "sparsemax")
    output, pullback = layer.vjp(states)
    return lambda: pullback(output)


def interrupt(name: str, after: str) -> dict[str, Any]:
    """Seconds from the signal to the exception, and whether the memory is as it was."""
    call = long_gradients(name) if name.startswith("gradient") else long_calls()[name]
    memory, queries = draw(1000, 16, 50)
    before = memory.step(queries).tobytes()
    sent: list[float] = []

    def shoot() -> None:
        time.sleep(float(after))
        sent.append(time.perf_counter())
        os.kill(os.getpid(), signal.SIGINT)

    shooter = threading.Thread(target=shoot)
    shooter.start()
    try:
        call()
    except KeyboardInterrupt:
        late = time.perf_counter() - sent[0]
    else:
        late = -1.0
    shooter.join()
    return {"late": late, "same": memory.step(queries).tobytes() == before}


def interrupt_calibration(k: str, after: str) -> dict[str, Any]:
    """As `interrupt`, while a new memory calibrates; it must be able to do so afterwards."""
    patterns = np.random.default_rng(0).integers(0, 2, (int(k), 64), np.int8).astype(np.float32) * 2 - 1
    memory = hf.ModernHopfield(patterns, copy=False)
    sent: list[float] = []

    def shoot() -> None:
        time.sleep(float(after))
        sent.append(time.perf_counter())
        os.kill(os.getpid(), signal.SIGINT)

    shooter = threading.Thread(target=shoot)
    shooter.start()
    try:
        late = -1.0 if memory.beta else 0.0
    except KeyboardInterrupt:
        late = time.perf_counter() - sent[0]
    shooter.join()
    return {"late": late, "same": memory.beta > 0}


# Other Python threads


def ticks(threads: str) -> dict[str, float]:
    """How often another Python thread got its turn while a call ran, and for how long that ran."""
    memory, queries = draw(50_000, 64, 2000)
    count, done = [0], threading.Event()

    def tick() -> None:
        while not done.is_set():
            count[0] += 1
            time.sleep(0.002)

    ticker = threading.Thread(target=tick)
    ticker.start()
    start, before = time.perf_counter(), count[0]
    memory.retrieve(queries, tol=0, max_steps=2, n_threads=int(threads))
    seconds, counted = time.perf_counter() - start, count[0] - before
    done.set()
    ticker.join()
    return {"ticks": counted, "seconds": seconds}


def short_beside_long() -> dict[str, float]:
    """Seconds of a call of milliseconds, made while another Python thread is in one of a second."""
    hf.set_num_threads(2)
    memory, queries = draw(50_000, 64, 20_000)
    small, few = draw(2000, 64, 200)
    seconds = {}

    def long() -> None:
        begun = time.perf_counter()
        memory.step(queries, n_threads=2)
        seconds["long"] = time.perf_counter() - begun

    worker = threading.Thread(target=long)
    worker.start()
    time.sleep(0.05)
    begun = time.perf_counter()
    small.step(few, n_threads=2)
    seconds["short"] = time.perf_counter() - begun
    worker.join()
    return seconds


def nested(threads: str) -> dict[str, int]:
    """A progress callback that asks the memory something itself."""
    hf.set_num_threads(2)
    faulthandler.dump_traceback_later(6 if threads != "1" else PATIENCE, exit=True)
    memory, queries = draw(250_000, 64, 150)
    heard = []

    def progress(settled: int, total: int) -> None:
        heard.append(memory.step(queries[:2], n_threads=int(threads)).tobytes())

    memory.retrieve(queries, tol=0, max_steps=5, n_threads=int(threads), progress=progress)
    return {"heard": len(heard), "different": len(set(heard))}


# Forks


def many_threads(threads: str) -> dict[str, bool]:
    """Whether a call on any number of threads gives what it gives on one."""
    faulthandler.dump_traceback_later(5, exit=True)
    memory, queries = draw(20_000, 16, 3)
    found = memory.step(queries, n_threads=int(threads))
    return {"same": bool(np.array_equal(found, memory.step(queries, n_threads=1)))}


def fork(children: str, busy: str) -> dict[str, list[int]]:
    """Exit statuses of children that retrieve as the parent has, or as a thread of it does meanwhile."""
    memory, queries = draw(3000, 64, 200)
    expected = memory.retrieve(queries, max_steps=2, n_threads=2).states.tobytes()
    done = threading.Event()

    def keep_busy() -> None:
        while not done.is_set():
            memory.retrieve(queries, max_steps=2, n_threads=2)

    worker = threading.Thread(target=keep_busy)
    if busy == "busy":
        worker.start()
    statuses = []
    for _ in range(int(children)):
        child = os.fork()
        if child == 0:
            signal.alarm(10)
            again = [memory.retrieve(queries, max_steps=2, n_threads=2).states.tobytes() for _ in range(2)]
            os._exit(0 if again == [expected] * 2 else 3)
        statuses.append(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    done.set()
    if busy == "busy":
        worker.join()
    # And the parent still can.
    statuses.append(int(memory.retrieve(queries, max_steps=2, n_threads=2).states.tobytes() != expected))
    return {"statuses": statuses}


# Memory


def kibibytes(field: str) -> int:
    """A line of this process's status."""
    lines = Path("/proc/self/status").read_text("utf-8").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(field))


def peak(name: str, threads: str) -> dict[str, float]:
    """MiB beyond inputs and outputs that a call needs at its peak: k = 100 000, m = 4096, d = 64."""
    memory, queries = draw(100_000, 64, 4096)

    def under(separation: str, beta: float) -> hf.ModernHopfield:
        return hf.ModernHopfield(memory.patterns, beta=beta, separation=separation, similarity="euclidean", copy=False)

    if name == "replay":
        sequence = hf.SequenceMemory(memory.patterns, beta=0.05)
    calls: dict[str, Callable[[], Any]] = {
        "retrieve": lambda: memory.retrieve(queries, max_steps=1, n_threads=int(threads)),
        "step": lambda: memory.step(queries, n_threads=int(threads)),
        "energy": lambda: memory.energy(queries),
        "calibrate": lambda: hf.ModernHopfield(memory.patterns, copy=False).beta,
        "attention": lambda: hf.attention(queries, memory.patterns, memory.patterns),
        "sparsemax": lambda: under("sparsemax", 0.1).step(queries),
        # More patterns have weight than a walk keeps.
        "a walk more": lambda: under("sparsemax", 1e-4).step(queries),
        "epanechnikov": lambda: under("epanechnikov", 0.03).step(queries),
        "pattern separation": memory.pattern_separation,
        "fixed points": lambda: memory.fixed_points(queries, max_steps=2),
        "replay": lambda: sequence.replay(queries, steps=1),
    }
    # What is made once for all calls: threads, buffers of the interpreter.
    few, some = draw(1000, 64, 100)
    few.retrieve(some, max_steps=1, n_threads=int(threads))
    Path("/proc/self/clear_refs").write_text("5", "utf-8")  # the peak starts anew
    before = kibibytes("VmRSS")
    calls[name]()
    output = queries.nbytes if name != "energy" else 8 * len(queries)
    return {"mebibytes": (kibibytes("VmHWM") - before) / 1024 - output / 2**20}


def rounded(dtype: str) -> dict[str, float]:
    """Bytes that a memory of 400 000 patterns of 64 says it keeps, and MiB that it takes, then and at its peak."""
    patterns = np.random.default_rng(0).standard_normal((400_000, 64), dtype=np.float32)
    _ = hf.ModernHopfield(patterns[:100_000], dtype=dtype)  # threads, and what the allocator keeps
    Path("/proc/self/clear_refs").write_text("5", "utf-8")  # the peak starts anew
    before = kibibytes("VmRSS")
    memory = hf.ModernHopfield(patterns, dtype=dtype)
    after, highest = kibibytes("VmRSS"), kibibytes("VmHWM")
    return {"nbytes": memory.nbytes, "kept": (after - before) / 1024, "peak": (highest - before) / 1024}


if __name__ == "__main__":
    # Even if it was started deaf to Ctrl-C, as background jobs are.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    faulthandler.dump_traceback_later(PATIENCE, exit=True)
    asked: dict[str, Callable[..., Any]] = {
        function.__name__: function
        for function in (
            interrupt,
            interrupt_calibration,
            ticks,
            short_beside_long,
            nested,
            many_threads,
            fork,
            peak,
            rounded,
        )
    }
    json.dump(asked[sys.argv[1]](*sys.argv[2:]), sys.stdout)
