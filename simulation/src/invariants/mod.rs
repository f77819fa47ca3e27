//! The invariants of every log, checked by an oracle that shares no decision code with the product.
//!
//! The oracle reads stored records as plain JSON and compares them with each other and with the INVITEs that
//! the outside world saw. Each invariant has a name; the report counts its checks and violations.

mod abandonment;
mod book;
mod callbacks;
mod calls;
mod campaigns;
mod enrolments;
mod erasures;
mod fact;
mod grants;
mod lists;
mod stops;
mod telemarketing;
mod terms;
mod zones;

pub(crate) use abandonment::{Counts, windows};
pub(crate) use terms::Terms;

use super::faults::{ClockJump, FaultPeriod};
use super::witness::Drain;
use domain::ports::event_store::EventStore;
use domain::ports::line::LineFacts;
use domain::stored_event::{Position, StoredEvent};
use domain::time::Timestamp;
use media::lines::BookEntry;
use projections::{ReadDb, View};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

/// How often an invariant was checked and how often it did not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
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

/// Most violations of one world that are kept as text.
const WORDS_MAX: usize = 20;

/// Most texts of violations of one invariant in one world, so that those of others are kept too.
const WORDS_OF_ONE_MAX: u64 = 3;

#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub(crate) struct Findings {
    pub(crate) tallies: BTreeMap<Cow<'static, str>, Tally>,
    pub(crate) words: Vec<String>,
    pub(crate) counts: Counts,
}

impl Findings {
    pub(crate) fn check(&mut self, name: &'static str, holds: bool, words: impl FnOnce() -> String) {
        let tally = self.tallies.entry(Cow::Borrowed(name)).or_default();
        tally.checked += 1;
        if !holds {
            tally.violations += 1;
            if self.words.len() < WORDS_MAX && tally.violations <= WORDS_OF_ONE_MAX {
                self.words.push(format!("{name}: {}", words()));
            }
        }
    }
}

/// What the oracle examines.
pub(crate) struct Evidence<'a> {
    pub(crate) log: &'a [StoredEvent],
    pub(crate) book: &'a BTreeMap<String, BookEntry>,
    pub(crate) acknowledged: &'a [Position],
    pub(crate) lines: &'a [LineFacts],
    /// Call-ids of the INVITEs that left, each with whether `call.dialing` was durable at that time.
    pub(crate) witnessed: &'a [(String, bool)],
    /// Call-ids of the acknowledged answers, each with whether `call.answered` was durable at that time.
    pub(crate) acknowledged_answers: &'a [(String, bool)],
    /// The intended properties of each campaign, by its id.
    pub(crate) terms: &'a BTreeMap<String, Terms>,
    /// Campaigns that could not be started because no calling window opened any more, each with the time of
    /// the refusal.
    pub(crate) never_began: &'a BTreeMap<String, Timestamp>,
    pub(crate) drains: &'a [Drain],
    pub(crate) wrong_clock: Option<FaultPeriod>,
    pub(crate) jump: Option<ClockJump>,
    /// Longest append in this world, in milliseconds; effects of earlier decisions may be this much later.
    pub(crate) append_ms_max: u64,
    /// True if the world has no faults: what is due at a time then happens at that time.
    pub(crate) has_no_faults: bool,
    /// Periods before the end of a process in which events about the outside world may be missing in the
    /// log.
    pub(crate) unwritten: &'a [FaultPeriod],
}

pub(crate) fn judge(evidence: &Evidence<'_>) -> Result<Findings, String> {
    let facts = fact::facts(evidence.log)?;
    let mut findings = Findings::default();
    positions(&mut findings, evidence);
    book::judge(&mut findings, &facts, evidence);
    callbacks::judge(&mut findings, &facts, evidence);
    calls::judge(&mut findings, &facts, evidence);
    grants::judge(&mut findings, &facts);
    terms::judge(&mut findings, &facts, evidence);
    telemarketing::judge(&mut findings, &facts, evidence);
    lists::judge(&mut findings, &facts, evidence);
    stops::judge(&mut findings, &facts, evidence);
    enrolments::judge(&mut findings, &facts, evidence);
    erasures::judge(&mut findings, &facts);
    campaigns::judge(&mut findings, &facts, evidence);
    abandonment::judge(&mut findings, &facts, evidence.append_ms_max);
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

/// Checks that the views that survived every crash equal a replay of the log from zero.
pub(crate) async fn views_equal_replay(
    findings: &mut Findings,
    store: &dyn EventStore,
    rows: Arc<dyn ReadDb>,
    views: Vec<Arc<dyn View>>,
) -> Result<(), String> {
    let checks = projections::verify_views(store, rows, views, &mut |_, _| {})
        .await
        .map_err(|error| error.to_string())?;
    let head = store.head().await.map_err(|error| error.to_string())?;
    for check in checks {
        let differing = || {
            let tables = check.tables.iter().filter(|table| table.live != table.replay);
            let named = tables.map(|table| format!("{} {:?}", table.table, table.differences));
            format!(
                "{} at {}: {:?} {}",
                check.view,
                check.position,
                check.parked,
                named.collect::<Vec<_>>().join("; ")
            )
        };
        findings.check("views_equal_their_replay", check.holds(), differing);
        findings.check("views_reach_the_end", check.position == head, || {
            format!("{} is at {} of {head}", check.view, check.position)
        });
    }
    Ok(())
}
