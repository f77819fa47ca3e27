//! `ledgerline customer merge` and `customer unmerge`: two ids of one person.

use crate::kit::api::post;
use crate::kit::asking::{Asking, given};
use crate::kit::failure::Failure;
use application::percent::encode;
use serde_json::json;
use std::sync::Arc;
use tokio::runtime::Runtime;

#[derive(Debug, clap::Args)]
pub(super) struct MergeArgs {
    /// The id that the person is called by: the institution's own customer_id, or ours
    id: String,
    /// The other id
    other: String,
    /// Why, for the log; nothing personal
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// Who says so, for the log
    #[arg(long, value_name = "USER")]
    by: Option<String>,
    #[command(flatten)]
    asking: Asking,
}

impl MergeArgs {
    /// `verb` is `merge` or `unmerge`, as the route has it.
    pub(super) async fn run(self, runtime: Arc<Runtime>, verb: &str) -> Result<(), Failure> {
        let path = format!("/api/v1/customers/{}/{verb}", encode(&self.id));
        let body = given(json!({ "other": self.other, "reason": self.reason, "by": self.by }));
        self.asking.show(runtime, post(&path, &body)).await
    }
}
