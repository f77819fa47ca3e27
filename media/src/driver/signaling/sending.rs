//! Sends SIP messages: chooses the socket, and interprets its errors.

use super::{SignalingTask, TrunkNumber};
use crate::sip::dialog::Hop;
use std::io;

impl SignalingTask {
    /// Sends a message to `hop`: by a trunk's connected socket if it goes to a trunk's address, otherwise
    /// by the unconnected one.
    pub(super) async fn send(&self, trunk: Option<TrunkNumber>, bytes: &[u8], hop: Hop) -> SendOutcome {
        let own = trunk.and_then(|trunk| self.trunks.get(trunk));
        let (socket, to) = match hop {
            Hop::Trunk => match own {
                Some(trunk) => (&trunk.socket, None),
                None => return SendOutcome::Yes,
            },
            Hop::At(address) => match self.trunks.iter().find(|trunk| trunk.remote == address) {
                Some(trunk) => (&trunk.socket, None),
                None => (&self.grounds.general, Some(address)),
            },
        };
        // A pending ICMP error is reported instead of the next send: it belongs to an earlier datagram.
        for _ in 0..2 {
            let sent = match to {
                None => socket.send(bytes).await,
                Some(address) => socket.send_to(bytes, address).await,
            };
            match sent {
                Ok(_) => return SendOutcome::Yes,
                Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {}
                Err(error) => {
                    tracing::warn!(%error, "a sip message could not be sent");
                    return SendOutcome::Failed;
                }
            }
        }
        SendOutcome::Refused
    }
}

/// What became of a message that was to be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SendOutcome {
    Yes,
    /// An ICMP error: no program listens there.
    Refused,
    /// The message did not leave this machine.
    Failed,
}
