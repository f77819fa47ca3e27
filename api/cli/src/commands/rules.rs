//! `ledgerline rules`: lists compliance rules and presets, and tests a new version of a preset.

use crate::kit::api::{get, post};
use crate::kit::failure::Failure;
use crate::kit::moment::MomentArgs;
use crate::kit::request_args::{RequestArgs, remove_nulls};
use application::percent::encode;
use domain::ids::CampaignId;
use domain::time::Timestamp;
use serde_json::json;
use std::path::Path;
use std::sync::Arc;
use tokio::runtime::Runtime;

/// Compliance rules (合规规则): id, version, date and source of each rule and preset, the version used last, and
/// a trial of a new version on the customers of a campaign
#[derive(Debug, clap::Args)]
#[command(after_help = crate::kit::failure::EXIT_CODES)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// List every rule and every version of every preset, and mark those used for the last dials
    List {
        #[command(flatten)]
        moment: MomentArgs,
        #[command(flatten)]
        asking: RequestArgs,
    },
    /// Try a version of a preset on a campaign's customers: how many would newly be refused, by rule
    DryRun {
        /// Shipped version (cn-service@1), or a file with one
        #[arg(value_name = "RULE")]
        rule: String,
        /// Campaign to test with
        #[arg(long, value_name = "ID")]
        campaign: CampaignId,
        /// Time of the test; default: now
        #[arg(long, value_name = "RFC3339")]
        at: Option<Timestamp>,
        #[command(flatten)]
        asking: RequestArgs,
    },
}

pub(crate) async fn run(args: Args, runtime: Arc<Runtime>) -> Result<(), Failure> {
    match args.action {
        Action::List { moment, asking } => {
            let path = format!("/api/v1/rules{}", moment.query());
            asking.show(runtime, get(&path)).await
        }
        Action::DryRun {
            rule,
            campaign,
            at,
            asking,
        } => {
            let file = Path::new(&rule).exists().then(|| {
                let unavailable = |error: std::io::Error| Failure::unavailable(format!("{rule}: {error}"));
                std::fs::read_to_string(&rule).map_err(unavailable)
            });
            let file = file.transpose()?;
            let named = file.is_none().then_some(rule);
            let body = remove_nulls(json!({ "rule": named, "file": file, "at": at }));
            let path = format!("/api/v1/campaigns/{}/rules/dry-run", encode(campaign.as_str()));
            asking.show(runtime, post(&path, &body)).await
        }
    }
}
