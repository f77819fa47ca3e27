//! Recorded calls under another retry policy: which calls would not have been made, and what further calls
//! might have reached, from the answers to calls of the same attempt.
//!
//! Omitted calls are on record. Added calls are not: they are reported as bounds if enough calls of that
//! attempt are recorded, and as unknown otherwise.

use super::campaign_record::{CampaignDialRecord, NextCallRound, RetryCallResult};
use super::interval::{Share, bounds, round_to_integer};
use domain::calling_plan::{CallingPlan, RetryPolicy};
use domain::disposition::{Disposition, Outcome};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;

/// Most attempts considered. No preset's policy allows more calls of one person.
const ATTEMPTS_MAX: usize = 64;

/// What changes under another retry policy.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct RetryWhatIf {
    pub calls: u64,
    pub answered: u64,
    /// Recorded calls that would not have been made, and the answers among them.
    pub calls_fewer: u64,
    pub answers_fewer: u64,
    /// People who would have been called again after their last recorded call.
    pub people_further: u64,
    /// Those of them without a result, because too few calls of that attempt are recorded.
    pub people_unknown: u64,
    pub calls_more_low: u64,
    pub calls_more_high: u64,
    pub answers_more_low: u64,
    pub answers_more_high: u64,
    /// How often the first, second … call of a person was answered.
    pub attempts: Vec<AttemptRate>,
    /// Results that the record cannot give.
    #[schemars(extend("examples" = [["answers_at_other_times"]]))]
    pub unknown: Vec<&'static str>,
}

/// How often one attempt was answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub struct AttemptRate {
    pub attempt: u64,
    pub calls: u64,
    /// Null if there are too few calls.
    pub answered: Option<Share>,
}

/// Returns true if a person is called again after these calls of one round, by the retry policy and the
/// dispositions alone. Calling windows, caps and the campaign's end are ignored.
fn goes_on(plan: &CallingPlan, calls: &[RetryCallResult]) -> bool {
    let policy = &plan.retry_policy;
    let Some(last) = calls.last() else {
        return true;
    };
    // An opted-out person is never called again, whatever the policy says.
    if last.outcome == Some(Outcome::OptedOut) {
        return false;
    }
    let count = |charged: bool| calls.iter().filter(|call| call.charged == charged).count();
    let as_u32 = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    if !policy.permits_another(as_u32(count(true)), as_u32(count(false))) {
        return false;
    }
    if last.disposition == Disposition::InvalidNumber {
        // The record of calls does not show whether the person has another number.
        return false;
    }
    let Some(rule) = plan.retry_rule(last.disposition) else {
        return false;
    };
    let before = calls
        .split_last()
        .map_or(&[] as &[RetryCallResult], |(_, before)| before);
    let same = before
        .iter()
        .filter(|call| call.disposition == last.disposition && call.charged);
    let retries = if last.charged { as_u32(same.count()) } else { 0 };
    retries < rule.retries_max
}

pub(super) fn evaluate_retries(
    recorded: &CampaignDialRecord,
    own: &CallingPlan,
    other: &CallingPlan,
) -> RetryWhatIf {
    let rates = rates(recorded);
    let mut what_if = RetryWhatIf {
        calls: recorded.calls,
        answered: recorded.answered,
        calls_fewer: 0,
        answers_fewer: 0,
        people_further: 0,
        people_unknown: 0,
        calls_more_low: 0,
        calls_more_high: 0,
        answers_more_low: 0,
        answers_more_high: 0,
        attempts: Vec::new(),
        unknown: vec!["caps_and_windows_of_further_calls", "who_would_have_opted_out"],
    };
    let mut more = AddedCalls::default();
    for calls in recorded.people.values() {
        let (mut is_further, mut is_known) = (false, true);
        for round in rounds(calls) {
            let kept = (1..round.len()).find(|index| {
                let before = round.get(..*index).unwrap_or_default();
                // A call that the campaign's own policy would not have made either was dialed by hand or to
                // another number.
                !goes_on(other, before) && goes_on(own, before)
            });
            if let Some(kept) = kept {
                let dropped = round.get(kept..).unwrap_or_default();
                what_if.calls_fewer += dropped.len() as u64;
                what_if.answers_fewer += dropped.iter().filter(|call| call.answered).count() as u64;
                continue;
            }
            if goes_on(other, round) && !goes_on(own, round) {
                is_further = true;
                is_known &= more.add(&rates, round.len(), &other.retry_policy);
            }
        }
        what_if.people_further += u64::from(is_further);
        what_if.people_unknown += u64::from(is_further && !is_known);
    }
    (what_if.calls_more_low, what_if.calls_more_high) = (more.calls.0, round_to_integer(more.calls.1));
    (what_if.answers_more_low, what_if.answers_more_high) =
        (round_to_integer(more.answers.0), round_to_integer(more.answers.1));
    if waits_differ(&own.retry_policy, &other.retry_policy) {
        what_if.unknown.push("answers_at_other_times");
    }
    if what_if.people_unknown > 0 {
        what_if.unknown.push("attempts_with_too_few_calls");
    }
    what_if.attempts = rates
        .iter()
        .map(|(attempt, (calls, answered))| AttemptRate {
            attempt: *attempt as u64 + 1,
            calls: *calls,
            answered: Share::of(*answered, *calls),
        })
        .collect();
    what_if
}

