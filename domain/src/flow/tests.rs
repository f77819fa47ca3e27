//! Tests of the flow decider and its checks: which definitions are published or refused, and the place of
//! each fault.

use super::command::FlowCommand;
use super::event::FlowEvent;
use super::{
    DefinitionFault, Flow, FlowDefinition, FlowRefusal, FlowState, GOODBYE, Node, ReadFault, VariableKind,
    from_script, from_script_without_type_ahead,
};
use crate::decider::{Context, Decider};
use crate::time::Timestamp;
use serde_json::{Value, json};
use values::ids::FlowId;

const SCRIPT: &str = "您好,{{customer_name}},您的贷款已逾期{{days}}天,请尽快还款至账号{{account}}。";

fn read(name: &str) -> String {
    let path = std::path::PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../fixtures/flows");
    std::fs::read_to_string(path.join(name)).unwrap()
}

pub(super) fn shipped(name: &str) -> FlowDefinition {
    FlowDefinition::from_yaml(&read(name)).unwrap_or_else(|fault| panic!("{name}: {fault}"))
}

pub(super) const SHIPPED: [&str; 22] = [
    "reminder.yaml",
    "notice.yaml",
    "card_instalment.yaml",
    "say.yaml",
    "ask_keypress.yaml",
    "branch.yaml",
    "transfer.yaml",
    "end.yaml",
    "card_instalment_spoken.yaml",
    "instalment_offer.yaml",
    "ask.yaml",
    "decide.yaml",
    "emotion.yaml",
    "knowledge.yaml",
    "marketing_dlg1.yaml",
    "card_activation.yaml",
    "wealth_product.yaml",
    "repayment_reminder.yaml",
    "survey_zh.yaml",
    "notification.yaml",
    "appointment.yaml",
    "survey_en.yaml",
];

pub(super) fn id(text: &str) -> FlowId {
    text.parse().unwrap()
}

pub(super) fn script() -> FlowDefinition {
    from_script(id("cmp2"), SCRIPT).unwrap()
}

/// A flow that asks once and ends; the smallest with every kind of edge.
pub(super) fn small() -> Value {
    json!({
        "flow": "small",
        "notices": {"recording": "本次通话将录音。"},
        "start": "ask",
        "on_exception": "bye",
        "nodes": {
            "ask": {"ask_keypress": {
                "text": "请按1。", "keys": {"1": "bye"}, "timeout_ms": 5000,
                "on_timeout": {"replay": 1, "then": "bye"}, "on_other": {"then": "bye"}
            }},
            "bye": {"end": {"outcome": "success"}}
        }
    })
}

fn changed(pointer: &str, value: Value) -> Value {
    let mut definition = small();
    let (parent, member) = pointer.rsplit_once('/').unwrap();
    let parent = definition.pointer_mut(parent).unwrap().as_object_mut().unwrap();
    parent.insert(member.to_owned(), value);
    definition
}

fn publish(state: &FlowState, flow: &str, definition: Value) -> Result<Vec<FlowEvent>, FlowRefusal> {
    let context = Context {
        now: Timestamp::EPOCH,
    };
    let command = FlowCommand::Publish {
        flow: id(flow),
        definition,
    };
    Flow::decide(state, command, context)
}

#[track_caller]
fn faults(definition: Value) -> Vec<String> {
    match publish(&FlowState::default(), "small", definition) {
        Err(FlowRefusal::Invalid { faults }) => faults.iter().map(DefinitionFault::to_string).collect(),
        Err(other) => vec![other.to_string()],
        Ok(_) => Vec::new(),
    }
}

#[track_caller]
fn check_fault(definition: Value, expected: &str) {
    assert_eq!(faults(definition), [expected.to_owned()]);
}

#[test]
fn every_shipped_flow_can_be_published() {
    for name in SHIPPED {
        let definition = shipped(name);
        assert_eq!(definition.check(), Vec::new(), "{name}");
        let flow = definition.flow.clone();
        let events = publish(&FlowState::default(), flow.as_str(), definition.to_value()).unwrap();
        assert_eq!(events.len(), 1, "{name}");
    }
}

#[test]
fn the_same_content_is_published_once_and_other_content_is_the_next_version() {
    let mut state = FlowState::default();
    for (minimum, version) in [(5000, Some(1)), (5000, None), (6000, Some(2)), (5000, Some(3))] {
        let definition = changed("/nodes/ask/ask_keypress/timeout_ms", json!(minimum));
        let events = publish(&state, "small", definition).unwrap();
        let found = events.first().map(|event| {
            Flow::evolve(&mut state, event, Timestamp::EPOCH);
            match event {
                FlowEvent::Published { flow_version, .. } => *flow_version,
                FlowEvent::RolledBack { to_version, .. } => *to_version,
            }
        });
        assert_eq!(found, version);
    }
    assert_eq!(state.latest().unwrap().flow_ref.version, 3);
    assert!(state.version(1).unwrap().definition.is_some());
}

