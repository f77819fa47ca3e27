//! Checks that the bundle of a spoken call replays equal without a recognizer, contains none of its words,
//! and reveals a decision that was recorded differently.

use super::tests::{CallBuilder, SECRETS};
use crate::bundle::gather::BundleInputs;
use crate::bundle::{Bundle, make, replay};
use domain::call::command::CallCommand;
use domain::call::event::EndReason;
use domain::call::{HeardFact, SilenceFact, TurnFact, UnderstandingFact};
use domain::flow::{FlowAction, FlowDefinition, FlowInput, FlowRun, UnderstandingResult};
use domain::personal::Personal;
use domain::spoken_turn::{Certainty, IntentCandidate, ReadingSource, SpokenReading};
use std::collections::BTreeMap;
use std::sync::Arc;

const FLOW: &str = include_str!("../../../../fixtures/flows/card_instalment_spoken.yaml");

const DECIDE: &str = include_str!("../../../../fixtures/flows/decide.yaml");

/// A call with a spoken flow, recorded as a driver records it.
struct Call {
    flow: FlowDefinition,
    run: FlowRun,
    story: CallBuilder,
}

fn said(intent: &str, slots: &[(&str, &str)]) -> UnderstandingResult {
    UnderstandingResult {
        reading: SpokenReading {
            certainty: Certainty::Accepted,
            read_by: ReadingSource::Model,
            candidates: vec![IntentCandidate {
                intent: intent.to_owned(),
                score_permille: 900,
            }],
            accept_permille: Some(600),
            confirm_permille: Some(300),
            knowledge: None,
            picked: None,
        },
        slots: slots
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
        interest: None,
        opt_out: false,
        answers: BTreeMap::new(),
        emotion: None,
    }
}

impl Call {
    fn answered() -> Self {
        Self::of(FLOW, &BTreeMap::new())
    }

    fn of(flow: &str, variables: &BTreeMap<String, String>) -> Self {
        let flow = FlowDefinition::from_yaml(flow).unwrap();
        let (run, _) = FlowRun::begin(&Arc::new(flow.clone()), variables);
        let mut story = CallBuilder::dialed();
        story.ring().answer();
        let mut call = Self { flow, run, story };
        call.step(FlowInput::Played);
        call.step(FlowInput::Played);
        call
    }

    fn step(&mut self, input: FlowInput<'_>) -> &mut Self {
        for action in self.run.step(input) {
            match action {
                FlowAction::Decide { decision } => {
                    self.story
                        .ask(CallCommand::NoteTurn(TurnFact::Decided(*decision)));
                }
                FlowAction::EnterNode { node } => {
                    self.story.enter(&node);
                }
                FlowAction::RequestTransfer { node, reason } => {
                    let reason = Some(reason);
                    self.story.ask(CallCommand::RequestTransfer { node, reason });
                }
                _ => {}
            }
        }
        self
    }

    fn hears(&mut self, text: &str, understood: &UnderstandingResult) -> &mut Self {
        let node = self.run.node().to_owned();
        self.story.ask(CallCommand::NoteTurn(TurnFact::Heard(HeardFact {
            leg: 1,
            node: node.clone(),
            text: Personal::open(text.to_owned()),
            confidence_permille: None,
            engine: "carrier.example".to_owned(),
            begins_ms: 1_000,
            ends_ms: 2_000,
        })));
        let fact = UnderstandingFact::of(node, understood, Some("abababab".to_owned()));
        self.story.ask(CallCommand::NoteTurn(TurnFact::Understood(fact)));
        self.step(FlowInput::Spoken(understood))
    }

    fn silent(&mut self) -> &mut Self {
        let node = self.run.node().to_owned();
        let silence = SilenceFact {
            node,
            silence_ms: 3_000,
        };
        self.story
            .ask(CallCommand::NoteTurn(TurnFact::SilenceTimedOut(silence)));
        self.step(FlowInput::Silence)
    }

    fn press(&mut self, digit: char) -> &mut Self {
        let node = self.run.node().to_owned();
        self.story.press(&node, digit);
        self.step(FlowInput::Keypress(digit))
    }

