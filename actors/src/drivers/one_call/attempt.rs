//! The dialed part of a call: leg after leg, then `call.ended`.

use super::answer::CallRecord;
use super::leg::{LegEnd, run_leg};
use crate::capacity::{LegSlot, TrunkSign};
use crate::drivers::alarms;
use crate::drivers::call_purpose::CallPurpose;
use crate::drivers::conversation::TestCallValues;
use crate::drivers::dialer::{pause_running_campaigns, waits_for_records};
use crate::drivers::driver_context::{DriverContext, Halt};
use crate::drivers::engines;
use crate::drivers::held_lines::{HeldLine, HeldPermit};
use crate::drivers::live_calls::EnrolmentLease;
use crate::entity::Answer;
use crate::traces::{SpanAttribute, SpanFacts, SpanKind};
use domain::call::Call;
use domain::call::command::{CallCommand, CallEnding};
use domain::call::event::EndReason;
use domain::call::progress::{NextLeg, TrunkHealth, derive_failure_disposition};
use domain::calling_plan::CampaignFacts;
use domain::compliance::NEXT_LEG_WITHIN_MS;
use domain::ids::{CallId, CommandId, EventId, NumberId};
use domain::ports::line::{DialOrder, FailureCause, Leg, LegFailure, LineError};
use domain::ports::worklist::DueEnrolment;
use domain::stored_event::{Cause, Position, RequestFacts, TraceParent, WritePriority};
use domain::time::Timestamp;
use std::sync::Arc;

/// Milliseconds per second, for `Retry-After`.
const MS_PER_SECOND: u64 = 1_000;

/// A permitted call, from its first leg to `call.ended`.
pub(crate) struct Attempt {
    pub(crate) kit: Arc<DriverContext>,
    pub(crate) facts: CampaignFacts,
    pub(crate) due: DueEnrolment,
    pub(crate) number: NumberId,
    /// The callee's number, E.164.
    pub(crate) callee: String,
    pub(crate) call: CallId,
    /// For a test call: the values of the flow's variables. `None` for a customer's call.
    pub(crate) trial: Option<Arc<TestCallValues>>,
    /// True if an agent is reserved for this call.
    pub(crate) keeps_agent: bool,
    /// Number of commands sent so far. Together with the call it gives each command's id.
    pub(crate) steps_count: u64,
    pub(crate) last: Position,
    /// The call's last event, which causes the next step on any stream.
    pub(crate) last_event: EventId,
    /// The span that its steps follow from: the worker's, or while a leg lasts the leg's.
    pub(crate) trace: Option<TraceParent>,
    /// When the callee pressed the key that is being handled.
    pub(crate) keyed_at: Option<Timestamp>,
}

impl Attempt {
    /// Sends a command to this call's entity. Command ids count up, because only one worker ever sends
    /// commands, and a restarted process ends a call instead of continuing it.
    pub(crate) async fn ask(&mut self, command: CallCommand) -> Result<Answer<Call>, Halt> {
        let kit = Arc::clone(&self.kit);
        let cause = self.cause();
        let answer = kit.ask_call(self.placed(), &self.call, command, cause).await?;
        self.note_stored(cause, &answer);
        Ok(answer)
    }

