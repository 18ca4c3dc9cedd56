//! Weights among neurons that are 1 or 0: those that are 0 say nothing.

use crate::classical::weighted::{Coupling, Weights};
use crate::error::{Result, try_vec};
use crate::kernel::Available;
use crate::kernel::bits::Columns;
use crate::kernel::linear::add_integers;
use crate::par::{Par, Watch};

/// Neurons between two looks at whether to go on.
const CHECK_EVERY: usize = 64;

/// Symmetric weights among neurons of 0 and 1.
#[derive(Clone, Debug)]
pub(super) struct Active(Weights);

impl Active {
    /// The covariance rule: `W_ij = Σ_μ (η_i − a)(η_j − a) / (a (1 − a) n)`, rounded to a unit in which a weight fits 53 bits
    /// and the sums over all neurons 58.
    pub(super) fn learn(activity: f64, columns: &Columns, set: Available, par: Par) -> Result<Self> {
        let (n, k) = (columns.n(), columns.k());
        let scale = activity * (1.0 - activity) * n as f64;
        let far = activity.max(1.0 - activity);
        let largest = k as f64 * far * far / scale;
        let digits = 52 - libm::ilogb(largest * (n as f64 / 32.0).max(1.0));
        let denominator = 1_u64 << digits.clamp(0, 53);
        let mut weights = Weights::zeros(n, denominator)?;
        let mut counts = try_vec(n, 0.0, "activities")?;
        for (i, count) in counts.iter_mut().enumerate() {
            *count = columns.column(i).iter().map(|word| f64::from(word.count_ones())).sum();
        }
        let rows = weights.sent.chunks_exact_mut(n).enumerate();
        par.each(
            crate::binary::workers(n, n * k.div_ceil(64)),
            rows,
            || try_vec(n, 0.0, "correlations"),
            |_, correlations, (i, row)| {
                columns.correlate(i, correlations, set);
                for ((q, correlation), count) in row.iter_mut().zip(&*correlations).zip(&counts) {
                    // ±1 correlations count the patterns in which both are active.
                    let both = (correlation + 2.0 * (counts[i] + count) - k as f64) / 4.0;
                    let covariance = both - activity * (counts[i] + count) + activity * activity * k as f64;
                    *q = (covariance / scale * denominator as f64).round_ties_even() as i64;
                }
                row[i] = 0;
                Ok(())
            },
        )?;
        Ok(Self(weights))
    }
}

impl Coupling for Active {
    /// The integer fields of all neurons.
    type Sums = Vec<i64>;

    const ACTIVE: bool = true;

    fn denominator(&self) -> u64 {
        self.0.denominator
    }

    fn is_symmetric(&self) -> bool {
        true
    }

    fn words_a_visit(&self) -> usize {
        self.0.words_a_visit()
    }

    fn sums(&self) -> Result<Vec<i64>> {
        self.0.sums()
    }

    fn sum(&self, fields: &mut Vec<i64>, state: &[i8], set: Available, watch: &Watch) -> Result<()> {
        fields.fill(0);
        for (j, x) in state.iter().enumerate() {
            if j % CHECK_EVERY == 0 {
                watch.check()?;
            }
            if *x > 0 {
                add_integers(set, fields, self.0.sent_by(j), 1);
            }
        }
        Ok(())
    }

    fn field(&self, fields: &Vec<i64>, _state: &[i8], i: usize, _set: Available) -> i64 {
        fields[i]
    }

    fn follow(&self, fields: &mut Vec<i64>, j: usize, step: i8, set: Available) {
        match step {
            // An undecided neuron that becomes 0 goes on saying nothing.
            -1 => {}
            -2 => add_integers(set, fields, self.0.sent_by(j), -1),
            _ => add_integers(set, fields, self.0.sent_by(j), 1),
        }
    }

    fn pairs(&self, fields: &Vec<i64>, state: &[i8], _set: Available) -> i128 {
        state.iter().zip(fields).filter(|(x, _)| **x > 0).map(|(_, field)| i128::from(*field)).sum()
    }

    fn length(&self, i: usize) -> f64 {
        self.0.length(i)
    }

    fn receive(&self, i: usize, row: &mut [i64], set: Available) {
        self.0.receive(i, row, set);
    }
}
