//! The state of one call: the fold of its own events. It holds facts and judges nothing.

use super::attendance::AttendanceTimes;
use super::event::{CallEvent, EndReason, Notice};
use super::finding::Finding;
use super::four_state::FourState;
use super::leg_state::LegState;
use super::permitted_call::PermittedCall;
use super::progress::NextLeg;
use super::recording::RecordingStatus;
use super::turn_fact::KeptTurns;
use crate::calling_plan::FlowRef;
use crate::compliance::CallGrants;
use crate::personal::Personal;
use crate::time::Timestamp;
use std::collections::BTreeSet;
use values::disposition::{Disposition, Outcome};
use values::ids::{CallId, CampaignId, CustomerId, NumberId, UserId};
use values::key_rule::KeyRule;
use values::transfer_reason::TransferReason;

/// The phases of a call, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum CallPhase {
    /// No event yet.
    #[default]
    New,
    Permitted,
    Dialing,
    Ringing,
    EarlyMedia,
    /// The last leg failed; the call ends, or another leg follows.
    LegFailed,
    Answered,
    /// The robot entered the flow.
    InConversation,
    Ended,
}

/// What `call.ended` stored, as far as later decisions use it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EndedCall {
    pub at: Timestamp,
    pub disposition: Disposition,
    pub outcome: Option<Outcome>,
    pub talk_ms: u64,
    pub charged: bool,
    pub reason: EndReason,
}

#[derive(Debug, Clone, Default)]
pub struct CallState {
    pub(super) phase: CallPhase,
    pub(super) permitted: Option<PermittedCall>,
    pub(super) legs: Vec<LegState>,
    pub(super) answered_at: Option<Timestamp>,
    pub(super) notices: BTreeSet<Notice>,
    pub(super) node: Option<String>,
    pub(super) nodes_count: u32,
    pub(super) keypresses_count: u32,
    /// The version of the rules for keypresses that `call.answered` names.
    pub(super) key_rule: KeyRule,
    pub(super) turns: KeptTurns,
    pub(super) transfer_requested: bool,
    transfer_reason: Option<TransferReason>,
    agent: Option<UserId>,
    pub(super) attended: AttendanceTimes,
    pub(super) end_ordered: Option<bool>,
    pub(super) ended: Option<EndedCall>,
    pub(super) corrected: Option<Finding>,
    pub(super) recording: RecordingStatus,
    pub(super) transcript_disposed: bool,
    pub(super) four_state: FourState,
}

impl CallState {
    pub const fn phase(&self) -> CallPhase {
        self.phase
    }
    /// Returns the grants, the callee and the flow of the call; `None` before `call.permitted`.
    pub const fn permitted(&self) -> Option<&PermittedCall> {
        self.permitted.as_ref()
    }
    pub fn call(&self) -> Option<CallId> {
        self.permitted().map(|permitted| permitted.customer_grant.call)
    }
    pub fn campaign(&self) -> Option<&CampaignId> {
        self.permitted()
            .map(|permitted| &permitted.customer_grant.campaign)
    }
    pub fn customer(&self) -> Option<&CustomerId> {
        self.permitted()
            .map(|permitted| &permitted.customer_grant.customer)
    }
    pub fn number(&self) -> Option<&NumberId> {
        self.permitted().map(|permitted| &permitted.customer_grant.number)
    }
    /// Returns the number dialed (E.164): sealed or erased if the person's key is not available; `None`
    /// before `call.permitted`.
    pub fn callee(&self) -> Option<&Personal<String>> {
        self.permitted().map(|permitted| &permitted.callee)
    }
    pub fn flow(&self) -> Option<&FlowRef> {
        self.permitted().map(|permitted| &permitted.flow)
    }
    pub fn legs(&self) -> &[LegState] {
        &self.legs
    }
    pub fn leg(&self, leg: u8) -> Option<&LegState> {
        self.legs.iter().find(|one| one.leg == leg)
    }
    pub fn last_leg(&self) -> Option<&LegState> {
        self.legs.last()
    }
    /// Returns when the first leg was dialed (its `call.dialing`); `None` before.
    pub fn dialing_at(&self) -> Option<Timestamp> {
        self.legs.first().map(|leg| leg.dialing_at)
    }
    pub const fn answered_at(&self) -> Option<Timestamp> {
        self.answered_at
    }
    pub const fn notices(&self) -> &BTreeSet<Notice> {
        &self.notices
    }
    /// Returns the flow node that the robot entered last; `None` before the first.
    pub fn node(&self) -> Option<&str> {
        self.node.as_deref()
    }
    /// Returns the agent who took the call; `None` if there is none.
    pub const fn agent(&self) -> Option<&UserId> {
        self.agent.as_ref()
    }
    pub const fn transfer_requested(&self) -> bool {
        self.transfer_requested
    }
    /// Returns the reason of the transfer to an agent; `None` without a transfer, and for one stored
    /// without a reason.
    pub const fn transfer_reason(&self) -> Option<TransferReason> {
        self.transfer_reason
    }
    /// Returns why we gave up the last leg (`call.cancel_requested`); `None` if we did not.
    pub fn cancel_requested(&self) -> Option<EndReason> {
        self.last_leg().and_then(|leg| leg.cancel_requested)
    }
    pub const fn ended(&self) -> Option<&EndedCall> {
        self.ended.as_ref()
    }
    /// Returns the call's disposition and outcome as known now: by the last correction, else by
    /// `call.ended`. `None` before the end.
    pub fn finding(&self) -> Option<Finding> {
        let ended = self.ended?;
        Some(self.corrected.unwrap_or(Finding {
            disposition: ended.disposition,
            outcome: ended.outcome,
        }))
    }
    pub const fn is_ended(&self) -> bool {
        self.ended.is_some()
    }
    pub const fn four_state(&self) -> FourState {
        self.four_state
    }

