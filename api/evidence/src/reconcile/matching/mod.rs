//! Matches row by row: finds our call of a row and compares the two.

use crate::reconcile::formats::ExternalCallRow;
use crate::reconcile::our_calls::{OurCall, OurCalls};
use crate::reconcile::summary::{
    Dispute, ReconciliationResult, Sums, UnmatchedCall, UnmatchedRow, UnreadableRow, note,
};
use domain::calling_code::DefaultCountry;
use domain::ids::NumberId;
use domain::phone_number::{PhoneNumber, mask_e164};
use domain::time::Timestamp;
use std::collections::BTreeSet;

/// Milliseconds in a minute, the unit of billing.
const MINUTE_MS: u64 = 60_000;

/// Most rows in one file; further ones are reported as bad. A digest of each is kept in memory to find
/// duplicates.
pub(super) const ROWS_MAX: u64 = 20_000_000;

/// What counts as the same call in the comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// Allowed difference of the talk.
    pub tolerance_ms: u64,
    /// Allowed time between a row without a Call-ID and our dial.
    pub window_ms: u64,
    /// True if only answered calls are expected in their file.
    pub answered_only: bool,
    /// Country of callees without a country code.
    pub country: DefaultCountry,
    pub from: Option<Timestamp>,
    pub to: Option<Timestamp>,
}

/// Compares the rows of another system's file with our calls, one by one.
pub struct Matcher<'a> {
    ours: &'a OurCalls,
    /// Derives a number's id from E.164; `None` if there are no keys.
    derive: Option<&'a (dyn Fn(&str) -> NumberId + 'a)>,
    rules: Rules,
    matched: BTreeSet<usize>,
    /// SHA-256 of each row's key, cut to 16 bytes.
    seen: BTreeSet<[u8; 16]>,
    span: Option<(Timestamp, Timestamp)>,
    outcome: ReconciliationResult,
}

/// How a row was matched with a call.
enum RowMatch {
    SipId(usize),
    Number(usize),
    Taken,
    NoCall,
}

