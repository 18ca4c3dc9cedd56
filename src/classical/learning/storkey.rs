//! Storkey's rule, in integers: each pattern is learnt from the exact fields of the weights before it.
//!
//! With `W_ii = 0` and `W` symmetric, `h_ij = h_i − W_ij ξ_j`, so that `n ΔW_ij = ξ_i ξ_j − ξ_i h_j − h_i ξ_j + 2 W_ij`:
//! one pass over the weights a pattern, in which each row also meets the next one. Each change is rounded once, to the unit of the weights; the unit doubles when
//! they outgrow it. So weights depend on the patterns and their order alone, not on how many were stored at a time.

use crate::classical::weighted::{LARGEST, LARGEST_SUM, Weights};
use crate::error::{Error, Result, area, try_vec};
use crate::kernel::Available;
use crate::kernel::bits::Columns;
use crate::kernel::correct::storkey_row;
use crate::kernel::linear::signed_sum;
use crate::par::Par;

/// Rows of weights in one piece of work.
const ROWS: usize = 16;
/// The smallest unit that weights start with.
const FINEST: u64 = 1 << 53;

/// The weights that know the patterns from number `first` on as well.
pub(super) fn storkey(
    before: Option<&Weights>,
    columns: &Columns,
    first: usize,
    set: Available,
    par: Par,
) -> Result<Weights> {
    let (n, k) = (columns.n(), columns.k());
    let mut weights = before.map_or_else(|| Weights::zeros(n, FINEST), Weights::copied)?;
    let mut rows = try_vec(area(k, n, "patterns")?, 0, "patterns")?;
    columns.unpack(&mut rows, set, par)?;
    let (mut fields, mut ahead) = (try_vec(n, 0, "fields")?, try_vec(n, 0, "fields")?);
    let mut sizes = try_vec(n, (0, 0), "sizes")?;
    let pieces = if n < 256 { 1 } else { n.div_ceil(ROWS) };
    let mut known = false;
    for (number, pattern) in rows.chunks_exact(n).enumerate().skip(first) {
        if !known {
            let items = fields.chunks_mut(ROWS).zip(weights.sent.chunks(ROWS * n));
            par.each(
                pieces,
                items,
                || Ok(()),
                |_, (), (fields, rows)| {
                    for (field, row) in fields.iter_mut().zip(rows.chunks_exact(n)) {
                        *field = signed_sum(set, row, pattern);
                    }
                    Ok(())
                },
            )?;
        }
        let next = rows.chunks_exact(n).nth(number + 1);
        let items = weights.sent.chunks_mut(ROWS * n).zip(sizes.chunks_mut(ROWS).zip(ahead.chunks_mut(ROWS)));
        let unit = weights.denominator as i64;
        par.each(
            pieces,
            items.enumerate(),
            || Ok(()),
            |_, (), (piece, (rows, (sizes, ahead)))| {
                let neurons = sizes.iter_mut().zip(ahead);
                for (r, (row, (size, field))) in rows.chunks_exact_mut(n).zip(neurons).enumerate() {
                    *size = storkey_row(set, row, piece * ROWS + r, pattern, &fields, unit);
                    if let Some(next) = next {
                        *field = signed_sum(set, row, next);
                    }
                }
                Ok(())
            },
        )?;
        let (mut largest, mut sum) = sizes.iter().fold((0, 0), |(l, s), size| (size.0.max(l), size.1.max(s)));
        known = largest <= LARGEST && sum <= LARGEST_SUM;
        while largest > LARGEST || sum > LARGEST_SUM {
            if weights.denominator == 1 {
                return Err(Error::Diverged { rule: "storkey", pattern: number });
            }
            weights.denominator /= 2;
            for q in &mut weights.sent {
                *q = halved(*q);
            }
            // Each may have been rounded up.
            (largest, sum) = (largest / 2 + 1, sum / 2 + n as i64);
        }
        std::mem::swap(&mut fields, &mut ahead);
    }
    Ok(weights)
}

/// Half of it, ties to even.
fn halved(q: i64) -> i64 {
    (q >> 1) + (q & (q >> 1) & 1)
}
