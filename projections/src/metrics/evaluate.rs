//! The evaluator of metrics, a pure function: takes one event and the stored state of its call, and returns
//! contributions to terms.
//!
//! A call counts in the hour in which its first leg was dialed, and on the trunk of its latest leg: if a
//! further leg is dialed on another trunk, the call moves there. A term that counts every event counts it on
//! the trunk of the event's own leg. A call that was never dialed counts nowhere. An enrolment counts in the
//! hour in which it was made.

use super::catalog::Catalog;
use super::program::{CompiledTerm, MemberValues, Program, Source, Window, place};
use super::term::{CountingUnit, Term};
use domain::calendar::HOUR_MICROS;
use domain::call::event::CallEvent;
use domain::ids::{CampaignId, CustomerId};
use domain::stored_event::{Envelope, Position, UnreadableRecord};
use domain::time::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// First parts of the event kinds of calls and of their summaries; a summary's stream has the id of its call.
const OF_CALLS: [&str; 2] = ["call.", "summary."];

/// Returns true if events of this kind belong to a call.
pub(crate) fn is_of_call(kind: &str) -> bool {
    OF_CALLS.iter().any(|start| kind.starts_with(start))
}

/// The first part of the event kinds of complaints.
pub(crate) const COMPLAINTS: &str = "complaint.";

/// An event as the evaluator takes it.
#[derive(Debug, Clone, Copy)]
pub struct MetricEvent<'a> {
    pub position: Position,
    pub envelope: &'a Envelope,
}

/// An event as `MetricEvent`, with all members borrowed from the place where the event is stored.
#[derive(Debug, Clone, Copy)]
pub(crate) struct MetricEventRef<'a> {
    pub(crate) position: Position,
    pub(crate) kind: &'a str,
    pub(crate) at: Timestamp,
    pub(crate) campaign: Option<&'a str>,
    pub(crate) customer: Option<&'a str>,
    /// The event's data as JSON.
    pub(crate) data: &'a str,
}

impl<'a> From<MetricEvent<'a>> for MetricEventRef<'a> {
    fn from(fact: MetricEvent<'a>) -> Self {
        let envelope = fact.envelope;
        Self {
            position: fact.position,
            kind: &envelope.kind,
            at: envelope.at,
            campaign: envelope.campaign.as_ref().map(CampaignId::as_str),
            customer: envelope.customer.as_ref().map(CustomerId::as_str),
            data: envelope.data.get(),
        }
    }
}

/// What the evaluator keeps of a call, an enrolment or a complaint between its events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    pub campaign: String,
    pub customer: String,
    /// The beginning of the hour in which it counts; `None` before the first dial.
    pub hour_at: Option<i64>,
    /// The trunk of the latest leg; empty for an enrolment.
    pub trunk: String,
    pub flow_version: i64,
    /// The terms in which it counts now, one bit each.
    pub terms: i64,
    /// The corrected terms for which it meets all conditions except those on corrected members; one bit each,
    /// set at its end.
    pub eligible: i64,
    /// Times of events in microseconds, by index in the catalog's marks; and, by `value_mark`, values that
    /// may move to another trunk. Empty after the end.
    pub marks: BTreeMap<usize, i64>,
}

impl Subject {
    /// Returns true if it counts in a term now. Only meaningful for terms that count something once.
    pub(crate) const fn counts_in(&self, term: usize) -> bool {
        self.terms & bit(term) != 0
    }
}

/// What one event adds to one term.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Contribution {
    /// The index of the term in the catalog.
    pub term: usize,
    /// +1, or -1 if a correction removes it.
    pub sign: i64,
    /// The value that the term sums; 0 for a count.
    pub value: i64,
}

/// What one event adds to the terms.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EventCount {
    /// Set if the event dialed a further leg on another trunk.
    pub moved: Option<TrunkChange>,
    pub contributions: Vec<Contribution>,
}

/// A call that moves from one trunk to the trunk of its latest leg.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrunkChange {
    pub from_trunk: String,
    /// The contributions that move from the former trunk to the new one.
    pub terms: Vec<Contribution>,
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

