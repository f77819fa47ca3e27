//! Handles the INVITE of a leg: sent once, answered once by a 2xx that begins the talk or by another end.

use super::{CancelState, ConfirmedDialog, Phase, Uac, UacEvent, session_timer};
use crate::sip::dialog::{Dialog, Hop};
use crate::sip::message::SipMessage;
use crate::sip::release_cause::ReleaseCause;
use crate::sip::sdp::{self, AudioStream, SdpError};
use crate::sip::transaction::{Retransmission, TIMER_D_MS, TRANSACTION_MS, step};
use domain::ports::line::{ACKNOWLEDGE_MS_MAX, AnsweredDialog, FailureCause, LegFailure};
use domain::time::Timestamp;

/// The methods that we accept within a dialog, as written in `Allow`.
pub(in crate::sip) const ALLOW: &str = "INVITE, ACK, BYE, CANCEL, OPTIONS, INFO, UPDATE";
/// Most INVITEs of one leg: the first, two challenged realms with stale nonces, 422 and 494.
pub const INVITES_MAX: u32 = 8;
/// Most ACKs of one dialog that wait for the answer to be stored; further ones are left out. A far end
/// sends 10 copies of a 2xx in 32 s (RFC 3261, 13.3.1.4).
const HELD_ACKS_MAX: u32 = 16;
/// Most early dialogs of which the audio description is kept.
const EARLY_MAX: usize = 8;

impl Uac {
    /// Sends the INVITE for the first time, or again with the next CSeq as the answer to a challenge.
    pub(super) fn send_invite(&mut self, now: Timestamp) {
        self.invite_cseq = self.invite_cseq.saturating_add(1);
        let cseq = self.invite_cseq;
        let branch = self.party.identity.branch("INVITE", cseq);
        let uri = self.party.uri.clone();
        let mut message = self
            .party
            .initial("INVITE", &self.party.to, cseq, &branch)
            .with("Contact", self.party.contact())
            .with("Allow", ALLOW)
            .with("Accept", "application/sdp")
            .with("User-Agent", "ledgerline");
        if let Some((name, value)) = &self.party.asserted {
            message.push(name, value);
        }
        self.invite_authorization = self.authenticator.headers("INVITE", &uri);
        for (name, value) in &self.invite_authorization {
            message.push(name, value);
        }
        for (name, value) in &self.extra_headers {
            message.push(name, value);
        }
        let offer = sdp::offer(self.settings.media, self.sdp_version);
        let message = message.with_body("application/sdp", offer);
        let bytes = message.to_bytes();
        self.invite = Some(Retransmission::invite(bytes.clone(), Hop::Trunk, now));
        self.invite_copies = 1;
        self.phase = Phase::Calling;
        let silent_at = now.plus_ms(self.settings.first_response_ms.min(TRANSACTION_MS));
        self.silent_at = silent_at.min(self.setup_until());
        self.send(now, bytes, Hop::Trunk);
    }

    pub(super) fn take_response(&mut self, now: Timestamp, response: &SipMessage) {
        let (Some(code), Some((cseq, method))) = (response.code(), response.cseq()) else {
            return;
        };
        match method {
            "INVITE" => {
                let ours = cseq >= 1
                    && cseq <= self.invite_cseq
                    && response.branch() == Some(self.party.identity.branch("INVITE", cseq).as_str());
                if ours {
                    self.take_invite_response(now, response, code, cseq);
                }
            }
            "CANCEL" => self.take_cancel_response(code, cseq, response),
            "BYE" => self.take_bye_response(now, response, code, cseq),
            _ => {}
        }
    }

    fn take_invite_response(&mut self, now: Timestamp, response: &SipMessage, code: u16, cseq: u32) {
        match code {
            100..=199 if cseq == self.invite_cseq => self.take_provisional(now, code, response),
            100..=199 => {}
            200..=299 => self.take_success(now, response, cseq),
            _ => self.take_failure(now, response, code, cseq),
        }
    }

