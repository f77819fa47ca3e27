//! Tests the exchange on virtual time: hand-made requests in, responses, audio and call details out.

use super::call_details::EndedBy;
use super::profile::{CalleeBehavior, CarrierProfile, ChallengerRole};
use super::{CallDetails, CarrierUser, Exchange, ExchangeSettings, Input, Output};
use domain::time::Timestamp;
use media::rtp::keypress::{KeySign, KeypressReceiver};
use media::rtp::packet::{OutgoingStream, Packet};
use media::sip::authentication::{Authenticator, Credentials};
use media::sip::message::SipMessage;
use media::sip::parse::parse;
use media::sip::sdp;
use std::collections::BTreeMap;

const URI: &str = "sip:+8613800138000@127.0.0.1:5060";

/// A caller with its carrier, on virtual time.
struct CallerHarness {
    exchange: Exchange,
    now_ms: i64,
    /// Responses and requests from the carrier, with the times at which they came.
    heard: Vec<(i64, SipMessage)>,
    media: Vec<Vec<u8>>,
    details: BTreeMap<String, Vec<CallDetails>>,
    /// The robot's stream and payload while its audio flows; `None` while it does not.
    robot: Option<(OutgoingStream, u8)>,
}

impl CallerHarness {
    fn with(profile: CarrierProfile, user: Option<CarrierUser>) -> Self {
        Self {
            exchange: Exchange::new(ExchangeSettings {
                local: "127.0.0.1:5060".parse().unwrap(),
                seed: 7,
                profile,
                user,
            }),
            now_ms: 1_000_000,
            heard: Vec::new(),
            media: Vec::new(),
            details: BTreeMap::new(),
            robot: None,
        }
    }

    fn of(manner: CalleeBehavior) -> Self {
        let profile = CarrierProfile {
            early_media_percent: 0,
            ..CarrierProfile::only(manner)
        };
        Self::with(profile, None)
    }

    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.now_ms)
    }

    fn input(&mut self, input: Input<'_>) {
        self.exchange.handle_input(self.now(), input);
        while let Some(output) = self.exchange.poll_output() {
            self.take(output);
        }
    }

    fn take(&mut self, output: Output) {
        match output {
            Output::Send { bytes, .. } => self.heard.push((self.now_ms, parse(&bytes).unwrap())),
            Output::SendMedia { packet, .. } => self.media.push(packet),
            Output::OpenMedia { leg } => {
                let address = Some("127.0.0.1:41000".parse().unwrap());
                self.exchange
                    .handle_input(self.now(), Input::MediaOpened { leg, address });
            }
            Output::CloseMedia { .. } => {}
            Output::Details(details) => {
                self.details
                    .entry(details.call_id.clone())
                    .or_default()
                    .push(*details);
            }
        }
    }

    fn send(&mut self, message: &SipMessage) {
        let bytes = message.to_bytes();
        self.input(Input::Sip {
            from: "127.0.0.1:5080".parse().unwrap(),
            datagram: &bytes,
        });
    }

    /// Lets time pass in steps of 20 ms; the robot's audio flows to leg 1 meanwhile.
    fn wait(&mut self, ms: i64) {
        for _ in 0..ms / 20 {
            self.now_ms += 20;
            if let Some((stream, payload)) = &mut self.robot {
                let mut buffer = vec![0; 172];
                stream.audio_into(8, &[*payload; 160], &mut buffer).unwrap();
                self.input(Input::Media {
                    leg: 1,
                    datagram: &buffer,
                });
            }
            self.input(Input::Time);
        }
    }

    fn robot_sounds(&mut self) {
        self.robot = Some((OutgoingStream::new(9, 1, 1), 0xA5));
    }

    fn robot_silent(&mut self) {
        if let Some((_, payload)) = &mut self.robot {
            *payload = 0xD5;
        }
    }

    fn codes(&self) -> Vec<u16> {
        self.heard
            .iter()
            .filter_map(|(_, message)| message.code())
            .collect()
    }

    fn last(&self, code: u16) -> &SipMessage {
        let found = self
            .heard
            .iter()
            .rev()
            .find(|(_, message)| message.code() == Some(code));
        &found.expect("a response with this code").1
    }

    fn requests(&self, method: &str) -> Vec<&SipMessage> {
        let requests = self.heard.iter().map(|(_, message)| message);
        requests
            .filter(|message| message.is_request() && message.method() == method)
            .collect()
    }

    fn count(&self, code: u16) -> usize {
        self.codes().iter().filter(|one| **one == code).count()
    }

    fn line(&self) -> &CallDetails {
        self.details
            .get("call-1")
            .and_then(|lines| lines.last())
            .expect("a line")
    }

    /// Dials, waits for 200 and acknowledges it.
    fn talking(manner: CalleeBehavior) -> Self {
        let mut rehearsal = Self::of(manner);
        rehearsal.send(&invite("call-1", 1));
        rehearsal.robot_sounds();
        while rehearsal.count(200) == 0 {
            rehearsal.wait(20);
        }
        let ack = rehearsal.in_dialog("ACK", 1);
        rehearsal.send(&ack);
        rehearsal
    }

    fn in_dialog(&self, method: &str, cseq: u32) -> SipMessage {
        let to = self.last(200).header("To").unwrap().to_owned();
        request(method, "call-1", cseq, &format!("{method}{cseq}"), &to)
    }
}

