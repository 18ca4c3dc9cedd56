//! The number types of the real-valued networks, and the constants that the order of operations fixes for each.

use std::fmt::{Debug, Display};

use super::entry_points;
use super::instruction_set::{Available, InstructionSet};
use super::table::Kernels;

/// A number type that patterns and queries can have: `f32` or `f64`.
pub trait Real: Arithmetic {
    /// The distance from 1 to the next number, as `f64`.
    const EPSILON: f64;
    /// The name NumPy has for it.
    const NAME: &'static str;

    /// Rounds to this type.
    #[must_use]
    fn from_f64(value: f64) -> Self;
}

pub(crate) use arithmetic::Arithmetic;

/// What the kernels ask of a number, kept from implementations elsewhere.
mod arithmetic {
    use super::{Available, Debug, Display, Kernels};

    pub trait Arithmetic:
        Copy + PartialOrd + Debug + Display + Default + Send + Sync + Into<f64> + From<f32> + 'static
    {
        /// Zero.
        const ZERO: Self;
        /// One.
        const ONE: Self;
        /// −∞, the score of a masked pattern and the maximum of nothing.
        const NEG_INFINITY: Self;
        /// The smallest normal and the largest finite number.
        const RANGE: (f64, f64);
        /// Weights below two to this power are zero, so that no subnormal number appears.
        const LOWEST_EXPONENT: Self;
        /// Coefficients of 2^x on [−½, ½], the highest power first.
        const EXP2: &'static [Self];
        /// Largest |β·score|, in powers of two, whose fraction the type still resolves.
        const EXPONENT_LIMIT: f64;

        /// `self · factor + addend`, rounded once.
        #[must_use]
        fn fused(self, factor: Self, addend: Self) -> Self;
        /// `self + other`.
        #[must_use]
        fn plus(self, other: Self) -> Self;
        /// `self − other`.
        #[must_use]
        fn minus(self, other: Self) -> Self;
        /// `self · other`.
        #[must_use]
        fn times(self, other: Self) -> Self;
        /// `self / other`.
        #[must_use]
        fn over(self, other: Self) -> Self;
        /// The nearest integer, ties to even.
        #[must_use]
        fn nearest(self) -> Self;
        /// 2 to the power `self`, an integer no larger than 0; zero below the normal numbers and for NaN.
        #[must_use]
        fn exp2_integer(self) -> Self;
        /// Neither infinite nor NaN.
        fn finite(self) -> bool;
        /// The bits, with both zeros alike, so that equal numbers have equal bits.
        fn key(self) -> u64;
        /// The kernels compiled for an instruction set.
        fn kernels(set: Available) -> &'static Kernels<Self>;
    }
}

macro_rules! real {
    ($real:ty, $integer:ty, $bits:ty, $mantissa:expr, $bias:expr, $lowest:expr, $limit:expr, $name:literal, $kernels:ident, $coefficients:expr) => {
        impl Real for $real {
            const EPSILON: f64 = Self::EPSILON as f64;
            const NAME: &'static str = $name;

            #[inline(always)]
            fn from_f64(value: f64) -> Self {
                value as Self
            }
        }

        impl Arithmetic for $real {
            const ZERO: Self = 0.0;
            const ONE: Self = 1.0;
            const NEG_INFINITY: Self = Self::NEG_INFINITY;
            const RANGE: (f64, f64) = (Self::MIN_POSITIVE as f64, Self::MAX as f64);
            const LOWEST_EXPONENT: Self = $lowest;
            const EXP2: &'static [Self] = &$coefficients;
            const EXPONENT_LIMIT: f64 = $limit;

            #[inline(always)]
            fn fused(self, factor: Self, addend: Self) -> Self {
                self.mul_add(factor, addend)
            }
            #[inline(always)]
            fn plus(self, other: Self) -> Self {
                self + other
            }
            #[inline(always)]
            fn minus(self, other: Self) -> Self {
                self - other
            }
            #[inline(always)]
            fn times(self, other: Self) -> Self {
                self * other
            }
            #[inline(always)]
            fn over(self, other: Self) -> Self {
                self / other
            }
            #[inline(always)]
            fn nearest(self) -> Self {
                self.round_ties_even()
            }
            #[inline(always)]
            fn exp2_integer(self) -> Self {
                if self >= $lowest - 1.0 {
                    Self::from_bits(((self as $integer + $bias) as $bits) << $mantissa)
                } else {
                    0.0
                }
            }
            #[inline(always)]
            fn finite(self) -> bool {
                self.is_finite()
            }
            #[inline(always)]
            fn key(self) -> u64 {
                u64::from((self + 0.0).to_bits())
            }
            fn kernels(set: Available) -> &'static Kernels<Self> {
                match set.set() {
                    #[cfg(target_arch = "aarch64")]
                    InstructionSet::Neon => entry_points::neon_paths::$kernels(),
                    #[cfg(target_arch = "x86_64")]
                    InstructionSet::Avx512 => entry_points::avx512::$kernels(),
                    #[cfg(target_arch = "x86_64")]
                    InstructionSet::Avx2 => entry_points::avx2::$kernels(),
                    _ => entry_points::portable::$kernels(),
                }
            }
        }
    };
}

// The single coefficients minimise the largest error in units in the last place among polynomials whose coefficients are
// singles: 0.035 units, to which the roundings add the rest of the one that the tests allow. The double ones are a
// minimax polynomial's, rounded.
real!(
    f32,
    i32,
    u32,
    23,
    127,
    -125.0,
    4_194_304.0,
    "float32",
    f32_kernels,
    [0.000_152_916_24, 0.001_339_098_2, 0.009_618_653, 0.055_503_596, 0.240_226_46, std::f32::consts::LN_2, 1.0]
);
real!(
    f64,
    i64,
    u64,
    52,
    1023,
    -1021.0,
    2_251_799_813_685_248.0,
    "float64",
    f64_kernels,
    [
        2.572_932_417_736_230_5e-11,
        4.455_817_908_336_064_5e-10,
        7.054_897_304_155_499_5e-9,
        1.017_805_708_773_394_1e-7,
        1.321_548_680_870_556_3e-6,
        1.525_273_384_155_677_3e-5,
        1.540_353_039_337_073_4e-4,
        1.333_355_814_640_647e-3,
        9.618_129_107_628_48e-3,
        5.550_410_866_482_162_5e-2,
        2.402_265_069_591_007_2e-1,
        std::f64::consts::LN_2,
        1.0
    ]
);
