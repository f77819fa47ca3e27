//! The preflight of a campaign: what would happen if it were started (CMP-11). It shows people left after
//! each rule, why nothing would be dialed, when the campaign would end and what it would cost. Nothing is
//! stored, and people are named only by id.

mod end_forecast;
mod funnel;
mod models;
mod start_blockers;
mod warnings;

pub use end_forecast::{CostForecast, EndForecast, HistoryScope};
pub use funnel::FunnelStep;
pub use models::{CampaignModel, ModelPresence};
pub use start_blockers::Blocker;
pub use warnings::Warning;

use crate::dry_run::list_enrolled_customers;
use actors::LineLoad;
use application::installation::{DialingState, Installation};
use application::segments::visibility::{SegmentVisibility, rounded};
use application::why_not::{engaged_stops, person_then, verdicts_now};
use domain::calling_plan::{CallingPlan, Preset};
use domain::campaign::{CampaignState, CampaignStatus};
use domain::compliance::{WindowOpening, opening};
use domain::ids::CampaignId;
use domain::problem::Problem;
use domain::quota::QUOTA;
use domain::running_plan::{PredecessorCampaign, PredecessorStatus};
use domain::time::Timestamp;
use end_forecast::{CALLS_MIN, ForecastInputs, History, RemainingPeople};
use funnel::Funnel;
use projections::views::campaign_board::{self, BoardRow, LISTED_MAX};
use projections::views::cost_board::{BillingStep, CostFilter, costs};
use schemars::JsonSchema;
use serde::Serialize;
use start_blockers::{PreflightFacts, blockers};

/// Most campaigns under the same preset to take calls from for one that made too few.
const SIMILAR_MAX: usize = 50;

/// What a campaign would meet if it started.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Preflight {
    pub campaign: CampaignId,
    pub status: Option<CampaignStatus>,
    pub preset: Preset,
    pub asked_at: Timestamp,
    /// The time for which the rules were evaluated: now, or when the campaign's hours open next.
    pub judged_at: Timestamp,
    /// People of the campaign who wait to be called; settled ones are not counted.
    pub people: u64,
    /// True if all of them were checked.
    pub whole: bool,
    /// People left after all rules.
    pub left: u64,
    pub funnel: Vec<FunnelStep>,
    /// Why nothing would be dialed; empty if at least one person would be dialed.
    pub blockers: Vec<Blocker>,
    /// What to check before the start.
    pub warnings: Vec<Warning>,
    /// The models that the campaign uses, and whether they are on the machine that answers.
    pub models: Vec<CampaignModel>,
    pub ends: EndForecast,
    pub cost: CostForecast,
}

impl Preflight {
    /// Reduces the answer to what this caller may see. Without `customers:read`, no step lists customers.
    /// Without `customers:reveal`, a campaign with a quota, which groups by sealed attributes, has its counts
    /// rounded down to tens, and its quota steps list no customers.
    #[must_use]
    pub fn restrict_to_sight(mut self, sight: SegmentVisibility) -> Self {
        let is_of_quota = |step: &FunnelStep| step.rule == QUOTA;
        let rounds = !sight.reveals() && self.funnel.iter().any(is_of_quota);
        for step in &mut self.funnel {
            if !sight.reads() || (rounds && is_of_quota(step)) {
                step.sample.clear();
            }
            if rounds {
                step.never = rounded(step.never);
                step.later = rounded(step.later);
                step.left = rounded(step.left);
            }
        }
        if rounds {
            self.left = rounded(self.left);
        }
        self
    }
}

/// The inputs of a preflight.
pub struct PreflightInputs<'a> {
    pub campaign: CampaignId,
    pub per_minute_fen: Option<u64>,
    /// The campaigns with figures that the caller may see.
    pub admits: &'a (dyn Fn(&CampaignId) -> bool + Sync),
}

