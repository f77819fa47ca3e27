//! The settings of a trunk's SPEC that describe its carrier: where responses and audio come from, how numbers
//! are written, and the identities in SIP messages.

use media::driver::ResponsePortRule;
use media::lines::{IdentityHeader, NumberForm, PrivateContact, ProbeMode, ProxyAddress, TrunkProfile};
use media::rtp::latch::LatchRule;
use std::net::IpAddr;

/// The most addresses that the setting `media` of one trunk may name.
const MEDIA_ADDRESSES_MAX: usize = 32;
/// The shortest silence that may end a call, in milliseconds: networks lose packets for so long and recover.
const SILENCE_MS_MIN: u64 = 1_000;
/// The longest dialing prefix, in bytes.
const PREFIX_BYTES_MAX: usize = 12;
/// The longest host name, in bytes (RFC 1035, 2.3.4).
const HOST_BYTES_MAX: usize = 253;

/// Parses the address of a trunk, `sip:HOST:PORT`. Returns an error text for anything else.
pub(crate) fn address(text: &str) -> Result<(&str, u16), String> {
    let rest = text
        .strip_prefix("sip:")
        .ok_or_else(|| "it must begin with sip:HOST:PORT".to_owned())?;
    let (host, port) = rest
        .rsplit_once(':')
        .ok_or_else(|| "the port is missing, such as sip:127.0.0.1:5060".to_owned())?;
    let port = port.parse().map_err(|error| format!("port {port:?}: {error}"))?;
    if host.is_empty() || port == 0 {
        return Err("host and port are needed".to_owned());
    }
    Ok((host, port))
}

/// Parses the setting `replies`: `same-port` or `any-port`. Returns an error text for another value.
pub fn replies(value: &str) -> Result<ResponsePortRule, String> {
    match value {
        "same-port" => Ok(ResponsePortRule::SamePort),
        "any-port" => Ok(ResponsePortRule::AnyPort),
        _ => Err(format!("replies: {value:?} is neither same-port nor any-port")),
    }
}

/// Parses the setting `probe`, whether OPTIONS requests check the trunk: `on` or `off`.
pub fn probing(value: &str) -> Result<ProbeMode, String> {
    match value {
        "on" => Ok(ProbeMode::On),
        "off" => Ok(ProbeMode::Off),
        _ => Err(format!("probe: {value:?} is neither on nor off")),
    }
}

/// Parses the setting `media`: the addresses with which audio is exchanged, separated by commas, at most
/// `MEDIA_ADDRESSES_MAX`.
pub fn media(value: &str) -> Result<Vec<IpAddr>, String> {
    let one = |text: &str| {
        let plain = text.trim().trim_start_matches('[').trim_end_matches(']');
        plain
            .parse::<IpAddr>()
            .map_err(|error| format!("media: {text:?}: {error}; an address is needed, such as 192.0.2.10"))
    };
    let addresses: Vec<IpAddr> = value.split(',').map(one).collect::<Result<_, _>>()?;
    if addresses.len() > MEDIA_ADDRESSES_MAX {
        return Err(format!("media: at most {MEDIA_ADDRESSES_MAX} addresses"));
    }
    Ok(addresses)
}

/// Parses the setting `latch`: `exact`, `port` or `subnet`, how far the source of audio may differ from the
/// SDP.
pub fn latch(value: &str) -> Result<LatchRule, String> {
    match value {
        "exact" => Ok(LatchRule::Exact),
        "port" => Ok(LatchRule::Port),
        "subnet" => Ok(LatchRule::Subnet),
        _ => Err(format!("latch: {value:?} is none of exact, port, subnet")),
    }
}

/// Parses the setting `dial`, the form of dialed numbers: `e164`, `digits` or `national`.
pub fn dial(value: &str) -> Result<NumberForm, String> {
    match value {
        "e164" => Ok(NumberForm::E164),
        "digits" => Ok(NumberForm::Digits),
        "national" => Ok(NumberForm::National),
        _ => Err(format!("dial: {value:?} is none of e164, digits, national")),
    }
}

/// Checks the setting `silence` in milliseconds: at least `SILENCE_MS_MIN`.
pub fn silence(silence_ms: u64) -> Result<u64, String> {
    match silence_ms < SILENCE_MS_MIN {
        true => Err("silence: at least 1s, or a pause of the network would end the call".to_owned()),
        false => Ok(silence_ms),
    }
}

/// Checks the setting `prefix`, which is put before a dialed number: 1 to `PREFIX_BYTES_MAX` digits, `+`,
/// `*` or `#`.
pub fn prefix(value: &str) -> Result<String, String> {
    let plain = value.bytes().all(|b| b.is_ascii_digit() || b"+*#".contains(&b));
    if value.is_empty() || value.len() > PREFIX_BYTES_MAX || !plain {
        return Err(format!(
            "prefix: {value:?} is not 1 to {PREFIX_BYTES_MAX} digits, +, * or #"
        ));
    }
    Ok(value.to_owned())
}

/// Sets one of the settings about identities in SIP messages and the outbound proxy. Fails for an unknown
/// key.
pub fn profile(profile: &mut TrunkProfile, key: &str, value: &str) -> Result<(), String> {
    match key {
        "from-domain" => profile.from_domain = Some(from_domain(value)?),
        "identity" => profile.asserted_by = Some(identity(value)?),
        "outbound-proxy" => profile.outbound_proxy = Some(outbound_proxy(value)?),
        "nat" => profile.private_contact = private_contact(value)?,
        _ => return Err(format!("{key:?} is not a setting of a trunk")),
    }
    Ok(())
}

