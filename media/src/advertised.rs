//! The addresses that far ends are shown instead of our own, where a NAT or a container is in between.

use std::net::{IpAddr, SocketAddr};

/// The addresses of SIP (Via, Contact, From) and of audio (SDP) that far ends are shown. `None`: the local
/// address that reaches each trunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AdvertisedAddresses {
    pub sip: Option<AdvertisedSip>,
    pub rtp: Option<IpAddr>,
}

/// The shown address of SIP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AdvertisedSip {
    pub ip: IpAddr,
    /// `None`: the port that SIP listens on.
    pub port: Option<u16>,
}

impl AdvertisedAddresses {
    /// Returns the SIP address that the trunk at `remote` is shown. `local` reaches it.
    pub fn sip_for(self, local: SocketAddr, remote: IpAddr) -> SocketAddr {
        match self.sip.filter(|sip| is_reached_from(sip.ip, remote)) {
            Some(sip) => SocketAddr::new(sip.ip, sip.port.unwrap_or(local.port())),
            None => local,
        }
    }

    /// Returns the address for audio that the trunk at `remote` is shown. `local` reaches it.
    pub fn rtp_for(self, local: IpAddr, remote: IpAddr) -> IpAddr {
        self.rtp
            .filter(|rtp| is_reached_from(*rtp, remote))
            .unwrap_or(local)
    }
}

/// A far end on this machine is shown the address that reaches it: behind a NAT it may not reach another one.
const fn is_reached_from(advertised: IpAddr, remote: IpAddr) -> bool {
    advertised.is_loopback() || !remote.is_loopback()
}

/// Returns true for an address to which a far end can send: not unspecified, multicast or broadcast.
pub const fn is_unicast(ip: IpAddr) -> bool {
    let is_broadcast = match ip {
        IpAddr::V4(ip) => ip.is_broadcast(),
        IpAddr::V6(_) => false,
    };
    !ip.is_unspecified() && !ip.is_multicast() && !is_broadcast
}

/// Returns true for an address that the whole internet can reach. Not public: loopback, link-local, private
/// (RFC 1918), shared between customers of a provider (RFC 6598), benchmarks (RFC 2544), and unique local
/// IPv6 addresses (RFC 4193).
pub fn is_public(ip: IpAddr) -> bool {
    let ip = ip.to_canonical();
    if !is_unicast(ip) || ip.is_loopback() {
        return false;
    }
    match ip {
        IpAddr::V4(ip) => {
            let [first, second, ..] = ip.octets();
            let is_shared = first == 100 && (64..=127).contains(&second);
            let is_benchmark = first == 198 && (18..=19).contains(&second);
            !(ip.is_private() || ip.is_link_local() || first == 0 || is_shared || is_benchmark)
        }
        IpAddr::V6(ip) => !ip.is_unique_local() && !ip.is_unicast_link_local(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn addresses_of_private_networks_are_not_public() {
        for private in [
            "10.0.0.1",
            "172.16.0.1",
            "172.31.255.254",
            "192.168.1.1",
            "100.64.0.1",
            "100.127.255.254",
            "198.18.0.1",
            "169.254.1.1",
            "127.0.0.1",
            "0.0.0.0",
            "0.1.2.3",
            "255.255.255.255",
            "224.0.0.1",
            "::1",
            "::",
            "fd00::1",
            "fe80::1",
            "ff02::1",
            "::ffff:10.0.0.1",
        ] {
            assert!(!is_public(ip(private)), "{private}");
        }
        for public in [
            "203.0.113.7",
            "172.32.0.1",
            "172.15.0.1",
            "100.63.0.1",
            "100.128.0.1",
            "198.20.0.1",
            "2001:db8::1",
            "::ffff:203.0.113.7",
        ] {
            assert!(is_public(ip(public)), "{public}");
        }
    }

    #[test]
    fn a_trunk_is_shown_the_advertised_address_unless_it_is_on_this_machine() {
        let advertised = AdvertisedAddresses {
            sip: Some(AdvertisedSip {
                ip: ip("203.0.113.7"),
                port: None,
            }),
            rtp: Some(ip("203.0.113.8")),
        };
        let local: SocketAddr = "10.0.0.5:5060".parse().unwrap();
        let far = ip("198.51.100.9");
        assert_eq!(
            advertised.sip_for(local, far),
            "203.0.113.7:5060".parse().unwrap()
        );
        assert_eq!(advertised.rtp_for(local.ip(), far), ip("203.0.113.8"));
        let loopback: SocketAddr = "127.0.0.1:5060".parse().unwrap();
        assert_eq!(advertised.sip_for(loopback, loopback.ip()), loopback);
        assert_eq!(advertised.rtp_for(loopback.ip(), loopback.ip()), loopback.ip());
        let none = AdvertisedAddresses::default();
        assert_eq!(
            (none.sip_for(local, far), none.rtp_for(local.ip(), far)),
            (local, local.ip())
        );
        let mapped = AdvertisedAddresses {
            sip: Some(AdvertisedSip {
                ip: ip("127.0.0.2"),
                port: Some(9_060),
            }),
            rtp: Some(ip("127.0.0.2")),
        };
        assert_eq!(
            mapped.sip_for(loopback, loopback.ip()),
            "127.0.0.2:9060".parse().unwrap()
        );
        assert_eq!(mapped.rtp_for(loopback.ip(), loopback.ip()), ip("127.0.0.2"));
    }
}
