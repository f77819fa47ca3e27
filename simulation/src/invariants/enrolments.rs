//! Checks each enrolment: one call at a time, waits and counts of the retry policy, one settlement.

use super::fact::{Fact, Member};
use super::zones::Zone;
use super::{Evidence, Findings};
use domain::call::event::CallEvent;
use domain::customer::event::CustomerEvent;
use domain::time::Timestamp;
use std::collections::BTreeMap;

/// Most calls that the retry policy counts: one, and three retries.
const CHARGED_MAX: u32 = 4;
/// Most calls that it does not count.
const UNCHARGED_MAX: u32 = 3;

/// Milliseconds in a minute.
const MINUTE_MS: u64 = 60_000;

/// Least wait after a disposition, in milliseconds; dispositions not listed are final. After an interruption
/// and after silence the trunk's hold-off counts instead, from the dial; after an interruption that cut a
/// person off, the day.
const WAITS_MS: [(&str, u64); 12] = [
    ("busy", 5 * MINUTE_MS),
    ("no_answer", 120 * MINUTE_MS),
    ("unreachable", 240 * MINUTE_MS),
    ("unreachable_route", 30 * MINUTE_MS),
    ("rejected", 24 * 60 * MINUTE_MS),
    ("congestion", 5 * MINUTE_MS),
    ("trunk_auth", 5 * MINUTE_MS),
    ("trunk_denied", 5 * MINUTE_MS),
    ("trunk_unreachable", 5 * MINUTE_MS),
    ("answered_short", 60 * MINUTE_MS),
    ("trunk_timeout", 0),
    ("interrupted", 0),
];

#[derive(Default)]
struct Enrolment<'a> {
    enrolled: u32,
    settled: u32,
    /// The granted call that is neither closed nor released.
    granted: Option<&'a str>,
    /// The number of the last permit.
    permitted: &'a str,
    /// The dialed call that has not ended.
    open: Option<&'a str>,
    last: Option<LastDial<'a>>,
    /// When the callee's late answer was stored, until the next grant.
    late_at: Option<Timestamp>,
    charged: u32,
    uncharged: u32,
}

/// The last dialed call.
struct LastDial<'a> {
    number: &'a str,
    dialed_at: Timestamp,
    hold_off_ms: u64,
    answered: bool,
    ended: Option<&'a Fact>,
}

pub(super) fn judge(findings: &mut Findings, facts: &[Fact], evidence: &Evidence<'_>) {
    let mut enrolments: BTreeMap<(&str, &str), Enrolment<'_>> = BTreeMap::new();
    for fact in facts
        .iter()
        .filter(|fact| !fact.customer.is_empty() && !fact.campaign.is_empty())
    {
        let key = (fact.campaign.as_str(), fact.customer.as_str());
        let enrolment = enrolments.entry(key).or_default();
        let zone = evidence
            .terms
            .get(&fact.campaign)
            .map_or(Zone::Beijing, |terms| terms.zone);
        if fact.stream.starts_with("customer-") {
            enrolment.hear(findings, fact, zone);
        } else if fact.stream.starts_with("call-") {
            enrolment.hear_call(findings, fact, zone);
        }
    }
    for (key, enrolment) in enrolments {
        findings.check("an_enrolment_is_made_once", enrolment.enrolled == 1, || {
            format!("{key:?}: {} times", enrolment.enrolled)
        });
        // In a campaign that never began only withdrawn enrolments settle, and no call is dialed.
        let dialed = enrolment.charged + enrolment.uncharged;
        let never_began = evidence.never_began.contains_key(key.0);
        let settles = match never_began {
            true => enrolment.settled <= 1 && dialed == 0,
            false => enrolment.settled == 1,
        };
        findings.check("each_enrolment_settles_exactly_once", settles, || {
            format!("{key:?}: {} times", enrolment.settled)
        });
        let counts = enrolment.charged <= CHARGED_MAX && enrolment.uncharged <= UNCHARGED_MAX;
        findings.check("no_more_calls_than_the_policy_allows", counts, || {
            format!(
                "{key:?}: {} charged, {} uncharged",
                enrolment.charged, enrolment.uncharged
            )
        });
    }
}