    /// Returns what is needed to store events of a far end on this call.
    pub(super) fn record(&self) -> CallRecord<'_> {
        CallRecord {
            kit: &self.kit,
            placed: self.placed(),
            call: self.call,
            last_event: self.last_event,
            trace: self.trace,
        }
    }

    /// Updates the position and the last event after a stored command; the next step names that event as
    /// its cause.
    pub(super) fn note_stored(&mut self, cause: Cause, answer: &Answer<Call>) {
        self.last = self.last.max(answer.position);
        if let Some(index) = answer.events.len().checked_sub(1) {
            self.last_event = EventId::derive(cause.command, index);
        }
    }

    pub(crate) const fn placed(&self) -> CallPurpose {
        match self.trial {
            Some(_) => CallPurpose::ForTest,
            None => CallPurpose::ForCustomer,
        }
    }

    /// Stores the request to hang up the leg, then hangs up.
    pub(crate) async fn hang_up(
        &mut self,
        leg: &mut dyn Leg,
        leg_number: u8,
        reason: EndReason,
    ) -> Result<(), Halt> {
        let command = CallCommand::RequestHangup {
            leg: leg_number,
            reason,
        };
        self.ask(command).await?;
        if let Err(error) = leg.hang_up().await {
            tracing::debug!(call = %self.call, %error, "a leg to hang up was over already");
        }
        Ok(())
    }

    pub(crate) fn cause(&mut self) -> Cause {
        self.steps_count += 1;
        Cause {
            command: CommandId::derive_from_text(&format!("call:{}:{}", self.call, self.steps_count)),
            causation: Some(self.last_event),
            correlation: Some(self.call.uuid()),
            by: None,
            request: RequestFacts::NONE,
            urgency: WritePriority::First,
        }
        .in_trace(self.trace)
    }

    /// Dials leg after leg until the call is over, and stores its end. `Halt::Refused`: the first leg may
    /// not be dialed.
    pub(crate) async fn run(
        &mut self,
        working: &mut EnrolmentLease,
        place: LegSlot,
        permit: HeldPermit,
    ) -> Result<(), Halt> {
        let (mut leg, mut place, mut permit) = (1, Arc::new(place), permit);
        let mut used = Vec::new();
        loop {
            used.push(place.line());
            working.set_place(place.line(), self.facts.plan.presets());
            let end = match self.run_leg_in_span(working, &place, permit, leg).await {
                Err(Halt::Refused) if leg > 1 => LegEnd::Over(network_ending()),
                end => end?,
            };
            let (failure, given_up) = match end {
                LegEnd::Over(ending) => return self.end(ending).await,
                LegEnd::NotAnswered {
                    failure,
                    given_up,
                    blames_trunk,
                } => {
                    // A test call does not show how a trunk carries calls.
                    if blames_trunk && self.trial.is_none() {
                        self.note_trunk(place.line(), &failure).await;
                    }
                    (failure, given_up)
                }
            };
            drop(place);
            match self.next_leg(working, leg, &failure, &used).await? {
                Some(next) => (leg, place, permit) = (leg + 1, Arc::new(next.0), next.1),
                None => return self.end(unanswered_ending(&failure, given_up)).await,
            }
        }
    }

    /// Runs a leg with its span: the steps meanwhile follow from the leg.
    async fn run_leg_in_span(
        &mut self,
        working: &mut EnrolmentLease,
        place: &Arc<LegSlot>,
        permit: HeldPermit,
        leg: u8,
    ) -> Result<LegEnd, Halt> {
        let (above, kit) = (self.trace, Arc::clone(&self.kit));
        let span = kit.environment.span_in(above);
        self.trace = span.map(|span| span.context()).or(above);
        let end = run_leg(self, working, place, permit, leg).await;
        self.trace = above;
        kit.environment.end_span(span, || {
            let attributes = vec![SpanAttribute::Call(self.call), SpanAttribute::Leg(leg)];
            SpanFacts::new(SpanKind::Leg, "leg", attributes).failed(end.is_err())
        });
        end
    }

    pub(crate) async fn end(&mut self, ending: CallEnding) -> Result<(), Halt> {
        self.ask(CallCommand::End(ending)).await?;
        Ok(())
    }

    /// Returns true if the granted call may not be dialed: records have become slow, an engine does not
    /// respond, or an emergency stop applies.
    pub(super) async fn is_held_back(&self, line: usize) -> bool {
        let kit = &self.kit;
        if self.facts.plan.dialing_mode().needs_agents() && kit.is_slow_on_record(kit.now()) {
            let campaign = kit.state(&kit.system.campaigns, &self.facts.campaign).await;
            if !campaign.is_ok_and(|loaded| !waits_for_records(kit, &loaded.state, kit.now())) {
                return true;
            }
        }
        // Granted before the engine failed. Test calls go on: they show whether it works again.
        if self.trial.is_none() && engines::down_for(kit, &self.facts).await.is_some() {
            return true;
        }
        kit.stopped(&self.facts, line).is_some()
    }

    /// Stores that the leg is dialed, and only then dials it. Otherwise a phone could ring without any
    /// record of it.
    pub(super) async fn store_and_dial(
        &mut self,
        dialing: CallCommand,
        line: &HeldLine,
        permit: HeldPermit,
        order: DialOrder,
    ) -> Result<Result<Box<dyn Leg>, LineError>, Halt> {
        if let Err(halt) = self.ask(dialing).await {
            line.release(order.call, order.leg);
            return Err(halt);
        }
        // Storing may have taken long: a window that closed meanwhile, or an end, binds the INVITE too. This
        // process may also have been suspended, and another one dials now.
        if self.kit.now() > permit.leaves_by() || !self.kit.system.calls.may_act() {
            line.release(order.call, order.leg);
            return Ok(Err(LineError::TooLate(permit.leaves_by())));
        }
        Ok(line.dial(permit, order).await)
    }

    /// Returns a slot and a permit for a further leg; `None` if the failure's disposition, the time or an
    /// order does not allow one. If no line has a free slot, waits until the time for a further leg is
    /// over.
    async fn next_leg(
        &self,
        working: &mut EnrolmentLease,
        leg: u8,
        failure: &LegFailure,
        used: &[usize],
    ) -> Result<Option<(LegSlot, HeldPermit)>, Halt> {
        let disposed = derive_failure_disposition(failure);
        let wanted = failure.definite && disposed.next_leg.allowed_after(leg);
        if !wanted || working.order().against_dialing().is_some() {
            return Ok(None);
        }
        let loaded = self.kit.call_state(self.placed(), &self.call).await?;
        let Some(grants) = loaded.state.grants() else {
            return Ok(None);
        };
        // The only line may be tried again if the disposition allows any trunk.
        let except = if disposed.next_leg == NextLeg::AnotherTrunk {
            used
        } else {
            &[]
        };
        let until = grants.first_dialing_at.plus_ms(NEXT_LEG_WITHIN_MS);
        let Some(place) = self.place_by(working, used, except, until).await else {
            return Ok(None);
        };
        // Read again: an opt-out may have come during the wait.
        let loaded = self.kit.call_state(self.placed(), &self.call).await?;
        let permit = loaded
            .state
            .grants()
            .map(|grants| self.kit.ports.permit_next_leg(&grants, leg + 1, self.kit.now()));
        match permit {
            Some(Ok(permit)) => Ok(Some((place, permit))),
            Some(Err(_)) | None => Ok(None),
        }
    }

    /// Returns a slot on a line that this call has not used, otherwise on any line outside `except`. Waits
    /// for one until `until` or an order against dialing.
    async fn place_by(
        &self,
        working: &mut EnrolmentLease,
        used: &[usize],
        except: &[usize],
        until: Timestamp,
    ) -> Option<LegSlot> {
        let capacity = &self.kit.capacity;
        if let Some(place) = capacity.take(self.kit.now(), used) {
            return Some(place);
        }
        let taking = capacity.take_next(self.kit.environment.clock.as_ref(), except, until);
        tokio::pin!(taking);
        loop {
            tokio::select! {
                biased;
                order = working.next_order() => if order.against_dialing().is_some() { return None },
                place = &mut taking => return place,
            }
        }
    }

    /// Updates the trunk's health by a failed leg and raises an alert where an operator must act. When
    /// every line has failed too often, pauses the campaigns.
    async fn note_trunk(&self, line: usize, failure: &LegFailure) {
        let disposed = derive_failure_disposition(failure);
        let sign = match disposed.health {
            TrunkHealth::Healthy => TrunkSign::Healthy,
            TrunkHealth::Neutral | TrunkHealth::Soft => TrunkSign::Neutral,
            TrunkHealth::Counts | TrunkHealth::CountsHard => TrunkSign::Failed {
                retry_after_ms: failure
                    .retry_after_s
                    .map(|seconds| u64::from(seconds) * MS_PER_SECOND),
            },
        };
        if disposed.alarm
            && let Some(line) = self.kit.ports.lines.get(line)
        {
            let trunk = line.facts().name;
            alarms::raise(&self.kit, &self.facts.campaign, trunk, disposed.disposition).await;
        }
        if self.kit.capacity.note(line, sign, self.kit.now()) {
            pause_running_campaigns(&self.kit, disposed.disposition.code()).await;
        }
    }
}

fn network_ending() -> CallEnding {
    CallEnding {
        reason: Some(EndReason::Network),
        ..CallEnding::default()
    }
}

/// Returns the ending of an unanswered call: by an order to the worker (`given_up`), our ring timeout, or
/// the network.
fn unanswered_ending(failure: &LegFailure, given_up: Option<EndReason>) -> CallEnding {
    let by_itself = match failure.cause {
        FailureCause::Cancelled => EndReason::RingTimeout,
        FailureCause::Local => EndReason::Fault,
        FailureCause::Response
        | FailureCause::NoResponse
        | FailureCause::OnlyTrying
        | FailureCause::Refused => EndReason::Network,
    };
    CallEnding {
        reason: Some(given_up.unwrap_or(by_itself)),
        reason_header: failure.reason_header.clone(),
        q850: failure.q850,
        ..CallEnding::default()
    }
}
