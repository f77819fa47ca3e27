//! Does what a leg has to do as time passes: repeated final responses and BYEs, the script's acts, audio, and
//! giving up.
//!
//! Final responses are repeated until their ACK (RFC 3261, 13.3.1.4 and 17.2.1); the leg hangs up by itself
//! if its script says so or the peer is gone.

use super::{Leg, NO_ROOM, Outputs, Phase};
use crate::Output;
use crate::call_details::EndedBy;
use crate::callee::CalleeAction;
use domain::time::Timestamp;
use media::sip::message::SipMessage;

/// T2 in milliseconds: the longest pause between retransmissions (RFC 3261, 17.1.2.2).
const T2_MS: u64 = 4_000;

impl Leg {
    /// Handles a datagram of the leg's media socket; ignored before the audio begins.
    pub(crate) fn take_media(&mut self, now: Timestamp, datagram: &[u8]) {
        if let Some(talk) = &mut self.talk {
            talk.receive(now, datagram);
        }
    }

    /// Does everything that is due by now: steps, retransmissions, audio. Returns true if the leg can be
    /// forgotten.
    pub(crate) fn on_time(&mut self, now: Timestamp, out: &mut Outputs) -> bool {
        if is_past(self.times.step_at, now) {
            self.step(now, out);
        }
        if is_past(self.times.retransmit_at, now) {
            self.retransmit(now, out);
        }
        self.talk_on(now, out);
        is_past(self.times.give_up_at, now) && self.give_up(now, out)
    }

    fn retransmit(&mut self, now: Timestamp, out: &mut Outputs) {
        let bytes = match self.phase {
            Phase::Failed | Phase::Answered => self.invite_response.clone(),
            Phase::HangingUp => self.bye.as_ref().map(SipMessage::to_bytes).unwrap_or_default(),
            Phase::Challenged | Phase::Proceeding { .. } | Phase::Confirmed | Phase::Ended => {
                self.times.retransmit_at = None;
                return;
            }
        };
        self.send(bytes, out);
        self.times.retransmit_ms = (self.times.retransmit_ms * 2).min(T2_MS);
        self.times.retransmit_at = Some(now.plus_ms(self.times.retransmit_ms));
    }

    fn talk_on(&mut self, now: Timestamp, out: &mut Outputs) {
        let Some(talk) = &mut self.talk else { return };
        while let Some(act) = talk.next_act(now) {
            match act {
                CalleeAction::Press { digit, .. } => self.details.digits.push(digit),
                CalleeAction::HangUp => return self.hang_up(EndedBy::Callee, now, out),
                CalleeAction::Speak { .. }
                | CalleeAction::Beep { .. }
                | CalleeAction::Say { .. }
                | CalleeAction::LetGoBy => {}
            }
        }
        if talk.is_peer_gone(now) {
            return self.hang_up(EndedBy::Carrier, now, out);
        }
        let to = talk.remote();
        for packet in talk.packets(now) {
            out.push_back(Output::SendMedia {
                leg: self.number,
                to,
                packet,
            });
        }
    }

    /// Ends an answered leg with a BYE, and refuses one that is not answered yet. Does nothing for an ended
    /// leg.
    pub(crate) fn hang_up(&mut self, by: EndedBy, now: Timestamp, out: &mut Outputs) {
        match self.phase {
            Phase::Proceeding { .. } => self.refuse(NO_ROOM, by, now, out),
            Phase::Answered | Phase::Confirmed => {
                let bye = self.compose_bye();
                self.send(bye.to_bytes(), out);
                self.bye = Some(bye);
                self.account(by, now, out);
                self.phase = Phase::HangingUp;
                self.await_acknowledgment(now);
            }
            Phase::Challenged | Phase::Failed | Phase::HangingUp | Phase::Ended => {}
        }
    }

    /// Returns a BYE from the called side: its From is the INVITE's To with our tag (RFC 3261, 12.2.1.1).
    fn compose_bye(&mut self) -> SipMessage {
        let from = self
            .reply_to(&self.invite, 200)
            .header("To")
            .unwrap_or_default()
            .to_owned();
        let to = self.invite.header("From").unwrap_or_default().to_owned();
        let target = self
            .invite
            .contact_uri()
            .unwrap_or("sip:unknown@127.0.0.1")
            .to_owned();
        let branch = format!("z9hG4bKcarrier{:016x}", self.chance.next());
        let mut bye = SipMessage::request("BYE", &target)
            .with("Via", format!("SIP/2.0/UDP {};branch={branch};rport", self.local))
            .with("Max-Forwards", "70");
        for route in self.invite.record_routes() {
            bye.push("Route", route);
        }
        bye.with("From", from)
            .with("To", to)
            .with("Call-ID", self.invite.call_id())
            .with("CSeq", "1 BYE")
            .with(
                "Reason",
                format!("Q.850;cause=16;text=\"{}\"", "normal call clearing"),
            )
    }

    fn give_up(&mut self, now: Timestamp, out: &mut Outputs) -> bool {
        match self.phase {
            Phase::Challenged | Phase::Ended => return true,
            Phase::Failed | Phase::HangingUp => self.rest(now),
            Phase::Proceeding { .. } => {
                self.account(EndedBy::Carrier, now, out);
                self.rest(now);
            }
            Phase::Answered => {
                self.hang_up(EndedBy::Carrier, now, out);
            }
            Phase::Confirmed => self.times.give_up_at = None,
        }
        false
    }
}

fn is_past(at: Option<Timestamp>, now: Timestamp) -> bool {
    at.is_some_and(|at| at <= now)
}
