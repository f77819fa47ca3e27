//! Decides commands to one customer: enrolling, releases; consent, grants and closings have their own files.

use super::answering::{Decided, at_most, not_erased, readable, settled_by};
use super::command::{CustomerCommand, Enrolment, ForbiddenBy, GivenConsent, TheirPhone};
use super::event::CustomerEvent;
use super::profile::Profile;
use super::profile_origin::ProfileOrigin;
use super::refusal::CustomerRefusal;
use super::state::CustomerState;
use super::{
    assignment, call_now, callbacks, close_call, confirming, consent, correction, cut_off, deals, forget,
    grant_dial, late_answer, merging, own_rules, past, previewing, profiling, releasing, withdrawing,
};
use crate::calling_plan::Dedupe;
use crate::compliance::SAME_NUMBER;
use crate::decider::Context;
use crate::personal::Personal;
use crate::ranking::{KnownOfPerson, Placing};
use crate::time::Timestamp;
use std::collections::BTreeMap;
use values::disposition::Disposition;
use values::ids::{CallId, CampaignId, CustomerId, EnrolmentId};

/// The most numbers of one person: files have two or three; more suggest a wrong column mapping.
const NUMBERS_MAX: usize = 16;

/// The most campaigns one person may be in: one a day for ten years. The state of each stays in memory.
const ENROLMENTS_MAX: usize = 4_096;

pub(super) fn decide(state: &CustomerState, command: CustomerCommand, context: Context) -> Decided {
    match command {
        CustomerCommand::Enrol(row) => enrol(state, *row, context.now),
        CustomerCommand::WithdrawEnrolment {
            campaign,
            list,
            reason,
            by,
        } => withdrawing::withdraw(state, campaign, list, reason, by),
        CustomerCommand::GrantDial {
            customer,
            facts,
            joined,
        } => grant_dial::grant_dial(state, customer, &facts, &joined, context.now),
        CustomerCommand::JudgePreview { .. } => previewing::judge(state, command, context.now),
        CustomerCommand::SkipPreview {
            campaign,
            agent,
            reason,
            wait_ms,
        } => previewing::skip(state, campaign, agent, reason, context.now.plus_ms(wait_ms)),
        CustomerCommand::ReleaseDial { .. } => {
            let events = releasing::release_dial(state, command, context.now)?;
            Ok(forget::with_what_waited(state, events, context.now))
        }
        CustomerCommand::CloseCall { closing, facts } => {
            let events = close_call::close_call(state, &closing, &facts)?;
            Ok(forget::with_what_waited(state, events, context.now))
        }
        CustomerCommand::NoteLateAnswer { .. } => late_answer::note(state, command),
        CustomerCommand::CallBack { campaign, by } => cut_off::call_back(state, campaign, by, context.now),
        CustomerCommand::CallNow { campaign, deadline } => {
            not_erased(state)?;
            call_now::call_now(state.enrolment(&campaign), campaign, deadline, context.now)
        }
        CustomerCommand::RequestCallback(order) => callbacks::request(state, *order, context.now),
        CustomerCommand::CancelCallback { .. } => callbacks::cancel(state, command, context.now),
        CustomerCommand::CancelAsked {
            customer,
            campaign,
            call,
            reason,
            by,
        } => {
            let id = EnrolmentId { campaign, customer };
            cancel_asked(state, id, call, call_now::canceled(reason, by))
        }
        CustomerCommand::SettleCutOff { campaign, reason, by } => {
            cut_off::settle(state, campaign, reason, by)
        }
        CustomerCommand::RecordConsent { .. } => record_consent(state, command, context.now),
        CustomerCommand::WithdrawConsent { scope, source } => consent::withdraw(state, scope, source),
        CustomerCommand::Hold { reason, by } => forget::hold(state, reason, by),
        CustomerCommand::ReleaseHold { .. } => forget::release_hold(state, command, context.now),
        CustomerCommand::Erase { .. } => forget::erase(state, command, context.now),
        CustomerCommand::Assign { to, reason } => assignment::assign(state, to, reason),
        CustomerCommand::Unassign { reason } => assignment::unassign(state, reason),
        CustomerCommand::Correct(correction) => correction::correct(state, *correction),
        CustomerCommand::SetAttributes(order) => profiling::set_attributes(state, *order),
        CustomerCommand::Tag(order) => profiling::tag(state, *order),
        CustomerCommand::SetCaps { .. } => own_rules::set_caps(state, command, context.now),
        CustomerCommand::SetPreferredTimes { .. } => own_rules::set_preferred_times(state, command),
        CustomerCommand::ConfirmNumber { number, reason } => {
            confirming::confirm_number(state, number, reason)
        }
        CustomerCommand::ReportDeal(report) => deals::report(state, *report, context.now),
        CustomerCommand::ImportHistory(order) => past::import(state, *order, context.now),
        CustomerCommand::Merge(order) => merging::merge(state, order),
        CustomerCommand::Unmerge(order) => merging::unmerge(state, order),
        CustomerCommand::CertifyErasure(done) => forget::certify(state, *done),
    }
}