#[test]
fn what_only_looks_different_is_the_same_content() {
    let mut state = FlowState::default();
    let events = publish(&state, "small", small()).unwrap();
    Flow::evolve(&mut state, &events[0], Timestamp::EPOCH);
    let spelled_out = changed("/lang", json!("zh-CN"));
    assert_eq!(publish(&state, "small", spelled_out), Ok(vec![]));
    let FlowEvent::Published {
        content_hash,
        definition,
        ..
    } = &events[0]
    else {
        panic!("it is published");
    };
    assert_eq!(*content_hash, super::content_hash(definition));
}

#[test]
fn a_definition_of_another_flow_is_refused() {
    assert_eq!(
        publish(&FlowState::default(), "other", small()),
        Err(FlowRefusal::AnotherFlow {
            expected: id("other"),
            found: id("small")
        })
    );
}

#[test]
fn a_graph_with_an_edge_to_nothing_is_refused_by_node_and_member() {
    check_fault(
        changed("/start", json!("nowhere")),
        "start leads to \"nowhere\", which is not a node",
    );
    check_fault(
        changed("/nodes/ask/ask_keypress/on_timeout/then", json!("gone")),
        "nodes.ask.on_timeout.then leads to \"gone\", which is not a node",
    );
    check_fault(
        changed("/nodes/ask/ask_keypress/keys/2", json!("gone")),
        "nodes.ask.keys.2 leads to \"gone\", which is not a node",
    );
    check_fault(
        changed("/nodes/lost", json!({"end": {"outcome": "failed"}})),
        "nodes.lost is unreachable",
    );
    check_fault(
        changed("/nodes/bye", json!({"say": {"text": "好", "next": "ask"}})),
        "nodes: the flow has no node that ends the call",
    );
}

#[test]
fn a_loop_needs_an_exit_that_the_call_takes_by_itself() {
    let mut definition = small();
    definition["nodes"]["ask"]["ask_keypress"]["keys"]["2"] = json!("a");
    definition["nodes"]["a"] = json!({"say": {"text": "甲", "next": "b"}});
    definition["nodes"]["b"] = json!({"say": {"text": "乙", "next": "a"}});
    let found = faults(definition.clone());
    assert_eq!(
        found,
        [
            "nodes.a is in a loop without an exit",
            "nodes.b is in a loop without an exit"
        ]
    );
    definition["nodes"]["b"]["say"]["visits"] = json!({"max": 2, "then": "bye"});
    assert_eq!(faults(definition), Vec::<String>::new());
}

#[test]
fn a_variable_must_be_declared_and_have_a_value() {
    let text = "/nodes/ask/ask_keypress/text";
    check_fault(
        changed(text, json!("{{who}}请按1。")),
        "nodes.ask.text: variable \"who\" is not declared or never set",
    );
    for (variable, faults_count) in [
        (json!({}), 0),
        (json!({"required": false}), 1),
        (json!({"required": false, "default": "您"}), 0),
        (json!({"type": "integer", "default": "您"}), 1),
    ] {
        let mut definition = changed(text, json!("{{who}}请按1。"));
        definition["variables"] = json!({"who": variable});
        assert_eq!(faults(definition).len(), faults_count, "{variable}");
    }
}

#[test]
fn limits_hold_at_their_last_permitted_value() {
    for (pointer, permitted, forbidden) in [
        ("/nodes/ask/ask_keypress/timeout_ms", json!(1000), json!(999)),
        ("/nodes/ask/ask_keypress/timeout_ms", json!(60_000), json!(60_001)),
        ("/nodes/ask/ask_keypress/on_timeout/replay", json!(5), json!(6)),
        (
            "/nodes/ask/ask_keypress/text",
            json!("字".repeat(500)),
            json!("字".repeat(501)),
        ),
        ("/nodes/ask/ask_keypress/keys/#", json!("bye"), json!(1)),
        ("/notices/recording", json!("录音。"), json!(" ")),
        ("/notices/ai", json!("机器人。"), json!("{{who}}")),
    ] {
        assert_eq!(
            faults(changed(pointer, permitted)),
            Vec::<String>::new(),
            "{pointer}"
        );
        assert_eq!(faults(changed(pointer, forbidden)).len(), 1, "{pointer}");
    }
    check_fault(
        changed("/nodes/ask/ask_keypress/keys/12", json!("bye")),
        "nodes.ask.keys: \"12\" is not a key: 0 to 9, * or #",
    );
    check_fault(
        changed("/nodes/bye/end/opt_out", json!(true)),
        "nodes.bye.end: opt_out and the outcome opted_out must be used together",
    );
}

