//! Ends what a crash left of a leg, from its stored facts: BYE when it was answered, else CANCEL; no INVITE.
//!
//! A restarted process does not know how far the INVITE got. On a trunk with credentials it cancels CSeq 1
//! and 2 at once, since a proxy may drop a CANCEL of an older transaction without a word; then, on 481, each
//! that a further challenge may have led to. A 2xx that crosses is acknowledged and ended.

use super::authentication::{Authenticator, Credentials};
use super::dialog::{Dialog, Hop, Party};
use super::message::SipMessage;
use super::transaction::{Elapsed, Retransmission, TRANSACTION_MS};
use super::user_agent::cancel_of;
use domain::ports::line::LegFacts;
use domain::time::Timestamp;
use std::collections::VecDeque;
use std::net::IpAddr;

/// INVITE transactions a leg may have had: the first, and answers to a challenge and its stale nonces.
const CANCELS_MAX: u32 = 4;

/// INVITEs cancelled at once where a challenge is to be expected: the first and its answer.
const CANCELS_AT_ONCE: u32 = 2;

/// Requests the lost process may have sent within the dialog: the next CSeq must be above them all
/// (RFC 3261, 12.2.1.1). A BYE, its challenges, and as much again.
const CSEQ_GAP: u32 = 16;

/// The ending of one leg.
pub struct LeftOver {
    party: Party,
    authenticator: Authenticator,
    trunk_ip: IpAddr,
    /// Highest CSeq whose INVITE is or was being cancelled.
    cancelled: u32,
    /// CANCELs without a final response, by CSeq.
    cancels: Vec<(u32, Retransmission)>,
    /// Our BYE, until its response.
    request: Option<Retransmission>,
    dialog: Option<Dialog>,
    bye_cseq: u32,
    /// CANCEL was accepted: wait for the INVITE's final response until then.
    waits_until: Option<Timestamp>,
    finished: bool,
    outputs: VecDeque<(Vec<u8>, Hop)>,
}

impl LeftOver {
    /// Begins; the first request waits in `poll_output`. Of the trunk: its `host:port`, and its address, the
    /// only one that credentials are shown to.
    pub fn end(
        facts: &LegFacts,
        trunk: &str,
        trunk_ip: IpAddr,
        credentials: Option<Credentials>,
        seed: [u8; 16],
        now: Timestamp,
    ) -> Self {
        let identity = facts.identity.clone();
        let (callee, caller) = (facts.callee.as_str(), facts.caller.as_deref());
        let party = Party::new(identity, &facts.local, trunk, callee, caller);
        let answered = facts.answered.as_ref();
        let at_once = if credentials.is_some() { CANCELS_AT_ONCE } else { 1 };
        let mut left_over = Self {
            dialog: answered
                .map(|answered| Dialog::from_log(&party, answered, answered.cseq.saturating_add(CSEQ_GAP))),
            party,
            authenticator: Authenticator::new(credentials, seed),
            trunk_ip,
            cancelled: 0,
            cancels: Vec::new(),
            request: None,
            bye_cseq: 0,
            waits_until: None,
            finished: false,
            outputs: VecDeque::new(),
        };
        if left_over.dialog.is_some() {
            left_over.send_bye(now);
        } else {
            for _ in 0..at_once {
                left_over.send_cancel(now);
            }
        }
        left_over
    }

    pub fn call_id(&self) -> String {
        self.party.identity.sip_call_id()
    }

    /// The far end has answered, or 64 × T1 have passed in silence.
    pub const fn is_finished(&self) -> bool {
        self.finished
    }

    pub fn poll_output(&mut self) -> Option<(Vec<u8>, Hop)> {
        self.outputs.pop_front()
    }

    pub fn next_deadline(&self) -> Option<Timestamp> {
        if self.finished {
            return None;
        }
        let cancels = self.cancels.iter().map(|(_, cancel)| cancel);
        let requests = cancels.chain(&self.request).map(Retransmission::deadline);
        requests.chain(self.waits_until).min()
    }

    pub fn elapse(&mut self, now: Timestamp) {
        if self.waits_until.is_some_and(|until| now >= until) {
            self.finished = true;
        }
        self.elapse_cancels(now);
        let Some(running) = &mut self.request else {
            return;
        };
        match running.elapse(now) {
            Elapsed::NotYet => {}
            Elapsed::SendAgain => {
                let again = (running.bytes.clone(), running.hop);
                self.outputs.push_back(again);
            }
            Elapsed::TimedOut => {
                self.request = None;
                self.finished = true;
            }
        }
    }