/// Returns a person's calls by round. In each round the policy allows its number of calls again.
fn rounds(calls: &[RetryCallResult]) -> impl Iterator<Item = &[RetryCallResult]> {
    calls.split_inclusive(|call| call.behind == NextCallRound::NewRound)
}

/// Calls and answers by the number of the attempt within a round, from 0.
type Rates = BTreeMap<usize, (u64, u64)>;

fn rates(recorded: &CampaignDialRecord) -> Rates {
    let mut rates = Rates::new();
    for calls in recorded.people.values() {
        for round in rounds(calls) {
            for (attempt, call) in round.iter().enumerate().take(ATTEMPTS_MAX) {
                let (all, answered) = rates.entry(attempt).or_default();
                *all += 1;
                *answered += u64::from(call.answered);
            }
        }
    }
    rates
}

/// Calls and answers that may be added: lowest and highest.
#[derive(Default)]
struct AddedCalls {
    calls: (u64, f64),
    answers: (f64, f64),
}

impl AddedCalls {
    /// Adds one person who would be called again: at least one call, at most as many as the policy allows,
    /// each weighted by the share that the call before did not reach. Returns false if no calls of that
    /// attempt are recorded.
    fn add(&mut self, rates: &Rates, made: usize, policy: &RetryPolicy) -> bool {
        let most = usize::try_from(policy.retries_max).unwrap_or(ATTEMPTS_MAX) + 1;
        let (mut reached, mut answered, mut calls) = (1.0, 0.0, 0.0);
        let mut low = None;
        for attempt in made..most.min(ATTEMPTS_MAX) {
            let (all, hits) = rates.get(&attempt).copied().unwrap_or_default();
            let Some((_, at_least, at_most)) = bounds(hits, all) else {
                break;
            };
            low.get_or_insert(at_least);
            calls += reached;
            answered += reached * at_most;
            reached *= 1.0 - at_least;
        }
        let Some(low) = low else {
            return false;
        };
        self.calls.0 += 1;
        self.calls.1 += calls;
        self.answers.0 += low;
        self.answers.1 += f64::min(answered, 1.0);
        true
    }
}

