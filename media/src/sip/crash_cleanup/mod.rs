//! Ends a leg that a crash left, from its stored facts: BYE if it was answered, else CANCEL; never an INVITE.
//!
//! A restarted process does not know how far the INVITE got. On a trunk with credentials it cancels CSeq 1
//! and 2 at once, because a proxy may silently drop a CANCEL of an older transaction; then, on 481, each CSeq
//! that a further challenge may have led to. A leg without a stored answer is watched for 32 s, whatever the
//! response to its CANCEL: a far end repeats a 2xx for so long. Every copy of a 2xx gets an ACK; one BYE
//! transaction ends each dialog. The same is done for a 2xx of a trunk that belongs to no leg.

mod dialogs;
mod stray_answer;
#[cfg(test)]
mod tests;

use super::authentication::{Authenticator, Credentials};
use super::dialog::{Dialog, Hop, Party, PartyNames};
use super::message::{SipMessage, reason_phrase};
use super::transaction::{Retransmission, RetransmissionStep, TRANSACTION_MS};
use super::trunk_profile::TrunkProfile;
use super::user_agent::cancel_of;
use super::via;
use dialogs::EndingDialog;
use domain::ports::line::{AnsweredDialog, LEFT_OVER_WATCH_MS, LeftOverEvent, LegFacts};
use domain::time::Timestamp;
use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr};

/// Most INVITE transactions of a leg: the first, and answers to a challenge and its stale nonces.
const CANCELS_MAX: u32 = 4;

/// INVITEs canceled at once if a challenge is expected: the first and its answer.
const CANCELS_AT_ONCE: u32 = 2;

/// The number of requests that the lost process may have sent within the dialog: the next CSeq must be above
/// them all (RFC 3261, 12.2.1.1). A BYE, its challenges, and as many again.
const CSEQ_GAP: u32 = 16;

/// Most dialogs of one INVITE, as in the user agent: further forks are left to the far end's timers.
const DIALOGS_MAX: usize = 8;

/// A message to send or an event to report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LeftOverOutput {
    Send { bytes: Vec<u8>, hop: Hop },
    Event(LeftOverEvent),
}

/// The parts of a leg's trunk that are needed to end the leg.
#[derive(Debug, Clone)]
pub struct LeftOverTrunk<'a> {
    /// `host:port`, as written in URIs.
    pub authority: &'a str,
    /// The only address to which credentials are sent.
    pub ip: IpAddr,
    pub credentials: Option<Credentials>,
    pub profile: &'a TrunkProfile,
}

/// The stage of the ending.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Ending,
    /// `Closed` was reported; copies of a 2xx still get their ACK.
    Closed,
    Finished,
}

/// The ending of one leg.
pub struct LegTeardown {
    party: Party,
    authenticator: Authenticator,
    trunk_ip: IpAddr,
    /// Highest CSeq of an INVITE that is being or was canceled.
    cancelled: u32,
    /// CANCELs without a final response, by CSeq.
    cancels: Vec<(u32, Retransmission)>,
    dialogs: Vec<EndingDialog>,
    /// No answer was stored, so an answer is reported.
    is_news: bool,
    is_refused: bool,
    stage: Stage,
    /// Until when a 2xx, or a copy of one, is awaited.
    watch_until: Timestamp,
    outputs: VecDeque<LeftOverOutput>,
}

impl LegTeardown {
    /// Starts the ending; the first request waits in `poll_output`.
    pub fn end(facts: &LegFacts, trunk: LeftOverTrunk<'_>, seed: [u8; 16], now: Timestamp) -> Self {
        let identity = facts.identity.clone();
        let names = PartyNames {
            local: &facts.local,
            trunk: trunk.authority,
            trunk_ip: trunk.ip,
            callee: &facts.callee,
            caller: facts.caller.as_deref(),
        };
        let party = Party::new(identity, &names, trunk.profile);
        let at_once = match trunk.credentials.is_some() {
            true => CANCELS_AT_ONCE,
            false => 1,
        };
        let mut left_over = Self::of_party(party, trunk.ip, trunk.credentials, seed, now);
        left_over.is_news = facts.answered.is_none();
        match &facts.answered {
            Some(answered) => {
                let cseq = answered.cseq.saturating_add(CSEQ_GAP);
                let dialog = Dialog::from_log(&left_over.party, answered, cseq);
                let ending = EndingDialog::of(dialog, &left_over.party, answered.cseq);
                left_over.dialogs.push(ending);
                left_over.send_bye(0, now);
            }
            None => {
                for _ in 0..at_once {
                    left_over.send_cancel(now);
                }
            }
        }
        left_over
    }

    fn of_party(
        party: Party,
        trunk_ip: IpAddr,
        credentials: Option<Credentials>,
        seed: [u8; 16],
        now: Timestamp,
    ) -> Self {
        Self {
            party,
            authenticator: Authenticator::new(credentials, seed),
            trunk_ip,
            cancelled: 0,
            cancels: Vec::new(),
            dialogs: Vec::new(),
            is_news: true,
            is_refused: false,
            stage: Stage::Ending,
            watch_until: now.plus_ms(LEFT_OVER_WATCH_MS),
            outputs: VecDeque::new(),
        }
    }

