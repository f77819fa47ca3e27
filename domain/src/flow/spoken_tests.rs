//! Tests of spoken flows: answers by speech and keypress, silence, corrections, opt-outs, barge-in,
//! digressions, groups.

use super::step_tests::variables;
use super::tests::shipped;
use super::{
    ActNodeAction, BargeIn, FlowAction, FlowDefinition, FlowInput, FlowRun, Interruption, Node,
    UnderstandingResult,
};
use crate::spoken_turn::{Certainty, IntentCandidate, ReadingSource, SpokenReading};
use FlowInput::{BargedIn, Deaf, Keypress, Played, SensitiveWord, Silence, Spoken, Unheard};
use std::collections::BTreeMap;
use std::sync::Arc;
use values::disposition::Outcome;
use values::emotion::EmotionPlan;
use values::transfer_reason::TransferReason;

fn said(intent: &str, certainty: Certainty) -> UnderstandingResult {
    let candidate = IntentCandidate {
        intent: intent.to_owned(),
        score_permille: 700,
    };
    UnderstandingResult {
        reading: SpokenReading {
            certainty,
            read_by: ReadingSource::Model,
            candidates: vec![candidate],
            accept_permille: Some(600),
            confirm_permille: Some(300),
            knowledge: None,
            picked: None,
        },
        slots: BTreeMap::new(),
        interest: None,
        opt_out: false,
        answers: BTreeMap::new(),
        emotion: None,
    }
}

pub(super) fn sure(intent: &str) -> UnderstandingResult {
    said(intent, Certainty::Accepted)
}

fn term(months: &str) -> UnderstandingResult {
    UnderstandingResult {
        slots: [("terms".to_owned(), months.to_owned())].into(),
        ..said("ask_term", Certainty::Abstained)
    }
}

/// A run of a bundled flow, recorded as nodes, rules and outcomes.
struct RecordedRun {
    run: FlowRun,
    nodes: Vec<String>,
    rules: Vec<String>,
    last: Vec<FlowAction>,
}

fn call(flow: &str) -> RecordedRun {
    of(shipped(flow))
}

fn of(definition: FlowDefinition) -> RecordedRun {
    let (run, _) = FlowRun::begin(&Arc::new(definition), &variables());
    RecordedRun {
        run,
        nodes: Vec::new(),
        rules: Vec::new(),
        last: Vec::new(),
    }
}

impl RecordedRun {
    fn then(mut self, input: FlowInput<'_>) -> Self {
        self.last = self.run.step(input);
        for action in &self.last {
            if let FlowAction::EnterNode { node } = action {
                self.nodes.push(node.clone());
            }
            if let FlowAction::Decide { decision } = action {
                self.rules.push(decision.rule.clone());
            }
        }
        self
    }

    fn transfer_reason(&self) -> Option<TransferReason> {
        self.last.iter().find_map(|action| {
            let FlowAction::RequestTransfer { reason, .. } = action else {
                return None;
            };
            Some(*reason)
        })
    }

    fn text(&self) -> String {
        let mut text = String::new();
        for action in &self.last {
            if let FlowAction::Say { text: said, .. } = action {
                text.push_str(said);
            }
        }
        text
    }
}

/// Runs the flow up to the question about the card.
fn at_card() -> RecordedRun {
    call("card_instalment_spoken.yaml").then(Played).then(Played)
}

/// Runs the flow up to the question about the term.
fn at_terms() -> RecordedRun {
    at_card().then(Played).then(Spoken(&sure("affirm"))).then(Played)
}

#[test]
fn the_instalment_is_agreed_by_word_and_signed_by_key_in_exactly_its_five_steps() {
    let recorded = at_terms().then(Spoken(&term("6")));
    assert!(recorded.text().contains("分6期"), "{}", recorded.text());
    let recorded = recorded.then(Spoken(&sure("affirm")));
    assert_eq!(recorded.run.outcome(), None, "a word does not sign");
    assert!(recorded.text().contains("按键确认"));
    let recorded = recorded.then(Keypress('1'));
    let steps = [
        "开场白",
        "验证卡号",
        "查询可分期金额",
        "确认分期期数",
        "签约",
        "签约成功",
    ];
    assert_eq!(recorded.nodes, steps);
    assert_eq!(recorded.run.outcome(), Some(Outcome::Success));
    let rules = [
        "nodes.验证卡号.intents.affirm",
        "nodes.确认分期期数.on_filled",
        "nodes.签约.on_unclear",
        "nodes.签约.keys",
    ];
    assert_eq!(recorded.rules, rules);
}

