//! The only `unsafe` code: loops over slices and tiles, chosen once for the processor at hand. Nothing here knows networks.
//!
//! Every kernel has one source, generic over lanes or compiled again with more instructions allowed; all paths give
//! the same bits, and the portable one is the reference.

pub(crate) mod bits;

#[cfg(target_arch = "x86_64")]
use std::arch::is_x86_feature_detected as has;
use std::sync::OnceLock;

/// The instruction sets that kernels are compiled for, from the plainest to the widest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum InstructionSet {
    /// What every processor of this architecture has; fused multiply-adds in software where it has none.
    Portable,
    /// AVX2, FMA and POPCNT.
    Avx2,
    /// AVX-512 F, BW, DQ, VL and VPOPCNTDQ.
    Avx512,
}

impl InstructionSet {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Portable, Self::Avx2, Self::Avx512];

    /// The name that `HOPFIELD_INSTRUCTION_SET` takes.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Portable => "portable",
            Self::Avx2 => "avx2",
            Self::Avx512 => "avx512",
        }
    }

    /// Whether this processor has it.
    #[must_use]
    pub fn is_available(self) -> bool {
        match self {
            Self::Portable => true,
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => has!("avx2") && has!("fma") && has!("popcnt"),
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => {
                Self::Avx2.is_available()
                    && has!("avx512f")
                    && has!("avx512bw")
                    && has!("avx512dq")
                    && has!("avx512vl")
                    && has!("avx512vpopcntdq")
            }
            #[cfg(not(target_arch = "x86_64"))]
            _ => false,
        }
    }

    /// The widest available one, or the one that the environment variable `HOPFIELD_INSTRUCTION_SET` names if this
    /// processor has it (for tests and benches). Read once.
    #[must_use]
    pub fn in_use() -> Self {
        static IN_USE: OnceLock<InstructionSet> = OnceLock::new();
        *IN_USE.get_or_init(|| {
            let pinned = std::env::var("HOPFIELD_INSTRUCTION_SET").ok();
            let named = Self::ALL.into_iter().find(|set| Some(set.name()) == pinned.as_deref());
            let widest = Self::ALL.into_iter().rev().find(|set| set.is_available());
            named.filter(|set| set.is_available()).or(widest).unwrap_or(Self::Portable)
        })
    }
}
