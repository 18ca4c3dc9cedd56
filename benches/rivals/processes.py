"""Workers seen from outside: started with an environment that is fair to their library, asked, and ended."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Any

from .fairness import HOLD_BACK
from .libraries import LIBRARIES, OURS
from .shapes import Array, Ceiling, Problem

#: Each library's own name for the number of its threads.
THREADS = (
    *("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "BLIS_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"),
    "HOPFIELD_NUM_THREADS",
)


class Process:
    """A library's process. It idles unless asked, so that one at a time has the machine."""

    def __init__(self, library: str, *, threads: int, dtype: str = "float32") -> None:
        self.library = LIBRARIES[library]
        self.dtype = dtype
        self.title = self.library.title if dtype == "float32" else f"{self.library.title} {dtype}"
        self.is_ours = library == OURS
        benches = str(Path(__file__).resolve().parents[1])
        environment = {name: value for name, value in os.environ.items() if name not in HOLD_BACK}
        environment |= dict.fromkeys(THREADS, str(threads)) | {"JAX_PLATFORMS": "cpu"}
        environment["PYTHONPATH"] = os.pathsep.join([benches, *filter(None, [os.environ.get("PYTHONPATH")])])
        program = [sys.executable, "-m", "rivals.worker", library, dtype, str(threads)]
        self._process = subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment)

    def prepare(self, problem: Problem) -> None:
        self._ask("prepare", problem)

    def answer(self) -> Array:
        answer: Array = self._ask("answer")
        return answer

    def times(self, seconds: float, least: int) -> list[float]:
        times: list[float] = self._ask("times", seconds, least)
        return times

    def ceiling(self, count: int) -> Ceiling:
        ceiling: Ceiling = self._ask("ceiling", count)
        return ceiling

    def peak(self) -> float:
        return float(self._ask("peak"))

    def about(self) -> str:
        return str(self._ask("about"))

    def _ask(self, method: str, *arguments: object) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        pickle.dump((method, arguments), self._process.stdin)
        self._process.stdin.flush()
        try:
            is_answer, reply = pickle.load(self._process.stdout)
        except EOFError:
            raise RuntimeError(f"the process of {self.title} ended with status {self._process.wait()}") from None
        if not is_answer:
            raise RuntimeError(f"{self.title} failed:\n{reply}")
        return reply

    def __enter__(self) -> Process:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            self._process.kill()
        self._process.communicate()
