//! Compares the log with what the outside world saw: INVITEs, answers, limits of the trunks.

use super::fact::{Fact, Member};
use super::{Evidence, Findings};
use domain::call::event::CallEvent;
use domain::time::Timestamp;
use media::lines::BookEntry;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// The window for a trunk's dial rate, in milliseconds: a little less than a second, because an INVITE may
/// leave a few appends after its slot was taken.
const RATE_WINDOW_MS: u64 = 900;

pub(super) fn judge(findings: &mut Findings, facts: &[Fact], evidence: &Evidence<'_>) {
    invites(findings, facts, evidence.book);
    for (id, stored) in evidence.witnessed {
        findings.check("dialing_is_durable_before_its_invite", *stored, || id.clone());
    }
    for (id, stored) in evidence.acknowledged_answers {
        findings.check("an_answer_is_durable_before_its_ack", *stored, || id.clone());
    }
    let mut by_line: BTreeMap<&str, Vec<&BookEntry>> = BTreeMap::new();
    for entry in evidence.book.values() {
        by_line.entry(&entry.line).or_default().push(entry);
    }
    for line in evidence.lines {
        let mut entries = by_line.remove(line.name.as_str()).unwrap_or_default();
        entries.sort_by_key(|entry| entry.invited_at);
        rate(findings, &line.name, &entries, line.dials_per_second as usize);
        legs(findings, &line.name, &entries, line.legs_max as usize);
    }
}

fn invites(findings: &mut Findings, facts: &[Fact], book: &BTreeMap<String, BookEntry>) {
    let mut dialing: BTreeMap<&str, Timestamp> = BTreeMap::new();
    for fact in facts.iter().filter(|fact| fact.kind == CallEvent::DIALING) {
        let id = fact.text(Member::SipCallId);
        let repeated = dialing.insert(id, fact.at).is_some();
        findings.check("one_dialing_per_leg", !repeated, || id.to_owned());
    }
    for (id, entry) in book {
        findings.check("one_invite_per_leg", entry.invites == 1, || {
            format!("{id}: {} INVITEs", entry.invites)
        });
        let stored_before = dialing.get(id.as_str()).is_some_and(|at| *at <= entry.invited_at);
        findings.check("dialing_is_stored_before_its_invite", stored_before, || {
            id.clone()
        });
        findings.check("every_leg_is_over_in_the_end", entry.ended_at.is_some(), || {
            id.clone()
        });
    }
}

fn rate(findings: &mut Findings, line: &str, entries: &[&BookEntry], dials_per_second: usize) {
    let mut recent: VecDeque<Timestamp> = VecDeque::new();
    for entry in entries {
        let now = entry.invited_at;
        while recent
            .front()
            .is_some_and(|at| now.ms_since(*at) >= RATE_WINDOW_MS)
        {
            recent.pop_front();
        }
        recent.push_back(now);
        findings.check(
            "dials_per_second_of_a_trunk",
            recent.len() <= dials_per_second,
            || format!("{line}: {} at {now}", recent.len()),
        );
    }
}

fn legs(findings: &mut Findings, line: &str, entries: &[&BookEntry], legs_max: usize) {
    let mut open: BTreeSet<(Timestamp, usize)> = BTreeSet::new();
    for (index, entry) in entries.iter().enumerate() {
        while open
            .first()
            .is_some_and(|(ended_at, _)| *ended_at <= entry.invited_at)
        {
            open.pop_first();
        }
        let ended_at = entry.ended_at.unwrap_or(Timestamp::from_micros(i64::MAX));
        open.insert((ended_at, index));
        findings.check("legs_of_a_trunk", open.len() <= legs_max, || {
            format!("{line}: {} at {}", open.len(), entry.invited_at)
        });
    }
}
