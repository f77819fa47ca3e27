//! An answer: stored first, then acknowledged. While the store is away the callee waits, at most as long as
//! the line lets an answer wait; the answer itself waits until the store is back.

use super::Attempt;
use super::leg::{CANCEL_MS_MAX, LegEnd};
use crate::drivers::kit::{Halt, Kit, call_cause};
use crate::entity::Answer;
use domain::call::command::{CallCommand, CallEnding};
use domain::call::event::EndReason;
use domain::call::{Call, EndCause};
use domain::ports::line::{AnsweredDialog, HungUpBy, Leg, LegEvent};
use std::future::Future;
use std::sync::Arc;

/// Wait before what a far end said is offered to the store again. Some tries fit into the time for which an
/// answer may wait.
const STORE_AGAIN_MS: u64 = 250;

/// What became of an answer.
pub(super) enum Acknowledged {
    Talking,
    /// It came after we had given up.
    Late,
    /// The callee or the line had hung up before it was stored.
    Over(CallEnding),
}

/// Asks until the store takes it, also after minutes. The command's id is the same each time. Returns an error
/// for what the store's return does not mend, or when the process stops.
pub(crate) async fn until_stored<T, F>(kit: &Kit, ask: impl Fn() -> F) -> Result<T, Halt>
where
    F: Future<Output = Result<T, Halt>>,
{
    loop {
        match ask().await {
            Err(Halt::Unavailable) if !kit.is_stopping() => {
                let again_at = kit.now().plus_ms(STORE_AGAIN_MS);
                kit.environment.clock.wait_until(again_at).await;
            }
            asked => return asked,
        }
    }
}

/// Stores what a far end said, as soon as the store takes it.
pub(super) async fn store(
    attempt: &mut Attempt,
    what: &str,
    command: CallCommand,
) -> Result<Answer<Call>, Halt> {
    let (kit, call, placed) = (Arc::clone(&attempt.kit), attempt.call, attempt.placed());
    let cause = call_cause(call, what, Some(attempt.last_event));
    let ask = || kit.ask_call(placed, &call, command.clone(), cause);
    let stored = until_stored(&kit, ask).await?;
    attempt.note_stored(cause, &stored);
    Ok(stored)
}

/// Stores the answer, then acknowledges it.
pub(super) async fn answered(
    attempt: &mut Attempt,
    leg: u8,
    dialog: AnsweredDialog,
    handle: &mut dyn Leg,
) -> Result<Acknowledged, Halt> {
    let stored = store(
        attempt,
        &format!("answer_{leg}"),
        CallCommand::Answer { leg, dialog },
    )
    .await?;
    let known = stored.state.leg(leg);
    if known.is_none_or(|known| known.answered.is_none()) {
        if let Err(error) = handle.hang_up().await {
            tracing::debug!(call = %attempt.call, %error, "a late answered leg was over already");
        }
        hear_end(&attempt.kit, handle).await;
        return Ok(Acknowledged::Late);
    }
    if handle.acknowledge().await.is_ok() {
        return Ok(Acknowledged::Talking);
    }
    let heard = hear_end(&attempt.kit, handle).await;
    Ok(Acknowledged::Over(unacknowledged(heard.hung_up_by)))
}

/// How a call ends whose callee heard nothing of us: hung up by the callee, or cut off by us.
fn unacknowledged(hung_up_by: Option<HungUpBy>) -> CallEnding {
    if hung_up_by == Some(HungUpBy::Callee) {
        return CallEnding {
            reason: Some(EndReason::CalleeHungUp),
            ..CallEnding::default()
        };
    }
    CallEnding {
        reason: Some(EndReason::Crash),
        cause: Some(EndCause::AnswerNotStored),
        ..CallEnding::default()
    }
}

/// What a leg says until it has closed.
#[derive(Default)]
struct HeardEnd {
    answered: Option<AnsweredDialog>,
    late_answered: Option<AnsweredDialog>,
    hung_up_by: Option<HungUpBy>,
}

async fn hear_end(kit: &Kit, handle: &mut dyn Leg) -> HeardEnd {
    let deadline = kit.now().plus_ms(CANCEL_MS_MAX);
    let mut heard = HeardEnd::default();
    loop {
        let event = tokio::select! {
            biased;
            event = handle.next() => event,
            () = kit.environment.clock.wait_until(deadline) => return heard,
        };
        match event {
            LegEvent::Answered(dialog) => {
                heard.answered = Some(dialog);
                // Without a record there is nobody to talk to.
                if let Err(error) = handle.hang_up().await {
                    tracing::debug!(%error, "an answered leg was over already");
                }
            }
            LegEvent::LateAnswered(dialog) => heard.late_answered = Some(dialog),
            LegEvent::HungUp { by, .. } => heard.hung_up_by = Some(by),
            LegEvent::Closed(_) => return heard,
            LegEvent::Ringing { .. }
            | LegEvent::Failed(_)
            | LegEvent::Keypress { .. }
            | LegEvent::Played { .. }
            | LegEvent::PlayCut { .. }
            | LegEvent::RecordingFailed => {}
        }
    }
}

/// What the leg does cannot be stored: it is given up, and an answer that came all the same is stored once the
/// store is back. A leg without an answer is left to the watchdog.
pub(super) async fn give_up_unrecorded(
    attempt: &mut Attempt,
    leg: u8,
    mut handle: Box<dyn Leg>,
    halt: Halt,
) -> Result<LegEnd, Halt> {
    if let Err(error) = handle.cancel().await {
        tracing::debug!(call = %attempt.call, %error, "a leg to give up was over already");
    }
    let kit = Arc::clone(&attempt.kit);
    let heard = hear_end(&kit, handle.as_mut()).await;
    drop(handle);
    if let Some(dialog) = heard.answered {
        store(
            attempt,
            &format!("answer_{leg}"),
            CallCommand::Answer { leg, dialog },
        )
        .await?;
        return Ok(LegEnd::Over(unacknowledged(heard.hung_up_by)));
    }
    if let Some(dialog) = heard.late_answered {
        let late = CallCommand::NoteLateAnswer { leg, dialog };
        store(attempt, &format!("late_answer_{leg}"), late).await?;
        return Ok(LegEnd::Over(unacknowledged(None)));
    }
    Err(halt)
}
