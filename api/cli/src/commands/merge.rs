//! `ledgerline customer merge` and `customer unmerge`: merge two ids of one customer, or undo it.

use crate::kit::api::post;
use crate::kit::failure::Failure;
use crate::kit::request_args::{RequestArgs, remove_nulls};
use application::percent::encode;
use serde_json::json;
use std::sync::Arc;
use tokio::runtime::Runtime;

#[derive(Debug, clap::Args)]
pub(super) struct MergeArgs {
    /// Id to keep, under which the customer is called: the institution's own customer_id, or our id
    id: String,
    /// Other id
    other: String,
    /// Reason, for the log; no personal data
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// Who decided it, for the log
    #[arg(long, value_name = "USER")]
    by: Option<String>,
    #[command(flatten)]
    asking: RequestArgs,
}

impl MergeArgs {
    /// Sends the request about two customers: `verb` is `merge` or `unmerge`, the last part of the route.
    pub(super) async fn run(self, runtime: Arc<Runtime>, verb: &str) -> Result<(), Failure> {
        let path = format!("/api/v1/customers/{}/{verb}", encode(&self.id));
        let body = remove_nulls(json!({ "other": self.other, "reason": self.reason, "by": self.by }));
        self.asking.show(runtime, post(&path, &body)).await
    }
}