/// Judges all people who wait in a campaign as if it were started now, and forecasts end and cost. Nothing
/// is stored. Fails with `Missing`.
pub async fn preflight(installation: &Installation, ask: PreflightInputs<'_>) -> Result<Preflight, Problem> {
    let campaign = &ask.campaign;
    let loaded = installation.entities.campaigns.state(campaign).await?;
    let state = &loaded.state;
    let plan = state.plan().ok_or_else(|| Problem::missing("this campaign"))?;
    let asked_at = installation.now();
    let begins = begins(installation, state, asked_at).await?;
    let judged_at = match opening(plan, begins.from) {
        WindowOpening::At(at) => at,
        WindowOpening::Never | WindowOpening::ByPerson => begins.from,
    };
    // Each person is two streams, so it takes one of the few places for long questions.
    let clock = &installation.environment.clock;
    let _place = installation.past.place(clock.as_ref()).await?;
    let (people, whole) = list_enrolled_customers(installation.store(), campaign).await?;
    let mut funnel = Funnel::default();
    let mut own = SettledCounts::default();
    for customer in people {
        let person = person_then(installation, &customer, None).await?;
        let Some(enrolment) = person.state.enrolment(campaign) else {
            continue;
        };
        if enrolment.settled.is_some() {
            own.people += 1;
            own.calls += u64::from(enrolment.calls_count());
            continue;
        }
        let verdicts = verdicts_now(installation, &customer, campaign, &person, judged_at).await?;
        funnel.take(&customer, &verdicts);
    }
    let steps = funnel.steps();
    let stops = engaged_stops(installation, state.facts(campaign.clone())).await?;
    let known = PreflightFacts {
        plan,
        status: state.status(),
        from: begins.from,
        waits_in_vain: begins.waits == PredecessorWait::InVain,
        no_trunk: installation.dialing.now() == DialingState::NoTrunk,
        unlicensed: is_unlicensed(installation),
        no_agents: plan.dialing_mode().needs_agents() && !has_agents(installation),
        people: funnel.people,
        stops: &stops,
    };
    let found = blockers(&known, &steps);
    let left = RemainingPeople {
        people: funnel.left,
        later: funnel.later,
        later_until: funnel.last_not_before,
        stage: state.gates().stage(),
        from: judged_at,
        waits: begins.waits != PredecessorWait::No,
    };
    let ahead = ahead(installation, &ask, plan, left, own).await?;
    Ok(Preflight {
        campaign: campaign.clone(),
        status: state.status(),
        preset: plan.preset,
        asked_at,
        judged_at,
        people: funnel.people,
        whole,
        left: funnel.left,
        blockers: found,
        warnings: warnings::warnings(installation, state, plan).await?,
        models: models::models(installation, plan).await?,
        ends: ahead.end(),
        cost: ahead.cost(ask.per_minute_fen),
        funnel: steps,
    })
}

fn has_agents(installation: &Installation) -> bool {
    let drivers = installation.dialing.drivers();
    drivers.is_some_and(|drivers| drivers.has_agents())
}

/// Returns true if this process has lines and the licence of every caller number on them has ended.
fn is_unlicensed(installation: &Installation) -> bool {
    let lines = installation.dialing.drivers().map(|drivers| drivers.lines());
    lines.is_some_and(|lines| !lines.is_empty() && lines.iter().all(LineLoad::is_unlicensed))
}

/// When the campaign would run if it were started now, and whether it waits for another campaign.
struct CampaignStart {
    from: Timestamp,
    waits: PredecessorWait,
}

/// Whether a campaign waits for another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum PredecessorWait {
    No,
    /// That campaign has not reached the needed state.
    Yes,
    /// That campaign stopped before it reached the needed state.
    InVain,
}

/// Returns when the campaign would run if it were started now, by its plan and the campaign it waits for. A
/// campaign that has begun does not wait.
async fn begins(
    installation: &Installation,
    state: &CampaignState,
    now: Timestamp,
) -> Result<CampaignStart, Problem> {
    let begun = state.life().is_none_or(|life| life != PredecessorStatus::Still);
    let running = state.plan().and_then(|plan| plan.running.as_deref());
    let Some(running) = running.filter(|_| !begun) else {
        let waits = PredecessorWait::No;
        return Ok(CampaignStart { from: now, waits });
    };
    let from = running.starts_at.map_or(now, |at| at.max(now));
    let waits = match &running.after {
        Some(after) => waits_for(installation, after).await?,
        None => PredecessorWait::No,
    };
    Ok(CampaignStart { from, waits })
}