    /// Returns the facts from which the permit of a further leg is made; `None` before the first leg was
    /// dialed.
    pub fn grants(&self) -> Option<CallGrants> {
        let permitted = self.permitted.as_ref()?;
        let last = self.last_leg()?;
        Some(CallGrants {
            call: permitted.customer_grant.call,
            number: permitted.customer_grant.number.clone(),
            first_dialing_at: self.dialing_at()?,
            legs_until: permitted.customer_grant.legs_until,
            last_leg: last.leg,
            last_leg_failed_definitely: last.failure.as_ref().is_some_and(|failure| failure.definite),
            withdrawn: self.is_withdrawn(),
        })
    }

    /// Returns the recorded order to end the call: true if it also applies to an answered call, `None`
    /// without an order.
    pub const fn end_ordered(&self) -> Option<bool> {
        self.end_ordered
    }

    /// Returns true if the call has ended or we gave it up (opt-out, pause, stop, drain), so that no
    /// further leg may follow. A CANCEL by our ring timer or for a network reason does not withdraw the
    /// call; the table of call progress decides what follows it.
    pub fn is_withdrawn(&self) -> bool {
        let timer = |reason| matches!(reason, EndReason::RingTimeout | EndReason::Network);
        self.is_ended() || self.cancel_requested().is_some_and(|reason| !timer(reason))
    }

    /// Returns true if the last leg failed and the table of call progress permits another leg on `trunk`.
    /// Time and grants are not checked.
    pub fn next_leg_allowed_on(&self, trunk: &str) -> bool {
        let Some((last, disposed)) = self.last_leg().and_then(|leg| Some((leg, leg.disposed()?))) else {
            return false;
        };
        let tried = self.legs.iter().any(|leg| leg.trunk == trunk);
        let fresh_trunk = disposed.next_leg != NextLeg::AnotherTrunk || !tried;
        disposed.next_leg.allowed_after(last.leg) && fresh_trunk
    }

    fn leg_mut(&mut self, leg: u8) -> Option<&mut LegState> {
        self.legs.iter_mut().find(|one| one.leg == leg)
    }

    pub(super) fn apply(&mut self, event: &CallEvent, at: Timestamp) {
        self.four_state = self.four_state.after_event(event);
        self.attended.note(event, at);
        self.apply_leg(event, at);
        match event {
            CallEvent::Permitted { .. } => self.apply_permitted(event),
            CallEvent::Dialing { .. } => self.phase = CallPhase::Dialing,
            CallEvent::Ringing { early_media, .. } => {
                self.phase = if *early_media {
                    CallPhase::EarlyMedia
                } else {
                    CallPhase::Ringing
                };
            }
            CallEvent::LegFailed { .. } => self.phase = CallPhase::LegFailed,
            CallEvent::Answered { key_rule, .. } => {
                self.phase = CallPhase::Answered;
                self.answered_at = Some(at);
                self.key_rule = key_rule.unwrap_or_default();
            }
            CallEvent::NoticePlayed { notice, .. } => {
                self.notices.insert(*notice);
            }
            CallEvent::NodeEntered { node } => {
                self.phase = CallPhase::InConversation;
                self.node = Some(node.clone());
                self.nodes_count = self.nodes_count.saturating_add(1);
            }
            CallEvent::Keypressed { .. } => {
                self.keypresses_count = self.keypresses_count.saturating_add(1);
            }
            CallEvent::Heard(_)
            | CallEvent::Understood(_)
            | CallEvent::Decided(_)
            | CallEvent::Said(_)
            | CallEvent::BargedIn(_)
            | CallEvent::SilenceTimedOut(_)
            | CallEvent::SensitiveWordMatched(_)
            | CallEvent::EngineFailed(_)
            | CallEvent::AssistantAsked(_)
            | CallEvent::AssistantAnswered(_)
            | CallEvent::OfferChosen(_)
            | CallEvent::ModelChosen(_)
            | CallEvent::SellerMessagePlayed(_) => self.turns.note(event),
            CallEvent::TransferRequested { reason, .. } => {
                self.transfer_requested = true;
                self.transfer_reason = *reason;
            }
            CallEvent::AgentConnected { agent, .. } => self.agent = Some(agent.clone()),
            CallEvent::EndOrdered { hang_up, .. } => self.end_ordered = Some(*hang_up),
            CallEvent::Ended { .. } => self.apply_ended(event, at),
            CallEvent::Corrected { after, .. } => self.corrected = Some(*after),
            CallEvent::RecordingDisposed { .. } => self.recording = RecordingStatus::Disposed,
            CallEvent::TranscriptDisposed { .. } => self.transcript_disposed = true,
            CallEvent::CancelRequested { .. }
            | CallEvent::HangupRequested { .. }
            | CallEvent::LateAnswered { .. } => {}
        }
    }