    pub fn call_id(&self) -> String {
        self.party.identity.sip_call_id()
    }

    /// The dialog of an answer that was not stored before; `None` while there is none.
    pub fn late_answer(&self) -> Option<AnsweredDialog> {
        let first = self.dialogs.first().filter(|_| self.is_news)?;
        Some(first.facts())
    }

    /// True if no answer of it was stored.
    pub const fn expects_answer(&self) -> bool {
        self.is_news
    }

    /// True if `Closed` was reported.
    pub fn is_closed(&self) -> bool {
        self.stage != Stage::Ending
    }

    /// True if nothing more will be sent or reported.
    pub fn is_finished(&self) -> bool {
        self.stage == Stage::Finished && self.outputs.is_empty()
    }

    /// True while a CANCEL or BYE waits for its response.
    pub fn is_ending(&self) -> bool {
        !self.cancels.is_empty() || self.dialogs.iter().any(|one| one.bye.is_some())
    }

    pub fn poll_output(&mut self) -> Option<LeftOverOutput> {
        self.outputs.pop_front()
    }

    pub fn next_deadline(&self) -> Option<Timestamp> {
        if self.stage == Stage::Finished {
            return None;
        }
        let cancels = self.cancels.iter().map(|(_, cancel)| cancel.deadline());
        let byes = self
            .dialogs
            .iter()
            .filter_map(|one| Some(one.bye.as_ref()?.deadline()));
        // A BYE may take longer than the watch; then its own deadlines suffice.
        let watch = (!self.is_ending()).then_some(self.watch_until);
        cancels.chain(byes).chain(watch).min()
    }

    pub fn elapse(&mut self, now: Timestamp) {
        let mut again = Vec::new();
        self.cancels.retain_mut(|(_, cancel)| match cancel.elapse(now) {
            RetransmissionStep::NotYet => true,
            RetransmissionStep::SendAgain => {
                again.push((cancel.bytes.clone(), cancel.hop));
                true
            }
            RetransmissionStep::TimedOut => false,
        });
        for one in &mut self.dialogs {
            again.extend(one.elapse(now));
        }
        for (bytes, hop) in again {
            self.outputs.push_back(LeftOverOutput::Send { bytes, hop });
        }
        self.settle(now);
    }

    /// Reports `Closed` when no further answer can come, and finishes when no message can be repeated.
    fn settle(&mut self, now: Timestamp) {
        let is_ending = self.is_ending();
        let is_over = now >= self.watch_until && !is_ending;
        if self.stage == Stage::Ending && (is_over || (!self.dialogs.is_empty() && !is_ending)) {
            self.stage = Stage::Closed;
            self.tell(LeftOverEvent::Closed);
        }
        if is_over {
            self.stage = Stage::Finished;
        }
    }

    fn tell(&mut self, event: LeftOverEvent) {
        self.outputs.push_back(LeftOverOutput::Event(event));
    }

    fn send(&mut self, message: &SipMessage, hop: Hop) {
        let bytes = message.to_bytes();
        self.outputs.push_back(LeftOverOutput::Send { bytes, hop });
    }

    /// Handles a message of this leg's Call-ID.
    pub fn take(&mut self, now: Timestamp, message: &SipMessage, from: SocketAddr) {
        if message.is_request() {
            self.take_request(message, from);
        } else if let (Some(code), Some((cseq, method))) = (message.code(), message.cseq()) {
            match method {
                "INVITE" => self.take_invite_response(now, message, code, cseq),
                "CANCEL" => self.take_cancel_response(now, message, code, cseq),
                "BYE" => self.take_bye_response(now, message, code, cseq),
                _ => {}
            }
        }
        self.settle(now);
    }

    /// Handles a BYE of the far end, which ends its dialog. If no answer was acknowledged, the BYE is the
    /// only sign of the answer.
    fn take_request(&mut self, request: &SipMessage, from: SocketAddr) {
        let ours = request.tag_of_to() == Some(self.party.identity.local_tag().as_str());
        let theirs = request.tag_of_from().unwrap_or_default();
        let is_meant = |one: &EndingDialog| theirs.is_empty() || one.dialog.remote_tag == theirs;
        let known = self.dialogs.iter().position(is_meant);
        let is_news = self.dialogs.is_empty() && !theirs.is_empty();
        if request.method() != "BYE" || !ours || (known.is_none() && !is_news) {
            return;
        }
        let response = SipMessage::response(request, 200, reason_phrase(200), None);
        self.send(&response, Hop::At(via::reply_to(request, from)));
        match known.and_then(|at| self.dialogs.get_mut(at)) {
            Some(one) => one.bye = None,
            None => {
                let cseq = self.cancelled.max(1);
                let dialog = Dialog::from_request(&self.party, request);
                self.keep(EndingDialog::of(dialog, &self.party, cseq));
            }
        }
    }

