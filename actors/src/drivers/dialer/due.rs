//! Whom the dialer asks for: the due that nobody is at, in the order that their campaign asks for. The order
//! itself is the domain's; rows say only who may be among the first. A hint like every row: who is asked for
//! is judged anew.

use crate::drivers::kit::Kit;
use crate::drivers::learning;
use domain::calling_plan::CampaignFacts;
use domain::compliance::zone_of_campaign;
use domain::ids::{CampaignId, CustomerId, EnrolmentId};
use domain::local_hour::hours_ahead;
use domain::ports::worklist::{DueEnrolment, NAMED_MAX, WorklistError};
use domain::preview::AcceptedPreview;
use domain::ranking::{Order, Rung};
use domain::time::Timestamp;
use std::sync::Arc;

/// Rows of due work read for one campaign in one round.
pub(super) const DUE_ROWS_MAX: usize = 256;

/// How soon an agent who accepted a call and is not free yet is looked for again.
const AGENT_AGAIN_MS: u64 = 500;

/// Up to `wanted_count` due enrolments that nobody is at, by when they are due.
pub(super) async fn due_now(
    kit: &Kit,
    campaign: &CampaignId,
    now: Timestamp,
    wanted_count: usize,
) -> Result<Vec<DueEnrolment>, WorklistError> {
    due_in(kit, campaign, First::Due, now, wanted_count).await
}

/// The due as they are, or the first `wanted_count` in the campaign's own order.
pub(super) async fn ordered(
    kit: &Arc<Kit>,
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
        _ if facts.plan.dialing_mode().only_asked() => First::Asked,
        Some(order) => First::InOrder(order, facts.plan.times_groups_count()),
        None if has_quotas => First::Due,
        None => return Ok(due),
    };
    // Many of the first may be of a quota that is full.
    let wanted_count = if has_quotas { DUE_ROWS_MAX } else { wanted_count };
    due_in(kit, &facts.campaign, first, now, wanted_count).await
}

/// Whom agents accepted who are free for them: everybody else waits to be offered.
async fn accepted(
    kit: &Kit,
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

/// When to look again at calls that were accepted and did not begin: an agent may come to be free.
pub(super) fn accepted_again(facts: &CampaignFacts, now: Timestamp) -> Option<Timestamp> {
    let waits = facts.accepted.iter().any(|one| now < one.until);
    waits.then(|| now.plus_ms(AGENT_AGAIN_MS))
}

/// Who comes first.
#[derive(Clone, Copy)]
enum First<'a> {
    /// By when they are due.
    Due,
    /// By their campaign's own order, which tells so many groups of hours apart.
    InOrder(&'a Order<'a>, usize),
    /// Only whom a call was asked for, by when they are due.
    Asked,
}

async fn due_in(
    kit: &Kit,
    campaign: &CampaignId,
    first: First<'_>,
    now: Timestamp,
    wanted_count: usize,
) -> Result<Vec<DueEnrolment>, WorklistError> {
    let wanted_count = wanted_count.clamp(1, DUE_ROWS_MAX);
    // The view also lists those that are being worked on or not to be asked yet, and they come first in its
    // order. Mostly they are few: only when they fill the answer are more rows read.
    let known_count = kit.live.count().saturating_add(kit.live.held_count(now));
    let rows_max = wanted_count.saturating_add(known_count);
    let mut limit = wanted_count;
    loop {
        let mut due = match first {
            First::Due => kit.ports.worklist.due(campaign, now, limit).await?,
            First::InOrder(order, groups) => {
                in_order(kit, campaign, &order.rungs(groups), order, limit).await?
            }
            First::Asked => asked(kit, campaign, now, limit).await?,
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

/// The first `limit` in an order.
async fn in_order(
    kit: &Kit,
    campaign: &CampaignId,
    rungs: &[Rung],
    order: &Order<'_>,
    limit: usize,
) -> Result<Vec<DueEnrolment>, WorklistError> {
    let worklist = &kit.ports.worklist;
    let ranked = worklist.due_ranked(campaign, rungs, order.now, limit).await?;
    let ranked = ranked.into_iter().map(|one| (one.standing, one.due));
    Ok(order.first(ranked.collect(), limit))
}

/// The first `limit` of those that were asked for.
async fn asked(
    kit: &Kit,
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
