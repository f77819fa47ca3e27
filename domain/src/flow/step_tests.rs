//! Runs of a flow, played through as a callee would: notices, questions, keys, silence and faults.

use super::tests::{script, shipped, small};
use super::{
    AI_NOTICE, FlowAction, FlowDefinition, FlowInput, FlowPrompt, FlowRun, MENU, NoticeKind,
    RECORDING_NOTICE, STEPS_MAX,
};
use FlowInput::{Deaf, Fault, Keypress, Played, Silence, Unheard};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use values::disposition::Outcome;
use values::transfer_reason::TransferReason;

pub(super) fn variables() -> BTreeMap<String, String> {
    [
        ("customer_name", "张三"),
        ("days", "3"),
        ("account", "6222"),
        ("bank_name", "示例银行"),
        ("name", "张三"),
        ("card_tail", "1234"),
        ("amount", "3250.50"),
        ("fee_text", "年化费率以合同为准"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into()
}

/// Runs a flow over these inputs; the nodes entered, in order, and the last action.
fn play(definition: FlowDefinition, inputs: &[FlowInput<'_>]) -> (Vec<String>, Option<FlowAction>) {
    let (mut run, mut actions) = FlowRun::begin(&Arc::new(definition), &variables());
    for input in inputs {
        actions.extend(run.step(*input));
    }
    let mut entered = Vec::new();
    for action in &actions {
        if let FlowAction::EnterNode { node } = action {
            entered.push(node.clone());
        }
    }
    (entered, actions.pop())
}

#[track_caller]
fn check_end(definition: FlowDefinition, inputs: &[FlowInput<'_>], nodes: &[&str], outcome: Outcome) {
    let (entered, last) = play(definition, inputs);
    assert_eq!(entered, nodes);
    assert_eq!(last, Some(FlowAction::End { outcome }));
}

/// The text of a node.
fn prompt(node: &str) -> FlowPrompt {
    FlowPrompt {
        member: format!("nodes.{node}.text"),
        variant: None,
    }
}

fn said(actions: &[FlowAction]) -> String {
    let mut texts = String::new();
    for action in actions {
        if let FlowAction::Say { text, .. } = action {
            texts.push_str(text);
        }
    }
    texts
}

#[test]
fn the_notices_come_first_and_a_key_that_refuses_nothing_does_not_interrupt_them() {
    let (mut run, actions) = FlowRun::begin(&Arc::new(script()), &variables());
    let notice = |notice, text: &str| FlowAction::Notice {
        notice,
        text: text.to_owned(),
    };
    assert_eq!(
        actions,
        [
            notice(NoticeKind::Recording, RECORDING_NOTICE),
            notice(NoticeKind::Ai, AI_NOTICE)
        ]
    );
    assert_eq!(run.step(Keypress('7')), []);
    assert_eq!(
        run.step(Played),
        [
            FlowAction::EnterNode {
                node: "message".to_owned()
            },
            FlowAction::Say {
                text: "您好,张三,您的贷款已逾期3天,请尽快还款至账号6222。".to_owned(),
                personal: true,
                parts: [
                    "您好,",
                    "张三",
                    ",您的贷款已逾期",
                    "3",
                    "天,请尽快还款至账号",
                    "6222",
                    "。"
                ]
                .map(str::to_owned)
                .into(),
                prompt: prompt("message")
            }
        ]
    );
    assert_eq!(run.step(Keypress('7')), []);
    assert_eq!(
        run.step(Played),
        [
            FlowAction::EnterNode {
                node: "menu".to_owned()
            },
            FlowAction::Say {
                text: MENU.to_owned(),
                personal: false,
                parts: Vec::new(),
                prompt: prompt("menu")
            },
            FlowAction::Listen { silence_ms: 5_000 }
        ]
    );
    assert_eq!(run.node(), "menu");
}

#[test]
fn a_key_during_the_question_stops_it_and_counts() {
    let (mut run, _) = FlowRun::begin(&Arc::new(script()), &variables());
    run.step(Played);
    run.step(Played);
    let mut later = run.clone();
    let actions = run.step(Keypress('9'));
    assert_eq!(actions[0], FlowAction::StopSaying);
    assert_eq!(actions[1], FlowAction::OptOut);
    later.step(Played);
    let actions = later.step(Keypress('9'));
    assert_eq!(
        actions,
        [
            FlowAction::OptOut,
            FlowAction::EnterNode {
                node: "refused".to_owned()
            },
            FlowAction::Say {
                text: super::OPTED_OUT.to_owned(),
                personal: false,
                parts: Vec::new(),
                prompt: prompt("refused")
            },
            FlowAction::End {
                outcome: Outcome::OptedOut
            }
        ]
    );
    assert_eq!(later.step(Keypress('1')), []);
    assert_eq!(
        later.step(Fault),
        [
            FlowAction::StopSaying,
            FlowAction::End {
                outcome: Outcome::OptedOut
            }
        ]
    );
}

#[test]
fn a_reminder_without_a_key_as_answer_is_no_response() {
    check_end(
        script(),
        &[Played, Played, Played, Silence, Played, Silence],
        &["message", "menu", "silent"],
        Outcome::NoResponse,
    );
}

#[test]
fn a_reminder_heard_again_or_met_with_a_wrong_key_is_a_success() {
    check_end(
        script(),
        &[Played, Played, Played, Keypress('1'), Played, Played, Silence],
        &["message", "menu", "message_again", "menu_again", "heard"],
        Outcome::Success,
    );
    check_end(
        script(),
        &[
            Played,
            Played,
            Keypress('5'),
            Played,
            Keypress('5'),
            Keypress('5'),
        ],
        &["message", "menu", "menu_again", "heard"],
        Outcome::Success,
    );
}

#[test]
fn the_text_is_heard_again_three_times_at_most() {
    let again = [Keypress('1'), Played];
    let inputs = [&[Played, Played][..], &again, &again, &again, &again].concat();
    let (entered, last) = play(script(), &inputs);
    assert_eq!(entered.iter().filter(|node| *node == "message_again").count(), 3);
    assert_eq!(
        last,
        Some(FlowAction::End {
            outcome: Outcome::Success
        })
    );
}

#[test]
fn a_wish_for_a_colleague_is_a_transfer_and_ends_as_callback() {
    let (mut run, _) = FlowRun::begin(&Arc::new(script()), &variables());
    run.step(Played);
    run.step(Played);
    run.step(Played);
    let actions = run.step(Keypress('2'));
    assert_eq!(
        actions[1],
        FlowAction::RequestTransfer {
            node: "colleague".to_owned(),
            reason: TransferReason::Requested,
        }
    );
    assert_eq!(
        actions[3],
        FlowAction::End {
            outcome: Outcome::Callback
        }
    );
}

#[test]
fn a_fault_takes_the_exception_branch_once_and_then_ends_the_call() {
    let (entered, last) = play(script(), &[Played, Fault]);
    assert_eq!(entered, ["message", "exception"]);
    let failed = || {
        Some(FlowAction::End {
            outcome: Outcome::Failed,
        })
    };
    assert_eq!(last, failed());
    let mut definition = script();
    definition.on_exception = "menu".to_owned();
    let (entered, last) = play(definition, &[Played, Fault, Fault]);
    assert_eq!(entered, ["message", "menu"]);
    assert_eq!(last, failed());
}

#[test]
fn a_call_that_goes_round_and_round_ends_as_failed() {
    let mut definition = small();
    definition["nodes"]["ask"]["ask_keypress"]["keys"]["2"] = json!("ask");
    let definition = FlowDefinition::from_value(&definition).unwrap();
    assert_eq!(definition.check(), []);
    let rounds = usize::try_from(STEPS_MAX).unwrap();
    let mut inputs = vec![Played];
    inputs.extend(std::iter::repeat_n(Keypress('2'), rounds - 1));
    let (entered, last) = play(definition.clone(), &inputs);
    assert_eq!(entered.len(), rounds);
    assert_eq!(last, Some(FlowAction::Listen { silence_ms: 5_000 }));
    inputs.push(Keypress('2'));
    let (entered, last) = play(definition, &inputs);
    assert_eq!(entered.len(), rounds);
    assert_eq!(
        last,
        Some(FlowAction::End {
            outcome: Outcome::Failed
        })
    );
}

#[test]
fn the_instalment_is_signed_in_exactly_the_five_steps_of_the_requirement() {
    let inputs = [
        Played,
        Played,
        Keypress('1'),
        Played,
        Keypress('3'),
        Played,
        Keypress('1'),
    ];
    check_end(
        shipped("card_instalment.yaml"),
        &inputs,
        &[
            "开场白",
            "验证卡号",
            "查询可分期金额",
            "确认分期期数",
            "签约",
            "签约成功",
        ],
        Outcome::Success,
    );
}

#[test]
fn a_key_sets_the_term_that_is_then_confirmed_and_digits_are_spoken_apart() {
    let graph = Arc::new(shipped("card_instalment.yaml"));
    let (mut run, _) = FlowRun::begin(&graph, &variables());
    run.step(Played);
    assert!(said(&run.step(Played)).contains("尾号1 2 3 4的"));
    run.step(Keypress('1'));
    run.step(Played);
    assert!(said(&run.step(Keypress('2'))).contains("金额3250.50元，分6期"));
}

#[test]
fn another_person_on_the_phone_learns_nothing_about_money() {
    let inputs = [Played, Played, Keypress('2')];
    check_end(
        shipped("card_instalment.yaml"),
        &inputs,
        &["开场白", "验证卡号", "非本人"],
        Outcome::WrongParty,
    );
}

#[test]
fn a_branch_goes_by_the_value_and_a_default_fills_in() {
    for (days, node) in [("29", "gentle"), ("30", "firm")] {
        let values = BTreeMap::from([("days".to_owned(), days.to_owned())]);
        let (mut run, _) = FlowRun::begin(&Arc::new(shipped("branch.yaml")), &values);
        run.step(Played);
        assert_eq!(run.node(), node, "{days}");
    }
    let (mut run, _) = FlowRun::begin(&Arc::new(shipped("ask_keypress.yaml")), &BTreeMap::new());
    run.step(Played);
    let actions = run.step(Keypress('2'));
    assert!(
        matches!(&actions[2], FlowAction::Say { text, .. } if text.contains("不满意")),
        "{actions:?}"
    );
}

#[test]
fn replays_are_counted_separately_in_every_visit() {
    let again = [Played, Silence, Silence];
    let mut definition = script();
    if let Some(super::Node::AskKeypress(menu)) = definition.nodes.get_mut("menu") {
        menu.on_timeout.then = "message".to_owned();
    }
    let inputs = [&[Played, Played][..], &again, &[Played], &again].concat();
    let nodes = ["message", "menu", "message", "menu", "message"];
    let (entered, _) = play(definition.clone(), &inputs);
    assert_eq!(entered, nodes);
    let (entered, _) = play(definition, &inputs[..inputs.len() - 1]);
    assert_eq!(entered, nodes[..4]);
}

#[test]
fn a_nodes_own_exception_branch_comes_before_the_flows() {
    let mut definition = script();
    if let Some(super::Node::Say(message)) = definition.nodes.get_mut("message") {
        message.on_exception = Some("silent".to_owned());
    }
    check_end(
        definition,
        &[Played, Fault],
        &["message", "silent"],
        Outcome::NoResponse,
    );
}

/// Why the flow hands over, after these inputs.
fn transfer_reason(definition: &Value, inputs: &[FlowInput<'_>]) -> Option<TransferReason> {
    let definition: FlowDefinition = serde_json::from_value(definition.clone()).unwrap();
    let (mut run, _) = FlowRun::begin(&Arc::new(definition), &BTreeMap::new());
    let actions = inputs.iter().flat_map(|input| run.step(*input));
    let mut reasons = actions.filter_map(|action| {
        let FlowAction::RequestTransfer { reason, .. } = action else {
            return None;
        };
        Some(reason)
    });
    reasons.next()
}

#[test]
fn a_transfer_says_why_it_comes() {
    let ask = |node: Value| {
        json!({
            "flow": "small", "notices": {"recording": "本次通话将录音。"}, "start": "ask", "on_exception": "person",
            "dialogue": {"intents": {"transfer_human": {"then": "person"}}},
            "nodes": {"ask": node, "person": {"transfer": {"text": "请稍候。", "outcome": "callback"}}}
        })
    };
    let menu = ask(json!({"ask_keypress": {
        "text": "转人工请按2。", "keys": {"2": "person"}, "timeout_ms": 5000,
        "on_timeout": {"replay": 0, "then": "person"}, "on_other": {"replay": 0, "then": "person"}
    }}));
    let spoken = ask(json!({"ask": {
        "text": "需要吗？", "expect": "speech", "timeout_ms": 3000,
        "on_silence": {"then": "person"}, "on_unclear": {"then": "person"}
    }}));
    let direct = ask(json!({"say": {"text": "您好。", "next": "person"}}));
    use TransferReason::{EngineFailure, Flow, Ladder, Requested};
    for (flow, inputs, reason) in [
        (&menu, vec![Played, Keypress('2')], Requested),
        (&menu, vec![Played, Played, Silence], Ladder),
        (&menu, vec![Played, Keypress('7')], Ladder),
        (&menu, vec![Played, Fault], EngineFailure),
        (&spoken, vec![Played, Played, Silence], Ladder),
        (&spoken, vec![Played, Unheard], EngineFailure),
        // The recognizer is dead, and the callee says nothing: that is no request for a colleague.
        (&spoken, vec![Played, Deaf], EngineFailure),
        (&spoken, vec![Deaf, Played, Played, Silence], EngineFailure),
        (&direct, vec![Played, Played], Flow),
        (&direct, vec![Played, Fault], EngineFailure),
    ] {
        assert_eq!(transfer_reason(flow, &inputs), Some(reason), "{inputs:?}");
    }
}
