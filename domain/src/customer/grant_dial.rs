//! The person's side of a permit: checks every customer rule at the moment of dialing.
//!
//! If all rules allow, there is a grant. Otherwise there is one refusal with the strictest verdict, and the
//! due time moves to the first instant that all rules permit as far as known, so there is at most one refusal
//! per enrolment, rule and day. A rule that forbids permanently, hours that never overlap, or an instant
//! after the campaign's end settles the enrolment.

use super::command::ForbiddingRule;
use super::decider_support::{DecideResult, settle_not_permitted};
use super::enrolment::EnrolmentState;
use super::erasure::Erasure;
use super::event::CustomerEvent;
use super::id_merge::{CombinedRecord, check_joined_facts};
use super::refusal::CustomerRefusal;
use super::state::CustomerState;
use super::{callbacks, preview_judgment, withdrawal};
use crate::calling_plan::CampaignFacts;
use crate::compliance::{
    CustomerFacts, CustomerGrant, Decision, GRANT_VALID_MS, JoinedFacts, NEXT_LEG_WITHIN_MS, PhoneCountry,
    Verdict, add_preset_fact, first_permitted, judge_customer, permitted_until, same_local_day, strictest,
};
use crate::number_library::HOME_LOCATION;
use crate::quota::{FullQuota, QUOTA};
use crate::time::Timestamp;
use std::collections::BTreeMap;
use std::slice;
use values::ids::{CallId, CustomerId, EnrolmentId, NumberId, UserId};

/// Returns the number's home location from the row of the list; `None` if the row has none or it is not
/// readable.
fn said_home(enrolment: &EnrolmentState) -> Option<&str> {
    let said = enrolment
        .variables
        .iter()
        .find(|(name, _)| *name == HOME_LOCATION);
    said.and_then(|(_, value)| value.value()).map(String::as_str)
}

/// The id stored as rule for a person who is not dialed because the key is missing without an erasure.
const KEY_MISSING: &str = "key_missing";

/// The id stored as rule for an enrolment with a requested call that was not dialed before its deadline.
const DEADLINE_OVER: &str = "deadline_over";

/// The ids of the rules about days and hours: their verdicts stay the same while a dial waits.
const RULES_OF_HOURS: [&str; 3] = ["calling_window", "calling_days", "preferred_times"];

/// The most steps from one opening of the rules of hours to the next before they count as never open
/// together: two a day over a month.
const HOURS_STEPS_MAX: usize = 64;

/// What a request for a dial brings: the campaign's facts, those of merged ids, and the free agents.
pub(super) struct GrantRequest<'a> {
    pub(super) customer: CustomerId,
    pub(super) campaign: &'a CampaignFacts,
    pub(super) joined: &'a [JoinedFacts],
    pub(super) free_agents: &'a [UserId],
    /// The verdict of the number's own facts against a dial, if they were checked before.
    pub(super) of_number: Option<&'a Verdict>,
}

/// The result of judging a dial: a refusal's events, or the grant.
pub(super) enum GrantDecision {
    Refused(Vec<CustomerEvent>),
    Permitted(Box<CustomerEvent>),
}

pub(super) fn grant_dial(
    state: &CustomerState,
    customer: CustomerId,
    campaign: &CampaignFacts,
    joined: &[JoinedFacts],
    now: Timestamp,
) -> DecideResult {
    let mode = campaign.plan.dialing_mode();
    // A customer of a full quota gets the quota's verdict, with or without acceptance.
    let accepted = match mode.only_accepted() && campaign.full.is_none() {
        true => Some(preview_judgment::find_accepted_preview(
            state, &customer, campaign, now,
        )?),
        false => None,
    };
    let needs_acceptance = mode.only_accepted() && accepted.is_none();
    // The accepting agent makes the call; no other agent is free for another agent's callback.
    let free_agents = accepted.map_or(campaign.free_agents.as_slice(), |one| slice::from_ref(&one.agent));
    let asking = GrantRequest {
        customer,
        campaign,
        joined,
        free_agents,
        of_number: None,
    };
    Ok(match judge_dial(state, asking, now)? {
        GrantDecision::Refused(events) => events,
        GrantDecision::Permitted(_) if needs_acceptance => {
            return Err(CustomerRefusal::NotAccepted {
                campaign: campaign.campaign.clone(),
            });
        }
        GrantDecision::Permitted(granted) => vec![*granted],
    })
}

