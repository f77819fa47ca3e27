//! Tests what a hostile or broken far end may do to one leg, and how each response code is recorded.

use super::harness::{UacHarness, settings, trunk};
use super::{Input, LegSettings, UacEvent};
use crate::sip::message::{SipMessage, reason_phrase};
use crate::sip::sdp;
use domain::call::progress::derive_failure_disposition;
use domain::disposition::Disposition;
use domain::ports::line::{FailureCause, HangupSource};
use domain::time::Timestamp;

/// One row per case: the response code, its Reason header, whether a 180 came before, and the disposition
/// that the table of call progress gives it.
const TABLE: &[(u16, Option<&str>, bool, Disposition)] = &[
    (486, None, true, Disposition::Busy),
    (600, None, false, Disposition::Busy),
    (480, Some("Q.850;cause=17"), false, Disposition::Busy),
    (480, None, true, Disposition::NoAnswer),
    (480, Some("Q.850;cause=18"), true, Disposition::NoAnswer),
    (480, Some("Q.850;cause=19"), true, Disposition::NoAnswer),
    (408, None, true, Disposition::NoAnswer),
    (480, None, false, Disposition::Unreachable),
    (480, Some("Q.850;cause=20"), true, Disposition::Unreachable),
    (480, Some("Q.850;cause=31"), true, Disposition::Unreachable),
    (603, None, true, Disposition::Rejected),
    (403, Some("Q.850;cause=21"), false, Disposition::Rejected),
    (607, None, true, Disposition::Blocked),
    (608, None, false, Disposition::Blocked),
    (404, None, false, Disposition::InvalidNumber),
    (410, None, false, Disposition::InvalidNumber),
    (484, None, false, Disposition::InvalidNumber),
    (485, None, false, Disposition::InvalidNumber),
    (604, None, false, Disposition::InvalidNumber),
    (416, None, false, Disposition::InvalidNumber),
    (500, Some("Q.850;cause=1"), false, Disposition::InvalidNumber),
    (500, Some("Q.850;cause=22"), false, Disposition::InvalidNumber),
    (500, Some("Q.850;cause=28"), false, Disposition::InvalidNumber),
    (502, None, false, Disposition::UnreachableRoute),
    (504, None, false, Disposition::UnreachableRoute),
    (404, Some("Q.850;cause=3"), false, Disposition::UnreachableRoute),
    (503, Some("Q.850;cause=2"), false, Disposition::UnreachableRoute),
    (500, Some("Q.850;cause=27"), false, Disposition::UnreachableRoute),
    (500, None, false, Disposition::Congestion),
    (503, None, false, Disposition::Congestion),
    (580, None, false, Disposition::Congestion),
    (480, Some("Q.850;cause=34"), false, Disposition::Congestion),
    (503, Some("Q.850;cause=38"), false, Disposition::Congestion),
    (503, Some("Q.850;cause=41"), false, Disposition::Congestion),
    (503, Some("Q.850;cause=42"), false, Disposition::Congestion),
    (503, Some("Q.850;cause=44"), false, Disposition::Congestion),
    (503, Some("Q.850;cause=47"), false, Disposition::Congestion),
    (401, None, false, Disposition::TrunkAuth),
    (407, None, false, Disposition::TrunkAuth),
    (403, None, false, Disposition::TrunkDenied),
    (402, None, false, Disposition::TrunkDenied),
    (408, None, false, Disposition::TrunkTimeout),
    (488, None, false, Disposition::MediaIncompatible),
    (606, None, false, Disposition::MediaIncompatible),
    (415, None, false, Disposition::MediaIncompatible),
    (420, None, false, Disposition::MediaIncompatible),
    (421, None, false, Disposition::MediaIncompatible),
    (301, None, false, Disposition::RedirectRefused),
    (302, None, false, Disposition::RedirectRefused),
    (482, None, false, Disposition::Loop),
    (483, None, false, Disposition::Loop),
];

#[test]
fn every_response_of_the_table_is_recorded_as_the_table_says() {
    for (code, reason, rang, disposition) in TABLE {
        let mut scene = UacHarness::new();
        scene.respond(if *rang { 180 } else { 100 }, "t");
        let invite = scene.last("INVITE");
        let more: Vec<(&str, &str)> = reason.iter().map(|reason| ("Reason", *reason)).collect();
        scene.answer(&invite, *code, "t", &more);
        let failure = scene.failure();
        assert!(failure.definite, "{code}");
        let disposed = derive_failure_disposition(&failure).disposition;
        assert_eq!(disposed, *disposition, "{code} {reason:?} rang: {rang}");
        assert_eq!(scene.count("ACK"), 1, "{code}");
        scene.answer(&invite, *code, "t", &[]);
        assert_eq!(scene.count("ACK"), 2, "a repeated {code} gets its ACK again");
        assert_eq!(scene.count("INVITE"), 1, "{code}: no second INVITE");
        scene.finish();
    }
}

