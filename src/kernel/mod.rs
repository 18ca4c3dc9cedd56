//! The only `unsafe` code: loops over slices and tiles, chosen once for the processor at hand. Nothing here knows networks.
//!
//! # The canonical order
//!
//! Every path (queries in lanes or patterns in lanes, any instruction set, any number of threads, any batch) does the
//! same operations in the same order for each query, and so gives the same bits. With `fma` one rounding, `T` the
//! number type, patterns `x_k`, query `q`, and `c + c' = β·log₂e` in two words of `T`:
//!
//! ```text
//! score    s_k = B₀ + B₁ + …            B_b = fma chain from 0 over the 64 entries of block b, in order
//! tile     128 patterns:
//!            n_k = round(s_k·c)          m' = max(m, max n_k)             an integer, so rescaling is exact
//!            e_k = 2^(n_k − m') · P(fma(s_k, c', fma(s_k, c, −n_k)))      zero unless n_k − m' ≥ −125 (−1021)
//!            f   = 2^(m − m')
//!            l'  = fma(l, f, ((S₀+S₄)+(S₂+S₆)) + ((S₁+S₅)+(S₃+S₇)))       S_i = Σ e_k over k ≡ i mod 8, in order
//!            a'  = fma(a, f, fma chain from 0 of e_k·x_k)
//! chunk    512 patterns: four tiles folded from (−∞, 0, 0)
//! group    16 chunks, and the total all groups, from (−∞, 0, 0), merged in order:
//!            M = max(m_t, m_u);  l = fma(l_u, 2^(m_u−M), l_t·2^(m_t−M));  a likewise
//! P        2^x on [−½, ½] by Horner's rule with fma, coefficients in `real.rs`
//! ```
//!
//! The group level keeps the rounding error of a sum over a million patterns from growing with their number. A masked
//! pattern has score −∞ and weighs exactly nothing. Block, tile, chunk and group lengths are constants: chunk
//! boundaries apply even when nothing is split.
//!
//! # How it is fast
//!
//! Many queries ([`many`]) reuse each pattern from registers; few queries ([`few`]) read the memory once at the speed
//! of reading. Both are generic over the vector words of [`lanes`], compiled for each instruction set in a module of
//! entry points, `entry_points`; the portable one is the reference that the others must equal bit for bit.
//!
//! What paid, on two cores of Zen 5 with AVX-512 (`cargo bench --bench retrieval -- --table`): fetching the next block of
//! a tile's rows while one is scored, and the next tile's rows during the readout; scratch memory that starts at a cache
//! line, merging in vectors, and maxima kept in registers (74 → 84 % of the machine's multiply-adds at 1024 queries ×
//! 10 000 patterns × 64); one group of patterns at a time for more than one query (two made two queries slower than
//! four); three columns instead of four beside three vectors in AVX2's readout (27 → 81 % of its ceiling).
//!
//! What did not, at 64 queries × 8192 patterns of 4096 entries, which stay near 62 % (the best runs reach 75): passing a
//! block of entries by all queries, or by all tiles of a chunk, before the next (half the traffic, 5 to 15 % slower);
//! parts of columns in steps of 32 rows, fetched ahead into the second-level cache (no gain); fetching the next rows
//! instead of the next block (30 % slower); huge pages (no gain).

// A kernel's body has to end up inside the entry point that allows its instructions, and its loops run over the axes of
// several arrays at once.
#![allow(clippy::inline_always, clippy::needless_range_loop)]

pub(crate) mod aligned;
pub(crate) mod bits;
mod blend;
pub(crate) mod ceiling;
pub(crate) mod collect;
pub(crate) mod compare;
pub(crate) mod correct;
mod entry_points;
pub(crate) mod few;
#[cfg(target_arch = "x86_64")]
mod few_narrow;
mod greatest;
mod hide;
pub(crate) mod instruction_set;
pub(crate) mod lanes;
pub(crate) mod linear;
pub(crate) mod many;
pub(crate) mod narrow;
#[cfg(target_arch = "aarch64")]
pub(crate) mod neon;
mod normal;
pub(crate) mod pages;
pub(crate) mod powers;
pub(crate) mod readout;
pub(crate) mod real;
#[cfg(target_arch = "x86_64")]
mod stored_x86;
mod table;
mod table_narrow;
mod transpose;
#[cfg(target_arch = "x86_64")]
pub(crate) mod x86;

pub(crate) use instruction_set::Available;
pub use instruction_set::InstructionSet;
pub(crate) use table::{Kernels, Shape};

/// Entries of a query whose products are added up in one chain.
pub(crate) const BLOCK: usize = 64;
/// Patterns whose weights share one maximum.
pub(crate) const TILE: usize = 128;
/// Patterns that are folded from zero before they are merged: the unit that threads take.
pub(crate) const CHUNK: usize = 512;
/// Chunks that are merged before they join the total.
pub(crate) const GROUP: usize = 16;
/// Vectors that a tile of queries is wide, at most.
pub(crate) const MOST_VECTORS: usize = 3;
/// Queries in a tile, at most: three vectors of sixteen.
pub(crate) const WIDEST: usize = 48;
/// Queries that are scored with patterns in lanes, at most.
pub(crate) const MOST_FEW: usize = 8;
