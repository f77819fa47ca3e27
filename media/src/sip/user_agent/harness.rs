//! The scripted far end of the user agent's tests, on virtual time, and the invariants that are checked at
//! the end of each run.

use super::{Credentials, Input, LegSettings, Output, Uac, UacEvent};
use crate::rtp::latch::LatchRule;
use crate::sip::message::{SipMessage, reason_phrase};
use crate::sip::parse::parse;
use crate::sip::sdp;
use crate::sip::trunk_profile::TrunkProfile;
use domain::call::LegIdentity;
use domain::ids::CallId;
use domain::ports::line::LegFailure;
use domain::time::Timestamp;
use std::net::SocketAddr;

pub(super) struct UacHarness {
    pub(super) uac: Uac,
    pub(super) now: Timestamp,
    /// The messages sent, each with its time in ms from the start.
    pub(super) sent: Vec<(u64, SipMessage)>,
    pub(super) events: Vec<UacEvent>,
    pub(super) provisional_at: Option<u64>,
    pub(super) successes: usize,
    /// True if an answer is stored, and thus acknowledged, at once.
    pub(super) stores: bool,
}

pub(super) fn trunk() -> SocketAddr {
    "192.0.2.1:5060".parse().unwrap()
}

pub(super) fn settings() -> LegSettings {
    LegSettings {
        local: "127.0.0.1:5070".to_owned(),
        media: "127.0.0.1:40000".parse().unwrap(),
        trunk: "192.0.2.1:5060".to_owned(),
        trunk_ip: trunk().ip(),
        callee: "+8613800138000".to_owned(),
        caller: Some("+15550100".to_owned()),
        credentials: Some(Credentials {
            user: "u".to_owned(),
            password: "p".to_owned(),
        }),
        leaves_by: Timestamp::from_micros(i64::MAX),
        ring_timeout_ms: 30_000,
        first_response_ms: 32_000,
        media_addresses: Vec::new(),
        latch: LatchRule::default(),
        silence_ms: 20_000,
        profile: TrunkProfile::default(),
    }
}

impl UacHarness {
    pub(super) fn new() -> Self {
        Self::with(settings())
    }

    pub(super) fn with(settings: LegSettings) -> Self {
        let identity = LegIdentity::from_ids(CallId::new(uuid::Uuid::from_u128(7)), 1);
        let now = Timestamp::from_millis(1_000_000);
        let mut scene = Self {
            uac: Uac::dial(settings, identity, [3; 16], now),
            now,
            sent: Vec::new(),
            events: Vec::new(),
            provisional_at: None,
            successes: 0,
            stores: true,
        };
        scene.collect();
        scene
    }

    pub(super) fn ms(&self) -> u64 {
        self.now.ms_since(Timestamp::from_millis(1_000_000))
    }

    pub(super) fn collect(&mut self) {
        while let Some(output) = self.uac.poll_output() {
            match output {
                Output::Send { bytes, .. } => self.sent.push((self.ms(), parse(&bytes).unwrap())),
                Output::Event(event) => self.events.push(event),
            }
        }
    }

    pub(super) fn input(&mut self, input: Input<'_>) {
        let known = self.events.len();
        self.uac.handle_input(self.now, input);
        self.collect();
        let answers = self.events.iter().skip(known);
        if self.stores
            && answers
                .clone()
                .any(|event| matches!(event, UacEvent::Answered(_)))
        {
            self.input(Input::Acknowledge);
        }
    }

    /// Advances the time by this many milliseconds, deadline by deadline.
    pub(super) fn wait(&mut self, ms: u64) {
        let end = self.now.plus_ms(ms);
        let mut steps = 0;
        while let Some(at) = self.uac.next_deadline().filter(|at| *at <= end) {
            self.now = self.now.max(at);
            self.input(Input::Elapsed);
            steps += 1;
            assert!(steps < 1_000, "a deadline that never moves: {:?}", self.events);
        }
        self.now = end;
    }

    /// Returns a leg that the far end has answered while the store is unavailable.
    pub(super) fn answered_without_store() -> Self {
        let mut scene = Self::new();
        scene.stores = false;
        scene.respond(180, "t");
        scene.respond_with_sdp(200, "t");
        scene
    }

    pub(super) fn last(&self, method: &str) -> SipMessage {
        let found = self
            .sent
            .iter()
            .rev()
            .find(|(_, message)| message.is_request() && message.method() == method);
        found.unwrap_or_else(|| panic!("no {method} was sent")).1.clone()
    }

    pub(super) fn count(&self, method: &str) -> usize {
        self.sent
            .iter()
            .filter(|(_, message)| message.is_request() && message.method() == method)
            .count()
    }