    fn elapse_cancels(&mut self, now: Timestamp) {
        let outputs = &mut self.outputs;
        let before = self.cancels.len();
        self.cancels.retain_mut(|(_, cancel)| match cancel.elapse(now) {
            Elapsed::NotYet => true,
            Elapsed::SendAgain => {
                outputs.push_back((cancel.bytes.clone(), cancel.hop));
                true
            }
            Elapsed::TimedOut => false,
        });
        if self.cancels.len() < before && self.nothing_is_awaited() {
            self.finished = true;
        }
    }

    /// No CANCEL is under way, none was accepted, and no dialog is being ended.
    fn nothing_is_awaited(&self) -> bool {
        self.cancels.is_empty() && self.waits_until.is_none() && self.dialog.is_none()
    }

    /// Takes a message of this leg's Call-ID.
    pub fn take(&mut self, now: Timestamp, message: &SipMessage) {
        let (Some(code), Some((cseq, method))) = (message.code(), message.cseq()) else {
            // The far end hangs up at the same time: it needs our 200 and we need nothing more.
            if message.method() == "BYE" && self.is_of_dialog(message) {
                let response = SipMessage::response(message, 200, "OK", None);
                self.outputs.push_back((response.to_bytes(), Hop::Trunk));
                self.finished = true;
            }
            return;
        };
        match method {
            "INVITE" => self.take_invite_response(now, message, code, cseq),
            "CANCEL" => self.take_cancel_response(now, message, code, cseq),
            "BYE" if cseq == self.bye_cseq => self.take_bye_response(now, message, code),
            _ => {}
        }
    }

    /// Our tag, and the far end's where it is known (RFC 3261, 12.2.2).
    fn is_of_dialog(&self, request: &SipMessage) -> bool {
        let theirs = self.dialog.as_ref().map(|dialog| dialog.remote_tag.as_str());
        request.tag_of_to() == Some(self.party.identity.local_tag().as_str())
            && theirs.is_none_or(|tag| request.tag_of_from() == Some(tag))
    }

    fn take_invite_response(&mut self, now: Timestamp, response: &SipMessage, code: u16, cseq: u32) {
        let branch = self.party.identity.branch("INVITE", cseq);
        if code < 200 || response.branch() != Some(branch.as_str()) {
            return;
        }
        if code >= 300 {
            let to = response.header("To").unwrap_or(&self.party.to).to_owned();
            let ack = self.party.request("ACK", &self.party.uri, &to, cseq, &branch);
            self.outputs.push_back((ack.to_bytes(), Hop::Trunk));
            self.take_invite_end(code, cseq, now);
            return;
        }
        let dialog = Dialog::from_answer(&self.party, response, cseq);
        let (ack, hop) = dialog.ack(&self.party, cseq);
        self.outputs.push_back((ack.to_bytes(), hop));
        if self.dialog.is_none() {
            let mut dialog = dialog;
            dialog.local_cseq = cseq.saturating_add(CSEQ_GAP);
            self.dialog = Some(dialog);
            self.waits_until = None;
            self.cancels.clear();
            self.send_bye(now);
        }
    }

    /// A final response that is no 2xx: the leg is over, unless it is a challenge that comes again. That is
    /// the end of an older transaction, and the INVITE that answered it may be the one that rings.
    fn take_invite_end(&mut self, code: u16, cseq: u32, now: Timestamp) {
        if self.dialog.is_some() || cseq > self.cancelled {
            return;
        }
        if !matches!(code, 401 | 407) {
            self.finished = true;
            return;
        }
        self.cancels.retain(|(running, _)| *running != cseq);
        self.go_on(now);
    }

    fn take_cancel_response(&mut self, now: Timestamp, response: &SipMessage, code: u16, cseq: u32) {
        let ours = response.branch() == Some(self.party.identity.branch("INVITE", cseq).as_str());
        let known = self.cancels.iter().any(|(running, _)| *running == cseq);
        if self.dialog.is_some() || code < 200 || !ours || !known {
            return;
        }
        self.cancels.retain(|(running, _)| *running != cseq);
        if code < 300 {
            self.waits_until = Some(now.plus_ms(TRANSACTION_MS));
            return;
        }
        self.go_on(now);
    }

