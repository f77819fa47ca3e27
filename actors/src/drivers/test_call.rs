//! Test calls: run a campaign's flow on one of our own phones, with the lines, voices and limits of every
//! call, before or during the campaign. A test call is an aggregate of its own: it has no customer and no
//! enrolment, and counts in no cap and no figure.

use super::call_purpose::{CallPurpose, TestCallOrder, TestCallRefusal};
use super::conversation::TestCallValues;
use super::driver_context::{DriverContext, Halt};
use super::facts::campaign_facts;
use super::held_lines::HeldPermit;
use super::left_over_legs;
use super::live_calls::Phase;
use super::one_call::Attempt;
use super::watchdog;
use crate::capacity::LegSlot;
use crate::entity::{Answer, EntityState};
use crate::error::StartError;
use domain::call::command::CallCommand;
use domain::call::event::EndReason;
use domain::call::{Call, CallState, TestCallEvent};
use domain::calling_plan::CampaignFacts;
use domain::compliance::{CustomerGrant, NumberGrant, test_grants};
use domain::event_filter::EventFilter;
use domain::ids::{CallId, EnrolmentId, EventId};
use domain::ports::event_store::{PAGE_EVENTS_MAX, StoreError};
use domain::ports::worklist::DueEnrolment;
use domain::stop::StopId;
use domain::stored_event::{Cause, Position, TraceParent};
use domain::test_phones::TestPhonesId;
use std::collections::BTreeSet;
use std::sync::Arc;

/// How far back a start looks for test calls that a crash left open, in milliseconds: longer than a server
/// is down.
const LOOK_BACK_MS: u64 = 30 * 86_400_000;

impl DriverContext {
    /// Sends a command to the entity of a call, which is a test call or a customer's call.
    pub(crate) async fn ask_call(
        &self,
        placed: CallPurpose,
        call: &CallId,
        command: CallCommand,
        cause: Cause,
    ) -> Result<Answer<Call>, Halt> {
        if placed == CallPurpose::ForCustomer {
            return self.ask(&self.system.calls, call, command, cause).await;
        }
        let answer = self.ask(&self.system.test_calls, call, command, cause).await?;
        let steps = answer.events.iter().map(|event| event.step().clone());
        Ok(Answer {
            events: Arc::new(steps.collect()),
            state: answer.state,
            version: answer.version,
            position: answer.position,
            repeated: answer.repeated,
            trace: answer.trace,
        })
    }

    pub(crate) async fn call_state(
        &self,
        placed: CallPurpose,
        call: &CallId,
    ) -> Result<EntityState<Call>, Halt> {
        if placed == CallPurpose::ForCustomer {
            return self.state(&self.system.calls, call).await;
        }
        let loaded = self.state(&self.system.test_calls, call).await?;
        Ok(EntityState {
            state: loaded.state,
            version: loaded.version,
            position: loaded.position,
        })
    }
}

