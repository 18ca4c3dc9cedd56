"""The Hebbian network of Hopfield (PNAS 79, 1982), from its definition.

``W = c sum_mu xi^mu xi^muT`` with ``W_ii = 0``; field ``h = W x + b``; energy
``E(x) = -1/2 xT W x - bT x``. The matrix ``W / c`` is kept as exact integers and
every sum is taken over it, so a sign, a tie and an energy have no rounding in them.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Sequence
from fractions import Fraction

from oracle.rng import Stream

Bias = float | Sequence[float] | None

TIES = ("keep", "plus", "minus", "random")


def entry(given: float | Sequence[float], i: int) -> Fraction:
    """The value for neuron i of a scalar or of one value for each neuron."""
    return Fraction(given if isinstance(given, int | float) else given[i])


class ClassicalHopfield:
    """A binary network with states +1 and -1 (0: an unknown neuron not yet visited)."""

    def __init__(
        self,
        patterns: Sequence[Sequence[int]] | None = None,
        *,
        n_neurons: int | None = None,
        normalization: str = "neurons",
        bias: Bias = None,
        threshold: Bias = None,
        tie: str = "keep",
    ) -> None:
        if normalization not in ("neurons", "patterns", "none"):
            raise ValueError("unknown normalization")
        if tie not in TIES:
            raise ValueError("unknown tie")
        if bias is not None and threshold is not None:
            raise ValueError("give bias or threshold, not both")
        self.normalization = normalization
        self.tie = tie
        self.given_bias = bias
        self.given_threshold = threshold
        self.external: Sequence[float] | None = None
        self.n_neurons = n_neurons
        self.patterns: list[list[int]] = []
        self.couplings: list[list[int]] = []
        if patterns is not None:
            self.store(patterns)

    def store(self, patterns: Sequence[Sequence[int]]) -> None:
        """Append patterns; one given twice counts twice."""
        for pattern in patterns:
            if self.n_neurons is None:
                self.n_neurons = len(pattern)
            if len(pattern) != self.n_neurons or any(x not in (-1, 1) for x in pattern):
                raise ValueError("a pattern has n_neurons values +1 or -1")
        for given in (self.given_bias, self.given_threshold):
            if isinstance(given, Sequence) and len(given) != self.n_neurons:
                raise ValueError("bias has one value, or one for each neuron")
        self.patterns += [list(pattern) for pattern in patterns]
        self._learn()

    def forget(self, patterns: Sequence[Sequence[int]]) -> None:
        """Remove, for each row given, the first stored pattern equal to it."""
        left = [list(pattern) for pattern in self.patterns]
        for pattern in patterns:
            if list(pattern) not in left:
                raise ValueError("a pattern to forget is not stored")
            left.remove(list(pattern))
        self.patterns = left
        self._learn()

    def _learn(self) -> None:
        """``W / c``: the sum over the patterns of ``xi_i xi_j``, zero for i = j."""
        n = self.n
        self.couplings = [
            [0 if i == j else sum(xi[i] * xi[j] for xi in self.patterns) for j in range(n)] for i in range(n)
        ]

    @property
    def n(self) -> int:
        """The number of neurons."""
        if self.n_neurons is None:
            raise ValueError("the number of neurons is not known yet")
        return self.n_neurons

    @property
    def k(self) -> int:
        """The number of stored patterns."""
        return len(self.patterns)

    def scale(self) -> Fraction:
        """The factor c of the Hebbian sum."""
        if self.k == 0:
            raise ValueError("the network stores no patterns")
        if self.normalization == "neurons":
            return Fraction(1, self.n)
        if self.normalization == "patterns":
            return Fraction(1, self.k)
        return Fraction(1)

    def bias(self, i: int) -> Fraction:
        """``b_i``, exactly; a threshold is a bias of the other sign, an external field adds to it."""
        external = Fraction(0) if self.external is None else Fraction(self.external[i])
        if self.given_threshold is not None:
            return external - entry(self.given_threshold, i)
        return external + (Fraction(0) if self.given_bias is None else entry(self.given_bias, i))

    def in_field(self, external: Sequence[float]) -> ClassicalHopfield:
        """The same network with an external field, one value for each neuron, added to the bias."""
        if len(external) != self.n:
            raise ValueError("field has one value for each neuron")
        other = copy.copy(self)
        other.external = list(external)
        return other

    def weight_matrix(self) -> list[list[float]]:
        """W, each entry rounded once."""
        c = self.scale()
        return [[float(c * coupling) for coupling in row] for row in self.couplings]

    def exact_field(self, x: Sequence[int]) -> list[Fraction]:
        """``h = W x + b``."""
        return [self.local_field(x, i) for i in range(self.n)]

    def local_field(self, x: Sequence[int], i: int) -> Fraction:
        """``h_i``, the field of one neuron."""
        c = self.scale()
        total = sum(w * x_j for w, x_j in zip(self.couplings[i], x, strict=True))
        return c * total + self.bias(i)

    def field(self, x: Sequence[int]) -> list[float]:
        """h, each entry rounded once."""
        return [float(h) for h in self.exact_field(x)]

    def exact_energy(self, x: Sequence[int]) -> Fraction:
        """``E = -1/2 xT W x - bT x``."""
        c = self.scale()
        quadratic = sum(x[i] * self.couplings[i][j] * x[j] for i in range(self.n) for j in range(self.n))
        linear = sum((self.bias(i) * x[i] for i in range(self.n)), Fraction(0))
        return -c * quadratic / 2 - linear

    def energy(self, x: Sequence[int]) -> float:
        """E, rounded once."""
        return float(self.exact_energy(x))

    def agreements(self, x: Sequence[int]) -> list[int]:
        """``a^mu = xi^mu . x``."""
        return [sum(a * b for a, b in zip(xi, x, strict=True)) for xi in self.patterns]

    def overlap(self, x: Sequence[int]) -> list[float]:
        """``xi^mu . x / n``, signed."""
        return [a / self.n for a in self.agreements(x)]

    def hamming(self, x: Sequence[int]) -> list[int]:
        """The number of neurons in which x differs from each pattern."""
        return [sum(a != b for a, b in zip(xi, x, strict=True)) for xi in self.patterns]

    def updated(self, x: Sequence[int], i: int, stream: Stream) -> int:
        """The value that a visit gives neuron i; `stream` is drawn from at random ties only."""
        h = self.local_field(x, i)
        if h != 0:
            return 1 if h > 0 else -1
        if self.tie == "random":
            return 1 if stream.coin() else -1
        if self.tie == "keep":
            # An unknown neuron has nothing to keep and must get a value.
            return x[i] if x[i] != 0 else 1
        return 1 if self.tie == "plus" else -1

    def drawn(self, x: Sequence[int], i: int, temperature: float, stream: Stream) -> int:
        """The value that a visit at a positive temperature gives neuron i; always one draw.

        Glauber (J. Math. Phys. 4, 1963): ``P(x_i = +1) = 1 / (1 + exp(-2 h_i / T))``.
        """
        z = 2 * float(self.local_field(x, i)) / temperature
        # exp(709) is near the largest float64; far beyond it the probability is 0 anyway.
        probability = 1 / (1 + math.exp(-z)) if z > -700 else 0.0
        return 1 if stream.unit() < probability else -1

    def content(self, x: Sequence[int], i: int) -> bool:
        """Whether neuron i satisfies its update.

        With random ties: unless ``x_i h_i < 0``, for a tie may fall either way.
        """
        h = self.local_field(x, i)
        if x[i] == 0 or x[i] * h < 0:
            return False
        return h != 0 or (self.tie, x[i]) not in (("plus", -1), ("minus", 1))

    def is_fixed_point(self, x: Sequence[int], free: Sequence[int] | None = None) -> bool:
        """Whether every free neuron (all, unless given) satisfies its update."""
        return all(self.content(x, i) for i in (range(self.n) if free is None else free))

    def instability(self, x: Sequence[int], i: int) -> Fraction:
        """``-x_i h_i``: half of what turning neuron i lowers the energy by.

        Of an undecided neuron ``|h_i|``, which is what the sign of its field lowers the energy by.
        """
        h = self.local_field(x, i)
        return abs(h) if x[i] == 0 else -x[i] * h
