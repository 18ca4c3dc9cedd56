"""The pinned random numbers: SplitMix64 seeds, xoshiro256++ draws.

Blackman & Vigna, "Scrambled linear pseudorandom number generators", ACM TOMS 47
(2021); Steele, Lea & Flood, "Fast splittable pseudorandom number generators",
OOPSLA (2014); bounded draws after Lemire, ACM TOMACS 29 (2019).
"""

from __future__ import annotations

TWO_64 = 1 << 64
GOLDEN_GAMMA = 0x9E3779B97F4A7C15


def mix(z: int) -> int:
    """The finaliser of SplitMix64, a bijection of the 64-bit words."""
    z ^= z >> 30
    z = z * 0xBF58476D1CE4E5B9 % TWO_64
    z ^= z >> 27
    z = z * 0x94D049BB133111EB % TWO_64
    return z ^ (z >> 31)


def rotl(word: int, bits: int) -> int:
    """A 64-bit word rotated left."""
    return (word << bits) % TWO_64 | word >> (64 - bits)


class Stream:
    """The stream of (seed, index): one for each cue of a batch."""

    def __init__(self, seed: int, index: int = 0) -> None:
        if not 0 <= seed < TWO_64:
            raise ValueError("a seed is a 64-bit word")
        s = mix((mix(seed) + index) % TWO_64)
        self.state: list[int] = []
        # `mix` is a bijection and the four inputs differ: never four zeros.
        for _ in range(4):
            s = (s + GOLDEN_GAMMA) % TWO_64
            self.state.append(mix(s))

    def next(self) -> int:
        """The next 64-bit word (xoshiro256++)."""
        s0, s1, s2, s3 = self.state
        result = (rotl((s0 + s3) % TWO_64, 23) + s0) % TWO_64
        t = (s1 << 17) % TWO_64
        s2 ^= s0
        s3 ^= s1
        s1 ^= s2
        s0 ^= s3
        s2 ^= t
        s3 = rotl(s3, 45)
        self.state = [s0, s1, s2, s3]
        return result

    def below(self, n: int) -> int:
        """Uniform in 0 .. n-1, without bias (Lemire): words in the short part are refused."""
        if n < 1:
            raise ValueError("below(n) needs n >= 1")
        threshold = (TWO_64 - n) % n
        while True:
            product = self.next() * n
            if product % TWO_64 >= threshold:
                return product // TWO_64

    def permutation(self, n: int) -> list[int]:
        """A uniform permutation of 0 .. n-1 (Fisher-Yates from the end)."""
        p = list(range(n))
        for i in range(n - 1, 0, -1):
            j = self.below(i + 1)
            p[i], p[j] = p[j], p[i]
        return p

    def coin(self) -> bool:
        """True, meaning +1, when the highest bit is set."""
        return self.next() >> 63 == 1

    def unit(self) -> float:
        """Uniform in [0, 1): the highest 53 bits."""
        return (self.next() >> 11) * 2.0**-53


class Counter:
    """Words by their places: word `index` of row `row` under a seed."""

    def __init__(self, seed: int, row: int) -> None:
        self.key = mix((mix(seed) + row) % TWO_64)

    def word(self, index: int) -> int:
        """The word at `index`."""
        return mix((self.key + GOLDEN_GAMMA * (index + 1)) % TWO_64)