/// Judges a requested dial by every rule of the customer. Returns the grant, or the events that record the
/// refusal or settle the enrolment. Refused if the enrolment cannot be judged now.
pub(super) fn judge_dial(
    state: &CustomerState,
    asking: GrantRequest<'_>,
    now: Timestamp,
) -> Result<GrantDecision, CustomerRefusal> {
    let GrantRequest {
        customer,
        campaign,
        joined,
        free_agents,
        of_number,
    } = asking;
    if let Some(withdrawn) = withdrawal::of_undone_list(state, campaign) {
        return Ok(GrantDecision::Refused(withdrawn));
    }
    let enrolment = askable(state, campaign, now)?;
    if let Some(missed) = callbacks::overdue(state, enrolment, campaign, now) {
        return Ok(GrantDecision::Refused(missed));
    }
    // After the campaign's end the rules are checked for every customer: they forbid the dial and settle.
    let is_over = campaign.plan.ends_at.is_some_and(|ends_at| ends_at <= now);
    if campaign.plan.dialing_mode().only_asked() && !is_over && !enrolment.standing().asked {
        return Err(CustomerRefusal::NotAskedFor {
            campaign: campaign.campaign.clone(),
        });
    }
    let number = state.number_to_dial(enrolment);
    let together = CombinedRecord::of(state, joined);
    let own = facts_of(state, enrolment, campaign, &number);
    let facts = together.as_ref().map_or(own, |all| all.facts(own, joined));
    let attempt = enrolment.attempts.saturating_add(1);
    let enrolment_id = EnrolmentId {
        campaign: campaign.campaign.clone(),
        customer,
    };
    let call = CallId::derive(&enrolment_id, attempt);
    let no = |verdict: &Verdict| {
        Ok(GrantDecision::Refused(refuse(
            state, enrolment, &facts, call, verdict, now,
        )?))
    };
    if state.is_unreadable() {
        return no(&without_key());
    }
    if let Some(late) = enrolment.deadline.filter(|deadline| now >= *deadline) {
        return no(&too_late(late));
    }
    if let Some(waiting) = callbacks::waits_for_agent(enrolment, free_agents, now) {
        return no(&waiting);
    }
    if let Some(full) = campaign.full.as_deref() {
        return no(&quota_full(full));
    }
    let verdicts = add_preset_fact(judge_customer(&facts, now), facts.rules(now));
    if let Some(verdict) = strictest(&verdicts).or(of_number) {
        return no(verdict);
    }
    check_joined_facts(state, joined)?;
    let judge = |at| judge_customer(&facts, at);
    let last_leg_at = now.plus_ms(GRANT_VALID_MS + NEXT_LEG_WITHIN_MS);
    let grant = CustomerGrant {
        call,
        campaign: enrolment_id.campaign,
        customer: enrolment_id.customer,
        number,
        valid_until: permitted_until(now, now.plus_ms(GRANT_VALID_MS), judge),
        legs_until: Some(permitted_until(now, last_leg_at, judge)).filter(|until| *until < last_leg_at),
        verdicts,
    };
    Ok(GrantDecision::Permitted(Box::new(CustomerEvent::DialGranted {
        attempt,
        grant,
    })))
}

/// Returns the facts about one enrolment that the rules judge, for a dial to `number`.
pub(super) fn facts_of<'a>(
    state: &'a CustomerState,
    enrolment: &'a EnrolmentState,
    campaign: &'a CampaignFacts,
    number: &NumberId,
) -> CustomerFacts<'a> {
    let phone = state.phone(number).and_then(|phone| phone.value());
    CustomerFacts {
        campaign,
        basis: enrolment.basis,
        consent: state.consents().get(&campaign.plan.purpose),
        phone: phone.map(String::as_str),
        phone_country: state.phone_country(number),
        home_location: said_home(enrolment),
        time_zone: state.time_zone(),
        charged_dials: enrolment.charged_dials,
        uncharged_dials: enrolment.uncharged_dials,
        own_caps: state.own_caps(),
        preferred: state.preferred_times(),
        callback: enrolment.callback.as_deref().map(|callback| callback.at),
        erasing: state.erasure() != Erasure::None,
        held: state.held().is_some(),
        history: state.history(),
        joined: &[],
        coming: None,
    }
}

/// Returns the verdict that forbids dialing a person with a missing key. It settles the enrolment, because
/// it is not known if the key will be restored. It is not a compliance rule, so grants of other persons
/// have no verdict for it.
pub(super) fn without_key() -> Verdict {
    Verdict {
        rule: KEY_MISSING.to_owned(),
        version: 1,
        effective_from: "2026-11-21".to_owned(),
        decision: Decision::Forbid,
        facts: BTreeMap::from([("key".to_owned(), "missing".to_owned())]),
    }
}

/// Returns the verdict for a customer in a group with a full quota: deferred until the quota opens, or
/// forbidden. It is not a compliance rule, so other grants have no verdict for it.
pub(super) fn quota_full(full: &FullQuota) -> Verdict {
    Verdict {
        rule: QUOTA.to_owned(),
        version: 1,
        effective_from: "2026-11-25".to_owned(),
        decision: full.until.map_or(Decision::Forbid, Decision::DeferUntil),
        facts: full.facts.clone(),
    }
}

/// Returns the verdict that forbids a requested call after its deadline. It is not a compliance rule, so
/// other grants have no verdict for it.
pub(super) fn too_late(deadline: Timestamp) -> Verdict {
    Verdict {
        rule: DEADLINE_OVER.to_owned(),
        version: 1,
        effective_from: "2026-11-22".to_owned(),
        decision: Decision::Forbid,
        facts: BTreeMap::from([("deadline".to_owned(), deadline.to_string())]),
    }
}

