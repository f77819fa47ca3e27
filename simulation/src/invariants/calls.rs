//! Checks each call alone: its permit, its legs and its end, compared with what the outside world saw.

use super::fact::{Fact, Member};
use super::{Evidence, Findings};
use crate::faults::FaultPeriod;
use domain::call::event::CallEvent;
use domain::time::Timestamp;
use media::lines::BookEntry;
use std::collections::BTreeMap;

/// A second leg follows within this time of the first, in milliseconds (call progress: 6 s).
const NEXT_LEG_WITHIN_MS: u64 = 6_000;
/// Most legs of a call.
const LEGS_MAX: u64 = 3;
/// Largest allowed difference between our and the carrier's talk time, in milliseconds.
const TALK_TOLERANCE_MS: u64 = 500;
/// The disposition of a SIP status that refuses, if a person or number causes it.
const PLAIN: [(u64, &str); 3] = [(486, "busy"), (603, "rejected"), (404, "invalid_number")];

/// What the log contains about a call so far.
#[derive(Default)]
struct CallTrace<'a> {
    permitted: Option<&'a Fact>,
    legs: Vec<Leg<'a>>,
    answered: Option<&'a Fact>,
    notice_played: bool,
    ended: Option<&'a Fact>,
    endings: u32,
}

struct Leg<'a> {
    dialing: &'a Fact,
    failed: Option<&'a Fact>,
    answered: bool,
}

pub(super) fn judge(findings: &mut Findings, facts: &[Fact], evidence: &Evidence<'_>) {
    let book = evidence.book;
    let mut stories: BTreeMap<&str, CallTrace<'_>> = BTreeMap::new();
    for fact in facts.iter().filter(|fact| fact.stream.starts_with("call-")) {
        let story = stories.entry(&fact.stream).or_default();
        if story.ended.is_some() {
            let allowed = fact.kind == CallEvent::LATE_ANSWERED || fact.kind == CallEvent::ENDED;
            findings.check("nothing_after_the_end_but_a_late_answer", allowed, || {
                format!("{} {}", fact.stream, fact.kind)
            });
        }
        story.hear(findings, fact, book);
    }
    for (stream, story) in stories {
        let dialed = !story.legs.is_empty();
        let ends = u32::from(dialed);
        findings.check(
            "each_call_ends_exactly_once",
            (ends..=1).contains(&story.endings),
            || format!("{stream} ended {} times", story.endings),
        );
        story.beside_the_book(findings, stream, evidence);
    }
}

impl<'a> CallTrace<'a> {
    fn hear(&mut self, findings: &mut Findings, fact: &'a Fact, book: &BTreeMap<String, BookEntry>) {
        match fact.kind.as_str() {
            CallEvent::PERMITTED => self.permitted = Some(fact),
            CallEvent::DIALING => {
                self.dial(findings, fact, book);
                self.legs.push(Leg {
                    dialing: fact,
                    failed: None,
                    answered: false,
                });
            }
            CallEvent::LEG_FAILED => {
                if let Some(leg) = self.leg_mut(fact) {
                    leg.failed = Some(fact);
                }
            }
            CallEvent::ANSWERED | CallEvent::LATE_ANSWERED => {
                if let Some(leg) = self.leg_mut(fact) {
                    leg.answered = true;
                }
                if fact.kind == CallEvent::ANSWERED {
                    findings.check("one_leg_answers", self.answered.is_none(), || fact.stream.clone());
                    self.answered = Some(fact);
                }
            }
            CallEvent::NOTICE_PLAYED => self.notice_played = true,
            CallEvent::ENDED => {
                self.end(findings, fact);
                self.ended = Some(fact);
                self.endings += 1;
            }
            _ => {}
        }
    }