#[test]
fn an_unreadable_file_names_the_place() {
    for (definition, expected) in [
        (
            changed("/nodes/ask/ask_keypress/colour", json!("red")),
            "nodes.ask.ask_keypress: unknown field `colour`",
        ),
        (
            changed("/nodes/bye", json!({"end": {}})),
            "nodes.bye.end: missing field `outcome`",
        ),
        (
            changed("/nodes/bye", json!({"finish": {}})),
            "nodes.bye.finish: unknown variant `finish`",
        ),
        (
            changed("/variables", json!({"x": {"type": "colour"}})),
            "variables.x: unknown variant `colour`",
        ),
        (
            changed("/notices", json!({})),
            "notices: missing field `recording`",
        ),
        (changed("/colour", json!(1)), "flow: unknown field `colour`"),
    ] {
        let fault = FlowDefinition::from_value(&definition).unwrap_err().to_string();
        assert!(fault.starts_with(expected), "{fault}");
    }
    let mut no_timeout = small();
    let ask = no_timeout["nodes"]["ask"]["ask_keypress"]
        .as_object_mut()
        .unwrap();
    ask.remove("on_timeout");
    let fault = FlowDefinition::from_value(&no_timeout).unwrap_err().to_string();
    assert_eq!(fault, "nodes.ask.ask_keypress: missing field `on_timeout`");
}

#[test]
fn yaml_that_repeats_a_key_is_refused() {
    let twice = "flow: a\nflow: b\n";
    let fault = FlowDefinition::from_yaml(twice).unwrap_err();
    assert!(
        matches!(&fault, ReadFault::NotYaml { why } if why.contains("flow")),
        "{fault}"
    );
}

#[test]
fn a_scripts_variables_are_required_and_the_notice_flow_has_none() {
    let required: Vec<_> = script().required_variables().into_iter().collect();
    assert_eq!(required, ["account", "customer_name", "days"]);
    assert_eq!(script().check(), []);
    assert!(script().speaks_variables());
    let notice = shipped("notice.yaml");
    assert!(!notice.speaks_variables() && notice.required_variables().is_empty());
    assert!(from_script(id("bad"), "您好{{name").is_err());
}

#[test]
fn the_shipped_reminder_is_the_script_as_a_file() {
    let file = shipped("reminder.yaml");
    // The file keeps its hash: its menus are from builds without `type_ahead`.
    let made = from_script_without_type_ahead(id("cmp2"), SCRIPT).unwrap();
    let names = |definition: &FlowDefinition| definition.nodes.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&file), names(&made));
    assert_eq!(file.nodes["menu"], made.nodes["menu"]);
    assert_eq!(file.nodes["menu_again"], made.nodes["menu_again"]);
    assert_eq!(file.nodes["heard"].text(), Some(GOODBYE));
}

/// A repeated request that created a campaign in an earlier build is recognized by the earlier form.
#[test]
fn menus_of_a_script_take_keys_ahead_and_those_of_earlier_builds_do_not() {
    let menus_ahead = |definition: &FlowDefinition| {
        let is_ahead = |node: &Node| matches!(node, Node::AskKeypress(menu) if menu.type_ahead);
        definition.nodes.values().filter(|node| is_ahead(node)).count()
    };
    let earlier = from_script_without_type_ahead(id("cmp2"), SCRIPT).unwrap();
    assert_eq!((menus_ahead(&script()), menus_ahead(&earlier)), (2, 0));
    let hash = |definition: &FlowDefinition| super::content_hash(&definition.to_value());
    assert_ne!(hash(&script()), hash(&earlier));
}

