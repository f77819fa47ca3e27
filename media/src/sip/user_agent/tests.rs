//! Tests one leg against a scripted far end on virtual time: races, timers, challenges, with invariants
//! checked in each run.

use super::harness::{UacHarness, settings, trunk};
use super::{Input, LegSettings, Output, Uac, UacEvent};
use crate::sip::dialog::Hop;
use crate::sip::message::SipMessage;
use crate::sip::parse::parse;
use crate::sip::sdp;
use crate::testing::split_mix::SplitMix64;
use domain::call::LegIdentity;
use domain::ids::CallId;
use domain::ports::line::{FailureCause, HangupSource, LegFailure};
use domain::time::Timestamp;

#[test]
fn invite_rings_is_answered_acknowledged_and_hung_up_by_us() {
    let mut scene = UacHarness::answered();
    assert!(matches!(
        scene.events[0],
        UacEvent::Ringing {
            sip_code: 180,
            early_media: None
        }
    ));
    let (UacEvent::Answered(dialog), UacEvent::Talking(media)) = (&scene.events[1], &scene.events[2]) else {
        panic!("{:?}", scene.events)
    };
    assert_eq!((dialog.to_tag.as_str(), dialog.cseq), ("t", 1));
    assert_eq!(dialog.remote_target, "sip:192.0.2.1:5060");
    assert_eq!(media.address, "192.0.2.1:6000".parse().unwrap());
    assert_eq!(
        scene.uac.next_deadline(),
        None,
        "a conversation has no timer of ours"
    );
    scene.wait(5_000);
    scene.respond_with_sdp(200, "t");
    assert_eq!(scene.count("ACK"), 2, "every repeated 2xx is acknowledged again");
    scene.input(Input::GiveUp);
    scene.wait(600);
    assert_eq!(scene.count("BYE"), 2, "a BYE without response is repeated");
    let bye = scene.last("BYE");
    scene.answer(&bye, 200, "t", &[]);
    assert_eq!(scene.count("BYE"), 2);
    scene.finish();
    assert!(scene.events.contains(&UacEvent::HungUp {
        by: HangupSource::Robot,
        reason_header: None,
        q850: None
    }));
    assert_eq!(scene.count("INVITE"), 1);
}

#[test]
fn the_callee_hangs_up_and_its_repeated_bye_is_answered_again() {
    let mut scene = UacHarness::answered();
    scene.peer("BYE", 9, None);
    assert_eq!(scene.last_code(), Some(200));
    let sent = scene.sent.len();
    scene.peer("BYE", 9, None);
    assert_eq!((scene.sent.len(), scene.last_code()), (sent + 1, Some(200)));
    scene.finish();
    let reason_header = Some("Q.850;cause=16".to_owned());
    assert!(scene.events.contains(&UacEvent::HungUp {
        by: HangupSource::Callee,
        reason_header,
        q850: Some(16)
    }));
    assert_eq!(scene.count("BYE"), 0);
}

#[test]
fn bye_crossing_bye_ends_once() {
    let mut scene = UacHarness::answered();
    scene.input(Input::GiveUp);
    scene.peer("BYE", 9, None);
    assert_eq!(scene.last_code(), Some(200));
    let bye = scene.last("BYE");
    scene.answer(&bye, 481, "t", &[]);
    scene.finish();
    assert_eq!(scene.count("BYE"), 1);
}

#[test]
fn a_final_response_fails_the_leg_with_its_raw_values() {
    for code in [300, 403, 404, 408, 480, 486, 488, 500, 503, 600, 603, 607, 608] {
        let mut scene = UacHarness::new();
        scene.respond(100, "t");
        scene.wait(3_000);
        let invite = scene.last("INVITE");
        let more = [("Reason", "Q.850;cause=17"), ("Retry-After", "5 (soon)")];
        scene.answer(&invite, code, "t", &more);
        scene.answer(&invite, code, "t", &more);
        assert_eq!(scene.count("ACK"), 2);
        let failure = scene.failure();
        assert_eq!(
            failure,
            LegFailure {
                sip_code: Some(code),
                reason_header: Some("Q.850;cause=17".to_owned()),
                q850: Some(17),
                cause: FailureCause::Response,
                definite: true,
                rang: false,
                after_ms: 3_000,
                retry_after_s: Some(5),
                lack: None,
            }
        );
        scene.finish();
    }
}

