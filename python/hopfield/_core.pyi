"""The compiled core, private to the package: arrays in, arrays out. The faces document what it computes."""

from collections.abc import Callable
from typing import Any, ClassVar, final

import numpy as np
import numpy.typing as npt

__all__ = [
    "ClassicalHopfield",
    "ModernHopfield",
    "__version__",
    "attention",
    "bytes_read_per_second",
    "get_num_threads",
    "instruction_set",
    "instruction_sets",
    "multiply_adds_per_second",
    "set_num_threads",
]

__version__: str

_Array = npt.NDArray[Any]
_Flags = npt.NDArray[np.bool_]
_Float64 = npt.NDArray[np.float64]
_Int64 = npt.NDArray[np.int64]
_Spins = npt.NDArray[np.int8]

@final
class ClassicalHopfield:
    REASONS: ClassVar[list[str]]
    OUTCOMES: ClassVar[list[str]]

    def __new__(
        cls,
        n_neurons: int | None,
        rule: str,
        normalization: str,
        bias: float | _Float64 | None,
        is_threshold: bool,
        tie: str,
    ) -> ClassicalHopfield: ...
    def store(self, patterns: _Spins) -> None: ...
    def forget(self, patterns: _Spins) -> None: ...
    def patterns(self) -> _Spins: ...
    @property
    def n_neurons(self) -> int | None: ...
    @property
    def n_patterns(self) -> int: ...
    def retrieve(self, cues: _Spins, request: dict[str, Any]) -> dict[str, Any]: ...
    def energy(self, states: _Spins) -> _Float64: ...
    def field(self, states: _Spins) -> _Float64: ...
    def overlap(self, states: _Spins) -> _Float64: ...
    def hamming(self, states: _Spins) -> _Int64: ...
    def is_fixed_point(self, states: _Spins) -> _Flags: ...
    def weight_matrix(self) -> _Float64: ...

@final
class ModernHopfield:
    REASONS: ClassVar[list[str]]
    KINDS: ClassVar[list[str]]
    CLASSES: ClassVar[list[str]]

    def __new__(
        cls, patterns: _Array, values: _Array | None, check_finite: bool, n_threads: int | None
    ) -> ModernHopfield: ...
    def validate(self, beta: float) -> None: ...
    def calibrate(self, error: float, n_threads: int | None) -> tuple[float, float, bool]: ...
    def step(
        self,
        beta: float,
        queries: _Array,
        known: _Flags | None,
        mask: _Flags | None,
        n_threads: int | None,
    ) -> _Array: ...
    def retrieve(
        self,
        beta: float,
        queries: _Array,
        max_steps: int,
        tol: float,
        criterion: str,
        known: _Flags | None,
        clamp: bool,
        mask: _Flags | None,
        trace: bool,
        check_finite: bool,
        n_threads: int | None,
        progress: Callable[[int], object] | None,
    ) -> dict[str, Any]: ...
    def energy(self, beta: float, states: _Array, constants: bool, n_threads: int | None) -> _Float64: ...
    def association(self, beta: float, queries: _Array, n_threads: int | None) -> _Array: ...
    def association_top(
        self, beta: float, queries: _Array, top: int, n_threads: int | None
    ) -> tuple[_Array, _Int64]: ...
    def diagnose(self, beta: float, states: _Array, n_threads: int | None) -> dict[str, Any]: ...

def attention(queries: _Array, keys: _Array, values: _Array, beta: float | None, mask: _Flags | None) -> _Array: ...
def set_num_threads(n_threads: int) -> None: ...
def get_num_threads() -> int: ...
def instruction_set() -> str: ...
def instruction_sets() -> list[str]: ...
def multiply_adds_per_second(like: _Array, n_threads: int | None) -> float: ...
def bytes_read_per_second(data: npt.NDArray[np.float32], n_threads: int | None) -> float: ...
