//! Tests keypresses of the far end: by SIP INFO, no matter what was negotiated, and the ways in which an
//! answer says that they can arrive.

use super::UacEvent;
use super::harness::UacHarness;
use crate::sip::message::SipMessage;
use domain::call::KeyPath;

const WITHOUT_EVENTS: &str = "v=0\r\nc=IN IP4 192.0.2.1\r\nm=audio 6000 RTP/AVP 8\r\n";
const WITH_EVENTS: &str = "v=0\r\nc=IN IP4 192.0.2.1\r\nm=audio 6000 RTP/AVP 8 101\r\n\
                           a=rtpmap:101 telephone-event/8000\r\n";

/// Returns a leg that the far end has answered with this SDP and, in `Allow`, these methods.
fn answered(description: &str, allow: Option<&str>) -> UacHarness {
    let mut scene = UacHarness::new();
    let invite = scene.last("INVITE");
    let mut response = SipMessage::response(&invite, 200, "OK", Some("t")).with("Contact", "<sip:192.0.2.1>");
    if let Some(allow) = allow {
        response.push("Allow", allow);
    }
    scene.deliver(&response.with_body("application/sdp", description.as_bytes().to_vec()));
    scene
}

/// Returns the digits that the leg reports for an INFO with this body, which comes twice under one CSeq.
fn digits_by_info(description: &str, kind: &str, body: &str) -> String {
    let mut scene = answered(description, None);
    let invite = scene.last("INVITE");
    let info = SipMessage::request("INFO", "sip:ledgerline@127.0.0.1:5070")
        .with("Via", "SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKi")
        .with("Max-Forwards", "70")
        .with("From", format!("{};tag=t", invite.header("To").unwrap()))
        .with("To", invite.header("From").unwrap())
        .with("Call-ID", invite.call_id())
        .with("CSeq", "7 INFO")
        .with_body(kind, body.as_bytes().to_vec());
    scene.deliver(&info);
    scene.deliver(&info);
    assert_eq!(scene.last_code(), Some(200));
    let digit = |event: &UacEvent| match event {
        UacEvent::Keypress(digit) => Some(*digit),
        _ => None,
    };
    scene.events.iter().filter_map(digit).collect()
}

#[test]
fn a_digit_by_info_comes_once_whatever_was_negotiated() {
    for description in [WITH_EVENTS, WITHOUT_EVENTS] {
        for (body, digits) in [
            ("Signal=5\r\nDuration=160\r\n", "5"),
            ("Signal= # \r\n", "#"),
            ("signal: 9\r\n", "9"),
            ("Signal=10\r\n", "*"),
            ("Signal=11\r\n", "#"),
            ("Signal=star\r\n", "*"),
            ("Signal=12\r\n", "A"),
            ("Signal=b\r\n", "B"),
            ("Signal=16\r\n", ""),
            ("Signal=\r\n", ""),
            ("Duration=160\r\n", ""),
        ] {
            let heard = digits_by_info(description, "application/dtmf-relay", body);
            assert_eq!(heard, digits, "{body:?}");
        }
    }
    for (kind, body, digits) in [
        ("application/dtmf", "9\r\n", "9"),
        ("application/dtmf", "Signal=9\r\n", "9"),
        ("Application/DTMF-Relay; charset=utf-8", "Signal=9\r\n", "9"),
        (
            "application/vnd.nortelnetworks.digits",
            "p=Digit-Collection\r\ny=Digits\r\nd=9\r\n",
            "9",
        ),
        ("text/plain", "Signal=9\r\n", ""),
    ] {
        assert_eq!(digits_by_info(WITH_EVENTS, kind, body), digits, "{kind}");
    }
}

#[test]
fn an_answer_says_how_keys_can_arrive() {
    use KeyPath::{InBand, RtpEvent, SipInfo};
    let held = format!("{WITH_EVENTS}a=recvonly\r\n");
    for (description, allow, paths) in [
        (WITH_EVENTS, None, vec![RtpEvent]),
        (
            WITH_EVENTS,
            Some("INVITE, ACK, BYE, info"),
            vec![RtpEvent, SipInfo],
        ),
        (WITHOUT_EVENTS, Some("INVITE,ACK,BYE"), vec![InBand]),
        (WITHOUT_EVENTS, Some("INFO"), vec![InBand, SipInfo]),
        (&held, Some("INFO"), vec![SipInfo]),
        (&held, Some("INFORM"), vec![]),
    ] {
        let scene = answered(description, allow);
        let dialog = scene.events.iter().find_map(|event| match event {
            UacEvent::Answered(dialog) => Some(dialog),
            _ => None,
        });
        assert_eq!(dialog.unwrap().key_paths, Some(paths), "{description} {allow:?}");
    }
}