#[test]
fn a_decision_is_stored_before_the_node_that_follows_from_it() {
    let recorded = at_card().then(Spoken(&sure("affirm")));
    assert!(matches!(recorded.last[0], FlowAction::StopSaying));
    let FlowAction::Decide { decision } = &recorded.last[1] else {
        panic!("{:?}", recorded.last)
    };
    assert_eq!(decision.node, "验证卡号");
    let reading = decision.explanation.reading.as_ref().unwrap();
    assert_eq!(
        (reading.accept_permille, reading.candidates[0].score_permille),
        (Some(600), 700)
    );
    assert!(matches!(&recorded.last[2], FlowAction::EnterNode { node } if node == "查询可分期金额"));
}

#[test]
fn a_correction_changes_the_slot_and_asks_again() {
    let recorded = at_terms().then(Spoken(&term("12")));
    assert!(recorded.text().contains("分12期"));
    let recorded = recorded.then(Spoken(&term("3")));
    assert!(recorded.text().contains("分3期"), "{}", recorded.text());
    assert_eq!(recorded.rules.last().unwrap(), "nodes.签约.correction");
    assert_eq!(recorded.nodes.last().unwrap(), "签约", "it went elsewhere");
    let refused = at_terms().then(Spoken(&term("5")));
    assert_eq!(refused.rules.last().unwrap(), "nodes.确认分期期数.on_unclear");
}

#[test]
fn silence_climbs_its_ladder_and_never_lasts_longer_than_three_seconds() {
    let recorded = at_card().then(Played).then(Silence);
    assert!(recorded.text().contains("能听到"), "{}", recorded.text());
    let recorded = recorded.then(Played).then(Silence);
    assert!(recorded.text().contains("持卡人本人"), "{}", recorded.text());
    assert!(recorded.last.contains(&FlowAction::Listen { silence_ms: 3_000 }));
    let recorded = recorded.then(Played).then(Silence);
    assert_eq!(recorded.run.outcome(), Some(Outcome::NoResponse));
}

#[test]
fn what_is_unsure_is_asked_back_and_counts_once_it_is_confirmed() {
    let recorded = at_card()
        .then(Played)
        .then(Spoken(&said("affirm", Certainty::ToConfirm)));
    assert!(
        recorded.text().contains("您是想说可以，对吗"),
        "{}",
        recorded.text()
    );
    let yes = at_card()
        .then(Spoken(&said("affirm", Certainty::ToConfirm)))
        .then(Spoken(&sure("affirm")));
    assert_eq!(yes.nodes.last().unwrap(), "查询可分期金额");
    let no = recorded.then(Spoken(&sure("deny")));
    assert_eq!(no.rules.last().unwrap(), "nodes.验证卡号.on_unclear");
    assert_eq!(no.run.node(), "验证卡号");
    let unclear = no.then(Spoken(&said("ask_fee", Certainty::Abstained)));
    assert!(unclear.text().contains("持卡人本人"), "the text again");
    let unclear = unclear.then(Unheard);
    assert_eq!(unclear.nodes.last().unwrap(), "转人工");
}

#[test]
fn an_answer_beside_the_way_returns_to_the_question_three_times_at_most() {
    let mut recorded = at_terms();
    for _ in 0..2 {
        recorded = recorded.then(Played).then(Spoken(&sure("too_expensive")));
        let text = recorded.text();
        assert!(
            text.contains("理解您的顾虑") && text.contains("您看分3期"),
            "{text}"
        );
    }
    let recorded = recorded
        .then(Spoken(&sure("too_expensive")))
        .then(Spoken(&sure("too_expensive")));
    assert_eq!(recorded.rules.last().unwrap(), "nodes.确认分期期数.on_unclear");
    assert_eq!(recorded.run.node(), "确认分期期数");
}