#[test]
fn an_unanswered_invite_is_repeated_then_given_up_without_being_definite() {
    let mut scene = UacHarness::new();
    scene.wait(31_999);
    let times: Vec<u64> = scene.sent.iter().map(|(at, _)| *at).collect();
    assert_eq!(times, [0, 500, 1_500, 3_500, 7_500, 15_500, 31_500]);
    assert!(scene.events.is_empty());
    scene.wait(1);
    let failure = scene.failure();
    assert_eq!(
        (failure.cause, failure.definite, failure.after_ms),
        (FailureCause::NoResponse, false, 32_000)
    );
    assert_eq!(scene.events.len(), 1, "the leg is kept for a late answer");
    scene.wait(31_999);
    assert_eq!(scene.events.len(), 1);
    scene.wait(1);
    assert_eq!(scene.events.len(), 2);
    scene.finish();
    assert_eq!((scene.count("INVITE"), scene.count("CANCEL")), (7, 0));
}

#[test]
fn an_invite_that_may_be_lost_is_not_repeated_behind_its_last_instant() {
    let dialed_at = Timestamp::from_millis(1_000_000);
    for (left_ms, copies) in [(1_500, 3), (1_499, 2), (0, 1)] {
        let mut scene = UacHarness::with(LegSettings {
            leaves_by: dialed_at.plus_ms(left_ms),
            ..settings()
        });
        scene.wait(31_999);
        assert_eq!(scene.count("INVITE"), copies, "{left_ms} ms");
        assert!(scene.events.is_empty(), "a response may still come");
        scene.respond(180, "t");
        scene.respond_with_sdp(200, "t");
        assert_eq!(scene.count("ACK"), 1, "what left in time may be answered");
        scene.input(Input::GiveUp);
        scene.finish();
    }
}

#[test]
fn a_late_200_after_silence_is_acknowledged_hung_up_and_reported() {
    let mut scene = UacHarness::with(LegSettings {
        first_response_ms: 4_000,
        ..settings()
    });
    scene.wait(4_000);
    assert_eq!(scene.failure().after_ms, 4_000);
    scene.wait(20_000);
    scene.respond_with_sdp(200, "t");
    assert_eq!(
        (scene.count("ACK"), scene.count("BYE"), scene.late_count()),
        (1, 1, 1)
    );
    assert_eq!(scene.count("INVITE"), 4, "nothing is repeated after giving up");
    scene.respond_with_sdp(200, "t");
    assert_eq!((scene.count("ACK"), scene.count("BYE")), (2, 1));
    scene.finish();
}

#[test]
fn a_late_1xx_after_silence_is_cancelled() {
    let mut scene = UacHarness::with(LegSettings {
        first_response_ms: 4_000,
        ..settings()
    });
    scene.wait(10_000);
    scene.respond(180, "t");
    assert_eq!(scene.count("CANCEL"), 1);
    let cancel = scene.last("CANCEL");
    scene.answer(&cancel, 200, "t", &[]);
    scene.respond(487, "t");
    scene.finish();
    assert_eq!(scene.failure().cause, FailureCause::NoResponse);
    assert_eq!(scene.count("ACK"), 1);
}

#[test]
fn ring_timeout_counts_from_the_first_18x_and_cancels() {
    let mut scene = UacHarness::new();
    scene.respond(100, "t");
    scene.wait(5_000);
    scene.respond(180, "t");
    scene.wait(10_000);
    scene.respond(183, "t");
    scene.wait(19_999);
    assert_eq!(scene.count("CANCEL"), 0);
    scene.wait(1);
    assert_eq!(scene.count("CANCEL"), 1);
    let (cancel, invite) = (scene.last("CANCEL"), scene.last("INVITE"));
    assert_eq!((cancel.branch(), cancel.uri()), (invite.branch(), invite.uri()));
    scene.answer(&cancel, 200, "t", &[]);
    scene.respond(487, "t");
    let failure = scene.failure();
    assert_eq!(
        (failure.cause, failure.sip_code, failure.rang),
        (FailureCause::Cancelled, Some(487), true)
    );
    assert!(failure.definite);
    scene.finish();
}

