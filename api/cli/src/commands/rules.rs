//! `ledgerline rules`: which compliance rules and presets there are, and what a coming version would change.

use crate::kit::api::{get, post};
use crate::kit::asking::{Asking, given};
use crate::kit::failure::Failure;
use crate::kit::moment::MomentArgs;
use application::percent::encode;
use domain::ids::CampaignId;
use domain::time::Timestamp;
use serde_json::json;
use std::path::Path;
use std::sync::Arc;
use tokio::runtime::Runtime;

/// Rules (合规规则): id, version, date and source of each rule and preset, and which judged last; a coming
/// version tried on the people of a campaign.
#[derive(Debug, clap::Args)]
#[command(after_help = crate::kit::failure::EXIT_CODES)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Every rule and every version of every preset, with those that judged the dials last
    List {
        #[command(flatten)]
        moment: MomentArgs,
        #[command(flatten)]
        asking: Asking,
    },
    /// Try a version of a preset on a campaign's people: how many would newly be refused, by rule
    DryRun {
        /// A version that ships (cn-service@1), or the file of one
        #[arg(value_name = "RULE")]
        rule: String,
        /// The campaign whose people are tried
        #[arg(long, value_name = "ID")]
        campaign: CampaignId,
        /// At which time; default: now
        #[arg(long, value_name = "RFC3339")]
        at: Option<Timestamp>,
        #[command(flatten)]
        asking: Asking,
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
            let body = given(json!({ "rule": named, "file": file, "at": at }));
            let path = format!("/api/v1/campaigns/{}/rules/dry-run", encode(campaign.as_str()));
            asking.show(runtime, post(&path, &body)).await
        }
    }
}
