//! One call at the carrier, from its INVITE to some minutes after its end: an RFC 3261 user agent server.
//!
//! No sockets, no clock. It retransmits its finals until they are acknowledged (13.3.1.4, 17.2.1), answers
//! retransmitted requests as before, and hangs up by itself when the script says so or the peer is gone.
//! A re-INVITE is answered at once and its 200 only repeated when the request is: on loopback nothing is lost.

use super::call_details::{CallDetails, EndedBy};
use super::callee::{Act, Cue, FinalResponse, NOBODY, Persona, Step, Taking};
use super::chance::Chance;
use super::profile::{Manner, RING_MS_MAX};
use super::reply::{dialog_reply, reply};
use super::sounds::Sound;
use super::talk::Talk;
use super::{LegNumber, Output};
use crate::sip::header_value::{Address, user};
use crate::sip::message::{SipMessage, reason_phrase};
use crate::sip::sdp::{self, AudioStream};
use domain::time::Timestamp;
use std::collections::VecDeque;
use std::net::SocketAddr;

/// T1: the first retransmission (RFC 3261, 17.1.1.1).
const T1_MS: u64 = 500;
/// T2: the longest pause between retransmissions (RFC 3261, 17.1.2.2).
const T2_MS: u64 = 4_000;
/// 64 × T1: how long an acknowledgment is awaited (RFC 3261, 17.2.1, timer H).
const GIVE_UP_MS: u64 = 64 * T1_MS;
/// How long an ended call's Call-ID is remembered, so that a second INVITE would be seen.
const REMEMBERED_MS: u64 = 300_000;
/// No free port or memory for another call.
pub(super) const NO_ROOM: FinalResponse = FinalResponse {
    code: 503,
    q850: 34,
    text: "no circuit available",
};
/// The offer cannot be answered.
const NOT_ACCEPTABLE: FinalResponse = FinalResponse {
    code: 488,
    q850: 88,
    text: "incompatible destination",
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// A challenge was sent; the next INVITE may bring credentials.
    Challenged,
    Proceeding {
        rung: bool,
    },
    /// A final above 299 was sent; ACK is awaited.
    Failed,
    /// 200 was sent; ACK is awaited.
    Answered,
    Confirmed,
    /// BYE was sent; its response is awaited.
    HangingUp,
    Ended,
}

/// What the leg waits for.
#[derive(Debug, Clone, Copy, Default)]
struct Times {
    step_at: Option<Timestamp>,
    retransmit_at: Option<Timestamp>,
    retransmit_ms: u64,
    give_up_at: Option<Timestamp>,
}

/// What a leg is made from.
pub(super) struct LegOrigin {
    pub(super) number: LegNumber,
    pub(super) invite: SipMessage,
    pub(super) peer: SocketAddr,
    /// The carrier's own SIP address.
    pub(super) local: SocketAddr,
    pub(super) seed: u64,
}

/// One call.
pub(super) struct Leg {
    pub(super) details: CallDetails,
    number: LegNumber,
    peer: SocketAddr,
    local: SocketAddr,
    local_tag: String,
    invite: SipMessage,
    /// The last response to the INVITE, for its retransmissions.
    invite_response: Vec<u8>,
    offered: Option<AudioStream>,
    media: Option<SocketAddr>,
    persona: Option<Persona>,
    chance: Chance,
    talk: Option<Talk>,
    phase: Phase,
    times: Times,
    remote_cseq: u32,
    bye: Option<SipMessage>,
    /// Whether the next right credentials shall meet a stale nonce.
    pub(super) stale_due: bool,
}

type Outputs = VecDeque<Output>;

impl Leg {
    pub(super) fn new(origin: LegOrigin, now: Timestamp) -> Self {
        let call_id = origin.invite.call_id().to_owned();
        let mut chance = Chance::about(origin.seed, &["leg", &call_id]);
        let local_tag = format!("{:016x}", chance.next());
        let caller = origin.invite.header("From").and_then(Address::read);
        let caller = caller
            .and_then(|from| user(from.uri))
            .unwrap_or_default()
            .to_owned();
        let callee = origin.invite.uri().and_then(user).unwrap_or_default().to_owned();
        Self {
            details: CallDetails {
                call_id,
                caller,
                callee,
                invites: 0,
                invited_at: now,
                code: None,
                answered_at: None,
                ended_at: None,
                ended_by: None,
                digits: String::new(),
                rtp_received: 0,
                rtp_sent: 0,
            },
            number: origin.number,
            peer: origin.peer,
            local: origin.local,
            local_tag,
            remote_cseq: origin.invite.cseq().map_or(0, |(number, _)| number),
            invite: origin.invite,
            invite_response: Vec::new(),
            offered: None,
            media: None,
            persona: None,
            chance,
            talk: None,
            phase: Phase::Challenged,
            times: Times::default(),
            bye: None,
            stale_due: false,
        }
    }

