//! Tests of spoken flows: which faults refuse a publication, and which advice is given.

use super::tests::shipped;
use super::{FlowDefinition, ReadFault};
use serde_json::{Value, json};

/// A spoken flow with one question and every part that the checks look at.
fn spoken() -> Value {
    json!({
        "flow": "spoken", "notices": {"recording": "本次通话将录音。", "ai": "我是机器人。"},
        "start": "hello", "on_exception": "bye",
        "dialogue": {
            "slots": {"term": {"type": "months", "options": ["3", "6"]}},
            "intents": {"refuse_call": {"then": "refused"}, "ask_fee": {"answer": "fee"}},
            "answers": {"fee": {"text": "以合同为准。"}},
        },
        "nodes": {
            "hello": {"say": {"text": "您好，这里是{{company}}。", "next": "ask"}},
            "ask": {"ask": {
                "text": "分几期？", "expect": "speech", "slots": ["term"], "on_filled": "bye",
                "timeout_ms": 3000, "on_silence": {"then": "bye"}, "on_unclear": {"replay": 1, "then": "person"},
            }},
            "person": {"transfer": {"text": "稍后给您回电。"}},
            "refused": {"end": {"outcome": "opted_out", "opt_out": true}},
            "bye": {"end": {"text": "再见。", "outcome": "success"}},
        },
        "variables": {"company": {"type": "text"}},
    })
}

fn changed(pointer: &str, value: Value) -> FlowDefinition {
    let mut flow = spoken();
    let (parent, member) = pointer.rsplit_once('/').unwrap();
    flow.pointer_mut(parent).unwrap()[member] = value;
    FlowDefinition::from_value(&flow).unwrap()
}

fn faults(flow: &FlowDefinition) -> Vec<String> {
    flow.check().iter().map(ToString::to_string).collect()
}

#[track_caller]
fn check_fault(pointer: &str, value: Value, fault: &str) {
    let found = faults(&changed(pointer, value));
    assert!(found.iter().any(|one| one == fault), "{pointer}: {found:?}");
}

#[test]
fn a_spoken_flow_is_refused_for_each_of_its_faults_and_names_the_place() {
    assert_eq!(
        faults(&FlowDefinition::from_value(&spoken()).unwrap()),
        Vec::<String>::new()
    );
    for (pointer, value, fault) in [
        (
            "/dialogue/slots/a~b",
            json!({"type": "months", "options": ["3"]}),
            "variables.a~b: a variable name must have letters, digits and _, at most 64",
        ),
        (
            "/nodes/ask/ask/slots",
            json!(["gone"]),
            "nodes.ask.slots: variable \"gone\" is not declared or never set",
        ),
        (
            "/nodes/ask/ask/timeout_ms",
            json!(3_001),
            "nodes.ask.timeout_ms: 3001, must be 1000 to 3000",
        ),
        (
            "/nodes/ask/ask/expect",
            json!("both"),
            "nodes.ask: its exits do not match expect (speech, keypress or both)",
        ),
        (
            "/nodes/ask/ask/on_silence",
            json!({"replay": 6, "then": "bye"}),
            "nodes.ask.on_silence: 6, must be 0 to 5",
        ),
        (
            "/nodes/ask/ask/on_filled",
            json!("gone"),
            "nodes.ask.on_filled leads to \"gone\", which is not a node",
        ),
    ] {
        check_fault(pointer, value, fault);
    }
}

