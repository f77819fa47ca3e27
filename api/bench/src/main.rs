//! The `ledgerline-bench` program: parses the command line and runs one measurement.

use std::process::ExitCode;

/// The allocator of the server, so that both are measured in the same way.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    bench::run()
}