fn request(method: &str, call_id: &str, cseq: u32, branch: &str, to: &str) -> SipMessage {
    SipMessage::request(method, URI)
        .with(
            "Via",
            format!("SIP/2.0/UDP 127.0.0.1:5080;branch=z9hG4bK{call_id}{branch};rport"),
        )
        .with("Max-Forwards", "70")
        .with("From", "<sip:+15550100@127.0.0.1>;tag=caller")
        .with("To", to)
        .with("Call-ID", call_id)
        .with("CSeq", format!("{cseq} {method}"))
        .with("Contact", "<sip:caller@127.0.0.1:5080>")
}

fn invite(call_id: &str, cseq: u32) -> SipMessage {
    let offer = sdp::offer("127.0.0.1:40000".parse().unwrap(), 1);
    request("INVITE", call_id, cseq, &format!("i{cseq}"), &format!("<{URI}>"))
        .with_body("application/sdp", offer)
}

fn cancel(cseq: u32) -> SipMessage {
    request("CANCEL", "call-1", cseq, &format!("i{cseq}"), &format!("<{URI}>"))
}

#[test]
fn a_call_rings_is_answered_and_ended_by_the_caller() {
    let mut rehearsal = CallerHarness::talking(CalleeBehavior::SaysNothing);
    assert_eq!(rehearsal.codes(), [100, 180, 200]);
    let answer = sdp::read(rehearsal.last(200).sdp().unwrap()).unwrap();
    assert_eq!(answer.address, "127.0.0.1:41000".parse().unwrap());
    rehearsal.wait(1_000);
    let bye = rehearsal.in_dialog("BYE", 2);
    rehearsal.send(&bye);
    rehearsal.send(&bye);
    assert_eq!(
        rehearsal.count(200),
        3,
        "the BYE is answered, and so is its repetition"
    );
    let line = rehearsal.line();
    assert_eq!(
        (line.invites, line.code, line.ended_by),
        (1, Some(200), Some(EndedBy::Caller))
    );
    let talk_ms = line.ended_at.unwrap().ms_since(line.answered_at.unwrap());
    assert_eq!(talk_ms, 1_000);
    assert!(
        (48..=52).contains(&line.rtp_received) && (48..=52).contains(&line.rtp_sent),
        "{line:?}"
    );
    assert_eq!(
        rehearsal.details["call-1"].len(),
        2,
        "one line at the INVITE and one at the end"
    );
    assert_eq!(rehearsal.exchange.live_count(), 0);
}

