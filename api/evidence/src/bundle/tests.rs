//! Checks that a bundle of every kind of ending replays equal, contains no personal data, and reveals an
//! alteration.

use crate::bundle::gather::{BundleInputs, TypedEvent};
use crate::bundle::{Bundle, make, replay};
use domain::call::command::{CallCommand, CallEnding};
use domain::call::event::{CallEvent, EndReason, Notice};
use domain::call::{Call, CallState, LegIdentity};
use domain::calling_plan::FlowRef;
use domain::compliance::{CustomerGrant, NumberGrant};
use domain::customer::event::CustomerEvent;
use domain::decider::{Context, Decider};
use domain::disposition::{Disposition, Outcome};
use domain::flow::{FlowDefinition, FlowRun, from_script};
use domain::ids::{CallId, CommandId, EventId};
use domain::key_rule::KeyRule;
use domain::number::event::NumberEvent;
use domain::personal::{LookupHash, Personal, Sealed};
use domain::ports::line::{AnsweredDialog, FailureCause, LegFailure};
use domain::ports::recording::RecordingFacts;
use domain::stored_event::Position;
use domain::time::Timestamp;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;

const CALL: &str = "308b38fa-b3fa-59e5-b685-93b305968d97";
const CUSTOMER: &str = "00112233445566778899aabbccddeeff";
const NUMBER: &str = "ffeeddccbbaa99887766554433221100";
const PHONE: &str = "13800138000";
const CAMPAIGN: &str = "LOAN_REMIND";

/// Texts that no bundle may contain.
pub(super) const SECRETS: &[&str] = &[
    CALL,
    CUSTOMER,
    NUMBER,
    PHONE,
    CAMPAIGN,
    "张三",
    "carrier.example",
    "2026-03-02",
    "the sealed",
    "lookup hash",
    "remote-tag",
    "auditor-7",
    "abababab",
];

fn start() -> Timestamp {
    "2026-03-02T10:17:03.123456+08:00".parse().unwrap()
}

fn call() -> CallId {
    CALL.parse().unwrap()
}

fn flow() -> FlowDefinition {
    from_script("greeting".parse().unwrap(), "您好，{{name}}。").unwrap()
}

fn customer_grant() -> CustomerGrant {
    CustomerGrant {
        call: call(),
        campaign: CAMPAIGN.parse().unwrap(),
        customer: CUSTOMER.parse().unwrap(),
        number: NUMBER.parse().unwrap(),
        valid_until: start().plus_ms(2_000),
        legs_until: None,
        verdicts: Vec::new(),
    }
}

fn number_grant() -> NumberGrant {
    NumberGrant {
        call: call(),
        campaign: CAMPAIGN.parse().unwrap(),
        number: NUMBER.parse().unwrap(),
        valid_until: start().plus_ms(2_000),
        verdicts: Vec::new(),
    }
}

/// A call built command by command, sealed like in a store.
pub(super) struct CallBuilder {
    state: CallState,
    at: Timestamp,
    pub(super) events: Vec<TypedEvent<CallEvent>>,
}

impl CallBuilder {
    pub(super) fn dialed() -> Self {
        let mut story = Self {
            state: CallState::default(),
            at: start(),
            events: Vec::new(),
        };
        story.ask(CallCommand::Permit {
            call: call(),
            attempt: 1,
            callee: format!("+86{PHONE}"),
            customer_grant: Box::new(customer_grant()),
            number_grant: Box::new(number_grant()),
            flow: FlowRef {
                flow: "greeting".parse().unwrap(),
                version: 1,
                content_hash: "cd".repeat(32),
            },
        });
        story.ask(CallCommand::Dial {
            leg: 1,
            trunk: "carrier.example".to_owned(),
            sip_call_id: LegIdentity::from_ids(call(), 1).sip_call_id(),
            local: "carrier.example:5060".to_owned(),
            caller: Some(domain::caller_number::CallerNumber::without_end(format!(
                "+86{PHONE}"
            ))),
            hold_off_ms: 5_000,
        });
        story
    }

