//! Tests of key rules: 谢绝来电 counts from the answer to the hang-up, any other key only in its menu or in a
//! menu that accepts keys ahead. Stored calls are replayed with the rule they had.

use super::spoken_tests::sure;
use super::step_tests::variables;
use super::tests::{script, shipped};
use super::{FlowAction, FlowDefinition, FlowInput, FlowRun, Node};
use FlowInput::{Fault, Keypress, Played, Silence, Spoken};
use serde_json::{Value, json};
use std::sync::Arc;
use values::disposition::Outcome;
use values::key_rule::KeyRule;

/// Runs a flow with a key rule and inputs. Returns the nodes entered, the number of opt-outs and the outcome.
fn played_by(
    rule: KeyRule,
    definition: FlowDefinition,
    inputs: &[FlowInput<'_>],
) -> (Vec<String>, usize, Option<Outcome>) {
    let (mut run, _) = FlowRun::begin_with_key_rule(rule, &Arc::new(definition), &variables());
    let (mut entered, mut opt_outs, mut ended) = (Vec::new(), 0, None);
    for input in inputs {
        for action in run.step(*input) {
            match action {
                FlowAction::EnterNode { node } => entered.push(node),
                FlowAction::OptOut => opt_outs += 1,
                FlowAction::End { outcome } => ended = Some(outcome),
                FlowAction::Notice { .. }
                | FlowAction::Say { .. }
                | FlowAction::StopSaying
                | FlowAction::Listen { .. }
                | FlowAction::Decide { .. }
                | FlowAction::SpeakSlower
                | FlowAction::Intend { .. }
                | FlowAction::RequestTransfer { .. } => {}
            }
        }
    }
    (entered, opt_outs, ended)
}

#[track_caller]
fn check(definition: FlowDefinition, inputs: &[FlowInput<'_>], nodes: &[&str], opted_out: bool) {
    let (entered, opt_outs, ended) = played_by(KeyRule::CURRENT, definition, inputs);
    assert_eq!(
        (entered, opt_outs),
        (
            nodes.iter().map(|node| (*node).to_owned()).collect(),
            usize::from(opted_out)
        )
    );
    assert_eq!(ended == Some(Outcome::OptedOut), opted_out, "{ended:?}");
}

#[test]
fn nine_counts_in_the_notices_in_every_text_in_the_pause_and_in_the_goodbye() {
    let nine = Keypress('9');
    let again = [Played, Played, Played, Keypress('1')];
    for (before, nodes) in [
        (&[][..], &["refused"][..]),
        (&[Played], &["message", "refused"]),
        (&[Played, Played], &["message", "menu", "refused"]),
        (&[Played, Played, Played], &["message", "menu", "refused"]),
        (&again, &["message", "menu", "message_again", "refused"]),
        (
            &[Played, Played, Played, Keypress('2')],
            &["message", "menu", "colleague", "refused"],
        ),
        (
            &[Played, Played, Silence, Silence],
            &["message", "menu", "silent", "refused"],
        ),
        (&[Played, Fault], &["message", "exception", "refused"]),
    ] {
        check(script(), &[before, &[nine]].concat(), nodes, true);
        check(script(), &[before, &[nine, nine, Played]].concat(), nodes, true);
        check(script(), before, &nodes[..nodes.len() - 1], false);
    }
}

#[test]
fn speech_stops_and_the_refusal_is_reported_before_anything_that_could_fail() {
    let (mut run, _) = FlowRun::begin(&Arc::new(script()), &variables());
    let actions = run.step(Keypress('9'));
    let node = "refused".to_owned();
    assert_eq!(
        actions[..3],
        [
            FlowAction::StopSaying,
            FlowAction::OptOut,
            FlowAction::EnterNode { node }
        ]
    );
    let outcome = Outcome::OptedOut;
    assert_eq!(run.step(Fault).last(), Some(&FlowAction::End { outcome }));
}

#[test]
fn only_the_menu_being_asked_gives_the_key_another_meaning() {
    let mut other = script();
    if let Some(Node::AskKeypress(menu)) = other.nodes.get_mut("menu") {
        menu.keys.insert("9".to_owned(), "colleague".to_owned());
    }
    let nine = Keypress('9');
    check(
        other.clone(),
        &[Played, Played, nine],
        &["message", "menu", "colleague"],
        false,
    );
    check(other.clone(), &[Played, nine], &["message", "refused"], true);
    let mut none = script();
    if let Some(Node::AskKeypress(menu)) = none.nodes.get_mut("menu") {
        menu.keys.remove("9");
    }
    check(
        none,
        &[Played, Played, nine],
        &["message", "menu", "refused"],
        true,
    );
    // The key is in no menu of this flow: it counts as a wrong key and the question is asked again.
    check(
        shipped("ask_keypress.yaml"),
        &[nine, Played, nine],
        &["question"],
        false,
    );
}

#[test]
fn a_text_before_the_refusing_end_does_not_delay_it_and_a_fault_does_not_undo_it() {
    let mut definition = script();
    let say = serde_json::json!({"say": {"text": "好的", "next": "refused"}});
    definition
        .nodes
        .insert("soft".to_owned(), serde_json::from_value(say).unwrap());
    for node in definition.nodes.values_mut() {
        if let Node::AskKeypress(menu) = node {
            menu.keys.insert("9".to_owned(), "soft".to_owned());
        }
    }
    let nine = Keypress('9');
    check(definition.clone(), &[nine, Played], &["soft", "refused"], true);
    check(
        definition.clone(),
        &[Played, Played, nine, Played],
        &["message", "menu", "soft", "refused"],
        true,
    );
    check(definition, &[nine, Fault], &["soft", "exception"], true);
}

#[test]
fn another_key_waits_for_its_menu_unless_the_menu_takes_it_ahead() {
    let two = Keypress('2');
    let mut waits = script();
    for node in waits.nodes.values_mut() {
        if let Node::AskKeypress(menu) = node {
            menu.type_ahead = false;
        }
    }
    check(
        waits.clone(),
        &[two, Played, two, Played, Played],
        &["message", "menu"],
        false,
    );
    let ahead = |definition: &mut FlowDefinition, node: &str| {
        if let Some(Node::AskKeypress(menu)) = definition.nodes.get_mut(node) {
            menu.type_ahead = true;
        }
    };
    let mut taken = waits;
    ahead(&mut taken, "menu");
    let colleague = &["message", "menu", "colleague"];
    check(taken.clone(), &[two, Played, Played], colleague, false);
    // Keys that the menu does not know are dropped; the first known one counts.
    let keys = [Keypress('7'), two, Keypress('1')];
    check(
        taken.clone(),
        &[&[Played], &keys[..], &[Played]].concat(),
        colleague,
        false,
    );
    // Remaining keys are kept for the next menu only if that menu also accepts keys ahead.
    let twice = [Keypress('1'), two, Played, Played, Played];
    check(
        taken.clone(),
        &twice,
        &["message", "menu", "message_again", "menu_again"],
        false,
    );
    ahead(&mut taken, "menu_again");
    check(
        taken,
        &twice,
        &["message", "menu", "message_again", "menu_again", "colleague"],
        false,
    );
}

#[test]
fn a_call_from_before_runs_as_it_went() {
    let early = [
        Keypress('9'),
        Played,
        Keypress('9'),
        Played,
        Keypress('2'),
        Keypress('9'),
    ];
    let (entered, opt_outs, ended) = played_by(KeyRule::default(), script(), &early);
    assert_eq!(entered, ["message", "menu", "colleague"]);
    assert_eq!((opt_outs, ended), (0, Some(Outcome::Callback)));
}

/// Returns the reminder flow with a dialogue and more nodes; key 0 of its menu leads to `first`.
fn with_first(nodes: Value) -> FlowDefinition {
    let mut flow = script().to_value();
    flow["dialogue"] = json!({"answers": {"fee": {"text": "以合同为准。"}}});
    flow["nodes"]["menu"]["ask_keypress"]["keys"]["0"] = json!("first");
    for (name, node) in nodes.as_object().unwrap() {
        flow["nodes"][name] = node.clone();
    }
    FlowDefinition::from_value(&flow).unwrap()
}

#[test]
fn a_key_behind_which_an_act_refuses_is_a_refusal_wherever_it_is_pressed() {
    let flow = || with_first(json!({"first": {"act": {"opt_out": true, "next": "heard"}}}));
    let zero = Keypress('0');
    check(flow(), &[zero], &["first", "heard"], true);
    check(flow(), &[Played, zero], &["message", "first", "heard"], true);
    let menu = [Played, Played, Played];
    let pressed = &[&menu[..], &[zero]].concat();
    check(flow(), pressed, &["message", "menu", "first", "heard"], true);
    let goodbye = &[&menu[..], &[Keypress('2'), zero]].concat();
    check(
        flow(),
        goodbye,
        &["message", "menu", "colleague", "first", "heard"],
        true,
    );
    let before = played_by(KeyRule::OptOutAnywhere, flow(), &[zero, Played]);
    assert_eq!(before, (vec!["message".to_owned()], 0, None), "as it was stored");
}

#[test]
fn an_answer_that_returns_refuses_nothing_and_returns_to_the_menu_it_was_asked_in() {
    let answer = json!({"knowledge": {"answer": "fee", "visits": {"max": 2, "then": "refused"}}});
    let flow = || with_first(json!({"first": answer.clone()}));
    let zero = Keypress('0');
    check(flow(), &[zero], &[], false);
    let menu = [Played, Played, Played];
    let asked = &[&menu[..], &[zero, Played]].concat();
    check(flow(), asked, &["message", "menu", "first", "menu"], false);
    let thrice = &[asked, &[zero, Played, zero][..]].concat();
    check(
        flow(),
        thrice,
        &["message", "menu", "first", "menu", "first", "menu", "refused"],
        true,
    );
}

/// Returns a flow with a text, a spoken question, and a menu that accepts keys ahead; key 2 asks about the
/// fee.
fn signed_by_key() -> FlowDefinition {
    let ladder = json!({"then": "bye"});
    let flow = json!({
        "flow": "signed", "notices": {"recording": "本次通话将录音。"},
        "start": "hello", "on_exception": "bye",
        "dialogue": {"answers": {"fee": {"text": "以合同为准。"}}},
        "nodes": {
            "hello": {"say": {"text": "您好。", "next": "interested"}},
            "interested": {"ask": {
                "text": "可以介绍一下吗？", "expect": "speech", "intents": {"affirm": "sign"}, "timeout_ms": 3000,
                "on_silence": ladder, "on_unclear": ladder,
            }},
            "sign": {"ask_keypress": {
                "text": "签约请按1，费用请按2。", "keys": {"1": "signed", "2": "fee"}, "type_ahead": true,
                "timeout_ms": 5000, "on_timeout": ladder, "on_other": ladder,
            }},
            "fee": {"knowledge": {"answer": "fee", "visits": {"max": 2, "then": "bye"}}},
            "signed": {"end": {"outcome": "success"}},
            "bye": {"end": {"outcome": "declined"}},
        },
    });
    FlowDefinition::from_value(&flow).unwrap()
}

#[test]
fn a_key_from_before_a_question_by_word_does_not_answer_a_later_menu() {
    let agreed = sure("affirm");
    let inputs = [Played, Keypress('1'), Played, Spoken(&agreed)];
    check(signed_by_key(), &inputs, &["hello", "interested", "sign"], false);
    let before = played_by(KeyRule::OptOutAnywhere, signed_by_key(), &inputs);
    assert_eq!(
        before.0,
        ["hello", "interested", "sign", "signed"],
        "as it was stored"
    );
}

#[test]
fn an_answer_asked_for_in_a_menu_returns_there_and_not_to_an_earlier_question() {
    let agreed = sure("affirm");
    let inputs = [Played, Played, Spoken(&agreed), Played, Keypress('2'), Played];
    check(
        signed_by_key(),
        &inputs,
        &["hello", "interested", "sign", "fee", "sign"],
        false,
    );
    let before = played_by(KeyRule::OptOutAnywhere, signed_by_key(), &inputs);
    assert_eq!(before.0.last().unwrap(), "interested", "as it was stored");
}
