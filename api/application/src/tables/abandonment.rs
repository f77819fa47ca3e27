//! The abandonment ledger (呼损台账): a campaign's abandon rate by every definition, and how much of its
//! preset's budget is used.

use crate::figures::{FigureResponse, MetricResponse, describe_figure, describe_metric};
use crate::installation::Installation;
use crate::percent::encode;
use domain::abandonment::AbandonmentCounts;
use domain::alert::ABANDONED_PER_MILLE_MAX;
use domain::calling_plan::{CallingPlan, Preset};
use domain::campaign::CampaignState;
use domain::campaign::event::CampaignEvent;
use domain::ids::CampaignId;
use domain::problem::Problem;
use domain::screening::CallTaker;
use domain::stored_event::Position;
use domain::time::Timestamp;
use projections::ReadDb;
use projections::metrics::{Metric, MetricPart, Scope, catalog};
use projections::views::metric_board::total_figures;
use schemars::JsonSchema;
use serde::Serialize;

/// The window of the budget: 30 days (16 CFR 310.4(b)(4)(i); 47 CFR 64.1200(a)(7)).
pub const WINDOW_DAYS: u64 = 30;

/// One hour in milliseconds. Rows are per whole hour.
const HOUR_MS: u64 = 3_600_000;

/// The window of the budget in milliseconds.
const WINDOW_MS: u64 = WINDOW_DAYS * 24 * HOUR_MS;

/// The definitions for campaigns' budgets: the FTC's for its preset, our own for all others.
const HOUSE: &str = "abandon_ratio_house";
const FTC: &str = "abandon_ratio_ftc";
const FTC_PRESET: &str = "us-tsr";

/// The version of both that takes agents into account.
const DEFINITION_VERSION: u32 = 2;

/// The kind of event that a budget is counted by if agents take the calls and the campaign's own account
/// shows more.
const ACCOUNT: &str = CampaignEvent::ABANDONMENT_RECORDED;

/// Version of that definition, as for a metric.
const ACCOUNT_VERSION: u32 = 1;

/// How much of a campaign's budget is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// The metric, or kind of event, that it is counted by, and its version.
    pub definition: &'static str,
    pub version: u32,
    pub abandoned: i64,
    pub answered: i64,
    pub window_ms: u64,
}

impl Budget {
    /// Returns the abandoned calls per mille of the answered ones, rounded down; `None` if none was
    /// answered.
    pub fn per_mille(&self) -> Option<i64> {
        self.abandoned.saturating_mul(1_000).checked_div(self.answered)
    }

    /// Returns the budget by the campaign's own account, the count that also limits its batches of dials;
    /// `None` if it keeps no account.
    fn of_account(state: &CampaignState, now: Timestamp) -> Option<Self> {
        state.accounted_through()?;
        let AbandonmentCounts { answers, drops } = state.account().window(now);
        Some(Self {
            definition: ACCOUNT,
            version: ACCOUNT_VERSION,
            abandoned: i64::try_from(drops).unwrap_or(i64::MAX),
            answered: i64::try_from(answers).unwrap_or(i64::MAX),
            window_ms: WINDOW_MS,
        })
    }

    /// Returns the budget of the two that is used more. A correction changes the metric but not the
    /// account, and rows may be behind the account.
    fn or_worse(self, other: Option<Self>) -> Self {
        other
            .filter(|other| other.per_mille() > self.per_mille())
            .unwrap_or(self)
    }
}

/// Returns the name of the metric by which a preset's budget is counted: the FTC's for its preset, ours for
/// others. The FTC's does not count an answer by a robot as one by a person.
pub(crate) fn definition_of(preset: &str) -> &'static str {
    match preset == FTC_PRESET {
        true => FTC,
        false => HOUSE,
    }
}

/// How a campaign's budget is counted, and whether it is a limit.
#[derive(Debug, Clone, Copy)]
pub struct BudgetPolicy {
    /// If there are several presets, the one that counts the most calls as abandoned.
    pub preset: Preset,
    /// True if agents take its calls or take over from its robots: then a callee may have to wait for an
    /// agent.
    pub binds: bool,
}

