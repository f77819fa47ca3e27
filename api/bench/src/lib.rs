//! `ledgerline-bench`: measurements on this machine.

mod api;
mod append;
mod bench_installation;
mod best_times;
mod bounded_figures;
mod calls;
mod cost;
mod dial_decision;
mod dial_order;
mod figures;
mod flow;
mod import;
mod line;
mod load;
mod nlu;
mod opt_out_command;
mod output;
mod pacing;
mod pacing_plot;
mod past_queries;
mod payload;
mod project;
mod query;
mod read;
mod segment;
mod stopwatch;
mod subscribe;
mod turn;
mod webhook;
mod yaml;

use clap::Parser;
use domain::problem::Problem;
use host::clock::SystemClock;
use host::config;
use host::exit_code::{EXIT_CODES, exit_code};
use host::large_pages::disable_large_pages;
use host::log_writer::{LogFormat, LogWriter};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use tokio::runtime::Runtime;

/// Measure ledgerline on this machine.
#[derive(Debug, Parser)]
#[command(name = "ledgerline-bench", version, after_help = EXIT_CODES)]
struct Cli {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Audio in both directions in real time on many calls at once, the carrier on the same machine
    Calls(calls::Args),
    Api(api::Args),
    Cost(cost::Args),
    Import(import::Args),
    Append(append::Args),
    Read(read::Args),
    Project(project::Args),
    Subscribe(subscribe::Args),
    Query(query::Args),
    Webhook(webhook::Args),
    Nlu(nlu::Args),
    Flow(flow::Args),
    BestTimes(best_times::Args),
    Pacing(pacing::Args),
    Segment(segment::Args),
    DialDecision(dial_decision::Args),
    Turn(turn::Args),
    Yaml(yaml::Args),
}

/// Parses the command line, runs one measurement, and returns the exit code of the process.
pub fn run() -> ExitCode {
    disable_large_pages();
    let cli = Cli::parse();
    let logs = tracing_subscriber::fmt()
        .with_env_filter(config::log_filter("warn"))
        .with_writer(LogWriter::to_stderr(
            Arc::new(SystemClock::default()),
            LogFormat::Json,
        ))
        .json();
    logs.init();
    match on_runtime(cli.action) {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            application::notice::notice(&format!(
                "ledgerline-bench: {}",
                problem.cause().unwrap_or(&problem.detail)
            ));
            ExitCode::from(exit_code(problem.kind))
        }
    }
}

/// Makes one runtime for calls, entities and the log, and one for everything else, as in the server (decision
/// 0192).
fn on_runtime(action: Action) -> Result<(), Problem> {
    let calls = Arc::new(runtime("calls")?);
    let outside = runtime("ledgerline")?;
    let ended = outside.block_on(Box::pin(dispatch(action, Arc::clone(&calls))));
    outside.shutdown_background();
    if let Ok(calls) = Arc::try_unwrap(calls) {
        calls.shutdown_background();
    }
    ended
}

/// Makes a runtime with one thread for each processor.
fn runtime(thread_name: &str) -> std::io::Result<Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .thread_name(thread_name)
        .build()
}

/// Returns the server to measure: `--program`, or `ledgerline` beside this program.
fn server_program(given: Option<&Path>) -> Result<PathBuf, Problem> {
    match given {
        Some(program) => Ok(program.to_owned()),
        None => Ok(std::env::current_exe()?.with_file_name("ledgerline")),
    }
}

async fn dispatch(action: Action, runtime: Arc<Runtime>) -> Result<(), Problem> {
    match action {
        Action::Calls(args) => calls::run(args).await,
        Action::Api(args) => api::run(args, runtime).await,
        Action::Cost(args) => cost::run(args).await,
        Action::Import(args) => import::run(args, runtime).await,
        Action::Append(args) => append::run(args, runtime).await,
        Action::Read(args) => read::run(args, runtime).await,
        Action::Project(args) => project::run(args, runtime).await,
        Action::Subscribe(args) => subscribe::run(args, runtime).await,
        Action::Query(args) => query::run(args, runtime).await,
        Action::Webhook(args) => webhook::run(args, runtime).await,
        Action::Nlu(args) => nlu::run(&args),
        Action::Flow(args) => flow::run(&args),
        Action::BestTimes(args) => best_times::run(&args),
        Action::Pacing(args) => pacing::run(&args),
        Action::DialDecision(args) => dial_decision::run(args).await,
        Action::Segment(args) => segment::run(args).await,
        Action::Turn(args) => turn::run(&args).await,
        Action::Yaml(args) => yaml::run(&args),
    }
}
