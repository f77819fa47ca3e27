//! One call at the carrier, from its INVITE to some minutes after its end: an RFC 3261 user agent server.
//!
//! No sockets, no clock. This file holds a leg's state; `invite` handles its INVITE, `dialog` the requests
//! that follow, `timers` the passing of time.

mod dialog;
mod invite;
mod timers;

use super::call_details::{CallDetails, EndedBy};
use super::callee::{FinalResponse, Persona};
use super::callee_audio::CalleeAudio;
use super::reply::reply;
use super::seeded_draws::SeededDraws;
use super::{LegNumber, Output};
use domain::time::Timestamp;
use media::sip::header_value::{Address, user};
use media::sip::message::SipMessage;
use media::sip::sdp::AudioStream;
use std::collections::VecDeque;
use std::net::SocketAddr;

/// T1 in milliseconds: the wait before the first retransmission (RFC 3261, 17.1.1.1).
const T1_MS: u64 = 500;
/// 64 × T1, in milliseconds: how long an ACK is awaited before the leg ends (RFC 3261, 17.2.1, timer H).
const GIVE_UP_MS: u64 = 64 * T1_MS;
/// How long an ended call's Call-ID is remembered, in milliseconds, so that a second INVITE of it is
/// noticed.
const REMEMBERED_MS: u64 = 300_000;
/// The refusal if there is no free port or memory for another call.
pub(crate) const NO_ROOM: FinalResponse = FinalResponse {
    code: 503,
    q850: 34,
    text: "no circuit available",
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// A challenge was sent; the next INVITE may bring credentials.
    Challenged,
    Proceeding {
        rung: bool,
    },
    /// A final response above 299 was sent; its ACK is awaited.
    Failed,
    /// A 200 was sent; its ACK is awaited.
    Answered,
    Confirmed,
    /// A BYE was sent; its response is awaited.
    HangingUp,
    Ended,
}

/// The times at which a leg acts without a message; `None` if not.
#[derive(Debug, Clone, Copy, Default)]
struct LegTimers {
    step_at: Option<Timestamp>,
    retransmit_at: Option<Timestamp>,
    retransmit_ms: u64,
    give_up_at: Option<Timestamp>,
}

/// The origin of a leg: its INVITE and the addresses of both sides.
pub(crate) struct LegOrigin {
    pub(crate) number: LegNumber,
    pub(crate) invite: SipMessage,
    pub(crate) peer: SocketAddr,
    /// The carrier's own SIP address.
    pub(crate) local: SocketAddr,
    pub(crate) seed: u64,
}

/// One call at the carrier.
pub(crate) struct Leg {
    pub(crate) details: CallDetails,
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
    chance: SeededDraws,
    talk: Option<CalleeAudio>,
    phase: Phase,
    times: LegTimers,
    remote_cseq: u32,
    bye: Option<SipMessage>,
    /// True if the next right credentials are to be answered with a stale nonce.
    pub(crate) stale_due: bool,
}

type Outputs = VecDeque<Output>;

impl Leg {
    pub(crate) fn new(origin: LegOrigin, now: Timestamp) -> Self {
        let call_id = origin.invite.call_id().to_owned();
        let mut chance = SeededDraws::about(origin.seed, &["leg", &call_id]);
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
                acked_at: None,
                ended_at: None,
                ended_by: None,
                digits: String::new(),
                rtp_received: 0,
                rtp_sent: 0,
                turns: None,
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
            times: LegTimers::default(),
            bye: None,
            stale_due: false,
        }
    }

    pub(crate) fn local_tag(&self) -> &str {
        &self.local_tag
    }
    pub(crate) const fn chance(&mut self) -> &mut SeededDraws {
        &mut self.chance
    }
    pub(crate) fn is_challenged(&self) -> bool {
        self.phase == Phase::Challenged
    }
    pub(crate) fn is_live(&self) -> bool {
        !matches!(self.phase, Phase::Ended | Phase::Challenged)
    }
    /// Returns true if this is a retransmission of the leg's INVITE.
    pub(crate) fn knows(&self, invite: &SipMessage) -> bool {
        invite.branch() == self.invite.branch() && invite.cseq() == self.invite.cseq()
    }
    /// Returns true if an INVITE is older than the leg's, by the caller's CSeq.
    pub(crate) fn is_older(&self, invite: &SipMessage) -> bool {
        let number = |message: &SipMessage| message.cseq().map_or(0, |(number, _)| number);
        number(invite) < number(&self.invite)
    }
    /// Returns true if a CANCEL belongs to the INVITE's transaction (RFC 3261, 9.1).
    pub(crate) fn is_cancelled_by(&self, cancel: &SipMessage) -> bool {
        cancel.branch().is_some() && cancel.branch() == self.invite.branch()
    }
    /// Returns true if a request belongs to the leg's dialog, by both tags (RFC 3261, 12.2.2).
    pub(crate) fn is_dialog_of(&self, request: &SipMessage) -> bool {
        request.tag_of_to() == Some(&self.local_tag) && request.tag_of_from() == self.invite.tag_of_from()
    }

    /// Returns the next instant at which `on_time` has something to do; `None` if there is none.
    pub(crate) fn deadline(&self) -> Option<Timestamp> {
        let frame_at = self.talk.as_ref().map(CalleeAudio::next_frame_at);
        let times = self.times;
        [times.step_at, times.retransmit_at, times.give_up_at, frame_at]
            .into_iter()
            .flatten()
            .min()
    }

    /// Sets the address that a request came from as the peer: responses go there (RFC 3581, 4). It may
    /// change, because another process may end a call that a lost one began.
    pub(crate) fn heard_from(&mut self, peer: SocketAddr) {
        self.peer = peer;
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

    fn await_acknowledgment(&mut self, now: Timestamp) {
        self.times = LegTimers {
            step_at: None,
            retransmit_at: Some(now.plus_ms(T1_MS)),
            retransmit_ms: T1_MS,
            give_up_at: Some(now.plus_ms(GIVE_UP_MS)),
        };
    }

    /// Records the end of the call in its details, and closes its media.
    fn account(&mut self, by: EndedBy, now: Timestamp, out: &mut Outputs) {
        if let Some(talk) = self.talk.take() {
            self.details.rtp_received = talk.received_count();
            self.details.rtp_sent = talk.sent_count();
            self.details.turns = talk.turns(now);
        }
        self.details.ended_at = Some(now);
        self.details.ended_by = Some(by);
        self.persona = None;
        out.push_back(Output::CloseMedia { leg: self.number });
        out.push_back(Output::Details(Box::new(self.details.clone())));
    }

    fn rest(&mut self, now: Timestamp) {
        self.phase = Phase::Ended;
        self.times = LegTimers {
            give_up_at: Some(now.plus_ms(REMEMBERED_MS)),
            ..LegTimers::default()
        };
        self.invite.body.clear();
    }
}
