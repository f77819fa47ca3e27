//! Handles a leg after its answer: our BYE, and the far end's BYE, re-INVITEs and other requests, each of
//! which gets a response.

use super::invite::ALLOW;
use super::{Phase, Uac, UacEvent, session_timer};
use crate::sip::dialog::Hop;
use crate::sip::message::{SipMessage, reason_phrase};
use crate::sip::release_cause::ReleaseCause;
use crate::sip::sdp::{self, AudioStream};
use crate::sip::stray_requests;
use crate::sip::transaction::{Retransmission, step};
use crate::sip::via;
use domain::call::EndCause;
use domain::ports::line::HangupSource;
use domain::time::Timestamp;
use std::net::{IpAddr, SocketAddr};

impl Uac {
    /// Returns true if the leg is answered, acknowledged, and not hung up.
    pub fn is_talking(&self) -> bool {
        self.phase == Phase::Answered && self.unacknowledged.is_none()
    }

    /// Sends the BYE of the dialog at index `at`, unless one was sent or the dialog has ended: at most one
    /// per dialog.
    pub(super) fn send_bye(&mut self, now: Timestamp, at: usize) {
        let Some(one) = self.dialogs.get_mut(at) else {
            return;
        };
        if one.bye_sent || one.ended {
            return;
        }
        one.bye_sent = true;
        self.authenticator.next_request();
        self.repeat_bye(now, at);
    }

    /// Sends a BYE with the next CSeq and the credentials of the realms known so far: the first BYE, or one
    /// that answers a challenge.
    fn repeat_bye(&mut self, now: Timestamp, at: usize) {
        let Some(one) = self.dialogs.get_mut(at) else {
            return;
        };
        let (mut bye, hop) = one.dialog.request(&self.party, "BYE");
        let uri = bye.uri().unwrap_or_default().to_owned();
        if hop.is_at(self.settings.trunk_ip) {
            for (name, value) in self.authenticator.headers("BYE", &uri) {
                bye.push(name, value);
            }
        }
        let bytes = bye.to_bytes();
        one.bye = Some(Retransmission::request(bytes.clone(), hop, now));
        self.send(now, bytes, hop);
    }

    /// Ends an answered leg from our side with a BYE and reports `HungUp`. Does nothing unless the leg is
    /// answered.
    pub(super) fn hang_up(&mut self, now: Timestamp, by: HangupSource) {
        if self.phase != Phase::Answered {
            return;
        }
        self.unacknowledged = None;
        for at in 0..self.dialogs.len() {
            self.send_held_acks(now, at);
            self.send_bye(now, at);
        }
        self.tell(UacEvent::HungUp {
            by,
            reason_header: None,
            q850: None,
        });
        self.close(now);
    }

    pub(super) fn take_bye_response(&mut self, now: Timestamp, response: &SipMessage, code: u16, cseq: u32) {
        let tag = response.tag_of_to().unwrap_or_default();
        let at = self.dialogs.iter().position(|one| one.dialog.remote_tag == tag);
        let Some(at) = at else {
            return;
        };
        let Some(one) = self.dialogs.get_mut(at) else {
            return;
        };
        let Some(running) = one.bye.as_mut().filter(|_| one.dialog.local_cseq == cseq) else {
            return;
        };
        if code < 200 {
            running.slow_down();
            return;
        }
        let of_trunk = running.hop.is_at(self.settings.trunk_ip);
        one.bye = None;
        if matches!(code, 401 | 407) && of_trunk && self.authenticator.take(response) {
            self.repeat_bye(now, at);
            return;
        }
        // 200, 481 and 408 alike mean that the dialog is gone (RFC 3261, 15.1.1).
        if let Some(one) = self.dialogs.get_mut(at) {
            one.ended = true;
        }
    }

    pub(super) fn elapse_dialogs(&mut self, now: Timestamp) {
        let mut again: Vec<(Vec<u8>, Hop)> = Vec::new();
        let mut unacknowledged = false;
        for one in &mut self.dialogs {
            if step(&mut one.bye, now, &mut again) {
                one.ended = true;
            }
            unacknowledged |= step(&mut one.accepted, now, &mut again);
        }
        for (bytes, hop) in again {
            self.send(now, bytes, hop);
        }
        if unacknowledged {
            // RFC 3261, 14.2: a 2xx to a re-INVITE that never gets its ACK ends the dialog.
            self.hang_up(now, HangupSource::Media(EndCause::RefreshMissed));
        }
    }

