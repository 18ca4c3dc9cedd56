//! Zeros that nobody has written yet, on large pages where there are many.
//!
//! The system gives pages to whoever writes to them first: several threads, if several write. And the processor keeps the
//! places of some thousand pages. Columns of a million neurons fill more pages of 4 KB than that, and a visit would wait for
//! the page's place before it waits for the memory.
//!
//! Not here: small memory of one thread.

use std::alloc::{Layout, alloc_zeroed};

use crate::error::{Error, Result};

/// Bytes from which on pages matter.
const MUCH: usize = 4 << 20;

/// What memory of zeros is made of.
///
/// # Safety
/// Bytes that are all 0 must be a value.
pub(crate) unsafe trait Plain {}

// SAFETY: they are 0.
unsafe impl Plain for u64 {}
// SAFETY: they are 0.
unsafe impl Plain for i8 {}

/// `len` zeros, or [`Error::OutOfMemory`]; on large pages where there are many and the system has them.
pub(crate) fn zeroed<T: Plain>(len: usize, purpose: &'static str) -> Result<Vec<T>> {
    let refused = Error::OutOfMemory { bytes: len as u128 * size_of::<T>() as u128, purpose };
    let Some(layout) = Layout::array::<T>(len).ok().filter(|layout| layout.size() > 0) else {
        return if len == 0 { Ok(Vec::new()) } else { Err(refused) };
    };
    #[allow(clippy::cast_ptr_alignment, reason = "the layout asks for the alignment of a number")]
    // SAFETY: the layout's size is not 0.
    let first = unsafe { alloc_zeroed(layout) }.cast::<T>();
    if first.is_null() {
        return Err(refused);
    }
    if layout.size() >= MUCH {
        prefer_large_pages(first.cast(), layout.size());
    }
    // SAFETY: the global allocator gave this memory for an array of `len` values, and zeros are values.
    Ok(unsafe { Box::from_raw(std::ptr::slice_from_raw_parts_mut(first, len)) }.into_vec())
}

/// Asks the system to put whole pages of this memory, which nobody has touched yet, on large ones. It may not.
fn prefer_large_pages(first: *mut u8, bytes: usize) {
    #[cfg(target_os = "linux")]
    {
        const PAGE: usize = 4096;
        const MADV_HUGEPAGE: i32 = 14;
        // SAFETY: this is how the C library, which the standard library links, declares it.
        unsafe extern "C" {
            fn madvise(address: *mut u8, length: usize, advice: i32) -> i32;
        }
        let skipped = first.align_offset(PAGE).min(bytes);
        // SAFETY: whole pages of memory that the caller owns; the advice changes no byte of them, and an error only means
        // that they stay as they were.
        unsafe { madvise(first.wrapping_add(skipped), (bytes - skipped) & !(PAGE - 1), MADV_HUGEPAGE) };
    }
    #[cfg(not(target_os = "linux"))]
    let _ = (first, bytes);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zeros_are_zeros_and_too_many_are_refused() {
        for len in [0, 1, 1000, MUCH / 8 + 13] {
            let mut words = zeroed::<u64>(len, "a test").unwrap();
            assert!(words.len() == len && words.iter().all(|word| *word == 0));
            words.fill(1);
        }
        for len in [1 << 58, 1 << 60, usize::MAX] {
            let bytes = 8 * len as u128;
            assert_eq!(zeroed::<u64>(len, "a test"), Err(Error::OutOfMemory { bytes, purpose: "a test" }));
        }
    }
}
