//! Late answers: they come after their leg was given up or interrupted. They are stored on the call, then on
//! the customer, who is not due again that day. A start completes what a kill left between the two.

use super::call_purpose::CallPurpose;
use super::driver_context::{DriverContext, Halt, call_cause};
use super::facts::closing_facts;
use super::recent_events::stored_since;
use super::store_retries::{UnstoredAnswer, retry_until_stored};
use crate::error::StartError;
use crate::system::Entities;
use domain::call::CallState;
use domain::call::command::CallCommand;
use domain::call::event::CallEvent;
use domain::customer::command::CustomerCommand;
use domain::customer::{Customer, EnrolmentState};
use domain::ids::{CallId, EventId};
use domain::ports::event_store::StoreError;
use domain::ports::line::AnsweredDialog;
use domain::stored_event::{Cause, Envelope};
use domain::time::Timestamp;

/// How far back a start looks for late answers, in milliseconds. A late answer moves the due time to the
/// next local day, which begins within 25 hours, even when clocks change.
const LOOK_BACK_MS: u64 = 26 * 3_600_000;

/// Most attempts to store an answer after another process has taken over dialing: the lines of this process
/// stay for 5 s.
const HAND_OVER_TRIES_MAX: u32 = 16;
/// Wait between two of these tries, in milliseconds.
const HAND_OVER_AGAIN_MS: u64 = 250;

/// Stores a late answer on the call and then on the customer, retrying until the store accepts it. The leg
/// was acknowledged and hung up before.
pub(super) async fn note_late_answer(
    kit: &DriverContext,
    placed: CallPurpose,
    call: CallId,
    leg: u8,
    dialog: AnsweredDialog,
) {
    let answered_at = kit.now();
    tracing::info!(%call, leg, "a leg that was given up was answered, and hung up");
    let waiting = UnstoredAnswer::of(call, leg);
    let cause = late_answer_cause(call, leg);
    let command = CallCommand::NoteLateAnswer {
        leg,
        dialog: dialog.clone(),
    };
    let stored = retry_until_stored(kit, || kit.ask_call(placed, &call, command.clone(), cause)).await;
    let moved = match stored {
        Ok(answer) => {
            waiting.note_stored();
            if placed != CallPurpose::ForCustomer {
                return;
            }
            let because = EventId::derive(cause.command, 0);
            let customers = &kit.system.customers;
            let ask = || move_due_time(kit, customers, call, &answer.state, answered_at, because);
            retry_until_stored(kit, ask).await
        }
        Err(_) if kit.is_taken_over() => {
            if hand_over(kit, placed, call, leg, dialog).await {
                waiting.note_stored();
            }
            return;
        }
        Err(halt) => Err(halt),
    };
    if let Err(halt) = moved {
        tracing::warn!(%call, %halt, "a late answer could not be stored");
    }
}

fn late_answer_cause(call: CallId, leg: u8) -> Cause {
    call_cause(call, &format!("late_answer_{leg}"), None)
}

/// Stores an answer that only this process knows as a late answer, although another process dials now: that
/// process would otherwise call the person again today. Returns true when both the call and the customer
/// have stored it; false for a test call.
pub(super) async fn hand_over(
    kit: &DriverContext,
    placed: CallPurpose,
    call: CallId,
    leg: u8,
    dialog: AnsweredDialog,
) -> bool {
    if placed != CallPurpose::ForCustomer {
        return false;
    }
    let answered_at = kit.now();
    let cause = late_answer_cause(call, leg);
    let command = CallCommand::NoteLateAnswer { leg, dialog };
    let (calls, customers) = (
        kit.system.calls.without_right(),
        kit.system.customers.without_right(),
    );
    let because = EventId::derive(cause.command, 0);
    for _ in 0..HAND_OVER_TRIES_MAX {
        let stored = async {
            let answer = kit.ask(&calls, &call, command.clone(), cause).await?;
            move_due_time(kit, &customers, call, &answer.state, answered_at, because).await
        };
        match stored.await {
            Ok(()) => {
                tracing::info!(%call, leg, "an answer was stored for the process that dials now");
                return true;
            }
            Err(Halt::Unavailable) => {}
            Err(Halt::Refused | Halt::Fault) => return false,
        }
        let again_at = kit.now().plus_ms(HAND_OVER_AGAIN_MS);
        kit.environment.clock.wait_until(again_at).await;
    }
    false
}

