//! Counting with AVX-512: a full adder is two instructions, where the compiler makes four of it, and a column is read as a
//! whole.
//!
//! Not here: the tree, which is the same for all.

use std::arch::x86_64::{__m512i, _mm512_loadu_si512, _mm512_storeu_si512, _mm512_ternarylogic_epi64};

use super::count::{Bits, Blocks, count_block};
use super::{BLOCK, Columns};

/// Planes of a block, at most: neurons are fewer than 2⁵⁹.
const PLANES: usize = 60;

/// Some blocks in registers. Only what is compiled for AVX-512 makes any.
#[derive(Clone, Copy)]
struct Registers<const BLOCKS: usize>([__m512i; BLOCKS]);

impl<const BLOCKS: usize> Registers<BLOCKS> {
    #[inline(always)]
    fn load(&mut self, t: usize, block: &[u64; BLOCK]) {
        // SAFETY: a block is 64 bytes, and no alignment is asked for.
        self.0[t] = unsafe { _mm512_loadu_si512(block.as_ptr().cast()) };
    }

    #[inline(always)]
    fn store(&self, t: usize, block: &mut [u64; BLOCK]) {
        // SAFETY: as above.
        unsafe { _mm512_storeu_si512(block.as_mut_ptr().cast(), self.0[t]) };
    }
}

impl<const BLOCKS: usize> Bits for Registers<BLOCKS> {
    // SAFETY: zeros are a register.
    const NONE: Self = Self([unsafe { std::mem::zeroed() }; BLOCKS]);

    #[inline(always)]
    fn add(&mut self, b: Self, c: Self) -> Self {
        const ODD: i32 = 0b1001_0110;
        const TWO_OR_MORE: i32 = 0b1110_1000;
        let mut carry = Self::NONE;
        for t in 0..BLOCKS {
            // SAFETY: whoever has registers has the instructions.
            carry.0[t] = unsafe { _mm512_ternarylogic_epi64::<TWO_OR_MORE>(self.0[t], b.0[t], c.0[t]) };
            // SAFETY: as above.
            self.0[t] = unsafe { _mm512_ternarylogic_epi64::<ODD>(self.0[t], b.0[t], c.0[t]) };
        }
        carry
    }
}

/// Columns of so many blocks.
struct Whole<'a, const BLOCKS: usize>(&'a [[[u64; BLOCK]; BLOCKS]]);

impl<const BLOCKS: usize> Blocks<Registers<BLOCKS>> for Whole<'_, BLOCKS> {
    #[inline(always)]
    fn block(&self, i: u32) -> Registers<BLOCKS> {
        let column = &self.0[i as usize];
        let mut registers = Registers::NONE;
        for t in 0..BLOCKS {
            registers.load(t, &column[t]);
        }
        registers
    }
}

/// Counts all blocks of columns that have so many.
#[target_feature(enable = "avx512f")]
pub(super) fn count_few<const BLOCKS: usize>(columns: &Columns, neurons: &[u32], planes: &mut [u64], room: usize) {
    let planes = planes.as_chunks_mut::<BLOCK>().0;
    let mut registers = [Registers::NONE; PLANES];
    for (t, planes) in planes.chunks_exact(room).enumerate().take(BLOCKS) {
        for (registers, plane) in registers.iter_mut().zip(planes) {
            registers.load(t, plane);
        }
    }
    let whole = Whole::<BLOCKS>(columns.bits.as_slice().as_chunks().0.as_chunks().0);
    count_block(&whole, neurons, &mut registers[..room]);
    for (t, planes) in planes.chunks_exact_mut(room).enumerate().take(BLOCKS) {
        for (registers, plane) in registers.iter().zip(planes) {
            registers.store(t, plane);
        }
    }
}