/// Returns the key of the state that an event needs: the id of its call, `<campaign>/<customer>` of its
/// enrolment, or the stream of its complaint.
pub fn subject_of(envelope: &Envelope) -> Option<String> {
    if is_of_call(&envelope.kind) {
        return Some(envelope.stream.id().to_owned());
    }
    // The aggregate is part of the key, so that it cannot equal the id of a call.
    if envelope.kind.starts_with(COMPLAINTS) {
        return Some(envelope.stream.to_string());
    }
    let (campaign, customer) = (envelope.campaign.as_ref()?, envelope.customer.as_ref()?);
    Some(format!("{campaign}/{customer}"))
}

const fn bit(term: usize) -> i64 {
    // The checks of the file allow at most 62 terms.
    1 << (term % 63)
}

/// The first key of values among the marks of a call; the catalog has at most 62 terms and few marks.
const VALUES_FROM: usize = 1_000;

/// Returns the key under which a term's counted value is kept among the marks while the call can still move
/// to another trunk.
const fn value_mark(term: usize) -> usize {
    VALUES_FROM + term
}

impl Catalog {
    /// Evaluates one event: updates the stored state of its subject and returns the contributions to terms.
    /// An event of a call without a known permit changes nothing.
    pub fn evaluate(
        &self,
        subject: &mut Option<Subject>,
        fact: MetricEvent<'_>,
    ) -> Result<EventCount, UnreadableRecord> {
        self.evaluate_ref(subject, fact.into())
    }

    /// Evaluates one event as `evaluate` does, without an `Envelope`: the members of `MetricEventRef` are
    /// borrowed from the stored record. Updates `subject` and returns the contributions to terms.
    pub(crate) fn evaluate_ref(
        &self,
        subject: &mut Option<Subject>,
        event: MetricEventRef<'_>,
    ) -> Result<EventCount, UnreadableRecord> {
        if subject.is_none() {
            *subject = begin(event)?;
        }
        let Some(subject) = subject else {
            return Ok(EventCount::default());
        };
        let mut moved = None;
        match event.kind {
            CallEvent::PERMITTED => return Ok(EventCount::default()),
            CallEvent::CORRECTED => {
                let contributions = self.corrected(subject, event)?;
                return Ok(EventCount { moved, contributions });
            }
            CallEvent::DIALING => {
                let DialingTrunk { trunk } = read(event)?;
                if subject.hour_at.is_none() {
                    subject.hour_at = Some(hour_of(event.at));
                    subject.trunk = trunk.into_owned();
                } else if subject.trunk != trunk {
                    moved = Some(self.moved(subject, trunk.into_owned()));
                }
            }
            _ => {}
        }
        let program = self.program(event.kind);
        let contributions = match (subject.hour_at, program) {
            (Some(_), Some(program)) => counted(program, subject, event)?,
            _ => Vec::new(),
        };
        let mark = program.and_then(|program| program.mark);
        self.remember(subject, event, mark);
        Ok(EventCount { moved, contributions })
    }

    /// Moves the call to another trunk, with every term in which it counts once.
    fn moved(&self, subject: &mut Subject, trunk: String) -> TrunkChange {
        let from_trunk = std::mem::replace(&mut subject.trunk, trunk);
        let counted =
            |(index, term): &(usize, &Term)| term.once_per != CountingUnit::None && subject.counts_in(*index);
        let terms = self.terms().iter().enumerate().filter(counted);
        let terms = terms.map(|(term, _)| Contribution {
            term,
            sign: 1,
            value: subject.marks.get(&value_mark(term)).copied().unwrap_or(0),
        });
        TrunkChange {
            from_trunk,
            terms: terms.collect(),
        }
    }