    /// Tries the next INVITE there may have been, when none of those tried was it.
    fn go_on(&mut self, now: Timestamp) {
        if !self.nothing_is_awaited() {
            return;
        }
        if self.cancelled >= CANCELS_MAX {
            self.finished = true;
            return;
        }
        self.send_cancel(now);
    }

    fn take_bye_response(&mut self, now: Timestamp, response: &SipMessage, code: u16) {
        if code < 200 {
            return;
        }
        let of_trunk = self
            .request
            .take()
            .is_some_and(|bye| bye.hop.is_at(self.trunk_ip));
        if matches!(code, 401 | 407) && of_trunk && self.authenticator.take(response) {
            self.send_bye(now);
            return;
        }
        self.finished = true;
    }

    fn send_cancel(&mut self, now: Timestamp) {
        self.cancelled += 1;
        let bytes = cancel_of(&self.party, self.cancelled).to_bytes();
        let running = Retransmission::request(bytes.clone(), Hop::Trunk, now);
        self.cancels.push((self.cancelled, running));
        self.outputs.push_back((bytes, Hop::Trunk));
    }

    fn send_bye(&mut self, now: Timestamp) {
        let Some(dialog) = &mut self.dialog else {
            return;
        };
        let (mut bye, hop) = dialog.request(&self.party, "BYE");
        self.bye_cseq = dialog.local_cseq;
        let uri = bye.uri().unwrap_or_default().to_owned();
        for (name, value) in self.authenticator.headers("BYE", &uri) {
            bye.push(name, value);
        }
        let bytes = bye.to_bytes();
        self.request = Some(Retransmission::request(bytes.clone(), hop, now));
        self.outputs.push_back((bytes, hop));
    }
}

#[cfg(test)]
mod tests {
    use super::LeftOver;
    use crate::rtp::latch::LatchRule;
    use crate::sip::authentication::Credentials;
    use crate::sip::message::{SipMessage, reason_phrase};
    use crate::sip::parse::parse;
    use crate::sip::sdp;
    use crate::sip::user_agent::{LegSettings, Output, Uac};
    use domain::call::LegIdentity;
    use domain::ids::CallId;
    use domain::ports::line::{AnsweredDialog, LegFacts};
    use domain::time::Timestamp;

    const START: Timestamp = Timestamp::EPOCH;

    fn facts(answered: Option<AnsweredDialog>) -> LegFacts {
        LegFacts {
            call: CallId::new(uuid::Uuid::from_u128(7)),
            leg: 1,
            identity: LegIdentity::from_ids(CallId::new(uuid::Uuid::from_u128(7)), 1),
            local: "127.0.0.1:5070".to_owned(),
            callee: "+8613800138000".to_owned(),
            caller: Some("+15550100".to_owned()),
            answered,
        }
    }

    fn ended(answered: Option<AnsweredDialog>) -> LeftOver {
        let credentials = answered.is_some().then(credentials);
        ended_on(answered, credentials)
    }

    fn credentials() -> Credentials {
        Credentials {
            user: "u".to_owned(),
            password: "p".to_owned(),
        }
    }

    fn ended_on(answered: Option<AnsweredDialog>, credentials: Option<Credentials>) -> LeftOver {
        LeftOver::end(
            &facts(answered),
            "192.0.2.1:5060",
            "192.0.2.1".parse().unwrap(),
            credentials,
            [1; 16],
            START,
        )
    }

    /// What left, after checking that no INVITE is among it.
    fn sent(left_over: &mut LeftOver) -> Vec<SipMessage> {
        let mut messages = Vec::new();
        while let Some((bytes, _)) = left_over.poll_output() {
            let message = parse(&bytes).unwrap();
            assert!(!(message.is_request() && message.method() == "INVITE"));
            messages.push(message);
        }
        messages
    }

    fn answer(left_over: &mut LeftOver, request: &SipMessage, code: u16) {
        let response = SipMessage::response(request, code, reason_phrase(code), Some("t"));
        left_over.take(START, &response);
    }

