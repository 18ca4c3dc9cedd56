//! The stored patterns: rows of the number type itself, or rounded into fewer bits.

use std::sync::Arc;

use ndarray::{CowArray, Ix2};

use super::real::{Finite, Norms, Rows};
use super::rounded::Rounded;
use crate::error::{Result, table, try_vec};
use crate::kernel::narrow::Entries;
use crate::kernel::real::Real;
use crate::kernel::{Kernels, TILE};
use crate::par::Par;

/// Patterns, `(k, d)`.
#[derive(Clone, Debug)]
pub(crate) enum Patterns<'a, T: Real> {
    /// As they are computed with.
    Wide(Rows<'a, T>),
    /// In fewer bits.
    Rounded(Arc<Rounded>),
}

impl<T: Real> Patterns<'_, T> {
    /// The number of patterns and their width.
    pub(crate) fn dim(&self) -> (usize, usize) {
        match self {
            Self::Wide(rows) => (rows.len(), rows.width()),
            Self::Rounded(rounded) => (rounded.len(), rounded.width()),
        }
    }

    /// Entries of a pattern.
    pub(crate) fn width(&self) -> usize {
        self.dim().1
    }

    /// What is known of the patterns.
    pub(crate) fn norms(&self) -> &Norms {
        match self {
            Self::Wide(rows) => rows.norms(),
            Self::Rounded(rounded) => rounded.norms(),
        }
    }

    /// All entries, as kernels read them.
    pub(crate) fn entries(&self) -> Entries<'_, T> {
        match self {
            Self::Wide(rows) => Entries::Wide(rows.as_slice()),
            Self::Rounded(rounded) => Entries::Narrow(rounded.entries()),
        }
    }

    /// The patterns as they are computed with.
    pub(crate) fn widened(&self) -> Result<CowArray<'_, T, Ix2>> {
        match self {
            Self::Wide(rows) => Ok(rows.view().into()),
            Self::Rounded(rounded) => {
                let (kernels, (k, d)) = (Kernels::in_use(), self.dim());
                let mut wide = try_vec(rounded.entries().len(), T::ZERO, "patterns")?;
                for (tile, wide) in wide.chunks_mut(TILE * d).enumerate() {
                    kernels.widen(rounded.entries().rows(tile * TILE, wide.len() / d, d), d, wide);
                }
                Ok(table(k, d, wide)?.into())
            }
        }
    }

    /// These patterns and `more`, in memory of their own.
    pub(crate) fn append(&self, more: &Rows<T>, par: Par) -> Result<Patterns<'static, T>> {
        Ok(match self {
            Self::Wide(rows) => Patterns::Wide(rows.append(more)?),
            Self::Rounded(rounded) => Patterns::Rounded(Arc::new(rounded.append(&rounded.likewise(more, par)?)?)),
        })
    }

    /// These patterns in memory of their own, changed by `change`, which is given their entries and the width.
    pub(crate) fn changed<'b>(
        &self,
        change: impl FnOnce(&mut [T], usize) -> Result<()>,
        par: Par,
    ) -> Result<Patterns<'b, T>> {
        let d = self.width();
        match self {
            Self::Wide(rows) => Ok(Patterns::Wide(rows.changed(|rows| change(rows, d), par)?)),
            Self::Rounded(rounded) => {
                let wide = Rows::new("patterns", self.widened()?, Finite::Assume, par)?;
                let wide = wide.changed(|rows| change(rows, d), par)?;
                Ok(Patterns::Rounded(Arc::new(rounded.likewise(&wide, par)?)))
            }
        }
    }

    /// The patterns for which `keep` holds, in memory of their own.
    pub(crate) fn select(&self, keep: impl Fn(usize) -> bool + Copy) -> Result<Patterns<'static, T>> {
        Ok(match self {
            Self::Wide(rows) => Patterns::Wide(rows.select(keep)?),
            Self::Rounded(rounded) => Patterns::Rounded(Arc::new(rounded.select(keep)?)),
        })
    }
}

impl<'a, T: Real> From<Rows<'a, T>> for Patterns<'a, T> {
    fn from(rows: Rows<'a, T>) -> Self {
        Self::Wide(rows)
    }
}
