//! `ledgerline campaign promote`: a campaign goes on to its next stage, with a reason and its evidence.
//!
//! Calls, answers, abandoned calls and complaints are counted from the log; `--evidence` says what only
//! people know, as NAME=VALUE.

use crate::kit::api::post;
use crate::kit::asking::{Asking, given};
use crate::kit::failure::Failure;
use application::percent::encode;
use domain::go_live::Stage;
use domain::ids::{ApprovalId, CampaignId};
use serde_json::{Map, Value, json};
use std::sync::Arc;
use tokio::runtime::Runtime;

/// What `--evidence` may name, and whether it is a count.
const NAMES: [(&str, bool); 6] = [
    ("person_on_duty", false),
    ("agents", true),
    ("days", true),
    ("reviewed_days", true),
    ("routing_per_mille", true),
    ("coverage_per_mille", true),
];

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The campaign's id (its task_id)
    id: CampaignId,
    /// The stage that follows: pilot, roll_out (where the plan has one), or full
    #[arg(long, value_parser = stage)]
    to: Stage,
    /// Why; stored for ever, so name no person
    #[arg(long)]
    reason: String,
    /// What only people know: person_on_duty=NAME, and of a pilot with agents agents=N, days=N,
    /// routing_per_mille=N, coverage_per_mille=N; of a roll-out agents=N, reviewed_days=N
    #[arg(long, value_name = "NAME=VALUE", value_parser = said)]
    evidence: Vec<(String, Value)>,
    /// The approval that another person gave
    #[arg(long, value_name = "ID")]
    approval: Option<ApprovalId>,
    #[command(flatten)]
    asking: Asking,
}

pub(crate) async fn run(args: Args, runtime: Arc<Runtime>) -> Result<(), Failure> {
    let path = format!("/api/v1/campaigns/{}/promote", encode(args.id.as_str()));
    let evidence: Map<String, Value> = args.evidence.into_iter().collect();
    let body = given(json!({
        "to": args.to,
        "reason": args.reason,
        "evidence": evidence,
        "approval": args.approval,
    }));
    args.asking.show(runtime, post(&path, &body).that_dials()).await
}

fn stage(text: &str) -> Result<Stage, String> {
    let known = Stage::of_code(text).filter(|stage| *stage != Stage::Test);
    known.ok_or_else(|| "must be pilot, roll_out or full".to_owned())
}

fn said(text: &str) -> Result<(String, Value), String> {
    let (name, value) = text.split_once('=').ok_or("must be NAME=VALUE")?;
    let known = NAMES.iter().find(|(known, _)| *known == name);
    let (_, is_count) = known.ok_or_else(|| format!("{name} is no evidence"))?;
    let value = match is_count {
        true => json!(
            value
                .parse::<u32>()
                .map_err(|_not_one| format!("{name} is a whole number"))?
        ),
        false => json!(value),
    };
    Ok((name.to_owned(), value))
}
