//! Ends what a crash left of a leg, from its stored facts: BYE when it was answered, else CANCEL. Never an INVITE.
//!
//! A restarted process does not know how far the INVITE got, so it cancels the transaction of CSeq 1, and on
//! 481 that of each CSeq a digest challenge may have led to. A 2xx that crosses is acknowledged and ended.

use super::authentication::{Authenticator, Credentials};
use super::dialog::{Dialog, Hop, Party};
use super::message::SipMessage;
use super::transaction::{Elapsed, Retransmission, TRANSACTION_MS};
use super::user_agent::cancel_of;
use domain::call::LegIdentity;
use domain::ports::line::LegFacts;
use domain::time::Timestamp;
use std::collections::VecDeque;

/// INVITE transactions a leg may have had: the first, and answers to a challenge and its stale nonces.
const CANCELS_MAX: u32 = 4;

/// Requests the lost process may have sent within the dialog: the next CSeq must be above them all
/// (RFC 3261, 12.2.1.1). A BYE, its challenges, and as much again.
const CSEQ_GAP: u32 = 16;

/// The ending of one leg.
pub struct LeftOver {
    party: Party,
    authenticator: Authenticator,
    /// CSeq of the INVITE being cancelled.
    cancelled: u32,
    request: Option<Retransmission>,
    dialog: Option<Dialog>,
    bye_cseq: u32,
    /// CANCEL was accepted: wait for the INVITE's final response until then.
    waits_until: Option<Timestamp>,
    finished: bool,
    outputs: VecDeque<(Vec<u8>, Hop)>,
}

impl LeftOver {
    /// Begins; the first request waits in `poll_output`. `trunk` is the far end's `host:port`.
    pub fn end(
        facts: &LegFacts,
        trunk: &str,
        (credentials, seed): (Option<Credentials>, [u8; 16]),
        now: Timestamp,
    ) -> Self {
        let identity = LegIdentity::new(facts.call, facts.leg);
        let numbers = (facts.callee.as_str(), facts.caller.as_deref());
        let party = Party::new(identity, &facts.local, trunk, numbers);
        let answered = facts.answered.as_ref();
        let mut left_over = Self {
            dialog: answered
                .map(|answered| Dialog::from_log(&party, answered, answered.cseq.saturating_add(CSEQ_GAP))),
            party,
            authenticator: Authenticator::new(credentials, seed),
            cancelled: 1,
            request: None,
            bye_cseq: 0,
            waits_until: None,
            finished: false,
            outputs: VecDeque::new(),
        };
        if left_over.dialog.is_some() {
            left_over.send_bye(now);
        } else {
            left_over.send_cancel(now);
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
        let request = self.request.as_ref().map(Retransmission::deadline);
        request.into_iter().chain(self.waits_until).min()
    }

    pub fn elapse(&mut self, now: Timestamp) {
        if self.waits_until.is_some_and(|until| now >= until) {
            self.finished = true;
        }
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

    /// Takes a message of this leg's Call-ID.
    pub fn take(&mut self, now: Timestamp, message: &SipMessage) {
        let (Some(code), Some((cseq, method))) = (message.code(), message.cseq()) else {
            // The far end hangs up at the same time: it needs our 200 and we need nothing more.
            if message.method() == "BYE" {
                let response = SipMessage::response(message, 200, "OK", None);
                self.outputs.push_back((response.to_bytes(), Hop::Trunk));
                self.finished = true;
            }
            return;
        };
        match method {
            "INVITE" => self.take_invite_response(now, message, (code, cseq)),
            "CANCEL" if cseq == self.cancelled => self.take_cancel_response(now, code),
            "BYE" if cseq == self.bye_cseq => self.take_bye_response(now, message, code),
            _ => {}
        }
    }

    fn take_invite_response(&mut self, now: Timestamp, response: &SipMessage, (code, cseq): (u16, u32)) {
        let branch = self.party.identity.branch("INVITE", cseq);
        if code < 200 || response.branch() != Some(branch.as_str()) {
            return;
        }
        if code >= 300 {
            let to = response.header("To").unwrap_or(&self.party.to).to_owned();
            let ack = self.party.request("ACK", &self.party.uri, &to, (cseq, &branch));
            self.outputs.push_back((ack.to_bytes(), Hop::Trunk));
            // A challenge that comes again is the end of an older transaction, not of the one cancelled.
            if cseq == self.cancelled && self.dialog.is_none() {
                self.finished = true;
            }
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
            self.send_bye(now);
        }
    }

    fn take_cancel_response(&mut self, now: Timestamp, code: u16) {
        if self.dialog.is_some() || code < 200 {
            return;
        }
        self.request = None;
        if code < 300 {
            self.waits_until = Some(now.plus_ms(TRANSACTION_MS));
            return;
        }
        if self.cancelled >= CANCELS_MAX {
            self.finished = true;
            return;
        }
        self.cancelled += 1;
        self.send_cancel(now);
    }

    fn take_bye_response(&mut self, now: Timestamp, response: &SipMessage, code: u16) {
        if code < 200 {
            return;
        }
        self.request = None;
        if matches!(code, 401 | 407) && self.authenticator.take(response) {
            self.send_bye(now);
            return;
        }
        self.finished = true;
    }

    fn send_cancel(&mut self, now: Timestamp) {
        let bytes = cancel_of(&self.party, self.cancelled).to_bytes();
        self.request = Some(Retransmission::request(bytes.clone(), Hop::Trunk, now));
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
