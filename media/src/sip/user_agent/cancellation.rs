//! The ways in which an unanswered leg is given up: silence, CANCEL and its races, and a trunk that refuses.

use super::{CancelState, Phase, Uac, UacEvent};
use crate::sip::dialog::{Hop, Party};
use crate::sip::message::SipMessage;
use crate::sip::transaction::{Retransmission, T1_MS, TRANSACTION_MS, step};
use domain::ports::line::{FailureCause, HangupSource, LegFailure};
use domain::time::Timestamp;

/// Longest time between a datagram and an ICMP error that is attributed to it, in milliseconds (T1, a round
/// trip): the error does not say which leg's datagram it answers, and an older one may have been received.
const REFUSAL_FOLLOWS_MS: u64 = T1_MS;

impl Uac {
    /// Fails the leg because no response came within the limit. The failure is never definite: a late
    /// answer may come, and the leg waits for it.
    pub(super) fn fall_silent(&mut self, now: Timestamp) {
        let failure = LegFailure {
            cause: self.cancel_cause().unwrap_or(FailureCause::NoResponse),
            definite: false,
            ..self.failure(now)
        };
        self.invite = None;
        self.phase = Phase::Silent;
        self.linger_until = now.plus_ms(TRANSACTION_MS);
        self.cancel = CancelState::Held(FailureCause::NoResponse);
        self.tell(UacEvent::Failed(failure));
    }

    /// Gives the leg up: with a CANCEL once a provisional response has come, with a BYE after an answer.
    /// Does nothing if it was given up before.
    pub(super) fn give_up(&mut self, now: Timestamp, cause: FailureCause) {
        match (&self.cancel, self.phase) {
            (_, Phase::Answered) => self.hang_up(now, HangupSource::Robot),
            (CancelState::None, Phase::Calling) => {
                // Held until a first response (RFC 3261, 9.1). The INVITE is not repeated meanwhile: if it
                // was lost, no telephone rings; if not, the far end repeats its responses.
                self.invite = None;
                self.cancel = CancelState::Held(cause);
            }
            (CancelState::None, Phase::Proceeding) => self.send_cancel(now, cause),
            (CancelState::None | CancelState::Held(_) | CancelState::Sent { .. }, _) => {}
        }
    }

    pub(super) fn send_cancel(&mut self, now: Timestamp, cause: FailureCause) {
        let bytes = cancel_of(&self.party, self.invite_cseq).to_bytes();
        self.cancel = CancelState::Sent {
            cause,
            retransmission: Some(Retransmission::request(bytes.clone(), Hop::Trunk, now)),
            destroy_at: now.plus_ms(TRANSACTION_MS),
        };
        self.send(now, bytes, Hop::Trunk);
    }

    pub(super) fn take_cancel_response(&mut self, code: u16, cseq: u32, response: &SipMessage) {
        let ours = cseq == self.invite_cseq
            && response.branch() == Some(self.party.identity.branch("INVITE", cseq).as_str());
        if let CancelState::Sent { retransmission, .. } = &mut self.cancel
            && ours
        {
            match retransmission {
                Some(running) if code < 200 => running.slow_down(),
                Some(_) | None => *retransmission = None,
            }
        }
    }

    pub(super) fn elapse_cancel(&mut self, now: Timestamp) {
        let mut again = Vec::new();
        let mut destroy = false;
        if let CancelState::Sent {
            retransmission,
            destroy_at,
            ..
        } = &mut self.cancel
        {
            step(retransmission, now, &mut again);
            destroy = now >= *destroy_at;
        }
        for (bytes, hop) in again {
            self.send(now, bytes, hop);
        }
        if destroy && self.phase == Phase::Proceeding {
            // The CANCEL was answered or not, but the INVITE never was: the leg is given up here (call
            // progress, case d).
            let failure = LegFailure {
                cause: self.cancel_cause().unwrap_or(FailureCause::Cancelled),
                definite: false,
                ..self.failure(now)
            };
            self.cancel = CancelState::None;
            self.tell(UacEvent::Failed(failure));
            // The telephone may ring on: a callee who picks up later still gets ACK and BYE.
            self.linger_until = now.plus_ms(TRANSACTION_MS);
            self.close(now);
        }
    }

    /// Handles an ICMP error: no process listens at the trunk. The leg fails only if its message was sent
    /// just before and has not been answered.
    pub(super) fn take_refusal(&mut self, now: Timestamp) {
        if now.ms_since(self.last_sent_at) > REFUSAL_FOLLOWS_MS {
            return;
        }
        let cancelling = matches!(
            &self.cancel,
            CancelState::Sent {
                retransmission: Some(_),
                ..
            }
        );
        if self.phase == Phase::Calling || (self.phase == Phase::Proceeding && cancelling) {
            let failure = LegFailure {
                cause: self.cancel_cause().unwrap_or(FailureCause::Refused),
                definite: true,
                ..self.failure(now)
            };
            self.cancel = CancelState::None;
            self.tell(UacEvent::Failed(failure));
            // The error may have answered another leg's datagram: a late 2xx still gets ACK and BYE.
            self.linger_until = now.plus_ms(TRANSACTION_MS);
            self.close(now);
        }
        for one in &mut self.dialogs {
            if one.bye.take().is_some() {
                one.ended = true;
            }
        }
    }
}

impl Uac {
    /// Handles a message that could not be sent. The leg fails definitely if it was the INVITE's first
    /// copy; any other message is sent again by its own timer.
    pub(super) fn take_send_failure(&mut self, now: Timestamp) {
        if self.phase != Phase::Calling || self.invite_copies > 1 {
            return;
        }
        let failure = LegFailure {
            cause: self.cancel_cause().unwrap_or(FailureCause::Local),
            definite: true,
            ..self.failure(now)
        };
        self.cancel = CancelState::None;
        self.tell(UacEvent::Failed(failure));
        self.close(now);
    }
}

/// Returns the CANCEL of an INVITE: same Request-URI, Call-ID, From, To, CSeq number and branch (RFC 3261,
/// 9.1).
pub(in crate::sip) fn cancel_of(party: &Party, invite_cseq: u32) -> SipMessage {
    let branch = party.identity.branch("INVITE", invite_cseq);
    party.initial("CANCEL", &party.to, invite_cseq, &branch)
}
