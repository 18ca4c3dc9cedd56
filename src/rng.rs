//! A small pinned generator, so that the same seed gives the same retrieval on every machine and in every version.
//!
//! xoshiro256++ (Blackman & Vigna 2021), seeded by the finaliser of `SplitMix64` (Steele, Lea & Flood 2014). Bounded
//! draws are Lemire's (2019), permutations Fisher–Yates from the top; both are written down here because the draws,
//! not only the words, are part of what a seed means.
//!
//! [`Counter`] gives the word at any place at once: what is drawn twice, forward and backward, by whichever thread.
//!
//! Not here: distributions beyond those the dynamics need, and anything fit for cryptography.

/// One cue's stream of random numbers.
#[derive(Clone, Debug)]
pub struct Stream([u64; 4]);

const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;

const fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

impl Stream {
    /// The stream of cue `index` under `seed`. Different indices give unrelated streams.
    #[must_use]
    pub fn new(seed: u64, index: u64) -> Self {
        let mut state = mix(mix(seed).wrapping_add(index));
        // `mix` is a bijection and the four inputs differ, so the state is never all zero.
        Self(std::array::from_fn(|_| {
            state = state.wrapping_add(GOLDEN);
            mix(state)
        }))
    }

    /// The next 64 bits.
    pub fn next_u64(&mut self) -> u64 {
        let [s0, s1, s2, s3] = &mut self.0;
        let word = s0.wrapping_add(*s3).rotate_left(23).wrapping_add(*s0);
        let shifted = *s1 << 17;
        *s2 ^= *s0;
        *s3 ^= *s1;
        *s1 ^= *s2;
        *s0 ^= *s3;
        *s2 ^= shifted;
        *s3 = s3.rotate_left(45);
        word
    }

    /// A number in `0..bound`, each equally likely; `bound` must be at least 1.
    pub fn below(&mut self, bound: u64) -> u64 {
        debug_assert!(bound > 0, "a draw needs at least one outcome");
        let mut product = u128::from(self.next_u64()) * u128::from(bound);
        // The remainder is rarely needed: only when the low half is under the bound can it be under the threshold.
        if (product as u64) < bound {
            let threshold = bound.wrapping_neg() % bound;
            while (product as u64) < threshold {
                product = u128::from(self.next_u64()) * u128::from(bound);
            }
        }
        (product >> 64) as u64
    }

    /// Puts `items` in a fresh order, each equally likely.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            let other = self.below(last as u64 + 1) as usize;
            items.swap(last, other);
        }
    }

    /// A fair coin: `true` with probability one half.
    pub fn coin(&mut self) -> bool {
        self.next_u64() >> 63 == 1
    }

    /// A number in `[0, 1)`: the highest 53 bits of a word, each multiple of 2⁻⁵³ equally likely.
    pub fn unit(&mut self) -> f64 {
        (self.next_u64() >> 11) as f64 * 2.0_f64.powi(-53)
    }
}

/// Random words by their places: word `index` of row `row` under a seed, each drawn by itself.
#[derive(Clone, Copy, Debug)]
pub struct Counter(u64);

impl Counter {
    /// The words of row `row` under `seed`.
    #[must_use]
    pub const fn new(seed: u64, row: u64) -> Self {
        Self(mix(mix(seed).wrapping_add(row)))
    }

    /// The word at `index`.
    #[must_use]
    pub const fn word(self, index: u64) -> u64 {
        mix(self.0.wrapping_add(GOLDEN.wrapping_mul(index.wrapping_add(1))))
    }
}
