//! The `ledgerline` program: parses the command line and runs one command.

use std::process::ExitCode;

/// The allocator of the whole process. mimalloc is fast when one thread frees what another allocated, which
/// is frequent here: records, requests, replies (decision 0033).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    cli::run()
}
