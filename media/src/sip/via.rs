//! Finds the address for a response: RFC 3261, 18.2.1 and 18.2.2, with `rport` of RFC 3581. The top Via of a
//! request says where its sender takes responses; what the sender cannot know, its address behind a NAT, is
//! taken from the packet.
//!
//! `maddr` is ignored on purpose: a response never goes to an address that the request did not come from.

use super::header_value::{parameter, split_port};
use super::message::SipMessage;
use std::net::{IpAddr, SocketAddr};

/// The port of a Via (sent-by) that names none (RFC 3261, 18.1.1).
const SIP_PORT: u16 = 5_060;

/// Writes the source address of a request into its top Via: `received` if Via names another address or the
/// sender asked for it (`rport`), and the port if the sender asked. Leaves responses unchanged.
pub fn note_source(request: &mut SipMessage, from: SocketAddr) {
    let top = request.headers.iter_mut().find(|(name, _)| name == "Via");
    let Some((_, via)) =
        top.filter(|_| matches!(request.start, super::message::SipStartLine::Request { .. }))
    else {
        return;
    };
    let asked = parameters_of(via).is_some_and(|rest| parameter(rest, "rport").is_some());
    let named = sent_by(via).and_then(|(host, _)| host.parse::<IpAddr>().ok());
    if !asked && named == Some(from.ip()) {
        return;
    }
    let mut noted = String::with_capacity(via.len() + 40);
    for (index, part) in via.split(';').enumerate() {
        let key = part.split('=').next().unwrap_or("").trim();
        // The sender's own `rport` and `received` are not believed.
        if index > 0 && (key.eq_ignore_ascii_case("rport") || key.eq_ignore_ascii_case("received")) {
            continue;
        }
        if index > 0 {
            noted.push(';');
        }
        noted.push_str(part);
    }
    noted.push_str(&format!(";received={}", from.ip()));
    if asked {
        noted.push_str(&format!(";rport={}", from.port()));
    }
    *via = noted;
}

/// Returns the address for the response to a request that came from `from`: the same IP address, and its
/// port if the request asked for that (`rport`), otherwise the port in its Via.
pub fn reply_to(request: &SipMessage, from: SocketAddr) -> SocketAddr {
    let Some(via) = request.header("Via") else {
        return from;
    };
    if parameters_of(via).is_some_and(|rest| parameter(rest, "rport").is_some()) {
        return from;
    }
    match sent_by(via) {
        Some((_, port)) => SocketAddr::new(from.ip(), port.unwrap_or(SIP_PORT)),
        None => from,
    }
}

/// Returns host and port in the Via of a response, which are those of the request that it answers; port
/// 5060 if Via names none.
pub fn sent_by_of(response: &SipMessage) -> Option<(&str, u16)> {
    let (host, port) = sent_by(response.header("Via")?)?;
    Some((host, port.unwrap_or(SIP_PORT)))
}

fn parameters_of(via: &str) -> Option<&str> {
    via.split_once(';').map(|(_, rest)| rest)
}

/// Returns host and port in a Via value, after `SIP/2.0/UDP`.
fn sent_by(via: &str) -> Option<(&str, Option<u16>)> {
    let head = via.split(';').next()?.trim();
    let (_, sent_by) = head.rsplit_once([' ', '\t'])?;
    split_port(sent_by.trim())
}

#[cfg(test)]
mod tests {
    use super::{SipMessage, note_source, reply_to};
    use std::net::SocketAddr;

    fn noted(via: &str) -> (String, SocketAddr) {
        let from: SocketAddr = "192.0.2.7:41000".parse().unwrap();
        let mut request = SipMessage::request("OPTIONS", "sip:a@192.0.2.1").with("Via", via);
        note_source(&mut request, from);
        (
            request.header("Via").unwrap().to_owned(),
            reply_to(&request, from),
        )
    }

    #[test]
    fn rport_and_received_are_filled_in_and_the_reply_goes_where_they_say() {
        for (via, expected, to) in [
            (
                "SIP/2.0/UDP 10.0.0.1:5060;rport;branch=z9hG4bKa",
                "SIP/2.0/UDP 10.0.0.1:5060;branch=z9hG4bKa;received=192.0.2.7;rport=41000",
                "192.0.2.7:41000",
            ),
            (
                "SIP/2.0/UDP 192.0.2.7:41000;branch=z9hG4bKa;rport=9;received=203.0.113.1",
                "SIP/2.0/UDP 192.0.2.7:41000;branch=z9hG4bKa;received=192.0.2.7;rport=41000",
                "192.0.2.7:41000",
            ),
            (
                "SIP/2.0/UDP pc.example.com;branch=z9hG4bKa",
                "SIP/2.0/UDP pc.example.com;branch=z9hG4bKa;received=192.0.2.7",
                "192.0.2.7:5060",
            ),
            (
                "SIP/2.0/UDP 10.0.0.1:5080;branch=z9hG4bKa",
                "SIP/2.0/UDP 10.0.0.1:5080;branch=z9hG4bKa;received=192.0.2.7",
                "192.0.2.7:5080",
            ),
            (
                "SIP/2.0/UDP 192.0.2.7:5062;branch=z9hG4bKa",
                "SIP/2.0/UDP 192.0.2.7:5062;branch=z9hG4bKa",
                "192.0.2.7:5062",
            ),
            (
                "SIP/2.0/UDP 192.0.2.7:5062;maddr=203.0.113.9;branch=z9hG4bKa",
                "SIP/2.0/UDP 192.0.2.7:5062;maddr=203.0.113.9;branch=z9hG4bKa",
                "192.0.2.7:5062",
            ),
        ] {
            assert_eq!(noted(via), (expected.to_owned(), to.parse().unwrap()), "{via}");
        }
    }
}
