//! Checks the periods in which no new call may be dialed: planned stops, and a clock that another clock calls
//! wrong.

use super::fact::{Fact, Member};
use super::{Evidence, Findings};
use domain::call::event::CallEvent;
use domain::time::Timestamp;
use std::collections::BTreeMap;

/// Time after the start of a period in which a dial is still allowed, in milliseconds: a batch may be a
/// second old and a grant two.
const HOLDS_AFTER_MS: u64 = 3_000;
/// Interval at which the host checks the wall clock, in milliseconds.
const SEEN_AFTER_MS: u64 = 500;
/// A planned stop that took less than this, in milliseconds, let every call finish.
const DRAIN_MS: u64 = 120_000;

pub(super) fn judge(findings: &mut Findings, facts: &[Fact], evidence: &Evidence<'_>) {
    let holds_ms = HOLDS_AFTER_MS + evidence.append_ms_max;
    let mut ends: BTreeMap<&str, Timestamp> = BTreeMap::new();
    for fact in facts.iter().filter(|fact| fact.kind == CallEvent::ENDED) {
        ends.insert(&fact.stream, fact.at);
    }
    for fact in facts.iter().filter(|fact| fact.kind == CallEvent::DIALING) {
        if fact.number(Member::Leg) == 1 {
            let during =
                |from: Timestamp, until: Timestamp| from.plus_ms(holds_ms) < fact.at && fact.at < until;
            let wrong = evidence.wrong_clock;
            let right = wrong.is_none_or(|spell| !during(spell.from, spell.until));
            findings.check("nobody_is_dialed_while_the_clock_is_wrong", right, || {
                format!("{} at {}", fact.stream, fact.at)
            });
            // Measured by the true time, which the carrier has: the machine's own time may be hours off.
            let left_at = evidence.book.get(fact.text(Member::SipCallId));
            let wall = evidence.jump.zip(left_at);
            let believed = wall.is_none_or(|(jump, entry)| {
                let from = jump.spell.from.plus_ms(holds_ms + SEEN_AFTER_MS);
                !(from < entry.invited_at && entry.invited_at < jump.spell.until)
            });
            findings.check("nobody_is_dialed_while_the_wall_is_wrong", believed, || {
                format!("{} at {}", fact.stream, fact.at)
            });
            let stopping = evidence
                .drains
                .iter()
                .filter_map(|drain| Some((drain.began, drain.ended?)));
            let mut stopping = stopping.filter(|(from, until)| during(*from, *until));
            findings.check(
                "nobody_is_dialed_in_a_planned_stop",
                stopping.next().is_none(),
                || format!("{} at {}", fact.stream, fact.at),
            );
        }
        for drain in evidence.drains {
            let Some(until) = drain.ended.filter(|until| until.ms_since(drain.began) < DRAIN_MS) else {
                continue;
            };
            if fact.at > until {
                continue;
            }
            let ended = ends.get(fact.stream.as_str()).is_some_and(|at| *at <= until);
            findings.check("a_planned_stop_leaves_no_call_open", ended, || {
                format!("{} dialed at {}, stopped at {until}", fact.stream, fact.at)
            });
        }
    }
}
