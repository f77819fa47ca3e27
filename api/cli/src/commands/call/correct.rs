//! `ledgerline call correct`: through the running server, which alone writes.

use crate::kit::asking::{Asking, given};
use crate::kit::failure::Failure;
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
    #[command(flatten)]
    asking: Asking,
}

pub(super) async fn run(args: Args) -> Result<(), Failure> {
    let Args {
        id,
        disposition,
        outcome,
        reason,
        by,
        asking,
    } = args;
    let body = json!({ "disposition": disposition, "outcome": outcome, "reason": reason, "by": by });
    let path = format!("/api/v1/calls/{id}/correct");
    asking.show(Method::POST, &path, Some(&given(body))).await
}