/// Moves the customer's due time to the next local day. The command's id is derived from the call, so a
/// repeat changes nothing.
async fn move_due_time(
    kit: &DriverContext,
    customers: &Entities<Customer>,
    call: CallId,
    state: &CallState,
    answered_at: Timestamp,
    because: EventId,
) -> Result<(), Halt> {
    let (Some(campaign), Some(customer)) = (state.campaign(), state.customer()) else {
        return Err(Halt::Fault);
    };
    let facts = closing_facts(kit, campaign).await?;
    let command = CustomerCommand::NoteLateAnswer {
        call,
        answered_at,
        facts: Box::new(facts),
    };
    let cause = call_cause(call, "late_answer_on_customer", Some(because));
    match kit.ask(customers, customer, command, cause).await {
        // A customer who is no longer enrolled is not due.
        Ok(_) | Err(Halt::Refused) => Ok(()),
        Err(halt) => Err(halt),
    }
}

/// Stores late answers on customers when only the call has the event, because the process ended between the
/// two appends. Runs before the first dial. Fails if the store is unavailable; the start is then tried
/// again.
pub(super) async fn complete(kit: &DriverContext) -> Result<(), StartError> {
    let since = kit.now().minus_ms(LOOK_BACK_MS);
    let store = kit.environment.store.as_ref();
    let stored = match stored_since(store, CallEvent::LATE_ANSWERED, since).await {
        Ok(stored) => stored,
        Err(StoreError::Damaged(what)) => {
            tracing::warn!(%what, "late answers without an event of the customer could not be read");
            return Ok(());
        }
        Err(error) => return Err(error.into()),
    };
    for late in stored {
        match complete_one(kit, &late).await {
            Ok(()) => {}
            Err(Halt::Unavailable) => {
                let why = "a late answer could not be stored on its customer";
                return Err(StoreError::Unavailable(why.to_owned()).into());
            }
            Err(halt @ (Halt::Refused | Halt::Fault)) => {
                tracing::error!(stream = %late.stream, %halt, "a late answer is not stored on its customer");
            }
        }
    }
    Ok(())
}

async fn complete_one(kit: &DriverContext, late: &Envelope) -> Result<(), Halt> {
    let Ok(call) = late.stream.id().parse::<CallId>() else {
        return Err(Halt::Fault);
    };
    let state = kit.state(&kit.system.calls, &call).await?.state;
    let (Some(campaign), Some(customer)) = (state.campaign(), state.customer()) else {
        return Err(Halt::Fault);
    };
    // If the call is open or ended later, its end brings the late answer to the customer.
    if state.ended().is_none_or(|ended| late.at < ended.at) {
        return Ok(());
    }
    let known = kit.state(&kit.system.customers, customer).await?.state;
    let Some(enrolment) = known.enrolment(campaign) else {
        return Ok(());
    };
    let is_stored = enrolment.late_answer.as_ref().is_some_and(|one| one.call == call);
    if is_stored || is_dialed_since(kit, enrolment, call, late.at).await? {
        return Ok(());
    }
    tracing::info!(%call, "a late answer is stored on its customer; the last process stopped before that");
    move_due_time(kit, &kit.system.customers, call, &state, late.at, late.id).await
}

/// Returns true if another call of the enrolment was dialed after the answer. The end of that call has set
/// the due time.
async fn is_dialed_since(
    kit: &DriverContext,
    enrolment: &EnrolmentState,
    call: CallId,
    answered_at: Timestamp,
) -> Result<bool, Halt> {
    let last = enrolment.open.or_else(|| enrolment.last.map(|last| last.call));
    let Some(other) = last.filter(|last| *last != call) else {
        return Ok(false);
    };
    let state = kit.state(&kit.system.calls, &other).await?.state;
    Ok(state
        .legs()
        .first()
        .is_some_and(|leg| leg.dialing_at > answered_at))
}