    fn gathered(&mut self) -> BundleInputs {
        let outcome = self.run.outcome();
        self.story.end(EndReason::FlowEnded, outcome);
        BundleInputs {
            flow: Some(self.flow.to_value()),
            ..self.story.gathered()
        }
    }
}

/// A call with silence, agreement, a term that is corrected, a word that does not sign, a recognizer that
/// fails, and the key.
pub(crate) fn signed() -> BundleInputs {
    let mut call = Call::answered();
    call.silent().hears("张三就是我", &said("affirm", &[]));
    call.step(FlowInput::Played);
    call.hears("分十二期", &said("ask_term", &[("terms", "12")]));
    call.hears("不是，是三期", &said("deny", &[("terms", "3")]));
    call.hears("可以", &said("affirm", &[]));
    call.step(FlowInput::Unheard).press('1');
    call.gathered()
}

#[test]
fn a_spoken_call_replays_without_requests_and_its_bundle_holds_no_word() {
    let mut refused = Call::answered();
    let refusal = UnderstandingResult {
        opt_out: true,
        ..said("refuse_call", &[])
    };
    refused.hears("别再打了", &refusal);
    let mut asked = Call::answered();
    asked
        .hears("你是谁", &said("who_are_you", &[]))
        .hears("转人工", &said("transfer_human", &[]));
    for gathered in [signed(), refused.gathered(), asked.gathered()] {
        let bytes = make(&gathered).unwrap().to_bytes().unwrap();
        let replayed = replay(&Bundle::parse(&bytes).unwrap()).unwrap();
        assert!(replayed.agrees(), "{}", replayed.value());
        let text = String::from_utf8(bytes).unwrap();
        for secret in SECRETS.iter().copied().chain(["三期", "别再打了", "就是我"]) {
            assert!(!text.contains(secret), "{secret}");
        }
    }
}

#[test]
fn another_decision_than_was_recorded_is_reported() {
    let bundle = make(&signed()).unwrap();
    let mut value = serde_json::to_value(&bundle).unwrap();
    for event in value["content"]["events"].as_array_mut().unwrap() {
        if event["data"]["rule"] == "nodes.签约.correction" {
            event["data"]["rule"] = "nodes.签约.intents.deny".into();
        }
    }
    value["content_sha256"] = crate::bundle::hash_of(&value["content"]).into();
    let forged = Bundle::parse(value.to_string().as_bytes()).unwrap();
    let replayed = replay(&forged).unwrap();
    assert_eq!(replayed.elsewhere.len(), 1, "{:?}", replayed.elsewhere);
    assert!(
        replayed.elsewhere[0].contains("decides by"),
        "{:?}",
        replayed.elsewhere
    );
}

/// Returns what one answer led to after a question that was understood or misheard, and the rule.
fn decided(days: &str, unheard: bool, said: &UnderstandingResult) -> (BundleInputs, Option<String>) {
    let mut call = Call::of(DECIDE, &[("days".to_owned(), days.to_owned())].into());
    if unheard {
        call.step(FlowInput::Unheard);
    }
    call.hears("还行吧", said);
    let rule = call.story.rules().pop();
    (call.gathered(), rule)
}

#[test]
fn a_decision_over_what_a_bundle_hides_replays_by_a_stand_in() {
    let discontent = said("deny", &[]);
    let mut stops = said("ask_fee", &[("wants", "停止")]);
    stops.reading.certainty = Certainty::Abstained;
    for (days, unheard, said, rule) in [
        ("45", false, &discontent, "nodes.which.rules[2]"),
        ("-5", false, &discontent, "nodes.which.rules[3]"),
        ("5", false, &discontent, "nodes.which.otherwise"),
        ("5", true, &stops, "nodes.which.rules[4]"),
        ("45", false, &said("affirm", &[]), "nodes.which.rules[1]"),
    ] {
        let (gathered, decided) = decided(days, unheard, said);
        assert_eq!(decided.as_deref(), Some(rule));
        let bundle = make(&gathered).unwrap();
        assert_ne!(
            bundle.variables.get("days").map(String::as_str),
            Some("45"),
            "{rule}"
        );
        let replayed = replay(&bundle).unwrap();
        assert!(replayed.agrees(), "{rule}: {}", replayed.value());
    }
}
