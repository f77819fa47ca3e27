//! The client side of one leg: one INVITE, its CANCEL and their races, the dialog that results, and its BYE.
//!
//! Sans-IO: inputs come with the time, outputs are taken with `poll_output`, and `next_deadline` says when to
//! call again. It guarantees: one INVITE transaction besides answers to 401, 407, 422 and 494; the ACK of an
//! answer waits for `Acknowledge`, at most 4 s; each copy of a 2xx gets an ACK; CANCEL leaves only after a
//! provisional response; at most one BYE per dialog; `Closed` is reported exactly once and last; no deadline
//! remains once the leg is finished.

#[cfg(test)]
mod adversary;
mod cancellation;
#[cfg(test)]
mod harness;
#[cfg(test)]
mod held_answers;
mod in_dialog;
#[cfg(test)]
mod interop_tests;
mod invite;
#[cfg(test)]
mod keypress_tests;
mod session_timer;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod unknown_sender_tests;

pub(in crate::sip) use cancellation::cancel_of;
pub(in crate::sip) use invite::ALLOW;
pub use invite::INVITES_MAX;

use crate::rtp::latch::LatchRule;
use crate::sip::authentication::{Authenticator, Credentials};
use crate::sip::dialog::{Dialog, Hop, Party, PartyNames};
use crate::sip::message::SipMessage;
use crate::sip::sdp::AudioStream;
use crate::sip::transaction::{Retransmission, TRANSACTION_MS};
use crate::sip::trunk_profile::TrunkProfile;
use domain::call::{EndCause, LegIdentity};
use domain::ports::line::{AnsweredDialog, FailureCause, HangupSource, LegFailure};
use domain::time::Timestamp;
use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr};

/// Longest wait for a first 18x, in milliseconds (call progress: announcements without 180 end before).
pub const UNRUNG_MS: u64 = 60_000;
/// Longest time from the first INVITE to the answer, in milliseconds, even while it rings (call progress:
/// timer C is for proxies).
pub const SETUP_MS: u64 = 120_000;
/// Most dialogs of one INVITE: forks beyond them are left to the far end's timers.
const DIALOGS_MAX: usize = 8;

/// The settings with which a leg is dialed.
#[derive(Debug, Clone)]
pub struct LegSettings {
    /// Our sent-by, `host:port`.
    pub local: String,
    /// The address at which we receive RTP.
    pub media: SocketAddr,
    /// The trunk's `host:port`, as written in SIP.
    pub trunk: String,
    /// The trunk's IP address: credentials are sent to no other host.
    pub trunk_ip: IpAddr,
    pub callee: String,
    pub caller: Option<String>,
    pub credentials: Option<Credentials>,
    /// The last instant at which an INVITE may leave: one that is challenged later, or has no response by
    /// then, is not sent again.
    pub leaves_by: Timestamp,
    pub ring_timeout_ms: u64,
    /// Longest wait for any response to the INVITE, in milliseconds (timer B, or less).
    pub first_response_ms: u64,
    /// The only addresses that the carrier's audio may come from and go to; empty to take those of its
    /// descriptions.
    pub media_addresses: Vec<IpAddr>,
    /// The rule for how far from the described address the carrier's audio may come.
    pub latch: LatchRule,
    /// Longest time without a sign of life of a far end that says that it sends, in milliseconds.
    pub silence_ms: u64,
    /// The settings for how the trunk wants its messages.
    pub profile: TrunkProfile,
}

/// An input to a leg: a message, a fault of the transport, an order, or time that has passed.
#[derive(Debug, Clone, Copy)]
pub enum Input<'a> {
    /// A parsed message with this leg's Call-ID, and the address it came from.
    Message(&'a SipMessage, SocketAddr),
    /// The transport reported that no process listens at the trunk (ICMP port unreachable).
    Refused,
    /// Our own socket could not send: the message did not leave the machine.
    NotSent,
    /// The answer is stored: the ACK is sent, and audio starts.
    Acknowledge,
    /// The leg is given up: CANCEL before an answer, BYE after it.
    GiveUp,
    /// RTP has stopped: BYE.
    MediaLost,
    /// A deadline may have passed.
    Elapsed,
}

