//! `ledgerline bench`: measurements on this machine.

mod api;
mod append;
mod best_times;
mod calls;
mod cost;
mod dial_decision;
mod dial_order;
mod figures;
mod flow;
mod held;
mod import;
mod line;
mod load;
mod nlu;
mod opted_out;
mod output;
mod pacing;
mod pacing_plot;
mod past;
mod payload;
mod project;
mod query;
mod read;
mod segment;
mod stopwatch;
mod subscribe;
mod turn;
mod webhook;
mod workshop;
mod yaml;

use domain::problem::Problem;
use std::sync::Arc;
use tokio::runtime::Runtime;

/// Measure this machine.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Audio both ways in real time on many calls at once, the carrier on the same machine
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

/// What `work` answers, and how many microseconds it took.
pub fn micros_of<T>(work: impl FnOnce() -> T) -> (T, f64) {
    let watch = stopwatch::Stopwatch::start();
    let done = work();
    (done, stopwatch::float(watch.nanos()) / 1_000.0)
}

pub async fn run(args: Args, runtime: Arc<Runtime>) -> Result<(), Problem> {
    match args.action {
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
