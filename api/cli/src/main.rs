//! The `ledgerline` program: parses the command line and runs one command.

use std::process::ExitCode;

/// What one thread makes another often drops here: records, requests, answers (decision 0033).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    cli::run()
}