#[test]
fn every_refusal_is_repeated_until_it_is_acknowledged() {
    for (manner, code, q850, by) in [
        (CalleeBehavior::Busy, 486, 17, EndedBy::Callee),
        (CalleeBehavior::Vacant, 404, 1, EndedBy::Callee),
        (CalleeBehavior::Unreachable, 480, 20, EndedBy::Callee),
        (CalleeBehavior::Congestion, 503, 34, EndedBy::Callee),
    ] {
        let mut rehearsal = CallerHarness::of(manner);
        rehearsal.send(&invite("call-1", 1));
        rehearsal.wait(2_400);
        assert_eq!(
            rehearsal.codes(),
            [100, code, code, code],
            "without ringing, at 0, 0.5 and 1.5 s"
        );
        let reason = rehearsal.last(code).header("Reason").unwrap().to_owned();
        assert!(reason.starts_with(&format!("Q.850;cause={q850};")), "{reason}");
        let to = rehearsal.last(code).header("To").unwrap().to_owned();
        rehearsal.send(&request("ACK", "call-1", 1, "i1", &to));
        rehearsal.wait(40_000);
        assert_eq!(rehearsal.count(code), 3);
        assert_eq!(
            (rehearsal.line().code, rehearsal.line().ended_by),
            (Some(code), Some(by))
        );
    }
}

#[test]
fn a_decline_rings_first_and_an_unanswered_call_rings_for_four_seconds() {
    for (manner, code, by) in [
        (CalleeBehavior::Declines, 603, EndedBy::Callee),
        (CalleeBehavior::NoAnswer, 480, EndedBy::Carrier),
    ] {
        let mut rehearsal = CallerHarness::of(manner);
        rehearsal.send(&invite("call-1", 1));
        rehearsal.wait(4_020);
        assert_eq!(rehearsal.codes()[..3], [100, 180, code]);
        let line = rehearsal.line();
        assert_eq!(line.ended_by, Some(by));
        let rang_ms = line.ended_at.unwrap().ms_since(line.invited_at);
        assert!(
            rang_ms <= 4_000 && (manner != CalleeBehavior::NoAnswer || rang_ms > 3_960),
            "{rang_ms}"
        );
    }
}

#[test]
fn cancel_ends_a_ringing_call_with_487() {
    let mut rehearsal = CallerHarness::of(CalleeBehavior::NoAnswer);
    rehearsal.send(&invite("call-1", 1));
    rehearsal.wait(1_000);
    rehearsal.send(&cancel(1));
    assert_eq!(rehearsal.codes(), [100, 180, 200, 487]);
    rehearsal.send(&cancel(1));
    assert_eq!(rehearsal.count(200), 2, "a repeated CANCEL is answered alike");
    assert_eq!(
        (rehearsal.line().code, rehearsal.line().ended_by),
        (Some(487), Some(EndedBy::Caller))
    );
    let stranger = request("CANCEL", "call-1", 1, "other", &format!("<{URI}>"));
    rehearsal.send(&stranger);
    assert_eq!(rehearsal.count(481), 1);
}

#[test]
fn a_200_can_cross_the_cancel_and_is_then_ended_with_bye() {
    let mut rehearsal = CallerHarness::of(CalleeBehavior::AnswersAcrossCancel);
    rehearsal.send(&invite("call-1", 1));
    rehearsal.wait(1_000);
    rehearsal.send(&cancel(1));
    assert_eq!(rehearsal.codes(), [100, 180, 200, 200]);
    assert_eq!(rehearsal.heard[2].1.method(), "INVITE");
    assert_eq!(rehearsal.heard[3].1.method(), "CANCEL");
    let to = rehearsal.heard[2].1.header("To").unwrap().to_owned();
    rehearsal.send(&request("ACK", "call-1", 1, "a", &to));
    rehearsal.send(&request("BYE", "call-1", 2, "b", &to));
    assert_eq!(
        (rehearsal.line().code, rehearsal.line().ended_by),
        (Some(200), Some(EndedBy::Caller))
    );
}

