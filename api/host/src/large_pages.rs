//! Limits the memory of a program by using pages of 4 KiB instead of 2 MiB.

/// Turns off transparent pages of 2 MiB for this process: a seventh of a busy server's memory was in them and
/// never used (decision 0182). Does nothing on a kernel without them.
pub fn disable_large_pages() {
    #[cfg(target_os = "linux")]
    let _disabled = rustix::thread::disable_transparent_huge_pages(true);
}
