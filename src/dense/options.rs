//! What a dense associative memory is told when it is made.
//!
//! Not here: what a retrieval is asked for.

use crate::binary::Tie;
use crate::error::{Error, Result};

/// The largest degree: beyond it, one neuron's exact field would need more than some hundred words a pattern.
const MOST_DEGREE: u32 = 1000;

/// The function `F` of `E(x) = −Σ_μ F(ξ^μ·x)`.
///
/// ```
/// use hopfield::dense::Interaction;
/// assert_eq!(Interaction::default(), Interaction::Polynomial(3));
/// assert_eq!(Interaction::from_name("rectified", 4)?, Interaction::Rectified(4));
/// assert!(Interaction::from_name("cubic", 3).is_err());
/// # Ok::<(), hopfield::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Interaction {
    /// `F(z) = z^p` of this degree `p`, from 1 to 1000 (Krotov & Hopfield 2016).
    Polynomial(u32),
    /// `F(z) = z^p` for `z > 0`, else 0 (Krotov & Hopfield 2016).
    Rectified(u32),
    /// `F(z) = e^z` (Demircigil et al. 2017). The energy is then `−ln Σ_μ e^(ξ^μ·x)`, which falls where `−Σ_μ F` does.
    Exponential,
}

impl Default for Interaction {
    fn default() -> Self {
        Self::Polynomial(3)
    }
}

impl Interaction {
    /// From its name, with the degree that polynomials have.
    ///
    /// # Errors
    /// [`Error::UnknownName`], which lists the valid names.
    pub fn from_name(name: &str, degree: u32) -> Result<Self> {
        match name {
            "polynomial" => Ok(Self::Polynomial(degree)),
            "rectified" => Ok(Self::Rectified(degree)),
            "exponential" => Ok(Self::Exponential),
            _ => Err(Error::UnknownName {
                argument: "interaction",
                valid: "'polynomial', 'rectified', 'exponential'",
                value: name.to_owned(),
            }),
        }
    }

    pub(super) fn check(self) -> Result<()> {
        match self {
            Self::Polynomial(degree) | Self::Rectified(degree) if !(1..=MOST_DEGREE).contains(&degree) => {
                Err(Error::Range { argument: "degree", rule: "from 1 to 1000", value: degree.into() })
            }
            _ => Ok(()),
        }
    }
}

/// What a dense associative memory is told when it is made.
///
/// ```
/// use hopfield::dense::{DenseAssociativeMemory, DenseOptions, Interaction};
/// let options = DenseOptions { interaction: Interaction::Exponential, ..Default::default() };
/// assert_eq!(DenseAssociativeMemory::with(options)?.n_patterns(), 0);
/// # Ok::<(), hopfield::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DenseOptions {
    /// What becomes of an overlap.
    pub interaction: Interaction,
    /// What a visit does where the field is exactly 0.
    pub tie: Tie,
}