    pub(super) fn ask(&mut self, command: CallCommand) -> &mut Self {
        self.at = self.at.plus_ms(150);
        let events = Call::decide(&self.state, command, Context { now: self.at }).unwrap();
        for mut event in events {
            Call::evolve(&mut self.state, &event, self.at);
            for (_, field) in domain::decider::EventData::personal(&mut event) {
                *field = Personal::Sealed(Box::new(Sealed {
                    sealed: "the sealed".to_owned(),
                    key: CUSTOMER.parse().unwrap(),
                    transcript: None,
                    hash: Some(LookupHash("lookup hash".to_owned())),
                }));
            }
            let n = self.events.len();
            self.events.push(TypedEvent {
                position: Position(u64::try_from(n).unwrap() + 3),
                id: EventId::derive(CommandId::derive_from_text("story"), n),
                version: 1,
                at: self.at,
                event,
            });
        }
        self
    }

    pub(super) fn ring(&mut self) -> &mut Self {
        self.ask(CallCommand::NoteRinging {
            leg: 1,
            sip_code: 180,
            early_media: false,
        })
    }

    fn fail(&mut self, code: u16, reason_header: Option<&str>) -> &mut Self {
        let failure = LegFailure {
            sip_code: Some(code),
            reason_header: reason_header.map(str::to_owned),
            definite: true,
            rang: true,
            after_ms: 3_000,
            ..LegFailure::default()
        };
        self.ask(CallCommand::FailLeg { leg: 1, failure })
    }

    pub(super) fn answer(&mut self) -> &mut Self {
        let dialog = AnsweredDialog {
            to_tag: "remote-tag".to_owned(),
            remote_target: format!("sip:{PHONE}@carrier.example"),
            route_set: vec!["<sip:carrier.example;lr>".to_owned()],
            cseq: 2,
            key_paths: None,
        };
        self.ask(CallCommand::Answer { leg: 1, dialog });
        self.ask(CallCommand::NoteNoticePlayed {
            leg: 1,
            notice: Notice::Recording,
            recorded_ms: Some(4_240),
        })
    }

    pub(super) fn enter(&mut self, node: &str) -> &mut Self {
        self.ask(CallCommand::EnterNode {
            node: node.to_owned(),
        })
    }

    /// Returns the rules that decided, in order.
    pub(super) fn rules(&self) -> Vec<String> {
        let decided = self.events.iter().filter_map(|typed| match &typed.event {
            CallEvent::Decided(decision) => Some(decision.rule.clone()),
            _ => None,
        });
        decided.collect()
    }

    pub(super) fn press(&mut self, node: &str, digit: char) -> &mut Self {
        let node = node.to_owned();
        self.ask(CallCommand::NoteKeypress { leg: 1, node, digit })
    }

    pub(super) fn end(&mut self, reason: EndReason, outcome: Option<Outcome>) -> &mut Self {
        self.ask(CallCommand::End(CallEnding {
            reason: Some(reason),
            outcome,
            heard_rtp: true,
            recording: Some(RecordingFacts {
                sha256: "ab".repeat(32),
                bytes: 77_777,
                duration_ms: 21_000,
                callee_audio_from_ms: Some(4_260),
            }),
            ..CallEnding::default()
        }))
    }

    pub(super) fn gathered(&self) -> BundleInputs {
        let grant = |position, event| TypedEvent {
            position: Position(position),
            id: EventId::derive(CommandId::derive_from_text("grants"), 0),
            version: 1,
            at: start(),
            event,
        };
        BundleInputs {
            call: self.events.clone(),
            customer_grant: Some(grant(
                1,
                CustomerEvent::DialGranted {
                    attempt: 1,
                    grant: customer_grant(),
                },
            )),
            number_grant: Some(TypedEvent {
                position: Position(2),
                id: EventId::derive(CommandId::derive_from_text("grants"), 1),
                version: 1,
                at: start(),
                event: NumberEvent::DialGranted {
                    grant: number_grant(),
                },
            }),
            plan: None,
            flow: Some(flow().to_value()),
        }
    }

    fn disposition(&self) -> Disposition {
        self.state.finding().unwrap().disposition
    }
}

/// Returns the nodes up to the first that asks, one of its keys, and the node to which the key leads.
fn way() -> (Vec<String>, char, String) {
    let definition = Arc::new(flow());
    let (mut run, _) = FlowRun::begin(&definition, &BTreeMap::new());
    let mut way = Vec::new();
    loop {
        run.step(domain::flow::FlowInput::Played);
        way.push(run.node().to_owned());
        if let domain::flow::Node::AskKeypress(ask) = &definition.nodes[run.node()] {
            let (digit, next) = ask.keys.first_key_value().unwrap();
            return (way, digit.chars().next().unwrap(), next.clone());
        }
    }
}

