//! The addresses of a SIP trunk: its own, and those of ours that it is shown.

use super::SipTrunk;
use std::net::{IpAddr, SocketAddr};

/// A trunk's own address, and the addresses that it is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TrunkAddresses {
    pub remote: SocketAddr,
    /// Our address for SIP, as in Via and Contact.
    pub sip: SocketAddr,
    /// Our address for audio, as in session descriptions.
    pub rtp: IpAddr,
}

impl SipTrunk {
    /// Returns the address of this trunk, and those that it is shown.
    pub const fn addresses(&self) -> TrunkAddresses {
        TrunkAddresses {
            remote: self.place.remote,
            sip: self.place.local,
            rtp: self.place.media,
        }
    }
}
