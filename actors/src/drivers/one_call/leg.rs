//! One leg: `call.dialing`, the one INVITE, and what the network reports until the leg is answered or failed.

use super::Attempt;
use super::answer::{AckOutcome, CANCEL_MS_MAX, acknowledge, give_up_unrecorded};
use crate::capacity::{LegSlot, TrunkSign};
use crate::drivers::call_purpose::CallPurpose;
use crate::drivers::conversation::{prepare, run_conversation};
use crate::drivers::driver_context::{DriverContext, Halt};
use crate::drivers::held_lines::{HeldLine, HeldPermit};
use crate::drivers::late_answers::note_late_answer;
use crate::drivers::live_calls::{EnrolmentLease, Phase, WorkerOrder};
use domain::call::command::{CallCommand, CallEnding};
use domain::call::event::EndReason;
use domain::call::{EndCause, LegIdentity};
use domain::compliance::ring_ms;
use domain::ids::CallId;
use domain::ports::line::{AnsweredDialog, DialOrder, FailureCause, Leg, LegEvent, LegFailure, LineError};
use domain::time::Timestamp;
use std::sync::Arc;

/// Longest time to an answer, in milliseconds; then the leg is canceled (call progress: hard setup cap).
const SETUP_MS_MAX: u64 = 120_000;
/// Added to the line's own ring timeout, in milliseconds. The ring timeout is ours, so that the request is
/// stored before CANCEL leaves; the line's timeout only takes effect if we are held up.
const RING_BACKSTOP_MS: u64 = 2_000;
/// The end of a leg: not answered, or answered and over.
pub(super) enum LegEnd {
    NotAnswered {
        failure: LegFailure,
        /// The reason why we gave the leg up, if we did.
        given_up: Option<EndReason>,
        /// False if the line was merely full or did not send the order, which says nothing about the trunk.
        blames_trunk: bool,
    },
    /// The leg was answered, and the call is over.
    Over(CallEnding),
}

impl LegEnd {
    fn blameless(self) -> Self {
        match self {
            Self::NotAnswered {
                failure, given_up, ..
            } => Self::NotAnswered {
                failure,
                given_up,
                blames_trunk: false,
            },
            over @ Self::Over(_) => over,
        }
    }
}

/// The wait for the answer of one leg.
struct AnswerWait {
    leg: u8,
    given_up: Option<EndReason>,
    deadline: Timestamp,
}

/// Waits for the line's rate, stores `call.dialing`, dials, follows the leg. `Halt::Refused`: not dialed.
pub(super) async fn run_leg(
    attempt: &mut Attempt,
    working: &mut EnrolmentLease,
    place: &Arc<LegSlot>,
    permit: HeldPermit,
    leg: u8,
) -> Result<LegEnd, Halt> {
    let kit = Arc::clone(&attempt.kit);
    let line = kit.ports.lines.get(place.line()).ok_or(Halt::Fault)?;
    wait_for_rate(&kit, working, place).await?;
    let mut handle = match dial(attempt, line, place, permit, leg).await? {
        Ok(handle) => handle,
        Err(error) => return not_taken(attempt, leg, &error).await,
    };
    working.rings_since(kit.now());
    let trial = attempt.trial.clone();
    let prepared = prepare(&kit, attempt.call, &attempt.due, &attempt.facts, trial);
    let mut waiting = AnswerWait {
        leg,
        given_up: None,
        deadline: kit.now().plus_ms(SETUP_MS_MAX),
    };
    match waiting.outcome(attempt, working, handle.as_mut(), line).await {
        Ok(Outcome::Failed(failure)) => {
            linger(attempt, leg, handle, Arc::clone(place));
            fail_leg(attempt, leg, failure, waiting.given_up).await
        }
        Ok(Outcome::Answered(dialog)) => {
            let stored = attempt.record().store_answer(leg, dialog).await?;
            attempt.note_stored(stored.cause, &stored.answer);
            match acknowledge(&kit, leg, &stored, handle.as_mut()).await {
                AckOutcome::Talking => {
                    kit.capacity.note(place.line(), TrunkSign::Healthy, kit.now());
                    working.set_phase(Phase::Talking);
                    let over = run_conversation(attempt, working, handle, leg, prepared).await;
                    over.map(LegEnd::Over)
                }
                AckOutcome::Late => Ok(given_up_ending(&waiting)),
                AckOutcome::Over(ending) => Ok(LegEnd::Over(ending)),
            }
        }
        Ok(Outcome::Closed) if waiting.given_up.is_some() => Ok(given_up_ending(&waiting)),
        Ok(Outcome::Closed) => fail_leg(attempt, leg, lost(), None).await,
        Err(halt) => match give_up_unrecorded(&attempt.record(), leg, handle).await? {
            Some((stored, ending)) => {
                attempt.note_stored(stored.cause, &stored.answer);
                Ok(LegEnd::Over(ending))
            }
            None => Err(halt),
        },
    }
}