#[test]
fn a_200_is_repeated_until_ack_and_an_invite_gets_the_last_response_again() {
    let mut rehearsal = CallerHarness::of(CalleeBehavior::SaysNothing);
    rehearsal.send(&invite("call-1", 1));
    rehearsal.send(&invite("call-1", 1));
    assert_eq!(rehearsal.codes(), [100, 100]);
    rehearsal.robot_sounds();
    rehearsal.wait(8_000);
    assert!(
        rehearsal.count(200) >= 4,
        "at 0, 0.5, 1.5 and 3.5 s after the answer"
    );
    let ack = rehearsal.in_dialog("ACK", 1);
    rehearsal.send(&ack);
    let acknowledged = rehearsal.count(200);
    rehearsal.send(&invite("call-1", 1));
    rehearsal.wait(8_000);
    assert_eq!(rehearsal.count(200), acknowledged);
    assert_eq!(rehearsal.line().invites, 1, "retransmissions are one transaction");
}

#[test]
fn a_second_invite_transaction_is_counted_and_refused() {
    let mut rehearsal = CallerHarness::talking(CalleeBehavior::SaysNothing);
    rehearsal.send(&invite("call-1", 2));
    assert_eq!(rehearsal.count(482), 1);
    assert_eq!(rehearsal.line().invites, 2);
    assert_eq!(rehearsal.exchange.counts().second_invites, 1);
}

#[test]
fn an_answered_call_with_a_lost_peer_is_dropped_after_four_seconds() {
    let mut rehearsal = CallerHarness::talking(CalleeBehavior::SaysNothing);
    rehearsal.wait(2_000);
    rehearsal.robot = None;
    rehearsal.wait(3_960);
    assert!(rehearsal.requests("BYE").is_empty());
    rehearsal.wait(60);
    assert_eq!(rehearsal.requests("BYE").len(), 1);
    assert_eq!(rehearsal.line().ended_by, Some(EndedBy::Carrier));
    rehearsal.wait(40_000);
    let repeated = rehearsal.requests("BYE").len();
    assert!(
        (9..=12).contains(&repeated),
        "repeated for 32 s without a response: {repeated}"
    );
}

#[test]
fn the_callee_hangs_up_with_a_bye_that_the_caller_can_place() {
    let mut rehearsal = CallerHarness::talking(CalleeBehavior::HangsUpMidway);
    rehearsal.wait(9_000);
    let bye = rehearsal.requests("BYE")[0].clone();
    assert_eq!(bye.uri(), Some("sip:caller@127.0.0.1:5080"));
    assert_eq!(bye.tag_of_to(), Some("caller"));
    assert_eq!(bye.tag_of_from(), rehearsal.last(200).tag_of_to());
    assert_eq!(rehearsal.line().ended_by, Some(EndedBy::Callee));
    let sent = rehearsal.requests("BYE").len();
    rehearsal.send(&SipMessage::response(&bye, 200, "OK", None));
    rehearsal.wait(40_000);
    assert_eq!(rehearsal.requests("BYE").len(), sent, "answered: not repeated");
}

#[test]
fn a_key_is_pressed_after_the_prompt_and_is_in_the_details() {
    let mut profile = CarrierProfile::only(CalleeBehavior::PressesKey);
    profile.impatient_percent = 0;
    profile.early_media_percent = 0;
    profile.keys = BTreeMap::from([('9', 1)]);
    let mut rehearsal = CallerHarness::with(profile, None);
    rehearsal.send(&invite("call-1", 1));
    rehearsal.robot_sounds();
    while rehearsal.count(200) == 0 {
        rehearsal.wait(20);
    }
    let ack = rehearsal.in_dialog("ACK", 1);
    rehearsal.send(&ack);
    rehearsal.wait(6_000);
    let mut receiver = KeypressReceiver::default();
    let mut pressed = |media: &[Vec<u8>]| -> String {
        let packets = media.iter().map(|packet| Packet::parse(packet).unwrap());
        packets
            .filter(|packet| packet.payload_type == 101)
            .filter_map(|packet| match receiver.receive(&packet, 0) {
                Some(KeySign::Pressed(digit)) => Some(digit),
                Some(KeySign::Held) | None => None,
            })
            .collect()
    };
    assert_eq!(pressed(&rehearsal.media), "", "not while the robot speaks");
    rehearsal.robot_silent();
    rehearsal.wait(2_500);
    assert_eq!(pressed(&rehearsal.media), "9");
    let bye = rehearsal.in_dialog("BYE", 2);
    rehearsal.send(&bye);
    assert_eq!(rehearsal.line().digits, "9");
}

