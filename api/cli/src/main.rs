//! The `ledgerline` program: parses the command line and runs one command.

use std::process::ExitCode;

/// What one thread makes another often drops here: records, requests, answers (decision 0033).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    without_large_pages();
    cli::run()
}

/// Where the allocator asks the kernel for pages of 2 MiB, a seventh of a busy server's memory stands there
/// and was never used (decision 0182).
fn without_large_pages() {
    // A kernel that knows no such thing gives none.
    #[cfg(target_os = "linux")]
    let _disabled = rustix::thread::disable_transparent_huge_pages(true);
}
