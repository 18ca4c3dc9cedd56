//! Layer normalisation of rows: `y = (x − mean) / √(variance + ε) · gain + bias`, each row by itself.
//!
//! Not here: normalisation over a batch.

use std::borrow::Cow;

use super::matrix::{Blocks, Rows, copied, gained, in_parts, workers};
use crate::error::{Result, try_vec};
use crate::kernel::Kernels;
use crate::kernel::real::Real;
use crate::par::Par;

/// Rows that one ticket covers.
const ROWS_AT_ONCE: usize = 512;

/// How rows are normalised before they are used.
#[derive(Clone, Debug, Default)]
pub enum Normalization<T> {
    /// Not at all.
    #[default]
    Off,
    /// To mean 0 and variance 1, with this `ε` under the root.
    Plain {
        /// Added to the variance.
        epsilon: f64,
    },
    /// The same, then times the gain, plus the bias.
    Affine {
        /// Added to the variance.
        epsilon: f64,
        /// One entry a column.
        gain: Vec<T>,
        /// One entry a column.
        bias: Vec<T>,
    },
}

impl<T> Normalization<T> {
    /// The gain and the bias, if they are there.
    pub(super) fn affine(&self) -> Option<(&[T], &[T])> {
        match self {
            Self::Affine { gain, bias, .. } => Some((gain, bias)),
            _ => None,
        }
    }

    /// What is added to the variance, if rows are normalised at all.
    pub(super) fn epsilon(&self) -> Option<f64> {
        match self {
            Self::Off => None,
            Self::Plain { epsilon } | Self::Affine { epsilon, .. } => Some(*epsilon),
        }
    }
}

/// Rows as normalised, before any gain, with what their gradient needs.
#[derive(Debug)]
pub(super) struct Normalized<T> {
    pub(super) rows: Blocks<T>,
    /// One over the deviation of each row; empty where rows are as they came.
    scales: Vec<T>,
}

/// Gradients with respect to gain and bias.
pub(super) type Affine<T> = (Vec<T>, Vec<T>);

impl<T: Real> Normalized<T> {
    /// Normalises rows of `width` entries, or copies them where `epsilon` is none.
    pub(super) fn new(x: &[T], width: usize, epsilon: Option<f64>, par: Par) -> Result<Self> {
        let Some(epsilon) = epsilon else {
            return Ok(Self { rows: Blocks::whole(copied(x)?, width), scales: Vec::new() });
        };
        let mut rows = try_vec(x.len(), T::ZERO, "normalised rows")?;
        let mut scales = try_vec(x.len() / width, T::ZERO, "deviations")?;
        let pieces = rows.chunks_mut(ROWS_AT_ONCE * width).zip(scales.chunks_mut(ROWS_AT_ONCE));
        par.each(
            workers(x.len(), par),
            x.chunks(ROWS_AT_ONCE * width).zip(pieces),
            || Ok(()),
            |watch, (), (x, (rows, scales))| {
                watch.check()?;
                Kernels::in_use().normalize(x, width, epsilon, rows, scales);
                Ok(())
            },
        )?;
        Ok(Self { rows: Blocks::whole(rows, width), scales })
    }

    /// The rows, with gain and bias for a product.
    pub(super) fn gaining<'a>(&'a self, affine: Option<(&'a [T], &'a [T])>) -> Rows<'a, T> {
        Rows { data: &self.rows.data, affine }
    }

    /// The rows after gain and bias.
    pub(super) fn with(&self, affine: Option<(&[T], &[T])>, par: Par) -> Result<Cow<'_, [T]>> {
        let Some(affine) = affine else { return Ok(Cow::Borrowed(&self.rows.data)) };
        let (width, from) = (self.rows.width, &self.rows.data);
        let mut rows = try_vec(from.len(), T::ZERO, "normalised rows")?;
        par.each(
            workers(from.len(), par),
            rows.chunks_mut(ROWS_AT_ONCE * width).zip(from.chunks(ROWS_AT_ONCE * width)),
            || Ok(()),
            |watch, (), (rows, from)| {
                watch.check()?;
                gained(from, affine, rows);
                Ok(())
            },
        )?;
        Ok(Cow::Owned(rows))
    }

    /// From the gradient of the loss with respect to what [`Self::with`] gave: with respect to the raw rows, and to gain
    /// and bias.
    pub(super) fn pull(
        &self,
        mut gradient: Vec<T>,
        affine: Option<(&[T], &[T])>,
        par: Par,
    ) -> Result<(Vec<T>, Option<Affine<T>>)> {
        let Some((gain, _)) = affine else {
            self.pull_plain(&mut gradient, None, par)?;
            return Ok((gradient, None));
        };
        let width = self.rows.width;
        let count = self.rows.rows;
        let mut of_gain = in_parts(count, 2 * width, gradient.len(), par, |(from, to), sums: &mut [T]| {
            let (gains, biases) = sums.split_at_mut(width);
            let rows = gradient[from * width..to * width].chunks_exact(width);
            for (row, x) in rows.zip(self.rows.data[from * width..].chunks_exact(width)) {
                for (j, (&entry, &x)) in row.iter().zip(x).enumerate() {
                    gains[j] = gains[j].plus(entry.times(x));
                    biases[j] = biases[j].plus(entry);
                }
            }
            Ok(())
        })?;
        self.pull_plain(&mut gradient, Some(gain), par)?;
        let of_bias = of_gain.split_off(width);
        Ok((gradient, Some((of_gain, of_bias))))
    }

    /// Turns the gradient with respect to the normalised rows, after the gain if one is given, into that with respect to
    /// the raw ones.
    pub(super) fn pull_plain(&self, gradient: &mut [T], gain: Option<&[T]>, par: Par) -> Result<()> {
        if self.scales.is_empty() && gain.is_none() {
            return Ok(());
        }
        let width = self.rows.width;
        let mut scales = self.scales.chunks(ROWS_AT_ONCE);
        let known = self.rows.data.chunks(ROWS_AT_ONCE * width).map(|rows| (rows, scales.next().unwrap_or_default()));
        par.each(
            workers(self.rows.data.len(), par),
            gradient.chunks_mut(ROWS_AT_ONCE * width).zip(known),
            || Ok(()),
            |watch, (), (gradient, (rows, scales))| {
                watch.check()?;
                if let Some(gain) = gain {
                    for row in gradient.chunks_exact_mut(width) {
                        row.iter_mut().zip(gain).for_each(|(entry, &gain)| *entry = entry.times(gain));
                    }
                }
                if !scales.is_empty() {
                    Kernels::in_use().pull_normal(gradient, rows, scales, width);
                }
                Ok(())
            },
        )
    }
}
