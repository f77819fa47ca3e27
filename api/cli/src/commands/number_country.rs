//! `ledgerline customer confirm-numbers`: numbers that were stored as Chinese without a country code are
//! right.

use crate::kit::api::post;
use crate::kit::asking::{Asking, given};
use crate::kit::failure::Failure;
use application::percent::encode;
use domain::ids::NumberId;
use serde_json::json;
use std::sync::Arc;
use tokio::runtime::Runtime;

#[derive(Debug, clap::Args)]
pub(super) struct ConfirmArgs {
    /// The institution's own customer_id, or ours
    id: String,
    /// Only this number, by our id; without it all of the person that wait to be confirmed
    #[arg(long, value_name = "NUMBER-ID")]
    number: Option<NumberId>,
    /// Why, for the log; nothing personal
    #[arg(long, value_name = "TEXT")]
    reason: String,
    #[command(flatten)]
    asking: Asking,
}

impl ConfirmArgs {
    pub(super) async fn run(self, runtime: Arc<Runtime>) -> Result<(), Failure> {
        let path = format!("/api/v1/customers/{}/confirm-numbers", encode(&self.id));
        let body = given(json!({ "number": self.number, "reason": self.reason }));
        self.asking.show(runtime, post(&path, &body)).await
    }
}
