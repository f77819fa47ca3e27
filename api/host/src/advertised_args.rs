//! The arguments `--sip-advertised`, `--rtp-advertised` and `--stun`: the addresses that trunks are shown
//! where a NAT or a container is between them and this server.

use application::language::localized;
use domain::problem::Problem;
use media::advertised::{AdvertisedSip, is_unicast};
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

/// The port of STUN over UDP (RFC 8489, 18.6).
const STUN_PORT: u16 = 3_478;

/// The longest host name, in bytes (RFC 1035, 2.3.4).
const HOST_BYTES_MAX: usize = 253;

/// The word in place of an address that a STUN server reports.
const AUTO: &str = "auto";

/// The arguments about the addresses that trunks are shown.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct AdvertisedArgs {
    /// SIP address that trunks are shown instead of our own, behind a NAT or in a container; `auto`: the one
    /// that --stun reports
    #[arg(long, value_name = "IP[:PORT]|auto")]
    pub sip_advertised: Option<SipAdvertised>,
    /// Address for audio that trunks are shown; `auto`: the one that --stun reports. Default: the IP of
    /// --sip-advertised
    #[arg(long, value_name = "IP|auto")]
    pub rtp_advertised: Option<RtpAdvertised>,
    /// STUN server that is asked for our address at the start, for `auto`
    #[arg(long, value_name = "HOST[:PORT]")]
    pub stun: Option<StunServer>,
}

/// Which addresses trunks are shown, before a STUN server was asked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AdvertisedChoice {
    pub(crate) sip: Option<SipAdvertised>,
    pub(crate) rtp: Option<RtpAdvertised>,
    /// Present if `sip` or `rtp` is `auto`.
    pub(crate) stun: Option<StunServer>,
}

/// The SIP address that trunks are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SipAdvertised {
    Fixed(AdvertisedSip),
    Auto,
}

/// The address for audio that trunks are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RtpAdvertised {
    Fixed(IpAddr),
    Auto,
}

impl AdvertisedArgs {
    /// Returns the addresses of the arguments. Fails with `setting-invalid` for `auto` without a STUN server.
    pub fn choice(&self) -> Result<AdvertisedChoice, Problem> {
        let rtp_of_sip = self.sip_advertised.map(|sip| match sip {
            SipAdvertised::Fixed(sip) => RtpAdvertised::Fixed(sip.ip),
            SipAdvertised::Auto => RtpAdvertised::Auto,
        });
        let choice = AdvertisedChoice {
            sip: self.sip_advertised,
            rtp: self.rtp_advertised.or(rtp_of_sip),
            stun: self.stun.clone(),
        };
        if choice.is_auto() && choice.stun.is_none() {
            return Err(Problem::invalid("setting-invalid", no_stun()));
        }
        Ok(choice)
    }
}

impl AdvertisedChoice {
    /// True if a STUN server has to be asked.
    pub fn is_auto(&self) -> bool {
        self.sip == Some(SipAdvertised::Auto) || self.rtp == Some(RtpAdvertised::Auto)
    }
}

fn no_stun() -> &'static str {
    localized(
        "--sip-advertised auto 和 --rtp-advertised auto 需要 --stun HOST:PORT：由该 STUN 服务器返回本机地址",
        "--sip-advertised auto and --rtp-advertised auto need --stun HOST:PORT, the STUN server that reports \
         the address",
    )
}

impl FromStr for SipAdvertised {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == AUTO {
            return Ok(Self::Auto);
        }
        let with_port = text.parse::<SocketAddr>().map(|at| (at.ip(), Some(at.port())));
        let found = with_port.or_else(|_none| ip_of(text).map(|ip| (ip, None)));
        match found {
            Ok((ip, port)) if is_unicast(ip) && port != Some(0) => {
                Ok(Self::Fixed(AdvertisedSip { ip, port }))
            }
            Ok(_) | Err(_) => Err(not_an_address(text, "203.0.113.7, 203.0.113.7:5060")),
        }
    }
}

impl FromStr for RtpAdvertised {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == AUTO {
            return Ok(Self::Auto);
        }
        match ip_of(text) {
            Ok(ip) if is_unicast(ip) => Ok(Self::Fixed(ip)),
            Ok(_) | Err(_) => Err(not_an_address(text, "203.0.113.7")),
        }
    }
}

/// Parses an address; an IPv6 address may have brackets.
fn ip_of(text: &str) -> Result<IpAddr, std::net::AddrParseError> {
    let inside = text.strip_prefix('[').and_then(|text| text.strip_suffix(']'));
    inside.unwrap_or(text).parse()
}

fn not_an_address(text: &str, examples: &str) -> String {
    format!("{text:?} is not an address to which a far end can send: write an IP ({examples}) or auto")
}

