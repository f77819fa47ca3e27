//! The orders to signalling, and the messages that its sockets receive.

use crate::driver::leg_mailbox::LegMailbox;
use crate::driver::recording_writer::LegNumber;
use crate::driver::reserved_recording::ReservedRecording;
use crate::driver::response_ports::ResponsePortRule;
use crate::rtp::packet::OutgoingStream;
use crate::sip::crash_cleanup::LegTeardown;
use crate::sip::message::SipMessage;
use crate::sip::user_agent::Uac;
use domain::ports::line::LeftOverEvent;
use domain::time::Timestamp;
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::UdpSocket;
use tokio::sync::{OwnedSemaphorePermit, mpsc, oneshot};

/// The number of a trunk within one driver.
pub(in crate::driver) type TrunkNumber = usize;

/// The socket on which a datagram arrived: a trunk's own, or the unconnected one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::driver) enum DatagramSource {
    Trunk(TrunkNumber),
    Anyone,
}

/// An event of a socket.
pub(in crate::driver) enum SocketEvent {
    Message {
        message: Box<SipMessage>,
        from: SocketAddr,
        origin: DatagramSource,
    },
    Refused(TrunkNumber),
}

/// A trunk as signaling knows it: its address, socket and rule for responses.
pub(in crate::driver) struct TrunkSocket {
    pub(in crate::driver) remote: SocketAddr,
    pub(in crate::driver) socket: Arc<UdpSocket>,
    pub(in crate::driver) replies: ResponsePortRule,
}

impl TrunkSocket {
    /// Returns true if a message of a leg may come from this address. A response must come from where the
    /// request went: the trunk's address and, unless its SPEC says otherwise, its port, or another address
    /// that we wrote to for this leg (`peers`). Requests may come from any port of these hosts; they must
    /// know both tags.
    pub(super) fn is_sender_allowed(
        &self,
        message: &SipMessage,
        from: SocketAddr,
        peers: &BTreeSet<SocketAddr>,
    ) -> bool {
        let any_port = message.is_request() || self.replies == ResponsePortRule::AnyPort;
        if any_port {
            return self.remote.ip() == from.ip() || peers.iter().any(|peer| peer.ip() == from.ip());
        }
        self.remote == from || peers.contains(&from)
    }
}

/// A leg that is to be dialed.
pub(in crate::driver) struct NewLeg {
    pub(in crate::driver) uac: Uac,
    pub(in crate::driver) number: LegNumber,
    pub(in crate::driver) trunk: TrunkNumber,
    /// The last instant at which the leg's INVITE may leave, by the driver's time; a command that waited
    /// longer sends none, and the leg fails.
    pub(in crate::driver) leaves_by: Timestamp,
    pub(in crate::driver) mailbox: Arc<LegMailbox>,
    pub(in crate::driver) out: OutgoingStream,
    pub(in crate::driver) recording: ReservedRecording,
    /// The leg's share of the trunk's capacity; released when the leg has ended.
    pub(in crate::driver) slot: OwnedSemaphorePermit,
}

/// A command of a line to the signaling task.
pub(in crate::driver) enum SignalingCommand {
    AddTrunk(TrunkSocket, oneshot::Sender<TrunkNumber>),
    Dial(Box<NewLeg>),
    /// Ends the leg with this Call-ID: with a CANCEL before its answer, with a BYE after it.
    GiveUp(String),
    MediaLost(String),
    /// Sends the ACK of the leg with this Call-ID and starts its audio; replies `true` if the leg is talking
    /// now.
    Acknowledge(String, oneshot::Sender<bool>),
    EndLeftOver {
        left_over: Box<LegTeardown>,
        trunk: TrunkNumber,
        reports: mpsc::Sender<LeftOverEvent>,
    },
}
