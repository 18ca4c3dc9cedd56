//! Which stored patterns a query may see, and which weights a training step drops.
//!
//! Not here: what a query gets that may see nothing, which the association decides.

use std::ops::Range;

use ndarray::{Array2, Array3, ArrayView3};

use crate::kernel::real::Real;
use crate::kernel::{Kernels, Shape, TILE, WIDEST};

/// A query's place: `(head, sample, state)`, numbered head by head.
#[derive(Clone, Copy, Debug)]
pub(super) struct Places {
    pub(super) heads: usize,
    pub(super) batch: usize,
    pub(super) states: usize,
}

impl Places {
    pub(super) fn len(self) -> usize {
        self.heads * self.batch * self.states
    }

    pub(super) fn head(self, id: usize) -> usize {
        id / (self.batch * self.states)
    }

    pub(super) fn sample(self, id: usize) -> usize {
        id / self.states % self.batch
    }

    fn state(self, id: usize) -> usize {
        id % self.states
    }

    /// Its number when samples are counted first, so that it does not depend on how many samples follow.
    pub(super) fn by_sample(self, id: usize) -> usize {
        (self.sample(id) * self.heads + self.head(id)) * self.states + self.state(id)
    }

    /// Its row in a mask of `rows` blocks of states: one for all, or one for each sample and head.
    fn row(self, id: usize, blocks: usize) -> usize {
        if blocks == 1 { self.state(id) } else { self.by_sample(id) }
    }
}

/// An association mask: for all samples and heads alike, `(1, L, S)`, or for each, `(B·H, L, S)`.
#[derive(Clone, Copy, Debug)]
pub enum AssociationMask<'a, T> {
    /// `true` where a stored pattern takes part.
    Allowed(ArrayView3<'a, bool>),
    /// Added to the exponents; −∞ leaves a stored pattern out.
    Added(ArrayView3<'a, T>),
}

impl<T> AssociationMask<'_, T> {
    /// `(1, L, S)` or `(B·H, L, S)`.
    pub(super) fn dim(&self) -> (usize, usize, usize) {
        match self {
            Self::Allowed(mask) => mask.dim(),
            Self::Added(mask) => mask.dim(),
        }
    }
}

/// An association mask in standard layout, in memory of its own.
#[derive(Clone, Debug)]
pub(super) enum OwnMask<T> {
    Allowed(Array3<bool>),
    Added(Array3<T>),
}

impl<T: Clone> OwnMask<T> {
    pub(super) fn new(mask: &AssociationMask<T>) -> Self {
        match mask {
            AssociationMask::Allowed(mask) => Self::Allowed(mask.as_standard_layout().into_owned()),
            AssociationMask::Added(mask) => Self::Added(mask.as_standard_layout().into_owned()),
        }
    }

    fn rows(&self) -> MaskRows<'_, T> {
        match self {
            Self::Allowed(mask) => {
                let (blocks, _, length) = mask.dim();
                MaskRows::Allowed { flags: mask.as_slice().unwrap_or_default(), blocks, length }
            }
            Self::Added(mask) => {
                let (blocks, _, length) = mask.dim();
                MaskRows::Added { terms: mask.as_slice().unwrap_or_default(), blocks, length }
            }
        }
    }
}

/// The rows of an association mask: `blocks` times one a state, each of `length` entries.
#[derive(Clone, Copy)]
enum MaskRows<'a, T> {
    Allowed { flags: &'a [bool], blocks: usize, length: usize },
    Added { terms: &'a [T], blocks: usize, length: usize },
}

/// What the queries of a call may see.
#[derive(Clone, Copy)]
pub(super) struct Masks<'a, T> {
    pub(super) places: Places,
    /// `(B, S)` and `S`: `true` where a stored pattern takes part.
    stored: Option<(&'a [bool], usize)>,
    association: Option<MaskRows<'a, T>>,
}

impl<'a, T: Clone> Masks<'a, T> {
    /// Both masks are in standard layout.
    pub(super) fn new(places: Places, stored: Option<&'a Array2<bool>>, association: Option<&'a OwnMask<T>>) -> Self {
        Self {
            places,
            stored: stored.map(|mask| (mask.as_slice().unwrap_or_default(), mask.ncols())),
            association: association.map(OwnMask::rows),
        }
    }
}

impl<T: Real> Masks<'_, T> {
    /// Puts masks over the scores of `rows` stored patterns from `first` on for the queries `ids`.
    pub(super) fn apply(
        &self,
        kernels: &Kernels<T>,
        shape: Shape,
        scores: &mut [T],
        (first, rows): (usize, usize),
        ids: &[usize],
    ) {
        if let Some((flags, length)) = self.stored {
            hide(kernels, shape, scores, ids, |id| &flags[self.places.sample(id) * length + first..][..rows]);
        }
        match self.association {
            None => {}
            Some(MaskRows::Allowed { flags, blocks, length }) => {
                hide(kernels, shape, scores, ids, |id| &flags[self.places.row(id, blocks) * length + first..][..rows]);
            }
            Some(MaskRows::Added { terms, blocks, length }) => {
                for (lane, &id) in ids.iter().enumerate() {
                    let added = &terms[self.places.row(id, blocks) * length + first..][..rows];
                    for (row, &added) in added.iter().enumerate() {
                        let score = &mut scores[place(kernels, shape, row, lane)];
                        *score = score.plus(added);
                    }
                }
            }
        }
    }
}

fn hide<'a, T: Real>(
    kernels: &Kernels<T>,
    shape: Shape,
    scores: &mut [T],
    ids: &[usize],
    allowed: impl Fn(usize) -> &'a [bool],
) {
    let mut allowed_to: [&[bool]; WIDEST] = [&[]; WIDEST];
    for (slot, &id) in allowed_to.iter_mut().zip(ids) {
        *slot = allowed(id);
    }
    kernels.hide(shape, scores, &allowed_to[..ids.len()]);
}

/// Where the entry of stored pattern `row` and query `lane` lies in a tile.
pub(super) fn place<T: Real>(kernels: &Kernels<T>, shape: Shape, row: usize, lane: usize) -> usize {
    match shape {
        Shape::Lanes(vectors) => row * vectors * kernels.lanes() + lane,
        Shape::Rows(_) => lane * TILE + row,
    }
}

/// Weights that a training step drops: each with the same probability, decided by the seed and the weight's place.
#[derive(Clone, Copy, Debug)]
pub(super) struct Dropout {
    pub(super) rate: f64,
    pub(super) seed: u64,
}

impl Dropout {
    /// Drops weights of a tile for the queries `ids` and the stored patterns `range` of their set; the others grow.
    pub(super) fn thin<T: Real>(
        self,
        kernels: &Kernels<T>,
        places: Places,
        shape: Shape,
        weights: &mut [T],
        range: Range<usize>,
        ids: &[usize],
    ) {
        let kept = if self.rate < 1.0 { T::from_f64(1.0 / (1.0 - self.rate)) } else { T::ZERO };
        // The rate in units of 2⁻⁶⁴; a rate of 1 drops the one word in 2⁶⁴ that would be kept by its factor of 0.
        let threshold = (self.rate * 2.0_f64.powi(64)) as u64;
        for (lane, &id) in ids.iter().enumerate() {
            let words = crate::rng::Counter::new(self.seed, places.by_sample(id) as u64);
            for (row, stored) in range.clone().enumerate() {
                let weight = &mut weights[place(kernels, shape, row, lane)];
                let factor = if words.word(stored as u64) < threshold { T::ZERO } else { kept };
                *weight = weight.times(factor);
            }
        }
    }
}