#[test]
fn a_dialogue_is_refused_for_what_goes_nowhere() {
    let loops = json!({"knowledge": {"answer": "fee"}});
    for (pointer, value, fault) in [
        (
            "/dialogue/intents/refuse_call",
            json!({"then": "gone"}),
            "dialogue.intents.refuse_call.then leads to \"gone\", which is not a node",
        ),
        (
            "/dialogue/intents/ask_fee",
            json!({"answer": "gone"}),
            "dialogue.intents.ask_fee.answer: answer \"gone\" does not exist",
        ),
        (
            "/dialogue/intents/ask_fee",
            json!({"replay": true, "slower": true}),
            "dialogue.intents.ask_fee: exactly one of then, answer, replay and slower is required",
        ),
        (
            "/nodes/bye",
            json!({"return": {}}),
            "nodes.bye: a call can reach return without sub_flow",
        ),
        (
            "/nodes/hello",
            json!({"sub_flow": {"group": "gone", "next": "ask"}}),
            "nodes.hello.group: node group \"gone\" does not exist",
        ),
        (
            "/nodes/hello/say/variants",
            json!({"metric": "conversion", "stop_after_calls": 0, "arms": {"a": {"text": "您好"}}}),
            "nodes.hello.variants: give 1 to 5 variants, one with a weight, and a number of calls",
        ),
        (
            "/nodes/hello",
            loops,
            "nodes.hello: a returning answer must limit its visits",
        ),
        (
            "/nodes/refused",
            json!({"end": {"outcome": "declined"}}),
            "nodes: the callee cannot opt out: no end with opt_out can be reached",
        ),
    ] {
        check_fault(pointer, value, fault);
    }
}

#[test]
fn a_loop_of_silent_nodes_has_no_exit() {
    let mut flow = spoken();
    flow["nodes"]["hello"] = json!({"act": {"next": "round"}});
    flow["nodes"]["round"] = json!({"decide": {"rules": [], "otherwise": "hello"}});
    let found = faults(&FlowDefinition::from_value(&flow).unwrap());
    assert!(
        found.contains(&"nodes.hello is in a loop without an exit".to_owned()),
        "{found:?}"
    );
}

#[test]
fn what_would_be_better_is_advice_and_refuses_nothing() {
    let advice =
        |flow: &FlowDefinition| -> Vec<String> { flow.advice().iter().map(ToString::to_string).collect() };
    assert_eq!(
        advice(&FlowDefinition::from_value(&spoken()).unwrap()),
        Vec::<String>::new()
    );
    let long = "这款产品".repeat(17);
    for (pointer, value, wanted) in [
        (
            "/nodes/hello/say/text",
            json!("您好。"),
            "names neither the customer's company",
        ),
        (
            "/nodes/hello/say/text",
            json!("您好，打扰您一分钟时间跟您说一件很重要的事情，这里是{{company}}。"),
            "before the caller is identified",
        ),
        ("/nodes/hello/say/text", json!(long), "without a pause"),
        (
            "/nodes/ask/ask/intents",
            json!({"affirm": "bye"}),
            "no branch for deny",
        ),
        (
            "/nodes/person",
            json!({"end": {"text": "再见。", "outcome": "callback"}}),
            "the callee cannot ask for an agent",
        ),
        (
            "/dialogue/intents/too_expensive",
            json!({"answer": "fee"}),
            "answered without FABE",
        ),
        (
            "/dialogue/answers/fee/fabe",
            json!({"feature": "a", "advantage": "b", "benefit": " ", "evidence": "d"}),
            "fabe.benefit is empty",
        ),
        (
            "/notices",
            json!({"recording": "本次通话将录音。"}),
            "the callee is not told that a robot is calling",
        ),
        ("/start", json!("ask"), "the flow has no introduction"),
    ] {
        let found = advice(&changed(pointer, value));
        assert!(
            found.iter().any(|one| one.contains(wanted)),
            "{pointer}: {found:?}"
        );
    }
}

#[test]
fn the_chinese_preset_says_that_a_robot_speaks_and_ships_more_than_twenty_intents() {
    let flow = shipped("card_instalment_spoken.yaml");
    assert_eq!(flow.notices.ai.as_deref(), Some("我是智能语音机器人。"));
    assert!(flow.dialogue().intents.len() > 20);
    let unread = FlowDefinition::from_value(&json!({"presets": ["gone"]}));
    assert!(matches!(unread, Err(ReadFault::Shape { .. })));
}

