//! `ledgerline campaign cut-off`: lists customers in a conversation that our crash or stop cut off (我方中断),
//! and calls one back or settles it.

use crate::kit::api::{get, post};
use crate::kit::failure::Failure;
use crate::kit::request_args::{RequestArgs, remove_nulls};
use application::percent::encode;
use domain::ids::CampaignId;
use serde_json::json;
use std::sync::Arc;
use tokio::runtime::Runtime;

#[derive(Debug, clap::Args)]
#[command(after_help = concat!(
    "Examples:\n  ledgerline campaign cut-off LOAN_REMIND\n",
    "  ledgerline campaign cut-off LOAN_REMIND --call-back C001\n",
    "  ledgerline campaign cut-off LOAN_REMIND --settle C001 --reason \"spoken to at the branch\"\n"
))]
pub(super) struct Args {
    /// Id of the campaign (its task_id)
    id: CampaignId,
    /// Call this customer again now (回拨); every rule and cap applies as for any dial
    #[arg(long, value_name = "CUSTOMER", conflicts_with = "settle")]
    call_back: Option<String>,
    /// Settle this customer: no further call in this campaign (结清); needs --reason
    #[arg(long, value_name = "CUSTOMER", requires = "reason")]
    settle: Option<String>,
    /// Reason for settling; stored permanently, so name no person
    #[arg(long, requires = "settle")]
    reason: Option<String>,
    /// Who orders it, for the record
    #[arg(long)]
    by: Option<String>,
    /// Continue after the previous page: its next_cursor
    #[arg(long, conflicts_with_all = ["call_back", "settle"])]
    cursor: Option<String>,
    #[command(flatten)]
    asking: RequestArgs,
}

pub(super) async fn run(args: Args, runtime: Arc<Runtime>) -> Result<(), Failure> {
    let path = format!("/api/v1/campaigns/{}/cut-off", encode(args.id.as_str()));
    if let Some(customer) = args.call_back {
        let body = remove_nulls(json!({ "customer": customer, "by": args.by }));
        let path = format!("{path}/call-back");
        return args
            .asking
            .show(runtime, post(&path, &body).mark_as_dialing())
            .await;
    }
    if let Some(customer) = args.settle {
        let body = remove_nulls(json!({ "customer": customer, "reason": args.reason, "by": args.by }));
        let path = format!("{path}/settle");
        return args.asking.show(runtime, post(&path, &body)).await;
    }
    let query = args
        .cursor
        .map_or_else(String::new, |cursor| format!("?cursor={}", encode(&cursor)));
    args.asking.show(runtime, get(&format!("{path}{query}"))).await
}