/// A message to send, or an event to report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    Send { bytes: Vec<u8>, hop: Hop },
    Event(UacEvent),
}

/// The events of a leg, in their order; `Closed` is the last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UacEvent {
    Ringing {
        sip_code: u16,
        early_media: Option<AudioStream>,
    },
    Failed(LegFailure),
    /// A 2xx came; its ACK waits for `Input::Acknowledge`.
    Answered(AnsweredDialog),
    LateAnswered(AnsweredDialog),
    /// The 2xx was acknowledged: audio flows both ways.
    Talking(AudioStream),
    /// A re-INVITE or UPDATE moved the far end's audio or put it on hold.
    MediaMoved(AudioStream),
    /// The far end sent a request within the dialog: it is alive, even if it sends no audio.
    Alive,
    /// A digit by INFO, also from a peer that negotiated RFC 4733.
    Keypress(char),
    HungUp {
        by: HangupSource,
        reason_header: Option<String>,
        q850: Option<u16>,
    },
    Closed,
}

/// The phase of a leg.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// The INVITE is sent, no response came.
    Calling,
    /// A provisional response came.
    Proceeding,
    /// The limit for a first response ran out, with or without a held CANCEL; the leg is kept for a late
    /// answer.
    Silent,
    /// The leg is answered, and talking once the answer is acknowledged.
    Answered,
    /// `Closed` was reported; repeated messages are still answered until `linger_until`.
    Over,
    Finished,
}

/// The state of the leg's CANCEL: not wanted, wanted before it may leave, or sent.
#[derive(Debug)]
pub(super) enum CancelState {
    None,
    Held(FailureCause),
    Sent {
        cause: FailureCause,
        /// The CANCEL under retransmission; `None` once it was answered.
        retransmission: Option<Retransmission>,
        /// The time at which the wait for the INVITE's final response ends.
        destroy_at: Timestamp,
    },
}

/// A confirmed dialog with the messages that are repeated in it.
#[derive(Debug)]
pub(super) struct ConfirmedDialog {
    pub dialog: Dialog,
    pub ack: (Vec<u8>, Hop),
    /// Number of copies of the 2xx that wait for an ACK until the answer is stored.
    pub held_acks: u32,
    pub bye: Option<Retransmission>,
    pub bye_sent: bool,
    /// Our 200 to a re-INVITE under retransmission, until its ACK.
    pub accepted: Option<Retransmission>,
    /// The CSeq of the far end's re-INVITE if our 200 to it contains the offer: the answer comes in its ACK.
    pub offered: Option<u32>,
    /// CSeq, method and bytes of our last response, for repeated requests.
    pub last_response: Option<(u32, String, Vec<u8>)>,
    /// True after the far end's BYE, or when our BYE is done.
    pub ended: bool,
}

