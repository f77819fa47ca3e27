//! Tests of questions that the campaign's knowledge base answers and of choices by the assistant: given the
//! node and the understood utterance, the decision and the prompt.

use super::spoken_tests::sure;
use super::step::{FlowAction, FlowInput, FlowRun};
use super::{FlowDefinition, UnderstandingResult};
use crate::spoken_turn::{
    AnswerCandidate, AssistantChoice, Certainty, IntentCandidate, KnowledgeReading, PickKind, SpokenAnswer,
};
use std::collections::BTreeMap;
use std::sync::Arc;

const QUESTION: &str = "确认分期期数";

fn at_terms() -> FlowRun {
    let text = include_str!("../../../fixtures/flows/card_instalment_spoken.yaml");
    let flow = Arc::new(FlowDefinition::from_yaml(text).unwrap());
    let (mut run, _) = FlowRun::begin(&flow, &BTreeMap::new());
    for input in [
        FlowInput::Played,
        FlowInput::Played,
        FlowInput::Keypress('1'),
        FlowInput::Played,
    ] {
        run.step(input);
    }
    assert_eq!(run.node(), QUESTION);
    run
}

fn found(certainty: Certainty) -> UnderstandingResult {
    let mut said = sure("x");
    said.reading.certainty = Certainty::Abstained;
    said.reading.candidates.clear();
    said.reading.knowledge = Some(Box::new(KnowledgeReading {
        knowledge: "card_instalment".parse().unwrap(),
        knowledge_version: 2,
        certainty,
        candidates: ["提前还款", "违约金"]
            .map(|answer| AnswerCandidate {
                answer: answer.to_owned(),
                score_permille: 400,
            })
            .to_vec(),
        accept_permille: 480,
        confirm_permille: 330,
    }));
    for (answer, text) in [("提前还款", "可以提前还清。"), ("违约金", "收{{fee_text}}。")] {
        let words = SpokenAnswer {
            question: format!("{answer}吗"),
            text: text.to_owned(),
            personal: false,
        };
        said.answers.insert(answer.to_owned(), words);
    }
    said
}

fn picks(mut said: UnderstandingResult, pick_of: PickKind, choice: &str) -> UnderstandingResult {
    let choice = choice.to_owned();
    said.reading.picked = Some(Box::new(AssistantChoice { pick_of, choice }));
    said
}

/// Returns the rules that decided, and the first text with its member path.
fn rules_and_text(actions: &[FlowAction]) -> (Vec<&str>, String) {
    let rules = actions.iter().filter_map(|action| {
        let FlowAction::Decide { decision } = action else {
            return None;
        };
        Some(decision.rule.as_str())
    });
    let text = actions.iter().find_map(|action| {
        let FlowAction::Say { text, prompt, .. } = action else {
            return None;
        };
        Some(format!("{} {text}", prompt.member))
    });
    (rules.collect(), text.unwrap_or_default())
}

fn step(run: &mut FlowRun, said: &UnderstandingResult) -> (Vec<String>, String) {
    let actions = run.step(FlowInput::Spoken(said));
    let (rules, text) = rules_and_text(&actions);
    (rules.into_iter().map(str::to_owned).collect(), text)
}

#[test]
fn a_sure_answer_is_said_and_the_question_asked_again() {
    let mut run = at_terms();
    let said = found(Certainty::Accepted);
    let actions = run.step(FlowInput::Spoken(&said));
    let (rules, text) = rules_and_text(&actions);
    assert_eq!(rules, ["knowledge.answers.提前还款"]);
    assert_eq!(text, "knowledge.answers.提前还款.text 可以提前还清。");
    assert!(matches!(actions.last(), Some(FlowAction::Listen { .. })));
    assert_eq!(run.node(), QUESTION);
    let on_record = actions.iter().find_map(|action| {
        let FlowAction::Decide { decision } = action else {
            return None;
        };
        decision.explanation.reading.clone()
    });
    let on_record = on_record.unwrap().knowledge.unwrap();
    assert_eq!((on_record.knowledge_version, on_record.candidates.len()), (2, 2));
}

