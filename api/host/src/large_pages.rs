//! Keeps the memory of a program in pages of 4 KiB, which cost less of it than pages of 2 MiB.

/// Keeps the kernel from giving the allocator pages of 2 MiB: a seventh of a busy server's memory was in them
/// and never used (decision 0182). A kernel without them changes nothing.
pub fn disable_large_pages() {
    #[cfg(target_os = "linux")]
    let _disabled = rustix::thread::disable_transparent_huge_pages(true);
}