/// Returns a leg that was answered with a Contact on another host. `challenged`: the far end challenged its
/// INVITE before.
fn answered_from_elsewhere(challenged: bool) -> UacHarness {
    let mut scene = UacHarness::new();
    if challenged {
        let invite = scene.last("INVITE");
        let challenge = ("WWW-Authenticate", "Digest realm=\"r\", nonce=\"1\"");
        scene.answer(&invite, 401, "c", &[challenge]);
    }
    let invite = scene.last("INVITE");
    let body = sdp::offer("192.0.2.1:6000".parse().unwrap(), 1);
    let response = SipMessage::response(&invite, 200, reason_phrase(200), Some("t"))
        .with("Contact", "<sip:203.0.113.9:5060>")
        .with_body("application/sdp", body);
    scene.deliver(&response);
    scene
}

#[test]
fn credentials_are_shown_to_no_host_but_the_trunk() {
    let mut scene = answered_from_elsewhere(true);
    assert!(scene.last("INVITE").header("Authorization").is_some());
    assert_eq!(scene.last("ACK").header("Authorization"), None);
    scene.input(Input::GiveUp);
    let bye = scene.last("BYE");
    assert_eq!(bye.header("Authorization"), None);
    let challenge = ("WWW-Authenticate", "Digest realm=\"r\", nonce=\"2\"");
    scene.answer(&bye, 401, "t", &[challenge]);
    assert_eq!(scene.count("BYE"), 1, "its challenge is not answered");
    scene.finish();
}

#[test]
fn a_realm_that_first_appears_after_the_answer_is_not_answered() {
    let mut scene = UacHarness::answered();
    scene.input(Input::GiveUp);
    let bye = scene.last("BYE");
    let challenge = ("Proxy-Authenticate", "Digest realm=\"leak\", nonce=\"1\"");
    scene.answer(&bye, 407, "t", &[challenge]);
    assert_eq!(scene.count("BYE"), 1);
    assert_eq!(bye.header("Proxy-Authorization"), None);
    scene.finish();
}

#[test]
fn a_first_copy_that_never_left_is_definite_and_a_later_one_says_nothing() {
    let mut scene = UacHarness::new();
    scene.input(Input::NotSent);
    let failure = scene.failure();
    assert_eq!((failure.cause, failure.definite), (FailureCause::Local, true));
    scene.finish();

    let mut scene = UacHarness::new();
    scene.wait(500);
    assert_eq!(scene.count("INVITE"), 2);
    scene.input(Input::NotSent);
    assert!(scene.events.is_empty(), "the first copy may ring a telephone");
    scene.respond(180, "t");
    scene.respond_with_sdp(200, "t");
    scene.input(Input::GiveUp);
    scene.input(Input::NotSent);
    scene.wait(500);
    assert_eq!(scene.count("BYE"), 2, "a BYE that did not leave is repeated");
    scene.finish();
}

#[test]
fn a_refusal_that_spoke_of_another_leg_leaves_no_callee_on_the_line() {
    let mut scene = UacHarness::new();
    scene.input(Input::Refused);
    assert_eq!(scene.events.last(), Some(&UacEvent::Closed));
    scene.wait(31_000);
    scene.respond_with_sdp(200, "t");
    assert_eq!((scene.count("ACK"), scene.count("BYE")), (1, 1));
    scene.finish();
}

#[test]
fn sound_never_goes_to_a_fork_that_did_not_answer() {
    let mut scene = UacHarness::new();
    scene.respond_with_sdp(183, "other");
    scene.respond(200, "t");
    assert_eq!((scene.count("ACK"), scene.count("BYE")), (1, 1));
    assert_eq!(scene.failure().sip_code, Some(488));
    scene.finish();
}

#[test]
fn two_forks_ring_one_answers_and_a_second_answer_is_ended() {
    let mut scene = UacHarness::new();
    scene.respond_with_sdp(183, "a");
    scene.respond(180, "b");
    scene.respond_with_sdp(200, "b");
    scene.respond_with_sdp(200, "a");
    let bye = scene.last("BYE");
    assert_eq!((scene.count("ACK"), bye.tag_of_to()), (2, Some("a")));
    scene.answer(&bye, 200, "a", &[]);
    let answers = |scene: &UacHarness| {
        let answered = |event: &&UacEvent| matches!(event, UacEvent::Answered(_));
        scene.events.iter().filter(answered).count()
    };
    assert_eq!((answers(&scene), scene.late_count()), (1, 0));
    scene.input(Input::GiveUp);
    assert_eq!(scene.last("BYE").tag_of_to(), Some("b"));
    scene.finish();
}

#[test]
fn a_200_with_its_ack_lost_five_times_gets_it_five_times_more() {
    let mut scene = UacHarness::answered();
    for repeat in 1..=5 {
        scene.wait(500 << repeat.min(3));
        scene.respond_with_sdp(200, "t");
        assert_eq!(scene.count("ACK"), 1 + repeat);
    }
    assert_eq!(scene.events.len(), 3, "and the answer is reported once");
    scene.input(Input::GiveUp);
    scene.respond_with_sdp(200, "t");
    assert_eq!(scene.count("ACK"), 7, "after our BYE, too");
    scene.finish();
}

