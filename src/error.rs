//! What can go wrong, as data. Numbers travel in the fields; the one sentence each error has is its `Display`.
//!
//! A sentence names the argument in backticks, says the rule, what came, and where it helps the likely fix. Not here:
//! a result that did not converge, which is a result and says so.

use ndarray::Array2;

/// Why a call was refused, before anything was changed.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The number of columns differs from that of the stored patterns.
    #[error("`{argument}` must have {expected} columns, as the stored patterns do; got shape ({rows}, {columns})")]
    Width {
        /// The argument's name.
        argument: &'static str,
        /// Columns of the stored patterns.
        expected: usize,
        /// Rows that came.
        rows: usize,
        /// Columns that came.
        columns: usize,
    },
    /// An array whose shape has to agree with another one does not.
    #[error("`{argument}` must have shape {expected}, {reason}; got {found}")]
    Shape {
        /// The argument's name.
        argument: &'static str,
        /// The shape that fits, as text.
        expected: String,
        /// What the expected shape follows from.
        reason: &'static str,
        /// The shape that came, as text.
        found: String,
    },
    /// Patterns without rows or without columns.
    #[error("`{argument}` must hold at least one pattern of at least one entry; got shape ({rows}, {columns})")]
    NoPatterns {
        /// The argument's name.
        argument: &'static str,
        /// Rows that came.
        rows: usize,
        /// Columns that came.
        columns: usize,
    },
    /// The memory stores nothing yet.
    #[error("the network stores no patterns yet: call `store` before asking it for {wanted}")]
    EmptyMemory {
        /// What was asked for.
        wanted: &'static str,
    },
    /// NaN or infinity.
    #[error("`{argument}` must be finite; got {value} at row {row}, column {column} (clean the data)")]
    NotFinite {
        /// The argument's name.
        argument: &'static str,
        /// The first row with such a value.
        row: usize,
        /// Its first such column.
        column: usize,
        /// NaN or an infinity.
        value: f64,
    },
    /// A value that is neither −1 nor +1.
    #[error(
        "`{argument}` must hold only -1 and +1; got {value} at row {row}, column {column} (for booleans or 0/1 use hopfield.spins)"
    )]
    NotSpin {
        /// The argument's name.
        argument: &'static str,
        /// The first row with such a value.
        row: usize,
        /// Its first such column.
        column: usize,
        /// The value.
        value: f64,
    },
    /// A number outside its range.
    #[error("`{argument}` must be {rule}; got {value}")]
    Range {
        /// The argument's name.
        argument: &'static str,
        /// The rule it breaks.
        rule: &'static str,
        /// The number.
        value: f64,
    },
    /// A name that is not among the known ones.
    #[error("`{argument}` must be one of {valid}; got '{value}'")]
    UnknownName {
        /// The argument's name.
        argument: &'static str,
        /// The names that are valid, quoted and separated by commas.
        valid: &'static str,
        /// The name that came.
        value: String,
    },
    /// Two options that exclude or need each other.
    #[error("{rule}")]
    Options {
        /// The rule, naming both.
        rule: &'static str,
    },
    /// An index beyond what it is an index of.
    #[error("`{argument}` must hold indices of {of}, 0 to {last}; got {value} at position {position}")]
    Index {
        /// The argument's name.
        argument: &'static str,
        /// What the indices are of.
        of: &'static str,
        /// The last valid index.
        last: usize,
        /// The index that came.
        value: i64,
        /// Its position.
        position: usize,
    },
    /// More of the largest weights than there are patterns, or none.
    #[error("`top` must be between 1 and {most}, the number of stored patterns; got {value}")]
    Top {
        /// The number of patterns.
        most: usize,
        /// The number that came.
        value: usize,
    },
    /// A pattern that was to be forgotten but is not stored.
    #[error("`patterns` must be stored to be forgotten; row {row} is not (or not as often as it was given)")]
    NotStored {
        /// The first such row.
        row: usize,
    },
    /// A pattern that depends linearly on those before it, under the pseudo-inverse rule.
    #[error(
        "`patterns` must be linearly independent under rule 'pseudo_inverse', which at most {n} of {n} neurons can be; row {row} depends on those before it (leave it out, or use another rule)"
    )]
    Dependent {
        /// The first such row of those given.
        row: usize,
        /// The number of neurons.
        n: usize,
    },
    /// Weights that grow beyond what they are kept in.
    #[error(
        "`patterns` are too many for rule '{rule}': its weights grow without bound, and did so at pattern {pattern} (store fewer, or use another rule)"
    )]
    Diverged {
        /// The name of the rule.
        rule: &'static str,
        /// The number of the pattern among all that are stored.
        pattern: usize,
    },
    /// An energy of weights that have none.
    #[error(
        "`{wanted}` needs an energy, which weights that are not symmetric do not have (learn with `symmetric=True`, or by another rule)"
    )]
    Asymmetric {
        /// What was asked for.
        wanted: &'static str,
    },
    /// Scores that the number type cannot hold.
    #[error(
        "`beta` times the scores of `{argument}` must stay below {limit:.3e} in {dtype}; row {row} of norm {norm:.3e} can reach {reach:.3e} (scale the data, lower `beta`, or compute in float64)"
    )]
    Overflow {
        /// The argument's name.
        argument: &'static str,
        /// The row whose scores may overflow.
        row: usize,
        /// Its Euclidean norm.
        norm: f64,
        /// The bound `β·M·‖ξ‖` on its scores.
        reach: f64,
        /// What the number type allows.
        limit: f64,
        /// The number type.
        dtype: &'static str,
    },
    /// Rows whose dot products the number type cannot hold.
    #[error(
        "the scores of `{argument}` must fit {dtype}; row {row} of norm {norm:.3e} can reach {reach:.3e} (scale the data, or compute in float64)"
    )]
    TooLong {
        /// The argument's name.
        argument: &'static str,
        /// The row whose scores may overflow.
        row: usize,
        /// Its Euclidean norm.
        norm: f64,
        /// The bound `M·‖ξ‖` on its scores.
        reach: f64,
        /// The number type.
        dtype: &'static str,
    },
    /// A number beyond the type that patterns are stored in.
    #[error(
        "`{argument}` must fit {dtype}, in which they are stored and whose largest number is {largest:.4e}; got {value:e} at row {row}, column {column} (scale the data, or store them in a wider dtype)"
    )]
    TooLarge {
        /// The argument's name.
        argument: &'static str,
        /// The first row with such a number.
        row: usize,
        /// Its column.
        column: usize,
        /// The number.
        value: f64,
        /// The largest number of the type.
        largest: f64,
        /// The type.
        dtype: &'static str,
    },
    /// An inverse temperature beyond the normal numbers of the type.
    #[error(
        "`beta` must be a normal number of {dtype}, and so must its product with log2(e); got {beta:.3e} (scale `patterns`, or compute in float64)"
    )]
    BetaRange {
        /// The inverse temperature, given or calibrated.
        beta: f64,
        /// The number type.
        dtype: &'static str,
    },
    /// No inverse temperature can be calibrated.
    #[error(
        "`beta` cannot be calibrated: no pattern is its own best match under similarity '{similarity}'; give `beta`, use similarity 'euclidean' or 'cosine', or scale `patterns` to equal norm"
    )]
    NotCalibratable {
        /// The similarity's name.
        similarity: &'static str,
    },
    /// A separation and a similarity that mean nothing together.
    #[error("`separation` '{separation}' {rule}; got '{similarity}'")]
    Pair {
        /// The separation's name.
        separation: &'static str,
        /// The similarity's name.
        similarity: &'static str,
        /// What the separation needs.
        rule: &'static str,
    },
    /// A vector of zeros where only directions are compared.
    #[error(
        "`{argument}` must not be zero under similarity 'cosine', which compares directions; row {row} is (leave it out, or use 'dot' or 'euclidean')"
    )]
    NoDirection {
        /// The argument's name.
        argument: &'static str,
        /// The first such row.
        row: usize,
    },
    /// A separation and a similarity without an energy.
    #[error(
        "`energy` does not exist for separation '{separation}' with similarity '{similarity}': their update descends none (hopfield.separation lists the pairs that have one)"
    )]
    NoEnergy {
        /// The separation's name.
        separation: &'static str,
        /// The similarity's name.
        similarity: &'static str,
    },
    /// A separation and a similarity for which bounds are not known.
    #[error(
        "bounds are known for separation 'softmax' with similarity 'dot' or 'euclidean'; got separation '{separation}' with similarity '{similarity}'"
    )]
    NoTheory {
        /// The separation's name.
        separation: &'static str,
        /// The similarity's name.
        similarity: &'static str,
    },
    /// A gradient was wanted from fixed points that were not reached.
    #[error(
        "`gradient=\"implicit\"` needs states that have settled; {unsettled} have not (raise `update_steps_max` or `update_steps_eps`, or use \"unrolled\")"
    )]
    NotSettled {
        /// States that moved and have not settled.
        unsettled: usize,
    },
    /// A gradient was wanted from a fixed point that small moves do not return to.
    #[error(
        "`gradient=\"implicit\"` needs stable fixed points; that of state {state}, counted head by head, is not (use \"unrolled\")"
    )]
    NotStable {
        /// Its number, head by head and sample by sample.
        state: usize,
    },
    /// The operating system has no memory for the result or the workspace.
    #[error("not enough memory for {bytes} bytes of {purpose}")]
    OutOfMemory {
        /// What was asked for.
        bytes: u128,
        /// What it was for.
        purpose: &'static str,
    },
    /// The caller asked to stop; nothing was changed.
    #[error("interrupted")]
    Interrupted,
}

