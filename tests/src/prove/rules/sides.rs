//! Checks that every rule has a prepared case on each side: one that only this rule refuses, and one that it
//! judges and permits.

use super::case::instant;
use super::prepared_cases::CasePair;
use domain::caller_number::CallerNumber;
use domain::compliance::{RuleMetadata, RuleSide, all_rules, judge_caller_number};
use domain::customer::DialExplanation;

/// The rules that are only judged when they refuse.
const ASKED_TO_REFUSE: [&str; 1] = ["number_country"];

/// Returns the rules without such a pair, by side and name.
pub(super) fn rules_without(pairs: &[CasePair]) -> Vec<String> {
    let judged: Vec<(DialExplanation, DialExplanation)> = pairs
        .iter()
        .map(|pair| (pair.refused.ask(), pair.permitted.ask()))
        .collect();
    let lacks = |rule: &RuleMetadata| match rule.side {
        RuleSide::Customer | RuleSide::Number => !judged
            .iter()
            .any(|(refused, permitted)| is_of(rule, refused, permitted)),
        RuleSide::Line => !is_of_a_line(rule),
    };
    let lacking = all_rules().into_iter().filter(lacks);
    lacking
        .map(|rule| format!("{:?} {}", rule.side, rule.id))
        .collect()
}

fn is_of(rule: &RuleMetadata, refused: &DialExplanation, permitted: &DialExplanation) -> bool {
    let name = (rule.side, rule.id);
    let refuses: Vec<(RuleSide, &str)> = refused
        .verdicts
        .iter()
        .filter(|sided| !sided.verdict.allows())
        .map(|sided| (sided.side, sided.verdict.rule.as_str()))
        .collect();
    let mut asked = permitted.verdicts.iter();
    refuses == [name]
        && permitted.permitted()
        && (ASKED_TO_REFUSE.contains(&rule.id)
            || asked.any(|sided| (sided.side, sided.verdict.rule.as_str()) == name))
}

/// Checks a line's rule, which is about the shown number and not about the callee: it is judged by itself, in
/// the last instant of a licence and in the next.
fn is_of_a_line(rule: &RuleMetadata) -> bool {
    let shown = CallerNumber {
        valid_until: "2026-12-31".parse().ok(),
        ..CallerNumber::without_end("95500")
    };
    let said = |at: &str| judge_caller_number(&shown, instant(at));
    let (last, next) = (
        said("2026-12-31T23:59:59.999999+08:00"),
        said("2027-01-01T00:00:00+08:00"),
    );
    last.rule == rule.id && last.allows() && !next.allows()
}
