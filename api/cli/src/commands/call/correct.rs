//! `ledgerline call correct`: what a call's end is found to have been, later.

use crate::kit::api::post;
use crate::kit::asking::{Asking, given};
use crate::kit::failure::Failure;
use domain::ids::CallId;
use serde_json::json;
use std::sync::Arc;
use tokio::runtime::Runtime;

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

pub(super) async fn run(args: Args, runtime: Arc<Runtime>) -> Result<(), Failure> {
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
    asking.show(runtime, post(&path, &given(body))).await
}