fn record_consent(state: &CustomerState, command: CustomerCommand, now: Timestamp) -> Decided {
    let CustomerCommand::RecordConsent {
        scope,
        source,
        given_at,
        until,
        evidence,
    } = command
    else {
        return Ok(Vec::new());
    };
    let given = GivenConsent {
        scope,
        source,
        given_at,
        until,
        evidence,
    };
    consent::give(state, given, now)
}

/// Cancels a requested call before its grant and settles the enrolment.
fn cancel_asked(state: &CustomerState, id: EnrolmentId, call: CallId, why: ForbiddenBy) -> Decided {
    let campaign = id.campaign.clone();
    let Some(enrolment) = state.enrolment(&campaign) else {
        return Err(CustomerRefusal::NotEnrolled { campaign });
    };
    call_now::may_cancel(enrolment, id, call)?;
    Ok(settled_by(&campaign, enrolment, why))
}

fn enrol(state: &CustomerState, row: Enrolment, now: Timestamp) -> Decided {
    not_erased(state)?;
    if let Some(enrolment) = state.enrolment(&row.campaign) {
        return Err(CustomerRefusal::AlreadyEnrolled {
            campaign: row.campaign,
            list: enrolment.list,
        });
    }
    if row.dedupe == Dedupe::Everywhere
        && let Some((campaign, other)) = state.enrolments().iter().next()
    {
        return Err(CustomerRefusal::AlreadyEnrolled {
            campaign: campaign.clone(),
            list: other.list,
        });
    }
    readable(state)?;
    let own = TheirPhone {
        number: row.number.clone(),
        phone: row.phone,
        country: row.country,
    };
    let phones = std::iter::once(own).chain(row.further_phones);
    let new: Vec<TheirPhone> = phones.filter(|one| state.phone(&one.number).is_none()).collect();
    at_most(state.numbers().len() + new.len(), NUMBERS_MAX, "numbers")?;
    at_most(state.enrolments().len() + 1, ENROLMENTS_MAX, "enrolments")?;
    let mut events = Vec::new();
    if !state.is_registered() {
        events.push(CustomerEvent::Registered {
            external_id: Personal::open_hashed(row.external_id),
            name: row.name.map(Personal::open),
            time_zone: row.time_zone,
        });
    }
    events.extend(new.into_iter().map(|one| CustomerEvent::NumberAdded {
        number: one.number,
        phone: Personal::open_hashed(one.phone),
        country: Some(one.country),
    }));
    if let Some(consent) = row.consent {
        events.extend(consent::of_row(state, consent, now)?);
    }
    if !row.preferred.is_empty() {
        let origin = ProfileOrigin::Import { list: row.list };
        events.extend(own_rules::preferred_of_row(state, row.preferred, origin));
    }
    let same_number = row.same_number_as.map(|other| left_out(&row.campaign, &other));
    let left_out = merging::left_out(state, &row.campaign).or(same_number);
    let known = KnownOfPerson {
        columns: &row.variables,
        attributes: state.profile().map(Profile::values),
        tags: state.profile().into_iter().flat_map(Profile::tag_names).collect(),
        now,
    };
    let placing = Placing::of(row.priority.as_deref(), row.best_times.as_deref(), &known).map(Box::new);
    events.push(CustomerEvent::Enrolled {
        campaign: row.campaign,
        list: row.list,
        number: row.number,
        basis: row.basis,
        due_at: now,
        variables: all_personal(row.variables),
        placing,
    });
    events.extend(left_out);
    Ok(events)
}

/// Settles an enrolment at once because another customer id has the same phone in the campaign: this one is
/// never called.
fn left_out(campaign: &CampaignId, same_as: &CustomerId) -> CustomerEvent {
    CustomerEvent::EnrolmentSettled {
        campaign: campaign.clone(),
        disposition: Disposition::NotPermitted,
        outcome: None,
        calls_count: 0,
        rule: Some(SAME_NUMBER.to_owned()),
        facts: BTreeMap::from([("same_as".to_owned(), same_as.to_string())]),
    }
}

fn all_personal(variables: BTreeMap<String, String>) -> BTreeMap<String, Personal<String>> {
    let personal = |(name, value)| (name, Personal::open(value));
    variables.into_iter().map(personal).collect()
}
