//! Lists of neurons: by sign, so that who adds their columns need look at no sign again, and those that change.
//!
//! Not here: what is added up (`count`).

use super::for_every_set;
#[cfg(target_arch = "x86_64")]
use super::lists_x86;
use crate::error::{Result, try_room};
use crate::kernel::Available;

/// What the memory is for, in errors.
const PURPOSE: &str = "lists of neurons";

/// Neurons that are written at once, at most.
const SPARE: usize = 64;

/// The bits that are set in a byte, ascending; what follows them is of no meaning.
static SET_BITS: [[u8; 8]; 256] = {
    let mut table = [[0; 8]; 256];
    let mut byte = 0;
    while byte < 256 {
        let (mut found, mut bit) = (0, 0);
        while bit < 8 {
            if byte >> bit & 1 == 1 {
                table[byte][found] = bit;
                found += 1;
            }
            bit += 1;
        }
        byte += 1;
    }
    table
};

/// Neurons whose columns are added, and neurons whose columns are subtracted.
#[derive(Debug, Default)]
pub(crate) struct Signed {
    plus: Vec<u32>,
    minus: Vec<u32>,
}

impl Signed {
    /// Room for `most` neurons.
    pub(crate) fn new(most: usize) -> Result<Self> {
        // Lists are written some at a time.
        Ok(Self { plus: try_room(most + SPARE, PURPOSE)?, minus: try_room(most + SPARE, PURPOSE)? })
    }

    pub(crate) fn plus(&self) -> &[u32] {
        &self.plus
    }

    pub(crate) fn minus(&self) -> &[u32] {
        &self.minus
    }

    pub(crate) fn clear(&mut self) {
        self.plus.clear();
        self.minus.clear();
    }

    /// Lists the neurons that are +1 in `state`, whose first is number `first`,
    pub(crate) fn list_plus(&mut self, state: &[i8], first: usize, set: Available) {
        self.plus.clear();
        list_value(set, state, first, 1, &mut self.plus);
    }

    /// and those that are −1.
    pub(crate) fn list_minus(&mut self, state: &[i8], first: usize, set: Available) {
        self.minus.clear();
        list_value(set, state, first, -1, &mut self.minus);
    }

    /// Lists the neurons that are to turn, by the value that is wanted: those that are decided, or those that are not.
    pub(crate) fn list_changes(&mut self, state: &[i8], wanted: &[i8], first: usize, decided: bool, set: Available) {
        self.clear();
        // A neuron that is +1 is to become −1, and so on.
        let [to_plus, to_minus] = if decided { [-1, 1] } else { [0, 0] };
        list_turns(set, state, wanted, first, to_plus, 1, &mut self.plus);
        list_turns(set, state, wanted, first, to_minus, -1, &mut self.minus);
    }
}

/// One bit for each neuron of a word: whether both have the same value.
#[inline(always)]
fn equal(one: &[i8], other: &[i8]) -> u64 {
    let mut bits = 0;
    if let (Some(one), Some(other)) = (one.first_chunk::<64>(), other.first_chunk::<64>()) {
        for j in 0..64 {
            bits |= u64::from(one[j] == other[j]) << j;
        }
    } else {
        for (j, (x, y)) in one.iter().zip(other).enumerate() {
            bits |= u64::from(x == y) << j;
        }
    }
    bits
}

/// Lists the neurons whose bit is set. Eight are looked up at once, because which they are is not foreseen.
#[inline(always)]
fn list(bits: u64, first: usize, out: &mut Vec<u32>) {
    for (b, byte) in bits.to_le_bytes().into_iter().enumerate() {
        let base = (first + 8 * b) as u32;
        let filled = out.len() + byte.count_ones() as usize;
        let mut eight = [base; 8];
        for (i, bit) in eight.iter_mut().zip(&SET_BITS[usize::from(byte)]) {
            *i += u32::from(*bit);
        }
        out.extend_from_slice(&eight);
        out.truncate(filled);
    }
}

/// Lists the neurons with this value.
fn list_value(set: Available, state: &[i8], first: usize, value: i8, out: &mut Vec<u32>) {
    match set.set() {
        // SAFETY: an `Available` is made only after `InstructionSet::is_available` found these features.
        #[cfg(target_arch = "x86_64")]
        crate::InstructionSet::Avx512 => unsafe { lists_x86::list_value(state, first, value, out) },
        _ => plain_list_value(set, state, first, value, out),
    }
}

/// Lists the neurons that have one value and are to have another.
fn list_turns(set: Available, state: &[i8], wanted: &[i8], first: usize, from: i8, to: i8, out: &mut Vec<u32>) {
    match set.set() {
        // SAFETY: as above.
        #[cfg(target_arch = "x86_64")]
        crate::InstructionSet::Avx512 => unsafe { lists_x86::list_turns(state, wanted, first, from, to, out) },
        _ => plain_list_turns(set, state, wanted, first, from, to, out),
    }
}

for_every_set! {
    fn plain_list_value(state: &[i8], first: usize, value: i8, out: &mut Vec<u32>) {
        for (word, state) in state.chunks(64).enumerate() {
            list(equal(state, &[value; 64]), first + 64 * word, out);
        }
    }

    fn plain_list_turns(state: &[i8], wanted: &[i8], first: usize, from: i8, to: i8, out: &mut Vec<u32>) {
        for (word, (state, wanted)) in state.chunks(64).zip(wanted.chunks(64)).enumerate() {
            list(equal(state, &[from; 64]) & equal(wanted, &[to; 64]), first + 64 * word, out);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::InstructionSet;
    use crate::rng::Stream;

    #[test]
    fn states_are_listed_by_sign() {
        let mut stream = Stream::new(4, 0);
        for n in [0, 1, 7, 64, 65, 300] {
            let state: Vec<i8> = (0..n).map(|_| stream.below(3) as i8 - 1).collect();
            let of =
                |value: i8| (100..).zip(&state).filter(|(_, x)| **x == value).map(|(i, _)| i).collect::<Vec<u32>>();
            for set in InstructionSet::ALL.into_iter().filter(|set| set.is_available()).map(Available::or_portable) {
                let mut signed = Signed::new(n).unwrap();
                signed.list_plus(&state, 100, set);
                signed.list_minus(&state, 100, set);
                assert_eq!((signed.plus(), signed.minus()), (&of(1)[..], &of(-1)[..]), "{set:?} {n}");
                assert!(signed.plus.capacity() <= n + SPARE, "no room was made on the way");
            }
        }
    }

    #[test]
    fn changes_are_listed() {
        let mut stream = Stream::new(1, 0);
        for n in [0, 1, 63, 64, 200] {
            let mut state = || (0..n).map(|_| stream.below(3) as i8 - 1).collect::<Vec<_>>();
            let (state, wanted) = (state(), state());
            for set in InstructionSet::ALL.into_iter().filter(|set| set.is_available()).map(Available::or_portable) {
                let mut signed = Signed::new(n).unwrap();
                for decided in [true, false] {
                    signed.list_changes(&state, &wanted, 100, decided, set);
                    let turned = |value| {
                        let turns = |x: i8, to: i8| x != to && to == value && (x != 0) == decided;
                        let neurons = (100..).zip(state.iter().zip(&wanted));
                        neurons.filter(|(_, (x, to))| turns(**x, **to)).map(|(i, _)| i).collect::<Vec<u32>>()
                    };
                    assert_eq!((signed.plus(), signed.minus()), (&turned(1)[..], &turned(-1)[..]), "{set:?} {n}");
                }
            }
        }
    }
}
