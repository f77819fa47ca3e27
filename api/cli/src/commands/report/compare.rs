//! `ledgerline report compare`: compares one metric over two periods, with the confidence interval of the
//! difference.

use crate::kit::api::{get, with_query};
use crate::kit::failure::Failure;
use crate::kit::request_args::RequestArgs;
use application::percent::encode;
use domain::ids::CampaignId;
use std::sync::Arc;
use tokio::runtime::Runtime;

/// Compare two periods of a metric (对比), with the 95 % confidence interval of the difference
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Name of a metric, for example answer_ratio_per_call
    name: String,
    /// First day (2026-11-20, Beijing) or whole hour (RFC 3339) of the period
    #[arg(long, value_name = "TIME")]
    from: String,
    /// Day or hour before which the period ends
    #[arg(long, value_name = "TIME")]
    to: String,
    /// First day or hour of the other period; default: the period of equal length right before
    #[arg(long, value_name = "TIME", requires = "base_to")]
    base_from: Option<String>,
    /// Day or hour before which the other period ends
    #[arg(long, value_name = "TIME", requires = "base_from")]
    base_to: Option<String>,
    /// Version of the definition; default: the headline version
    #[arg(long)]
    version: Option<u32>,
    /// Only this campaign
    #[arg(long, value_name = "ID")]
    campaign: Option<CampaignId>,
    #[command(flatten)]
    asking: RequestArgs,
}

pub(super) async fn run(args: Args, runtime: Arc<Runtime>) -> Result<(), Failure> {
    let path = with_query(
        &format!("/api/v1/metrics/{}/comparison", encode(&args.name)),
        &[
            ("from", Some(args.from)),
            ("to", Some(args.to)),
            ("base_from", args.base_from),
            ("base_to", args.base_to),
            ("version", args.version.map(|version| version.to_string())),
            ("campaign", args.campaign.map(|campaign| campaign.to_string())),
        ],
    );
    args.asking.show(runtime, get(&path)).await
}
