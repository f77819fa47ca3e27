//! `ledgerline call correct`: through the running server, which alone writes.

use crate::cli::failure::Failure;
use crate::cli::output;
use crate::outbound::own_server::{OwnServer, ServerArgs};
use domain::ids::CallId;
use hyper::Method;
use serde_json::json;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The call's id
    id: CallId,
    /// How it ended, such as no_answer or machine
    #[arg(long, value_name = "D")]
    disposition: String,
    /// How the conversation ended, such as success; only of an answered call
    #[arg(long, value_name = "O")]
    outcome: Option<String>,
    /// Why, for the log; names no person
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// Who found it, for the log
    #[arg(long, value_name = "USER")]
    by: Option<String>,
    /// Print JSON on one line
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    server: ServerArgs,
}

pub(super) async fn run(args: Args) -> Result<(), Failure> {
    let mut body = json!({ "disposition": args.disposition, "reason": args.reason });
    if let Some(members) = body.as_object_mut() {
        members.extend(args.outcome.map(|outcome| ("outcome".to_owned(), json!(outcome))));
        members.extend(args.by.map(|by| ("by".to_owned(), json!(by))));
    }
    let path = format!("/api/v1/calls/{}/correct", args.id);
    let reply = OwnServer::find(&args.server)?
        .ask(Method::POST, &path, Some(&body))
        .await?;
    if args.json {
        return output::json(&reply);
    }
    output::pretty(&reply)
}