async fn waits_for(
    installation: &Installation,
    after: &PredecessorCampaign,
) -> Result<PredecessorWait, Problem> {
    let other = installation
        .entities
        .campaigns
        .state(&after.campaign)
        .await?
        .state;
    let Some(life) = other.life() else {
        return Ok(PredecessorWait::Yes);
    };
    if after.reached.is_met(life, other.gates().stage()) {
        return Ok(PredecessorWait::No);
    }
    Ok(match other.status() == Some(CampaignStatus::Stopped) {
        true => PredecessorWait::InVain,
        false => PredecessorWait::Yes,
    })
}

/// The campaign's settled people and the calls that they took.
#[derive(Debug, Clone, Copy, Default)]
struct SettledCounts {
    people: u64,
    calls: u64,
}

/// Returns the calls from which the forecast is made: the campaign's own if there are enough, otherwise
/// those of campaigns under its preset.
async fn ahead<'a>(
    installation: &Installation,
    ask: &PreflightInputs<'_>,
    plan: &'a CallingPlan,
    left: RemainingPeople,
    own: SettledCounts,
) -> Result<ForecastInputs<'a>, Problem> {
    let db = installation.rows.db();
    let row = campaign_board::get(db.as_ref(), &ask.campaign).await?;
    // People who answer early settle first, so at least half must be settled before they represent the rest.
    let most_wait = own.people < left.people.saturating_add(left.later);
    let enough = |row: &BoardRow| row.calls.dialed >= CALLS_MIN && own.people > 0 && !most_wait;
    let (of, rows) = match row.filter(enough) {
        Some(own) => (HistoryScope::Own, vec![own]),
        None => (
            HistoryScope::SamePreset,
            similar(installation, ask, plan.preset).await?,
        ),
    };
    let mut history = History::default();
    for row in &rows {
        add(installation, row, &mut history).await?;
    }
    if of == HistoryScope::Own {
        (history.settled, history.settled_calls) = (own.people, own.calls);
    }
    let of = match history.calls >= CALLS_MIN {
        true => of,
        false => HistoryScope::Nobody,
    };
    Ok(ForecastInputs {
        plan,
        left,
        of,
        history,
    })
}

/// Returns at most `SIMILAR_MAX` campaigns under the same preset that have dialed and that the caller may
/// see, the latest ids first.
async fn similar(
    installation: &Installation,
    ask: &PreflightInputs<'_>,
    preset: Preset,
) -> Result<Vec<BoardRow>, Problem> {
    let mut rows = campaign_board::list(installation.rows.db().as_ref(), None, LISTED_MAX).await?;
    rows.retain(|row| {
        let alike = row.preset == preset.code() && row.campaign != ask.campaign;
        alike && row.calls.dialed > 0 && is_all_but_settled(row) && (ask.admits)(&row.campaign)
    });
    rows.reverse();
    rows.truncate(SIMILAR_MAX);
    Ok(rows)
}

/// Returns true if at least nine of ten enrolled people are settled: then their calls are representative.
const fn is_all_but_settled(row: &BoardRow) -> bool {
    row.settled > 0 && row.settled.saturating_mul(10) >= row.enrolled.saturating_mul(9)
}

async fn add(installation: &Installation, row: &BoardRow, history: &mut History) -> Result<(), Problem> {
    let db = installation.rows.db();
    let hours = campaign_board::list_hours(db.as_ref(), &row.campaign).await?;
    let filter = CostFilter {
        campaign: Some(row.campaign.clone()),
        from: None,
        to: None,
    };
    let billed = costs(db.as_ref(), &filter, BillingStep::Minute).await?;
    history.campaigns += 1;
    history.settled += row.settled;
    history.settled_calls += row.calls.dialed;
    history.calls += row.calls.dialed;
    history.talk_ms += row.calls.talk_ms;
    history.billed_seconds += billed.iter().map(|cost| cost.billed_seconds).sum::<u64>();
    history.hours += hours.iter().filter(|hour| hour.calls.dialed > 0).count() as u64;
    Ok(())
}