    fn leg_mut(&mut self, fact: &Fact) -> Option<&mut Leg<'a>> {
        let leg = fact.number(Member::Leg);
        self.legs
            .iter_mut()
            .find(|one| one.dialing.number(Member::Leg) == leg)
    }

    /// Checks that the INVITE of a leg leaves while its permit is valid: within six seconds of the first leg,
    /// or of the first leg's grant, and before the end set by the rules. The record before it may have taken
    /// long.
    fn leaves(&self, findings: &mut Findings, fact: &Fact, book: &BTreeMap<String, BookEntry>) {
        let Some(entry) = book.get(fact.text(Member::SipCallId)) else {
            return;
        };
        let permitted = |member: Member| {
            let path = [Member::CustomerGrant, member];
            let said = self.permitted.map(|permit| permit.instant_at(&path));
            said.filter(|until| *until > Timestamp::EPOCH)
        };
        let from = match self.legs.first() {
            Some(first) => first.dialing.at,
            None => permitted(Member::ValidUntil).unwrap_or(Timestamp::EPOCH),
        };
        let within = from.plus_ms(NEXT_LEG_WITHIN_MS);
        let until = permitted(Member::LegsUntil).map_or(within, |until| until.min(within));
        findings.check(
            "an_invite_leaves_while_its_permit_lasts",
            entry.invited_at <= until,
            || format!("{} at {}, until {until}", fact.stream, entry.invited_at),
        );
    }

    fn dial(&self, findings: &mut Findings, fact: &Fact, book: &BTreeMap<String, BookEntry>) {
        self.leaves(findings, fact, book);
        let leg = fact.number(Member::Leg);
        if leg == 1 {
            let permit = self.permitted;
            let valid = |side: Member| {
                permit.is_some_and(|permit| fact.at <= permit.instant_at(&[side, Member::ValidUntil]))
            };
            let holds = valid(Member::CustomerGrant) && valid(Member::NumberGrant) && self.legs.is_empty();
            findings.check("first_dial_only_under_two_unexpired_grants", holds, || {
                format!("{} at {}", fact.stream, fact.at)
            });
            return;
        }
        let first_at = self.legs.first().map_or(Timestamp::EPOCH, |leg| leg.dialing.at);
        let before = self.legs.last();
        let failed = before.and_then(|leg| leg.failed);
        let follows =
            before.is_some_and(|leg| leg.dialing.number(Member::Leg) + 1 == fact.number(Member::Leg));
        let definite = failed.is_some_and(|failed| failed.is_true(Member::Definite));
        let in_time = fact.at.ms_since(first_at) <= NEXT_LEG_WITHIN_MS && leg <= LEGS_MAX;
        findings.check(
            "a_second_leg_follows_a_definite_failure_in_time",
            follows && definite && in_time && self.answered.is_none(),
            || format!("{} leg {leg} at {}", fact.stream, fact.at),
        );
        let replied = before
            .and_then(|leg| book.get(leg.dialing.text(Member::SipCallId)))
            .is_none_or(|entry| entry.replied);
        findings.check("silence_is_never_followed_by_a_leg", replied, || {
            fact.stream.clone()
        });
    }

    fn end(&self, findings: &mut Findings, fact: &Fact) {
        let talk_ms = fact.number(Member::TalkMs);
        let expected_ms = self.answered.map_or(0, |answered| fact.at.ms_since(answered.at));
        findings.check(
            "talk_time_runs_from_answer_to_end",
            talk_ms == expected_ms,
            || format!("{}: {talk_ms} ms, expected {expected_ms} ms", fact.stream),
        );
        let refused = self.legs.last().and_then(|leg| leg.failed);
        let code = refused.map_or(0, |failed| failed.number(Member::SipCode));
        if let Some((_, disposition)) = PLAIN.iter().find(|(plain, _)| *plain == code) {
            let said = fact.text(Member::Disposition);
            findings.check("a_plain_refusal_keeps_its_name", said == *disposition, || {
                format!("{}: {code} as {said}", fact.stream)
            });
        }
        let success = fact.text(Member::Outcome) == "success";
        findings.check(
            "no_success_without_the_notice",
            !success || self.notice_played,
            || fact.stream.clone(),
        );
    }

    /// Compares the finished call with the INVITEs and answers that the outside world saw.
    fn beside_the_book(&self, findings: &mut Findings, stream: &str, evidence: &Evidence<'_>) {
        let book = evidence.book;
        let crashed = self
            .ended
            .is_some_and(|ended| ended.text(Member::Reason) == "crash");
        for leg in &self.legs {
            let Some(entry) = book.get(leg.dialing.text(Member::SipCallId)) else {
                findings.check(
                    "what_was_dialed_was_sent_or_cut_off",
                    self.was_cut_off(leg),
                    || stream.to_owned(),
                );
                continue;
            };
            // A leg that was open when the machine died is ended by CANCEL or BYE of the next process.
            let left = crashed && leg.failed.is_none();
            findings.check(
                "what_a_crash_left_is_ended",
                !left || entry.ended_left_over,
                || stream.to_owned(),
            );
            findings.check(
                "an_answer_is_in_the_log",
                answer_is_known(leg, entry, crashed, evidence.unwritten),
                || format!("{stream}: answered at {:?}", entry.answered_at),
            );
        }
        let spoken = self.legs.iter().find_map(|leg| {
            let entry = book.get(leg.dialing.text(Member::SipCallId))?;
            let (answered_at, ended_at) = (entry.answered_at?, entry.ended_at?);
            leg.answered.then(|| ended_at.ms_since(answered_at))
        });
        let (Some(carrier_ms), Some(ended), Some(_)) = (spoken, self.ended, self.answered) else {
            return;
        };
        if !matches!(ended.text(Member::Disposition), "interrupted") && !crashed {
            let talk_ms = ended.number(Member::TalkMs);
            // An answer and an end are each stored by an append, before and after.
            let tolerance_ms = TALK_TOLERANCE_MS + 4 * evidence.append_ms_max;
            let near = talk_ms.abs_diff(carrier_ms) <= tolerance_ms;
            findings.check("talk_time_is_the_carriers", near, || {
                format!("{stream}: {talk_ms} ms, the carrier's {carrier_ms} ms")
            });
        }
    }

    /// True if the leg's INVITE never left, because the machine or the line failed first.
    fn was_cut_off(&self, leg: &Leg<'_>) -> bool {
        let local = leg
            .failed
            .is_some_and(|failed| failed.text(Member::Cause) == "local");
        local
            || self
                .ended
                .is_some_and(|ended| ended.text(Member::Reason) == "crash")
    }
}

