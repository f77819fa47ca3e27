//! `ledgerline campaign promote`: moves a campaign to its next stage, with a reason and evidence.
//!
//! Calls, answers, abandoned calls and complaints are counted from the log; `--evidence` adds what the log
//! does not know, as NAME=VALUE.

use crate::kit::api::post;
use crate::kit::failure::Failure;
use crate::kit::request_args::{RequestArgs, remove_nulls};
use application::percent::encode;
use domain::go_live::Stage;
use domain::ids::{ApprovalId, CampaignId};
use serde_json::{Map, Value, json};
use std::sync::Arc;
use tokio::runtime::Runtime;

/// Names allowed in `--evidence`; true for a count.
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
    /// Id of the campaign (its task_id)
    id: CampaignId,
    /// Next stage: pilot, roll_out (if the plan has one), or full
    #[arg(long, value_parser = stage)]
    to: Stage,
    /// Reason; stored permanently, so name no person
    #[arg(long)]
    reason: String,
    /// Facts that are not in the log: person_on_duty=NAME; for a pilot with agents also agents=N, days=N,
    /// routing_per_mille=N, coverage_per_mille=N; for a roll-out agents=N, reviewed_days=N. May be repeated
    #[arg(long, value_name = "NAME=VALUE", value_parser = said)]
    evidence: Vec<(String, Value)>,
    /// Id of the approval given by another person
    #[arg(long, value_name = "ID")]
    approval: Option<ApprovalId>,
    #[command(flatten)]
    asking: RequestArgs,
}

pub(crate) async fn run(args: Args, runtime: Arc<Runtime>) -> Result<(), Failure> {
    let path = format!("/api/v1/campaigns/{}/promote", encode(args.id.as_str()));
    let evidence: Map<String, Value> = args.evidence.into_iter().collect();
    let body = remove_nulls(json!({
        "to": args.to,
        "reason": args.reason,
        "evidence": evidence,
        "approval": args.approval,
    }));
    args.asking
        .show(runtime, post(&path, &body).mark_as_dialing())
        .await
}

fn stage(text: &str) -> Result<Stage, String> {
    let known = Stage::of_code(text).filter(|stage| *stage != Stage::Test);
    known.ok_or_else(|| "must be pilot, roll_out or full".to_owned())
}

fn said(text: &str) -> Result<(String, Value), String> {
    let (name, value) = text.split_once('=').ok_or("must be NAME=VALUE")?;
    let known = NAMES.iter().find(|(known, _)| *known == name);
    let (_, is_count) = known.ok_or_else(|| format!("{name} is not a name of evidence"))?;
    let value = match is_count {
        true => json!(
            value
                .parse::<u32>()
                .map_err(|_not_one| format!("{name} must be a whole number"))?
        ),
        false => json!(value),
    };
    Ok((name.to_owned(), value))
}