    fn take_provisional(&mut self, now: Timestamp, code: u16, response: &SipMessage) {
        if !matches!(self.phase, Phase::Calling | Phase::Proceeding | Phase::Silent) {
            return;
        }
        self.invite = None;
        if self.phase == Phase::Calling {
            self.phase = Phase::Proceeding;
        }
        let early_media = self.described(response).and_then(Result::ok);
        if let (Some(tag), Some(stream)) = (response.tag_of_to(), &early_media) {
            self.remember_early(tag, stream.clone());
        }
        let rings = (180..=189).contains(&code) && !self.rang;
        self.rang |= rings;
        match self.cancel {
            CancelState::Held(cause) => {
                self.send_cancel(now, cause);
                // The leg was silent already: it is kept as long as the CANCEL may take.
                self.linger_until = now.plus_ms(TRANSACTION_MS);
            }
            CancelState::None if rings => {
                self.ring_until = now.plus_ms(self.settings.ring_timeout_ms);
                self.tell(UacEvent::Ringing {
                    sip_code: code,
                    early_media,
                });
            }
            CancelState::None | CancelState::Sent { .. } => {}
        }
    }

    /// Returns the audio stream that a message's SDP describes; `None` without SDP. Fails for an address of
    /// another IP family, or one that the trunk's SPEC does not list.
    pub(super) fn described(&self, message: &SipMessage) -> Option<Result<AudioStream, SdpError>> {
        let stream = sdp::read(message.sdp()?);
        let allowed = &self.settings.media_addresses;
        Some(stream.and_then(|mut stream| {
            let ip = stream.address.ip();
            let reachable = ip.is_ipv4() == self.settings.media.is_ipv4();
            // 0.0.0.0, the old way to put on hold, is no address to be checked.
            let expected = allowed.is_empty() || ip.is_unspecified() || allowed.contains(&ip);
            stream.allowed.clone_from(allowed);
            stream.latch = self.settings.latch;
            (reachable && expected)
                .then_some(stream)
                .ok_or(SdpError::NoAddress)
        }))
    }

    fn remember_early(&mut self, tag: &str, stream: AudioStream) {
        self.early.retain(|(known, _)| known != tag);
        if self.early.len() < EARLY_MAX {
            self.early.push((tag.to_owned(), stream));
        }
    }

    /// Handles a 2xx. The first one is the answer, which waits to be stored. A copy gets its ACK again (RFC
    /// 3261, 13.2.2.4). A 2xx of another fork, or after a CANCEL, gets ACK and BYE.
    fn take_success(&mut self, now: Timestamp, response: &SipMessage, cseq: u32) {
        let tag = response.tag_of_to().unwrap_or_default();
        let known = self.dialogs.iter_mut().find(|one| one.dialog.remote_tag == tag);
        if let Some(known) = known {
            if known.held_acks > 0 {
                known.held_acks = known.held_acks.saturating_add(1).min(HELD_ACKS_MAX);
                return;
            }
            let (bytes, hop) = known.ack.clone();
            self.send(now, bytes, hop);
            return;
        }
        if self.phase == Phase::Finished || !self.has_room() {
            return;
        }
        self.invite = None;
        self.confirm(now, response, cseq);
        let wanted = matches!(self.phase, Phase::Calling | Phase::Proceeding)
            && matches!(self.cancel, CancelState::None);
        let at = self.dialogs.len().saturating_sub(1);
        if !wanted {
            self.end_late(now, at);
            return;
        }
        let described = self.described(response);
        // Only the description of the fork that answered: another fork is another telephone.
        let early = self.early.iter().find(|(early, _)| early == tag);
        let media = match described {
            Some(Ok(stream)) => Some(stream),
            Some(Err(_)) => None,
            None => early.map(|(_, stream)| stream.clone()),
        };
        match media {
            Some(media) => {
                self.refresh_until = session_timer::refresh_until(response, "uas", now);
                self.hold_answer(now, media, at);
            }
            None => self.refuse_media(now, at),
        }
    }