/// Waits until the line's rate allows the dial. Fails with `Halt::Refused` if an order forbids it then.
async fn wait_for_rate(kit: &DriverContext, working: &EnrolmentLease, place: &LegSlot) -> Result<(), Halt> {
    let leaves_at = place.leaves_at(kit.now());
    kit.environment.clock.wait_until(leaves_at).await;
    match working.order().against_dialing() {
        Some(_) => Err(Halt::Refused),
        None => Ok(()),
    }
}

async fn dial(
    attempt: &mut Attempt,
    line: &HeldLine,
    place: &LegSlot,
    permit: HeldPermit,
    leg: u8,
) -> Result<Result<Box<dyn Leg>, LineError>, Halt> {
    let facts = line.facts();
    let identity = LegIdentity::of_key(attempt.kit.environment.vault.derive_leg(&attempt.call, leg));
    let dialing = CallCommand::Dial {
        leg,
        trunk: facts.name,
        sip_call_id: identity.sip_call_id(),
        local: facts.local,
        caller: place.caller(),
        hold_off_ms: facts.hold_off_ms,
    };
    if let Err(error) = line.reserve(attempt.call, leg).await {
        // No event of the leg is stored, and no call is dialed until there may be room again.
        attempt.kit.note_no_room(&error);
        return Err(Halt::Refused);
    }
    // The last check before the record: a stop engaged later finds a ringing leg and cancels it.
    if attempt.is_held_back(place.line()).await {
        line.release(attempt.call, leg);
        return Err(Halt::Refused);
    }
    let order = DialOrder {
        call: attempt.call,
        leg,
        identity,
        callee: attempt.callee.clone(),
        caller: place.caller().map(|caller| caller.number),
        ring_timeout_ms: Some(ring_timeout_ms(attempt, line).saturating_add(RING_BACKSTOP_MS)),
    };
    attempt.store_and_dial(dialing, line, permit, order).await
}

/// Stores the failure of a leg that its line refused to dial: no message left this machine.
async fn not_taken(attempt: &mut Attempt, leg: u8, error: &LineError) -> Result<LegEnd, Halt> {
    tracing::warn!(call = %attempt.call, leg, %error, "a line did not take an order");
    let (lack, blames_trunk) = match error {
        LineError::Lacks(lack) => (Some(*lack), false),
        LineError::NoRecording(_) => (Some(EndCause::RecordingFailed), false),
        LineError::TooLate(_) => (Some(EndCause::TooLate), false),
        LineError::Unavailable(_) => (None, true),
        LineError::PermitMismatch { .. } | LineError::Busy | LineError::Ended | LineError::Invalid(_) => {
            (None, false)
        }
    };
    let end = fail_leg(attempt, leg, nothing_left(lack), None).await?;
    Ok(if blames_trunk { end } else { end.blameless() })
}

/// Returns the ring timeout in milliseconds: the campaign's, else the line's; at least the rules' minimum.
fn ring_timeout_ms(attempt: &Attempt, line: &HeldLine) -> u64 {
    let plan = &attempt.facts.plan;
    let line_ms = || line.facts().ring_timeout_ms;
    let planned_ms = plan.ring_timeout_ms.unwrap_or_else(line_ms);
    ring_ms(plan, planned_ms, attempt.kit.now())
}

async fn fail_leg(
    attempt: &mut Attempt,
    leg: u8,
    failure: LegFailure,
    given_up: Option<EndReason>,
) -> Result<LegEnd, Halt> {
    let command = CallCommand::FailLeg {
        leg,
        failure: failure.clone(),
    };
    attempt.ask(command).await?;
    Ok(LegEnd::NotAnswered {
        failure,
        given_up,
        blames_trunk: true,
    })
}

fn given_up_ending(waiting: &AnswerWait) -> LegEnd {
    LegEnd::Over(CallEnding {
        reason: Some(waiting.given_up.unwrap_or(EndReason::RingTimeout)),
        ..CallEnding::default()
    })
}

/// The result of waiting for a dialed leg's answer.
enum Outcome {
    Failed(LegFailure),
    Answered(AnsweredDialog),
    /// The line closed the leg without an answer or a failure.
    Closed,
}

impl AnswerWait {
    /// Follows the leg until it is answered or over, and stores its events. Fails if they cannot be stored.
    async fn outcome(
        &mut self,
        attempt: &mut Attempt,
        working: &mut EnrolmentLease,
        handle: &mut dyn Leg,
        line: &HeldLine,
    ) -> Result<Outcome, Halt> {
        let leg = self.leg;
        loop {
            let Some(event) = self.next(attempt, working, handle).await? else {
                continue;
            };
            match event {
                LegEvent::Ringing {
                    sip_code,
                    early_media,
                } => {
                    let ringing = CallCommand::NoteRinging {
                        leg,
                        sip_code,
                        early_media,
                    };
                    attempt.ask(ringing).await?;
                    self.ring_for(attempt.kit.now(), ring_timeout_ms(attempt, line));
                }
                LegEvent::Failed(failure) => return Ok(Outcome::Failed(failure)),
                LegEvent::Answered(dialog) => return Ok(Outcome::Answered(dialog)),
                LegEvent::LateAnswered(dialog) => {
                    let stored = attempt.record().store_late_answer(leg, dialog).await?;
                    attempt.note_stored(stored.cause, &stored.answer);
                    // The line had given up by itself: the call has no further leg.
                    self.given_up.get_or_insert(EndReason::RingTimeout);
                }
                LegEvent::Closed(_) | LegEvent::HungUp { .. } => return Ok(Outcome::Closed),
                LegEvent::Keypress { .. }
                | LegEvent::Played { .. }
                | LegEvent::PlayCut { .. }
                | LegEvent::RecordingFailed => {}
            }
        }
    }

