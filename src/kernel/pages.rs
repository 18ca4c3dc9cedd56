//! Large pages for memory that is read here and there.
//!
//! A page of 4 KB takes an entry of the processor's table of pages for every 4 KB; columns of a million neurons need more
//! entries than there are, and a visit then waits for the table before it waits for the memory.
//!
//! Not here: memory that is read in order, which gains nothing.

/// Bytes from which on it matters.
const LARGE: usize = 2 << 20;

/// Asks the system to put the room of `buffer`, which nobody has touched yet, on large pages. It may not.
pub(super) fn prefer_large_pages<T>(buffer: &mut Vec<T>) {
    let bytes = buffer.capacity() * size_of::<T>();
    #[cfg(target_os = "linux")]
    if bytes >= LARGE {
        const PAGE: usize = 4096;
        const MADV_HUGEPAGE: i32 = 14;
        unsafe extern "C" {
            fn madvise(address: *mut core::ffi::c_void, length: usize, advice: i32) -> i32;
        }
        let skipped = buffer.as_ptr().cast::<u8>().align_offset(PAGE);
        let length = bytes.saturating_sub(skipped) & !(PAGE - 1);
        let first = buffer.as_mut_ptr().cast::<u8>().wrapping_add(skipped);
        // SAFETY: whole pages of memory that the vector owns; the advice changes no byte of them, and an error only
        // means that they stay as they were.
        unsafe { madvise(first.cast(), length, MADV_HUGEPAGE) };
    }
    #[cfg(not(target_os = "linux"))]
    let _ = (bytes, LARGE);
}
