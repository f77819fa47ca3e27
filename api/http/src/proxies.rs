//! Trusted proxies: the proxies that this server trusts to name the client's address (`X-Forwarded-For`). The
//! header of any other client is ignored.
//!
//! Each proxy appends the address it was called from. Read from the end, the first address that is no trusted
//! proxy is the client's. The client could write anything before it, so that part is ignored.

use domain::problem::Problem;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;
use std::sync::{Arc, PoisonError, RwLock};
use warp::http::HeaderMap;

/// The header with the client's address.
const FORWARDED_FOR: &str = "x-forwarded-for";

/// Maximum number of trusted addresses and networks; a site has a few, one in front of the other.
const PROXIES_MAX: usize = 16;

/// Most addresses of the header that are read, from its end; more than the proxies in a row of any site.
const HOPS_MAX: usize = 16;

/// Bits of an IPv4 address.
const V4_BITS: u32 = 32;
/// Bits of an IPv6 address.
const V6_BITS: u32 = 128;

/// The options of `serve` about proxies in front of it.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct ProxyArgs {
    /// A proxy that is trusted to name the client's address (X-Forwarded-For): an address or a network, for
    /// example 10.0.0.0/24; may be given several times
    #[arg(long = "trusted-proxy", value_name = "ADDR[/BITS]")]
    trusted_proxies: Vec<Network>,
}

impl ProxyArgs {
    /// Returns the trusted proxies of the arguments. More than `PROXIES_MAX` fail with `setting-invalid`.
    pub fn proxies(&self) -> Result<Proxies, Problem> {
        match self.trusted_proxies.len() {
            0..=PROXIES_MAX => Ok(Proxies::of(self.trusted_proxies.iter().copied())),
            _ => Err(Problem::invalid(
                "setting-invalid",
                format!("--trusted-proxy can be given at most {PROXIES_MAX} times: use a network instead"),
            )),
        }
    }
}

/// A network: addresses with a common prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    first: IpAddr,
    bits: u32,
}

impl FromStr for Network {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} is not an address or a network (example: 10.0.0.0/24)");
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits)),
            None => (text, None),
        };
        let first = address.parse::<IpAddr>().map_err(|_shown| wrong())?;
        let most = match first {
            IpAddr::V4(_) => V4_BITS,
            IpAddr::V6(_) => V6_BITS,
        };
        let bits = match bits {
            None => most,
            Some(bits) => bits.parse::<u32>().map_err(|_shown| wrong())?,
        };
        // A network of all addresses would trust every client to name any address.
        if bits == 0 || bits > most {
            return Err(wrong());
        }
        Ok(Self { first, bits })
    }
}

impl Network {
    fn holds(self, address: IpAddr) -> bool {
        match (self.first, address.to_canonical()) {
            (IpAddr::V4(first), IpAddr::V4(address)) => {
                let differs = u32::from(first) ^ u32::from(address);
                differs.leading_zeros() >= self.bits
            }
            (IpAddr::V6(first), IpAddr::V6(address)) => {
                let differs = u128::from(first) ^ u128::from(address);
                differs.leading_zeros() >= self.bits
            }
            (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => false,
        }
    }
}

/// The trusted proxies. Without any, the client is the connected peer. Clones share the list, which can be
/// replaced while the server runs.
#[derive(Debug, Clone, Default)]
pub struct Proxies(Arc<RwLock<Vec<Network>>>);

impl Proxies {
    /// Trusts the proxies with an address in one of these networks.
    pub fn of(networks: impl IntoIterator<Item = Network>) -> Self {
        Self(Arc::new(RwLock::new(networks.into_iter().collect())))
    }

    /// Parses the values of `http.trusted_proxies`. Fails for too many of them, or if one is no network.
    pub fn parse(values: &[String]) -> Result<Self, Problem> {
        let networks = values.iter().map(|value| value.parse::<Network>());
        let trusted_proxies = networks.collect::<Result<_, _>>();
        let trusted_proxies = trusted_proxies.map_err(|why| Problem::invalid("setting-invalid", why))?;
        ProxyArgs { trusted_proxies }.proxies()
    }

    /// Trusts the proxies of `later` instead, in every clone: for the next connection and request.
    pub fn replace(&self, later: &Self) {
        let networks = later.0.read().unwrap_or_else(PoisonError::into_inner).clone();
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = networks;
    }

    /// True if this address is a trusted proxy.
    pub fn are_at(&self, address: IpAddr) -> bool {
        let networks = self.0.read().unwrap_or_else(PoisonError::into_inner);
        networks.iter().any(|network| network.holds(address))
    }

