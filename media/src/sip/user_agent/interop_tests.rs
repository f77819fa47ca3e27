//! Tests far ends as they occur in practice: delayed offers, missing tags, bodies of several parts, audio
//! with video.

use super::harness::UacHarness;
use super::{Input, UacEvent};
use crate::sip::message::SipMessage;
use crate::sip::sdp::{self, Direction};
use domain::ports::line::HangupSource;

/// Returns a request of the far end. `tag` is appended to its From, empty for a request without a tag.
fn request(scene: &UacHarness, method: &str, cseq: u32, tag: &str) -> SipMessage {
    let invite = scene.last("INVITE");
    SipMessage::request(method, "sip:ledgerline@127.0.0.1:5070")
        .with(
            "Via",
            format!("SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKf{cseq}{method}"),
        )
        .with("Max-Forwards", "70")
        .with("From", format!("{}{tag}", invite.header("To").unwrap()))
        .with("To", invite.header("From").unwrap())
        .with("Call-ID", invite.call_id())
        .with("CSeq", format!("{cseq} {method}"))
}

fn audio(port: u16, direction: &str) -> Vec<u8> {
    format!(
        "v=0\r\no=- 1 2 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n\
         m=audio {port} RTP/AVP 8\r\na={direction}\r\n"
    )
    .into_bytes()
}

/// Returns the port and direction of each `MediaMoved` event.
fn moves(scene: &UacHarness) -> Vec<(u16, Direction)> {
    let moved = scene.events.iter().filter_map(|event| match event {
        UacEvent::MediaMoved(stream) => Some((stream.address.port(), stream.direction)),
        _ => None,
    });
    moved.collect()
}

#[test]
fn the_answer_to_an_offerless_reinvite_comes_in_its_ack() {
    let mut scene = UacHarness::answered();
    for (cseq, port, direction, expected) in [
        (7, 7_000, "sendrecv", Direction::SendRecv),
        (8, 7_000, "inactive", Direction::Inactive),
        (9, 7_002, "sendonly", Direction::SendOnly),
    ] {
        let asked = request(&scene, "INVITE", cseq, ";tag=t");
        scene.deliver(&asked);
        let (_, response) = scene.sent.last().unwrap();
        assert_eq!(response.code(), Some(200));
        assert!(sdp::read(response.sdp().unwrap()).is_ok(), "our 200 offers");
        let before = moves(&scene).len();
        let ack = request(&scene, "ACK", cseq, ";tag=t").with_body("application/sdp", audio(port, direction));
        scene.deliver(&ack);
        assert_eq!(moves(&scene)[before..], [(port, expected)]);
        scene.deliver(&ack);
        assert_eq!(moves(&scene).len(), before + 1, "a repeated ACK says nothing new");
    }
    scene.input(Input::GiveUp);
    scene.finish();
}

#[test]
fn an_ack_says_nothing_where_we_answered_or_its_answer_cannot_be_used() {
    let mut scene = UacHarness::answered();
    let offered =
        request(&scene, "INVITE", 7, ";tag=t").with_body("application/sdp", audio(7_000, "sendrecv"));
    scene.deliver(&offered);
    let ack = |scene: &UacHarness, cseq, body: &[u8]| {
        request(scene, "ACK", cseq, ";tag=t").with_body("application/sdp", body.to_vec())
    };
    let stray = ack(&scene, 7, &audio(7_777, "inactive"));
    scene.deliver(&stray);
    assert_eq!(moves(&scene), [(7_000, Direction::SendRecv)]);
    let offerless = request(&scene, "INVITE", 8, ";tag=t");
    scene.deliver(&offerless);
    let unusable = ack(&scene, 8, b"v=0\r\nm=audio 7000 RTP/AVP 18\r\n");
    scene.deliver(&unusable);
    assert_eq!(moves(&scene).len(), 1);
    scene.input(Input::GiveUp);
    scene.finish();
}

#[test]
fn a_bye_without_a_from_tag_ends_the_one_dialog() {
    let mut scene = UacHarness::answered();
    let bye = request(&scene, "BYE", 7, "");
    scene.deliver(&bye);
    assert_eq!(scene.last_code(), Some(200));
    let hung_up = scene.events.iter().any(|event| {
        matches!(
            event,
            UacEvent::HungUp {
                by: HangupSource::Callee,
                ..
            }
        )
    });
    assert!(hung_up, "{:?}", scene.events);
    scene.finish();
}

#[test]
fn without_a_tag_and_with_two_dialogs_neither_is_meant() {
    let mut scene = UacHarness::answered();
    scene.respond_with_sdp(200, "fork");
    let fork = scene.last("BYE");
    scene.answer(&fork, 200, "fork", &[]);
    let bye = request(&scene, "BYE", 7, "");
    scene.deliver(&bye);
    assert_eq!(scene.last_code(), Some(481));
    scene.input(Input::GiveUp);
    scene.finish();
}

#[test]
fn a_200_a_reinvite_and_an_update_of_several_parts_are_read() {
    let body = |port| {
        let sdp = String::from_utf8(audio(port, "sendrecv")).unwrap();
        let isup =
            "Content-Type: application/isup\r\nContent-Disposition: signal;handling=optional\r\n\r\n\x09";
        format!("--ub\r\nContent-Type: application/sdp\r\n\r\n{sdp}\r\n--ub\r\n{isup}\r\n--ub--\r\n")
            .into_bytes()
    };
    let mut scene = UacHarness::new();
    scene.respond(180, "t");
    let invite = scene.last("INVITE");
    let answer = SipMessage::response(&invite, 200, "OK", Some("t"))
        .with("Contact", "<sip:192.0.2.1:5060>")
        .with_body("multipart/mixed;boundary=ub", body(6_000));
    scene.deliver(&answer);
    let talking = scene.events.iter().find_map(|event| match event {
        UacEvent::Talking(stream) => Some(stream.address.port()),
        _ => None,
    });
    assert_eq!((talking, scene.count("BYE")), (Some(6_000), 0));
    for (method, cseq, port) in [("INVITE", 7, 6_002), ("UPDATE", 8, 6_004)] {
        let asked =
            request(&scene, method, cseq, ";tag=t").with_body("multipart/mixed;boundary=ub", body(port));
        scene.deliver(&asked);
        assert_eq!(scene.last_code(), Some(200), "{method}");
        assert_eq!(
            moves(&scene).last(),
            Some(&(port, Direction::SendRecv)),
            "{method}"
        );
    }
    let ack = request(&scene, "ACK", 7, ";tag=t");
    scene.deliver(&ack);
    scene.input(Input::GiveUp);
    scene.finish();
}

#[test]
fn a_reinvite_with_audio_and_video_is_answered_with_both_lines() {
    let mut scene = UacHarness::answered();
    let mut offer = audio(7_000, "sendrecv");
    offer.extend_from_slice(b"m=video 7002 RTP/AVP 99\r\na=rtpmap:99 H264/90000\r\n");
    let asked = request(&scene, "INVITE", 7, ";tag=t").with_body("application/sdp", offer);
    scene.deliver(&asked);
    let (_, response) = scene.sent.last().unwrap();
    let text = String::from_utf8(response.body.clone()).unwrap();
    let lines: Vec<&str> = text.lines().filter(|line| line.starts_with("m=")).collect();
    assert_eq!(lines, ["m=audio 40000 RTP/AVP 8", "m=video 0 RTP/AVP 99"]);
    let ack = request(&scene, "ACK", 7, ";tag=t");
    scene.deliver(&ack);
    scene.input(Input::GiveUp);
    scene.finish();
}
