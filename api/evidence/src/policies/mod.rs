//! Answers what-if questions about a campaign: its recorded dials under another preset, another retry policy
//! or another pacer. Read-only. Results that the record cannot give are reported as unknown, with the reason.

mod campaign_record;
mod interval;
mod pacing_what_if;
mod preset_what_if;
mod retry_what_if;

pub use interval::Share;
pub use pacing_what_if::{PACERS, PacedOutcome, PacingWhatIf, WHAT_IF_AGENTS_MAX};
pub use preset_what_if::{PresetWhatIf, RuleRefusals};
pub use retry_what_if::{AttemptRate, RetryWhatIf};

use application::installation::Installation;
use campaign_record::load_campaign_record;
use domain::calling_plan::{CallingPlan, Preset, RetryPolicy};
use domain::ids::CampaignId;
use domain::problem::Problem;
use pacing_what_if::{AnswersOnRecord, evaluate_pacing};
use preset_what_if::evaluate_preset;
use retry_what_if::evaluate_retries;
use schemars::JsonSchema;
use serde::Serialize;

/// The policies to try, each by itself; `None` for those that are not to be tried.
#[derive(Debug, Default)]
pub struct OtherPolicy {
    pub pacing: Option<String>,
    /// Number of agents on the floor.
    pub agents: u32,
    pub preset: Option<Preset>,
    pub retry: Option<RetryPolicy>,
}

/// The campaign's record under each policy; null for a policy that was not asked for.
#[derive(Debug, Serialize, JsonSchema)]
pub struct WhatIfPoliciesResponse {
    pub campaign: CampaignId,
    /// The log was read up to this position.
    #[schemars(example = &"42")]
    pub position: String,
    /// True if all dials of the campaign were read.
    pub whole: bool,
    pub dials: u64,
    pub calls: u64,
    pub answered: u64,
    pub pacing: Option<PacingWhatIf>,
    pub preset: Option<PresetWhatIf>,
    pub retry: Option<RetryWhatIf>,
}

/// Computes what a campaign's recorded dials would have been under each of the other policies. Fails if the
/// campaign does not exist or a policy is not valid.
pub async fn what_if_policies(
    installation: &Installation,
    campaign: CampaignId,
    other: OtherPolicy,
) -> Result<WhatIfPoliciesResponse, Problem> {
    let loaded = installation.entities.campaigns.state(&campaign).await?;
    let plan = loaded
        .state
        .plan()
        .ok_or_else(|| Problem::missing("this campaign"))?;
    let (past, environment) = (&installation.past, &installation.environment);
    // Reads a long part of the log, so it takes one of the few places for long questions.
    let place = past.place(environment.clock.as_ref()).await?;
    let record = load_campaign_record(installation.store(), &campaign).await?;
    let preset = match other.preset {
        Some(asked) => Some(evaluate_preset(installation, &campaign, &record, plan.preset, asked).await?),
        None => None,
    };
    drop(place);
    let pacing = match other.pacing {
        Some(named) => {
            let (share, agents) = (AnswersOnRecord::of(&record), other.agents);
            // Trials compute for seconds without a pause, so they run on their own thread.
            let tried = past.apart(environment, move |_| evaluate_pacing(share, &named, agents));
            let stops = || Err(Problem::unavailable("the server stops"));
            Some(tried.await?.unwrap_or_else(stops)?)
        }
        None => None,
    };
    let retry = other.retry.map(|policy| {
        let other = CallingPlan {
            retry_policy: policy,
            ..plan.clone()
        };
        evaluate_retries(&record, plan, &other)
    });
    Ok(WhatIfPoliciesResponse {
        campaign,
        position: record.head.to_string(),
        whole: record.whole,
        dials: record.grants.len() as u64,
        calls: record.calls,
        answered: record.answered,
        pacing,
        preset,
        retry,
    })
}