    /// Returns the client's address: the peer's, or the one that a trusted proxy forwards.
    pub(crate) fn client(&self, connected: SocketAddr, headers: &HeaderMap) -> SocketAddr {
        let mut client = connected;
        if !self.are_at(connected.ip()) {
            return client;
        }
        let said = headers.get_all(FORWARDED_FOR).iter().collect::<Vec<_>>();
        // A value that is no text contains no address.
        let said = said.iter().rev().map(|value| value.to_str().unwrap_or_default());
        let hops = said.flat_map(|value| value.rsplit(',')).take(HOPS_MAX);
        for hop in hops {
            let Some(address) = address_of(hop.trim()) else {
                break;
            };
            client = SocketAddr::new(address, 0);
            if !self.are_at(address) {
                break;
            }
        }
        client
    }
}

/// Returns the address of a hop; some proxies add its port.
fn address_of(hop: &str) -> Option<IpAddr> {
    let address: Option<IpAddr> = hop.parse().ok();
    let with_port = || hop.parse::<SocketAddr>().ok().map(|hop| hop.ip());
    let in_brackets = || hop.strip_prefix('[')?.strip_suffix(']')?.parse().ok();
    let address = address.or_else(with_port).or_else(in_brackets)?;
    Some(address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxies(texts: &[&str]) -> Proxies {
        Proxies::of(texts.iter().map(|text| text.parse().unwrap()))
    }

    /// The client's address for a connection from `connected` with these headers.
    fn client(proxies: &Proxies, connected: &str, said: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for value in said {
            headers.append(FORWARDED_FOR, value.parse().unwrap());
        }
        let connected = SocketAddr::new(connected.parse().unwrap(), 4_711);
        proxies.client(connected, &headers).ip().to_string()
    }

    #[test]
    fn only_a_believed_proxy_names_the_client() {
        let ours = proxies(&["10.0.0.0/24", "2001:db8::1"]);
        for (connected, said, asks) in [
            ("10.0.0.9", &["198.51.100.7"][..], "198.51.100.7"),
            ("2001:db8::1", &["198.51.100.7"], "198.51.100.7"),
            ("::ffff:10.0.0.9", &["198.51.100.7:80"], "198.51.100.7"),
            ("10.0.0.9", &["[2001:db8:1::7]:80"], "2001:db8:1::7"),
            ("10.0.0.9", &["[2001:db8:1::7]"], "2001:db8:1::7"),
            ("10.0.0.9", &[], "10.0.0.9"),
            ("10.0.1.9", &["198.51.100.7"], "10.0.1.9"),
            ("2001:db8::2", &["198.51.100.7"], "2001:db8::2"),
        ] {
            assert_eq!(client(&ours, connected, said), asks, "{connected} {said:?}");
        }
        assert_eq!(
            client(&Proxies::default(), "10.0.0.9", &["198.51.100.7"]),
            "10.0.0.9"
        );
    }

    #[test]
    fn a_replaced_list_applies_to_every_clone() {
        let listed = proxies(&["10.0.0.0/24"]);
        let clone = listed.clone();
        let values = ["192.0.2.7".to_owned()];
        clone.replace(&Proxies::parse(&values).unwrap());
        assert!(listed.are_at("192.0.2.7".parse().unwrap()));
        assert!(!listed.are_at("10.0.0.9".parse().unwrap()));
        assert!(Proxies::parse(&["10.0.0.0/0".to_owned()]).is_err());
        let many = vec!["10.0.0.1".to_owned(); PROXIES_MAX + 1];
        assert!(Proxies::parse(&many).is_err());
    }

    /// The part that a client writes itself comes before what the proxies append.
    #[test]
    fn what_the_client_wrote_itself_counts_for_nothing() {
        let ours = proxies(&["10.0.0.0/24"]);
        for (said, asks) in [
            (&["127.0.0.1, 198.51.100.7"][..], "198.51.100.7"),
            (&["127.0.0.1", "198.51.100.7"], "198.51.100.7"),
            (&["127.0.0.1, 198.51.100.7, 10.0.0.8"], "198.51.100.7"),
            (&["203.0.113.1, nonsense, 10.0.0.8"], "10.0.0.8"),
            (&["203.0.113.1, unknown"], "10.0.0.9"),
            (&["203.0.113.1, "], "10.0.0.9"),
        ] {
            assert_eq!(client(&ours, "10.0.0.9", said), asks, "{said:?}");
        }
        let many = vec!["10.0.0.8"; 2 * HOPS_MAX].join(",");
        let far = format!("198.51.100.7,{many}");
        assert_eq!(
            client(&ours, "10.0.0.9", &[&far]),
            "10.0.0.8",
            "no further than the limit"
        );
    }

    #[test]
    fn a_network_is_an_address_and_how_much_of_it_counts() {
        for right in ["10.0.0.1", "10.0.0.0/8", "::1", "2001:db8::/32", "10.0.0.1/32"] {
            assert!(right.parse::<Network>().is_ok(), "{right}");
        }
        for wrong in [
            "",
            "10.0.0",
            "0.0.0.0/0",
            "::/0",
            "10.0.0.0/33",
            "::1/129",
            "proxy.example.com",
        ] {
            assert!(wrong.parse::<Network>().is_err(), "{wrong}");
        }
        let many = ProxyArgs {
            trusted_proxies: vec!["10.0.0.1".parse().unwrap(); PROXIES_MAX + 1],
        };
        assert!(many.proxies().is_err());
    }
}
