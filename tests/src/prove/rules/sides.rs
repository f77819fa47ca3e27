//! Whether every rule has a prepared case on each side: one that it alone refuses, beside one that it is
//! asked about and permits.

use super::prepared::Pair;
use domain::compliance::{RuleListed, Side, all_rules};
use domain::customer::WhyNot;

/// Rules without such a pair, by side and name.
pub(super) fn rules_without(pairs: &[Pair]) -> Vec<String> {
    let judged: Vec<(WhyNot, WhyNot)> = pairs
        .iter()
        .map(|pair| (pair.refused.ask(), pair.permitted.ask()))
        .collect();
    let lacks = |rule: &RuleListed| {
        !judged
            .iter()
            .any(|(refused, permitted)| is_of(rule, refused, permitted))
    };
    let lacking = all_rules().into_iter().filter(lacks);
    lacking
        .map(|rule| format!("{:?} {}", rule.side, rule.id))
        .collect()
}

fn is_of(rule: &RuleListed, refused: &WhyNot, permitted: &WhyNot) -> bool {
    let name = (rule.side, rule.id);
    let refuses: Vec<(Side, &str)> = refused
        .verdicts
        .iter()
        .filter(|sided| !sided.verdict.allows())
        .map(|sided| (sided.side, sided.verdict.rule.as_str()))
        .collect();
    let mut asked = permitted.verdicts.iter();
    refuses == [name]
        && permitted.permitted()
        && asked.any(|sided| (sided.side, sided.verdict.rule.as_str()) == name)
}
