//! The command line: one file per command, parsed here, run on one runtime.
//!
//! `kit/` is what commands share (asking a server or a directory, printing, exit codes), `page/` what
//! people read, `demo/` the demonstration, `jdbc/` rows of other databases.

mod commands;
mod demo;
mod jdbc;
mod kit;
mod page;

use crate::commands::{Command, dispatch, examples, simulate};
use crate::kit::failure::Failure;
use crate::kit::output;
use clap::{CommandFactory, FromArgMatches, Parser};
use host::clock::SystemClock;
use host::config;
use host::large_pages::disable_large_pages;
use host::log_writer::LogWriter;
use std::process::ExitCode;
use std::sync::Arc;

/// Intelligent outbound calling (智能外呼): campaigns, customers and calls as events.
///
/// `ledgerline demo` shows the whole loop on this machine in two minutes, on real SIP and RTP, and needs
/// nothing else. `ledgerline serve` does it for real.
#[derive(Debug, Parser)]
#[command(name = "ledgerline", version, after_help = kit::failure::EXIT_CODES)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

/// Parses the command line, runs one command, and answers how the process ends.
pub fn run() -> ExitCode {
    disable_large_pages();
    let matches = examples::with_examples(Cli::command()).get_matches();
    let cli = Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    // Simulated crashes are no news.
    let level = if matches!(cli.command, Command::Simulate(_)) {
        "off"
    } else {
        "warn"
    };
    let logs = tracing_subscriber::fmt()
        .with_env_filter(config::log_filter(level))
        .with_writer(LogWriter::to_stderr(Arc::new(SystemClock::default())))
        .json();
    logs.init();
    if cli.command.only_shows() {
        output::end_with_the_reader();
    }
    match on_runtime(cli.command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            if !failure.is_quiet() {
                output::notice(&format!("ledgerline: {failure}"));
            }
            failure.exit_code()
        }
    }
}

/// Two runtimes: one for calls, entities and the log, which commands get, and one for everything else: HTTP,
/// reports, imports (decision 0192). Both are left in the background at the end: what must be
/// durable is, and a second signal does not wait.
fn on_runtime(command: Command) -> Result<(), Failure> {
    if let Command::Simulate(args) = &command {
        return simulate::run(args);
    }
    let calls = Arc::new(runtime("calls")?);
    let outside = runtime("ledgerline")?;
    let ended = outside.block_on(dispatch(command, Arc::clone(&calls)));
    outside.shutdown_background();
    if let Ok(calls) = Arc::try_unwrap(calls) {
        calls.shutdown_background();
    }
    ended
}

/// One thread for each processor.
fn runtime(thread_name: &str) -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .thread_name(thread_name)
        .build()
}