#[test]
fn a_row_that_lacks_a_variable_or_has_one_of_another_type_names_it() {
    let flow = shipped("reminder.yaml");
    let row = |days: &str, account: &str| {
        let pairs = [("customer_name", "张三"), ("days", days), ("account", account)];
        let row = pairs.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let faults = flow.check_values(&row.into());
        faults.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(row("3", "6222"), Vec::<String>::new());
    assert_eq!(
        row(" ", "62-22"),
        ["variable account is not digits only", "variable days is missing"]
    );
    for (kind, good, bad) in [
        (VariableKind::Text, "字".repeat(128), "字".repeat(129)),
        (VariableKind::Money, "3250.50".to_owned(), "3250.505".to_owned()),
        (VariableKind::Integer, "-3".to_owned(), "3.0".to_owned()),
    ] {
        assert!(kind.accepts(&good) && !kind.accepts(&bad), "{kind:?}");
    }
}

#[test]
fn a_question_that_only_asks_itself_again_has_no_exit() {
    let mut definition = small();
    let ask = |text: &str| {
        json!({"ask_keypress": {
            "text": text, "keys": {}, "timeout_ms": 5000,
            "on_timeout": {"then": "trap"}, "on_other": {"then": "trap"}
        }})
    };
    definition["nodes"]["ask"]["ask_keypress"]["keys"]["2"] = json!("trap");
    definition["nodes"]["trap"] = ask("再说一遍。");
    check_fault(definition, "nodes.trap is in a loop without an exit");
}

#[test]
fn a_loop_of_branches_is_found_though_an_end_can_be_reached_from_it() {
    let mut definition = small();
    definition["variables"] = json!({"days": {"type": "integer"}});
    definition["nodes"]["ask"]["ask_keypress"]["keys"]["2"] = json!("check");
    let back = json!([{"variable": "days", "at_least": 3, "next": "say"}]);
    definition["nodes"]["check"] = json!({"branch": {"when": back, "otherwise": "bye"}});
    definition["nodes"]["say"] = json!({"say": {"text": "好", "next": "check"}});
    assert_eq!(
        faults(definition),
        [
            "nodes.check is in a loop without an exit",
            "nodes.say is in a loop without an exit"
        ]
    );
}

#[test]
fn a_nodes_own_exception_branch_makes_a_node_reachable() {
    let mut definition = changed("/nodes/own", json!({"end": {"outcome": "failed"}}));
    definition["nodes"]["ask"]["ask_keypress"]["on_exception"] = json!("own");
    assert_eq!(faults(definition), Vec::<String>::new());
}

#[test]
fn a_branch_has_exactly_one_condition_on_a_declared_variable() {
    for (case, fault) in [
        (json!({"variable": "days", "equals": "3", "next": "bye"}), None),
        (
            json!({"variable": "days", "next": "bye"}),
            Some("nodes.by.when[0]: exactly one of equals, one_of, at_least and present is required"),
        ),
        (
            json!({"variable": "days", "equals": "3", "present": true, "next": "bye"}),
            Some("nodes.by.when[0]: exactly one of equals, one_of, at_least and present is required"),
        ),
        (
            json!({"variable": "months", "equals": "3", "next": "bye"}),
            Some("nodes.by.when[0]: variable \"months\" is not declared or never set"),
        ),
    ] {
        let mut definition = changed("/start", json!("by"));
        definition["variables"] = json!({"days": {"type": "integer"}});
        definition["nodes"]["by"] = json!({"branch": {"when": [case], "otherwise": "ask"}});
        let expected: Vec<String> = fault.map(str::to_owned).into_iter().collect();
        assert_eq!(faults(definition), expected);
    }
}

#[test]
fn what_a_key_sets_is_a_declared_variable_of_its_type_by_a_key_that_is_asked() {
    for (set, fault) in [
        (json!({"1": {"terms": "3"}}), None),
        (
            json!({"1": {"terms": "three"}}),
            Some("nodes.ask.set.1.terms: \"three\" does not match the variable's type"),
        ),
        (
            json!({"1": {"months": "3"}}),
            Some("nodes.ask.set.1: variable \"months\" is not declared or never set"),
        ),
        (
            json!({"2": {"terms": "3"}}),
            Some("nodes.ask.set: \"2\" is not a key: 0 to 9, * or #"),
        ),
    ] {
        let mut definition = changed("/nodes/ask/ask_keypress/set", set);
        definition["variables"] = json!({"terms": {"type": "integer", "required": false}});
        let expected: Vec<String> = fault.map(str::to_owned).into_iter().collect();
        assert_eq!(faults(definition), expected);
    }
}

#[test]
fn the_outcome_opted_out_is_never_said_without_being_done() {
    check_fault(
        changed("/nodes/bye/end/outcome", json!("opted_out")),
        "nodes.bye.end: opt_out and the outcome opted_out must be used together",
    );
}

#[test]
fn a_definition_that_fits_into_no_record_is_refused() {
    let mut definition = small();
    for index in 0..100 {
        let name = format!("n{index}");
        definition["nodes"]["ask"]["ask_keypress"]["keys"]["1"] = json!("n0");
        let next = if index < 99 {
            format!("n{}", index + 1)
        } else {
            "bye".to_owned()
        };
        definition["nodes"][name] = json!({"say": {"text": "字".repeat(200), "next": next}});
    }
    assert!(matches!(
        publish(&FlowState::default(), "small", definition),
        Err(FlowRefusal::TooLarge {
            bytes_max: 60_000,
            ..
        })
    ));
}

#[test]
fn a_flow_that_few_bytes_repeat_beyond_all_memory_is_refused_before_it_is_read() {
    let bomb = format!(
        "a: &a [{}1]\nb: [{}*a]\n",
        "1,".repeat(10_000),
        "*a,".repeat(10_000)
    );
    let refused = FlowDefinition::yaml_value(&bomb).unwrap_err().to_string();
    assert!(refused.contains("repeat"), "{refused}");
}
