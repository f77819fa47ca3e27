//! Quotas in the dialer. Before a batch is asked for, ended calls are counted on the campaign. Customers of a
//! full quota are refused by their own decider. For the others the campaign says which have a reserved share
//! (a place) in their quotas.
//!
//! The result of a place is read from the stream of its call; the call id follows from the attempt. No view
//! is read, and what a crash left is settled the same way.

use super::pausing::pause_for_quota;
use crate::drivers::driver_context::{DriverContext, Halt};
use crate::drivers::facts::is_dialed;
use domain::calling_plan::CampaignFacts;
use domain::campaign::CampaignState;
use domain::campaign::command::CampaignCommand;
use domain::customer::CustomerCommand;
use domain::disposition::{Disposition, Outcome};
use domain::ids::{CallId, CampaignId, CustomerId, EnrolmentId};
use domain::ports::worklist::DueEnrolment;
use domain::quota::{FullQuota, QuotaAccount, QuotaEnd, QuotaPerson, find_full_quota, waits_for_calls};
use domain::quota_members::QuotaMatcher;
use domain::time::Timestamp;
use std::collections::BTreeSet;
use std::sync::Arc;

/// How long a quota share is kept for a dial that has not begun, in milliseconds: a batch is valid for a
/// second, and a worker starts quickly.
const BEGUN_WITHIN_MS: u64 = 60_000;

/// How long a customer is held when calls in progress have all shares of a quota, in milliseconds.
const WAIT_MS: u64 = 1_000;

/// How long a customer who was refused for good is held until the worklist shows the settlement, in
/// milliseconds.
const SETTLED_WITHIN_MS: u64 = 60_000;

/// Most customers of full quotas that are refused in one round: each refusal is an event.
const REFUSED_MAX: usize = 64;

/// The due enrolments for which dials may be requested from the campaign.
pub(super) struct QuotaSelection {
    pub(super) due: Vec<DueEnrolment>,
    /// The quotas of each customer in `due`, in the same order; empty if the campaign has no quotas.
    pub(super) people: Vec<QuotaPerson>,
}

/// Returns the due enrolments without customers of full quotas; the refusal of those is stored. A quota
/// that cannot be evaluated pauses the campaign and fails.
pub(super) async fn select_due_by_quota(
    kit: &DriverContext,
    facts: Option<&CampaignFacts>,
    due: Vec<DueEnrolment>,
) -> Result<QuotaSelection, Halt> {
    let Some(facts) = facts.filter(|facts| !facts.plan.quotas.is_empty()) else {
        let people = Vec::new();
        return Ok(QuotaSelection { due, people });
    };
    let members = match QuotaMatcher::of(&facts.plan.quotas) {
        Ok(members) => members,
        Err(fault) => {
            pause_for_quota(kit, &facts.campaign, &fault.to_string()).await;
            return Err(Halt::Refused);
        }
    };
    let (state, now) = (counted(kit, &facts.campaign).await?, kit.now());
    let standings = state.quotas().standings(now);
    let mut held = QuotaSelection {
        due: Vec::new(),
        people: Vec::new(),
    };
    let mut refused = 0;
    for one in due {
        let loaded = match kit.state(&kit.system.customers, &one.customer).await {
            Ok(loaded) => loaded,
            Err(halt) => {
                if matches!(halt, Halt::Fault) {
                    let detail = format!("customer {} cannot be read", one.customer);
                    pause_for_quota(kit, &facts.campaign, &detail).await;
                }
                return Err(halt);
            }
        };
        let Some(person) = members.person(&one.customer, &loaded.state, &facts.campaign, now) else {
            continue;
        };
        match find_full_quota(&standings, &person.quotas) {
            // Those after them in the order belong to other groups, or to none.
            None if waits_for_calls(&standings, &person.quotas) => {
                kit.live
                    .hold(&enrolment(facts, &one.customer), now.plus_ms(WAIT_MS), now);
            }
            None => {
                held.due.push(one);
                held.people.push(person);
            }
            Some(full) if refused < REFUSED_MAX => {
                refused += 1;
                refuse(kit, facts, &one.customer, full).await?;
            }
            Some(_) => {}
        }
    }
    Ok(held)
}

/// The customers of a batch who need no share of a quota or have one; `None` if the campaign has no quotas,
/// so that all pass.
pub(super) struct QuotaAdmission(Option<BTreeSet<CustomerId>>);

impl QuotaAdmission {
    pub(super) fn of(account: &QuotaAccount, people: &[QuotaPerson]) -> Self {
        let may = |person: &&QuotaPerson| {
            person.quotas.is_empty() || account.has_place(&person.customer, person.attempt)
        };
        let those = || people.iter().filter(may).map(|person| person.customer.clone());
        Self((!account.quotas().is_empty()).then(|| those().collect()))
    }
}