    pub(super) fn local_tag(&self) -> &str {
        &self.local_tag
    }
    pub(super) const fn chance(&mut self) -> &mut Chance {
        &mut self.chance
    }
    pub(super) fn is_challenged(&self) -> bool {
        self.phase == Phase::Challenged
    }
    pub(super) fn is_live(&self) -> bool {
        !matches!(self.phase, Phase::Ended | Phase::Challenged)
    }
    pub(super) fn is_ended(&self) -> bool {
        self.phase == Phase::Ended
    }
    /// Whether this is the INVITE that the leg knows, sent again.
    pub(super) fn knows(&self, invite: &SipMessage) -> bool {
        invite.branch() == self.invite.branch() && invite.cseq() == self.invite.cseq()
    }
    /// Whether a CANCEL names the INVITE's transaction (RFC 3261, 9.1).
    pub(super) fn is_cancelled_by(&self, cancel: &SipMessage) -> bool {
        cancel.branch().is_some() && cancel.branch() == self.invite.branch()
    }
    /// Whether a request belongs to the dialog (RFC 3261, 12.2.2).
    pub(super) fn is_dialog_of(&self, request: &SipMessage) -> bool {
        request.tag_of_to() == Some(&self.local_tag) && request.tag_of_from() == self.invite.tag_of_from()
    }

    /// The next instant at which `on_time` has something to do.
    pub(super) fn deadline(&self) -> Option<Timestamp> {
        let frame_at = self.talk.as_ref().map(Talk::next_frame_at);
        let times = self.times;
        [times.step_at, times.retransmit_at, times.give_up_at, frame_at]
            .into_iter()
            .flatten()
            .min()
    }

    fn send(&self, bytes: Vec<u8>, out: &mut Outputs) {
        out.push_back(Output::Send { to: self.peer, bytes });
    }

    fn reply_to(&self, request: &SipMessage, code: u16) -> SipMessage {
        reply(request, code, self.peer, &self.local_tag)
    }

    fn respond(&mut self, response: &SipMessage, out: &mut Outputs) {
        self.invite_response = response.to_bytes();
        self.send(self.invite_response.clone(), out);
    }

    /// Asks for credentials; the INVITE that follows is another transaction of the same leg.
    pub(super) fn challenge(
        &mut self,
        invite: SipMessage,
        response: &SipMessage,
        now: Timestamp,
        out: &mut Outputs,
    ) {
        self.invite = invite;
        self.details.code = response.code();
        self.phase = Phase::Challenged;
        self.times.give_up_at = Some(now.plus_ms(REMEMBERED_MS));
        self.respond(response, out);
        out.push_back(Output::Details(self.details.clone()));
    }

    /// Takes the INVITE on: the one transaction that counts.
    pub(super) fn accept(&mut self, invite: SipMessage, persona: Persona, now: Timestamp, out: &mut Outputs) {
        self.remote_cseq = invite.cseq().map_or(0, |(number, _)| number);
        self.invite = invite;
        self.details.invites += 1;
        self.details.code = None;
        self.phase = Phase::Proceeding { rung: false };
        self.times = Times {
            step_at: Some(now.plus_ms(persona.post_dial_delay_ms)),
            ..Times::default()
        };
        if let Taking::Unanswered { .. } = persona.taking {
            self.times.step_at = None;
            self.times.give_up_at = Some(now.plus_ms(GIVE_UP_MS));
        }
        let silent = persona.taking == Taking::Unanswered { trying: false };
        self.persona = Some(persona);
        out.push_back(Output::Details(self.details.clone()));
        if !silent {
            self.take_offer(now, out);
        }
    }

    fn take_offer(&mut self, now: Timestamp, out: &mut Outputs) {
        let trying = reply(&self.invite, 100, self.peer, "");
        self.respond(&trying, out);
        match self.invite.sdp().map(sdp::read) {
            Some(Ok(offered)) => {
                self.offered = Some(offered);
                out.push_back(Output::OpenMedia { leg: self.number });
            }
            Some(Err(_)) | None => self.refuse(NOT_ACCEPTABLE, EndedBy::Carrier, now, out),
        }
    }

    /// The media socket is open at this address, or could not be opened.
    pub(super) const fn media_opened(&mut self, address: Option<SocketAddr>) {
        self.media = address;
    }