    /// The INVITE that the lost process sent.
    fn lost_invite() -> SipMessage {
        let facts = facts(None);
        let settings = LegSettings {
            silence_ms: 20_000,
            local: facts.local,
            media: "127.0.0.1:40000".parse().unwrap(),
            trunk: "192.0.2.1:5060".to_owned(),
            trunk_ip: "192.0.2.1".parse().unwrap(),
            callee: facts.callee,
            caller: facts.caller,
            credentials: None,
            leaves_by: START,
            ring_timeout_ms: 30_000,
            first_response_ms: 32_000,
            media_addresses: Vec::new(),
            latch: LatchRule::default(),
        };
        let mut uac = Uac::dial(settings, LegIdentity::from_ids(facts.call, 1), [0; 16], START);
        match uac.poll_output() {
            Some(Output::Send { bytes, .. }) => parse(&bytes).unwrap(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_ringing_leg_is_cancelled_by_the_name_its_invite_had() {
        let mut left_over = ended(None);
        let cancel = sent(&mut left_over).remove(0);
        let invite = lost_invite();
        assert_eq!(
            (cancel.method(), cancel.branch(), cancel.uri()),
            ("CANCEL", invite.branch(), invite.uri())
        );
        for name in ["From", "To", "Call-ID"] {
            assert_eq!(cancel.header(name), invite.header(name), "{name}");
        }
        answer(&mut left_over, &cancel, 200);
        assert!(
            !left_over.is_finished(),
            "the INVITE's final response is still to come"
        );
        answer(&mut left_over, &invite, 487);
        assert_eq!(sent(&mut left_over)[0].method(), "ACK");
        assert!(left_over.is_finished());
        assert_eq!(left_over.next_deadline(), None);
    }

    #[test]
    fn unknown_transactions_are_cancelled_up_to_the_last_that_can_have_been() {
        let mut left_over = ended(None);
        for cseq in 1..=4 {
            let cancel = sent(&mut left_over).remove(0);
            assert_eq!(cancel.cseq(), Some((cseq, "CANCEL")));
            assert!(!left_over.is_finished());
            answer(&mut left_over, &cancel, 481);
        }
        assert!(left_over.is_finished());
    }

    /// The trunk challenged the INVITE, and the second one rings. Its proxy drops a CANCEL of the first.
    #[test]
    fn on_a_digest_trunk_the_second_invite_is_cancelled_at_once_though_the_first_is_met_with_silence() {
        let mut left_over = ended_on(None, Some(credentials()));
        let cancels = sent(&mut left_over);
        let cseqs: Vec<_> = cancels.iter().filter_map(SipMessage::cseq).collect();
        assert_eq!(cseqs, [(1, "CANCEL"), (2, "CANCEL")]);
        assert_ne!(cancels[0].branch(), cancels[1].branch());
        answer(&mut left_over, &cancels[1], 200);
        let second = SipMessage {
            headers: cancels[1]
                .headers
                .iter()
                .map(|(name, value)| (name.clone(), value.replace("CANCEL", "INVITE")))
                .collect(),
            ..lost_invite()
        };
        // The challenge of the first INVITE comes once more, since its ACK was lost: nothing is over by it.
        answer(&mut left_over, &lost_invite(), 401);
        assert!(!left_over.is_finished());
        answer(&mut left_over, &second, 487);
        assert!(left_over.is_finished());
        assert_eq!(left_over.next_deadline(), None);
    }

    #[test]
    fn a_digest_trunk_that_knows_neither_is_asked_for_the_further_ones() {
        let mut left_over = ended_on(None, Some(credentials()));
        let first = sent(&mut left_over);
        for cancel in &first {
            answer(&mut left_over, cancel, 481);
        }
        for cseq in 3..=4 {
            let cancel = sent(&mut left_over).remove(0);
            assert_eq!(cancel.cseq(), Some((cseq, "CANCEL")));
            answer(&mut left_over, &cancel, 481);
        }
        assert!(left_over.is_finished());
    }

    #[test]
    fn a_200_that_crosses_is_acknowledged_and_hung_up() {
        let mut left_over = ended(None);
        sent(&mut left_over);
        let response = SipMessage::response(&lost_invite(), 200, "OK", Some("t"))
            .with("Contact", "<sip:192.0.2.1:5060>")
            .with_body(
                "application/sdp",
                sdp::offer("192.0.2.1:6000".parse().unwrap(), 1),
            );
        left_over.take(START, &response);
        let messages = sent(&mut left_over);
        assert_eq!(
            messages.iter().map(SipMessage::method).collect::<Vec<_>>(),
            ["ACK", "BYE"]
        );
        left_over.take(START, &response);
        assert_eq!(
            sent(&mut left_over)[0].method(),
            "ACK",
            "a repeated 200 gets its ACK again"
        );
        answer(&mut left_over, &messages[1], 200);
        assert!(left_over.is_finished());
    }

    #[test]
    fn an_answered_leg_gets_one_bye_above_every_cseq_it_can_have_used() {
        let answered = AnsweredDialog {
            to_tag: "t".to_owned(),
            remote_target: "sip:192.0.2.9".to_owned(),
            route_set: vec!["<sip:192.0.2.1;lr>".to_owned()],
            cseq: 2,
            key_paths: None,
        };
        let mut left_over = ended(Some(answered));
        let bye = sent(&mut left_over).remove(0);
        assert_eq!((bye.cseq(), bye.tag_of_to()), (Some((19, "BYE")), Some("t")));
        assert_eq!(
            (bye.uri(), bye.header("Route")),
            (Some("sip:192.0.2.9"), Some("<sip:192.0.2.1;lr>"))
        );
        let challenge = SipMessage::response(&bye, 401, "Unauthorized", None)
            .with("WWW-Authenticate", "Digest realm=\"r\", nonce=\"1\"");
        left_over.take(START, &challenge);
        let bye = sent(&mut left_over).remove(0);
        assert!(bye.header("Authorization").is_some());
        answer(&mut left_over, &bye, 481);
        assert!(left_over.is_finished());
    }

    #[test]
    fn a_bye_ends_it_only_with_the_tags_of_the_dialog() {
        let answered = AnsweredDialog {
            to_tag: "t".to_owned(),
            remote_target: "sip:192.0.2.1".to_owned(),
            route_set: Vec::new(),
            cseq: 1,
            key_paths: None,
        };
        let mut left_over = ended(Some(answered));
        let ours = sent(&mut left_over).remove(0);
        let bye = |from: &str, to: &str| {
            SipMessage::request("BYE", "sip:ledgerline@127.0.0.1:5070")
                .with("Via", "SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKx")
                .with("Max-Forwards", "70")
                .with("From", from)
                .with("To", to)
                .with("Call-ID", ours.call_id())
                .with("CSeq", "1 BYE")
        };
        let to = ours.header("From").unwrap();
        for (from, to) in [("<sip:a>;tag=guess", to), ("<sip:a>;tag=t", "<sip:b>;tag=guess")] {
            left_over.take(START, &bye(from, to));
            assert!(!left_over.is_finished(), "{from} {to}");
            assert!(sent(&mut left_over).is_empty());
        }
        left_over.take(START, &bye("<sip:a>;tag=t", to));
        assert_eq!(sent(&mut left_over)[0].code(), Some(200));
        assert!(left_over.is_finished());
    }

    #[test]
    fn a_challenge_from_behind_the_trunk_is_not_answered() {
        let answered = AnsweredDialog {
            to_tag: "t".to_owned(),
            remote_target: "sip:203.0.113.9".to_owned(),
            route_set: Vec::new(),
            cseq: 1,
            key_paths: None,
        };
        let mut left_over = ended(Some(answered));
        let bye = sent(&mut left_over).remove(0);
        let challenge = SipMessage::response(&bye, 401, "Unauthorized", None)
            .with("WWW-Authenticate", "Digest realm=\"r\", nonce=\"1\"");
        left_over.take(START, &challenge);
        assert!(sent(&mut left_over).is_empty());
        assert!(left_over.is_finished());
    }

    #[test]
    fn silence_ends_after_the_transaction_and_not_before() {
        let mut left_over = ended(None);
        let mut repeats = 0;
        while let Some(at) = left_over.next_deadline().filter(|at| *at < START.plus_ms(32_000)) {
            left_over.elapse(at);
            repeats += 1;
            assert!(!left_over.is_finished());
        }
        assert_eq!(repeats, 10);
        left_over.elapse(START.plus_ms(32_000));
        assert!(left_over.is_finished());
    }
}
