//! `ledgerline clock`: asks the running server to compare its clock now, and shows by how much it is off.

use super::failure::Failure;
use super::output;
use crate::outbound::own_server::{OwnServer, ServerArgs};
use hyper::Method;
use serde_json::Value;

/// Compare the server's clock with others.
///
/// Calling windows and caps rest on the time of day. A server with --ntp HOST compares its clock with an NTP
/// server, and one on postgres:// with the database's, at its start and every 64 s; beyond 2 s nothing new is
/// dialed. What is new is kept in the log as installation.clock_offset_measured.
#[derive(Debug, clap::Args)]
#[command(after_help = super::failure::EXIT_CODES)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Compare now; exit 1 when the clock is wrong
    Measure(Measure),
}

#[derive(Debug, clap::Args)]
struct Measure {
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    server: ServerArgs,
}

pub(crate) async fn run(args: Args) -> Result<(), Failure> {
    let Action::Measure(args) = args.action;
    let path = "/api/v1/installation/measure-clock";
    let reply = OwnServer::find(&args.server)?
        .ask(Method::POST, path, None)
        .await?;
    if args.json {
        output::json(&reply)?;
    } else {
        show(&reply)?;
    }
    match reply["dialing_refused"].as_str() {
        None => Ok(()),
        Some(why) => Err(Failure::found(why.to_owned())),
    }
}

fn show(reply: &Value) -> Result<(), Failure> {
    let measured = reply["measured"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    if measured.is_empty() {
        return output::line(
            "compared with nothing: start the server with --ntp HOST / 未配置时钟来源，请用 --ntp 启动",
        );
    }
    for one in measured {
        let source = one["source"].as_str().unwrap_or("?");
        match one["error"].as_str() {
            Some(why) => output::line(&format!("{source}  {why}"))?,
            None => output::line(&format!(
                "{source}  offset {} ms ± {} ms, round trip {} ms{}",
                one["offset_ms"],
                one["uncertainty_ms"],
                one["round_trip_ms"],
                if one["noted"] == true {
                    ", noted in the log"
                } else {
                    ""
                }
            ))?,
        }
    }
    Ok(())
}
