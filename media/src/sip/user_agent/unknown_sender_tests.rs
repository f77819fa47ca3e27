//! Tests that a far end cannot send our BYE or our audio to an unknown address.

use super::harness::{UacHarness, settings};
use super::{Input, LegSettings, UacEvent};
use crate::sip::message::SipMessage;

/// A re-INVITE that knows the dialog but names an unknown address would get our BYE, and the call would go
/// on.
#[test]
fn a_reinvites_contact_never_turns_our_bye_to_a_stranger() {
    for (contact, goes_there) in [
        ("<sip:evil@203.0.113.66:5060>", false),
        ("<sip:gateway@192.0.2.1:5080>", true),
    ] {
        let mut scene = UacHarness::answered();
        let invite = scene.last("INVITE");
        let reinvite = SipMessage::request("INVITE", "sip:ledgerline@127.0.0.1:5070")
            .with("Via", "SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKre")
            .with("Max-Forwards", "70")
            .with("From", format!("{};tag=t", invite.header("To").unwrap()))
            .with("To", invite.header("From").unwrap())
            .with("Call-ID", invite.call_id())
            .with("CSeq", "7 INVITE")
            .with("Contact", contact);
        scene.deliver(&reinvite);
        assert_eq!(scene.last_code(), Some(200));
        scene.input(Input::GiveUp);
        let uri = scene.last("BYE").uri().unwrap_or_default().to_owned();
        assert_eq!(contact.contains(&uri), goes_there, "{contact}: {uri}");
    }
}

/// If the trunk's SPEC lists its media addresses, an answer that sends our audio to another address is
/// refused.
#[test]
fn an_answer_with_media_elsewhere_is_not_talked_to() {
    for (allowed, talks) in [("192.0.2.1", true), ("192.0.2.50", false)] {
        let mut scene = UacHarness::with(LegSettings {
            media_addresses: vec![allowed.parse().unwrap()],
            ..settings()
        });
        scene.respond(180, "t");
        scene.respond_with_sdp(200, "t");
        let answered = scene
            .events
            .iter()
            .any(|event| matches!(event, UacEvent::Answered(_)));
        assert_eq!(answered, talks, "{allowed}");
        assert_eq!(scene.count("BYE"), usize::from(!talks));
    }
}