#[test]
fn only_100_is_given_up_after_a_minute_and_destroyed_without_a_final_response() {
    let mut scene = UacHarness::new();
    scene.respond(100, "t");
    scene.wait(59_999);
    assert_eq!(scene.count("CANCEL"), 0);
    scene.wait(1);
    assert_eq!(scene.count("CANCEL"), 1);
    let cancel = scene.last("CANCEL");
    scene.answer(&cancel, 481, "t", &[]);
    scene.wait(31_999);
    assert!(scene.events.is_empty());
    scene.wait(1);
    let failure = scene.failure();
    assert_eq!(
        (failure.cause, failure.definite, failure.sip_code),
        (FailureCause::OnlyTrying, false, None)
    );
    scene.finish();
}

#[test]
fn ringing_never_outlasts_the_setup_cap() {
    let mut scene = UacHarness::with(LegSettings {
        ring_timeout_ms: 600_000,
        ..settings()
    });
    scene.respond(180, "t");
    scene.wait(119_999);
    assert_eq!(scene.count("CANCEL"), 0);
    scene.wait(1);
    assert_eq!(scene.count("CANCEL"), 1);
    scene.finish();
}

#[test]
fn cancel_is_held_until_the_first_response() {
    let mut scene = UacHarness::new();
    scene.input(Input::GiveUp);
    scene.wait(3_000);
    assert_eq!((scene.count("CANCEL"), scene.count("INVITE")), (0, 1));
    scene.respond(100, "t");
    assert_eq!(scene.count("CANCEL"), 1);
    scene.wait(500);
    assert_eq!(scene.count("CANCEL"), 2, "CANCEL is repeated too");
    scene.respond(487, "t");
    assert_eq!(scene.failure().cause, FailureCause::Cancelled);
    scene.finish();
}

#[test]
fn a_200_that_crosses_cancel_is_acknowledged_and_ended_at_once() {
    for held in [false, true] {
        let mut scene = UacHarness::new();
        if !held {
            scene.respond(180, "t");
        }
        scene.input(Input::GiveUp);
        scene.respond_with_sdp(200, "t");
        assert_eq!(
            (scene.count("ACK"), scene.count("BYE"), scene.late_count()),
            (1, 1, 1),
            "held: {held}"
        );
        assert!(
            !scene
                .events
                .iter()
                .any(|event| matches!(event, UacEvent::Answered(_)))
        );
        scene.finish();
    }
}

#[test]
fn a_second_fork_is_acknowledged_and_ended_while_the_first_talks() {
    let mut scene = UacHarness::answered();
    scene.respond_with_sdp(200, "fork");
    assert_eq!(
        (scene.count("ACK"), scene.count("BYE"), scene.late_count()),
        (2, 1, 0)
    );
    assert_eq!(scene.last("BYE").tag_of_to(), Some("fork"));
    let bye = scene.last("BYE");
    scene.answer(&bye, 200, "fork", &[]);
    scene.respond_with_sdp(200, "fork");
    scene.input(Input::GiveUp);
    assert_eq!(scene.last("BYE").tag_of_to(), Some("t"));
    scene.finish();
    assert_eq!(scene.count("ACK"), 3);
}

#[test]
fn a_challenge_is_answered_in_the_same_leg_and_a_stale_nonce_once_more() {
    let mut scene = UacHarness::new();
    let challenge = |nonce: &str, stale: bool| {
        format!("Digest realm=\"r\", nonce=\"{nonce}\", qop=\"auth\", stale={stale}")
    };
    for (nonce, stale) in [("1", false), ("2", true)] {
        let invite = scene.last("INVITE");
        scene.answer(
            &invite,
            407,
            "t",
            &[("Proxy-Authenticate", &challenge(nonce, stale))],
        );
    }
    let invite = scene.last("INVITE");
    assert_eq!(invite.cseq(), Some((3, "INVITE")));
    assert!(
        invite
            .header("Proxy-Authorization")
            .unwrap()
            .contains("nonce=\"2\"")
    );
    assert_eq!(invite.tag_of_from(), scene.sent[0].1.tag_of_from());
    assert_eq!((scene.count("INVITE"), scene.count("ACK")), (3, 2));
    scene.respond(180, "t");
    scene.respond_with_sdp(200, "t");
    assert_eq!(
        scene.last("ACK").header("Proxy-Authorization"),
        invite.header("Proxy-Authorization")
    );
    scene.input(Input::GiveUp);
    let bye = scene.last("BYE");
    assert!(
        bye.header("Proxy-Authorization").is_some(),
        "the known realm is answered ahead"
    );
    scene.answer(
        &bye,
        401,
        "t",
        &[("Proxy-Authenticate", "Digest realm=\"r\", nonce=\"9\"")],
    );
    let bye = scene.last("BYE");
    assert!(bye.header("Proxy-Authorization").unwrap().contains("nonce=\"9\""));
    scene.answer(&bye, 200, "t", &[]);
    scene.finish();
}