/// Starts a test call to one of our own listed test phones: stores the permit, starts a task that dials,
/// and returns the call's id. The same request again returns the same call and dials nothing; fails with
/// `NotRecorded` if that call was never dialed.
pub(super) async fn begin(kit: &Arc<DriverContext>, order: TestCallOrder) -> Result<CallId, TestCallRefusal> {
    let not_recorded = |_: Halt| TestCallRefusal::NotRecorded;
    let call = CallId::new(order.cause.command.uuid());
    let known = kit
        .call_state(CallPurpose::ForTest, &call)
        .await
        .map_err(not_recorded)?;
    if known.state.permitted().is_some() {
        // The same request again.
        return dialed_before(kit, call, &known.state).await;
    }
    let facts = campaign_facts(kit, &order.campaign).await;
    let facts = facts.map_err(|_none| TestCallRefusal::NoCampaign)?;
    if facts.plan.dialing_mode().needs_agents() {
        return Err(TestCallRefusal::ForAgents);
    }
    let phones = kit
        .state(&kit.system.test_phones, &TestPhonesId)
        .await
        .map_err(not_recorded)?;
    let listed = phones.state.holds(&order.number);
    let granted = test_grants(call, &order.campaign, &order.number, listed, kit.now());
    let (customer, number) = granted.map_err(|_verdict| TestCallRefusal::NotOurs)?;
    // This process may not have served this campaign, so its stop is read first.
    let own = StopId::Campaign(order.campaign.clone());
    let learnt = kit.stops.learn(kit.environment.store.as_ref(), &own).await;
    learnt.map_err(|_unknown| TestCallRefusal::NotDialing)?;
    let place = place(kit, &facts)?;
    let enrolment = EnrolmentId {
        campaign: order.campaign.clone(),
        customer: customer.customer.clone(),
    };
    let working = kit.live.begin_test(&enrolment, &order.number);
    let working = working.ok_or(TestCallRefusal::UnderWay)?;
    working.set_call(call, &order.number);
    let (permit, trace) = permitted(kit, &order, &facts, customer, number).await?;
    let span = kit.environment.span_in(trace);
    let attempt = Attempt {
        kit: Arc::clone(kit),
        due: DueEnrolment {
            campaign: enrolment.campaign.clone(),
            customer: enrolment.customer.clone(),
            number: order.number.clone(),
            due_at: kit.now(),
        },
        facts,
        number: order.number,
        callee: order.phone,
        call,
        trial: Some(Arc::new(TestCallValues {
            variables: order.variables,
        })),
        keeps_agent: false,
        steps_count: 0,
        last: Position(0),
        last_event: EventId::derive(order.cause.command, 0),
        trace: span.map(|span| span.context()),
        keyed_at: None,
    };
    let (stop, ended) = (kit.environment.tasks.stop_signal(), Arc::clone(kit));
    let work = async move {
        let mut working = working;
        tokio::select! {
            biased;
            () = stop.stopping() => {}
            () = Box::pin(dial(attempt, &mut working, place, permit)) => {}
        }
        ended.end_call_span(span, "test_call", &order.campaign, false);
    };
    kit.environment.tasks.spawn("test_call", Box::pin(work));
    Ok(call)
}

/// Returns the call of an earlier, equal request. If it was permitted and never dialed, withdraws it and
/// fails with `NotRecorded`.
async fn dialed_before(
    kit: &DriverContext,
    call: CallId,
    known: &CallState,
) -> Result<CallId, TestCallRefusal> {
    if !known.legs().is_empty() || kit.live.is_at(call) {
        return Ok(call);
    }
    withdraw(kit, call).await;
    Err(TestCallRefusal::NotRecorded)
}

/// Ends a test call that was permitted and will not be dialed. Does nothing if it was not permitted.
async fn withdraw(kit: &DriverContext, call: CallId) {
    let reason = EndReason::GrantExpired;
    let cause = super::driver_context::call_cause(call, "withdraw_test", None);
    let asked = kit
        .ask_call(
            CallPurpose::ForTest,
            &call,
            CallCommand::Withdraw { reason },
            cause,
        )
        .await;
    if let Err(halt) = asked {
        tracing::warn!(%call, %halt, "a test call could not be withdrawn; the next start ends it");
    }
}

/// Takes a slot on the first line that has one, for a test call. Fails if dialing is held (drain, pause,
/// store, clock skew, log damage), an emergency stop applies, or no usable line is free. Calling hours are
/// not checked.
fn place(kit: &Arc<DriverContext>, facts: &CampaignFacts) -> Result<LegSlot, TestCallRefusal> {
    let now = kit.now();
    let is_held = kit.is_draining() || kit.is_dialing_paused() || kit.store_away_until(now).is_some();
    if is_held || kit.environment.skew.stops_dialing() || kit.environment.damage.first().is_some() {
        return Err(TestCallRefusal::NotDialing);
    }
    // Never the slot that a customer's further leg waits for.
    let place = kit.capacity.take_first(now).ok_or(TestCallRefusal::NoPlace)?;
    match kit.stopped(facts, place.line()) {
        Some(EndReason::EmergencyStop) => return Err(TestCallRefusal::Stopped),
        Some(_) => return Err(TestCallRefusal::NotDialing),
        None => {}
    }
    let line = kit.ports.lines.get(place.line());
    if line.is_none_or(|line| line.lack().is_some()) {
        return Err(TestCallRefusal::NoPlace);
    }
    Ok(place)
}

