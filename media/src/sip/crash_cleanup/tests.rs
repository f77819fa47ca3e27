//! Tests what a restarted process sends for a leg that it finds open, and which events it reports about it.

use super::{LeftOverOutput, LeftOverTrunk, LegTeardown};
use crate::sip::authentication::Credentials;
use crate::sip::message::{SipMessage, reason_phrase};
use crate::sip::parse::parse;
use crate::sip::sdp;
use crate::sip::trunk_profile::TrunkProfile;
use crate::sip::user_agent::{LegSettings, Output, Uac};
use domain::call::LegIdentity;
use domain::ids::CallId;
use domain::ports::line::{AnsweredDialog, LeftOverEvent, LegFacts};
use domain::time::Timestamp;
use std::net::SocketAddr;

const START: Timestamp = Timestamp::EPOCH;

fn facts(answered: Option<AnsweredDialog>) -> LegFacts {
    LegFacts {
        call: CallId::new(uuid::Uuid::from_u128(7)),
        leg: 1,
        identity: LegIdentity::from_ids(CallId::new(uuid::Uuid::from_u128(7)), 1),
        local: "127.0.0.1:5070".to_owned(),
        callee: "+8613800138000".to_owned(),
        caller: Some("+15550100".to_owned()),
        answered,
    }
}

fn ended(answered: Option<AnsweredDialog>) -> LegTeardown {
    let credentials = answered.is_some().then(credentials);
    ended_on(answered, credentials)
}

fn credentials() -> Credentials {
    Credentials {
        user: "u".to_owned(),
        password: "p".to_owned(),
    }
}

fn ended_on(answered: Option<AnsweredDialog>, credentials: Option<Credentials>) -> LegTeardown {
    let trunk = LeftOverTrunk {
        authority: "192.0.2.1:5060",
        ip: "192.0.2.1".parse().unwrap(),
        credentials,
        profile: &TrunkProfile::default(),
    };
    LegTeardown::end(&facts(answered), trunk, [1; 16], START)
}

fn trunk_address() -> SocketAddr {
    "192.0.2.1:5060".parse().unwrap()
}

/// Takes all outputs of the leg: the messages sent and the events reported. Asserts that no INVITE is among
/// the messages.
fn outcome(left_over: &mut LegTeardown) -> (Vec<SipMessage>, Vec<LeftOverEvent>) {
    let (mut messages, mut events) = (Vec::new(), Vec::new());
    while let Some(output) = left_over.poll_output() {
        match output {
            LeftOverOutput::Send { bytes, .. } => {
                let message = parse(&bytes).unwrap();
                assert!(!(message.is_request() && message.method() == "INVITE"));
                messages.push(message);
            }
            LeftOverOutput::Event(event) => events.push(event),
        }
    }
    (messages, events)
}

fn sent(left_over: &mut LegTeardown) -> Vec<SipMessage> {
    outcome(left_over).0
}

fn reported(left_over: &mut LegTeardown) -> Vec<LeftOverEvent> {
    outcome(left_over).1
}

/// Lets virtual time pass to `ms` after the start, deadline by deadline. Returns the messages sent and the
/// events reported meanwhile.
fn wait_until(left_over: &mut LegTeardown, ms: u64) -> (Vec<SipMessage>, Vec<LeftOverEvent>) {
    let (mut messages, mut events) = outcome(left_over);
    let until = START.plus_ms(ms);
    while let Some(at) = left_over.next_deadline().filter(|at| *at <= until) {
        left_over.elapse(at);
        let (more, reported) = outcome(left_over);
        messages.extend(more);
        events.extend(reported);
    }
    (messages, events)
}

/// Returns a 2xx to the INVITE of the lost process.
fn success() -> SipMessage {
    SipMessage::response(&lost_invite(), 200, "OK", Some("t"))
        .with("Contact", "<sip:192.0.2.1:5060>")
        .with_body(
            "application/sdp",
            sdp::offer("192.0.2.1:6000".parse().unwrap(), 1),
        )
}

