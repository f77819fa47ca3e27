//! `ledgerline number check`: asks the server's number library which numbers are vacant.

use crate::kit::api::post;
use crate::kit::failure::Failure;
use crate::kit::request_args::{RequestArgs, remove_nulls};
use domain::ids::CampaignId;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::runtime::Runtime;

#[derive(Debug, clap::Args)]
pub(super) struct CheckArgs {
    /// Numbers in any usual form
    #[arg(required_unless_present = "campaign")]
    numbers: Vec<String>,
    /// Instead: all numbers of customers of this campaign who may still be called
    #[arg(long, value_name = "ID", conflicts_with = "numbers")]
    campaign: Option<CampaignId>,
    /// Results at most this many days old are reused
    #[arg(long, value_name = "DAYS", default_value_t = 30)]
    max_age_days: u32,
    #[command(flatten)]
    asking: RequestArgs,
}

impl CheckArgs {
    pub(super) async fn run(&self, runtime: Arc<Runtime>) -> Result<(), Failure> {
        let Some(campaign) = &self.campaign else {
            let body = json!({ "numbers": self.numbers, "max_age_days": self.max_age_days });
            return self
                .asking
                .show(runtime, post("/api/v1/numbers/check", &body))
                .await;
        };
        let client = self.asking.client(runtime).await?;
        let (mut sum, mut after) = (NumberCheckTotals::default(), None::<String>);
        let ended = loop {
            let body = remove_nulls(json!({ "campaign": campaign, "after": after,
                "max_age_days": self.max_age_days }));
            match post("/api/v1/numbers/check", &body).ask(&client).await {
                Ok(reply) => {
                    sum.add(&reply);
                    after = reply.get("after").and_then(Value::as_str).map(str::to_owned);
                }
                Err(failure) => break Err(failure),
            }
            if after.is_none() {
                break Ok(());
            }
        };
        client.close().await;
        self.asking.tell(
            &json!({ "campaign": campaign, "numbers": sum.numbers, "known": sum.known,
            "asked": sum.asked, "by_state": sum.by_state }),
        )?;
        ended
    }
}

/// The sum of all requests for one campaign.
#[derive(Default)]
struct NumberCheckTotals {
    numbers: u64,
    known: u64,
    asked: u64,
    by_state: BTreeMap<String, u64>,
}

impl NumberCheckTotals {
    fn add(&mut self, reply: &Value) {
        let count = |name: &str| reply[name].as_u64().unwrap_or(0);
        self.numbers += count("numbers");
        self.known += count("known");
        self.asked += count("asked");
        for (state, count) in reply["by_state"].as_object().into_iter().flatten() {
            *self.by_state.entry(state.clone()).or_default() += count.as_u64().unwrap_or(0);
        }
    }
}