/// Stores the permission under both grants, and creates the permit for the first leg. Returns it with the
/// trace of that event, if it is sampled.
async fn permitted(
    kit: &DriverContext,
    order: &TestCallOrder,
    facts: &CampaignFacts,
    customer: CustomerGrant,
    number: NumberGrant,
) -> Result<(HeldPermit, Option<TraceParent>), TestCallRefusal> {
    let call = customer.call;
    let command = CallCommand::Permit {
        call,
        attempt: 1,
        callee: order.phone.clone(),
        customer_grant: Box::new(customer.clone()),
        number_grant: Box::new(number.clone()),
        flow: facts.flow.clone(),
    };
    let asked = kit
        .ask_call(CallPurpose::ForTest, &call, command, order.cause)
        .await;
    let minted = asked.ok().and_then(|answer| {
        let permit = kit.ports.permit(&customer, &number, kit.now()).ok()?;
        Some((permit, answer.trace))
    });
    if minted.is_none() {
        withdraw(kit, call).await;
    }
    minted.ok_or(TestCallRefusal::NotRecorded)
}

async fn dial(
    mut attempt: Attempt,
    working: &mut super::live_calls::EnrolmentLease,
    place: LegSlot,
    permit: HeldPermit,
) {
    let (kit, call) = (Arc::clone(&attempt.kit), attempt.call);
    let dialed = attempt.run(working, place, permit).await;
    if dialed == Err(Halt::Refused) {
        let reason = working.order().against_dialing();
        let withdraw = CallCommand::Withdraw {
            reason: reason.unwrap_or(EndReason::GrantExpired),
        };
        if let Err(halt) = attempt.ask(withdraw).await {
            tracing::warn!(%call, %halt, "a test call could not be withdrawn");
        }
    } else if let Err(halt) = dialed {
        tracing::warn!(%call, %halt, "a test call was cut off");
        if let Err(halt) = watchdog::end_left_over(&kit, CallPurpose::ForTest, call).await {
            tracing::warn!(%call, %halt, "a test call could not be ended; the next start ends it");
        }
    }
    working.set_phase(Phase::Closing);
    forget_recording(&kit, call).await;
}

/// Deletes the recording of a test call, for which no retention period applies. A failure is only logged.
async fn forget_recording(kit: &DriverContext, call: CallId) {
    if let Err(error) = kit.ports.recordings.delete(call).await {
        tracing::warn!(%call, %error, "the recording of a test call could not be deleted");
    }
}

/// Ends test calls that a crash left open. If damage in the log hides which they are, they stay open;
/// damage stops dialing anyway.
pub(super) async fn sweep(kit: &Arc<DriverContext>) -> Result<(), StartError> {
    let seen = match begun_lately(kit).await {
        Ok(seen) => seen,
        Err(StoreError::Damaged(what)) => {
            tracing::warn!(%what, "test calls that were cut off could not be looked for");
            return Ok(());
        }
        Err(error) => return Err(error.into()),
    };
    for call in seen {
        if let Err(halt) = end_cut_off(kit, call).await {
            tracing::warn!(%call, %halt, "a left-over test call could not be ended");
        }
        forget_recording(kit, call).await;
    }
    Ok(())
}

async fn begun_lately(kit: &DriverContext) -> Result<BTreeSet<CallId>, StoreError> {
    let store = kit.environment.store.as_ref();
    let head = store.head().await?;
    let filter = EventFilter {
        kinds: vec![TestCallEvent::STEP_RECORDED.to_owned()],
        ..EventFilter::default()
    };
    let since = kit.now().minus_ms(LOOK_BACK_MS);
    let mut after = super::recent_events::last_before(store, since, head).await?;
    let mut seen: BTreeSet<CallId> = BTreeSet::new();
    loop {
        let page = store
            .read_matching_until(&filter, after, head, PAGE_EVENTS_MAX)
            .await?;
        let streams = page
            .events
            .iter()
            .filter_map(|stored| stored.shared_envelope().ok());
        seen.extend(streams.filter_map(|envelope| envelope.stream.id().parse::<CallId>().ok()));
        if page.reached == after || page.reached >= head {
            return Ok(seen);
        }
        after = page.reached;
    }
}

async fn end_cut_off(kit: &Arc<DriverContext>, call: CallId) -> Result<(), Halt> {
    let known = kit.call_state(CallPurpose::ForTest, &call).await?.state;
    if known.is_ended() {
        return left_over_legs::watch_ended(kit, CallPurpose::ForTest, call).await;
    }
    if !known.legs().is_empty() {
        return watchdog::end_left_over(kit, CallPurpose::ForTest, call)
            .await
            .map(|_| ());
    }
    let cause = super::driver_context::call_cause(call, "withdraw_test", None);
    let reason = EndReason::Crash;
    let withdraw = CallCommand::Withdraw { reason };
    kit.ask_call(CallPurpose::ForTest, &call, withdraw, cause)
        .await
        .map(|_| ())
}
