//! The evaluator: one event and what is remembered of its call in, contributions to terms out. Pure.
//!
//! A call counts in the hour in which its first leg was dialed, on that leg's trunk, for ever; one that was
//! never dialed counts nowhere. An enrolment counts in the hour it was made.

use super::catalog::Catalog;
use super::term::{Measure, NotWithin, OncePer, Term};
use domain::stored_event::{Envelope, Position, UnreadableRecord};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Microseconds in an hour. Beijing is a whole number of hours from UTC, so hours begin at the same instants.
pub const HOUR_MICROS: i64 = 3_600_000_000;

/// An event as the evaluator reads it.
#[derive(Debug, Clone, Copy)]
pub struct Fact<'a> {
    pub position: Position,
    pub envelope: &'a Envelope,
}

/// What is remembered of a call, or of an enrolment, between its events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    pub campaign: String,
    pub customer: String,
    /// When the hour began in which it counts; `None` before its first dial.
    pub hour_at: Option<i64>,
    /// Of the first leg; empty for an enrolment.
    pub trunk: String,
    pub flow_version: i64,
    /// Terms it counts in now, a bit each.
    pub terms: i64,
    /// Corrected terms it would count in, were the corrected members right; a bit each, set at its end.
    pub eligible: i64,
    /// Times of events by the catalog's marks, in microseconds; empty after the end.
    pub marks: BTreeMap<usize, i64>,
}

/// One event's part in one term.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Contribution {
    /// Index of the term in the catalog.
    pub term: usize,
    /// +1, or -1 where a correction takes it away.
    pub sign: i64,
    /// What a valued term sums; 0 for a count.
    pub value: i64,
}

#[derive(Deserialize)]
struct PermittedFlow {
    flow: FlowVersion,
}
#[derive(Deserialize)]
struct FlowVersion {
    version: u32,
}
#[derive(Deserialize)]
struct DialingTrunk<'a> {
    #[serde(borrow)]
    trunk: Cow<'a, str>,
}

/// Whose state an event needs: a call's id, or `<campaign>/<customer>` of an enrolment.
pub fn subject_of(envelope: &Envelope) -> Option<String> {
    if envelope.kind.starts_with("call.") {
        return Some(envelope.stream.id().to_owned());
    }
    let (campaign, customer) = (envelope.campaign.as_ref()?, envelope.customer.as_ref()?);
    Some(format!("{campaign}/{customer}"))
}

const fn bit(term: usize) -> i64 {
    // At most 62 terms: the checks of the file say so.
    1 << (term % 63)
}

impl Catalog {
    /// Takes one event: moves what is remembered and answers what it counts for. An event of a call whose
    /// permit was not seen changes nothing.
    pub fn evaluate(
        &self,
        subject: &mut Option<Subject>,
        fact: Fact<'_>,
    ) -> Result<Vec<Contribution>, UnreadableRecord> {
        let envelope = fact.envelope;
        if subject.is_none() {
            *subject = begin(fact)?;
        }
        let Some(subject) = subject else {
            return Ok(Vec::new());
        };
        match envelope.kind.as_str() {
            "call.permitted" => return Ok(Vec::new()),
            "call.corrected" => return self.corrected(subject, fact),
            "call.dialing" if subject.hour_at.is_none() => {
                let dialing: DialingTrunk<'_> = read(fact)?;
                subject.hour_at = Some(hour_of(envelope));
                subject.trunk = dialing.trunk.into_owned();
            }
            _ => {}
        }
        let contributions = match subject.hour_at {
            Some(_) => self.counted(subject, fact)?,
            None => Vec::new(),
        };
        self.remember(subject, envelope);
        Ok(contributions)
    }

    fn counted(&self, subject: &mut Subject, fact: Fact<'_>) -> Result<Vec<Contribution>, UnreadableRecord> {
        let kind = &fact.envelope.kind;
        let mut contributions = Vec::new();
        let mut members: Option<Map<String, Value>> = None;
        for (index, term) in self.terms().iter().enumerate() {
            let again = term.once_per != OncePer::None && subject.terms & bit(index) != 0;
            if again || !term.kinds.contains(kind) || !self.timely(term, subject) {
                continue;
            }
            if term.corrected {
                subject.eligible |= bit(index);
            }
            let reads = !term.conditions.is_empty() || matches!(term.value, Some(Measure::Member(_)));
            if reads && members.is_none() {
                members = Some(read(fact)?);
            }
            let empty = Map::new();
            let data = members.as_ref().unwrap_or(&empty);
            if !holds(term, data) {
                continue;
            }
            subject.terms |= bit(index);
            contributions.push(Contribution {
                term: index,
                sign: 1,
                value: self.value(term, subject, (fact.envelope, data)),
            });
        }
        Ok(contributions)
    }