    /// A second INVITE outside the dialog: counted, and refused as merged (RFC 3261, 8.2.2.2).
    pub(super) fn count_second_invite(&mut self, invite: &SipMessage, out: &mut Outputs) {
        self.details.invites += 1;
        out.push_back(Output::Details(self.details.clone()));
        self.send(self.reply_to(invite, 482).to_bytes(), out);
    }

    /// The INVITE came again: what was said last is said again.
    pub(super) fn repeat_response(&self, out: &mut Outputs) {
        if !self.invite_response.is_empty() && self.phase != Phase::Confirmed {
            self.send(self.invite_response.clone(), out);
        }
    }

    fn ring(&mut self, now: Timestamp, out: &mut Outputs) {
        let early = self.persona.as_ref().is_some_and(|persona| persona.early_media);
        let body = self.media.zip(self.offered.clone()).filter(|_| early);
        let response = match body {
            Some((media, offered)) => {
                self.talk = Some(Talk::begin(&offered, &mut self.chance, now, Sound::Ringing));
                self.dialog_response(183)
                    .with_body("application/sdp", sdp::answer(media, 1, &offered))
            }
            None => self.dialog_response(180),
        };
        self.respond(&response, out);
    }

    fn dialog_response(&self, code: u16) -> SipMessage {
        dialog_reply(&self.invite, code, (self.peer, self.local), &self.local_tag)
    }

    fn answer(&mut self, script: &[Step], now: Timestamp, out: &mut Outputs) {
        let Some((media, offered)) = self.media.zip(self.offered.clone()) else {
            return self.refuse(NO_ROOM, EndedBy::Carrier, now, out);
        };
        let response = self
            .dialog_response(200)
            .with_body("application/sdp", sdp::answer(media, 1, &offered));
        self.respond(&response, out);
        self.details.code = Some(200);
        self.details.answered_at = Some(now);
        self.phase = Phase::Answered;
        self.await_acknowledgment(now);
        let mute = self
            .persona
            .as_ref()
            .is_some_and(|one| one.manner == Manner::AnswersAndGoes);
        let chance = &mut self.chance;
        let talk = self
            .talk
            .get_or_insert_with(|| Talk::begin(&offered, chance, now, Sound::Silence));
        talk.answer(script, now, mute);
    }

    fn refuse(&mut self, refusal: FinalResponse, by: EndedBy, now: Timestamp, out: &mut Outputs) {
        let reason = format!("Q.850;cause={};text=\"{}\"", refusal.q850, refusal.text);
        let response = self.reply_to(&self.invite, refusal.code).with("Reason", reason);
        self.fail(&response, by, now, out);
    }

    fn fail(&mut self, response: &SipMessage, by: EndedBy, now: Timestamp, out: &mut Outputs) {
        self.respond(response, out);
        self.details.code = response.code();
        self.phase = Phase::Failed;
        self.await_acknowledgment(now);
        self.account(by, now, out);
    }

    fn await_acknowledgment(&mut self, now: Timestamp) {
        self.times = Times {
            step_at: None,
            retransmit_at: Some(now.plus_ms(T1_MS)),
            retransmit_ms: T1_MS,
            give_up_at: Some(now.plus_ms(GIVE_UP_MS)),
        };
    }

    /// Writes down the end of the call and frees its media.
    fn account(&mut self, by: EndedBy, now: Timestamp, out: &mut Outputs) {
        if let Some(talk) = self.talk.take() {
            self.details.rtp_received = talk.received_count();
            self.details.rtp_sent = talk.sent_count();
        }
        self.details.ended_at = Some(now);
        self.details.ended_by = Some(by);
        self.persona = None;
        out.push_back(Output::CloseMedia { leg: self.number });
        out.push_back(Output::Details(self.details.clone()));
    }

    fn rest(&mut self, now: Timestamp) {
        self.phase = Phase::Ended;
        self.times = Times {
            give_up_at: Some(now.plus_ms(REMEMBERED_MS)),
            ..Times::default()
        };
        self.invite.body.clear();
    }

