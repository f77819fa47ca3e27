//! `ledgerline backup confirm`: confirms that dialing may resume after a restore.

use crate::kit::api::post;
use crate::kit::failure::Failure;
use crate::kit::output;
use crate::kit::request_args::{RequestArgs, remove_nulls};
use application::language::localized;
use serde_json::json;
use std::sync::Arc;
use tokio::runtime::Runtime;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// What you checked, for the log; no personal data
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// Your name, for the record
    #[arg(long, value_name = "USER")]
    by: Option<String>,
    #[command(flatten)]
    asking: RequestArgs,
}

pub(super) async fn run(args: Args, runtime: Arc<Runtime>) -> Result<(), Failure> {
    let body = remove_nulls(json!({ "reason": args.reason, "by": args.by }));
    let path = "/api/v1/installation/confirm-dialing";
    match args.asking.ask(runtime, post(path, &body)).await? {
        Some(_) => output::line(localized("已确认，恢复拨号", "confirmed: dialing resumes")),
        None => Ok(()),
    }
}