#[test]
fn early_media_carries_a_ringing_sound_before_the_answer() {
    let profile = CarrierProfile {
        early_media_percent: 100,
        ..CarrierProfile::only(CalleeBehavior::NoAnswer)
    };
    let mut rehearsal = CallerHarness::with(profile, None);
    rehearsal.send(&invite("call-1", 1));
    rehearsal.wait(2_000);
    assert_eq!(rehearsal.codes(), [100, 183]);
    assert!(rehearsal.last(183).sdp().is_some());
    assert!(rehearsal.media.len() > 80);
}

#[test]
fn a_challenged_call_counts_one_invite_and_a_stale_nonce_is_asked_again() {
    for (by, code) in [(ChallengerRole::Registrar, 401), (ChallengerRole::Proxy, 407)] {
        let profile = CarrierProfile {
            challenge_by: by,
            stale_nonce_percent: 100,
            ..CarrierProfile::only(CalleeBehavior::Busy)
        };
        let user = CarrierUser {
            user: "alice".to_owned(),
            password: "secret".to_owned(),
        };
        let mut rehearsal = CallerHarness::with(profile, Some(user));
        let credentials = Credentials {
            user: "alice".to_owned(),
            password: "secret".to_owned(),
        };
        let mut authenticator = Authenticator::new(Some(credentials), [7; 16]);
        rehearsal.send(&invite("call-1", 1));
        for cseq in 2..=3 {
            assert_eq!(rehearsal.line().invites, 0);
            assert!(authenticator.take(rehearsal.last(code)));
            let mut next = invite("call-1", cseq);
            for (name, value) in authenticator.headers("INVITE", URI) {
                next.push(name, value);
            }
            rehearsal.send(&next);
        }
        rehearsal.wait(500);
        assert_eq!((rehearsal.count(code), rehearsal.count(486)), (2, 1));
        assert_eq!((rehearsal.line().invites, rehearsal.line().code), (1, Some(486)));
    }
}

#[test]
fn a_wrong_password_is_challenged_and_never_called() {
    let user = CarrierUser {
        user: "alice".to_owned(),
        password: "secret".to_owned(),
    };
    let mut rehearsal = CallerHarness::with(CarrierProfile::only(CalleeBehavior::Busy), Some(user));
    rehearsal.send(&invite("call-1", 1));
    rehearsal.send(&invite("call-1", 2).with("Authorization", "Digest username=\"alice\", realm=\"x\""));
    rehearsal.wait(1_000);
    assert_eq!(rehearsal.codes(), [401, 401]);
    assert_eq!((rehearsal.line().invites, rehearsal.line().code), (0, Some(401)));
}

#[test]
fn silence_is_silence_and_trying_alone_ends_with_cancel() {
    let mut silent = CallerHarness::of(CalleeBehavior::Silent);
    silent.send(&invite("call-1", 1));
    silent.send(&invite("call-1", 1));
    silent.wait(40_000);
    assert!(silent.heard.is_empty());
    assert_eq!((silent.line().invites, silent.line().code), (1, None));
    let mut trying = CallerHarness::of(CalleeBehavior::OnlyTrying);
    trying.send(&invite("call-1", 1));
    trying.wait(10_000);
    assert_eq!(trying.codes(), [100]);
    trying.send(&cancel(1));
    assert_eq!(trying.codes(), [100, 200, 487]);
}