    /// ACK of a final above 299 (same transaction) or of the 200.
    pub(super) fn acknowledge(&mut self, ack: &SipMessage, now: Timestamp) {
        let known = ack.cseq().map(|(number, _)| number) == self.invite.cseq().map(|(number, _)| number);
        match self.phase {
            Phase::Failed if known => self.rest(now),
            Phase::Answered if known => {
                self.phase = Phase::Confirmed;
                self.times = Times::default();
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

    /// CANCEL: answered 200 if the INVITE is known, and ends it if it was still open (RFC 3261, 9.2).
    pub(super) fn cancel(&mut self, cancel: &SipMessage, now: Timestamp, out: &mut Outputs) {
        let is_open = matches!(self.phase, Phase::Proceeding { .. });
        let crosses = self
            .persona
            .as_ref()
            .is_some_and(|one| one.taking == Taking::AcrossCancel);
        if is_open && crosses {
            // The phone was picked up while CANCEL was on its way.
            let puzzled = Step {
                cue: Cue::After { ms: 3_000 },
                act: Act::HangUp,
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

    /// BYE from the dialing side, in an early or confirmed dialog; repeated ones are answered alike.
    pub(super) fn take_bye(&mut self, bye: &SipMessage, now: Timestamp, out: &mut Outputs) {
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

    /// Another INVITE inside the dialog: the stream may move or be held (RFC 3261, 14.2).
    pub(super) fn take_reinvite(&mut self, invite: &SipMessage, out: &mut Outputs) {
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
        let response = dialog_reply(invite, 200, (self.peer, self.local), &self.local_tag)
            .with_body("application/sdp", sdp::answer(media, number, &offered));
        self.send(response.to_bytes(), out);
    }

    /// Any other request of the dialog.
    pub(super) fn take_other(&self, request: &SipMessage, out: &mut Outputs) {
        let code = match request.method() {
            "INFO" | "OPTIONS" | "UPDATE" if request.body.is_empty() => 200,
            "INFO" => 200,
            _ => 405,
        };
        let response = self.reply_to(request, code).with("Allow", super::reply::ALLOW);
        self.send(response.to_bytes(), out);
    }

    /// A response to our BYE, whatever it says, ends the dialog.
    pub(super) fn take_response(&mut self, response: &SipMessage, now: Timestamp) {
        let ours = self.bye.as_ref().and_then(SipMessage::branch);
        let is_final = response.code().is_some_and(|code| code >= 200);
        if self.phase == Phase::HangingUp && is_final && ours.is_some() && response.branch() == ours {
            self.rest(now);
        }
    }

    /// A datagram of the leg's media socket.
    pub(super) fn take_media(&mut self, now: Timestamp, datagram: &[u8]) {
        if let Some(talk) = &mut self.talk {
            talk.receive(now, datagram);
        }
    }

    /// Does what is due; true when the leg can be forgotten.
    pub(super) fn on_time(&mut self, now: Timestamp, out: &mut Outputs) -> bool {
        if is_past(self.times.step_at, now) {
            self.step(now, out);
        }
        if is_past(self.times.retransmit_at, now) {
            self.retransmit(now, out);
        }
        self.talk_on(now, out);
        is_past(self.times.give_up_at, now) && self.give_up(now, out)
    }

    fn step(&mut self, now: Timestamp, out: &mut Outputs) {
        self.times.step_at = None;
        let (Phase::Proceeding { rung }, Some(persona)) = (self.phase, self.persona.clone()) else {
            return;
        };
        let nobody_at = self.details.invited_at.plus_ms(RING_MS_MAX);
        let ring_ms = match &persona.taking {
            Taking::Answered { ring_ms, .. } => Some(*ring_ms),
            Taking::Refused { ring_ms, .. } => *ring_ms,
            Taking::AcrossCancel => Some(RING_MS_MAX),
            Taking::Unanswered { .. } => return,
        };
        if let (false, Some(ring_ms)) = (rung, ring_ms) {
            self.ring(now, out);
            self.phase = Phase::Proceeding { rung: true };
            self.times.step_at = Some(now.plus_ms(ring_ms).min(nobody_at.max(now)));
            return;
        }
        match persona.taking {
            Taking::Answered { script, .. } => self.answer(&script, now, out),
            Taking::Refused { refusal, .. } => {
                let by = if refusal == NOBODY {
                    EndedBy::Carrier
                } else {
                    EndedBy::Callee
                };
                self.refuse(refusal, by, now, out);
            }
            Taking::AcrossCancel | Taking::Unanswered { .. } => {
                self.refuse(NOBODY, EndedBy::Carrier, now, out);
            }
        }
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
                Act::Press { digit, .. } => self.details.digits.push(digit),
                Act::HangUp => return self.hang_up(EndedBy::Callee, now, out),
                Act::Speak { .. } | Act::Beep { .. } => {}
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

    /// Ends an answered leg with BYE; one that was not answered is refused.
    pub(super) fn hang_up(&mut self, by: EndedBy, now: Timestamp, out: &mut Outputs) {
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

    /// BYE of the called side: From is the INVITE's To with our tag (RFC 3261, 12.2.1.1).
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
                format!("Q.850;cause=16;text=\"{}\"", reason_phrase(200)),
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