impl<'a> Matcher<'a> {
    pub fn new(
        ours: &'a OurCalls,
        derive: Option<&'a (dyn Fn(&str) -> NumberId + 'a)>,
        rules: Rules,
    ) -> Self {
        Self {
            ours,
            derive,
            rules,
            matched: BTreeSet::new(),
            seen: BTreeSet::new(),
            span: None,
            outcome: ReconciliationResult {
                position: ours.position.0,
                ..ReconciliationResult::default()
            },
        }
    }

    /// Compares one row of their file, or counts it as bad with the reason why it cannot be read.
    pub fn take(&mut self, row: Result<ExternalCallRow, (u64, String)>) {
        self.outcome.rows += 1;
        match row {
            Ok(_) if self.outcome.rows > ROWS_MAX => {
                self.bad(0, format!("more than {ROWS_MAX} rows: split the file"));
            }
            Ok(row) => self.read(&row),
            Err((line, why)) => self.bad(line, why),
        }
    }

    fn bad(&mut self, line: u64, why: String) {
        self.outcome.bad_rows += 1;
        note(&mut self.outcome.bad, UnreadableRow { line, why });
    }

    fn read(&mut self, row: &ExternalCallRow) {
        let early = self.rules.from.is_some_and(|from| row.start < from);
        if early || self.rules.to.is_some_and(|to| row.start >= to) {
            self.outcome.outside += 1;
            return;
        }
        let phone = callee(&row.callee, self.rules.country);
        let digest = short_digest(&row.key);
        let met = match self.seen.contains(&digest) {
            false => self.meet(row, phone.as_ref().ok()),
            true => RowMatch::Taken,
        };
        // Without a call of ours and without a readable number, the row proves nothing about either side.
        if let (RowMatch::NoCall, Err(why)) = (&met, phone) {
            return self.bad(row.line, why);
        }
        self.seen.insert(digest);
        self.span = Some(match self.span {
            None => (row.start, row.start),
            Some((from, to)) => (from.min(row.start), to.max(row.start)),
        });
        match met {
            RowMatch::SipId(index) => {
                self.outcome.by_sip_call_id += 1;
                self.compare(index, row);
            }
            RowMatch::Number(index) => {
                self.outcome.by_number_and_time += 1;
                self.compare(index, row);
            }
            RowMatch::Taken => {
                self.outcome.duplicates += 1;
                self.outcome.add(row.start, None, &|sums| {
                    their_row(sums, row);
                    sums.duplicates += 1;
                    sums.unfounded_minutes += row.minutes;
                });
                note(&mut self.outcome.twice, only_theirs(row, self.rules.country));
            }
            RowMatch::NoCall => {
                self.outcome.missing_on_our_side += 1;
                self.outcome.add(row.start, None, &|sums| {
                    their_row(sums, row);
                    sums.missing_on_our_side += 1;
                    sums.unfounded_minutes += row.minutes;
                });
                note(
                    &mut self.outcome.only_theirs,
                    only_theirs(row, self.rules.country),
                );
            }
        }
    }

    fn meet(&self, row: &ExternalCallRow, phone: Option<&PhoneNumber>) -> RowMatch {
        let by_id = row.sip_ids.iter().find_map(|id| self.ours.by_sip_id.get(id));
        if let Some(index) = by_id {
            return match self.matched.contains(index) {
                true => RowMatch::Taken,
                false => RowMatch::SipId(*index),
            };
        }
        let (Some(derive), Some(phone)) = (self.derive, phone) else {
            return RowMatch::NoCall;
        };
        let calls = self.ours.by_number.get(&derive(phone.as_e164()));
        let near = |index: &usize| {
            let call = self.ours.calls.get(*index)?;
            let apart = call.dialed_at.micros().abs_diff(row.start.micros()) / 1_000;
            (apart <= self.rules.window_ms && !self.matched.contains(index)).then_some((apart, *index))
        };
        match calls.into_iter().flatten().filter_map(near).min() {
            Some((_, index)) => RowMatch::Number(index),
            None => RowMatch::NoCall,
        }
    }

    fn compare(&mut self, index: usize, row: &ExternalCallRow) {
        self.matched.insert(index);
        let Some(ours) = self.ours.calls.get(index) else {
            return;
        };
        self.outcome.matched += 1;
        let our_minutes = ours.talk_ms.div_ceil(MINUTE_MS);
        let why = self.differences(ours, row);
        let signed = |minutes: u64| i64::try_from(minutes).unwrap_or(i64::MAX);
        let is_disputed = !why.is_empty();
        self.outcome.add(row.start, Some(&ours.trunk), &|sums| {
            their_row(sums, row);
            sums.matched += 1;
            sums.our_minutes += our_minutes;
            if is_disputed {
                sums.disputed += 1;
                sums.disputed_minutes += signed(row.minutes) - signed(our_minutes);
            }
        });
        if !is_disputed {
            return;
        }
        self.outcome.disputed += 1;
        let dispute = Dispute {
            line: row.line,
            call: ours.call.to_string(),
            why,
            their_seconds: row.talk_s,
            our_ms: ours.talk_ms,
            their_minutes: row.minutes,
            our_minutes,
        };
        note(&mut self.outcome.disputes, dispute);
    }

    fn differences(&self, ours: &OurCall, row: &ExternalCallRow) -> Vec<&'static str> {
        let tolerance = self.rules.tolerance_ms;
        let their_ms = row.talk_s.saturating_mul(1_000);
        let mut why = Vec::new();
        if (row.talk_s > 0) != (ours.talk_ms > 0) && their_ms.abs_diff(ours.talk_ms) > tolerance {
            why.push("answer");
        } else if their_ms.abs_diff(ours.talk_ms) > tolerance && row.talk_s != row.minutes.saturating_mul(60)
        {
            why.push("seconds");
        }
        // The talk may be another number of minutes within the tolerance.
        let least = ours.talk_ms.saturating_sub(tolerance).div_ceil(MINUTE_MS);
        let most = ours.talk_ms.saturating_add(tolerance).div_ceil(MINUTE_MS);
        let most = if ours.talk_ms == 0 { 0 } else { most };
        if !(least..=most).contains(&row.minutes) {
            why.push("minutes");
        }
        why
    }

    /// Returns the result after the last row of the carrier's file. Our calls without a row are added: those
    /// of the period in the rules or, without one, from the first to the last row of the file. A file without
    /// rows has no period, so none are added.
    pub fn finish(mut self) -> ReconciliationResult {
        let (first, last) = self.span.unwrap_or_default();
        let from = self.rules.from.unwrap_or(first.minus_ms(self.rules.window_ms));
        let to = self.rules.to.unwrap_or(last.plus_ms(self.rules.window_ms + 1));
        if self.span.is_none() && (self.rules.from.is_none() || self.rules.to.is_none()) {
            return self.outcome;
        }
        let ours = self.ours;
        for (index, call) in ours.calls.iter().enumerate() {
            let expected = call.answered || !self.rules.answered_only;
            let within = call.dialed_at >= from && call.dialed_at < to;
            if !expected || !within || self.matched.contains(&index) {
                continue;
            }
            let our_minutes = call.talk_ms.div_ceil(MINUTE_MS);
            self.outcome.missing_on_their_side += 1;
            self.outcome.add(call.dialed_at, Some(&call.trunk), &|sums| {
                sums.missing_on_their_side += 1;
                sums.our_minutes += our_minutes;
            });
            let only = UnmatchedCall {
                call: call.call.to_string(),
                dialed_at: call.dialed_at.to_string(),
                disposition: call.disposition,
                our_minutes,
            };
            note(&mut self.outcome.only_ours, only);
        }
        self.outcome
    }
}

fn their_row(sums: &mut Sums, row: &ExternalCallRow) {
    sums.their_rows += 1;
    sums.their_minutes += row.minutes;
}

/// Parses the number of a row: only digits, separators and a leading plus. Fails for masked digits, SIP
/// addresses and other marks: a bill is written by a program, not typed by a person.
fn callee(text: &str, country: DefaultCountry) -> Result<PhoneNumber, String> {
    let is_plain = |found: char| found.is_ascii_digit() || matches!(found, '+' | ' ' | '-' | '(' | ')' | '.');
    if !text.trim().chars().all(is_plain) {
        return Err(
            "the callee is not a phone number: it has other characters than digits and separators".to_owned(),
        );
    }
    PhoneNumber::parse(text, country).map_err(|error| format!("the callee is not a phone number: {error}"))
}

fn only_theirs(row: &ExternalCallRow, country: DefaultCountry) -> UnmatchedRow {
    let callee = callee(&row.callee, country).map(|phone| mask_e164(phone.as_e164()));
    UnmatchedRow {
        line: row.line,
        start: row.start.to_string(),
        callee: callee.unwrap_or_else(|_| "?".to_owned()),
        their_minutes: row.minutes,
    }
}

/// Returns the first 16 bytes of a text's SHA-256: long enough that two rows of a file never share it by
/// chance.
fn short_digest(text: &str) -> [u8; 16] {
    use sha2::{Digest, Sha256};
    let whole: [u8; 32] = Sha256::digest(text.as_bytes()).into();
    let mut short = [0; 16];
    short
        .iter_mut()
        .zip(whole)
        .for_each(|(place, byte)| *place = byte);
    short
}

#[cfg(test)]
mod tests;
