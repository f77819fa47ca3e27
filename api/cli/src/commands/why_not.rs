//! `ledgerline why-not`: why somebody was not called at a time, or was, and from when on they may be.

use crate::kit::api::get;
use crate::kit::asking::Asking;
use crate::kit::failure::Failure;
use crate::kit::reader::ReaderArgs;
use crate::page;
use application::percent::encode;
use domain::ids::CampaignId;
use domain::time::Timestamp;
use std::sync::Arc;
use tokio::runtime::Runtime;

/// Why not (为何不呼): every rule with its facts for one person at a time, which one binds, and when a call
/// would be allowed.
///
/// Of a time gone by it says what was known then; of a time to come, it takes the facts of now. Nobody is
/// called and nothing is granted. Who looks at a person is on record in the log.
#[derive(Debug, clap::Args)]
#[command(after_help = crate::kit::failure::EXIT_CODES)]
pub(crate) struct Args {
    /// The institution's own customer_id, or our id
    customer: String,
    /// Only in this campaign; default: in all that the person is in
    #[arg(long, value_name = "ID")]
    campaign: Option<CampaignId>,
    /// When; default: now
    #[arg(long, value_name = "RFC3339")]
    at: Option<Timestamp>,
    #[command(flatten)]
    reader: ReaderArgs,
    #[command(flatten)]
    asking: Asking,
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