fn waits_differ(own: &RetryPolicy, other: &RetryPolicy) -> bool {
    other.rules.iter().any(|(disposition, rule)| {
        let before = own.rules.get(disposition);
        before.is_some_and(|before| before.waits_ms != rule.waits_ms)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::calling_plan::{CallingWindow, RetryRule};
    use domain::disposition_map::DispositionMap;
    use domain::time::TimeOfDay;

    fn call(disposition: Disposition) -> RetryCallResult {
        RetryCallResult {
            disposition,
            charged: true,
            answered: disposition == Disposition::Answered,
            outcome: None,
            behind: NextCallRound::SameRound,
        }
    }

    fn policy(retries: u32) -> CallingPlan {
        let rule = RetryRule {
            waits_ms: vec![60_000],
            retries_max: retries,
        };
        CallingPlan {
            retry_policy: RetryPolicy {
                retries_max: retries,
                rules: [(Disposition::NoAnswer, rule)].into(),
                ..RetryPolicy::standard()
            },
            ..CallingPlan::within(CallingWindow {
                start: TimeOfDay::from_minutes(540).unwrap(),
                end: TimeOfDay::from_minutes(1080).unwrap(),
                rests: Vec::new(),
            })
        }
    }

    /// A hundred people: 40 answer the first call, 20 the second, 40 no call of two.
    fn recorded() -> CampaignDialRecord {
        let (missed, answered) = (call(Disposition::NoAnswer), call(Disposition::Answered));
        let mut recorded = CampaignDialRecord::default();
        for one in 0..100_u32 {
            let calls = match one {
                0..40 => vec![answered],
                40..60 => vec![missed, answered],
                60.. => vec![missed, missed],
            };
            recorded.calls += calls.len() as u64;
            recorded.answered += calls.iter().filter(|call| call.answered).count() as u64;
            recorded
                .people
                .insert(format!("{one:032x}").parse().unwrap(), calls);
        }
        recorded
    }

    #[test]
    fn fewer_retries_take_calls_and_their_answers_away_as_they_are_on_record() {
        let what_if = evaluate_retries(&recorded(), &policy(1), &policy(0));
        assert_eq!((what_if.calls, what_if.answered), (160, 60));
        assert_eq!((what_if.calls_fewer, what_if.answers_fewer), (60, 20));
        assert_eq!((what_if.people_further, what_if.calls_more_high), (0, 0));
    }

    #[test]
    fn each_round_has_the_policys_calls_again() {
        let (missed, answered) = (call(Disposition::NoAnswer), call(Disposition::Answered));
        let last = RetryCallResult {
            behind: NextCallRound::NewRound,
            ..missed
        };
        let mut recorded = CampaignDialRecord {
            calls: 4,
            answered: 1,
            ..CampaignDialRecord::default()
        };
        recorded.people.insert(
            format!("{:032x}", 1).parse().unwrap(),
            vec![missed, last, missed, answered],
        );
        let what_if = evaluate_retries(&recorded, &policy(1), &policy(0));
        assert_eq!(
            (what_if.calls_fewer, what_if.answers_fewer),
            (2, 1),
            "the second of each round"
        );
        let what_if = evaluate_retries(&recorded, &policy(1), &policy(1));
        assert_eq!((what_if.calls_fewer, what_if.people_further), (0, 0));
        assert_eq!(what_if.attempts.len(), 2, "{what_if:?}");
    }

    #[test]
    fn a_map_of_dispositions_overrides_another_policy_too() {
        let map: DispositionMap = serde_json::from_str(r#"{"no_answer":{"do":"stop"}}"#).unwrap();
        let mapped = |retries| CallingPlan {
            dispositions: map.clone(),
            ..policy(retries)
        };
        let what_if = evaluate_retries(&recorded(), &mapped(1), &mapped(5));
        assert_eq!(
            (what_if.calls_fewer, what_if.people_further),
            (0, 0),
            "{what_if:?}"
        );
    }

    #[test]
    fn the_same_policy_changes_nothing() {
        let what_if = evaluate_retries(&recorded(), &policy(1), &policy(1));
        assert_eq!(
            (
                what_if.calls_fewer,
                what_if.people_further,
                what_if.answers_more_high
            ),
            (0, 0, 0)
        );
    }

    #[test]
    fn a_third_call_without_any_recorded_is_unknown() {
        let what_if = evaluate_retries(&recorded(), &policy(1), &policy(2));
        assert_eq!((what_if.people_further, what_if.people_unknown), (40, 40));
        assert_eq!((what_if.calls_more_high, what_if.answers_more_high), (0, 0));
        assert!(
            what_if.unknown.contains(&"attempts_with_too_few_calls"),
            "{what_if:?}"
        );
    }

    #[test]
    fn a_second_call_is_estimated_from_recorded_second_calls_with_bounds() {
        let mut recorded = recorded();
        // Thirty more people were called once and not again, by an earlier policy.
        for one in 0..30_u32 {
            let once = vec![call(Disposition::Busy)];
            recorded
                .people
                .insert(format!("{:032x}", one + 1_000).parse().unwrap(), once);
        }
        let mut other = policy(1);
        let rules = &mut other.retry_policy.rules;
        let busy = rules[&Disposition::NoAnswer].clone();
        rules.insert(Disposition::Busy, busy);
        let what_if = evaluate_retries(&recorded, &policy(1), &other);
        assert_eq!(
            (what_if.people_further, what_if.people_unknown),
            (30, 0),
            "{what_if:?}"
        );
        assert_eq!((what_if.calls_more_low, what_if.calls_more_high), (30, 30));
        // 20 of 60 second calls were answered: 22.7 to 45.9 %.
        assert_eq!((what_if.answers_more_low, what_if.answers_more_high), (7, 14));
    }

    #[test]
    fn who_opted_out_is_never_called_again() {
        let mut last = call(Disposition::NoAnswer);
        last.outcome = Some(Outcome::OptedOut);
        assert!(!goes_on(&policy(9), &[last]));
        assert!(goes_on(&policy(9), &[call(Disposition::NoAnswer)]));
    }
}