#[test]
fn an_update_before_the_answer_waits_for_it() {
    let mut scene = UacHarness::new();
    scene.respond_with_sdp(183, "t");
    let offer = sdp::offer("192.0.2.1:6000".parse().unwrap(), 2);
    scene.peer("UPDATE", 1, Some(offer));
    assert_eq!(
        scene.last_code(),
        Some(491),
        "RFC 3311, 5.2: our own offer is open"
    );
    scene.peer("BYE", 2, None);
    assert_eq!(scene.last_code(), Some(481), "there is no dialog yet");
    scene.respond_with_sdp(200, "t");
    scene.input(Input::GiveUp);
    scene.finish();
}

#[test]
fn a_bye_that_counts_wrongly_still_ends_the_call() {
    let mut scene = UacHarness::answered();
    scene.peer("OPTIONS", 50, None);
    scene.peer("BYE", 3, None);
    assert_eq!(scene.last_code(), Some(200));
    let ended = |event: &UacEvent| {
        matches!(
            event,
            UacEvent::HungUp {
                by: HangupSource::Callee,
                ..
            }
        )
    };
    assert!(scene.events.iter().any(ended), "{:?}", scene.events);
    scene.finish();
}

#[test]
fn challenges_never_stretch_the_setup_beyond_its_cap() {
    let mut scene = UacHarness::with(LegSettings {
        ring_timeout_ms: 500_000,
        ..settings()
    });
    for nonce in 0..8 {
        scene.wait(31_000);
        let stale = nonce > 0;
        let value = format!("Digest realm=\"r\", nonce=\"{nonce}\", stale={stale}");
        let invite = scene.last("INVITE");
        if scene.events.is_empty() {
            scene.answer(&invite, 401, "t", &[("WWW-Authenticate", &value)]);
        }
    }
    assert!(scene.failure().after_ms <= super::SETUP_MS);
    scene.finish();
}

#[test]
fn an_invite_that_is_challenged_behind_its_permit_is_not_sent_again() {
    let dialed_at = Timestamp::from_millis(1_000_000);
    for (left_ms, invites) in [(31_000, 2), (30_999, 1)] {
        let mut scene = UacHarness::with(LegSettings {
            leaves_by: dialed_at.plus_ms(left_ms),
            ..settings()
        });
        scene.wait(31_000);
        let invite = scene.last("INVITE");
        scene.answer(
            &invite,
            401,
            "t",
            &[("WWW-Authenticate", "Digest realm=\"r\", nonce=\"1\"")],
        );
        assert_eq!(scene.last("INVITE").cseq(), Some((invites, "INVITE")));
        assert_eq!(
            scene.events.is_empty(),
            invites == 2,
            "a leg that is not sent again has failed"
        );
    }
}

#[test]
fn audio_at_an_address_we_cannot_reach_is_refused() {
    let far = sdp::offer("[2001:db8::1]:6000".parse().unwrap(), 1);
    let mut scene = UacHarness::answered();
    scene.peer("INVITE", 1, Some(far.clone()));
    assert_eq!(scene.last_code(), Some(488), "the call goes on as it was");
    scene.input(Input::GiveUp);
    scene.finish();

    let mut scene = UacHarness::new();
    let invite = scene.last("INVITE");
    let response = SipMessage::response(&invite, 200, "OK", Some("t"))
        .with("Contact", "<sip:192.0.2.1>")
        .with_body("application/sdp", far);
    scene.deliver(&response);
    assert_eq!(scene.failure().sip_code, Some(488));
    scene.finish();
}

#[test]
fn a_response_under_a_guessed_branch_changes_nothing() {
    let mut scene = UacHarness::new();
    let mut invite = scene.last("INVITE");
    for (name, value) in &mut invite.headers {
        if name == "Via" {
            "SIP/2.0/UDP 127.0.0.1:5070;branch=z9hG4bKguess".clone_into(value);
        }
    }
    let forged = SipMessage::response(&invite, 486, "Busy Here", Some("t"));
    scene
        .uac
        .handle_input(scene.now, Input::Message(&forged, trunk()));
    scene.collect();
    assert!(scene.events.is_empty() && scene.count("ACK") == 0);
    scene.respond(486, "t");
    scene.finish();
}

#[test]
fn a_callee_who_picks_up_after_a_cancel_without_final_response_is_not_left_on_the_line() {
    let mut scene = UacHarness::new();
    scene.respond(180, "t");
    scene.input(Input::GiveUp);
    scene.wait(32_000);
    assert_eq!(
        scene.events.last(),
        Some(&UacEvent::Closed),
        "destroyed here (case d)"
    );
    assert!(!scene.failure().definite);
    scene.wait(20_000);
    scene.respond_with_sdp(200, "t");
    assert_eq!((scene.count("ACK"), scene.count("BYE")), (1, 1));
    scene.finish();
}