#[test]
fn an_opt_out_by_word_counts_in_the_notices_in_texts_in_questions_and_in_the_goodbye() {
    let refusal = UnderstandingResult {
        opt_out: true,
        ..sure("refuse_call")
    };
    let begin = || call("card_instalment_spoken.yaml");
    let goodbye = at_card().then(Spoken(&sure("deny")));
    assert_eq!(goodbye.run.outcome(), Some(Outcome::WrongParty));
    for recorded in [begin(), begin().then(Played), at_card(), at_terms(), goodbye] {
        let recorded = recorded.then(Spoken(&refusal));
        assert!(recorded.last.contains(&FlowAction::OptOut), "{:?}", recorded.last);
        assert_eq!(recorded.run.outcome(), Some(Outcome::OptedOut));
    }
    let keys_only = call("notice.yaml").then(Spoken(&refusal));
    assert_eq!(
        keys_only.run.outcome(),
        Some(Outcome::OptedOut),
        "also where no key refuses"
    );
    assert!(keys_only.last.contains(&FlowAction::OptOut));
}

#[test]
fn a_key_that_refuses_counts_anywhere_in_a_spoken_flow_too() {
    let recorded = at_terms().then(Keypress('9'));
    assert!(recorded.last.contains(&FlowAction::OptOut));
    let recorded = call("card_instalment_spoken.yaml").then(Keypress('9'));
    assert_eq!(recorded.run.outcome(), Some(Outcome::OptedOut));
}

#[test]
fn a_back_channel_neither_answers_nor_interrupts() {
    let recorded = at_card().then(Spoken(&said("affirm", Certainty::BackChannel)));
    assert!(!recorded.last.contains(&FlowAction::StopSaying));
    assert_eq!(recorded.rules, ["nodes.验证卡号.back_channel"]);
    assert_eq!(recorded.run.node(), "验证卡号");
}

#[test]
fn a_question_is_interrupted_by_enough_voice_and_a_notice_never() {
    let heard = |said_ms, voiced_ms, chars| {
        BargedIn(Interruption {
            said_ms,
            voiced_ms,
            chars,
        })
    };
    let stop = |recorded: &RecordedRun| recorded.last.contains(&FlowAction::StopSaying);
    assert!(stop(&at_terms().then(heard(300, 300, Some(2)))));
    assert!(!stop(&at_terms().then(heard(299, 300, Some(2)))), "protected");
    assert!(!stop(&at_terms().then(heard(300, 299, None))), "too short");
    assert!(!stop(&at_terms().then(heard(300, 300, Some(1)))), "one character");
    assert!(!stop(
        &call("card_instalment_spoken.yaml").then(heard(5_000, 5_000, None))
    ));
    assert!(
        !stop(&at_terms().then(Played).then(heard(300, 300, None))),
        "nothing is said"
    );
}

#[test]
fn a_sensitive_word_ends_the_call_at_once() {
    let recorded = at_terms().then(SensitiveWord);
    assert!(matches!(recorded.last[0], FlowAction::StopSaying));
    assert_eq!(recorded.rules.last().unwrap(), "sensitive_words");
    assert_eq!(recorded.run.outcome(), Some(Outcome::Declined));
}

#[test]
fn without_a_recognizer_keys_answer_and_a_person_where_there_are_none() {
    let recorded = at_terms().then(Deaf);
    assert_eq!(recorded.rules.last().unwrap(), "nodes.确认分期期数.on_unclear");
    assert_eq!(recorded.then(Keypress('2')).run.node(), "签约");
    // The question is not repeated for a spoken answer: the next question has no keys.
    let recorded = call("survey_zh.yaml").then(Deaf).then(Played);
    assert_eq!(
        recorded.run.outcome(),
        Some(Outcome::Callback),
        "{:?}",
        recorded.nodes
    );
    assert_eq!(recorded.rules, ["dialogue.intents.transfer_human"]);
}

