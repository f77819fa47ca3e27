//! Handles the requests that follow an INVITE: ACK, CANCEL, BYE, re-INVITE and others (RFC 3261, 9.2, 12.2.2,
//! 15.1.2).
//!
//! A re-INVITE is answered at once, and its 200 is repeated only if the request is: on loopback no datagram
//! is lost for which it would have to wait for the ACK.

use super::{Leg, LegTimers, Outputs, Phase};
use crate::call_details::EndedBy;
use crate::callee::{CalleeAction, Cue, InviteOutcome, ScriptStep};
use crate::reply::{ALLOW, dialog_reply};
use domain::time::Timestamp;
use media::sip::message::SipMessage;
use media::sip::sdp;

impl Leg {
    /// Handles an ACK: of a final response above 299 (same transaction), which ends the leg, or of the 200,
    /// which confirms the dialog.
    pub(crate) fn acknowledge(&mut self, ack: &SipMessage, now: Timestamp) {
        let known = ack.cseq().map(|(number, _)| number) == self.invite.cseq().map(|(number, _)| number);
        match self.phase {
            Phase::Failed if known => self.rest(now),
            Phase::Answered if known => {
                self.phase = Phase::Confirmed;
                self.times = LegTimers::default();
                self.details.acked_at = Some(now);
            }
            Phase::Challenged
            | Phase::Proceeding { .. }
            | Phase::Failed
            | Phase::Answered
            | Phase::Confirmed
            | Phase::HangingUp
            | Phase::Ended => {}
        }
    }

    /// Answers a CANCEL of a known INVITE with 200, and ends the INVITE if it was still open (RFC 3261, 9.2).
    pub(crate) fn cancel(&mut self, cancel: &SipMessage, now: Timestamp, out: &mut Outputs) {
        let is_open = matches!(self.phase, Phase::Proceeding { .. });
        let crosses = self
            .persona
            .as_ref()
            .is_some_and(|one| one.taking == InviteOutcome::AcrossCancel);
        if is_open && crosses {
            // The phone was picked up while CANCEL was on its way.
            let puzzled = ScriptStep {
                cue: Cue::After { ms: 3_000 },
                act: CalleeAction::HangUp,
            };
            self.answer(&[puzzled], now, out);
            self.send(self.reply_to(cancel, 200).to_bytes(), out);
            return;
        }
        self.send(self.reply_to(cancel, 200).to_bytes(), out);
        if is_open {
            let response = self.reply_to(&self.invite, 487);
            self.fail(&response, EndedBy::Caller, now, out);
        }
    }

    /// Answers a BYE of the dialing side, in an early or confirmed dialog, with 200 and ends the call. A
    /// repeated BYE gets the same answer.
    pub(crate) fn take_bye(&mut self, bye: &SipMessage, now: Timestamp, out: &mut Outputs) {
        self.send(self.reply_to(bye, 200).to_bytes(), out);
        match self.phase {
            Phase::Proceeding { .. } => {
                let response = self.reply_to(&self.invite, 487);
                self.fail(&response, EndedBy::Caller, now, out);
            }
            Phase::Answered | Phase::Confirmed => {
                self.account(EndedBy::Caller, now, out);
                self.rest(now);
            }
            Phase::Challenged | Phase::Failed | Phase::HangingUp | Phase::Ended => {}
        }
    }

    /// Answers a re-INVITE, which may move the audio or put it on hold (RFC 3261, 14.2): 200, or an error
    /// for an ended dialog, an old CSeq or an unusable offer.
    pub(crate) fn take_reinvite(&mut self, invite: &SipMessage, out: &mut Outputs) {
        let number = invite.cseq().map_or(0, |(number, _)| number);
        let open = matches!(self.phase, Phase::Answered | Phase::Confirmed);
        let code = match (open, number >= self.remote_cseq) {
            (true, true) => 200,
            (true, false) => 500,
            (false, _) => 481,
        };
        let offered = invite.sdp().and_then(|body| sdp::read(body).ok());
        let (200, Some(offered), Some(media)) = (code, offered, self.media) else {
            let code = if code == 200 { 488 } else { code };
            return self.send(self.reply_to(invite, code).to_bytes(), out);
        };
        self.remote_cseq = number;
        if let Some(talk) = &mut self.talk {
            talk.renegotiate(&offered);
        }
        let response = dialog_reply(invite, 200, self.peer, self.local, &self.local_tag)
            .with_body("application/sdp", sdp::answer(media, number, &offered));
        self.send(response.to_bytes(), out);
    }

    /// Answers any other request of the dialog: 200 to INFO and to OPTIONS and UPDATE without a body,
    /// otherwise 405.
    pub(crate) fn take_other(&self, request: &SipMessage, out: &mut Outputs) {
        let code = match request.method() {
            "INFO" | "OPTIONS" | "UPDATE" if request.body.is_empty() => 200,
            "INFO" => 200,
            _ => 405,
        };
        let response = self.reply_to(request, code).with("Allow", ALLOW);
        self.send(response.to_bytes(), out);
    }

    /// Handles a response to our BYE: any final one ends the dialog. Other responses are ignored.
    pub(crate) fn take_response(&mut self, response: &SipMessage, now: Timestamp) {
        let ours = self.bye.as_ref().and_then(SipMessage::branch);
        let is_final = response.code().is_some_and(|code| code >= 200);
        if self.phase == Phase::HangingUp && is_final && ours.is_some() && response.branch() == ours {
            self.rest(now);
        }
    }
}
