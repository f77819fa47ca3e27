//! The carrier: the answering side of a rehearsal, with seeded people behind its numbers.
//!
//! Real SIP and RTP, so that a campaign can be rehearsed before a trunk exists. It shares the parser, SDP,
//! RTP and codec code with the dialing side, but no state, transaction or dialog code: an error there would
//! not meet its own mirror image here. Nobody rings longer than 4 s, and an answered leg whose peer is gone
//! is dropped 4 s after its last packet. Its own record of calls is `call_details`. Sockets are in
//! `driver.rs`.

mod call_details;
mod callee;
mod challenge;
mod chance;
#[cfg(test)]
mod chaos;
mod conversation;
pub mod driver;
mod exchange;
mod leg;
mod profile;
mod reply;
mod sounds;
mod talk;
#[cfg(test)]
mod tests;
mod turns;

pub use call_details::{CallDetails, EndedBy};
pub use callee::{Act, Cue, FinalResponse, Persona, Step, Taking};
pub use challenge::CarrierUser;
pub use conversation::{CalleeTurn, ConversationError, Voices, phrases};
pub use driver::{Carrier, CarrierConfig, CarrierError, CarrierHandle};
pub use exchange::{Exchange, ExchangeSettings, LIVE_LEGS_MAX};
pub use profile::{CarrierProfile, ChallengeBy, Manner, ProfileError, RING_MS_MAX, SpanMs};
pub use talk::PEER_GONE_MS;
pub use turns::TurnDetails;

use std::net::SocketAddr;

/// A call's number at this carrier, counted from 1.
pub type LegNumber = u64;

/// What reaches the carrier.
#[derive(Debug, Clone, Copy)]
pub enum Input<'a> {
    /// A datagram of the SIP socket.
    Sip { from: SocketAddr, datagram: &'a [u8] },
    /// A datagram of a leg's media socket.
    Media { leg: LegNumber, datagram: &'a [u8] },
    /// The answer to `Output::OpenMedia`: the socket's address, or nothing where none could be opened.
    MediaOpened {
        leg: LegNumber,
        address: Option<SocketAddr>,
    },
    /// The deadline has come.
    Time,
    /// End all calls: BYE to the answered ones, 503 to the others.
    Stop,
}

/// What the carrier wants done.
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
    /// Append this line.
    Details(Box<CallDetails>),
}

/// Counts since the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CarrierCounts {
    /// Call-IDs seen.
    pub calls: u64,
    /// Datagrams that are no SIP message.
    pub malformed: u64,
    /// Requests outside any call, or for which there was no room.
    pub refused: u64,
    /// INVITEs that repeated a Call-ID as a new transaction.
    pub second_invites: u64,
}
