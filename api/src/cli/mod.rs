//! The command line: one file per subcommand, parsed here, run on one runtime.

mod alerts;
mod asking;
mod audit;
pub(crate) mod backup;
mod bench;
mod call;
mod campaign;
mod carrier;
mod clock;
mod consent;
mod customer;
mod cut_off;
mod demo;
mod doctor;
mod doctor_clock;
mod doctor_history;
mod doctor_log;
mod doctor_machine;
mod doctor_rows;
mod doctor_trunks;
mod events;
mod examples;
mod export;
pub(crate) mod failure;
#[cfg(test)]
mod headline_tests;
mod holder;
mod import;
mod keys;
mod live;
pub(crate) mod log_bar;
mod metrics;
mod moment;
mod named;
pub(crate) mod number;
pub(crate) mod output;
mod page;
mod projections;
mod query;
mod reader;
mod reconcile;
mod report;
mod sample;
mod serve;
mod shell;
mod simulate;
pub(crate) mod table;
mod taking;
mod targets;
mod trunk;
mod writer;

use crate::clock::SystemClock;
use crate::config;
use crate::log_writer::LogWriter;
use clap::{CommandFactory, FromArgMatches, Parser};
use failure::Failure;
use std::process::ExitCode;
use std::sync::Arc;
use tokio::runtime::Runtime;

/// Intelligent outbound calling (智能外呼): campaigns, customers and calls as events.
///
/// `ledgerline demo` shows the whole loop on this machine in two minutes, on real SIP and RTP, and needs
/// nothing else. `ledgerline serve` does it for real.
#[derive(Debug, Parser)]
#[command(name = "ledgerline", version, after_help = failure::EXIT_CODES)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Demo(demo::Args),
    Serve(serve::Args),
    Carrier(carrier::Args),
    Import(import::Args),
    Campaign(campaign::Args),
    Call(call::Args),
    Clock(clock::Args),
    Customer(customer::Args),
    Keys(keys::Args),
    Number(number::Args),
    Events(events::Args),
    Audit(audit::Args),
    Alerts(alerts::Args),
    Live(live::Args),
    Backup(backup::Args),
    Projections(projections::Args),
    Metrics(metrics::Args),
    Query(query::Args),
    Export(export::Args),
    Reconcile(reconcile::Args),
    Report(report::Args),
    Sample(sample::Args),
    Doctor(doctor::Args),
    Trunk(trunk::Args),
    Simulate(simulate::Args),
    Bench(bench::Args),
    Completions(shell::CompletionsArgs),
    Man(shell::ManArgs),
}

impl Command {
    /// Whether nothing is left half done when it ends with the reader of its output (`| head`). Others go on,
    /// in silence: what serves or writes does its work, and what checks says by its exit code what it found.
    const fn only_shows(&self) -> bool {
        match self {
            Self::Live(_) | Self::Query(_) | Self::Completions(_) => true,
            Self::Metrics(args) => args.only_shows(),
            Self::Events(args) => args.only_shows(),
            Self::Audit(args) => args.only_shows(),
            Self::Call(args) => args.only_shows(),
            Self::Customer(args) => args.only_shows(),
            Self::Number(args) => args.only_shows(),
            Self::Demo(_)
            | Self::Serve(_)
            | Self::Carrier(_)
            | Self::Import(_)
            | Self::Campaign(_)
            | Self::Clock(_)
            | Self::Keys(_)
            | Self::Alerts(_)
            | Self::Backup(_)
            | Self::Projections(_)
            | Self::Export(_)
            | Self::Reconcile(_)
            | Self::Report(_)
            | Self::Sample(_)
            | Self::Doctor(_)
            | Self::Trunk(_)
            | Self::Simulate(_)
            | Self::Bench(_)
            | Self::Man(_) => false,
        }
    }
}

/// Parses the command line, runs one command, and answers how the process ends.
pub fn run() -> ExitCode {
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

/// One runtime for everything. It is left in the background at the end: what must be durable is, and a second
/// signal does not wait.
fn on_runtime(command: Command) -> Result<(), Failure> {
    if let Command::Simulate(args) = &command {
        return simulate::run(args);
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .thread_name("ledgerline")
        .build()?;
    let runtime = Arc::new(runtime);
    let ended = runtime.block_on(dispatch(command, Arc::clone(&runtime)));
    if let Ok(runtime) = Arc::try_unwrap(runtime) {
        runtime.shutdown_background();
    }
    ended
}

async fn dispatch(command: Command, runtime: Arc<Runtime>) -> Result<(), Failure> {
    match command {
        Command::Demo(args) => Box::pin(demo::run(args, runtime)).await,
        Command::Serve(args) => Box::pin(serve::run(args, runtime)).await,
        Command::Carrier(args) => carrier::run(args).await,
        Command::Import(args) => import::run(args).await,
        Command::Campaign(args) => campaign::run(args).await,
        Command::Call(args) => call::run(args).await,
        Command::Clock(args) => clock::run(args).await,
        Command::Customer(args) => customer::run(args).await,
        Command::Keys(args) => keys::run(args).await,
        Command::Number(args) => number::run(args).await,
        Command::Events(args) => events::run(args).await,
        Command::Alerts(args) => alerts::run(args).await,
        Command::Live(args) => live::run(args).await,
        Command::Audit(args) => audit::run(args, runtime).await,
        Command::Backup(args) => Box::pin(backup::run(args)).await,
        Command::Metrics(args) => Box::pin(metrics::run(args)).await,
        Command::Projections(args) => projections::run(args).await,
        Command::Reconcile(args) => reconcile::run(args).await,
        Command::Report(args) => Box::pin(report::run(args, runtime)).await,
        Command::Sample(args) => Box::pin(sample::run(args, runtime)).await,
        Command::Export(args) => Box::pin(export::run(args, runtime)).await,
        Command::Query(args) => Box::pin(query::run(args, runtime)).await,
        Command::Doctor(args) => doctor::run(args).await,
        Command::Trunk(args) => Box::pin(trunk::run(args, runtime)).await,
        Command::Bench(args) => Box::pin(bench::run(args, runtime)).await,
        Command::Simulate(args) => simulate::run(&args),
        Command::Completions(args) => shell::completions(&args),
        Command::Man(args) => shell::man(&args),
    }
}
