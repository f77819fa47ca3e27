//! Which socket a message leaves by, and what its error means.

use super::{Signalling, TrunkNumber};
use crate::sip::dialog::Hop;
use std::io;

impl Signalling {
    /// Sends by the trunk's connected socket where it is the trunk that is meant.
    pub(super) async fn send(&self, trunk: Option<TrunkNumber>, bytes: &[u8], hop: Hop) -> Sent {
        let own = trunk.and_then(|trunk| self.trunks.get(trunk));
        let (socket, to) = match hop {
            Hop::Trunk => match own {
                Some(trunk) => (&trunk.socket, None),
                None => return Sent::Yes,
            },
            Hop::At(address) => match self.trunks.iter().find(|trunk| trunk.remote == address) {
                Some(trunk) => (&trunk.socket, None),
                None => (&self.grounds.general, Some(address)),
            },
        };
        // A pending ICMP error is reported instead of the next send: it speaks of an earlier datagram.
        for _ in 0..2 {
            let sent = match to {
                None => socket.send(bytes).await,
                Some(address) => socket.send_to(bytes, address).await,
            };
            match sent {
                Ok(_) => return Sent::Yes,
                Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {}
                Err(error) => {
                    tracing::warn!(%error, "a sip message could not be sent");
                    return Sent::Failed;
                }
            }
        }
        Sent::Refused
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sent {
    Yes,
    /// An ICMP error: nobody listens there.
    Refused,
    /// It did not leave this machine.
    Failed,
}
