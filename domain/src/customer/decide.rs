//! Decides commands to one customer: enrolling, releases; consent, grants and closings have their own files.

use super::command::{AdditionalPhone, CustomerCommand, Enrolment, ForbiddingRule, GivenConsent};
use super::decider_support::{DecideResult, check_count, check_not_erased, check_readable, settle_by_rule};
use super::erasure_commands::append_pending_erasure;
use super::event::CustomerEvent;
use super::profile::Profile;
use super::profile_origin::ProfileOrigin;
use super::refusal::CustomerRefusal;
use super::state::CustomerState;
use super::{
    assignment, call_now, callbacks, close_call, consent, correction, cut_off, deals, dial_release,
    erasure_commands, grant_dial, history_import, id_merge, late_answer, number_confirmation, own_rules,
    preview_judgment, profile_update, withdrawal,
};
use crate::calling_plan::DeduplicationScope;
use crate::compliance::SAME_NUMBER;
use crate::decider::Context;
use crate::personal::Personal;
use crate::ranking::{EnrolmentFacts, EnrolmentRanking};
use crate::time::Timestamp;
use std::collections::BTreeMap;
use values::disposition::Disposition;
use values::ids::{CallId, CampaignId, CustomerId, EnrolmentId};

/// The most phone numbers of one person; more are refused. Files have two or three; more suggest a wrong
/// column mapping.
const NUMBERS_MAX: usize = 16;

/// The most campaigns in which one person is enrolled; more are refused. One a day for ten years; the state
/// of each stays in memory.
const ENROLMENTS_MAX: usize = 4_096;

pub(super) fn decide(state: &CustomerState, command: CustomerCommand, context: Context) -> DecideResult {
    let with_pending_erasure = |events| Ok(append_pending_erasure(state, events, context.now));
    match command {
        CustomerCommand::Enrol(row) => enrol(state, *row, context.now),
        CustomerCommand::WithdrawEnrolment {
            campaign,
            list,
            reason,
            by,
        } => withdrawal::withdraw(state, campaign, list, reason, by),
        CustomerCommand::GrantDial {
            customer,
            facts,
            joined,
        } => grant_dial::grant_dial(state, customer, &facts, &joined, context.now),
        CustomerCommand::JudgePreview { .. } => preview_judgment::judge(state, command, context.now),
        CustomerCommand::SkipPreview {
            campaign,
            agent,
            reason,
            wait_ms,
        } => preview_judgment::skip(state, campaign, agent, reason, context.now.plus_ms(wait_ms)),
        CustomerCommand::ReleaseDial { .. } => {
            with_pending_erasure(dial_release::release_dial(state, command, context.now)?)
        }
        CustomerCommand::CloseCall { closing, facts } => {
            with_pending_erasure(close_call::close_call(state, &closing, &facts)?)
        }
        CustomerCommand::NoteLateAnswer { .. } => late_answer::note(state, command),
        CustomerCommand::CallBack { campaign, by } => cut_off::call_back(state, campaign, by, context.now),
        CustomerCommand::CallNow { campaign, deadline } => {
            check_not_erased(state)?;
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
        CustomerCommand::Hold { reason, by } => erasure_commands::hold(state, reason, by),
        CustomerCommand::ReleaseHold { .. } => erasure_commands::release_hold(state, command, context.now),
        CustomerCommand::Erase { .. } => erasure_commands::erase(state, command, context.now),
        CustomerCommand::Assign { to, reason } => assignment::assign(state, to, reason),
        CustomerCommand::Unassign { reason } => assignment::unassign(state, reason),
        CustomerCommand::Correct(correction) => correction::correct(state, *correction),
        CustomerCommand::SetAttributes(order) => profile_update::set_attributes(state, *order),
        CustomerCommand::Tag(order) => profile_update::tag(state, *order),
        CustomerCommand::SetCaps { .. } => own_rules::set_caps(state, command, context.now),
        CustomerCommand::SetPreferredTimes { .. } => own_rules::set_preferred_times(state, command),
        CustomerCommand::ConfirmNumber { number, reason } => {
            number_confirmation::confirm_number(state, number, reason)
        }
        CustomerCommand::ReportDeal(report) => deals::report(state, *report, context.now),
        CustomerCommand::ImportHistory(order) => history_import::import(state, *order, context.now),
        CustomerCommand::Merge(order) => id_merge::merge(state, order),
        CustomerCommand::Unmerge(order) => id_merge::unmerge(state, order),
        CustomerCommand::CertifyErasure(done) => erasure_commands::certify(state, *done),
    }
}

fn record_consent(state: &CustomerState, command: CustomerCommand, now: Timestamp) -> DecideResult {
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

/// Cancels a requested call before its grant and settles the enrolment. Refused if the call was not
/// requested or is granted.
fn cancel_asked(state: &CustomerState, id: EnrolmentId, call: CallId, why: ForbiddingRule) -> DecideResult {
    let campaign = id.campaign.clone();
    let Some(enrolment) = state.enrolment(&campaign) else {
        return Err(CustomerRefusal::NotEnrolled { campaign });
    };
    call_now::may_cancel(enrolment, id, call)?;
    Ok(settle_by_rule(&campaign, enrolment, why))
}

fn enrol(state: &CustomerState, row: Enrolment, now: Timestamp) -> DecideResult {
    check_not_erased(state)?;
    if let Some(enrolment) = state.enrolment(&row.campaign) {
        return Err(CustomerRefusal::AlreadyEnrolled {
            campaign: row.campaign,
            list: enrolment.list,
        });
    }
    if row.dedupe == DeduplicationScope::Everywhere
        && let Some((campaign, other)) = state.enrolments().iter().next()
    {
        return Err(CustomerRefusal::AlreadyEnrolled {
            campaign: campaign.clone(),
            list: other.list,
        });
    }
    check_readable(state)?;
    let own = AdditionalPhone {
        number: row.number.clone(),
        phone: row.phone,
        country: row.country,
    };
    let phones = std::iter::once(own).chain(row.further_phones);
    let new: Vec<AdditionalPhone> = phones.filter(|one| state.phone(&one.number).is_none()).collect();
    check_count(state.numbers().len() + new.len(), NUMBERS_MAX, "numbers")?;
    check_count(state.enrolments().len() + 1, ENROLMENTS_MAX, "enrolments")?;
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
    let left_out = id_merge::settle_merged_row(state, &row.campaign).or(same_number);
    let known = EnrolmentFacts {
        columns: &row.variables,
        attributes: state.profile().map(Profile::values),
        tags: state.profile().into_iter().flat_map(Profile::tag_names).collect(),
        now,
    };
    let placing =
        EnrolmentRanking::of(row.priority.as_deref(), row.best_times.as_deref(), &known).map(Box::new);
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

/// Returns the event that settles a new enrolment because another customer id has the same phone in the
/// campaign: this one is never called.
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