#[test]
fn a_reinvite_moves_the_stream_and_a_foreign_dialog_is_not_known() {
    let mut rehearsal = CallerHarness::talking(CalleeBehavior::SaysNothing);
    let offer = sdp::offer("127.0.0.1:40404".parse().unwrap(), 2);
    let reinvite = rehearsal
        .in_dialog("INVITE", 2)
        .with_body("application/sdp", offer);
    rehearsal.send(&reinvite);
    assert_eq!(rehearsal.count(200), 2);
    assert_eq!(rehearsal.line().invites, 1, "a re-INVITE is the same dialog");
    let foreign = request("BYE", "call-1", 9, "f", "<sip:x@127.0.0.1>;tag=none");
    rehearsal.send(&foreign);
    rehearsal.send(&request("BYE", "call-2", 9, "g", "<sip:x@127.0.0.1>;tag=none"));
    assert_eq!(rehearsal.count(481), 2);
    rehearsal.send(&request("OPTIONS", "ping", 1, "o", "<sip:x@127.0.0.1>"));
    assert_eq!(rehearsal.count(200), 3);
    rehearsal.send(&request("REGISTER", "reg", 1, "r", "<sip:x@127.0.0.1>"));
    assert_eq!(rehearsal.count(405), 1);
}

#[test]
fn an_offer_that_cannot_be_answered_is_refused_488() {
    let mut rehearsal = CallerHarness::of(CalleeBehavior::SaysNothing);
    let mut nothing = invite("call-1", 1);
    nothing.body = b"v=0\r\nm=audio 4000 RTP/AVP 18\r\nc=IN IP4 127.0.0.1\r\n".to_vec();
    rehearsal.send(&nothing);
    assert_eq!(rehearsal.codes(), [100, 488]);
    assert_eq!(rehearsal.line().code, Some(488));
}

#[test]
fn garbage_is_counted_and_an_ended_call_is_forgotten_after_minutes() {
    let mut rehearsal = CallerHarness::of(CalleeBehavior::Busy);
    let from = "127.0.0.1:5080".parse().unwrap();
    for datagram in [
        &b""[..],
        b"\0\0\0",
        b"INVITE sip:x SIP/2.0\r\n\r\n",
        b"SIP/2.0 200 OK\r\n\r\n",
    ] {
        rehearsal.input(Input::Sip { from, datagram });
    }
    assert_eq!(rehearsal.exchange.counts().malformed, 4);
    rehearsal.send(&invite("call-1", 1));
    rehearsal.wait(60_000);
    rehearsal.send(&invite("call-1", 2));
    assert_eq!(rehearsal.line().invites, 2, "still known");
    for _ in 0..5 {
        rehearsal.wait(60_000);
    }
    assert_eq!(
        rehearsal.exchange.next_deadline(),
        None,
        "nothing is left to wait for"
    );
    assert_eq!(rehearsal.exchange.counts().calls, 1);
}

#[test]
fn stopping_ends_every_call_and_says_so() {
    let mut rehearsal = CallerHarness::talking(CalleeBehavior::SaysNothing);
    rehearsal.send(&invite("call-2", 1));
    rehearsal.input(Input::Stop);
    assert_eq!(rehearsal.requests("BYE").len(), 1);
    assert_eq!(rehearsal.count(503), 1);
    assert_eq!(rehearsal.line().ended_by, Some(EndedBy::Carrier));
    assert_eq!(rehearsal.details["call-2"].last().unwrap().code, Some(503));
}

#[test]
fn a_full_exchange_answers_503_and_goes_on_when_calls_have_ended() {
    let mut rehearsal = CallerHarness::of(CalleeBehavior::NoAnswer);
    for number in 0..super::LIVE_LEGS_MAX {
        rehearsal.send(&invite(&format!("many-{number}"), 1));
    }
    assert_eq!(rehearsal.count(503), 0);
    rehearsal.send(&invite("one-more", 1));
    assert_eq!(rehearsal.count(503), 1);
    rehearsal.wait(4_100);
    let acks: Vec<SipMessage> = (0..super::LIVE_LEGS_MAX)
        .map(|number| request("ACK", &format!("many-{number}"), 1, "i1", &format!("<{URI}>")))
        .collect();
    for ack in &acks {
        rehearsal.send(ack);
    }
    rehearsal.send(&invite("later", 1));
    assert_eq!(rehearsal.count(503), 1);
    let mut heavy = invite("heavy", 1);
    heavy.body = vec![b'a'; sdp::SDP_BYTES_MAX + 1];
    rehearsal.send(&heavy);
    assert_eq!(
        rehearsal.last(488).call_id(),
        "heavy",
        "and nothing of it is kept"
    );
}