/// The user agent client of one leg.
pub struct Uac {
    pub(super) settings: LegSettings,
    pub(super) party: Party,
    pub(super) authenticator: Authenticator,
    pub(super) phase: Phase,
    /// The CSeq of the latest INVITE.
    pub(super) invite_cseq: u32,
    pub(super) invite: Option<Retransmission>,
    /// Number of copies sent of the latest INVITE: a failure to send one does not concern the earlier ones.
    pub(super) invite_copies: u32,
    pub(super) began_at: Timestamp,
    pub(super) silent_at: Timestamp,
    pub(super) ring_until: Timestamp,
    pub(super) rang: bool,
    /// The audio that the far end described before an answer, by To tag.
    pub(super) early: Vec<(String, AudioStream)>,
    pub(super) cancel: CancelState,
    /// The ACKs of final responses other than 2xx, by CSeq, for their repeats.
    pub(super) acks: Vec<(u32, Vec<u8>)>,
    pub(super) extra_headers: Vec<(String, String)>,
    /// The authorization headers of the INVITE that was answered, for its ACK (RFC 3261, 22.1).
    pub(super) invite_authorization: Vec<(&'static str, String)>,
    /// The response codes (422, 494) after which the INVITE was sent again already.
    pub(super) retried: Vec<u16>,
    pub(super) dialogs: Vec<ConfirmedDialog>,
    pub(super) sdp_version: u32,
    /// The audio of an answer that is not acknowledged yet, and the time at which the leg is then given up.
    pub(super) unacknowledged: Option<(AudioStream, Timestamp)>,
    /// The time at which the session that the far end refreshes is over, unless it is refreshed.
    pub(super) refresh_until: Option<Timestamp>,
    pub(super) linger_until: Timestamp,
    pub(super) last_sent_at: Timestamp,
    outputs: VecDeque<Output>,
}

impl Uac {
    /// Begins a leg: its INVITE waits in `poll_output`. `seed` is random, for client nonces.
    pub fn dial(settings: LegSettings, identity: LegIdentity, seed: [u8; 16], now: Timestamp) -> Self {
        let names = PartyNames {
            local: &settings.local,
            trunk: &settings.trunk,
            trunk_ip: settings.trunk_ip,
            callee: &settings.callee,
            caller: settings.caller.as_deref(),
        };
        let party = Party::new(identity, &names, &settings.profile);
        let mut uac = Self {
            authenticator: Authenticator::new(settings.credentials.clone(), seed),
            party,
            phase: Phase::Calling,
            invite_cseq: 0,
            invite: None,
            invite_copies: 0,
            began_at: now,
            silent_at: now.plus_ms(settings.first_response_ms.min(TRANSACTION_MS)),
            ring_until: now.plus_ms(UNRUNG_MS),
            rang: false,
            early: Vec::new(),
            cancel: CancelState::None,
            acks: Vec::new(),
            extra_headers: Vec::new(),
            invite_authorization: Vec::new(),
            retried: Vec::new(),
            dialogs: Vec::new(),
            sdp_version: 1,
            unacknowledged: None,
            refresh_until: None,
            linger_until: now,
            last_sent_at: now,
            outputs: VecDeque::new(),
            settings,
        };
        uac.send_invite(now);
        uac
    }

    pub fn call_id(&self) -> String {
        self.party.identity.sip_call_id()
    }

    /// True if nothing will be sent or reported any more; the owner may drop the leg.
    pub fn is_finished(&self) -> bool {
        self.phase == Phase::Finished && self.outputs.is_empty()
    }

    /// The next output; `None` until another input.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// Takes one input, and then handles the deadlines that have passed: a message that comes with a deadline
    /// counts before it.
    pub fn handle_input(&mut self, now: Timestamp, input: Input<'_>) {
        match input {
            Input::Message(message, from) if message.is_request() => self.take_request(now, message, from),
            Input::Message(message, _) => self.take_response(now, message),
            Input::Refused => self.take_refusal(now),
            Input::NotSent => self.take_send_failure(now),
            Input::Acknowledge => self.acknowledge(now),
            Input::GiveUp => self.give_up(now, FailureCause::Cancelled),
            Input::MediaLost => self.hang_up(now, HangupSource::Media(EndCause::MediaSilent)),
            Input::Elapsed => {}
        }
        self.elapse(now);
    }