/// Returns the enrolment if its dial may be judged. Refused if it is settled, has an open call, is not due,
/// or the id is merged into another one.
fn askable<'a>(
    state: &'a CustomerState,
    campaign: &CampaignFacts,
    now: Timestamp,
) -> Result<&'a EnrolmentState, CustomerRefusal> {
    let campaign = &campaign.campaign;
    let enrolment = state
        .enrolment(campaign)
        .ok_or_else(|| CustomerRefusal::NotEnrolled {
            campaign: campaign.clone(),
        })?;
    if let Some(into) = state.merged_into() {
        return Err(CustomerRefusal::MergedInto {
            customer: into.clone(),
        });
    }
    if let Some(settled) = enrolment.settled {
        return Err(CustomerRefusal::Settled {
            campaign: campaign.clone(),
            disposition: settled.disposition,
        });
    }
    if let Some(call) = enrolment.open {
        return Err(CustomerRefusal::AlreadyGranted { call });
    }
    if now < enrolment.due_at {
        return Err(CustomerRefusal::NotDue {
            due_at: enrolment.due_at,
        });
    }
    Ok(enrolment)
}

fn refuse(
    state: &CustomerState,
    enrolment: &EnrolmentState,
    facts: &CustomerFacts<'_>,
    call: CallId,
    verdict: &Verdict,
    now: Timestamp,
) -> DecideResult {
    let campaign = &facts.campaign.campaign;
    let permitted_at = match verdict.decision {
        Decision::DeferUntil(at) => permitted_from(facts, at),
        Decision::Forbid | Decision::Allow => None,
    };
    let not_before = permitted_at.filter(|at| enrolment.is_in_time(*at, facts.campaign.plan.ends_at));
    if let Some(due_at) = not_before
        && was_refused_today(enrolment, facts, verdict, now)
    {
        return Err(CustomerRefusal::NotDue { due_at });
    }
    let mut events = vec![CustomerEvent::DialRefused {
        campaign: campaign.clone(),
        call,
        verdict: verdict.clone(),
        not_before,
    }];
    events.extend(callbacks::deferred_beyond(
        state,
        enrolment,
        facts.campaign,
        verdict,
        not_before,
    ));
    if not_before.is_none() {
        let forbidden = ForbiddingRule {
            rule: verdict.rule.clone(),
            facts: verdict.facts.clone(),
        };
        events.push(settle_not_permitted(campaign, enrolment, forbidden));
    }
    Ok(events)
}

/// Returns the first instant from `at` on that every rule permits as far as known; `None` if the hours of
/// person, preset and campaign have no instant in common. What is not known yet is assumed to permit: the
/// campaign runs, holds are released, holidays without a calendar are ordinary days, missing facts are
/// recorded. Otherwise each step would push the due time further, and beyond the campaign's end
/// permanently.
fn permitted_from(facts: &CustomerFacts<'_>, at: Timestamp) -> Option<Timestamp> {
    let mut running = facts.campaign.clone();
    running.running = true;
    running.calendars = running.calendars.assuming_ordinary();
    running.kept = running.kept.assuming_kept();
    let joined: Vec<JoinedFacts> = facts.joined.iter().map(JoinedFacts::released).collect();
    let facts = CustomerFacts {
        campaign: &running,
        phone_country: PhoneCountry::Known,
        held: false,
        joined: &joined,
        ..*facts
    };
    let found = first_permitted(at, |at| judge_customer(&facts, at));
    (!never_opens(&facts, found)).then_some(found)
}

/// Returns true if the rules of hours defer to one another `HOURS_STEPS_MAX` times and no other rule
/// forbids.
fn never_opens(facts: &CustomerFacts<'_>, from: Timestamp) -> bool {
    let mut at = from;
    for _ in 0..HOURS_STEPS_MAX {
        let verdicts = judge_customer(facts, at);
        let of_hours = strictest(&verdicts).filter(|one| RULES_OF_HOURS.contains(&one.rule.as_str()));
        match of_hours.map(|verdict| verdict.decision) {
            Some(Decision::DeferUntil(later)) if later > at => at = later,
            Some(Decision::DeferUntil(_) | Decision::Forbid | Decision::Allow) | None => return false,
        }
    }
    true
}

/// Returns true if this rule refused this enrolment earlier today (callee's local day) and there was no
/// grant since: a further event would say nothing new.
fn was_refused_today(
    enrolment: &EnrolmentState,
    facts: &CustomerFacts<'_>,
    verdict: &Verdict,
    now: Timestamp,
) -> bool {
    let preset = facts.campaign.plan.preset;
    enrolment
        .refused_at
        .get(&verdict.rule)
        .is_some_and(|before| same_local_day(preset, facts.phone, facts.time_zone, *before, now))
}