    /// Returns the leg's next event; `None` if an order or the deadline was acted on instead.
    async fn next(
        &mut self,
        attempt: &mut Attempt,
        working: &mut EnrolmentLease,
        leg: &mut dyn Leg,
    ) -> Result<Option<LegEvent>, Halt> {
        let clock = Arc::clone(&attempt.kit.environment.clock);
        tokio::select! {
            biased;
            order = working.next_order(), if self.given_up.is_none() => {
                self.obey(attempt, leg, order).await?;
                Ok(None)
            }
            event = leg.next() => Ok(Some(event)),
            () = clock.wait_until(self.deadline) => {
                if self.given_up.is_some() {
                    return Ok(Some(LegEvent::Failed(silence())));
                }
                self.give_up(attempt, leg, EndReason::RingTimeout).await?;
                Ok(None)
            }
        }
    }

    /// Starts the ring timeout, which counts from the first 18x response.
    fn ring_for(&mut self, now: Timestamp, ring_timeout_ms: u64) {
        if self.given_up.is_none() {
            self.deadline = self.deadline.min(now.plus_ms(ring_timeout_ms));
        }
    }

    async fn obey(
        &mut self,
        attempt: &mut Attempt,
        leg: &mut dyn Leg,
        order: WorkerOrder,
    ) -> Result<(), Halt> {
        match order.against_ringing() {
            Some(reason) => self.give_up(attempt, leg, reason).await,
            None => Ok(()),
        }
    }

    /// Stores the request to cancel, then cancels.
    async fn give_up(
        &mut self,
        attempt: &mut Attempt,
        leg: &mut dyn Leg,
        reason: EndReason,
    ) -> Result<(), Halt> {
        self.given_up = Some(reason);
        self.deadline = attempt.kit.now().plus_ms(CANCEL_MS_MAX);
        let command = CallCommand::RequestCancel {
            leg: self.leg,
            reason,
        };
        attempt.ask(command).await?;
        if let Err(error) = leg.cancel().await {
            tracing::debug!(call = %attempt.call, %error, "a leg to cancel was over already");
        }
        Ok(())
    }
}

/// Follows a failed leg in its own task until the line has closed it, and stores a late answer: without a
/// final response one may come. The leg keeps its slot, else the line would refuse another call.
fn linger(attempt: &Attempt, leg: u8, handle: Box<dyn Leg>, place: Arc<LegSlot>) {
    let (kit, call, placed) = (Arc::clone(&attempt.kit), attempt.call, attempt.placed());
    let lingering = async move {
        let (mut handle, place) = (handle, place);
        let stop = kit.environment.tasks.stop_signal();
        tokio::select! {
            biased;
            () = stop.stopping() => {}
            () = hear_out(&kit, placed, call, leg, handle.as_mut()) => {}
        }
        // The line must have the leg back before its slot is given to another call.
        drop(handle);
        drop(place);
    };
    let tasks = &attempt.kit.environment.tasks;
    tasks.spawn("late_answer", Box::pin(lingering));
}

async fn hear_out(kit: &DriverContext, placed: CallPurpose, call: CallId, leg: u8, handle: &mut dyn Leg) {
    let deadline = kit.now().plus_ms(CANCEL_MS_MAX);
    loop {
        let event = tokio::select! {
            biased;
            event = handle.next() => event,
            () = kit.environment.clock.wait_until(deadline) => return,
        };
        match event {
            LegEvent::LateAnswered(dialog) | LegEvent::Answered(dialog) => {
                note_late_answer(kit, placed, call, leg, dialog).await;
            }
            LegEvent::Closed(_) => return,
            LegEvent::Ringing { .. }
            | LegEvent::Failed(_)
            | LegEvent::Keypress { .. }
            | LegEvent::Played { .. }
            | LegEvent::PlayCut { .. }
            | LegEvent::RecordingFailed
            | LegEvent::HungUp { .. } => {}
        }
    }
}

/// Returns a definite failure on our side: no message left. `lack`: the missing local resource, if one was.
fn nothing_left(lack: Option<EndCause>) -> LegFailure {
    LegFailure {
        lack,
        cause: FailureCause::Local,
        definite: true,
        ..LegFailure::default()
    }
}

/// Returns the failure of a leg closed without one: its INVITE may have left, so no further leg follows.
fn lost() -> LegFailure {
    LegFailure {
        cause: FailureCause::Local,
        ..LegFailure::default()
    }
}

/// Returns the failure of a canceled leg without any response (CANCEL race d).
fn silence() -> LegFailure {
    LegFailure {
        cause: FailureCause::Cancelled,
        ..LegFailure::default()
    }
}
