//! `ledgerline customer caps` and `customer preferred-times`: rules of one person's own record.

use crate::kit::api::post;
use crate::kit::asking::{Asking, given};
use crate::kit::failure::Failure;
use application::percent::encode;
use domain::problem::Problem;
use serde_json::{Value, json};
use std::sync::Arc;
use tokio::runtime::Runtime;

#[derive(Debug, clap::Args)]
pub(super) struct CapsArgs {
    /// The institution's own customer_id, or ours
    id: String,
    /// At most so many calls in so many local days, such as dialed=3/7 or answered=1/1
    #[arg(value_name = "COUNTED=CALLS/DAYS", required_unless_present = "clear")]
    caps: Vec<String>,
    /// No caps of the person's own any more
    #[arg(long, conflicts_with = "caps")]
    clear: bool,
    /// Why, for the log; nothing personal
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// Who ordered it, for the log
    #[arg(long, value_name = "USER")]
    by: Option<String>,
    #[command(flatten)]
    asking: Asking,
}

impl CapsArgs {
    pub(super) async fn run(self, runtime: Arc<Runtime>) -> Result<(), Failure> {
        let path = format!("/api/v1/customers/{}/caps", encode(&self.id));
        let caps: Option<Vec<Value>> = self.caps.iter().map(|text| cap(text)).collect();
        let caps = caps.ok_or_else(|| {
            Problem::invalid("query-invalid", "a cap is COUNTED=CALLS/DAYS, such as dialed=3/7")
        })?;
        let body = given(json!({ "caps": caps, "reason": self.reason, "by": self.by }));
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
    /// The institution's own customer_id, or ours
    id: String,
    /// Such as "mon-fri 18:00-20:00"
    #[arg(value_name = "TIME", required_unless_present = "clear")]
    times: Vec<String>,
    /// At any time again
    #[arg(long, conflicts_with = "times")]
    clear: bool,
    #[command(flatten)]
    asking: Asking,
}

impl PreferredTimesArgs {
    pub(super) async fn run(self, runtime: Arc<Runtime>) -> Result<(), Failure> {
        let path = format!("/api/v1/customers/{}/preferred-times", encode(&self.id));
        self.asking
            .show(runtime, post(&path, &json!({ "times": self.times })))
            .await
    }
}