    /// Adds the dialog of a 2xx. Its ACK is prepared here and sent later.
    fn confirm(&mut self, now: Timestamp, response: &SipMessage, cseq: u32) {
        let dialog = Dialog::from_answer(&self.party, response, cseq);
        let (mut ack, hop) = dialog.ack(&self.party, cseq);
        if hop.is_at(self.settings.trunk_ip) {
            for (name, value) in &self.invite_authorization {
                ack.push(name, value);
            }
        }
        self.authenticator.admit_no_more();
        let bytes = ack.to_bytes();
        self.linger_until = self.linger_until.max(now.plus_ms(TRANSACTION_MS));
        self.dialogs.push(ConfirmedDialog {
            dialog,
            ack: (bytes, hop),
            held_acks: 1,
            bye: None,
            bye_sent: false,
            accepted: None,
            offered: None,
            last_response: None,
            ended: false,
        });
    }

    /// Reports the answer to the owner. Neither ACK nor audio leaves before the owner has stored it.
    fn hold_answer(&mut self, now: Timestamp, media: AudioStream, at: usize) {
        let Some(one) = self.dialogs.get(at) else {
            return;
        };
        let dialog = AnsweredDialog {
            key_paths: Some(media.key_paths(one.dialog.takes_info)),
            ..one.dialog.facts(self.invite_cseq)
        };
        self.phase = Phase::Answered;
        self.unacknowledged = Some((media, now.plus_ms(ACKNOWLEDGE_MS_MAX)));
        self.tell(UacEvent::Answered(dialog));
    }

    /// Sends the ACK of an answer that was stored, and reports `Talking`, so that audio starts.
    pub(super) fn acknowledge(&mut self, now: Timestamp) {
        if self.phase != Phase::Answered {
            return;
        }
        if let Some((media, _)) = self.unacknowledged.take() {
            self.tell(UacEvent::Talking(media));
        }
        for at in 0..self.dialogs.len() {
            self.send_held_acks(now, at);
        }
    }

    /// Sends a dialog's waiting ACKs, one per copy of the 2xx that came meanwhile (RFC 3261, 13.2.2.4).
    pub(super) fn send_held_acks(&mut self, now: Timestamp, at: usize) {
        let Some(one) = self.dialogs.get_mut(at) else {
            return;
        };
        let (bytes, hop) = one.ack.clone();
        for _ in 0..std::mem::take(&mut one.held_acks) {
            self.send(now, bytes.clone(), hop);
        }
    }

    /// Hangs up at once because the callee answered with audio that we do not support, and fails with 488.
    /// The failure is not definite, because a second leg would ring the same person again.
    fn refuse_media(&mut self, now: Timestamp, at: usize) {
        let failure = LegFailure {
            sip_code: Some(488),
            cause: FailureCause::Response,
            definite: false,
            ..self.failure(now)
        };
        self.tell(UacEvent::Failed(failure));
        self.end_late(now, at);
    }

    /// Ends an unwanted dialog with ACK and BYE: of a 2xx after a CANCEL or a failure, or of a second fork.
    fn end_late(&mut self, now: Timestamp, at: usize) {
        let talking = self.phase == Phase::Answered;
        self.send_held_acks(now, at);
        self.send_bye(now, at);
        let Some(one) = self.dialogs.get(at) else {
            return;
        };
        if talking || self.is_closed() {
            return;
        }
        let facts = one.dialog.facts(self.invite_cseq);
        self.tell(UacEvent::LateAnswered(facts));
        self.cancel = CancelState::None;
        self.close(now);
    }

