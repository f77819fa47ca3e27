//! Selects the due enrolments that the dialer asks grants for: those that no worker has, in the order of
//! their campaign. The domain defines the order; the view only provides candidates. The deciders judge each
//! one again.

use crate::drivers::driver_context::DriverContext;
use crate::drivers::learning;
use domain::calling_plan::CampaignFacts;
use domain::compliance::zone_of_campaign;
use domain::ids::{CampaignId, CustomerId, EnrolmentId};
use domain::local_hour::hours_ahead;
use domain::ports::worklist::{DueEnrolment, NAMED_MAX, WorklistError};
use domain::preview::AcceptedPreview;
use domain::ranking::{Order, RankingBucket};
use domain::time::Timestamp;
use std::sync::Arc;

/// Most due enrolments read for one campaign in one round.
pub(super) const DUE_ROWS_MAX: usize = 256;

/// Wait before the dialer looks again for a free agent, in milliseconds, when an agent accepted a preview
/// and is not free yet.
const AGENT_AGAIN_MS: u64 = 500;

/// Returns up to `wanted_count` due enrolments that no worker has and that are not held, by due time.
pub(super) async fn due_now(
    kit: &DriverContext,
    campaign: &CampaignId,
    now: Timestamp,
    wanted_count: usize,
) -> Result<Vec<DueEnrolment>, WorklistError> {
    due_in(kit, campaign, DueReadOrder::Due, now, wanted_count).await
}

/// Returns the first `wanted_count` due enrolments in the campaign's own order; `due` unchanged if it has
/// none. In preview mode only customers that a free agent accepted.
pub(super) async fn sort_due(
    kit: &Arc<DriverContext>,
    facts: &CampaignFacts,
    due: Vec<DueEnrolment>,
    wanted_count: usize,
    now: Timestamp,
) -> Result<Vec<DueEnrolment>, WorklistError> {
    learning::look(kit, facts, now);
    if facts.plan.dialing_mode().only_accepted() {
        return accepted(kit, facts, now).await;
    }
    let has_quotas = !facts.plan.quotas.is_empty();
    let order = facts.plan.order().map(|plan| Order {
        plan,
        zone: zone_of_campaign(facts.plan.preset),
        now,
        ahead: hours_ahead(facts, now),
    });
    let first = match &order {
        _ if facts.plan.dialing_mode().only_asked() => DueReadOrder::Asked,
        Some(order) => DueReadOrder::InOrder(order, facts.plan.times_groups_count()),
        None if has_quotas => DueReadOrder::Due,
        None => return Ok(due),
    };
    // Many of the first may be in a quota that is full.
    let wanted_count = if has_quotas { DUE_ROWS_MAX } else { wanted_count };
    due_in(kit, &facts.campaign, first, now, wanted_count).await
}

/// Returns the due customers with a preview that an agent accepted, if that agent is free. Other customers
/// must be offered to an agent first.
async fn accepted(
    kit: &DriverContext,
    facts: &CampaignFacts,
    now: Timestamp,
) -> Result<Vec<DueEnrolment>, WorklistError> {
    let agents = kit.ports.agents.as_ref();
    let free = agents.map_or_else(Vec::new, |agents| agents.free_agents(&facts.campaign, now));
    let waits = |one: &&AcceptedPreview| now < one.until && free.contains(&one.agent);
    let accepted = facts.accepted.iter().filter(waits);
    let people: Vec<CustomerId> = accepted.map(|one| one.customer.clone()).take(NAMED_MAX).collect();
    let worklist = &kit.ports.worklist;
    let mut due = worklist.due_of(&facts.campaign, &people, now).await?;
    due.retain(|one| !kit.live.is_taken(&enrolment(one), now));
    Ok(due)
}

/// Returns when to look again at accepted previews that are not dialed, because their agent may become
/// free; `None` if there are none.
pub(super) fn next_accepted_check(facts: &CampaignFacts, now: Timestamp) -> Option<Timestamp> {
    let waits = facts.accepted.iter().any(|one| now < one.until);
    waits.then(|| now.plus_ms(AGENT_AGAIN_MS))
}

/// The order in which due enrolments are read.
#[derive(Clone, Copy)]
enum DueReadOrder<'a> {
    /// By due time.
    Due,
    /// By the campaign's own order. The number: into how many best-time groups the worklist divides them.
    InOrder(&'a Order<'a>, usize),
    /// Only customers with a callback or a requested call, by due time.
    Asked,
}

async fn due_in(
    kit: &DriverContext,
    campaign: &CampaignId,
    first: DueReadOrder<'_>,
    now: Timestamp,
    wanted_count: usize,
) -> Result<Vec<DueEnrolment>, WorklistError> {
    let wanted_count = wanted_count.clamp(1, DUE_ROWS_MAX);
    // The view also lists enrolments that a worker has or that are held, and they come first. They are mostly
    // few: more rows are read only if they fill the page.
    let known_count = kit.live.count().saturating_add(kit.live.held_count(now));
    let rows_max = wanted_count.saturating_add(known_count);
    let mut limit = wanted_count;
    loop {
        let mut due = match first {
            DueReadOrder::Due => kit.ports.worklist.due(campaign, now, limit).await?,
            DueReadOrder::InOrder(order, groups) => {
                in_order(kit, campaign, &order.rungs(groups), order, limit).await?
            }
            DueReadOrder::Asked => asked(kit, campaign, now, limit).await?,
        };
        let is_all = due.len() < limit || limit >= rows_max;
        due.retain(|one| !kit.live.is_taken(&enrolment(one), now));
        if is_all || due.len() >= wanted_count {
            due.truncate(wanted_count);
            return Ok(due);
        }
        limit = limit.saturating_mul(2).min(rows_max);
    }
}

/// Returns the first `limit` due enrolments in the campaign's order, from the worklist's ranked rows.
async fn in_order(
    kit: &DriverContext,
    campaign: &CampaignId,
    rungs: &[RankingBucket],
    order: &Order<'_>,
    limit: usize,
) -> Result<Vec<DueEnrolment>, WorklistError> {
    let worklist = &kit.ports.worklist;
    let ranked = worklist.due_ranked(campaign, rungs, order.now, limit).await?;
    let ranked = ranked.into_iter().map(|one| (one.standing, one.due));
    Ok(order.first(ranked.collect(), limit))
}

/// Returns the first `limit` due customers who asked for a call, by due time.
async fn asked(
    kit: &DriverContext,
    campaign: &CampaignId,
    now: Timestamp,
    limit: usize,
) -> Result<Vec<DueEnrolment>, WorklistError> {
    let ranked = kit.ports.worklist.due_ranked(campaign, &[], now, limit).await?;
    let mut asked: Vec<DueEnrolment> = ranked.into_iter().map(|one| one.due).collect();
    asked.sort_by(|one, other| (one.due_at, &one.customer).cmp(&(other.due_at, &other.customer)));
    asked.truncate(limit);
    Ok(asked)
}

pub(super) fn enrolment(due: &DueEnrolment) -> EnrolmentId {
    EnrolmentId {
        campaign: due.campaign.clone(),
        customer: due.customer.clone(),
    }
}
