//! Which instructions kernels may use: what this processor has, chosen once.

#[cfg(target_arch = "x86_64")]
use std::arch::is_x86_feature_detected as has;
use std::sync::OnceLock;

/// The instruction sets that kernels are compiled for, from the plainest to the widest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum InstructionSet {
    /// What every processor of this architecture has; fused multiply-adds in software where it has none.
    Portable,
    /// NEON, which every 64-bit ARM processor has.
    Neon,
    /// AVX2, FMA, F16C and POPCNT.
    Avx2,
    /// AVX-512 F, BW, DQ, VL, VBMI, VBMI2, VNNI and VPOPCNTDQ.
    Avx512,
}

impl InstructionSet {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Portable, Self::Neon, Self::Avx2, Self::Avx512];

    /// The name that `HOPFIELD_INSTRUCTION_SET` takes.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Portable => "portable",
            Self::Neon => "neon",
            Self::Avx2 => "avx2",
            Self::Avx512 => "avx512",
        }
    }

    /// Whether this processor has it.
    #[must_use]
    pub fn is_available(self) -> bool {
        match self {
            Self::Portable => true,
            Self::Neon => cfg!(target_arch = "aarch64"),
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => has!("avx2") && has!("fma") && has!("f16c") && has!("popcnt"),
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => {
                Self::Avx2.is_available()
                    && has!("avx512f")
                    && has!("avx512bw")
                    && has!("avx512dq")
                    && has!("avx512vl")
                    && has!("avx512vbmi")
                    && has!("avx512vbmi2")
                    && has!("avx512vnni")
                    && has!("avx512vpopcntdq")
            }
            #[cfg(not(target_arch = "x86_64"))]
            Self::Avx2 | Self::Avx512 => false,
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

/// An instruction set that this processor has: the proof that kernels compiled for it may run.
#[derive(Clone, Copy, Debug)]
pub struct Available(InstructionSet);

impl Available {
    /// `set`, or the portable path where the processor lacks it.
    pub(crate) fn or_portable(set: InstructionSet) -> Self {
        Self(if set.is_available() { set } else { InstructionSet::Portable })
    }

    /// The one in use.
    pub(crate) fn in_use() -> Self {
        Self::or_portable(InstructionSet::in_use())
    }

    /// Which one it is.
    pub(crate) fn set(self) -> InstructionSet {
        self.0
    }
}