fn busy() -> CallBuilder {
    let mut story = CallBuilder::dialed();
    story
        .ring()
        .fail(486, Some("Q.850;cause=17;text=\"张三 is busy\""));
    story.end(EndReason::Network, None);
    story
}

fn pressed() -> CallBuilder {
    let (way, digit, next) = way();
    let mut story = CallBuilder::dialed();
    story.ring().answer();
    for node in &way {
        story.enter(node);
    }
    story.press(way.last().unwrap(), digit).enter(&next);
    story.end(EndReason::CalleeHungUp, Some(Outcome::HungUp));
    story
}

fn stories() -> Vec<(Disposition, CallBuilder)> {
    let mut rejected = CallBuilder::dialed();
    rejected.ring().fail(603, None).end(EndReason::Network, None);
    let mut unknown = CallBuilder::dialed();
    unknown.fail(404, None).end(EndReason::Network, None);
    let mut unanswered = CallBuilder::dialed();
    unanswered.ring().ask(CallCommand::RequestCancel {
        leg: 1,
        reason: EndReason::RingTimeout,
    });
    let failure = LegFailure {
        sip_code: Some(487),
        cause: FailureCause::Cancelled,
        definite: true,
        rang: true,
        ..LegFailure::default()
    };
    unanswered
        .ask(CallCommand::FailLeg { leg: 1, failure })
        .end(EndReason::RingTimeout, None);
    let mut crashed = CallBuilder::dialed();
    crashed.ring().end(EndReason::Crash, None);
    let mut jammed = CallBuilder::dialed();
    jammed.fail(
        403,
        Some("SIP;cause=403;text=\"Channel limit of carrier.example\""),
    );
    jammed.end(EndReason::Network, None);
    vec![
        (Disposition::Busy, busy()),
        (Disposition::Rejected, rejected),
        (Disposition::InvalidNumber, unknown),
        (Disposition::NoAnswer, unanswered),
        (Disposition::Interrupted, crashed),
        (Disposition::Congestion, jammed),
        (Disposition::Answered, pressed()),
    ]
}

#[test]
fn a_bundle_of_each_ending_replays_equal_and_names_no_customer() {
    for (disposition, story) in stories() {
        assert_eq!(story.disposition(), disposition);
        let bundle = make(&story.gathered()).unwrap();
        let bytes = bundle.to_bytes().unwrap();
        let replayed = replay(&Bundle::parse(&bytes).unwrap()).unwrap();
        assert!(replayed.agrees(), "{disposition:?}: {}", replayed.value());
        assert_eq!(replayed.steps.len(), story.events.len() + 2);
        let text = String::from_utf8(bytes).unwrap();
        for secret in SECRETS {
            assert!(!text.contains(secret), "{disposition:?}: {secret}");
        }
    }
}

#[test]
fn every_bundle_begins_at_one_instant() {
    let later = |mut story: CallBuilder| {
        for typed in &mut story.events {
            typed.at = typed.at.plus_ms(86_400_000);
        }
        story
    };
    let (first, second) = (busy().gathered(), later(busy()).gathered());
    let begin = |gathered: &BundleInputs| make(gathered).unwrap().events[0].at;
    assert_eq!(
        begin(&first),
        begin(&second),
        "every bundle begins at one instant"
    );
}

#[test]
fn an_altered_bundle_is_detected_by_its_hash() {
    let bytes = make(&busy().gathered()).unwrap().to_bytes().unwrap();
    let text = String::from_utf8(bytes).unwrap();
    let altered = text.replace("\"busy\"", "\"rejected\"");
    assert_ne!(text, altered);
    let error = Bundle::parse(altered.as_bytes()).unwrap_err();
    assert!(error.to_string().contains("altered"), "{error}");
}

/// Returns the bundle with changed content and a matching hash.
fn forged(bundle: &Bundle, change: impl Fn(&mut Value)) -> Bundle {
    let mut value = serde_json::to_value(bundle).unwrap();
    change(&mut value["content"]);
    value["content_sha256"] = crate::bundle::hash_of(&value["content"]).into();
    Bundle::parse(value.to_string().as_bytes()).unwrap()
}

