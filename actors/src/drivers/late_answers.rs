//! Answers that come after their leg was given up or interrupted: stored on the call, then on the customer,
//! who is not due again that day.

use super::facts::closing_facts;
use super::kit::{Halt, Kit, call_cause};
use super::placed::Placed;
use super::until_stored::until_stored;
use domain::call::CallState;
use domain::call::command::CallCommand;
use domain::customer::command::CustomerCommand;
use domain::ids::{CallId, EventId};
use domain::ports::line::AnsweredDialog;
use domain::time::Timestamp;

/// Stores a late answer as soon as the store takes it. The leg has had its ACK and BYE.
pub(super) async fn note_late_answer(
    kit: &Kit,
    placed: Placed,
    call: CallId,
    leg: u8,
    dialog: AnsweredDialog,
) {
    let answered_at = kit.now();
    tracing::info!(%call, leg, "a leg that was given up was answered, and hung up");
    let cause = call_cause(call, &format!("late_answer_{leg}"), None);
    let command = CallCommand::NoteLateAnswer { leg, dialog };
    let stored = until_stored(kit, || kit.ask_call(placed, &call, command.clone(), cause)).await;
    let moved = match stored {
        Ok(answer) if placed == Placed::ForCustomer => {
            let because = EventId::derive(cause.command, 0);
            move_due_time(kit, call, &answer.state, answered_at, because).await
        }
        Ok(_) => Ok(()),
        Err(halt) => Err(halt),
    };
    if let Err(halt) = moved {
        tracing::warn!(%call, %halt, "a late answer could not be stored");
    }
}

async fn move_due_time(
    kit: &Kit,
    call: CallId,
    state: &CallState,
    answered_at: Timestamp,
    because: EventId,
) -> Result<(), Halt> {
    let (Some(campaign), Some(customer)) = (state.campaign(), state.customer()) else {
        return Err(Halt::Fault);
    };
    let facts = until_stored(kit, || closing_facts(kit, campaign)).await?;
    let command = CustomerCommand::NoteLateAnswer {
        call,
        answered_at,
        facts: Box::new(facts),
    };
    let cause = call_cause(call, "late_answer_on_customer", Some(because));
    let ask = || kit.ask(&kit.system.customers, customer, command.clone(), cause);
    match until_stored(kit, ask).await {
        // Whoever is not enrolled any more is not due either.
        Ok(_) | Err(Halt::Refused) => Ok(()),
        Err(halt) => Err(halt),
    }
}
