//! Planted bugs of the customer's decide function.

use super::verdicts::{self, IgnoredVerdict, allowed};
use crate::telemarketing::REGISTRY;
use domain::compliance::{CustomerGrant, GRANT_VALID_MS};
use domain::customer::command::CustomerCommand;
use domain::customer::{Customer, CustomerEvent, CustomerRefusal, CustomerState};
use domain::decider::{Context, Decider};
use domain::registry_book::Edition;
use std::sync::Arc;

type DecideResult = Result<Vec<CustomerEvent>, CustomerRefusal>;

/// Decides, and grants a dial that was refused by an ignored verdict.
fn decide_ignoring(
    ignored: IgnoredVerdict,
    state: &CustomerState,
    command: CustomerCommand,
    context: Context,
) -> DecideResult {
    let CustomerCommand::GrantDial { customer, .. } = &command else {
        return Customer::decide(state, command, context);
    };
    let customer = customer.clone();
    let events = Customer::decide(state, command, context)?;
    let Some(CustomerEvent::DialRefused {
        campaign,
        call,
        verdict,
        ..
    }) = events.first()
    else {
        return Ok(events);
    };
    let enrolment = state.enrolment(campaign);
    let Some(enrolment) = enrolment.filter(|_| ignored(verdict, context.now)) else {
        return Ok(events);
    };
    let grant = CustomerGrant {
        call: *call,
        campaign: campaign.clone(),
        customer,
        number: enrolment.number.clone(),
        valid_until: context.now.plus_ms(GRANT_VALID_MS),
        legs_until: None,
        verdicts: vec![allowed(verdict)],
    };
    let attempt = enrolment.attempts.saturating_add(1);
    Ok(vec![CustomerEvent::DialGranted { attempt, grant }])
}

pub(super) fn with_a_call_above_the_cap(
    state: &CustomerState,
    command: CustomerCommand,
    context: Context,
) -> DecideResult {
    decide_ignoring(verdicts::is_by_one_call, state, command, context)
}

pub(super) fn in_the_second_after(
    state: &CustomerState,
    command: CustomerCommand,
    context: Context,
) -> DecideResult {
    decide_ignoring(verdicts::is_in_the_second_after, state, command, context)
}

pub(super) fn in_the_hour_after(
    state: &CustomerState,
    command: CustomerCommand,
    context: Context,
) -> DecideResult {
    decide_ignoring(verdicts::is_in_the_hour_after, state, command, context)
}

pub(super) fn in_the_rest(state: &CustomerState, command: CustomerCommand, context: Context) -> DecideResult {
    decide_ignoring(verdicts::is_in_the_rest, state, command, context)
}

pub(super) fn by_winter_time(
    state: &CustomerState,
    command: CustomerCommand,
    context: Context,
) -> DecideResult {
    decide_ignoring(verdicts::is_in_the_window_by_winter_time, state, command, context)
}

pub(super) fn on_holidays(state: &CustomerState, command: CustomerCommand, context: Context) -> DecideResult {
    decide_ignoring(verdicts::is_on_a_holiday, state, command, context)
}

pub(super) fn with_expired_consent(
    state: &CustomerState,
    command: CustomerCommand,
    context: Context,
) -> DecideResult {
    decide_ignoring(verdicts::is_by_expired_consent, state, command, context)
}

pub(super) fn with_a_robot_alone(
    state: &CustomerState,
    command: CustomerCommand,
    context: Context,
) -> DecideResult {
    decide_ignoring(verdicts::is_without_agents, state, command, context)
}

/// Takes an imported registry for one of today.
pub(super) fn with_an_old_registry(
    state: &CustomerState,
    mut command: CustomerCommand,
    context: Context,
) -> DecideResult {
    let today = context.now.to_string();
    if let CustomerCommand::GrantDial { facts, .. } = &mut command
        && let Ok(registry) = REGISTRY.parse()
        && facts.kept.registries.get(&registry).is_some()
        && let Some(Ok(as_of)) = today.get(..10).map(str::parse)
    {
        let edition = Edition {
            as_of,
            areas: Vec::new(),
            digests: None,
            numbers: 1,
            bad: 0,
            uncallable: 0,
        };
        Arc::make_mut(&mut facts.kept.registries).take(&registry, &edition);
    }
    Customer::decide(state, command, context)
}

pub(super) fn without_retry_waits(
    state: &CustomerState,
    mut command: CustomerCommand,
    context: Context,
) -> DecideResult {
    if let CustomerCommand::CloseCall { facts, .. } = &mut command {
        for rule in facts.plan.retry_policy.rules.values_mut() {
            rule.waits_ms = vec![0];
        }
    }
    Customer::decide(state, command, context)
}

pub(super) fn without_hold_off(
    state: &CustomerState,
    mut command: CustomerCommand,
    context: Context,
) -> DecideResult {
    if let CustomerCommand::CloseCall { closing, .. } = &mut command {
        closing.hold_off_ms = 0;
    }
    Customer::decide(state, command, context)
}

pub(super) fn with_undone_lists(
    state: &CustomerState,
    mut command: CustomerCommand,
    context: Context,
) -> DecideResult {
    if let CustomerCommand::GrantDial { facts, .. } = &mut command {
        facts.undone_lists.clear();
    }
    Customer::decide(state, command, context)
}

/// The last call of an enrolment settles it twice.
pub(super) fn with_two_settlements(
    state: &CustomerState,
    command: CustomerCommand,
    context: Context,
) -> DecideResult {
    let closes = matches!(&command, CustomerCommand::CloseCall { .. });
    let mut events = Customer::decide(state, command, context)?;
    let last = events.last().filter(|_| closes);
    let settled = last.filter(|event| matches!(event, CustomerEvent::EnrolmentSettled { .. }));
    events.extend(settled.cloned());
    Ok(events)
}

/// A withdrawal settles nothing, and a withdrawn customer is dialed.
pub(super) fn without_settling_the_withdrawn(
    state: &CustomerState,
    mut command: CustomerCommand,
    context: Context,
) -> DecideResult {
    if let CustomerCommand::GrantDial { facts, .. } = &mut command
        && state.enrolment(&facts.campaign).is_some_and(|one| one.withdrawn)
    {
        // Otherwise the withdrawal of an undone list is stored again at each request.
        facts.undone_lists.clear();
    }
    let mut events = Customer::decide(state, command, context)?;
    if let Some(CustomerEvent::EnrolmentWithdrawn { .. }) = events.first() {
        events.truncate(1);
    }
    Ok(events)
}