    fn apply_permitted(&mut self, event: &CallEvent) {
        if let CallEvent::Permitted {
            attempt,
            callee,
            customer_grant,
            number_grant,
            flow,
        } = event
        {
            self.phase = CallPhase::Permitted;
            self.permitted = Some(PermittedCall {
                attempt: *attempt,
                callee: callee.clone(),
                customer_grant: customer_grant.as_ref().clone(),
                number_grant: number_grant.as_ref().clone(),
                flow: flow.clone(),
            });
        }
    }

    fn apply_ended(&mut self, event: &CallEvent, at: Timestamp) {
        if let CallEvent::Ended {
            disposition,
            outcome,
            talk_ms,
            charged,
            reason,
            recording_sha256,
            ..
        } = event
        {
            if recording_sha256.is_some() {
                self.recording = RecordingStatus::Kept;
            }
            self.phase = CallPhase::Ended;
            self.ended = Some(EndedCall {
                at,
                disposition: *disposition,
                outcome: *outcome,
                talk_ms: *talk_ms,
                charged: *charged,
                reason: *reason,
            });
        }
    }

    fn apply_leg(&mut self, event: &CallEvent, at: Timestamp) {
        match event {
            CallEvent::Dialing { .. } => self.legs.extend(LegState::begun(event, at)),
            CallEvent::Ringing { leg, .. } => self.note(*leg, |leg| leg.rang = true),
            CallEvent::LegFailed { leg, failure } => {
                self.note(*leg, |leg| leg.failure = Some(failure.clone()));
            }
            CallEvent::Answered { leg, dialog, .. } => {
                self.note(*leg, |leg| leg.answered = Some(dialog.clone()));
            }
            CallEvent::CancelRequested { leg, reason } => {
                self.note(*leg, |leg| leg.cancel_requested = Some(*reason));
            }
            CallEvent::HangupRequested { leg, reason } => {
                self.note(*leg, |leg| leg.hangup_requested = Some(*reason));
            }
            CallEvent::LateAnswered { leg, dialog } => {
                self.note(*leg, |leg| leg.late_answered = Some(dialog.clone()));
            }
            CallEvent::Permitted { .. }
            | CallEvent::EndOrdered { .. }
            | CallEvent::NoticePlayed { .. }
            | CallEvent::NodeEntered { .. }
            | CallEvent::Keypressed { .. }
            | CallEvent::Heard(_)
            | CallEvent::Understood(_)
            | CallEvent::Decided(_)
            | CallEvent::Said(_)
            | CallEvent::BargedIn(_)
            | CallEvent::SilenceTimedOut(_)
            | CallEvent::SensitiveWordMatched(_)
            | CallEvent::EngineFailed(_)
            | CallEvent::AssistantAsked(_)
            | CallEvent::AssistantAnswered(_)
            | CallEvent::OfferChosen(_)
            | CallEvent::ModelChosen(_)
            | CallEvent::SellerMessagePlayed(_)
            | CallEvent::TransferRequested { .. }
            | CallEvent::AgentConnected { .. }
            | CallEvent::Ended { .. }
            | CallEvent::Corrected { .. }
            | CallEvent::RecordingDisposed { .. }
            | CallEvent::TranscriptDisposed { .. } => {}
        }
    }

    fn note(&mut self, leg: u8, change: impl FnOnce(&mut LegState)) {
        if let Some(leg) = self.leg_mut(leg) {
            change(leg);
        }
    }
}
