//! `ledgerline-bench api`: repeated reads beside a bare handler of the same server library, durable commands
//! at a steady rate beside the commits alone, and how many commands succeed at three times the peak.
//!
//! Client and server share this machine's processors, as in every figure here; the ratios are of one run.

mod commands;
mod connection;
mod reads;

use crate::cost::read_load_average;
use crate::figures::Report;
use crate::webhook::settings;
use domain::problem::Problem;
use http::listeners::Listeners;
use http::running_server::RunningServer;
use http::server::bind;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use tokio::runtime::Runtime;

/// The longest measurement of one rate.
const SECONDS_MAX: i64 = 600;

/// Measure the HTTP API: reads that repeat, durable commands, and overload
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Seconds of each rate of commands
    #[arg(long, value_name = "N", default_value_t = 10,
          value_parser = clap::value_parser!(u32).range(1..=SECONDS_MAX))]
    seconds: u32,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(args: Args, runtime: Arc<Runtime>) -> Result<(), Problem> {
    let directory = tempfile::tempdir()?;
    let listener = bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await?;
    let address = listener.local_addr()?;
    let running =
        RunningServer::start(settings(directory.path()), Listeners::http(listener), runtime).await?;
    let token = std::fs::read_to_string(directory.path().join(host::data_dir::TOKEN_FILE))?;
    let door = connection::ServerAccess {
        address,
        bearer: token.trim().to_owned(),
    };
    let mut report = Report::default();
    report.fact("load", read_load_average());
    reads::measure(&running.installation, &door, &mut report).await?;
    let seconds = u64::from(args.seconds);
    commands::measure(&running.installation, &door, seconds, &mut report).await?;
    running.stop().await;
    report.show(args.json)
}