    /// Handles a request of the far end with this leg's Call-ID that came from `from`.
    pub(super) fn take_request(&mut self, now: Timestamp, request: &SipMessage, from: SocketAddr) {
        let from = via::reply_to(request, from);
        let ours = request.tag_of_to() == Some(self.party.identity.local_tag().as_str());
        let at = match request.tag_of_from() {
            Some(remote) => self
                .dialogs
                .iter()
                .position(|one| one.dialog.remote_tag == remote),
            // Without a From tag (RFC 2543) the only dialog of the Call-ID is meant.
            None => (self.dialogs.len() == 1).then_some(0),
        };
        let Some(at) = at.filter(|_| ours && self.phase != Phase::Finished) else {
            let early = ours && self.phase == Phase::Proceeding && request.method() == "UPDATE";
            self.refuse(now, request, if early { 491 } else { 481 }, from);
            return;
        };
        let Some((cseq, method)) = request.cseq() else {
            return;
        };
        if method == "ACK" {
            return self.take_ack(at, request, cseq);
        }
        if self.answer_repeat(now, at, cseq, method, from) {
            return;
        }
        let response = self.judge(now, at, request, from);
        let bytes = response.to_bytes();
        if let Some(one) = self.dialogs.get_mut(at) {
            one.dialog.remote_cseq = one.dialog.remote_cseq.max(Some(cseq));
            one.last_response = Some((cseq, method.to_owned(), bytes.clone()));
            if method == "INVITE" && response.code() == Some(200) {
                one.accepted = Some(Retransmission::request(bytes.clone(), Hop::At(from), now));
            }
        }
        self.send(now, bytes, Hop::At(from));
        if method == "BYE" {
            self.take_bye(now, at, request);
        } else if response.code() == Some(200) {
            self.tell(UacEvent::Alive);
        }
    }

    /// Handles the ACK of our 200 to a re-INVITE. If our 200 contained the offer, the ACK contains the
    /// answer (RFC 3264; RFC 3261, 13.2.1), which may hold or move the audio. An answer that cannot be used
    /// leaves the audio as it is.
    fn take_ack(&mut self, at: usize, ack: &SipMessage, cseq: u32) {
        let Some(one) = self.dialogs.get_mut(at) else {
            return;
        };
        one.accepted = None;
        let answers = one.offered.take_if(|offered| *offered == cseq).is_some() && !one.ended;
        if let Some(Ok(stream)) = self.described(ack).filter(|_| answers) {
            self.move_media(stream);
        }
    }

    fn refuse(&mut self, now: Timestamp, request: &SipMessage, code: u16, from: SocketAddr) {
        if request.method() != "ACK" {
            let response = SipMessage::response(request, code, reason_phrase(code), None);
            self.send(now, response.to_bytes(), Hop::At(from));
        }
    }

    /// Sends the last response again if the request repeats the last one, and returns true. Returns true
    /// also for an unknown dialog.
    fn answer_repeat(
        &mut self,
        now: Timestamp,
        at: usize,
        cseq: u32,
        method: &str,
        from: SocketAddr,
    ) -> bool {
        let Some(one) = self.dialogs.get(at) else {
            return true;
        };
        if let Some((last, last_method, bytes)) = &one.last_response
            && *last == cseq
            && last_method == method
        {
            let again = bytes.clone();
            self.send(now, again, Hop::At(from));
            return true;
        }
        false
    }

    /// Acts on a new request within the dialog and returns its response. A request older than the last gets
    /// 500 (RFC 3261, 12.2.2), except a BYE: a far end that counts wrongly still means it.
    fn judge(&mut self, now: Timestamp, at: usize, request: &SipMessage, from: SocketAddr) -> SipMessage {
        let plain = |code: u16| SipMessage::response(request, code, reason_phrase(code), None);
        let last = self.dialogs.get(at).and_then(|one| one.dialog.remote_cseq);
        let overtaken = last
            .zip(request.cseq())
            .is_some_and(|(last, (cseq, _))| cseq <= last);
        let ended = self.dialogs.get(at).is_none_or(|one| one.ended);
        match request.method() {
            "BYE" => plain(200),
            _ if ended => plain(481),
            "CANCEL" | "PRACK" => plain(481),
            _ if overtaken => plain(500),
            "INVITE" | "UPDATE" => self.renegotiate(now, at, request, from),
            "OPTIONS" => plain(200).with("Allow", ALLOW).with("Accept", "application/sdp"),
            "INFO" => {
                if let Some(digit) = info_digit(request) {
                    self.tell(UacEvent::Keypress(digit));
                }
                plain(200)
            }
            // REFER among them: calls are not transferred to an address that the far end names (toll fraud).
            _ => stray_requests::refuse_method(request),
        }
    }

