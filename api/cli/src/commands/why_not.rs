//! `ledgerline why-not`: shows why a customer was or was not called at a time, and when a call would be
//! allowed.

use crate::kit::api::get;
use crate::kit::failure::Failure;
use crate::kit::reader::ReaderArgs;
use crate::kit::request_args::RequestArgs;
use crate::page;
use application::percent::encode;
use domain::ids::CampaignId;
use domain::time::Timestamp;
use std::sync::Arc;
use tokio::runtime::Runtime;

/// Explain for one customer at one time which rule forbids a call, with the facts of every rule, and when a
/// call would be allowed (为何不呼)
///
/// For a past time it uses what was known then; for a future time, the present facts. No call is made and no
/// permit is granted. The read is logged.
#[derive(Debug, clap::Args)]
#[command(after_help = crate::kit::failure::EXIT_CODES)]
pub(crate) struct Args {
    /// The institution's own customer_id, or our id
    customer: String,
    /// Only in this campaign; default: in all campaigns of the customer
    #[arg(long, value_name = "ID")]
    campaign: Option<CampaignId>,
    /// Time to evaluate; default: now
    #[arg(long, value_name = "RFC3339")]
    at: Option<Timestamp>,
    #[command(flatten)]
    reader: ReaderArgs,
    #[command(flatten)]
    asking: RequestArgs,
}

pub(crate) async fn run(args: Args, runtime: Arc<Runtime>) -> Result<(), Failure> {
    let given = [
        ("campaign", args.campaign.as_ref().map(ToString::to_string)),
        ("at", args.at.map(|at| at.to_string())),
    ];
    let given = given.into_iter().filter_map(|(name, value)| {
        let value = value?;
        Some(format!("{name}={}", encode(&value)))
    });
    let query: Vec<String> = given.collect();
    let path = format!("/api/v1/customers/{}/why-not", encode(&args.customer));
    let path = match query.is_empty() {
        true => path,
        false => format!("{path}?{}", query.join("&")),
    };
    let path = args.reader.put(&path);
    args.asking.show_page(runtime, get(&path), page::why_not).await
}
