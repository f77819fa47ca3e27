//! `ledgerline customer callback`: schedules or cancels a callback for a customer.

use crate::kit::api::post;
use crate::kit::failure::Failure;
use crate::kit::request_args::{RequestArgs, remove_nulls};
use application::percent::encode;
use domain::problem::Problem;
use serde_json::json;
use std::sync::Arc;
use tokio::runtime::Runtime;

#[derive(Debug, clap::Args)]
pub(super) struct CallbackArgs {
    /// The institution's own customer_id, or our id
    id: String,
    /// Campaign (its task_id)
    #[arg(long, value_name = "TASK_ID")]
    campaign: String,
    /// Time of the callback (RFC 3339): not before it, then before other customers
    #[arg(
        long,
        value_name = "TIME",
        required_unless_present = "cancel",
        conflicts_with = "cancel"
    )]
    at: Option<String>,
    /// The only agent who may make the call, for a quarter of an hour
    #[arg(long, value_name = "NAME", conflicts_with_all = ["any", "cancel"])]
    agent: Option<String>,
    /// Any agent or the robot may make the call; the default without --agent
    #[arg(long, conflicts_with = "cancel")]
    any: bool,
    /// Cancel the callback; needs --reason
    #[arg(long)]
    cancel: bool,
    /// Reason, for the log; no personal data
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// Who noted it, for the log
    #[arg(long, value_name = "USER")]
    by: Option<String>,
    #[command(flatten)]
    asking: RequestArgs,
}

impl CallbackArgs {
    pub(super) async fn run(self, runtime: Arc<Runtime>) -> Result<(), Failure> {
        let path = format!("/api/v1/customers/{}/callbacks", encode(&self.id));
        if self.cancel {
            if self.reason.is_none() {
                return Err(Problem::invalid("query-invalid", "--cancel needs a --reason").into());
            }
            let body =
                remove_nulls(json!({ "campaign": self.campaign, "reason": self.reason, "by": self.by }));
            return self
                .asking
                .show(runtime, post(&format!("{path}/cancel"), &body))
                .await;
        }
        let body = remove_nulls(
            json!({ "campaign": self.campaign, "at": self.at, "agent": self.agent,
            "reason": self.reason, "by": self.by }),
        );
        self.asking.show(runtime, post(&path, &body)).await
    }
}