    /// Handles a re-INVITE or UPDATE, which may bring a new target or new audio or only refresh the session
    /// (RFC 3261, 14.2; RFC 3311). Returns its response.
    fn renegotiate(
        &mut self,
        now: Timestamp,
        at: usize,
        request: &SipMessage,
        from: SocketAddr,
    ) -> SipMessage {
        let refuse = |code: u16| SipMessage::response(request, code, reason_phrase(code), None);
        let media = self.settings.media;
        let offered = match self.described(request) {
            Some(Err(_)) => return refuse(488),
            Some(Ok(stream)) => Some(stream),
            None => None,
        };
        let trunk_ip = self.settings.trunk_ip;
        if let Some(one) = self.dialogs.get_mut(at)
            && let Some(target) = request.contact_uri()
            && (!one.dialog.route_set.is_empty() || is_at_home(target, [trunk_ip, from.ip()]))
        {
            target.clone_into(&mut one.dialog.remote_target);
        }
        self.sdp_version = self.sdp_version.saturating_add(1);
        if let Some(one) = self.dialogs.get_mut(at) {
            let offers = offered.is_none() && request.method() == "INVITE";
            one.offered = request.cseq().map(|(cseq, _)| cseq).filter(|_| offers);
        }
        let body = match &offered {
            Some(stream) => Some(sdp::answer(media, self.sdp_version, stream)),
            None if request.method() == "INVITE" => Some(sdp::offer(media, self.sdp_version)),
            None => None,
        };
        if let Some(stream) = offered {
            self.move_media(stream);
        }
        self.linger_until = self.linger_until.max(now);
        let mut response = refuse(200)
            .with("Contact", self.party.contact())
            .with("Allow", ALLOW);
        if let Some(expires) = request.header("Session-Expires") {
            response.push("Require", "timer");
            response.push("Session-Expires", session_timer::accept_session_expires(expires));
            self.refresh_until = session_timer::refresh_until(request, "uac", now);
        }
        match body {
            Some(body) => response.with_body("application/sdp", body),
            None => response,
        }
    }

    /// Applies a new description of the far end's audio: reports it, or keeps it until the answer is
    /// acknowledged.
    pub(super) fn move_media(&mut self, stream: AudioStream) {
        match &mut self.unacknowledged {
            Some((media, _)) => *media = stream,
            None => self.tell(UacEvent::MediaMoved(stream)),
        }
    }

    fn take_bye(&mut self, now: Timestamp, at: usize, request: &SipMessage) {
        self.send_held_acks(now, at);
        let Some(one) = self.dialogs.get_mut(at) else {
            return;
        };
        // Both ends sent a BYE at once: ours goes on until it is answered; both ends know that the call is
        // over.
        one.ended = true;
        one.accepted = None;
        let last = self.dialogs.iter().all(|one| one.ended || one.bye_sent);
        if self.phase == Phase::Answered && last {
            let release = ReleaseCause::of(request);
            self.unacknowledged = None;
            self.tell(UacEvent::HungUp {
                by: HangupSource::Callee,
                reason_header: release.reason_header,
                q850: release.q850,
            });
            self.close(now);
        }
    }
}

/// Returns true if a new target is at one of the known addresses (the trunk's, and the one that the request
/// came from), or is a name, which is behind the trunk. A target elsewhere would receive our BYE, and the
/// call would continue.
fn is_at_home(target: &str, known: [IpAddr; 2]) -> bool {
    match Hop::of_uri(target) {
        Hop::Trunk => true,
        Hop::At(address) => known.contains(&address.ip()),
    }
}

/// Returns the key in the body of an INFO: `Signal=5` of application/dtmf-relay, `d=5` of Nortel's digits,
/// or the single digit of application/dtmf. `None` without one.
fn info_digit(request: &SipMessage) -> Option<char> {
    let text = std::str::from_utf8(&request.body).ok()?;
    let kind = request.content_type()?.to_ascii_lowercase();
    let signal = match kind.as_str() {
        "application/dtmf-relay" => member(text, "Signal")?,
        "application/vnd.nortelnetworks.digits" => member(text, "d")?,
        "application/dtmf" => member(text, "Signal").unwrap_or_else(|| text.trim()),
        _ => return None,
    };
    // Some send the event codes of RFC 4733 for the keys beyond the digits, or words for * and #.
    match signal.to_ascii_lowercase().as_str() {
        "10" | "star" => return Some('*'),
        "11" | "pound" | "hash" => return Some('#'),
        "12" => return Some('A'),
        "13" => return Some('B'),
        "14" => return Some('C'),
        "15" => return Some('D'),
        _ => {}
    }
    let mut signs = signal.chars();
    let digit = signs
        .next()
        .filter(|_| signs.next().is_none())?
        .to_ascii_uppercase();
    matches!(digit, '0'..='9' | '*' | '#' | 'A'..='D').then_some(digit)
}

/// Returns the value of a line `key=value` or `key: value`, without quotes; the key's case is ignored.
fn member<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    text.lines().find_map(|line| {
        let (name, value) = line.split_once(['=', ':'])?;
        let value = value.trim().trim_matches('"');
        name.trim().eq_ignore_ascii_case(key).then_some(value)
    })
}