/// True if an acknowledged answer is in the log, also one that a later process hung up. Three kinds may be
/// missing: an answer that reached only a dead machine, for as long as a far end repeats it; one that was
/// acknowledged as the machine died; and one that came late and could not be stored.
fn answer_is_known(leg: &Leg<'_>, entry: &BookEntry, crashed: bool, unwritten: &[FaultPeriod]) -> bool {
    let Some(answered_at) = entry.answered_at.filter(|_| !leg.answered) else {
        return true;
    };
    let is_lost = |at: Timestamp| unwritten.iter().any(|spell| spell.holds(at));
    if crashed {
        return entry.acknowledged_at.is_none_or(is_lost);
    }
    leg.failed.is_some() && is_lost(answered_at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_answer_after_the_end_may_be_lost_and_only_with_the_machine() {
        let at = |ms| Timestamp::EPOCH.plus_ms(ms);
        let fact = || Fact {
            kind: String::new(),
            stream: String::new(),
            at: at(0),
            campaign: String::new(),
            customer: String::new(),
            data: Default::default(),
        };
        let (dialing, failed) = (fact(), fact());
        let spell = |from, until| FaultPeriod {
            from: at(from),
            until: at(until),
        };
        let entry = |answered_ms: Option<u64>| BookEntry {
            line: String::new(),
            callee: String::new(),
            invites: 1,
            invited_at: at(0),
            replied: true,
            refused_code: None,
            answered_at: answered_ms.map(at),
            acknowledged_at: None,
            byes: 0,
            ended_at: None,
            ended_left_over: false,
        };
        let known = |answered, has_failed: bool, crashed, answered_ms| {
            let leg = Leg {
                dialing: &dialing,
                failed: has_failed.then_some(&failed),
                answered,
            };
            let unwritten = [spell(100, 201), spell(500, 501)];
            answer_is_known(&leg, &entry(answered_ms), crashed, &unwritten)
        };
        assert!(known(false, true, false, None));
        assert!(known(true, false, false, Some(50)));
        assert!(known(false, false, true, Some(50)));
        for (answered_ms, is_known) in [(99, false), (100, true), (200, true), (201, false), (500, true)] {
            assert_eq!(
                known(false, true, false, Some(answered_ms)),
                is_known,
                "{answered_ms}"
            );
        }
        assert!(
            !known(false, false, false, Some(150)),
            "it was open, and is ended as interrupted"
        );
        let ended = |acknowledged_ms| {
            let leg = Leg {
                dialing: &dialing,
                failed: None,
                answered: false,
            };
            let entry = BookEntry {
                acknowledged_at: Some(at(acknowledged_ms)),
                ..entry(Some(90))
            };
            answer_is_known(&leg, &entry, true, &[spell(100, 201)])
        };
        assert_eq!(
            [99, 100, 200, 201].map(ended),
            [false, true, true, false],
            "what was hung up after a crash is in the log"
        );
    }
}
