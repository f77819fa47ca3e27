//! Sends random requests in random order at random times, from a seed, and checks what must hold of the
//! exchange in every case.

use super::profile::CarrierProfile;
use super::seeded_draws::SeededDraws;
use super::{CallDetails, CalleeBehavior, CarrierUser, Exchange, ExchangeSettings, Input, Output};
use domain::time::Timestamp;
use media::sip::message::SipMessage;
use media::sip::parse::parse;
use media::sip::sdp;
use std::collections::BTreeMap;

const METHODS: [&str; 8] = [
    "INVITE", "INVITE", "INVITE", "ACK", "CANCEL", "BYE", "OPTIONS", "INFO",
];
/// Number of simulated exchanges that are tried, each with some hundred inputs.
const WORLDS: u64 = 150;

struct ChaosHarness {
    exchange: Exchange,
    chance: SeededDraws,
    now_ms: i64,
    to: BTreeMap<String, String>,
    finals: BTreeMap<String, Vec<u16>>,
    lines: BTreeMap<String, Vec<CallDetails>>,
}

impl ChaosHarness {
    fn new(seed: u64) -> Self {
        let mut chance = SeededDraws::about(seed, &["chaos"]);
        let mut profile = CarrierProfile::default();
        profile.weights.extend([
            (CalleeBehavior::Silent, 50),
            (CalleeBehavior::OnlyTrying, 50),
            (CalleeBehavior::AnswersAcrossCancel, 100),
        ]);
        let user = chance.percent(20).then(|| CarrierUser {
            user: "u".to_owned(),
            password: "p".to_owned(),
        });
        Self {
            exchange: Exchange::new(ExchangeSettings {
                local: "127.0.0.1:5060".parse().unwrap(),
                seed,
                profile,
                user,
            }),
            chance,
            now_ms: 1_000_000,
            to: BTreeMap::new(),
            finals: BTreeMap::new(),
            lines: BTreeMap::new(),
        }
    }

    fn input(&mut self, input: Input<'_>) {
        let now = Timestamp::from_millis(self.now_ms);
        self.exchange.handle_input(now, input);
        while let Some(output) = self.exchange.poll_output() {
            match output {
                Output::Send { bytes, .. } => self.hear(&parse(&bytes).expect("the carrier speaks SIP")),
                Output::OpenMedia { leg } => {
                    let address = self
                        .chance
                        .percent(90)
                        .then(|| "127.0.0.1:41000".parse().unwrap());
                    self.exchange
                        .handle_input(now, Input::MediaOpened { leg, address });
                }
                Output::Details(details) => {
                    self.lines
                        .entry(details.call_id.clone())
                        .or_default()
                        .push(*details);
                }
                Output::SendMedia { .. } | Output::CloseMedia { .. } => {}
            }
        }
    }

    fn hear(&mut self, message: &SipMessage) {
        let Some(code) = message.code().filter(|code| *code > 100) else {
            return;
        };
        let call_id = message.call_id();
        self.to
            .insert(call_id.to_owned(), message.header("To").unwrap().to_owned());
        let transaction = message
            .header("CSeq")
            .filter(|cseq| matches!(*cseq, "1 INVITE" | "2 INVITE"));
        if let Some(cseq) = transaction.filter(|_| code >= 200) {
            self.finals
                .entry(format!("{call_id} {cseq} {:?}", message.branch()))
                .or_default()
                .push(code);
        }
    }

    fn any_request(&mut self) -> SipMessage {
        let call_id = format!("call-{}", self.chance.between(1, 6));
        let at = usize::try_from(self.chance.between(0, 7)).unwrap();
        let method = METHODS[at];
        let in_dialog = method != "INVITE" || self.chance.percent(15);
        let cseq = if method == "INVITE" && in_dialog {
            3
        } else {
            self.chance.between(1, 2)
        };
        let known = self
            .to
            .get(&call_id)
            .cloned()
            .filter(|_| in_dialog && method != "CANCEL");
        let to = known.unwrap_or_else(|| "<sip:+15550101@127.0.0.1>".to_owned());
        let branch = if matches!(method, "ACK" | "CANCEL") {
            "INVITE"
        } else {
            method
        };
        let request = SipMessage::request(method, "sip:+15550101@127.0.0.1")
            .with(
                "Via",
                format!("SIP/2.0/UDP 127.0.0.1:5080;branch=z9hG4bK{call_id}{branch}{cseq}"),
            )
            .with("Max-Forwards", "70")
            .with("From", "<sip:+15550100@127.0.0.1>;tag=f")
            .with("To", to)
            .with("Call-ID", call_id)
            .with("CSeq", format!("{cseq} {method}"));
        if method == "INVITE" && self.chance.percent(95) {
            let offer = sdp::offer("127.0.0.1:40000".parse().unwrap(), 1);
            return request.with_body("application/sdp", offer);
        }
        request
    }

    fn any_input(&mut self) {
        let mut bytes = self.any_request().to_bytes();
        if self.chance.percent(10) {
            let last = bytes.len() as u64 - 1;
            let at = usize::try_from(self.chance.between(0, last)).unwrap();
            bytes[at] = self.chance.next().to_le_bytes()[0];
        }
        self.input(Input::Sip {
            from: "127.0.0.1:5080".parse().unwrap(),
            datagram: &bytes,
        });
    }

    /// Advances the time by this many milliseconds, deadline by deadline.
    fn wait(&mut self, ms: i64) {
        let until = self.now_ms + ms;
        while let Some(at) = self.exchange.next_deadline() {
            let at_ms = (at.micros() + 999) / 1_000;
            if at_ms > until {
                break;
            }
            self.now_ms = self.now_ms.max(at_ms);
            self.input(Input::Time);
        }
        self.now_ms = until;
    }
}

#[test]
fn whatever_comes_every_call_ends_once_and_nothing_is_left_over() {
    for seed in 0..WORLDS {
        let mut world = ChaosHarness::new(seed);
        for _ in 0..120 {
            world.any_input();
            let ms = world.chance.between(0, 900);
            world.wait(i64::try_from(ms).unwrap());
        }
        world.wait(120_000);
        assert_eq!(world.exchange.live_count(), 0, "seed {seed}");
        world.wait(400_000);
        assert_eq!(world.exchange.next_deadline(), None, "seed {seed}");
        for (transaction, codes) in &world.finals {
            let mut different = codes.clone();
            different.dedup();
            assert_eq!(
                different.len(),
                1,
                "seed {seed}, {transaction}: one final only, not {codes:?}"
            );
        }
        for (call_id, lines) in &world.lines {
            let ends: Vec<_> = lines.iter().filter_map(|line| line.ended_at).collect();
            let last = lines.last().unwrap();
            let challenged = last.code == Some(401);
            assert!(
                challenged || last.ended_at.is_some(),
                "seed {seed}, {call_id} has no end: {last:?}"
            );
            assert!(
                ends.windows(2).all(|pair| pair[0] == pair[1]),
                "seed {seed}, {call_id} ended twice"
            );
        }
    }
}