/// Returns the preset by which a campaign's abandonment budget is counted, and whether the budget is a
/// limit for it. Fails with `Missing`.
pub async fn load_budget_policy(
    installation: &Installation,
    campaign: &CampaignId,
) -> Result<BudgetPolicy, Problem> {
    let state = installation.entities.campaigns.state(campaign).await?.state;
    let preset = preset_of(&state)?;
    Ok(BudgetPolicy {
        preset,
        binds: state.plan().is_some_and(needs_people),
    })
}

/// Returns true if agents take calls of a campaign with this plan. Robots answer at once, so they abandon
/// no call.
fn needs_people(plan: &CallingPlan) -> bool {
    let relief = plan.screening.as_deref().and_then(|screening| screening.relief);
    plan.dialing_mode().needs_agents() || relief == Some(CallTaker::Agents)
}

fn preset_of(state: &CampaignState) -> Result<Preset, Problem> {
    let plan = state.plan().ok_or_else(|| Problem::missing("this campaign"))?;
    let strictest = plan.presets().find(|preset| preset.code() == FTC_PRESET);
    Ok(strictest.unwrap_or(plan.preset))
}

/// Returns the scope of a campaign's last 30 days, with the current hour.
fn window(campaign: &CampaignId, now: Timestamp) -> Scope {
    let hour_micros = i64::try_from(HOUR_MS.saturating_mul(1_000)).unwrap_or(i64::MAX);
    let micros = now.micros();
    let next_hour = Timestamp::from_micros(micros - micros.rem_euclid(hour_micros)).plus_ms(HOUR_MS);
    Scope {
        campaign: Some(campaign.clone()),
        from: Some(next_hour.minus_ms(WINDOW_MS)),
        to: Some(next_hour),
    }
}

/// Returns how much of its abandonment budget a campaign has used in the last 30 days, by the metric of
/// `preset`.
async fn budget(
    db: &dyn ReadDb,
    campaign: &CampaignId,
    preset: &str,
    now: Timestamp,
) -> Result<Budget, Problem> {
    let definition = definition_of(preset);
    let metric = crate::figures::find(definition, Some(DEFINITION_VERSION))?;
    let (found, _) = total_figures(db, catalog()?, &[metric], &window(campaign, now)).await?;
    let figure = found.into_iter().next().flatten();
    Ok(Budget {
        definition,
        version: DEFINITION_VERSION,
        abandoned: figure.as_ref().map_or(0, |figure| figure.numerator),
        answered: figure.and_then(|figure| figure.denominator).unwrap_or(0),
        window_ms: WINDOW_MS,
    })
}

/// Returns the abandonment budget that alerts and promotions use: by the metric of the campaign's preset,
/// or by the campaign's own account if that has used more.
pub async fn binding_budget(
    installation: &Installation,
    campaign: &CampaignId,
    now: Timestamp,
) -> Result<Budget, Problem> {
    let state = installation.entities.campaigns.state(campaign).await?.state;
    let preset = preset_of(&state)?;
    let by_metric = budget(installation.rows.db().as_ref(), campaign, preset.code(), now).await?;
    Ok(by_metric.or_worse(Budget::of_account(&state, now)))
}

/// The campaign and time of a ledger.
pub struct AbandonmentQuery<'a> {
    pub campaign: &'a CampaignId,
    pub preset: &'a str,
    /// True if the budget is a limit for the campaign.
    pub binds: bool,
    /// The time at which the ledger's 30 days end.
    pub at: Timestamp,
    /// For a question about the past: the position up to which the rows are complete, for links to the
    /// events.
    pub as_of: Option<Position>,
}

