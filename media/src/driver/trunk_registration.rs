//! The registration of a trunk in a driver: its number and address, and the addresses that it is shown.

use super::signaling::TrunkNumber;
use std::net::{IpAddr, SocketAddr};

/// The registration of a trunk in a driver.
#[derive(Debug, Clone)]
pub(crate) struct TrunkRegistration {
    pub(super) number: TrunkNumber,
    pub(crate) remote: SocketAddr,
    /// Our SIP address as the trunk is shown it (sent-by, Contact).
    pub(crate) local: SocketAddr,
    /// Our address for audio as the trunk is shown it (SDP).
    pub(crate) media: IpAddr,
}