    /// Handles a final response above 299: sends its ACK, then the INVITE again or fails the leg.
    fn take_failure(&mut self, now: Timestamp, response: &SipMessage, code: u16, cseq: u32) {
        if let Some((_, ack)) = self.acks.iter().find(|(known, _)| *known == cseq) {
            let again = ack.clone();
            self.send(now, again, Hop::Trunk);
            return;
        }
        if !matches!(self.phase, Phase::Calling | Phase::Proceeding | Phase::Silent) {
            return;
        }
        let branch = self.party.identity.branch("INVITE", cseq);
        let to = response.header("To").unwrap_or(&self.party.to).to_owned();
        let ack = self.party.initial("ACK", &to, cseq, &branch).to_bytes();
        self.acks.push((cseq, ack.clone()));
        self.send(now, ack, Hop::Trunk);
        if cseq != self.invite_cseq {
            return;
        }
        self.invite = None;
        let wanted = matches!(self.phase, Phase::Calling | Phase::Proceeding)
            && matches!(self.cancel, CancelState::None);
        let in_time = now <= self.settings.leaves_by;
        if wanted && in_time && self.invite_cseq < INVITES_MAX && self.may_retry(code, response) {
            self.send_invite(now);
            return;
        }
        self.fail(now, code, response);
    }

    /// Returns true if the leg may send its INVITE again after this response: for a challenge that it can
    /// answer, a longer session interval (422), or a security agreement (494). Prepares the headers.
    fn may_retry(&mut self, code: u16, response: &SipMessage) -> bool {
        match code {
            401 | 407 => self.authenticator.take(response),
            422 if !self.retried.contains(&422) => {
                let interval = response
                    .header("Min-SE")
                    .and_then(|value| value.split(';').next()?.trim().parse().ok());
                let Some(interval_s) = interval.filter(|interval: &u32| (90..=86_400).contains(interval))
                else {
                    return false;
                };
                // The far end refreshes (RFC 4028, 7.1); we only answer it.
                self.retried.push(422);
                self.extra_headers.extend([
                    ("Supported".to_owned(), "timer".to_owned()),
                    (
                        "Session-Expires".to_owned(),
                        format!("{interval_s};refresher=uas"),
                    ),
                    ("Min-SE".to_owned(), interval_s.to_string()),
                ]);
                true
            }
            494 if !self.retried.contains(&494) => {
                let offered: Vec<String> = response.headers("Security-Server").map(str::to_owned).collect();
                if offered.is_empty() {
                    return false;
                }
                // RFC 3329, 2.3.1: the server's list is returned as it came.
                self.retried.push(494);
                let verify = |value: String| ("Security-Verify".to_owned(), value);
                self.extra_headers.extend(offered.into_iter().map(verify));
                self.extra_headers
                    .push(("Security-Client".to_owned(), "digest".to_owned()));
                true
            }
            _ => false,
        }
    }

    fn fail(&mut self, now: Timestamp, code: u16, response: &SipMessage) {
        let release = ReleaseCause::of(response);
        let is_reported = self.phase == Phase::Silent;
        let failure = LegFailure {
            sip_code: Some(code),
            reason_header: release.reason_header,
            q850: release.q850,
            cause: self.cancel_cause().unwrap_or(FailureCause::Response),
            definite: true,
            retry_after_s: response.retry_after_s(),
            ..self.failure(now)
        };
        self.cancel = CancelState::None;
        self.linger_until = now.plus_ms(TIMER_D_MS);
        if !is_reported {
            self.tell(UacEvent::Failed(failure));
        }
        self.close(now);
    }

    pub(super) fn failure(&self, now: Timestamp) -> LegFailure {
        LegFailure {
            rang: self.rang,
            after_ms: now.ms_since(self.began_at),
            ..LegFailure::default()
        }
    }

    pub(super) fn cancel_cause(&self) -> Option<FailureCause> {
        match self.cancel {
            CancelState::None => None,
            CancelState::Held(cause) | CancelState::Sent { cause, .. } => Some(cause),
        }
    }

    /// Sends the INVITE again if due. Never after `leaves_by`: if all copies were lost, no phone may ring
    /// any more (a window may have closed); if not, the far end repeats its responses.
    pub(super) fn elapse_invite(&mut self, now: Timestamp) {
        if now > self.settings.leaves_by {
            self.invite = None;
        }
        let mut again = Vec::new();
        step(&mut self.invite, now, &mut again);
        self.invite_copies = self.invite_copies.saturating_add(u32::from(!again.is_empty()));
        for (bytes, hop) in again {
            self.send(now, bytes, hop);
        }
    }
}
