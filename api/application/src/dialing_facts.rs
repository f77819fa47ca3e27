//! Gathers the facts of campaigns and emergency stops from which the reasons that pause dialing are found.

use crate::approvals::waiting_on_campaigns;
use crate::installation::Installation;
use crate::why_not::campaign_now;
use actors::OpenCircuit;
use domain::calling_plan::Preset;
use domain::campaign::{CampaignState, CampaignStatus};
use domain::compliance::closed_for_all;
use domain::dialing_facts::{ApprovalFact, CampaignDialingFacts, EngineFact, QuotaFact, StopFact};
use domain::ids::CampaignId;
use domain::ports::worklist::{CampaignWork, Worklist};
use domain::problem::Problem;
use domain::quota::QuotaStatus;
use domain::stop::StopId;
use domain::time::Timestamp;
use std::collections::BTreeMap;

/// Most campaigns of which the facts are gathered at once: each costs reads of a few entities.
const CAMPAIGNS_MAX: usize = 500;

/// The facts of the campaigns that are neither completed nor stopped.
pub struct CampaignFactList {
    pub items: Vec<CampaignDialingFacts>,
    /// False if there are more than one answer holds.
    pub is_complete: bool,
}

/// Returns the facts of the unfinished campaigns that `admits` accepts. Fails if views or log cannot be read.
pub async fn gather_campaign_facts(
    installation: &Installation,
    worklist: &dyn Worklist,
    admits: &(dyn Fn(&CampaignId) -> bool + Sync),
) -> Result<CampaignFactList, Problem> {
    let works = worklist.unfinished_campaigns().await;
    let works = works.map_err(|error| Problem::unavailable(error.to_string()))?;
    let mut works: Vec<CampaignWork> = works.into_iter().filter(|work| admits(&work.campaign)).collect();
    let is_complete = works.len() <= CAMPAIGNS_MAX;
    works.truncate(CAMPAIGNS_MAX);
    let mut approvals = waiting_on_campaigns(installation).await?;
    let mut items = Vec::with_capacity(works.len());
    for work in works {
        let waiting = approvals.remove(&work.campaign).unwrap_or_default();
        items.extend(gather_one(installation, work, waiting).await?);
    }
    Ok(CampaignFactList { items, is_complete })
}

/// Returns the facts of one campaign; `None` if it does not exist or is over by now.
async fn gather_one(
    installation: &Installation,
    work: CampaignWork,
    approvals: Vec<ApprovalFact>,
) -> Result<Option<CampaignDialingFacts>, Problem> {
    let id = work.campaign;
    let state = installation.entities.campaigns.state(&id).await?.state;
    let Some(status) = state.status() else {
        return Ok(None);
    };
    let pause = state.pause_reason().cloned().zip(state.paused_at());
    let known = CampaignDialingFacts {
        status,
        pause,
        approvals,
        closed_until: None,
        stage: None,
        full_quotas: Vec::new(),
        engine: None,
        lacks_agents: false,
        open_count: work.open_count,
        next_due_at: work.next_due_at,
        campaign: id,
    };
    match status {
        CampaignStatus::Completed | CampaignStatus::Stopped => Ok(None),
        CampaignStatus::Draft | CampaignStatus::Ready | CampaignStatus::Paused => Ok(Some(known)),
        CampaignStatus::Running => Ok(Some(add_running_facts(installation, &state, known).await?)),
    }
}

/// Adds the facts that can keep a running campaign from dialing.
async fn add_running_facts(
    installation: &Installation,
    state: &CampaignState,
    known: CampaignDialingFacts,
) -> Result<CampaignDialingFacts, Problem> {
    let now = installation.now();
    let facts = campaign_now(installation, &known.campaign).await?;
    let drivers = installation.dialing.drivers();
    let engine = match &drivers {
        Some(drivers) => drivers.engine_down_for(&facts).await,
        None => None,
    };
    let needs_agents = facts.plan.dialing_mode().needs_agents();
    Ok(CampaignDialingFacts {
        closed_until: closed_for_all(&facts.plan, &facts.calendars, now).map(|closed| closed.until),
        stage: state.gates().waiting(now),
        full_quotas: full_quotas(state, now),
        engine: engine.map(engine_fact),
        lacks_agents: needs_agents && drivers.is_some_and(|drivers| !drivers.has_agents()),
        ..known
    })
}

fn full_quotas(state: &CampaignState, now: Timestamp) -> Vec<QuotaFact> {
    let usages = state.quotas().standings(now).into_iter();
    let full = usages.filter_map(|usage| {
        let until = match usage.standing {
            QuotaStatus::Full => None,
            QuotaStatus::FullUntil(until) => Some(until),
            QuotaStatus::Open | QuotaStatus::Taken => return None,
        };
        Some(QuotaFact {
            name: usage.quota.name.clone(),
            until,
        })
    });
    full.collect()
}

fn engine_fact(open: OpenCircuit) -> EngineFact {
    EngineFact {
        engine: open.engine,
        since: open.since,
        reason: open.reason,
    }
}

/// Returns the engaged stops of everything, of the presets, and of these trunks and campaigns.
pub async fn gather_stops(
    installation: &Installation,
    trunks: Vec<String>,
    campaigns: Vec<CampaignId>,
) -> Result<Vec<StopFact>, Problem> {
    let stops = std::iter::once(StopId::All);
    let stops = stops.chain(Preset::ALL.iter().copied().map(StopId::Preset));
    let stops = stops.chain(trunks.into_iter().map(StopId::Trunk));
    let stops: Vec<StopId> = stops.chain(campaigns.into_iter().map(StopId::Campaign)).collect();
    let mut engaged = Vec::new();
    for stop in stops {
        let state = installation.entities.stops.state(&stop).await?.state;
        engaged.extend(state.engaged().map(|active| StopFact {
            stop: stop.clone(),
            since: Some(active.since),
            reason: Some(active.reason.clone()),
        }));
    }
    Ok(engaged)
}

/// The approvals that wait, by campaign.
pub(crate) type WaitingApprovals = BTreeMap<CampaignId, Vec<ApprovalFact>>;
