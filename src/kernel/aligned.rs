//! Memory that starts at a cache line, so that no vector straddles two.

use std::ops::{Deref, DerefMut};

use crate::error::{Result, try_vec};

/// Bytes of a cache line, and of the widest vector.
const LINE: usize = 64;

/// A fixed number of values, the first at the start of a cache line.
#[derive(Debug, Default)]
pub(crate) struct Aligned<T> {
    buffer: Vec<T>,
    start: usize,
    len: usize,
}

impl<T: Clone> Aligned<T> {
    /// `len` copies of `value`.
    pub(crate) fn new(len: usize, value: T, purpose: &'static str) -> Result<Self> {
        let spare = LINE / size_of::<T>().max(1);
        let buffer = try_vec(len.saturating_add(spare), value, purpose)?;
        let start = buffer.as_ptr().align_offset(LINE).min(spare);
        Ok(Self { buffer, start, len })
    }
}

impl<T> Deref for Aligned<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.buffer[self.start..][..self.len]
    }
}

impl<T> DerefMut for Aligned<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        &mut self.buffer[self.start..][..self.len]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_start_at_a_line() {
        for len in [0, 1, 15, 16, 17, 1000] {
            let mut values = Aligned::new(len, 1.0_f32, "a test").unwrap();
            assert_eq!(values.as_ptr().align_offset(LINE), 0);
            values.fill(2.0);
            assert_eq!(*values, vec![2.0; len][..]);
        }
        assert!(Aligned::new(usize::MAX, 0_u64, "a test").is_err());
    }
}
