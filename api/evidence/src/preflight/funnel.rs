//! Counts the customers of a campaign left after each rule, in the order of the rules.

use domain::compliance::{Decision, RuleSide};
use domain::customer::SidedVerdict;
use domain::ids::CustomerId;
use domain::time::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;

/// Most customer ids listed for each rule, to look at with `why-not`.
const SAMPLE_MAX: usize = 10;

/// One rule, and the people it removes from those that the rules before it left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct FunnelStep {
    #[schemars(extend("enum" = ["customer", "number"]))]
    pub judged_by: &'static str,
    #[schemars(example = &"consent")]
    pub rule: String,
    /// People that may not be called in the present state.
    pub never: u64,
    /// People that may be called only at a later time.
    pub later: u64,
    /// People left after this rule.
    pub left: u64,
    /// Some of the people removed here.
    pub sample: Vec<CustomerId>,
    /// The facts that the rule used for the first of them.
    #[schemars(extend("examples" = [{ "hours": "09:00-20:00" }]))]
    pub facts: BTreeMap<String, String>,
    /// The earliest time at which a postponed person may be called.
    pub not_before: Option<Timestamp>,
}

/// The people of a campaign, counted by the rule that removes them.
#[derive(Debug, Default)]
pub(super) struct Funnel {
    pub(super) people: u64,
    pub(super) left: u64,
    /// People that a rule postpones to a later time.
    pub(super) later: u64,
    /// The latest time to which any of them is postponed.
    pub(super) last_not_before: Option<Timestamp>,
    steps: Vec<FunnelStep>,
}

impl Funnel {
    /// Counts one person by the person's verdicts in their order: the first one that does not allow the
    /// dial removes the person.
    pub(super) fn take(&mut self, customer: &CustomerId, verdicts: &[SidedVerdict]) {
        self.people += 1;
        let mut remains = true;
        let mut deferred = None;
        for (place, one) in verdicts.iter().enumerate() {
            let Some(step) = self.step(place, one) else {
                continue;
            };
            if !remains || one.verdict.allows() {
                continue;
            }
            remains = false;
            step.take(customer, one);
            deferred = until(one.verdict.decision);
        }
        self.later += u64::from(deferred.is_some());
        self.last_not_before = self.last_not_before.max(deferred);
        self.left += u64::from(remains);
    }

    /// Returns the step of this verdict's rule. A new rule is inserted at index `place`, where it was
    /// evaluated.
    fn step(&mut self, place: usize, one: &SidedVerdict) -> Option<&mut FunnelStep> {
        let judged_by = side(one.side);
        let known = self
            .steps
            .iter()
            .position(|step| step.rule == one.verdict.rule && step.judged_by == judged_by);
        let index = known.unwrap_or_else(|| {
            let index = place.min(self.steps.len());
            self.steps
                .insert(index, FunnelStep::of(judged_by, &one.verdict.rule));
            index
        });
        self.steps.get_mut(index)
    }

    /// Returns the steps in the order of evaluation, with the number of people that each leaves.
    pub(super) fn steps(&self) -> Vec<FunnelStep> {
        let mut left = self.people;
        let mut steps = self.steps.clone();
        for step in &mut steps {
            left = left.saturating_sub(step.never + step.later);
            step.left = left;
        }
        steps
    }
}

impl FunnelStep {
    fn of(judged_by: &'static str, rule: &str) -> Self {
        Self {
            judged_by,
            rule: rule.to_owned(),
            never: 0,
            later: 0,
            left: 0,
            sample: Vec::new(),
            facts: BTreeMap::new(),
            not_before: None,
        }
    }

    fn take(&mut self, customer: &CustomerId, one: &SidedVerdict) {
        match one.verdict.decision {
            Decision::DeferUntil(until) => {
                self.later += 1;
                self.not_before = Some(self.not_before.map_or(until, |before| before.min(until)));
            }
            Decision::Forbid | Decision::Allow => self.never += 1,
        }
        if self.sample.is_empty() {
            self.facts.clone_from(&one.verdict.facts);
        }
        if self.sample.len() < SAMPLE_MAX {
            self.sample.push(customer.clone());
        }
    }

    /// Returns true if this rule removed all people that reached it, and there were some.
    pub(super) const fn takes_all(&self) -> bool {
        self.left == 0 && self.never + self.later > 0
    }
}

const fn until(decision: Decision) -> Option<Timestamp> {
    match decision {
        Decision::DeferUntil(until) => Some(until),
        Decision::Forbid | Decision::Allow => None,
    }
}

const fn side(side: RuleSide) -> &'static str {
    match side {
        RuleSide::Customer => "customer",
        RuleSide::Number => "number",
        RuleSide::Line => "line",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::compliance::Verdict;

    fn said(rule: &str, decision: Decision) -> SidedVerdict {
        SidedVerdict {
            side: RuleSide::Customer,
            verdict: Verdict {
                rule: rule.to_owned(),
                version: 1,
                effective_from: "2026-01-01".to_owned(),
                decision,
                facts: BTreeMap::from([("rule".to_owned(), rule.to_owned())]),
            },
        }
    }

    fn customer(number: u32) -> CustomerId {
        format!("{number:032x}").parse().unwrap()
    }

    #[test]
    fn each_falls_at_the_first_rule_that_does_not_allow_and_the_rest_is_left() {
        let later = Timestamp::from_millis(5_000);
        let mut funnel = Funnel::default();
        let two = |first, second| [said("consent", first), said("calling_window", second)];
        funnel.take(&customer(1), &two(Decision::Allow, Decision::Allow));
        funnel.take(&customer(2), &two(Decision::Forbid, Decision::Forbid));
        funnel.take(&customer(3), &two(Decision::Allow, Decision::DeferUntil(later)));
        let steps = funnel.steps();
        let counted: Vec<_> = steps
            .iter()
            .map(|step| (step.rule.as_str(), step.never, step.later, step.left))
            .collect();
        assert_eq!(counted, [("consent", 1, 0, 2), ("calling_window", 0, 1, 1)]);
        assert_eq!((funnel.people, funnel.left), (3, 1));
        assert_eq!(steps[0].sample, [customer(2)]);
        assert_eq!(steps[1].not_before, Some(later));
        assert!(!steps[1].takes_all());
    }

    #[test]
    fn a_rule_that_takes_all_who_are_left_is_known_and_few_are_named() {
        let mut funnel = Funnel::default();
        for one in 0..30 {
            funnel.take(&customer(one), &[said("white_list", Decision::Forbid)]);
        }
        let steps = funnel.steps();
        assert!(steps[0].takes_all());
        assert_eq!((steps[0].never, steps[0].sample.len()), (30, SAMPLE_MAX));
    }
}