/// Returns the due enrolments of customers who need no share of a quota or have one in this batch.
pub(super) fn retain_with_place(places: &QuotaAdmission, mut due: Vec<DueEnrolment>) -> Vec<DueEnrolment> {
    if let Some(those) = &places.0 {
        due.retain(|one| those.contains(&one.customer));
    }
    due
}

fn enrolment(facts: &CampaignFacts, customer: &CustomerId) -> EnrolmentId {
    EnrolmentId {
        campaign: facts.campaign.clone(),
        customer: customer.clone(),
    }
}

/// Makes the customer's decider refuse a dial because a quota is full, which stores the verdict. If it was
/// refused for this reason earlier that day, nothing is stored. The customer is held until the quota opens.
async fn refuse(
    kit: &DriverContext,
    facts: &CampaignFacts,
    customer: &CustomerId,
    full: FullQuota,
) -> Result<(), Halt> {
    let (id, now) = (enrolment(facts, customer), kit.now());
    let until = full.until.unwrap_or_else(|| now.plus_ms(SETTLED_WITHIN_MS));
    let mut facts = facts.clone();
    facts.full = Some(Box::new(full));
    let command = CustomerCommand::GrantDial {
        customer: customer.clone(),
        facts: Box::new(facts),
        joined: Vec::new(),
    };
    let asked = kit.ask(&kit.system.customers, customer, command, kit.fresh_cause());
    match asked.await {
        Ok(_) => Ok(()),
        Err(Halt::Refused) => {
            kit.live.hold(&id, until, now);
            Ok(())
        }
        Err(halt) => Err(halt),
    }
}

/// Returns the campaign's state after all ended calls were counted in its quotas.
async fn counted(kit: &DriverContext, campaign: &CampaignId) -> Result<Arc<CampaignState>, Halt> {
    let loaded = kit.state(&kit.system.campaigns, campaign).await?;
    let now = kit.now();
    let mut ended = Vec::new();
    for (customer, attempt, at) in loaded.state.quotas().places() {
        ended.extend(
            end(
                kit,
                campaign,
                OpenQuotaPlace {
                    customer,
                    attempt,
                    at,
                },
                now,
            )
            .await?,
        );
    }
    if ended.is_empty() {
        return Ok(loaded.state);
    }
    let command = CampaignCommand::CountQuotas { ended };
    let answer = kit
        .ask(&kit.system.campaigns, campaign, command, kit.fresh_cause())
        .await?;
    Ok(answer.state)
}

struct OpenQuotaPlace<'a> {
    customer: &'a CustomerId,
    attempt: u32,
    at: Timestamp,
}

/// Returns the result of the call that holds a quota share; `None` while the call is open or may still
/// begin.
async fn end(
    kit: &DriverContext,
    campaign: &CampaignId,
    place: OpenQuotaPlace<'_>,
    now: Timestamp,
) -> Result<Option<QuotaEnd>, Halt> {
    let id = EnrolmentId {
        campaign: campaign.clone(),
        customer: place.customer.clone(),
    };
    let call = CallId::derive(&id, place.attempt);
    // The customer is read before the call: a call that is dialed and closed between the two reads is then
    // seen by the second.
    let person = kit.state(&kit.system.customers, place.customer).await?.state;
    let state = kit.state(&kit.system.calls, &call).await?.state;
    let mut end = QuotaEnd {
        customer: place.customer.clone(),
        attempt: place.attempt,
        call: None,
        connected: false,
        completed: false,
    };
    if is_dialed(&state) {
        let Some(ended) = state.ended() else {
            return Ok(None);
        };
        end.call = Some(call).filter(|_| ended.disposition != Disposition::Withdrawn);
        let by_machine = matches!(ended.disposition, Disposition::Machine | Disposition::Screened);
        end.connected = state.answered_at().is_some() && !by_machine;
        end.completed = matches!(ended.outcome, Some(Outcome::Success | Outcome::Transferred));
        return Ok(Some(end));
    }
    let enrolment = person.enrolment(campaign);
    let is_open = enrolment.is_some_and(|one| one.open == Some(call));
    let was_granted = enrolment.is_some_and(|one| one.attempts >= place.attempt);
    // The customer's own rules deferred or settled the enrolment.
    let is_put_off = enrolment.is_none_or(|one| one.settled.is_some() || now < one.due_at);
    let is_late = now.ms_since(place.at) >= BEGUN_WITHIN_MS;
    let is_over = !is_open && !kit.live.is_working(&id) && (was_granted || is_put_off || is_late);
    Ok(is_over.then_some(end))
}