impl<'a> Enrolment<'a> {
    fn hear(&mut self, findings: &mut Findings, fact: &'a Fact, zone: Zone) {
        match fact.kind.as_str() {
            CustomerEvent::ENROLLED => self.enrolled += 1,
            CustomerEvent::ENROLMENT_SETTLED => {
                self.settled += 1;
                let dialed = u64::from(self.charged + self.uncharged);
                let counted = fact.number(Member::CallsCount);
                findings.check("a_settlement_counts_every_call", counted == dialed, || {
                    format!("{} {}: {counted}, dialed {dialed}", fact.stream, fact.campaign)
                });
            }
            CustomerEvent::DIAL_GRANTED => {
                let free = self.granted.is_none() && self.open.is_none();
                findings.check("one_call_at_a_time_per_enrolment", free, || {
                    format!("{} {}", fact.stream, fact.campaign)
                });
                findings.check("nothing_is_granted_once_settled", self.settled == 0, || {
                    format!("{} {}", fact.stream, fact.campaign)
                });
                self.granted = Some(fact.text(Member::Call));
                if let Some(late_at) = self.late_at.take() {
                    let later_day = zone.local(fact.at).1 > zone.local(late_at).1;
                    findings.check(
                        "who_answered_late_is_not_dialed_again_that_day",
                        later_day,
                        || format!("{} at {}, answered late at {late_at}", fact.stream, fact.at),
                    );
                }
            }
            CustomerEvent::LATE_ANSWERED => self.late_at = Some(fact.at),
            CustomerEvent::DIAL_RELEASED | CustomerEvent::CALL_CLOSED => self.granted = None,
            _ => {}
        }
    }

    fn hear_call(&mut self, findings: &mut Findings, fact: &'a Fact, zone: Zone) {
        match fact.kind.as_str() {
            CallEvent::PERMITTED => self.permitted = fact.text_at(&[Member::NumberGrant, Member::Number]),
            CallEvent::DIALING if fact.number(Member::Leg) == 1 => {
                findings.check("one_call_at_a_time_per_enrolment", self.open.is_none(), || {
                    format!("{} while {:?} is open", fact.stream, self.open)
                });
                self.wait(findings, fact, zone);
                self.open = Some(&fact.stream);
                self.last = Some(LastDial {
                    dialed_at: fact.at,
                    number: self.permitted,
                    hold_off_ms: fact.number(Member::HoldOffMs),
                    answered: false,
                    ended: None,
                });
            }
            CallEvent::ANSWERED | CallEvent::LATE_ANSWERED if self.open == Some(&fact.stream) => {
                if let Some(last) = &mut self.last {
                    last.answered = true;
                }
            }
            CallEvent::ENDED if self.open == Some(&fact.stream) => {
                self.open = None;
                if let Some(last) = &mut self.last {
                    last.ended = Some(fact);
                }
                let counted = if fact.is_true(Member::Charged) {
                    &mut self.charged
                } else {
                    &mut self.uncharged
                };
                *counted += 1;
            }
            _ => {}
        }
    }

    /// Checks a dial after an earlier call of the same enrolment: whether the disposition allows one, and
    /// whether the wait, the hold-off and, after a cut-off, the day have passed. After an invalid number it
    /// must be another number.
    fn wait(&self, findings: &mut Findings, fact: &Fact, zone: Zone) {
        let Some((last, ended)) = self.last.as_ref().and_then(|last| Some((last, last.ended?))) else {
            return;
        };
        let disposition = ended.text(Member::Disposition);
        if disposition == "invalid_number" {
            findings.check(
                "an_invalid_number_gives_way_to_another",
                self.permitted != last.number,
                || fact.stream.clone(),
            );
            return;
        }
        let wait = WAITS_MS.iter().find(|(name, _)| *name == disposition);
        let Some((_, wait_ms)) = wait else {
            findings.check("what_is_final_is_not_dialed_again", false, || {
                format!("{} after {disposition}", fact.stream)
            });
            return;
        };
        findings.check("what_is_final_is_not_dialed_again", true, String::new);
        let waited = fact.at >= ended.at.plus_ms(*wait_ms);
        findings.check("a_retry_waits_as_long_as_the_policy_says", waited, || {
            format!("{} after {disposition} at {}", fact.stream, ended.at)
        });
        if last.answered && disposition == "interrupted" {
            let later_day = zone.local(fact.at).1 > zone.local(last.dialed_at).1;
            findings.check("who_was_cut_off_is_not_dialed_again_that_day", later_day, || {
                format!("{} at {}, cut off at {}", fact.stream, fact.at, ended.at)
            });
        }
        if matches!(disposition, "interrupted" | "trunk_timeout") {
            let held = fact.at >= last.dialed_at.plus_ms(last.hold_off_ms);
            findings.check("the_hold_off_passes_after_an_interrupted_dial", held, || {
                format!(
                    "{} at {}, dialed before at {}",
                    fact.stream, fact.at, last.dialed_at
                )
            });
        }
    }
}