/// A STUN server, `HOST[:PORT]`. The default port is 3478.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StunServer {
    pub host: String,
    pub port: u16,
}

impl FromStr for StunServer {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong =
            || format!("{text:?} is not HOST[:PORT] (examples: stun.example.com, [2001:db8::1]:3478)");
        let (host, port) = match (text.parse::<SocketAddr>(), ip_of(text)) {
            (Ok(address), _) => (address.ip().to_string(), address.port()),
            (Err(_), Ok(ip)) => (ip.to_string(), STUN_PORT),
            (Err(_), Err(_)) => match text.split_once(':') {
                None => (text.to_owned(), STUN_PORT),
                Some((host, port)) => (host.to_owned(), port.parse().map_err(|_no_port| wrong())?),
            },
        };
        let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || b"-.:".contains(&byte);
        let is_host = (1..=HOST_BYTES_MAX).contains(&host.len()) && host.bytes().all(is_letter);
        match is_host && port != 0 {
            true => Ok(Self { host, port }),
            false => Err(wrong()),
        }
    }
}

impl std::fmt::Display for StunServer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.host.contains(':') {
            true => write!(f, "[{}]:{}", self.host, self.port),
            false => write!(f, "{}:{}", self.host, self.port),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn a_sip_address_is_an_ip_with_or_without_a_port() {
        for (text, address, port) in [
            ("203.0.113.7", "203.0.113.7", None),
            ("203.0.113.7:5080", "203.0.113.7", Some(5_080)),
            ("2001:db8::7", "2001:db8::7", None),
            ("[2001:db8::7]", "2001:db8::7", None),
            ("[2001:db8::7]:5080", "2001:db8::7", Some(5_080)),
            ("10.0.0.1", "10.0.0.1", None),
        ] {
            let fixed = SipAdvertised::Fixed(AdvertisedSip {
                ip: ip(address),
                port,
            });
            assert_eq!(text.parse(), Ok(fixed), "{text}");
        }
        assert_eq!("auto".parse(), Ok(SipAdvertised::Auto));
        assert_eq!("auto".parse(), Ok(RtpAdvertised::Auto));
        assert_eq!("203.0.113.7".parse(), Ok(RtpAdvertised::Fixed(ip("203.0.113.7"))));
    }

    #[test]
    fn what_no_far_end_can_reach_is_refused() {
        for wrong in [
            "",
            "AUTO",
            "0.0.0.0",
            "0.0.0.0:5060",
            "::",
            "255.255.255.255",
            "224.0.0.1",
            "ff02::1",
            "203.0.113.7:0",
            "203.0.113.7:99999",
            "calls.example.com",
            "203.0.113.7\r\nContact: x",
        ] {
            assert!(wrong.parse::<SipAdvertised>().is_err(), "{wrong}");
            assert!(wrong.parse::<RtpAdvertised>().is_err(), "{wrong}");
        }
        assert!("203.0.113.7:5060".parse::<RtpAdvertised>().is_err());
    }

    #[test]
    fn a_stun_server_is_a_host_with_or_without_a_port() {
        for (text, shown) in [
            ("stun.example.com", "stun.example.com:3478"),
            ("stun.example.com:19302", "stun.example.com:19302"),
            ("192.0.2.1", "192.0.2.1:3478"),
            ("[2001:db8::1]:3479", "[2001:db8::1]:3479"),
            ("2001:db8::1", "[2001:db8::1]:3478"),
        ] {
            assert_eq!(text.parse::<StunServer>().unwrap().to_string(), shown);
        }
        for wrong in [
            "",
            ":3478",
            "stun.example.com:0",
            "stun.example.com:x",
            "a b",
            "a/b:1",
            "a@b",
        ] {
            assert!(wrong.parse::<StunServer>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn audio_follows_sip_unless_it_has_its_own_and_auto_needs_a_server() {
        let fixed: SipAdvertised = "203.0.113.7:5080".parse().unwrap();
        let mut args = AdvertisedArgs {
            sip_advertised: Some(fixed),
            ..AdvertisedArgs::default()
        };
        let choice = args.choice().unwrap();
        assert_eq!(choice.rtp, Some(RtpAdvertised::Fixed(ip("203.0.113.7"))));
        assert!(!choice.is_auto());
        args.rtp_advertised = Some(RtpAdvertised::Auto);
        assert_eq!(args.choice().unwrap_err().code, "setting-invalid");
        args.stun = Some("stun.example.com".parse().unwrap());
        assert!(args.choice().unwrap().is_auto());
        assert_eq!(
            AdvertisedArgs::default().choice().unwrap(),
            AdvertisedChoice::default()
        );
    }
}
