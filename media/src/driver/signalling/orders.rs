//! What signalling is asked and what comes to it by its sockets.

use crate::driver::leg_mailbox::LegMailbox;
use crate::driver::recording_writer::LegNumber;
use crate::driver::reserved::Reserved;
use crate::rtp::packet::OutgoingStream;
use crate::sip::left_over::LeftOver;
use crate::sip::message::SipMessage;
use crate::sip::user_agent::Uac;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::UdpSocket;
use tokio::sync::{OwnedSemaphorePermit, oneshot};

/// Names a trunk within one driver.
pub(in crate::driver) type TrunkNumber = usize;

/// Which socket a datagram came by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::driver) enum Origin {
    Trunk(TrunkNumber),
    Anyone,
}

/// What came by a socket.
pub(in crate::driver) enum Arrival {
    Message {
        message: Box<SipMessage>,
        from: SocketAddr,
        origin: Origin,
    },
    Refused(TrunkNumber),
}

/// A trunk as signalling knows it.
pub(in crate::driver) struct TrunkSocket {
    pub(in crate::driver) remote: SocketAddr,
    pub(in crate::driver) socket: Arc<UdpSocket>,
}

/// A leg to be dialed.
pub(in crate::driver) struct NewLeg {
    pub(in crate::driver) uac: Uac,
    pub(in crate::driver) number: LegNumber,
    pub(in crate::driver) trunk: TrunkNumber,
    pub(in crate::driver) mailbox: Arc<LegMailbox>,
    pub(in crate::driver) out: OutgoingStream,
    pub(in crate::driver) recording: Reserved,
    /// The trunk's capacity that it holds until it has ended.
    pub(in crate::driver) slot: OwnedSemaphorePermit,
}

/// What signalling is asked.
pub(in crate::driver) enum Order {
    AddTrunk(TrunkSocket, oneshot::Sender<TrunkNumber>),
    Dial(Box<NewLeg>),
    /// CANCEL or BYE, whichever is right now.
    GiveUp(String),
    MediaLost(String),
    EndLeftOver {
        left_over: Box<LeftOver>,
        trunk: TrunkNumber,
        done: oneshot::Sender<()>,
    },
}
