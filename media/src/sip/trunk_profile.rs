//! The settings for how a trunk wants its messages: the host in From, the header that asserts the number
//! shown, the outbound proxy, and the handling of a private Contact.

use std::net::IpAddr;

/// The header that asserts the caller number, besides From (RFC 3325).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IdentityHeader {
    /// P-Asserted-Identity: sent between networks that trust each other.
    Asserted,
    /// P-Preferred-Identity: sent by a user agent to its own network.
    Preferred,
}

impl IdentityHeader {
    pub(super) const fn header(self) -> &'static str {
        match self {
            Self::Asserted => "P-Asserted-Identity",
            Self::Preferred => "P-Preferred-Identity",
        }
    }
}

/// The destination of requests within a dialog if the Contact or first Route is a private address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PrivateContact {
    #[default]
    AsGiven,
    /// The trunk: the far end is behind a NAT and gave its inner address.
    ToTrunk,
}

/// Host and port of an outbound proxy, from a trunk's SPEC.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProxyAddress {
    /// A host name or an address; an IPv6 address without brackets.
    pub host: String,
    pub port: u16,
}

impl ProxyAddress {
    /// Returns host and port as they are written in a URI: an IPv6 address in brackets.
    pub(super) fn authority(&self) -> String {
        match self.host.parse::<IpAddr>() {
            Ok(IpAddr::V6(ip)) => format!("[{ip}]:{}", self.port),
            Ok(IpAddr::V4(_)) | Err(_) => format!("{}:{}", self.host, self.port),
        }
    }
}

/// How one trunk wants its SIP messages; the default changes nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TrunkProfile {
    /// The host of the From URI; `None` for our own address.
    pub from_domain: Option<String>,
    pub asserted_by: Option<IdentityHeader>,
    /// If true, URIs with a telephone number get `;user=phone` (RFC 3261, 19.1.1).
    pub user_phone: bool,
    /// The proxy to which all requests outside a dialog go, with a Route that names it (RFC 3261, 8.1.2).
    pub outbound_proxy: Option<ProxyAddress>,
    pub private_contact: PrivateContact,
}

/// Returns true for an address that has a meaning within one network only (RFC 1918, 3927, 4193, 4291,
/// 6598).
pub(super) fn is_private(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => {
            let [first, second, ..] = ip.octets();
            let is_shared = first == 100 && (64..128).contains(&second);
            ip.is_private() || ip.is_link_local() || ip.is_loopback() || ip.is_unspecified() || is_shared
        }
        IpAddr::V6(ip) => {
            ip.is_unique_local() || ip.is_unicast_link_local() || ip.is_loopback() || ip.is_unspecified()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{ProxyAddress, is_private};

    #[test]
    fn addresses_of_one_network_are_private() {
        for ip in [
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.9",
            "100.64.0.1",
            "169.254.1.1",
            "127.0.0.1",
            "fd00::1",
            "fe80::1",
        ] {
            assert!(is_private(ip.parse().unwrap()), "{ip}");
        }
        for ip in ["192.0.2.1", "172.32.0.1", "100.128.0.1", "8.8.8.8", "2001:db8::1"] {
            assert!(!is_private(ip.parse().unwrap()), "{ip}");
        }
    }

    #[test]
    fn a_proxy_is_written_in_a_uri_as_its_family_wants() {
        for (host, authority) in [
            ("proxy.example.com", "proxy.example.com:5060"),
            ("2001:db8::1", "[2001:db8::1]:5060"),
        ] {
            let proxy = ProxyAddress {
                host: host.to_owned(),
                port: 5_060,
            };
            assert_eq!(proxy.authority(), authority);
        }
    }
}
