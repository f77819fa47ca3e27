//! `ledgerline customer confirm-numbers`: confirms that numbers stored without country code are Chinese.

use crate::kit::api::post;
use crate::kit::failure::Failure;
use crate::kit::request_args::{RequestArgs, remove_nulls};
use application::percent::encode;
use domain::ids::NumberId;
use serde_json::json;
use std::sync::Arc;
use tokio::runtime::Runtime;

#[derive(Debug, clap::Args)]
pub(super) struct ConfirmArgs {
    /// The institution's own customer_id, or our id
    id: String,
    /// Only this number, by our id; default: all unconfirmed numbers of the customer
    #[arg(long, value_name = "NUMBER-ID")]
    number: Option<NumberId>,
    /// Reason, for the log; no personal data
    #[arg(long, value_name = "TEXT")]
    reason: String,
    #[command(flatten)]
    asking: RequestArgs,
}

impl ConfirmArgs {
    pub(super) async fn run(self, runtime: Arc<Runtime>) -> Result<(), Failure> {
        let path = format!("/api/v1/customers/{}/confirm-numbers", encode(&self.id));
        let body = remove_nulls(json!({ "number": self.number, "reason": self.reason }));
        self.asking.show(runtime, post(&path, &body)).await
    }
}