    /// The time at which `handle_input(Elapsed)` is due; `None` when finished.
    pub fn next_deadline(&self) -> Option<Timestamp> {
        if self.phase == Phase::Finished {
            return None;
        }
        let mut deadlines: Vec<Timestamp> = Vec::new();
        match (self.phase, &self.cancel) {
            (Phase::Calling, _) => deadlines.push(self.silent_at),
            (Phase::Proceeding, CancelState::Sent { destroy_at, .. }) => deadlines.push(*destroy_at),
            (Phase::Proceeding, _) => deadlines.extend([self.ring_until, self.setup_until()]),
            (Phase::Silent, _) => deadlines.push(self.linger_until),
            (Phase::Over, _) if self.is_busy() => {}
            (Phase::Over, _) => deadlines.push(self.linger_until),
            (Phase::Answered, _) => {
                deadlines.extend(self.refresh_until);
                deadlines.extend(self.unacknowledged.as_ref().map(|(_, until)| *until));
            }
            (Phase::Finished, _) => {}
        }
        if let CancelState::Sent { retransmission, .. } = &self.cancel {
            deadlines.extend(retransmission.as_ref().map(Retransmission::deadline));
        }
        deadlines.extend(self.invite.as_ref().map(Retransmission::deadline));
        for one in &self.dialogs {
            deadlines.extend(one.bye.as_ref().map(Retransmission::deadline));
            deadlines.extend(one.accepted.as_ref().map(Retransmission::deadline));
        }
        deadlines.into_iter().min()
    }

    pub(super) fn setup_until(&self) -> Timestamp {
        self.began_at.plus_ms(SETUP_MS)
    }

    fn elapse(&mut self, now: Timestamp) {
        self.elapse_invite(now);
        self.elapse_cancel(now);
        self.elapse_dialogs(now);
        match self.phase {
            Phase::Calling if now >= self.silent_at => self.fall_silent(now),
            Phase::Proceeding if matches!(self.cancel, CancelState::None) => {
                if now >= self.ring_until.min(self.setup_until()) {
                    let cause = if self.rang {
                        FailureCause::Cancelled
                    } else {
                        FailureCause::OnlyTrying
                    };
                    self.give_up(now, cause);
                }
            }
            Phase::Answered
                if self
                    .unacknowledged
                    .as_ref()
                    .is_some_and(|(_, until)| now >= *until) =>
            {
                self.hang_up(now, HangupSource::Media(EndCause::AnswerNotStored));
            }
            Phase::Answered if self.refresh_until.is_some_and(|until| now >= until) => {
                self.hang_up(now, HangupSource::Media(EndCause::RefreshMissed));
            }
            Phase::Silent if now >= self.linger_until => self.close(now),
            Phase::Over if now >= self.linger_until && !self.is_busy() => self.phase = Phase::Finished,
            Phase::Calling
            | Phase::Proceeding
            | Phase::Silent
            | Phase::Answered
            | Phase::Over
            | Phase::Finished => {}
        }
    }

    /// True if a CANCEL or BYE of ours is under way, or a 2xx of ours waits for its ACK.
    pub fn is_ending(&self) -> bool {
        matches!(self.cancel, CancelState::Sent { .. }) || self.is_busy()
    }

    /// True if a BYE or a 2xx of ours is under retransmission.
    fn is_busy(&self) -> bool {
        self.dialogs
            .iter()
            .any(|one| one.bye.is_some() || one.accepted.is_some())
    }

    pub(super) fn send(&mut self, now: Timestamp, bytes: Vec<u8>, hop: Hop) {
        self.last_sent_at = now;
        self.outputs.push_back(Output::Send { bytes, hop });
    }

    pub(super) fn tell(&mut self, event: UacEvent) {
        if !self.is_closed() {
            self.outputs.push_back(Output::Event(event));
        }
    }

    /// Reports once that the leg is over, and keeps it for repeated messages.
    pub(super) fn close(&mut self, now: Timestamp) {
        if self.is_closed() {
            return;
        }
        self.tell(UacEvent::Closed);
        self.phase = Phase::Over;
        self.invite = None;
        self.linger_until = self.linger_until.max(now);
    }

    /// True if `Closed` has been reported.
    pub(super) fn is_closed(&self) -> bool {
        matches!(self.phase, Phase::Over | Phase::Finished)
    }

    /// True if one more fork's dialog may be kept.
    pub(super) fn has_room(&self) -> bool {
        self.dialogs.len() < DIALOGS_MAX
    }
}
