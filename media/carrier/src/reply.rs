//! Makes the carrier's responses, with the headers that all of them have besides the copied ones.

use media::sip::header_value::{parameter, user};
use media::sip::message::{SipMessage, reason_phrase};
use std::net::SocketAddr;

/// The methods that the carrier knows.
pub(super) const ALLOW: &str = "INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, UPDATE";

/// Returns a response to `request`, which came from `peer`, with the To tag `tag`. With an empty tag the To
/// header is unchanged (100 Trying).
pub(super) fn reply(request: &SipMessage, code: u16, peer: SocketAddr, tag: &str) -> SipMessage {
    let tag = (!tag.is_empty()).then_some(tag);
    let mut response = SipMessage::response(request, code, reason_phrase(code), tag);
    let via = response.headers.iter_mut().find(|(name, _)| name == "Via");
    if let Some((_, value)) = via {
        *value = with_source(value, peer);
    }
    response
}

/// Returns a response that makes or confirms a dialog: with Contact and the recorded route (RFC 3261,
/// 12.1.1). Like many carriers it puts the number called into its Contact.
pub(super) fn dialog_reply(
    request: &SipMessage,
    code: u16,
    peer: SocketAddr,
    local: SocketAddr,
    tag: &str,
) -> SipMessage {
    let mut response = reply(request, code, peer, tag);
    for route in request.record_routes() {
        response.push("Record-Route", route);
    }
    let called = request.uri().and_then(user).map(|user| format!("{user}@"));
    response
        .with("Contact", format!("<sip:{}{local}>", called.unwrap_or_default()))
        .with("Allow", ALLOW)
}

/// Returns the Via header with the source address and port filled in, if it has an empty `rport` (RFC 3581,
/// 4); otherwise unchanged.
fn with_source(via: &str, peer: SocketAddr) -> String {
    let (head, parameters) = via.split_once(';').unwrap_or((via, ""));
    if parameter(parameters, "rport") != Some("") {
        return via.to_owned();
    }
    let kept = parameters
        .split(';')
        .filter(|one| !one.trim().eq_ignore_ascii_case("rport"));
    let mut filled = format!("{head};rport={};received={}", peer.port(), peer.ip());
    for one in kept {
        filled.push(';');
        filled.push_str(one);
    }
    filled
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_rport_is_filled_and_another_via_left_alone() {
        let peer = "127.0.0.1:5071".parse().unwrap();
        assert_eq!(
            with_source("SIP/2.0/UDP 10.0.0.1:5060;rport;branch=z9hG4bK1", peer),
            "SIP/2.0/UDP 10.0.0.1:5060;rport=5071;received=127.0.0.1;branch=z9hG4bK1"
        );
        let plain = "SIP/2.0/UDP 10.0.0.1:5060;branch=z9hG4bK1";
        assert_eq!(with_source(plain, peer), plain);
    }
}