    pub(super) fn answer(&mut self, request: &SipMessage, code: u16, tag: &str, more: &[(&str, &str)]) {
        let mut response = SipMessage::response(request, code, reason_phrase(code), Some(tag));
        for (name, value) in more {
            response.push(name, value);
        }
        self.deliver(&response);
    }

    pub(super) fn deliver(&mut self, message: &SipMessage) {
        let message = parse(&message.to_bytes()).unwrap();
        if message.method() == "INVITE" {
            match message.code() {
                Some(100..=199) => self.provisional_at = self.provisional_at.or(Some(self.ms())),
                Some(200..=299) => self.successes += 1,
                _ => {}
            }
        }
        self.input(Input::Message(&message, trunk()));
    }

    pub(super) fn respond(&mut self, code: u16, tag: &str) {
        let invite = self.last("INVITE");
        self.answer(&invite, code, tag, &[]);
    }

    pub(super) fn respond_with_sdp(&mut self, code: u16, tag: &str) {
        let invite = self.last("INVITE");
        let body = sdp::offer("192.0.2.1:6000".parse().unwrap(), 1);
        let response = SipMessage::response(&invite, code, reason_phrase(code), Some(tag))
            .with("Contact", "<sip:192.0.2.1:5060>")
            .with_body("application/sdp", body);
        self.deliver(&response);
    }

    pub(super) fn answered() -> Self {
        let mut scene = Self::new();
        scene.respond(100, "t");
        scene.respond(180, "t");
        scene.respond_with_sdp(200, "t");
        scene
    }

    /// Delivers a request of the far end within the dialog, with this CSeq number and body.
    pub(super) fn peer(&mut self, method: &str, cseq: u32, body: Option<Vec<u8>>) {
        let invite = self.last("INVITE");
        let mut request = SipMessage::request(method, "sip:ledgerline@127.0.0.1:5070")
            .with("Via", format!("SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKp{cseq}"))
            .with("Max-Forwards", "70")
            .with("From", format!("{};tag=t", invite.header("To").unwrap()))
            .with("To", invite.header("From").unwrap())
            .with("Call-ID", invite.call_id())
            .with("CSeq", format!("{cseq} {method}"));
        if method == "BYE" {
            request.push("Reason", "Q.850;cause=16");
        }
        if let Some(body) = body {
            request = request.with_body("application/sdp", body);
        }
        self.deliver(&request);
    }

    pub(super) fn last_code(&self) -> Option<u16> {
        self.sent.last().and_then(|(_, message)| message.code())
    }

    pub(super) fn failure(&self) -> LegFailure {
        let failures: Vec<&LegFailure> = self
            .events
            .iter()
            .filter_map(|event| match event {
                UacEvent::Failed(failure) => Some(failure),
                _ => None,
            })
            .collect();
        assert_eq!(failures.len(), 1, "{:?}", self.events);
        failures[0].clone()
    }

    pub(super) fn late_count(&self) -> usize {
        self.events
            .iter()
            .filter(|event| matches!(event, UacEvent::LateAnswered(_)))
            .count()
    }

    /// Lets the leg run to its end, and checks the invariants over the whole run.
    pub(super) fn finish(&mut self) {
        self.wait(200_000);
        assert!(self.uac.is_finished(), "still busy: {:?}", self.events);
        assert_eq!(self.uac.next_deadline(), None, "a deadline is left after the end");
        let closed = self
            .events
            .iter()
            .filter(|event| **event == UacEvent::Closed)
            .count();
        assert_eq!(closed, 1, "{:?}", self.events);
        assert_eq!(self.events.last(), Some(&UacEvent::Closed));
        let ended = self
            .events
            .iter()
            .filter(|event| matches!(event, UacEvent::HungUp { .. } | UacEvent::Failed(_)));
        assert!(ended.count() <= 1, "{:?}", self.events);
        let acks = self
            .sent
            .iter()
            .filter(|(_, message)| message.method() == "ACK" && message.is_request());
        assert!(acks.count() >= self.successes, "a 2xx went without ACK");
        if let Some((at, _)) = self.sent.iter().find(|(_, message)| message.method() == "CANCEL") {
            assert!(
                self.provisional_at.is_some_and(|first| first <= *at),
                "CANCEL before any 1xx"
            );
        }
        let mut byes: Vec<&str> = Vec::new();
        for (_, message) in self
            .sent
            .iter()
            .filter(|(_, message)| message.is_request() && message.method() == "BYE")
        {
            let unauthorized =
                message.header("Authorization").is_none() && message.header("Proxy-Authorization").is_none();
            let tag = message.header("To").unwrap_or_default();
            let branch = message.branch().unwrap_or_default();
            if unauthorized && !byes.contains(&branch) {
                assert!(!byes.contains(&tag), "two BYE transactions in one dialog");
                byes.extend([branch, tag]);
            }
        }
    }
}