#[test]
fn a_group_of_nodes_is_gone_into_and_comes_back_and_an_answer_returns_to_its_question() {
    let recorded = call("knowledge.yaml").then(Played).then(Spoken(&sure("affirm")));
    assert_eq!(
        recorded.nodes,
        ["check_person", "is_it_you", "yes_it_is", "offer"]
    );
    let recorded = recorded.then(Spoken(&sure("affirm")));
    assert_eq!(recorded.run.node(), "fee");
    let recorded = recorded.then(Played);
    assert_eq!(recorded.run.node(), "offer");
    let slower = recorded.then(Spoken(&sure("slower")));
    assert_eq!(slower.last[2], FlowAction::SpeakSlower);
}

#[test]
fn rules_over_what_is_known_decide_and_acts_are_named() {
    let recorded = call("decide.yaml")
        .then(Played)
        .then(Played)
        .then(Spoken(&sure("affirm")));
    assert_eq!(
        recorded.nodes,
        ["hello", "interested", "content", "which", "praised"]
    );
    assert_eq!(recorded.rules.last().unwrap(), "nodes.which.rules[1]");
    let tag = FlowAction::Intend {
        intention: ActNodeAction::Tag("满意".to_owned()),
    };
    assert!(recorded.last.contains(&tag));
    let recorded = call("decide.yaml")
        .then(Played)
        .then(Played)
        .then(Spoken(&sure("deny")));
    assert_eq!(
        recorded.rules.last().unwrap(),
        "nodes.which.otherwise",
        "three days are not thirty"
    );
}

#[test]
fn how_a_caller_sounds_decides_where_the_campaign_lets_it_and_nowhere_else() {
    let led = |text: &str, may_branch: bool| {
        let read = EmotionPlan { may_branch }.read(text, None);
        let spoken = UnderstandingResult {
            emotion: Some(read),
            ..said("", Certainty::Abstained)
        };
        let recorded = call("emotion.yaml").then(Played).then(Spoken(&spoken));
        recorded.rules.last().cloned().unwrap_or_default()
    };
    assert_eq!(led("你们这些骗子", true), "nodes.gauge.rules[0]");
    assert_eq!(led("怎么又是你们", true), "nodes.gauge.rules[1]");
    assert_eq!(led("我不太明白", true), "nodes.gauge.otherwise");
    assert_eq!(led("你们这些骗子", false), "nodes.gauge.otherwise");
    let unmeasured = call("emotion.yaml").then(Played).then(Spoken(&sure("deny")));
    assert_eq!(unmeasured.rules.last().unwrap(), "nodes.gauge.otherwise");
}

#[test]
fn a_transfer_for_how_the_callee_sounds_says_so_and_one_asked_for_by_word_does_too() {
    let read = EmotionPlan { may_branch: true }.read("你们这些骗子", None);
    let angry = UnderstandingResult {
        emotion: Some(read),
        ..said("", Certainty::Abstained)
    };
    let run = call("emotion.yaml").then(Played).then(Spoken(&angry));
    assert_eq!(run.transfer_reason(), Some(TransferReason::Emotion));
    let asked = at_card().then(Spoken(&sure("transfer_human")));
    assert_eq!(asked.transfer_reason(), Some(TransferReason::Requested));
}

#[test]
fn a_table_of_transitions_runs_as_its_rows_say() {
    let recorded = call("instalment_offer.yaml")
        .then(Played)
        .then(Spoken(&sure("affirm")));
    assert!(recorded.text().contains("我们这款产品"));
    let recorded = recorded.then(Played).then(Spoken(&sure("too_expensive")));
    assert!(recorded.text().contains("您关注的成本问题"));
    let recorded = recorded.then(Played).then(Spoken(&sure("consider")));
    assert!(recorded.text().contains("现在签约可享"));
    assert_eq!(
        recorded.nodes,
        [
            "问候阶段",
            "产品介绍",
            "异议处理",
            "价值重塑",
            "促成阶段",
            "限时优惠"
        ]
    );
}

