//! `ledgerline customer caps` and `customer preferred-times`: sets a customer's own frequency caps and
//! preferred hours.

use crate::kit::api::post;
use crate::kit::failure::Failure;
use crate::kit::request_args::{RequestArgs, remove_nulls};
use application::percent::encode;
use domain::problem::Problem;
use serde_json::{Value, json};
use std::sync::Arc;
use tokio::runtime::Runtime;

#[derive(Debug, clap::Args)]
pub(super) struct CapsArgs {
    /// The institution's own customer_id, or our id
    id: String,
    /// Most calls in a number of local days, for example dialed=3/7 or answered=1/1
    #[arg(value_name = "COUNTED=CALLS/DAYS", required_unless_present = "clear")]
    caps: Vec<String>,
    /// Remove the customer's own caps
    #[arg(long, conflicts_with = "caps")]
    clear: bool,
    /// Reason, for the log; no personal data
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// Who ordered it, for the log
    #[arg(long, value_name = "USER")]
    by: Option<String>,
    #[command(flatten)]
    asking: RequestArgs,
}

impl CapsArgs {
    pub(super) async fn run(self, runtime: Arc<Runtime>) -> Result<(), Failure> {
        let path = format!("/api/v1/customers/{}/caps", encode(&self.id));
        let caps: Option<Vec<Value>> = self.caps.iter().map(|text| cap(text)).collect();
        let caps = caps.ok_or_else(|| {
            Problem::invalid(
                "query-invalid",
                "a cap is COUNTED=CALLS/DAYS, for example dialed=3/7",
            )
        })?;
        let body = remove_nulls(json!({ "caps": caps, "reason": self.reason, "by": self.by }));
        self.asking.show(runtime, post(&path, &body)).await
    }
}

fn cap(text: &str) -> Option<Value> {
    let (counted, most) = text.split_once('=')?;
    let (calls, days) = most.split_once('/')?;
    let (calls, days): (u32, u32) = (calls.parse().ok()?, days.parse().ok()?);
    Some(json!({ "counted": counted, "local_days": days, "calls_max": calls }))
}

#[derive(Debug, clap::Args)]
pub(super) struct PreferredTimesArgs {
    /// The institution's own customer_id, or our id
    id: String,
    /// Hours, for example "mon-fri 18:00-20:00"
    #[arg(value_name = "TIME", required_unless_present = "clear")]
    times: Vec<String>,
    /// Remove the preferred hours: calls are possible at any time again
    #[arg(long, conflicts_with = "times")]
    clear: bool,
    #[command(flatten)]
    asking: RequestArgs,
}

impl PreferredTimesArgs {
    pub(super) async fn run(self, runtime: Arc<Runtime>) -> Result<(), Failure> {
        let path = format!("/api/v1/customers/{}/preferred-times", encode(&self.id));
        self.asking
            .show(runtime, post(&path, &json!({ "times": self.times })))
            .await
    }
}
