//! Masks transcript texts for users who may not see them in clear: numbers, card numbers and names become
//! asterisks.

use crate::flows::definition_of;
use crate::installation::Installation;
use domain::calling_plan::FlowRef;
use domain::flow::FlowSelector;
use domain::ports::masking::{Masking, MaskingContext};
use domain::ports::writer::Figures;
use std::collections::BTreeSet;
use understanding::masking::{mask, mask_among, mask_digits_asked_for, mask_turns};

/// The masking of words before they are stored. It is the same as for replies.
#[derive(Debug, Clone, Copy)]
pub struct WordMasker;

impl Masking for WordMasker {
    fn masked(&self, text: &str) -> String {
        masked_words(text)
    }

    fn masked_answer(&self, text: &str, asked: &MaskingContext) -> String {
        masked_answer(text, asked)
    }

    fn masked_turns(&self, turns: &[&str]) -> Vec<String> {
        mask_turns(turns, "")
    }
}

/// Finds the numbers and dates in a text, with the rules that calls use to understand them.
#[derive(Debug, Clone, Copy)]
pub struct FigureFinder;

impl Figures for FigureFinder {
    fn figures(&self, text: &str) -> BTreeSet<String> {
        understanding::entities::figures(text)
    }
}

/// Returns an utterance with numbers, card numbers and names masked.
pub fn masked_words(text: &str) -> String {
    mask(text).text
}

/// Masks what identifies a person in an utterance. Words of the flow (`own_words`) are never taken for
/// names.
pub fn masked_among(text: &str, own_words: &str) -> String {
    mask_among(text, own_words).text
}

/// Returns the words of the flow that a call or conversation ran. Empty if the flow cannot be read; masking
/// then hides more.
pub async fn own_words(installation: &Installation, flow: Option<&FlowRef>) -> String {
    let Some(flow) = flow else {
        return String::new();
    };
    let named = FlowSelector {
        flow: flow.flow.clone(),
        version: Some(flow.version),
    };
    let found = definition_of(installation, &named).await;
    found.map_or_else(|_unreadable| String::new(), |(_, flow)| flow.own_words())
}

/// Masks an answer to a question of a flow. If the question asks for digits, a part of a number is masked
/// like a complete one.
pub fn masked_answer(text: &str, asked: &MaskingContext) -> String {
    match asked.asks_for_digits {
        true => mask_digits_asked_for(text, &asked.own_words).text,
        false => mask_among(text, &asked.own_words).text,
    }
}

/// Masks turns, given as pairs of node and text. Consecutive answers to one node are masked as one text, so
/// that a number spread over them is found. Words of the flow (`own_words`) are never taken for names.
pub fn masked_by_node<'t>(turns: &[(&'t str, &'t str)], own_words: &str) -> Vec<String> {
    let answers_same = |one: &(&str, &str), next: &(&str, &str)| one.0 == next.0;
    let questions = turns.chunk_by(answers_same);
    let masked = questions.flat_map(|turns| {
        let texts: Vec<&str> = turns.iter().map(|(_, text)| *text).collect();
        mask_turns(&texts, own_words)
    });
    masked.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_masked_over_the_turns_of_one_question_and_no_further() {
        let turns = [
            ("card", "六二二二零二"),
            ("card", "三八零四"),
            ("terms", "十二期"),
            ("code", "12345"),
            ("code", "67"),
        ];
        let masked = masked_by_node(&turns, "");
        assert_eq!(masked, ["******", "****", "十二期", "*****", "**"]);
        assert_eq!(
            masked_by_node(&[("a", "12345"), ("b", "67")], ""),
            ["12345", "67"]
        );
    }

    #[test]
    fn words_of_the_flow_stay_when_an_older_transcript_is_shown() {
        let script = "您是温馨卡的用户吗？";
        let flow = domain::flow::from_script("T".parse().unwrap(), script).unwrap();
        let own_words = flow.own_words();
        let turns = [("card", "我是温馨卡用户"), ("name", "我叫温小华")];
        assert_eq!(masked_by_node(&turns, &own_words), ["我是温馨卡用户", "我叫***"]);
        assert_eq!(masked_among("我是温馨卡用户", &own_words), "我是温馨卡用户");
        assert_ne!(masked_words("我是温馨卡用户"), "我是温馨卡用户");
    }

    #[test]
    fn a_part_of_a_number_that_is_asked_for_is_masked_and_words_of_the_flow_are_no_names() {
        let asked = MaskingContext {
            own_words: "您是温馨卡的用户吗？".to_owned(),
            asks_for_digits: true,
        };
        assert_eq!(
            WordMasker.masked_answer("前几位是622202", &asked),
            "前几位是******"
        );
        let spoken = MaskingContext {
            asks_for_digits: false,
            ..asked
        };
        assert_eq!(
            WordMasker.masked_answer("我是温馨卡用户", &spoken),
            "我是温馨卡用户"
        );
        assert_eq!(WordMasker.masked_answer("622202", &spoken), "622202");
    }

    #[test]
    fn numbers_and_names_are_starred_and_the_rest_is_kept() {
        let masked = masked_words("我叫张三，手机13800138000，分三期");
        assert!(
            !masked.contains("张三") && !masked.contains("13800138000"),
            "{masked}"
        );
        assert!(masked.contains("分三期"), "{masked}");
    }
}
