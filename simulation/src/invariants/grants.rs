//! Checks both sides of a permit: each grant ends once, and opt-outs and limits hold on every stream.

use super::Findings;
use super::fact::{Fact, Member};
use domain::call::event::CallEvent;
use domain::customer::event::CustomerEvent;
use domain::number::event::NumberEvent;
use domain::time::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// Longest call including its set-up, in milliseconds; a call that seems longer was lost in a crash.
const LONGEST_CALL_MS: u64 = 300_000;

/// One side's grant of one call.
#[derive(Default)]
struct Side {
    granted: u32,
    released: u32,
    closed: u32,
}

pub(super) fn judge(findings: &mut Findings, facts: &[Fact]) {
    let dialed: BTreeSet<&str> = facts
        .iter()
        .filter(|fact| fact.kind == CallEvent::DIALING)
        .map(Fact::subject)
        .collect();
    for aggregate in ["customer", "number"] {
        sides(findings, facts, aggregate, &dialed);
    }
    permits(findings, facts);
    one_call_at_a_time(findings, facts);
    opt_outs(findings, facts);
}

fn sides(findings: &mut Findings, facts: &[Fact], aggregate: &str, dialed: &BTreeSet<&str>) {
    let mut sides: BTreeMap<&str, Side> = BTreeMap::new();
    for fact in facts {
        let Some(what) = fact.kind.strip_prefix(aggregate) else {
            continue;
        };
        let side = || fact.text(Member::Call);
        match what {
            ".dial_granted" => sides.entry(side()).or_default().granted += 1,
            ".dial_released" => sides.entry(side()).or_default().released += 1,
            ".call_closed" => sides.entry(side()).or_default().closed += 1,
            _ => {}
        }
    }
    for (call, side) in sides {
        let words = || {
            format!(
                "{aggregate}: {call}: granted {}, released {}, closed {}",
                side.granted, side.released, side.closed
            )
        };
        findings.check("a_grant_is_given_once", side.granted == 1, words);
        findings.check("a_grant_ends_once", side.released + side.closed == 1, words);
        let is_dialed = dialed.contains(call);
        findings.check(
            "only_what_was_not_dialed_is_released",
            is_dialed == (side.closed == 1),
            words,
        );
    }
}

/// Checks that a permit repeats two grants that were stored before it and are still open.
fn permits(findings: &mut Findings, facts: &[Fact]) {
    let mut granted: BTreeMap<(&str, &str), &Fact> = BTreeMap::new();
    for fact in facts {
        let aggregate = fact.kind.split('.').next().unwrap_or("");
        match fact.kind.as_str() {
            CustomerEvent::DIAL_GRANTED | NumberEvent::DIAL_GRANTED => {
                granted.insert((aggregate, fact.text(Member::Call)), fact);
            }
            CustomerEvent::DIAL_RELEASED | NumberEvent::DIAL_RELEASED => {
                granted.remove(&(aggregate, fact.text(Member::Call)));
            }
            CallEvent::PERMITTED => {
                let is_valid = |side: &str, grant: Member| {
                    let until = fact.instant_at(&[grant, Member::ValidUntil]);
                    granted
                        .get(&(side, fact.subject()))
                        .is_some_and(|grant| grant.instant_at(&[Member::ValidUntil]) == until)
                };
                let holds =
                    is_valid("customer", Member::CustomerGrant) && is_valid("number", Member::NumberGrant);
                findings.check("a_permit_repeats_two_standing_grants", holds, || {
                    fact.stream.clone()
                });
            }
            _ => {}
        }
    }
}

/// Checks that a number in a call is not called a second time meanwhile, unless the first call is older than
/// the longest call.
fn one_call_at_a_time(findings: &mut Findings, facts: &[Fact]) {
    let mut numbers: BTreeMap<&str, &str> = BTreeMap::new();
    let mut open: BTreeMap<&str, (&str, Timestamp)> = BTreeMap::new();
    for fact in facts {
        let call = fact.stream.as_str();
        if fact.kind == CallEvent::PERMITTED {
            numbers.insert(call, fact.text_at(&[Member::NumberGrant, Member::Number]));
        }
        let Some(number) = numbers.get(call).copied() else {
            continue;
        };
        if fact.kind == CallEvent::DIALING && fact.number(Member::Leg) == 1 {
            let free = open
                .get(number)
                .is_none_or(|(_, since)| fact.at.ms_since(*since) >= LONGEST_CALL_MS);
            findings.check("a_number_is_in_one_call_at_a_time", free, || fact.stream.clone());
            open.insert(number, (call, fact.at));
        } else if fact.kind == CallEvent::ENDED && open.get(number).is_some_and(|(one, _)| *one == call) {
            open.remove(number);
        }
    }
}

fn opt_outs(findings: &mut Findings, facts: &[Fact]) {
    let mut opted_out = BTreeSet::new();
    let mut asked = BTreeMap::new();
    let mut numbers: BTreeMap<&str, &str> = BTreeMap::new();
    for fact in facts {
        match fact.kind.as_str() {
            NumberEvent::OPTED_OUT => {
                opted_out.insert(fact.subject());
            }
            NumberEvent::DIAL_GRANTED => {
                let free = !opted_out.contains(fact.subject());
                findings.check("no_grant_after_an_opt_out", free, || fact.stream.clone());
            }
            CallEvent::PERMITTED => {
                numbers.insert(&fact.stream, fact.text_at(&[Member::NumberGrant, Member::Number]));
            }
            CallEvent::ENDED if fact.text(Member::Outcome) == "opted_out" => {
                asked.insert(
                    &fact.stream,
                    numbers.get(fact.stream.as_str()).copied().unwrap_or(""),
                );
            }
            _ => {}
        }
    }
    for (stream, number) in asked {
        findings.check(
            "who_asks_in_a_call_is_opted_out",
            opted_out.contains(number),
            || stream.clone(),
        );
    }
}
