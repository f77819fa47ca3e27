//! `ledgerline backup confirm`: a person's word that dialing may go on after a restore.

use crate::kit::api::post;
use crate::kit::asking::{Asking, given};
use crate::kit::failure::Failure;
use crate::kit::output;
use serde_json::json;
use std::sync::Arc;
use tokio::runtime::Runtime;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// What was looked at, for the log; nothing personal
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// Who confirms
    #[arg(long, value_name = "USER")]
    by: Option<String>,
    #[command(flatten)]
    asking: Asking,
}

pub(super) async fn run(args: Args, runtime: Arc<Runtime>) -> Result<(), Failure> {
    let body = given(json!({ "reason": args.reason, "by": args.by }));
    let path = "/api/v1/installation/confirm-dialing";
    match args.asking.ask(runtime, post(path, &body)).await? {
        Some(_) => output::line("confirmed: dialing goes on / 已确认，恢复拨号"),
        None => Ok(()),
    }
}
