//! Verdicts that a planted bug ignores, recognized by their rule and facts.

use domain::compliance::{Decision, Verdict};
use domain::time::Timestamp;

/// Microseconds in an hour.
const HOUR_MICROS: i64 = 3_600_000_000;

/// True for verdicts that a bug ignores at this time.
pub(super) type IgnoredVerdict = fn(&Verdict, Timestamp) -> bool;

fn says(verdict: &Verdict, rule: &str, fact: &str, value: &str) -> bool {
    verdict.rule == rule && verdict.facts.get(fact).is_some_and(|found| found == value)
}

/// The callee's wall clock, from `start` to `end` of `YYYY-MM-DDThh:mm:ss`, if closed hours refused the dial.
fn refused_at(verdict: &Verdict, start: usize, end: usize) -> Option<&str> {
    let local = verdict.facts.get("local_time")?;
    local.get(start..end).filter(|_| verdict.rule == "calling_window")
}

pub(super) fn is_in_the_second_after(verdict: &Verdict, _now: Timestamp) -> bool {
    refused_at(verdict, 11, 19) == Some("18:00:00")
}

pub(super) fn is_in_the_hour_after(verdict: &Verdict, _now: Timestamp) -> bool {
    refused_at(verdict, 11, 13) == Some("18")
}

pub(super) fn is_in_the_rest(verdict: &Verdict, _now: Timestamp) -> bool {
    refused_at(verdict, 11, 13) == Some("12")
}

/// In the hour after the window in Berlin, which is inside it by winter time.
pub(super) fn is_in_the_window_by_winter_time(verdict: &Verdict, now: Timestamp) -> bool {
    let is_summer = now.micros().div_euclid(HOUR_MICROS).rem_euclid(24) == 16;
    is_in_the_hour_after(verdict, now)
        && says(verdict, "calling_window", "time_zones", "Europe/Berlin")
        && is_summer
}

pub(super) fn is_on_a_holiday(verdict: &Verdict, _now: Timestamp) -> bool {
    says(verdict, "calling_days", "because", "holiday")
}

/// True if no cap is exceeded by more than one call.
pub(super) fn is_by_one_call(verdict: &Verdict, _now: Timestamp) -> bool {
    let used = |text: &String| {
        let (used, calls_max) = text.split_once(" of ")?;
        Some((used.parse::<u64>().ok()?, calls_max.parse::<u64>().ok()?))
    };
    let mut caps = verdict.facts.values().filter_map(used);
    verdict.rule == "frequency_cap" && caps.all(|(used, calls_max)| used <= calls_max)
}

pub(super) fn is_by_an_opt_out(verdict: &Verdict, _now: Timestamp) -> bool {
    says(verdict, "suppression", "because", "opted_out")
}

pub(super) fn is_by_expired_consent(verdict: &Verdict, _now: Timestamp) -> bool {
    says(verdict, "consent", "consent", "expired")
}

/// True if agents are all that is missing.
pub(super) fn is_without_agents(verdict: &Verdict, _now: Timestamp) -> bool {
    says(verdict, "missing_fact", "missing", "agents_present")
}

/// The verdict as if its rule allowed the dial.
pub(super) fn allowed(verdict: &Verdict) -> Verdict {
    Verdict {
        decision: Decision::Allow,
        ..verdict.clone()
    }
}
