//! The answer of a leg: it is stored first, then acknowledged. While the store is unavailable the callee
//! waits, at most as long as the line lets an answer wait; the record itself waits until the store is
//! available.

use crate::drivers::call_purpose::CallPurpose;
use crate::drivers::driver_context::{DriverContext, Halt, call_cause};
use crate::drivers::late_answers::hand_over;
use crate::drivers::store_retries::{UnstoredAnswer, retry_until_stored};
use crate::entity::Answer;
use domain::call::command::{CallCommand, CallEnding};
use domain::call::event::EndReason;
use domain::call::{Call, EndCause};
use domain::ids::{CallId, EventId};
use domain::ports::line::{AnsweredDialog, HangupSource, Leg, LegEvent};
use domain::stored_event::{Cause, TraceParent};

/// How long a canceled leg may take to report how it ended, in milliseconds: 64 x T1 and a margin (RFC 3261,
/// 9.1).
pub(super) const CANCEL_MS_MAX: u64 = 34_000;

/// Stores events of a far end on a call: the call, its purpose, and the event that caused them.
pub(super) struct CallRecord<'a> {
    pub(super) kit: &'a DriverContext,
    pub(super) placed: CallPurpose,
    pub(super) call: CallId,
    pub(super) last_event: EventId,
    pub(super) trace: Option<TraceParent>,
}

/// The cause of a stored command, and the entity's answer to it.
pub(super) struct StoredAnswer {
    pub(super) cause: Cause,
    pub(super) answer: Answer<Call>,
}

/// What follows from the acknowledgment of an answer.
pub(super) enum AckOutcome {
    Talking,
    /// The answer came after we had given up.
    Late,
    /// The callee or the line had hung up before the answer was stored.
    Over(CallEnding),
}

impl CallRecord<'_> {
    /// Stores an event of a far end, retrying until the store accepts it. `what`: the kind of event, from
    /// which the command's id is derived.
    pub(super) async fn store(&self, what: &str, command: CallCommand) -> Result<StoredAnswer, Halt> {
        let cause = call_cause(self.call, what, Some(self.last_event)).in_trace(self.trace);
        let ask = || self.kit.ask_call(self.placed, &self.call, command.clone(), cause);
        let answer = retry_until_stored(self.kit, ask).await?;
        Ok(StoredAnswer { cause, answer })
    }

    pub(super) async fn store_answer(&self, leg: u8, dialog: AnsweredDialog) -> Result<StoredAnswer, Halt> {
        let answer = CallCommand::Answer {
            leg,
            dialog: dialog.clone(),
        };
        self.store_of(leg, &format!("answer_{leg}"), answer, dialog).await
    }

    pub(super) async fn store_late_answer(
        &self,
        leg: u8,
        dialog: AnsweredDialog,
    ) -> Result<StoredAnswer, Halt> {
        let late = CallCommand::NoteLateAnswer {
            leg,
            dialog: dialog.clone(),
        };
        self.store_of(leg, &format!("late_answer_{leg}"), late, dialog)
            .await
    }

    /// Stores an answer of a far end. If another process dials now, stores it as a late answer. A lost
    /// answer is logged.
    async fn store_of(
        &self,
        leg: u8,
        what: &str,
        command: CallCommand,
        dialog: AnsweredDialog,
    ) -> Result<StoredAnswer, Halt> {
        let waiting = UnstoredAnswer::of(self.call, leg);
        let stored = self.store(what, command).await;
        let is_on_record = match &stored {
            Ok(_) => true,
            Err(_) if self.kit.is_taken_over() => {
                hand_over(self.kit, self.placed, self.call, leg, dialog).await
            }
            Err(_) => false,
        };
        if is_on_record {
            waiting.note_stored();
        }
        stored
    }
}

/// Acknowledges a stored answer. Hangs up instead if the call stored it as late.
pub(super) async fn acknowledge(
    kit: &DriverContext,
    leg: u8,
    stored: &StoredAnswer,
    handle: &mut dyn Leg,
) -> AckOutcome {
    let known = stored.answer.state.leg(leg);
    if known.is_none_or(|known| known.answered.is_none()) {
        if let Err(error) = handle.hang_up().await {
            tracing::debug!(leg, %error, "a late answered leg was over already");
        }
        hear_end(kit, handle).await;
        return AckOutcome::Late;
    }
    if handle.acknowledge().await.is_ok() {
        return AckOutcome::Talking;
    }
    let heard = hear_end(kit, handle).await;
    AckOutcome::Over(unacknowledged(heard.hung_up_by))
}

/// Returns the ending of a call with an answer that was not acknowledged: hung up by the callee, or aborted
/// by us.
fn unacknowledged(hung_up_by: Option<HangupSource>) -> CallEnding {
    if hung_up_by == Some(HangupSource::Callee) {
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

/// What a leg reports until it has closed.
#[derive(Default)]
struct LegCloseReport {
    answered: Option<AnsweredDialog>,
    late_answered: Option<AnsweredDialog>,
    hung_up_by: Option<HangupSource>,
}

async fn hear_end(kit: &DriverContext, handle: &mut dyn Leg) -> LegCloseReport {
    let deadline = kit.now().plus_ms(CANCEL_MS_MAX);
    let mut heard = LegCloseReport::default();
    loop {
        let event = tokio::select! {
            biased;
            event = handle.next() => event,
            () = kit.environment.clock.wait_until(deadline) => return heard,
        };
        match event {
            LegEvent::Answered(dialog) => {
                heard.answered = Some(dialog);
                // An answer that is not stored starts no conversation.
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

/// Gives up a leg of which events cannot be stored. If an answer comes nevertheless, it is stored once the
/// store is available. `None`: no answer came, and the watchdog ends the leg.
pub(super) async fn give_up_unrecorded(
    record: &CallRecord<'_>,
    leg: u8,
    mut handle: Box<dyn Leg>,
) -> Result<Option<(StoredAnswer, CallEnding)>, Halt> {
    if let Err(error) = handle.cancel().await {
        tracing::debug!(call = %record.call, %error, "a leg to give up was over already");
    }
    let heard = hear_end(record.kit, handle.as_mut()).await;
    drop(handle);
    let stored = match (heard.answered, heard.late_answered) {
        (Some(dialog), _) => record.store_answer(leg, dialog).await?,
        (None, Some(dialog)) => record.store_late_answer(leg, dialog).await?,
        (None, None) => return Ok(None),
    };
    Ok(Some((stored, unacknowledged(heard.hung_up_by))))
}

/// Returns the reason for `call.ended` of an answered leg that this worker did not end.
pub(crate) const fn reason_of(by: HangupSource) -> EndReason {
    match by {
        HangupSource::Callee => EndReason::CalleeHungUp,
        HangupSource::Robot => EndReason::FlowEnded,
        HangupSource::Media(_) => EndReason::MediaLost,
    }
}