#[test]
fn a_recorded_ending_that_this_build_would_not_derive_is_reported() {
    let bundle = make(&busy().gathered()).unwrap();
    let forged = forged(&bundle, |content| {
        let events = content["events"].as_array_mut().unwrap();
        events.last_mut().unwrap()["data"]["disposition"] = "rejected".into();
    });
    let replayed = replay(&forged).unwrap();
    assert_eq!(replayed.differing_count(), 1);
    let difference = replayed.steps.last().unwrap().otherwise.clone().unwrap();
    assert!(
        difference.contains("this build: busy") && difference.contains("recorded: rejected"),
        "{difference}"
    );
}

#[test]
fn a_node_the_flow_does_not_go_to_and_a_dial_without_leave_are_reported() {
    let bundle = make(&pressed().gathered()).unwrap();
    let (_, _, next) = way();
    let astray = forged(&bundle, |content| {
        for event in content["events"].as_array_mut().unwrap() {
            if event["data"]["node"] == next.as_str() {
                event["data"]["node"] = "somewhere".into();
            }
        }
    });
    let replayed = replay(&astray).unwrap();
    assert_eq!(replayed.elsewhere.len(), 1, "{:?}", replayed.elsewhere);
    let late = forged(&bundle, |content| {
        for event in content["events"].as_array_mut().unwrap() {
            if event["kind"] == "call.permitted" {
                event["data"]["number_grant"]["valid_until"] = "2026-01-05T01:59:59.000000Z".into();
            }
        }
    });
    let replayed = replay(&late).unwrap();
    assert!(replayed.steps.iter().any(|step| step.otherwise.is_some()));
    assert_eq!(replayed.elsewhere.len(), 1, "the number granted another time");
}

#[test]
fn a_key_is_found_that_goes_where_the_call_went() {
    let (way, _, next) = way();
    let bundle = make(&pressed().gathered()).unwrap();
    let key = bundle
        .events
        .iter()
        .find(|event| event.kind == "call.keypressed")
        .unwrap();
    let definition = flow();
    let digit = &key.personal["/digit"];
    let domain::flow::Node::AskKeypress(ask) = &definition.nodes[way.last().unwrap()] else {
        panic!("the last node of the way asks for a key");
    };
    assert_eq!(ask.keys[digit], next);
}

/// A call with key 9 during the notice. The first key rule ignores it, the second one ends the call.
fn nine_in_the_notice(then: &[&str]) -> CallBuilder {
    let mut story = CallBuilder::dialed();
    story.ring().answer().press("", '9');
    for node in then {
        story.enter(node);
    }
    let opted_out = then.contains(&"refused").then_some(Outcome::OptedOut);
    story.end(EndReason::FlowEnded, opted_out.or(Some(Outcome::NoResponse)));
    story
}

#[test]
fn a_call_is_walked_by_the_rule_of_keys_it_had() {
    let waited = ["message", "menu", "silent"];
    for (then, rule, agrees) in [
        (&["refused"][..], Some(KeyRule::OptOutAnywhere), true),
        (&["refused"], None, false),
        (&waited, None, true),
        (&waited, Some(KeyRule::MenusOnly), true),
    ] {
        let mut gathered = nine_in_the_notice(then).gathered();
        for typed in &mut gathered.call {
            if let CallEvent::Answered { key_rule, .. } = &mut typed.event {
                *key_rule = rule;
            }
        }
        let replayed = replay(&make(&gathered).unwrap()).unwrap();
        assert_eq!(
            replayed.agrees(),
            agrees,
            "{then:?} by {rule:?}: {}",
            replayed.value()
        );
    }
}

#[test]
fn another_format_and_a_newer_version_are_refused() {
    let bundle = make(&busy().gathered()).unwrap();
    for (member, value) in [
        ("format", Value::from("something")),
        ("format_version", Value::from(2)),
    ] {
        let mut changed = serde_json::to_value(&bundle).unwrap();
        changed[member] = value;
        assert!(Bundle::parse(changed.to_string().as_bytes()).is_err(), "{member}");
    }
}