#[test]
fn a_wrong_password_is_tried_once_and_fails_definitely() {
    let mut scene = UacHarness::new();
    for _ in 0..2 {
        let invite = scene.last("INVITE");
        scene.answer(
            &invite,
            401,
            "t",
            &[("WWW-Authenticate", "Digest realm=\"r\", nonce=\"1\"")],
        );
    }
    assert_eq!((scene.count("INVITE"), scene.count("ACK")), (2, 2));
    assert_eq!(
        (scene.failure().sip_code, scene.failure().definite),
        (Some(401), true)
    );
    scene.finish();
}

#[test]
fn a_longer_interval_and_a_security_agreement_are_asked_for_once() {
    for (code, more, header) in [
        (422, ("Min-SE", "120"), "Session-Expires"),
        (494, ("Security-Server", "digest;q=0.1"), "Security-Verify"),
    ] {
        let mut scene = UacHarness::new();
        for _ in 0..2 {
            let invite = scene.last("INVITE");
            scene.answer(&invite, code, "t", &[more]);
        }
        assert_eq!(scene.count("INVITE"), 2);
        assert!(scene.last("INVITE").header(header).is_some());
        assert_eq!(scene.failure().sip_code, Some(code));
        scene.finish();
    }
}

#[test]
fn a_refused_trunk_is_definite_but_old_news_and_answered_legs_are_not_touched() {
    let mut scene = UacHarness::new();
    scene.input(Input::Refused);
    let failure = scene.failure();
    assert_eq!((failure.cause, failure.definite), (FailureCause::Refused, true));
    scene.finish();
    let mut scene = UacHarness::new();
    scene.respond(180, "t");
    scene.input(Input::Refused);
    assert_eq!(scene.events.len(), 1, "a leg that rings was heard");
    scene.respond_with_sdp(200, "t");
    scene.input(Input::Refused);
    scene.peer("BYE", 2, None);
    scene.finish();
}

#[test]
fn requests_of_the_far_end_within_the_dialog_are_answered_properly() {
    let mut scene = UacHarness::answered();
    let held = b"v=0\r\nc=IN IP4 192.0.2.8\r\nm=audio 7000 RTP/AVP 0\r\na=sendonly\r\n".to_vec();
    let bad = b"v=0\r\nc=IN IP4 192.0.2.8\r\nm=audio 7000 RTP/AVP 18\r\n".to_vec();
    for (method, cseq, body, code) in [
        ("OPTIONS", 1, None, 200),
        ("INVITE", 2, Some(held), 200),
        ("UPDATE", 3, None, 200),
        ("INVITE", 4, Some(bad), 488),
        ("REFER", 5, None, 405),
        ("PONG", 6, None, 501),
        ("PRACK", 7, None, 481),
        ("INFO", 8, None, 200),
    ] {
        scene.peer(method, cseq, body);
        assert_eq!(scene.last_code(), Some(code), "{method}");
    }
    let moved = scene
        .events
        .iter()
        .any(|event| matches!(event, UacEvent::MediaMoved(stream) if stream.address.port() == 7_000));
    assert!(moved, "{:?}", scene.events);
    let sent = scene.sent.len();
    scene.wait(500);
    assert_eq!(
        scene.sent.len(),
        sent + 1,
        "a 200 to a re-INVITE is repeated until its ACK"
    );
    scene.peer("ACK", 2, None);
    scene.wait(10_000);
    assert_eq!(scene.sent.len(), sent + 1);
    scene.peer("OPTIONS", 3, None);
    assert_eq!(scene.last_code(), Some(500), "an old CSeq is refused");
    scene.peer("BYE", 9, None);
    scene.finish();
}

