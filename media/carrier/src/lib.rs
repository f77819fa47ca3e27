//! The carrier: the answering side of a rehearsal, with seeded people behind its numbers.
//!
//! It speaks real SIP and RTP, so that a campaign can be rehearsed before a trunk exists. It shares the
//! parser, SDP, RTP and codec code with the dialing side, but no state, transaction or dialog code: an error
//! there would not meet its own mirror image here. No call rings longer than 4 s, and an answered leg is
//! dropped 4 s after the last packet of its peer. Its own record of calls is `call_details`. Sockets are in
//! `driver.rs`.

mod call_details;
mod callee;
mod callee_audio;
mod challenge;
#[cfg(test)]
mod chaos;
mod conversation;
pub mod driver;
mod exchange;
mod leg;
mod profile;
mod reply;
mod seeded_draws;
mod sounds;
#[cfg(test)]
mod tests;
mod turns;

pub use call_details::{CallDetails, EndedBy};
pub use callee::{CalleeAction, Cue, FinalResponse, InviteOutcome, Persona, ScriptStep};
pub use callee_audio::PEER_GONE_MS;
pub use challenge::CarrierUser;
pub use conversation::{CalleeTurn, ConversationError, PhraseAudio, phrases};
pub use driver::{Carrier, CarrierConfig, CarrierError, CarrierHandle};
pub use exchange::{Exchange, ExchangeSettings, LIVE_LEGS_MAX};
pub use profile::{CalleeBehavior, CarrierProfile, ChallengerRole, ProfileError, RING_MS_MAX, SpanMs};
pub use turns::TurnDetails;

use std::net::SocketAddr;

/// The number of a call at this carrier, counted from 1.
pub type LegNumber = u64;

/// An input to the carrier.
#[derive(Debug, Clone, Copy)]
pub enum Input<'a> {
    /// A datagram of the SIP socket.
    Sip { from: SocketAddr, datagram: &'a [u8] },
    /// A datagram of a leg's media socket.
    Media { leg: LegNumber, datagram: &'a [u8] },
    /// The answer to `Output::OpenMedia`: the socket's address, or `None` if it could not be opened.
    MediaOpened {
        leg: LegNumber,
        address: Option<SocketAddr>,
    },
    /// The deadline has come.
    Time,
    /// The order to end all calls: BYE to the answered ones, 503 to the others.
    Stop,
}

/// An output of the carrier, to be carried out by its driver.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    Send {
        to: SocketAddr,
        bytes: Vec<u8>,
    },
    SendMedia {
        leg: LegNumber,
        to: SocketAddr,
        packet: Vec<u8>,
    },
    OpenMedia {
        leg: LegNumber,
    },
    CloseMedia {
        leg: LegNumber,
    },
    /// A line to append to the file of call details.
    Details(Box<CallDetails>),
}

/// The carrier's counts since its start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CarrierCounts {
    /// Number of Call-IDs seen.
    pub calls: u64,
    /// Number of datagrams that are not a SIP message.
    pub malformed: u64,
    /// Number of requests outside any call, or for which there was no room.
    pub refused: u64,
    /// Number of INVITEs that repeated a Call-ID as a new transaction.
    pub second_invites: u64,
}