    /// A correction moves the call in its own hour: out of terms it no longer fits, into those it does.
    fn corrected(
        &self,
        subject: &mut Subject,
        fact: Fact<'_>,
    ) -> Result<Vec<Contribution>, UnreadableRecord> {
        let mut data: Map<String, Value> = read(fact)?;
        let Some(Value::Object(after)) = data.remove("after") else {
            return Ok(Vec::new());
        };
        let mut contributions = Vec::new();
        for (index, term) in self.terms().iter().enumerate() {
            if subject.eligible & bit(index) == 0 {
                continue;
            }
            let (was, is) = (subject.terms & bit(index) != 0, holds(term, &after));
            if was != is {
                subject.terms ^= bit(index);
                contributions.push(Contribution {
                    term: index,
                    sign: if is { 1 } else { -1 },
                    value: 0,
                });
            }
        }
        Ok(contributions)
    }

    /// The conditions on what came before.
    fn timely(&self, term: &Term, subject: &Subject) -> bool {
        let at = |kind: &String| self.marked(subject, kind);
        term.after.iter().all(|kind| at(kind).is_some())
            && term.without.iter().all(|kind| at(kind).is_none())
            && term.not_within.as_ref().is_none_or(|NotWithin { from, to, ms }| {
                at(from).is_some_and(|from| {
                    let first = to.iter().filter_map(at).min();
                    first.is_none_or(|first| first - from > i64::from(*ms) * 1_000)
                })
            })
    }

    fn value(
        &self,
        term: &Term,
        subject: &Subject,
        (envelope, data): (&Envelope, &Map<String, Value>),
    ) -> i64 {
        match &term.value {
            None => 0,
            Some(Measure::Member(member)) => data.get(member).and_then(Value::as_i64).unwrap_or(0),
            Some(Measure::Since(kind)) => {
                let now = envelope.at.micros();
                (now - self.marked(subject, kind).unwrap_or(now)).max(0) / 1_000
            }
        }
    }

    fn mark(&self, kind: &str) -> Option<usize> {
        self.marks.binary_search_by(|mark| mark.as_str().cmp(kind)).ok()
    }

    fn marked(&self, subject: &Subject, kind: &str) -> Option<i64> {
        subject.marks.get(&self.mark(kind)?).copied()
    }

    /// The first event of each marked kind, of the latest leg where legs have them each.
    fn remember(&self, subject: &mut Subject, envelope: &Envelope) {
        match envelope.kind.as_str() {
            "call.ended" => {
                subject.marks.clear();
                return;
            }
            "call.dialing" => {
                let of_leg = ["call.dialing", "call.ringing"].map(|kind| self.mark(kind));
                subject.marks.retain(|mark, _| !of_leg.contains(&Some(*mark)));
            }
            _ => {}
        }
        if let Some(mark) = self.mark(&envelope.kind) {
            subject.marks.entry(mark).or_insert(envelope.at.micros());
        }
    }
}

fn holds(term: &Term, data: &Map<String, Value>) -> bool {
    let mut conditions = term.conditions.iter();
    conditions.all(|(member, condition)| condition.holds(data.get(member)))
}

/// A call begins with its permit, an enrolment with itself.
fn begin(fact: Fact<'_>) -> Result<Option<Subject>, UnreadableRecord> {
    let envelope = fact.envelope;
    let (Some(campaign), Some(customer)) = (&envelope.campaign, &envelope.customer) else {
        return Ok(None);
    };
    let is_call = envelope.kind.starts_with("call.");
    if is_call && envelope.kind != "call.permitted" {
        return Ok(None);
    }
    let flow_version = if is_call {
        let permitted: PermittedFlow = read(fact)?;
        i64::from(permitted.flow.version)
    } else {
        0
    };
    Ok(Some(Subject {
        campaign: campaign.to_string(),
        customer: customer.to_string(),
        hour_at: (!is_call).then(|| hour_of(envelope)),
        trunk: String::new(),
        flow_version,
        terms: 0,
        eligible: 0,
        marks: BTreeMap::new(),
    }))
}

fn hour_of(envelope: &Envelope) -> i64 {
    let micros = envelope.at.micros();
    micros - micros.rem_euclid(HOUR_MICROS)
}

fn read<'a, T: Deserialize<'a>>(fact: Fact<'a>) -> Result<T, UnreadableRecord> {
    serde_json::from_str(fact.envelope.data.get()).map_err(|error| UnreadableRecord {
        position: fact.position,
        why: format!("{}: {error}", fact.envelope.kind),
    })
}
