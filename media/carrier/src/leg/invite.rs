//! Handles the INVITE of a leg: it is challenged or accepted, rings, and is then answered or refused (RFC
//! 3261, 13.3).

use super::{GIVE_UP_MS, Leg, LegTimers, NO_ROOM, Outputs, Phase, REMEMBERED_MS};
use crate::Output;
use crate::call_details::EndedBy;
use crate::callee::{FinalResponse, InviteOutcome, NO_ANSWER, Persona, ScriptStep};
use crate::callee_audio::CalleeAudio;
use crate::profile::{CalleeBehavior, RING_MS_MAX};
use crate::reply::{dialog_reply, reply};
use crate::sounds::Sound;
use domain::time::Timestamp;
use media::sip::message::SipMessage;
use media::sip::sdp;
use std::net::SocketAddr;

/// The refusal of an offer that cannot be answered.
const NOT_ACCEPTABLE: FinalResponse = FinalResponse {
    code: 488,
    q850: 88,
    text: "incompatible destination",
};

impl Leg {
    /// Sends the challenge `response` to an INVITE. The next INVITE with credentials is another transaction
    /// of the same leg.
    pub(crate) fn challenge(
        &mut self,
        invite: SipMessage,
        response: &SipMessage,
        now: Timestamp,
        out: &mut Outputs,
    ) {
        // The next INVITE brings its offer again.
        self.invite = SipMessage {
            body: Vec::new(),
            ..invite
        };
        self.details.code = response.code();
        self.phase = Phase::Challenged;
        self.times.give_up_at = Some(now.plus_ms(REMEMBERED_MS));
        self.respond(response, out);
        out.push_back(Output::Details(Box::new(self.details.clone())));
    }

    /// Accepts the INVITE for a call with this persona. Only its transaction counts in the call details.
    pub(crate) fn accept(&mut self, invite: SipMessage, persona: Persona, now: Timestamp, out: &mut Outputs) {
        self.remote_cseq = invite.cseq().map_or(0, |(number, _)| number);
        self.invite = invite;
        self.details.invites += 1;
        self.details.code = None;
        self.phase = Phase::Proceeding { rung: false };
        self.times = LegTimers {
            step_at: Some(now.plus_ms(persona.post_dial_delay_ms)),
            ..LegTimers::default()
        };
        if let InviteOutcome::Unanswered { .. } = persona.taking {
            self.times.step_at = None;
            self.times.give_up_at = Some(now.plus_ms(GIVE_UP_MS));
        }
        let silent = persona.taking == InviteOutcome::Unanswered { trying: false };
        self.persona = Some(persona);
        out.push_back(Output::Details(Box::new(self.details.clone())));
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

    /// Sets the address of the leg's media socket; `None` if the socket could not be opened.
    pub(crate) const fn media_opened(&mut self, address: Option<SocketAddr>) {
        self.media = address;
    }

    /// Counts a second INVITE of the call outside the dialog and refuses it as merged with 482 (RFC 3261,
    /// 8.2.2.2).
    pub(crate) fn count_second_invite(&mut self, invite: &SipMessage, out: &mut Outputs) {
        self.details.invites += 1;
        out.push_back(Output::Details(Box::new(self.details.clone())));
        self.send(self.reply_to(invite, 482).to_bytes(), out);
    }

    /// Sends the last response to the INVITE again, because the INVITE was repeated. Does nothing after the
    /// ACK.
    pub(crate) fn repeat_response(&self, out: &mut Outputs) {
        if !self.invite_response.is_empty() && self.phase != Phase::Confirmed {
            self.send(self.invite_response.clone(), out);
        }
    }

    fn ring(&mut self, now: Timestamp, out: &mut Outputs) {
        let early = self.persona.as_ref().is_some_and(|persona| persona.early_media);
        let body = self.media.zip(self.offered.clone()).filter(|_| early);
        let response = match body {
            Some((media, offered)) => {
                self.talk = Some(CalleeAudio::begin(
                    &offered,
                    &mut self.chance,
                    now,
                    Sound::Ringing,
                ));
                self.dialog_response(183)
                    .with_body("application/sdp", sdp::answer(media, 1, &offered))
            }
            None => self.dialog_response(180),
        };
        self.respond(&response, out);
    }

    fn dialog_response(&self, code: u16) -> SipMessage {
        dialog_reply(&self.invite, code, self.peer, self.local, &self.local_tag)
    }

    pub(super) fn answer(&mut self, script: &[ScriptStep], now: Timestamp, out: &mut Outputs) {
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
            .is_some_and(|one| one.manner == CalleeBehavior::AnswersAndGoes);
        let chance = &mut self.chance;
        let talk = self
            .talk
            .get_or_insert_with(|| CalleeAudio::begin(&offered, chance, now, Sound::Silence));
        let voices = self.persona.as_ref().map(|one| one.voices.clone());
        talk.answer(script, now, mute);
        talk.speak_with(voices.unwrap_or_default());
    }

    pub(super) fn refuse(&mut self, refusal: FinalResponse, by: EndedBy, now: Timestamp, out: &mut Outputs) {
        let reason = format!("Q.850;cause={};text=\"{}\"", refusal.q850, refusal.text);
        let response = self.reply_to(&self.invite, refusal.code).with("Reason", reason);
        self.fail(&response, by, now, out);
    }

    pub(super) fn fail(&mut self, response: &SipMessage, by: EndedBy, now: Timestamp, out: &mut Outputs) {
        self.respond(response, out);
        self.details.code = response.code();
        self.phase = Phase::Failed;
        self.await_acknowledgment(now);
        self.account(by, now, out);
    }

    pub(super) fn step(&mut self, now: Timestamp, out: &mut Outputs) {
        self.times.step_at = None;
        let (Phase::Proceeding { rung }, Some(persona)) = (self.phase, self.persona.clone()) else {
            return;
        };
        let ring_ends_at = self.details.invited_at.plus_ms(RING_MS_MAX);
        let ring_ms = match &persona.taking {
            InviteOutcome::Answered { ring_ms, .. } => Some(*ring_ms),
            InviteOutcome::Refused { ring_ms, .. } => *ring_ms,
            InviteOutcome::AcrossCancel => Some(RING_MS_MAX),
            InviteOutcome::Unanswered { .. } => return,
        };
        if let (false, Some(ring_ms)) = (rung, ring_ms) {
            self.ring(now, out);
            self.phase = Phase::Proceeding { rung: true };
            self.times.step_at = Some(now.plus_ms(ring_ms).min(ring_ends_at.max(now)));
            return;
        }
        match persona.taking {
            InviteOutcome::Answered { script, .. } => self.answer(&script, now, out),
            InviteOutcome::Refused { refusal, .. } => {
                let by = if refusal == NO_ANSWER {
                    EndedBy::Carrier
                } else {
                    EndedBy::Callee
                };
                self.refuse(refusal, by, now, out);
            }
            InviteOutcome::AcrossCancel | InviteOutcome::Unanswered { .. } => {
                self.refuse(NO_ANSWER, EndedBy::Carrier, now, out);
            }
        }
    }
}