/// The result of everything that can be refused.
pub type Result<T> = std::result::Result<T, Error>;

/// A vector of `len` copies of `value`, or [`Error::OutOfMemory`] where `vec![]` would abort.
pub(crate) fn try_vec<T: Clone>(len: usize, value: T, purpose: &'static str) -> Result<Vec<T>> {
    let mut vec = try_room(len, purpose)?;
    vec.resize(len, value);
    Ok(vec)
}

/// An empty vector with room for `len` values, for those who write each in order, or [`Error::OutOfMemory`].
pub(crate) fn try_room<T>(len: usize, purpose: &'static str) -> Result<Vec<T>> {
    let mut vec = Vec::new();
    vec.try_reserve_exact(len)
        .map_err(|_| Error::OutOfMemory { bytes: len as u128 * size_of::<T>() as u128, purpose })?;
    Ok(vec)
}

/// Rows as a table; their number is right by construction.
pub(crate) fn table<T>(rows: usize, columns: usize, values: Vec<T>) -> Result<Array2<T>> {
    let bytes = values.len() as u128 * size_of::<T>() as u128;
    Array2::from_shape_vec((rows, columns), values).map_err(|_| Error::OutOfMemory { bytes, purpose: "an array" })
}

/// The product of a shape's lengths, or [`Error::OutOfMemory`] where it does not fit.
pub(crate) fn area(rows: usize, columns: usize, purpose: &'static str) -> Result<usize> {
    rows.checked_mul(columns).ok_or(Error::OutOfMemory { bytes: rows as u128 * columns as u128, purpose })
}