    /// Applies a correction within the call's own hour: removes it from terms that it no longer matches and
    /// adds it to those that it matches now.
    fn corrected(
        &self,
        subject: &mut Subject,
        event: MetricEventRef<'_>,
    ) -> Result<Vec<Contribution>, UnreadableRecord> {
        let mut data: Map<String, Value> = read(event)?;
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

    /// Stores the time of the first event of each marked kind; for dialing and ringing, that of the latest
    /// leg.
    fn remember(&self, subject: &mut Subject, event: MetricEventRef<'_>, mark: Option<usize>) {
        match event.kind {
            CallEvent::ENDED => {
                subject.marks.clear();
                return;
            }
            CallEvent::DIALING => {
                let of_leg = [CallEvent::DIALING, CallEvent::RINGING].map(|kind| place(&self.marks, kind));
                subject.marks.retain(|mark, _| !of_leg.contains(&Some(*mark)));
            }
            _ => {}
        }
        if let Some(mark) = mark {
            subject.marks.entry(mark).or_insert(event.at.micros());
        }
    }
}

fn counted(
    program: &Program,
    subject: &mut Subject,
    event: MetricEventRef<'_>,
) -> Result<Vec<Contribution>, UnreadableRecord> {
    let mut contributions = Vec::new();
    let mut members: Option<MemberValues> = None;
    for step in &program.steps {
        let again = !step.is_repeated && subject.terms & bit(step.term) != 0;
        if again || !timely(step, &subject.marks) {
            continue;
        }
        if step.is_corrected {
            subject.eligible |= bit(step.term);
        }
        if step.reads() && members.is_none() {
            let found = program.read(event.data);
            members = Some(found.map_err(|error| unreadable(event, &error))?);
        }
        let nothing = MemberValues::default();
        let found = members.as_ref().unwrap_or(&nothing);
        if !step.holds(found) {
            continue;
        }
        subject.terms |= bit(step.term);
        let measured = value(step, subject, event.at, found);
        // Only what was counted before the answer can move to another leg.
        if event.kind == CallEvent::RINGING && step.measure.is_some() {
            subject.marks.insert(value_mark(step.term), measured);
        }
        contributions.push(Contribution {
            term: step.term,
            sign: 1,
            value: measured,
        });
    }
    Ok(contributions)
}

/// Returns true if the conditions of a term on the times of earlier events are met.
fn timely(step: &CompiledTerm, marks: &BTreeMap<usize, i64>) -> bool {
    let at = |mark: &usize| marks.get(mark).copied();
    step.after.iter().all(|mark| at(mark).is_some())
        && step.without.iter().all(|mark| at(mark).is_none())
        && step
            .not_within
            .as_ref()
            .is_none_or(|Window { from, to, micros }| {
                at(from).is_some_and(|from| {
                    let first = to.iter().filter_map(at).min();
                    first.is_none_or(|first| first - from > *micros)
                })
            })
}

fn value(step: &CompiledTerm, subject: &Subject, at: Timestamp, found: &MemberValues) -> i64 {
    match step.measure {
        None => 0,
        Some(Source::Member(member)) => found.get(member).and_then(Value::as_i64).unwrap_or(0),
        Some(Source::Since(mark)) => {
            let now = at.micros();
            (now - subject.marks.get(&mark).copied().unwrap_or(now)).max(0) / 1_000
        }
    }
}

fn holds(term: &Term, data: &Map<String, Value>) -> bool {
    let mut conditions = term.conditions.iter();
    conditions.all(|(member, condition)| condition.holds(data.get(member)))
}

/// Makes the first state of a subject: of a call at its permit, of an enrolment or a complaint at its first
/// event. Returns `None` for any other event.
fn begin(event: MetricEventRef<'_>) -> Result<Option<Subject>, UnreadableRecord> {
    let (campaign, customer) = match (event.campaign, event.customer) {
        (Some(campaign), Some(customer)) => (campaign, customer),
        // A complaint may have neither campaign nor customer.
        (campaign, customer) if event.kind.starts_with(COMPLAINTS) => {
            (campaign.unwrap_or_default(), customer.unwrap_or_default())
        }
        _ => return Ok(None),
    };
    let is_call = is_of_call(event.kind);
    if is_call && event.kind != CallEvent::PERMITTED {
        return Ok(None);
    }
    let flow_version = if is_call {
        let permitted: PermittedFlow = read(event)?;
        i64::from(permitted.flow.version)
    } else {
        0
    };
    Ok(Some(Subject {
        campaign: campaign.to_owned(),
        customer: customer.to_owned(),
        hour_at: (!is_call).then(|| hour_of(event.at)),
        trunk: String::new(),
        flow_version,
        terms: 0,
        eligible: 0,
        marks: BTreeMap::new(),
    }))
}

const fn hour_of(at: Timestamp) -> i64 {
    let micros = at.micros();
    micros - micros.rem_euclid(HOUR_MICROS)
}

fn read<'a, T: Deserialize<'a>>(event: MetricEventRef<'a>) -> Result<T, UnreadableRecord> {
    serde_json::from_str(event.data).map_err(|error| unreadable(event, &error))
}

fn unreadable(event: MetricEventRef<'_>, error: &serde_json::Error) -> UnreadableRecord {
    UnreadableRecord {
        position: event.position,
        why: format!("{}: {error}", event.kind),
    }
}