fn methods(messages: &[SipMessage]) -> Vec<&str> {
    messages.iter().map(SipMessage::method).collect()
}

fn answer(left_over: &mut LegTeardown, request: &SipMessage, code: u16) {
    let response = SipMessage::response(request, code, reason_phrase(code), Some("t"));
    left_over.take(START, &response, trunk_address());
}

/// Returns the INVITE that the lost process sent.
fn lost_invite() -> SipMessage {
    let facts = facts(None);
    let settings = LegSettings {
        silence_ms: 20_000,
        local: facts.local,
        media: "127.0.0.1:40000".parse().unwrap(),
        trunk: "192.0.2.1:5060".to_owned(),
        trunk_ip: "192.0.2.1".parse().unwrap(),
        callee: facts.callee,
        caller: facts.caller,
        credentials: None,
        leaves_by: START,
        ring_timeout_ms: 30_000,
        first_response_ms: 32_000,
        media_addresses: Vec::new(),
        latch: crate::rtp::latch::LatchRule::default(),
        profile: TrunkProfile::default(),
    };
    let mut uac = Uac::dial(settings, LegIdentity::from_ids(facts.call, 1), [0; 16], START);
    match uac.poll_output() {
        Some(Output::Send { bytes, .. }) => parse(&bytes).unwrap(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_ringing_leg_is_cancelled_by_the_name_its_invite_had() {
    let mut left_over = ended(None);
    let cancel = sent(&mut left_over).remove(0);
    let invite = lost_invite();
    assert_eq!(
        (cancel.method(), cancel.branch(), cancel.uri()),
        ("CANCEL", invite.branch(), invite.uri())
    );
    for name in ["From", "To", "Call-ID"] {
        assert_eq!(cancel.header(name), invite.header(name), "{name}");
    }
    answer(&mut left_over, &cancel, 200);
    assert!(
        !left_over.is_finished(),
        "the INVITE's final response is still to come"
    );
    answer(&mut left_over, &invite, 487);
    let (messages, events) = outcome(&mut left_over);
    assert_eq!(methods(&messages), ["ACK"]);
    assert_eq!(events, [LeftOverEvent::Refused]);
    assert_eq!(wait_until(&mut left_over, 32_000).1, [LeftOverEvent::Closed]);
    assert!(left_over.is_finished());
    assert_eq!(left_over.next_deadline(), None);
}

#[test]
fn unknown_transactions_are_cancelled_up_to_the_last_that_can_have_been() {
    let mut left_over = ended(None);
    for cseq in 1..=4 {
        let cancel = sent(&mut left_over).remove(0);
        assert_eq!(cancel.cseq(), Some((cseq, "CANCEL")));
        assert!(!left_over.is_finished());
        answer(&mut left_over, &cancel, 481);
    }
    assert_eq!(wait_until(&mut left_over, 31_999), (vec![], vec![]));
    assert_eq!(wait_until(&mut left_over, 32_000).1, [LeftOverEvent::Closed]);
}

/// The trunk challenged the INVITE, and the second INVITE rings. Its proxy drops a CANCEL of the first.
#[test]
fn on_a_digest_trunk_the_second_invite_is_cancelled_at_once_though_the_first_is_met_with_silence() {
    let mut left_over = ended_on(None, Some(credentials()));
    let cancels = sent(&mut left_over);
    let cseqs: Vec<_> = cancels.iter().filter_map(SipMessage::cseq).collect();
    assert_eq!(cseqs, [(1, "CANCEL"), (2, "CANCEL")]);
    assert_ne!(cancels[0].branch(), cancels[1].branch());
    answer(&mut left_over, &cancels[1], 200);
    let second = SipMessage {
        headers: cancels[1]
            .headers
            .iter()
            .map(|(name, value)| (name.clone(), value.replace("CANCEL", "INVITE")))
            .collect(),
        ..lost_invite()
    };
    // The challenge of the first INVITE comes once more, since its ACK was lost: the leg is not over because
    // of it.
    answer(&mut left_over, &lost_invite(), 401);
    assert!(!left_over.is_finished());
    answer(&mut left_over, &second, 487);
    assert_eq!(reported(&mut left_over), [LeftOverEvent::Refused]);
    assert!(!left_over.is_ending());
}

#[test]
fn a_digest_trunk_that_knows_neither_is_asked_for_the_further_ones() {
    let mut left_over = ended_on(None, Some(credentials()));
    let first = sent(&mut left_over);
    for cancel in &first {
        answer(&mut left_over, cancel, 481);
    }
    for cseq in 3..=4 {
        let cancel = sent(&mut left_over).remove(0);
        assert_eq!(cancel.cseq(), Some((cseq, "CANCEL")));
        answer(&mut left_over, &cancel, 481);
    }
    assert!(sent(&mut left_over).is_empty() && !left_over.is_ending());
}

#[test]
fn a_200_that_crosses_is_acknowledged_and_hung_up() {
    let mut left_over = ended(None);
    sent(&mut left_over);
    let response = success();
    left_over.take(START, &response, trunk_address());
    let messages = sent(&mut left_over);
    assert_eq!(methods(&messages), ["ACK", "BYE"]);
    left_over.take(START, &response, trunk_address());
    assert_eq!(
        sent(&mut left_over)[0].method(),
        "ACK",
        "a repeated 200 gets its ACK again"
    );
    answer(&mut left_over, &messages[1], 200);
    assert!(left_over.is_closed());
}

#[test]
fn an_answered_leg_gets_one_bye_above_every_cseq_it_can_have_used() {
    let answered = AnsweredDialog {
        to_tag: "t".to_owned(),
        remote_target: "sip:192.0.2.9".to_owned(),
        route_set: vec!["<sip:192.0.2.1;lr>".to_owned()],
        cseq: 2,
        key_paths: None,
    };
    let mut left_over = ended(Some(answered));
    let bye = sent(&mut left_over).remove(0);
    assert_eq!((bye.cseq(), bye.tag_of_to()), (Some((19, "BYE")), Some("t")));
    assert_eq!(
        (bye.uri(), bye.header("Route")),
        (Some("sip:192.0.2.9"), Some("<sip:192.0.2.1;lr>"))
    );
    let challenge = SipMessage::response(&bye, 401, "Unauthorized", None)
        .with("WWW-Authenticate", "Digest realm=\"r\", nonce=\"1\"");
    left_over.take(START, &challenge, trunk_address());
    let bye = sent(&mut left_over).remove(0);
    assert!(bye.header("Authorization").is_some());
    answer(&mut left_over, &bye, 481);
    assert!(left_over.is_closed());
}

#[test]
fn a_bye_ends_it_only_with_the_tags_of_the_dialog() {
    let answered = AnsweredDialog {
        to_tag: "t".to_owned(),
        remote_target: "sip:192.0.2.1".to_owned(),
        route_set: Vec::new(),
        cseq: 1,
        key_paths: None,
    };
    let mut left_over = ended(Some(answered));
    let ours = sent(&mut left_over).remove(0);
    let bye = |from: &str, to: &str| {
        SipMessage::request("BYE", "sip:ledgerline@127.0.0.1:5070")
            .with("Via", "SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKx")
            .with("Max-Forwards", "70")
            .with("From", from)
            .with("To", to)
            .with("Call-ID", ours.call_id())
            .with("CSeq", "1 BYE")
    };
    let to = ours.header("From").unwrap();
    for (from, to) in [("<sip:a>;tag=guess", to), ("<sip:a>;tag=t", "<sip:b>;tag=guess")] {
        left_over.take(START, &bye(from, to), trunk_address());
        assert!(!left_over.is_closed(), "{from} {to}");
        assert!(sent(&mut left_over).is_empty());
    }
    left_over.take(START, &bye("<sip:a>;tag=t", to), trunk_address());
    assert_eq!(sent(&mut left_over)[0].code(), Some(200));
    assert!(left_over.is_closed());
}

#[test]
fn a_challenge_from_behind_the_trunk_is_not_answered() {
    let answered = AnsweredDialog {
        to_tag: "t".to_owned(),
        remote_target: "sip:203.0.113.9".to_owned(),
        route_set: Vec::new(),
        cseq: 1,
        key_paths: None,
    };
    let mut left_over = ended(Some(answered));
    let bye = sent(&mut left_over).remove(0);
    let challenge = SipMessage::response(&bye, 401, "Unauthorized", None)
        .with("WWW-Authenticate", "Digest realm=\"r\", nonce=\"1\"");
    left_over.take(START, &challenge, trunk_address());
    assert!(sent(&mut left_over).is_empty());
    assert!(left_over.is_closed());
}

#[test]
fn silence_ends_after_the_transaction_and_not_before() {
    let mut left_over = ended(None);
    let mut repeats = 0;
    while let Some(at) = left_over.next_deadline().filter(|at| *at < START.plus_ms(32_000)) {
        left_over.elapse(at);
        repeats += 1;
        assert!(!left_over.is_finished());
    }
    assert_eq!(repeats, 10);
    left_over.elapse(START.plus_ms(32_000));
    assert_eq!(outcome(&mut left_over).1, [LeftOverEvent::Closed]);
    assert!(left_over.is_finished());
}

fn late() -> LeftOverEvent {
    LeftOverEvent::LateAnswered(AnsweredDialog {
        to_tag: "t".to_owned(),
        remote_target: "sip:192.0.2.1:5060".to_owned(),
        route_set: Vec::new(),
        cseq: 1,
        key_paths: None,
    })
}

/// RFC 3261, 13.3.1.4: a 2xx that gets no ACK is repeated after 0.5, 1.5, 3.5 s and then every 4 s.
#[test]
fn a_200_is_acknowledged_and_hung_up_within_32_s_whatever_the_cancel_was_answered_with() {
    for (cancel_code, at_ms) in [(481, 0), (481, 4_900), (481, 31_999), (200, 20_000), (0, 9_000)] {
        let mut left_over = ended(None);
        let cancel = sent(&mut left_over).remove(0);
        if cancel_code > 0 {
            answer(&mut left_over, &cancel, cancel_code);
        }
        wait_until(&mut left_over, at_ms);
        left_over.take(START.plus_ms(at_ms), &success(), trunk_address());
        let (messages, events) = outcome(&mut left_over);
        assert_eq!(methods(&messages), ["ACK", "BYE"], "{cancel_code} at {at_ms}");
        assert_eq!(events, [late()]);
        answer(&mut left_over, &messages[1], 200);
        assert_eq!(reported(&mut left_over), [LeftOverEvent::Closed]);
        // Copies that were on their way, and a far end that does not receive our messages, until its 32 s are
        // over.
        for more_ms in [500, 4_000, 31_999] {
            left_over.take(START.plus_ms(at_ms + more_ms), &success(), trunk_address());
            let (messages, events) = outcome(&mut left_over);
            assert_eq!((methods(&messages), events), (vec!["ACK"], vec![]));
        }
        wait_until(&mut left_over, at_ms + 64_000);
        assert!(left_over.is_finished());
    }
}

#[test]
fn a_bye_of_a_callee_with_an_unacknowledged_answer_tells_the_answer() {
    let mut left_over = ended(None);
    let cancel = sent(&mut left_over).remove(0);
    let bye = SipMessage::request("BYE", "sip:ledgerline@127.0.0.1:5070")
        .with("Via", "SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKx")
        .with("From", format!("{};tag=t", cancel.header("To").unwrap()))
        .with("To", cancel.header("From").unwrap())
        .with("Contact", "<sip:192.0.2.1:5060>")
        .with("Call-ID", cancel.call_id())
        .with("CSeq", "1 BYE");
    answer(&mut left_over, &cancel, 200);
    sent(&mut left_over);
    left_over.take(START, &bye, trunk_address());
    let (messages, events) = outcome(&mut left_over);
    assert_eq!(
        messages.iter().map(SipMessage::code).collect::<Vec<_>>(),
        [Some(200)]
    );
    assert_eq!(events[0], late());
    assert!(!left_over.is_ending(), "it needs no BYE of ours");
}

#[test]
fn each_fork_that_answers_gets_its_own_ack_and_bye_and_one_is_reported() {
    let mut left_over = ended(None);
    sent(&mut left_over);
    left_over.take(START, &success(), trunk_address());
    sent(&mut left_over);
    let fork =
        SipMessage::response(&lost_invite(), 200, "OK", Some("other")).with("Contact", "<sip:192.0.2.1>");
    left_over.take(START, &fork, trunk_address());
    let (messages, events) = outcome(&mut left_over);
    assert_eq!((methods(&messages), events), (vec!["ACK", "BYE"], vec![]));
    assert_eq!(messages[1].tag_of_to(), Some("other"));
}

#[test]
fn an_answer_that_was_stored_is_no_news_and_its_copies_get_their_ack() {
    let answered = AnsweredDialog {
        to_tag: "t".to_owned(),
        remote_target: "sip:192.0.2.1:5060".to_owned(),
        route_set: Vec::new(),
        cseq: 1,
        key_paths: None,
    };
    let mut left_over = ended_on(Some(answered), None);
    let bye = sent(&mut left_over).remove(0);
    left_over.take(START, &success(), trunk_address());
    assert_eq!(methods(&sent(&mut left_over)), ["ACK"]);
    answer(&mut left_over, &bye, 200);
    assert_eq!(reported(&mut left_over), [LeftOverEvent::Closed]);
    left_over.take(START.plus_ms(20_000), &success(), trunk_address());
    let (messages, events) = outcome(&mut left_over);
    assert_eq!((methods(&messages), events), (vec!["ACK"], vec![]));
}

#[test]
fn a_200_of_no_known_leg_is_ended_by_what_it_says_of_itself() {
    let ip = "192.0.2.1".parse().unwrap();
    let stray = |answer: &SipMessage| LegTeardown::of_stray(answer, "127.0.0.1:5070", ip, START);
    let mut left_over = stray(&success()).unwrap();
    assert_eq!(
        left_over.late_answer().map(LeftOverEvent::LateAnswered),
        Some(late())
    );
    let messages = sent(&mut left_over);
    assert_eq!(methods(&messages), ["ACK", "BYE"]);
    let invite = lost_invite();
    for message in &messages {
        assert_eq!(message.header("From"), invite.header("From"));
        assert_eq!(message.call_id(), invite.call_id());
        assert_eq!(message.tag_of_to(), Some("t"));
    }
    left_over.take(START, &success(), trunk_address());
    assert_eq!(methods(&sent(&mut left_over)), ["ACK"], "one BYE");
    let ringing = SipMessage::response(&lost_invite(), 180, "Ringing", Some("t"));
    let busy = SipMessage::response(&lost_invite(), 486, "Busy Here", Some("t"));
    let untagged = SipMessage::response(&lost_invite(), 200, "OK", None);
    for other in [ringing, busy, untagged, lost_invite()] {
        assert!(stray(&other).is_none(), "{other:?}");
    }
}

#[test]
fn a_200_of_a_dialog_that_was_hung_up_gets_an_ack_and_no_second_bye() {
    let ip = "192.0.2.1".parse().unwrap();
    let mut left_over = LegTeardown::of_stray(&success(), "127.0.0.1:5070", ip, START).unwrap();
    left_over.send_no_bye();
    assert_eq!(methods(&sent(&mut left_over)), ["ACK"]);
    left_over.take(START.plus_ms(4_000), &success(), trunk_address());
    assert_eq!(methods(&sent(&mut left_over)), ["ACK"]);
    let (messages, _) = wait_until(&mut left_over, 40_000);
    assert_eq!(methods(&messages), Vec::<&str>::new());
    assert!(left_over.is_finished());
}
