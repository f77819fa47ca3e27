//! `ledgerline backup confirm`: a person's word to the running server that dialing may go on after a restore.

use crate::cli::failure::Failure;
use crate::cli::output;
use crate::outbound::own_server::{OwnServer, ServerArgs};
use hyper::Method;
use serde_json::{Map, Value};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// What was looked at, for the log; nothing personal
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// Who confirms
    #[arg(long, value_name = "USER")]
    by: Option<String>,
    /// Print JSON on one line
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    server: ServerArgs,
}

pub(super) async fn run(args: Args) -> Result<(), Failure> {
    let mut body = Map::new();
    body.insert("reason".to_owned(), Value::String(args.reason));
    if let Some(by) = args.by {
        body.insert("by".to_owned(), Value::String(by));
    }
    let reply = OwnServer::find(&args.server)?
        .ask(
            Method::POST,
            "/api/v1/installation/confirm-dialing",
            Some(&Value::Object(body)),
        )
        .await?;
    if args.json {
        return output::json(&reply);
    }
    output::line("confirmed: dialing goes on / 已确认，恢复拨号")
}