/// Returns the abandonment ledger of a campaign over the 30 days before `asked.at`, by every definition.
pub async fn abandonment(db: &dyn ReadDb, asked: &AbandonmentQuery<'_>) -> Result<Abandonment, Problem> {
    let (campaign, preset, now) = (asked.campaign, asked.preset, asked.at);
    let all = catalog()?.metrics().iter();
    let metrics: Vec<&Metric> = all
        .filter(|metric| metric.name.starts_with("abandon_ratio"))
        .collect();
    let scope = window(campaign, now);
    let (found, complete) = total_figures(db, catalog()?, &metrics, &scope).await?;
    let rows = metrics.iter().zip(&found).map(|(metric, figure)| Definition {
        metric: describe_metric(metric),
        figure: figure.as_ref().map(describe_figure),
        numerator_events: link(metric, &scope, MetricPart::Numerator, asked.as_of),
        denominator_events: link(metric, &scope, MetricPart::Denominator, asked.as_of),
    });
    let definitions: Vec<Definition> = rows.collect();
    let used = budget(db, campaign, preset, now).await?;
    Ok(Abandonment {
        campaign: campaign.clone(),
        from: scope.from,
        to: scope.to,
        definitions,
        budget: AbandonmentBudgetResponse {
            metric: used.definition,
            abandoned: used.abandoned,
            answered: used.answered,
            used_per_mille: used.per_mille(),
            limit_per_mille: ABANDONED_PER_MILLE_MAX,
            window_days: WINDOW_DAYS,
            binds: asked.binds,
        },
        position: complete.position.to_string(),
        recorded_at: complete.recorded_at,
    })
}

/// The abandon rate of a campaign by every definition, and how much of its budget is used.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Abandonment {
    campaign: CampaignId,
    from: Option<Timestamp>,
    to: Option<Timestamp>,
    definitions: Vec<Definition>,
    budget: AbandonmentBudgetResponse,
    position: String,
    recorded_at: Option<Timestamp>,
}

/// One definition with its figure and links to the underlying events.
#[derive(Debug, Serialize, JsonSchema)]
struct Definition {
    #[serde(flatten)]
    metric: MetricResponse,
    #[serde(flatten)]
    figure: Option<FigureResponse>,
    #[schemars(example = &"/api/v1/metrics/abandon_ratio_house/events?version=1&which=numerator")]
    numerator_events: String,
    #[schemars(example = &"/api/v1/metrics/abandon_ratio_house/events?version=1&which=denominator")]
    denominator_events: String,
}

#[derive(Debug, Serialize, JsonSchema)]
struct AbandonmentBudgetResponse {
    #[schemars(example = &"abandon_ratio_house")]
    metric: &'static str,
    abandoned: i64,
    answered: i64,
    /// Rounded down; null if there are no calls.
    used_per_mille: Option<i64>,
    limit_per_mille: i64,
    window_days: u64,
    /// True if agents take calls of the campaign. For robots alone the figures are information only, and
    /// the limit does not apply.
    binds: bool,
}

/// Returns the API path to the events behind a figure.
fn link(metric: &Metric, scope: &Scope, part: MetricPart, as_of: Option<Position>) -> String {
    let which = match part {
        MetricPart::Numerator => "numerator",
        MetricPart::Denominator => "denominator",
    };
    let text = |at: Option<Timestamp>| at.map_or_else(String::new, |at| encode(&at.to_string()));
    let campaign = scope.campaign.as_ref().map_or("", |campaign| campaign.as_str());
    let as_of = as_of.map_or_else(String::new, |at| format!("&as_of={at}"));
    format!(
        "/api/v1/metrics/{}/events?version={}&campaign={}&from={}&to={}&which={which}{as_of}",
        metric.name,
        metric.version,
        encode(campaign),
        text(scope.from),
        text(scope.to),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_used_more_of_the_budget_binds() {
        let of = |definition, abandoned, answered| Budget {
            definition,
            version: 2,
            abandoned,
            answered,
            window_ms: WINDOW_MS,
        };
        let metric = of(HOUSE, 20, 1_000);
        assert_eq!(metric.or_worse(None), metric, "no account is kept");
        assert_eq!(metric.or_worse(Some(of(ACCOUNT, 19, 1_000))), metric);
        // A correction removed two from the metric, or its rows are behind.
        let account = of(ACCOUNT, 22, 1_000);
        assert_eq!(metric.or_worse(Some(account)), account);
        let nothing_yet = of(HOUSE, 0, 0);
        assert_eq!(nothing_yet.or_worse(Some(account)), account);
        assert_eq!(metric.or_worse(Some(of(ACCOUNT, 0, 0))), metric);
    }
}
