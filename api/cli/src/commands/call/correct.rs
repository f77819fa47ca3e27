//! `ledgerline call correct`: corrects the recorded end of a call (更正).

use crate::kit::api::post;
use crate::kit::failure::Failure;
use crate::kit::request_args::{RequestArgs, remove_nulls};
use domain::ids::CallId;
use serde_json::json;
use std::sync::Arc;
use tokio::runtime::Runtime;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Id of the call
    id: CallId,
    /// Corrected disposition, for example no_answer or machine
    #[arg(long, value_name = "D")]
    disposition: String,
    /// Corrected outcome of the conversation, for example success; answered calls only
    #[arg(long, value_name = "O")]
    outcome: Option<String>,
    /// Reason, for the log; name no person
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// Who found the error, for the log
    #[arg(long, value_name = "USER")]
    by: Option<String>,
    #[command(flatten)]
    asking: RequestArgs,
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
    asking.show(runtime, post(&path, &remove_nulls(body))).await
}
