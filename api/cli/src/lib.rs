//! The command-line program: `run` parses the arguments, runs one command and returns the exit code.
//!
//! `commands/` holds one file or folder per command, `kit/` what commands share (requests to a server or a
//! directory, printing, exit codes), `page/` formatted output for people, `demo/` the demonstration, `jdbc/`
//! readers for other databases.

mod commands;
mod demo;
mod jdbc;
mod kit;
mod page;

use crate::commands::serve_configuration::ServerConfiguration;
use crate::commands::{Command, dispatch, examples, serve_configuration, simulate};
use crate::kit::failure::Failure;
use crate::kit::{log_output, output};
use application::language::{Language, set_language};
use clap::{CommandFactory, FromArgMatches, Parser};
use host::config;
use host::large_pages::disable_large_pages;
use host::log_level::capped;
use std::ffi::OsString;
use std::process::ExitCode;
use std::sync::Arc;

/// Intelligent outbound calling (智能外呼): campaigns, customers and calls as events.
///
/// `ledgerline demo` runs a complete campaign on this machine in about two minutes, over real SIP and RTP; it
/// needs nothing else. `ledgerline serve` starts a server for real calls.
#[derive(Debug, Parser)]
#[command(name = "ledgerline", version, after_help = kit::failure::EXIT_CODES)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

/// Parses the command line, runs one command and returns the exit code of the process.
pub fn run() -> ExitCode {
    disable_large_pages();
    set_language(Language::of_locale(&config::locale()));
    let arguments: Vec<OsString> = std::env::args_os().collect();
    let configured = match serve_configuration::of_process(&arguments) {
        Ok(configured) => configured,
        Err(failure) => return failure.exit_code(),
    };
    let arguments = match &configured {
        Some(configured) => configured.complete(arguments),
        None => arguments,
    };
    let matches = examples::with_examples(Cli::command()).get_matches_from(arguments);
    let mut cli = Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    let filter = match (&configured, &cli.command) {
        (Some(configured), _) => capped(configured.log_level()),
        // `simulate` crashes simulated processes on purpose; their log messages would only distract.
        (None, Command::Simulate(_)) => config::log_filter("off"),
        (None, _) => config::log_filter("warn"),
    };
    let format = configured.as_ref().map(ServerConfiguration::log_format);
    let log = log_output::start(filter, format.unwrap_or_default());
    if let (Command::Serve(args), Some(configured)) = (&mut cli.command, configured) {
        args.configure(configured, log);
    }
    if cli.command.only_shows() {
        output::end_when_pipe_closes();
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

/// Runs a command on two runtimes: `calls` for calls, entities and the log, which the command receives, and
/// `ledgerline` for everything else: HTTP, reports, imports (decision 0192). Both are shut down in the
/// background: everything that must be durable is stored by then, and a second signal does not have to wait.
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

/// Builds a multi-threaded runtime with one worker thread per processor.
fn runtime(thread_name: &str) -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .thread_name(thread_name)
        .build()
}