fn from_domain(value: &str) -> Result<String, String> {
    if !is_host(value) {
        return Err(format!(
            "from-domain: {value:?} is no domain (an example: ims.example.com)"
        ));
    }
    Ok(value.to_owned())
}

fn identity(value: &str) -> Result<IdentityHeader, String> {
    match value {
        "pai" => Ok(IdentityHeader::Asserted),
        "ppi" => Ok(IdentityHeader::Preferred),
        _ => Err(format!(
            "identity: {value:?} is neither pai (P-Asserted-Identity) nor ppi (P-Preferred-Identity)"
        )),
    }
}

fn outbound_proxy(value: &str) -> Result<ProxyAddress, String> {
    let bad = || format!("outbound-proxy: {value:?} is not HOST:PORT, for example 192.0.2.8:5060");
    let address = value.strip_prefix("sip:").unwrap_or(value);
    let (host, port) = address.rsplit_once(':').ok_or_else(bad)?;
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let port = port.parse().ok().filter(|port| *port != 0).ok_or_else(bad)?;
    if !is_host(host) {
        return Err(bad());
    }
    Ok(ProxyAddress {
        host: host.to_owned(),
        port,
    })
}

fn private_contact(value: &str) -> Result<PrivateContact, String> {
    match value {
        "yes" => Ok(PrivateContact::ToTrunk),
        "no" => Ok(PrivateContact::AsGiven),
        _ => Err(format!("nat: {value:?} is neither yes nor no")),
    }
}

fn is_host(host: &str) -> bool {
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || b"-.:_".contains(&b);
    (1..=HOST_BYTES_MAX).contains(&host.len()) && host.bytes().all(is_plain)
}

#[cfg(test)]
mod tests {
    use crate::carrier_settings::{
        IdentityHeader, LatchRule, NumberForm, PrivateContact, ProbeMode, ProxyAddress, ResponsePortRule,
        TrunkProfile,
    };
    use crate::config::TrunkSpec;

    #[test]
    fn identities_and_proxy_are_taken_from_its_spec() {
        let spec: TrunkSpec = "sip:127.0.0.1:5070;from-domain=ims.example.com;identity=pai;user=phone;\
            outbound-proxy=[2001:db8::8]:5080;nat=yes"
            .parse()
            .unwrap();
        let proxy = ProxyAddress {
            host: "2001:db8::8".to_owned(),
            port: 5_080,
        };
        let expected = TrunkProfile {
            from_domain: Some("ims.example.com".to_owned()),
            asserted_by: Some(IdentityHeader::Asserted),
            user_phone: true,
            outbound_proxy: Some(proxy),
            private_contact: PrivateContact::ToTrunk,
        };
        assert_eq!((spec.profile, spec.user), (expected, None));
        let signed_in: TrunkSpec = "sip:127.0.0.1:5070;user=robot;password=p;user=phone;identity=ppi"
            .parse()
            .unwrap();
        assert!(signed_in.profile.user_phone && signed_in.user.as_deref() == Some("robot"));
        let plain: TrunkSpec = "sip:127.0.0.1:5070".parse().unwrap();
        assert_eq!(
            (plain.profile, plain.probing),
            (TrunkProfile::default(), ProbeMode::On)
        );
        let quiet: TrunkSpec = "sip:127.0.0.1:5070;probe=off".parse().unwrap();
        assert_eq!(quiet.probing, ProbeMode::Off);
        for wrong in [
            "from-domain=",
            "from-domain=a>b",
            "from-domain=a b",
            "identity=yes",
            "outbound-proxy=192.0.2.8",
            "outbound-proxy=192.0.2.8:0",
            "outbound-proxy=a@b:5060",
            "nat=maybe",
            "probe=often",
        ] {
            let text = format!("sip:127.0.0.1:5070;{wrong}");
            assert!(text.parse::<TrunkSpec>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_carriers_manners_are_taken_from_its_spec() {
        let spec: TrunkSpec = "sip:127.0.0.1:5070;replies=any-port;media=192.0.2.10,2001:db8::1;\
            dial=national;prefix=9;silence=45s;latch=subnet"
            .parse()
            .unwrap();
        assert_eq!(
            (spec.replies, spec.dial),
            (ResponsePortRule::AnyPort, NumberForm::National)
        );
        assert_eq!((spec.media.len(), spec.prefix.as_str()), (2, "9"));
        assert_eq!((spec.silence_ms, spec.latch), (45_000, LatchRule::Subnet));
        let plain: TrunkSpec = "sip:127.0.0.1:5070".parse().unwrap();
        assert_eq!(
            (plain.replies, plain.dial),
            (ResponsePortRule::SamePort, NumberForm::E164)
        );
        assert!(plain.media.is_empty() && plain.prefix.is_empty());
        assert_eq!(plain.silence_ms, 60_000);
        assert_eq!(plain.latch, LatchRule::Port);
        let exact: TrunkSpec = "sip:127.0.0.1:5070;latch=exact".parse().unwrap();
        assert_eq!(exact.latch, LatchRule::Exact);
        for wrong in [
            "replies=yes",
            "media=host",
            "media=",
            "latch=",
            "latch=any",
            "dial=local",
            "prefix=",
            "prefix=a",
            "prefix=1;2",
            "silence=0s",
            "silence=999ms",
            "silence=long",
        ] {
            let text = format!("sip:127.0.0.1:5070;{wrong}");
            assert!(text.parse::<TrunkSpec>().is_err(), "{wrong}");
        }
    }
}