#[test]
fn how_something_is_asked_back_is_checked_as_every_text_is() {
    let length = "a text must have 1 to 500 characters";
    let variable = "variable \"naem\" is not declared or never set";
    for (pointer, value, fault) in [
        (
            "/nodes/ask/ask/confirm",
            json!("您是{{naem}}吗"),
            format!("nodes.ask.confirm: {variable}"),
        ),
        (
            "/nodes/ask/ask/confirm",
            json!("a {{b"),
            "nodes.ask.confirm: {{ is not closed by }}".to_owned(),
        ),
        (
            "/dialogue/confirm",
            json!(""),
            format!("dialogue.confirm: {length}"),
        ),
        (
            "/dialogue/confirm",
            json!("{{naem}}"),
            format!("dialogue.confirm: {variable}"),
        ),
        (
            "/dialogue/labels",
            json!({"ask_fee": " "}),
            format!("dialogue.labels.ask_fee: {length}"),
        ),
        (
            "/dialogue/labels",
            json!({"ask_fee": "{{naem}}"}),
            format!("dialogue.labels.ask_fee: {variable}"),
        ),
    ] {
        check_fault(pointer, value, &fault);
    }
    let long = json!({"confirm": "您是想说{{intent}}吗", "labels": {"ask_fee": "费".repeat(500)}});
    let mut flow = spoken();
    for (member, value) in long.as_object().unwrap() {
        flow["dialogue"][member] = value.clone();
    }
    let found = faults(&FlowDefinition::from_value(&flow).unwrap());
    assert_eq!(
        found,
        [format!("dialogue.confirm: {length}")],
        "with its longest label"
    );
    let asks_back = changed(
        "/nodes/ask/ask/confirm",
        json!("{{company}}问您：您是想说{{intent}}吗？"),
    );
    assert_eq!(faults(&asks_back), Vec::<String>::new());
    assert!(
        asks_back
            .texts()
            .contains(&"{{company}}问您：您是想说{{intent}}吗？")
    );
    let asks_back = changed("/dialogue/confirm", json!("您是想说{{intent}}吗？"));
    assert!(asks_back.texts().contains(&"您是想说{{intent}}吗？"));
}

/// Returns the loop faults of a flow with a group and these nodes.
fn loops_with_group(nodes: &Value) -> Vec<String> {
    let mut flow = spoken();
    flow["dialogue"]["groups"] = json!({"inner": {"start": "inside"}});
    flow["nodes"]["back"] = json!({"return": {}});
    for (name, node) in nodes.as_object().unwrap() {
        flow["nodes"][name] = node.clone();
    }
    faults(&FlowDefinition::from_value(&flow).unwrap())
}

#[test]
fn a_loop_is_looked_for_through_groups() {
    let without_exit = |node: &str| format!("nodes.{node} is in a loop without an exit");
    let itself = loops_with_group(&json!({
        "hello": {"sub_flow": {"group": "inner", "next": "ask"}},
        "inside": {"sub_flow": {"group": "inner", "next": "back"}},
    }));
    assert!(itself.contains(&without_exit("inside")), "{itself:?}");
    let silent = loops_with_group(&json!({
        "hello": {"sub_flow": {"group": "inner", "next": "round"}},
        "inside": {"act": {"tags": ["a"], "next": "back"}},
        "round": {"decide": {"rules": [{"when": [{"intent": ["a"]}], "next": "ask"}], "otherwise": "hello"}},
    }));
    assert_eq!(silent, [without_exit("hello"), without_exit("round")]);
    let ladder = json!({"then": "ask"});
    let asks = loops_with_group(&json!({
        "hello": {"sub_flow": {"group": "inner", "next": "round"}},
        "inside": {"ask": {
            "text": "是您吗？", "expect": "speech", "intents": {"affirm": "back"}, "timeout_ms": 3000,
            "on_silence": ladder, "on_unclear": ladder,
        }},
        "round": {"act": {"tags": ["a"], "next": "hello"}},
    }));
    assert_eq!(asks, Vec::<String>::new(), "the loop waits for the callee");
}