#[test]
fn an_answer_is_said_three_times_in_a_call_and_then_it_is_unclear() {
    let mut run = at_terms();
    let said = found(Certainty::Accepted);
    for _ in 0..3 {
        assert_eq!(step(&mut run, &said).0, ["knowledge.answers.提前还款"]);
    }
    assert_eq!(step(&mut run, &said).0, ["nodes.确认分期期数.on_unclear"]);
}

#[test]
fn between_the_thresholds_it_is_asked_back_and_counts_after_a_yes() {
    let mut run = at_terms();
    let (rules, text) = step(&mut run, &found(Certainty::ToConfirm));
    assert_eq!(rules, ["nodes.确认分期期数.confirm"]);
    assert!(text.contains("提前还款吗"), "{text}");
    assert_eq!(run.awaited_answer(), Some("提前还款"));
    let mut yes = sure("affirm");
    yes.answers = found(Certainty::Accepted).answers;
    let (rules, text) = step(&mut run, &yes);
    assert_eq!(
        rules,
        ["nodes.确认分期期数.confirm", "knowledge.answers.提前还款"]
    );
    assert!(text.ends_with("可以提前还清。"), "{text}");
    let mut run = at_terms();
    step(&mut run, &found(Certainty::ToConfirm));
    assert_eq!(step(&mut run, &sure("deny")).0, ["nodes.确认分期期数.on_unclear"]);
}

#[test]
fn below_them_it_is_as_without_knowledge() {
    let mut run = at_terms();
    assert_eq!(
        step(&mut run, &found(Certainty::Abstained)).0,
        ["nodes.确认分期期数.on_unclear"]
    );
}

#[test]
fn what_the_flow_itself_knows_a_way_for_goes_first() {
    let mut said = found(Certainty::Accepted);
    said.reading.certainty = Certainty::Accepted;
    said.reading.candidates = vec![IntentCandidate {
        intent: "ask_fee".to_owned(),
        score_permille: 900,
    }];
    assert_eq!(step(&mut at_terms(), &said).0, ["dialogue.intents.ask_fee"]);
    said.reading.candidates[0].intent = "ask_something_else".to_owned();
    assert_eq!(step(&mut at_terms(), &said).0, ["knowledge.answers.提前还款"]);
    said.opt_out = true;
    assert_eq!(step(&mut at_terms(), &said).0, ["opt_out"]);
}

#[test]
fn an_assistant_picks_among_what_was_found_and_nothing_else() {
    let said = picks(found(Certainty::Abstained), PickKind::Answer, "违约金");
    assert_eq!(step(&mut at_terms(), &said).0, ["knowledge.answers.违约金"]);
    let invented = picks(found(Certainty::Abstained), PickKind::Answer, "免费");
    assert_eq!(
        step(&mut at_terms(), &invented).0,
        ["nodes.确认分期期数.on_unclear"]
    );
}

#[test]
fn an_assistants_intent_counts_after_the_callees_own_yes() {
    let mut said = found(Certainty::Abstained);
    said.reading.knowledge = None;
    let picked = picks(said.clone(), PickKind::Intent, "deny");
    let mut run = at_terms();
    let (rules, _) = step(&mut run, &picked);
    assert_eq!(
        (rules, run.node()),
        (vec!["nodes.确认分期期数.confirm".to_owned()], QUESTION)
    );
    step(&mut run, &sure("affirm"));
    assert_eq!(run.node(), "婉拒");
    let nowhere = picks(said, PickKind::Intent, "buy_a_house");
    assert_eq!(
        step(&mut at_terms(), &nowhere).0,
        ["nodes.确认分期期数.on_unclear"]
    );
}

#[test]
fn without_words_the_same_is_decided_as_a_replay_does() {
    let mut run = at_terms();
    let mut said = found(Certainty::Accepted);
    said.answers.clear();
    assert_eq!(step(&mut run, &said).0, ["knowledge.answers.提前还款"]);
    assert_eq!(run.node(), QUESTION);
}