#[test]
fn a_request_with_foreign_tags_is_not_ours() {
    let mut scene = UacHarness::answered();
    let invite = scene.last("INVITE");
    let bye = SipMessage::request("BYE", "sip:ledgerline@127.0.0.1:5070")
        .with("Via", "SIP/2.0/UDP 203.0.113.9;branch=z9hG4bKx")
        .with("Max-Forwards", "70")
        .with("From", "<sip:x@203.0.113.9>;tag=guess")
        .with("To", invite.header("From").unwrap())
        .with("Call-ID", invite.call_id())
        .with("CSeq", "1 BYE");
    scene.deliver(&bye);
    assert_eq!(scene.last_code(), Some(481));
    assert_eq!(scene.events.len(), 3, "the call goes on");
    scene.peer("BYE", 2, None);
    scene.finish();
}

#[test]
fn an_answer_we_cannot_speak_is_hung_up_and_not_definite() {
    let mut scene = UacHarness::new();
    scene.respond(180, "t");
    scene.respond(200, "t");
    assert_eq!((scene.count("ACK"), scene.count("BYE")), (1, 1));
    let failure = scene.failure();
    assert_eq!(
        (failure.sip_code, failure.definite, scene.late_count()),
        (Some(488), false, 1)
    );
    scene.finish();
}

#[test]
fn early_media_serves_when_the_200_says_nothing() {
    let mut scene = UacHarness::new();
    scene.respond_with_sdp(183, "t");
    assert!(matches!(
        &scene.events[0],
        UacEvent::Ringing {
            sip_code: 183,
            early_media: Some(_)
        }
    ));
    scene.respond(200, "t");
    assert!(matches!(&scene.events[1], UacEvent::Answered(_)));
    scene.peer("BYE", 2, None);
    scene.finish();
}

#[test]
fn any_order_of_inputs_keeps_the_invariants() {
    for seed in 0..3_000_u64 {
        let mut draws = SplitMix64(seed);
        let mut scene = UacHarness::new();
        for _ in 0..draws.below(14) {
            let tag = if draws.below(4) == 0 { "fork" } else { "t" };
            match draws.below(12) {
                0 => scene.respond(100, tag),
                1 => scene.respond(180, tag),
                2 => scene.respond_with_sdp(183, tag),
                3 | 4 => scene.respond_with_sdp(200, tag),
                5 => scene.respond(486, tag),
                6 => scene.respond(487, tag),
                7 => scene.input(Input::GiveUp),
                8 => scene.input(Input::Refused),
                9 => scene.peer("BYE", 40, None),
                10 => {
                    let invite = scene.last("INVITE");
                    scene.answer(
                        &invite,
                        401,
                        tag,
                        &[("WWW-Authenticate", "Digest realm=\"r\", nonce=\"1\"")],
                    );
                }
                _ => scene.input(Input::MediaLost),
            }
            scene.wait(draws.below(40_000));
        }
        if !scene.uac.is_finished() {
            scene.input(Input::GiveUp);
        }
        scene.successes = 0;
        scene.finish();
        let invites: Vec<_> = scene
            .sent
            .iter()
            .filter(|(_, message)| message.is_request() && message.method() == "INVITE")
            .collect();
        let mut branches: Vec<_> = invites.iter().map(|(_, message)| message.branch()).collect();
        branches.dedup();
        assert!(
            branches.len() <= 2,
            "seed {seed}: an INVITE that answers no challenge"
        );
    }
}

#[test]
fn in_dialog_requests_go_where_the_contact_says() {
    let identity = LegIdentity::from_ids(CallId::new(uuid::Uuid::from_u128(7)), 1);
    let mut uac = Uac::dial(settings(), identity, [3; 16], Timestamp::EPOCH);
    let Some(Output::Send { bytes, hop }) = uac.poll_output() else {
        panic!("no INVITE")
    };
    assert_eq!(hop, Hop::Trunk);
    let answer = SipMessage::response(&parse(&bytes).unwrap(), 200, "OK", Some("t"))
        .with("Contact", "<sip:192.0.2.77:5099>")
        .with_body(
            "application/sdp",
            sdp::offer("192.0.2.1:6000".parse().unwrap(), 1),
        );
    uac.handle_input(Timestamp::EPOCH, Input::Message(&answer, trunk()));
    uac.handle_input(Timestamp::EPOCH, Input::Acknowledge);
    let sent = std::iter::from_fn(|| uac.poll_output()).find_map(|output| match output {
        Output::Send { hop, .. } => Some(hop),
        Output::Event(_) => None,
    });
    let hop = sent.expect("an ACK");
    assert_eq!(hop, Hop::At("192.0.2.77:5099".parse().unwrap()));
}