#[test]
fn a_call_says_the_wording_its_id_chose_and_says_which() {
    let mut said = BTreeMap::new();
    for number in 0..50 {
        let graph = Arc::new(shipped("ask.yaml"));
        let (run, _) = FlowRun::begin(&graph, &variables());
        let mut run = run.of_call(format!("call-{number}/1"));
        for action in run.step(Played) {
            if let FlowAction::Say { text, prompt, .. } = action {
                said.insert(prompt.variant.unwrap(), text);
            }
        }
    }
    assert_eq!(said["short"], "打扰一分钟，可以吗？");
    assert_eq!(said.len(), 2);
}

/// Returns an utterance with a term of so many months.
fn with_term(months: &str, said: UnderstandingResult) -> UnderstandingResult {
    UnderstandingResult {
        slots: term(months).slots,
        ..said
    }
}

#[test]
fn a_refusal_a_complaint_and_a_person_asked_for_go_before_a_number_in_the_sentence() {
    let by_rule = |intent: &str| {
        let mut said = sure(intent);
        said.reading.read_by = ReadingSource::Rule;
        said
    };
    for (said, rule) in [
        (with_term("3", sure("deny")), "nodes.确认分期期数.intents.deny"),
        (
            with_term("3", by_rule("transfer_human")),
            "dialogue.intents.transfer_human",
        ),
        (with_term("3", by_rule("complaint")), "dialogue.intents.complaint"),
        (
            with_term("24", by_rule("transfer_human")),
            "dialogue.intents.transfer_human",
        ),
    ] {
        let recorded = at_terms().then(Spoken(&said));
        assert_eq!(recorded.rules.last().unwrap(), rule);
        assert_eq!(
            recorded.run.values().get("terms"),
            None,
            "{rule}: it was no answer"
        );
    }
    let corrected = at_terms()
        .then(Spoken(&term("12")))
        .then(Spoken(&with_term("3", sure("deny"))));
    assert_eq!(corrected.rules.last().unwrap(), "nodes.签约.correction");
}

#[test]
fn a_value_that_is_not_asked_for_here_and_not_taken_makes_no_answer_unclear() {
    let recorded = at_card().then(Spoken(&with_term("24", sure("affirm"))));
    assert_eq!(recorded.rules, ["nodes.验证卡号.intents.affirm"]);
}

/// Runs the flow up to the question about the term, with barge-in forbidden there.
fn at_protected_terms() -> RecordedRun {
    let mut flow = shipped("card_instalment_spoken.yaml");
    if let Some(Node::Ask(ask)) = flow.nodes.get_mut("确认分期期数") {
        ask.barge_in = Some(BargeIn {
            allowed: false,
            ..BargeIn::default()
        });
    }
    of(flow)
        .then(Played)
        .then(Played)
        .then(Spoken(&sure("affirm")))
        .then(Played)
}

#[test]
fn a_text_that_must_be_heard_whole_is_cut_by_nothing_but_what_counts_anywhere() {
    for input in [Spoken(&term("3")), Spoken(&sure("affirm")), Unheard] {
        let recorded = at_protected_terms().then(input);
        assert_eq!(recorded.last, [], "{input:?}");
        assert_eq!(recorded.run.values().get("terms"), None);
        let answered = recorded.then(Played).then(Spoken(&term("6")));
        assert_eq!(
            answered.rules.last().unwrap(),
            "nodes.确认分期期数.on_filled",
            "it is answered once it has been heard"
        );
    }
    let recorded = at_protected_terms().then(Spoken(&sure("too_expensive")));
    assert_eq!(recorded.rules.last().unwrap(), "dialogue.intents.too_expensive");
    assert!(
        recorded.text().ends_with("您看分3期、6期还是12期？"),
        "and then again from its beginning"
    );
    let recorded = at_protected_terms().then(Played).then(Unheard);
    assert_eq!(recorded.rules.last().unwrap(), "nodes.确认分期期数.on_unclear");
    let refusal = UnderstandingResult {
        opt_out: true,
        ..sure("refuse_call")
    };
    let recorded = at_protected_terms().then(Spoken(&refusal));
    assert_eq!(recorded.run.outcome(), Some(Outcome::OptedOut));
}