    fn take_invite_response(&mut self, now: Timestamp, response: &SipMessage, code: u16, cseq: u32) {
        let branch = self.party.identity.branch("INVITE", cseq);
        let tag = response.tag_of_to().unwrap_or_default();
        if let Some(known) = self.dialogs.iter().find(|one| one.dialog.remote_tag == tag)
            && (200..300).contains(&code)
        {
            let (bytes, hop) = known.ack.clone();
            self.outputs.push_back(LeftOverOutput::Send { bytes, hop });
            return;
        }
        if code < 200 || response.branch() != Some(branch.as_str()) {
            return;
        }
        if code < 300 {
            self.take_answer(now, response, cseq);
            return;
        }
        let to = response.header("To").unwrap_or(&self.party.to).to_owned();
        let ack = self.party.initial("ACK", &to, cseq, &branch);
        self.send(&ack, Hop::Trunk);
        self.take_invite_end(code, cseq, now);
    }

    /// Handles a 2xx of a leg that is over for us: sends ACK and BYE.
    fn take_answer(&mut self, now: Timestamp, response: &SipMessage, cseq: u32) {
        if self.dialogs.len() >= DIALOGS_MAX {
            return;
        }
        let mut dialog = Dialog::from_answer(&self.party, response, cseq);
        dialog.local_cseq = cseq.saturating_add(CSEQ_GAP);
        let ending = EndingDialog::of(dialog, &self.party, cseq);
        let (bytes, hop) = ending.ack.clone();
        self.outputs.push_back(LeftOverOutput::Send { bytes, hop });
        self.keep(ending);
        self.watch_until = self.watch_until.max(now.plus_ms(TRANSACTION_MS));
        self.send_bye(self.dialogs.len().saturating_sub(1), now);
    }

    /// Adds a dialog. The first is reported if no answer was stored.
    fn keep(&mut self, ending: EndingDialog) {
        if self.dialogs.is_empty() && self.is_news {
            self.tell(LeftOverEvent::LateAnswered(ending.facts()));
        }
        self.cancels.clear();
        self.dialogs.push(ending);
    }

    /// Handles a final response other than 2xx: the leg is over, unless it is a repeated challenge. That is
    /// the end of an older transaction, and the INVITE that answered it may be the one that rings.
    fn take_invite_end(&mut self, code: u16, cseq: u32, now: Timestamp) {
        if !self.dialogs.is_empty() || cseq > self.cancelled || self.is_refused {
            return;
        }
        if !matches!(code, 401 | 407) {
            self.is_refused = true;
            self.cancels.clear();
            self.tell(LeftOverEvent::Refused);
            return;
        }
        self.cancels.retain(|(running, _)| *running != cseq);
        self.go_on(now);
    }

    /// Handles the response to a CANCEL. An accepted CANCEL proves nothing: the INVITE's final response
    /// decides, and may be a 2xx.
    fn take_cancel_response(&mut self, now: Timestamp, response: &SipMessage, code: u16, cseq: u32) {
        let ours = response.branch() == Some(self.party.identity.branch("INVITE", cseq).as_str());
        let known = self.cancels.iter().any(|(running, _)| *running == cseq);
        if code < 200 || !ours || !known {
            return;
        }
        self.cancels.retain(|(running, _)| *running != cseq);
        if code >= 300 {
            self.go_on(now);
        }
    }

    /// Cancels the next INVITE that there may have been, if none of those canceled so far was the right one.
    fn go_on(&mut self, now: Timestamp) {
        if self.cancels.is_empty() && self.dialogs.is_empty() && self.cancelled < CANCELS_MAX {
            self.send_cancel(now);
        }
    }

    fn take_bye_response(&mut self, now: Timestamp, response: &SipMessage, code: u16, cseq: u32) {
        let tag = response.tag_of_to().filter(|_| self.dialogs.len() > 1);
        let at = self.dialogs.iter().position(|one| one.is_bye(tag, cseq));
        let Some((at, one)) = at.and_then(|at| Some((at, self.dialogs.get_mut(at)?))) else {
            return;
        };
        if code < 200 {
            return;
        }
        let of_trunk = one.bye.take().is_some_and(|bye| bye.hop.is_at(self.trunk_ip));
        if matches!(code, 401 | 407) && of_trunk && self.authenticator.take(response) {
            self.send_bye(at, now);
        }
    }

    fn send_cancel(&mut self, now: Timestamp) {
        self.cancelled += 1;
        let bytes = cancel_of(&self.party, self.cancelled).to_bytes();
        let running = Retransmission::request(bytes.clone(), Hop::Trunk, now);
        self.cancels.push((self.cancelled, running));
        let hop = Hop::Trunk;
        self.outputs.push_back(LeftOverOutput::Send { bytes, hop });
    }

    fn send_bye(&mut self, at: usize, now: Timestamp) {
        let Some(one) = self.dialogs.get_mut(at) else {
            return;
        };
        let (mut bye, hop) = one.dialog.request(&self.party, "BYE");
        let uri = bye.uri().unwrap_or_default().to_owned();
        for (name, value) in self.authenticator.headers("BYE", &uri) {
            bye.push(name, value);
        }
        let bytes = bye.to_bytes();
        one.bye = Some(Retransmission::request(bytes.clone(), hop, now));
        self.outputs.push_back(LeftOverOutput::Send { bytes, hop });
    }
}
