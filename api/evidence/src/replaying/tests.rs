//! Replays of recorded calls: the same decisions, other decisions, another version of the flow, other words
//! on the same way.

use super::version_comparison::ReplayDifferenceKind;
use super::{CalleeWordsForm, ComparisonVersion, Conversation, ReplayResponse, of_bundle, replay};
use crate::bundle::spoken_tests::signed;
use crate::bundle::{Bundle, make};
use domain::call::event::CallEvent;
use domain::disposition::Outcome;
use domain::flow::FlowDefinition;
use domain::personal::Personal;
use serde_json::{Value, json};
use std::sync::Arc;

fn recorded() -> Conversation {
    let bytes = make(&signed()).unwrap().to_bytes().unwrap();
    of_bundle(&Bundle::parse(&bytes).unwrap()).unwrap()
}

/// The flow of the call with one member changed.
fn changed(of: &Conversation, pointer: &str, value: Value) -> ComparisonVersion<'static> {
    let mut definition = of.flow.to_value();
    *definition.pointer_mut(pointer).unwrap() = value;
    let flow = FlowDefinition::from_value(&definition).unwrap();
    assert_eq!(flow.check(), Vec::new());
    ComparisonVersion {
        name: "other@2".to_owned(),
        flow: Arc::new(flow),
        version: Some(2),
        listener: None,
    }
}

fn against(of: &Conversation, other: &ComparisonVersion<'_>) -> ReplayResponse {
    replay(of, Some(other), CalleeWordsForm::Masked).unwrap()
}

#[test]
fn a_call_is_replayed_step_by_step_and_decided_as_it_was() {
    let replayed = replay(&recorded(), None, CalleeWordsForm::Masked).unwrap();
    assert!(
        replayed.agrees && replayed.differences.is_empty(),
        "{:?}",
        replayed.differences
    );
    let inputs: Vec<&str> = replayed.steps.iter().map(|step| step.input).collect();
    let spoken = "spoken";
    assert_eq!(
        inputs,
        [
            "answered", "silence", spoken, spoken, spoken, spoken, "unheard", "keypress"
        ]
    );
    let first = &replayed.steps[0];
    let said: Vec<&str> = first.said.iter().map(|said| said.prompt.as_str()).collect();
    assert_eq!(
        said,
        [
            "notices.recording",
            "notices.ai",
            "nodes.开场白.text",
            "nodes.验证卡号.text"
        ]
    );
    assert!(first.said[0].words.is_some(), "a notice has no values");
    assert_eq!(
        first.said[2].words, None,
        "a bundle holds stand-ins for the values"
    );
    let affirmed = &replayed.steps[2];
    let understood = affirmed.understood.as_ref().unwrap();
    assert_eq!(understood.candidates[0].score_permille, 900);
    assert_eq!(understood.accept_permille, Some(600));
    assert_eq!(affirmed.decided[0].rule, "nodes.验证卡号.intents.affirm");
    assert_eq!(
        affirmed.heard.as_ref().unwrap().text,
        None,
        "a bundle holds no word"
    );
    let asked_again = &replayed.steps[1].said[0];
    assert_eq!(asked_again.prompt, "nodes.验证卡号.on_silence.say[0]");
    assert_eq!(asked_again.text.as_deref(), Some("喂，您好，能听到我说话吗？"));
    assert_eq!(replayed.outcome, Some(Outcome::Success));
}

#[test]
fn a_decision_that_was_recorded_another_way_is_found_in_its_step() {
    let mut altered = recorded();
    for happened in &mut altered.events {
        if let CallEvent::Decided(decision) = &mut happened.event
            && decision.rule == "nodes.验证卡号.intents.affirm"
        {
            decision.rule = "nodes.验证卡号.otherwise".to_owned();
        }
    }
    let replayed = replay(&altered, None, CalleeWordsForm::Masked).unwrap();
    assert!(!replayed.agrees);
    let [found] = replayed.differences.as_slice() else {
        panic!("{:?}", replayed.differences);
    };
    assert_eq!((found.step, found.what), (3, ReplayDifferenceKind::Way));
    assert_eq!(found.recorded.decided[0].rule, "nodes.验证卡号.otherwise");
    assert_eq!(found.other.decided[0].rule, "nodes.验证卡号.intents.affirm");
}

#[test]
fn other_reasons_for_the_same_decision_are_found() {
    let mut altered = recorded();
    for happened in &mut altered.events {
        if let CallEvent::Decided(decision) = &mut happened.event
            && let Some(reading) = &mut decision.explanation.reading
        {
            reading.accept_permille = Some(601);
            break;
        }
    }
    let replayed = replay(&altered, None, CalleeWordsForm::Masked).unwrap();
    assert_eq!(replayed.differences.len(), 1, "{:?}", replayed.differences);
    assert_eq!(replayed.differences[0].what, ReplayDifferenceKind::Explanation);
}

#[test]
fn another_version_parts_where_it_goes_elsewhere_and_says_why() {
    let call = recorded();
    let same = against(&call, &changed(&call, "/lang", json!("zh-CN")));
    assert!(same.differences.is_empty(), "{:?}", same.differences);
    let other = changed(&call, "/nodes/验证卡号/ask/intents/affirm", json!("确认分期期数"));
    let replayed = against(&call, &other);
    assert!(replayed.agrees, "its own version decides as it was recorded");
    let [found] = replayed.differences.as_slice() else {
        panic!("{:?}", replayed.differences);
    };
    assert_eq!(
        (found.flow.as_str(), found.step, found.what),
        ("other@2", 3, ReplayDifferenceKind::Way)
    );
    assert_eq!(found.recorded.entered, ["查询可分期金额"]);
    assert_eq!(found.other.entered, ["确认分期期数"]);
    assert_eq!(
        found.other.decided[0].explanation.reading,
        found.recorded.decided[0].explanation.reading
    );
}

#[test]
fn other_words_on_the_same_way_differ_in_words() {
    let call = recorded();
    let other = changed(
        &call,
        "/nodes/确认分期期数/ask/text",
        json!("分三期、六期还是十二期？"),
    );
    let replayed = against(&call, &other);
    assert_eq!(replayed.differences.len(), 1, "{:?}", replayed.differences);
    assert_eq!(replayed.differences[0].what, ReplayDifferenceKind::Words);
    let other = replayed.differences[0].other.said.last().unwrap();
    assert_eq!(other.text.as_deref(), Some("分三期、六期还是十二期？"));
}

#[test]
fn a_number_that_was_said_in_two_turns_of_one_question_is_masked_whole() {
    let said = [
        ("card", "622202"),
        ("card", "380412"),
        ("terms", "三期"),
        ("code", "12345"),
    ];
    let mut of = recorded();
    let heard = of
        .events
        .iter_mut()
        .filter_map(|happened| match &mut happened.event {
            CallEvent::Heard(fact) => Some(fact),
            _ => None,
        });
    let mut replaced = 0;
    for (fact, (node, text)) in heard.zip(said) {
        node.clone_into(&mut fact.node);
        fact.text = Personal::open(text.to_owned());
        replaced += 1;
    }
    assert_eq!(replaced, said.len());
    let shown = |words: CalleeWordsForm| {
        let replayed = replay(&of, None, words).unwrap();
        let steps = replayed.steps.into_iter();
        let heard = steps.filter_map(|step| step.heard.and_then(|heard| heard.text));
        heard.collect::<Vec<String>>()
    };
    assert_eq!(
        shown(CalleeWordsForm::Masked),
        ["******", "******", "三期", "12345"]
    );
    assert_eq!(shown(CalleeWordsForm::Clear), said.map(|(_, text)| text));
}
