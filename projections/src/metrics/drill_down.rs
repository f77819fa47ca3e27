//! Lists the events behind a figure, by folding the log through the evaluator without using a view.

use super::catalog::{Catalog, Metric};
use super::evaluate::{Contribution, MetricEvent, Subject, is_of_call, subject_of};
use super::term::{CountingUnit, Term};
use super::{Scope, WindowError};
use crate::error::ProjectionError;
use crate::replay::FOLDED_EVENTS_MAX;
use domain::call::event::CallEvent;
use domain::customer::event::CustomerEvent;
use domain::event_filter::EventFilter;
use domain::ids::EventId;
use domain::ports::event_store::{EventStore, PAGE_EVENTS_MAX};
use domain::stored_event::{Envelope, Position};
use domain::time::Timestamp;
use serde::Serialize;
use std::collections::BTreeMap;

/// Most events behind a figure on one page.
pub const ITEMS_MAX: usize = 1_000;

/// A part of a metric: its numerator or denominator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MetricPart {
    Numerator,
    Denominator,
}

/// A request for the events behind one part of a metric.
#[derive(Debug, Clone)]
pub struct DrillRequest<'a> {
    pub metric: &'a Metric,
    pub part: MetricPart,
    pub scope: Scope,
    /// The last position that is read: the figure's own.
    pub until: Position,
    /// Only items after this position, where the last page ended.
    pub after: Position,
    pub limit: usize,
}

/// One event behind a figure, and what it counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct DrillItem {
    #[serde(serialize_with = "Position::as_text")]
    #[schemars(with = "String")]
    pub position: Position,
    pub id: EventId,
    pub kind: String,
    pub at: Timestamp,
    pub stream: String,
    pub campaign: String,
    pub customer: String,
    /// The beginning of the hour in which the event counts.
    pub hour_at: Timestamp,
    /// The trunk of the event's leg. A call that was then dialed on another trunk counts on that one.
    pub trunk: String,
    /// +1, or -1 if a correction removed the event from the figure.
    pub count: i64,
    /// The value added to a sum; 0 for a count.
    pub value: i64,
}

/// The totals over all items, not only those of the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, schemars::JsonSchema)]
pub struct DrillTotals {
    pub items: u64,
    /// The sum of all `count`s.
    pub count: i64,
    /// The sum of all `value`s.
    pub value: i64,
}

/// A page of items, with the totals of all pages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DrillDown {
    pub items: Vec<DrillItem>,
    /// The position at which the next page begins; `None` on the last page.
    pub next: Option<Position>,
    pub totals: DrillTotals,
    /// The figure of this part of the metric, computed from these events: the sum of counts, or of values.
    pub figure: i64,
    /// The number of events that were read for it.
    pub events_read: u64,
}

/// The reason why no list of events is returned.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum DrillError {
    #[error("more than {FOLDED_EVENTS_MAX} events must be read for this: select a campaign or a smaller one")]
    TooManyEvents,
    #[error("this metric has no such part")]
    NoSuchPart,
    /// `goes_on` returned false between two pages: the caller stopped the listing.
    #[error("not all events were read: stopped after {events}")]
    Stopped { events: u64 },
    #[error(transparent)]
    Window(#[from] WindowError),
    #[error(transparent)]
    Rows(#[from] ProjectionError),
}

impl Metric {
    /// Returns the name of the term of this part.
    pub fn term_of(&self, part: MetricPart) -> Option<&str> {
        match part {
            MetricPart::Numerator => self.numerator.as_deref(),
            MetricPart::Denominator => self.denominator.as_deref(),
        }
    }
}

/// Lists the events behind a figure. It reads once all events of the campaign that affect the term, or of the
/// whole log if no campaign is given, however few items the page has. Runs on the caller's thread until it is
/// done; `goes_on` is asked after each page of the log whether to continue.
pub async fn drill_down(
    catalog: &Catalog,
    store: &dyn EventStore,
    drill: &DrillRequest<'_>,
    goes_on: &(dyn Fn() -> bool + Sync),
) -> Result<DrillDown, DrillError> {
    drill.scope.check()?;
    let term = drill
        .metric
        .term_of(drill.part)
        .and_then(|name| catalog.term(name));
    let (index, term) = term.ok_or(DrillError::NoSuchPart)?;
    let mut fold = Fold::new(catalog, drill, index);
    let filter = EventFilter {
        kinds: kinds_of(term),
        campaign: drill.scope.campaign.clone(),
        ..EventFilter::default()
    };
    let mut after = Position(0);
    while after < drill.until {
        let page = store.read_matching(&filter, after, PAGE_EVENTS_MAX).await;
        let page = page.map_err(|error| ProjectionError::Unavailable(error.to_string()))?;
        for event in page.events.iter().filter(|event| event.position <= drill.until) {
            let envelope = event.envelope().map_err(corrupt)?;
            fold.take(MetricEvent {
                position: event.position,
                envelope: &envelope,
            })?;
        }
        if page.reached <= after {
            break;
        }
        if !goes_on() {
            let events = fold.found.events_read;
            return Err(DrillError::Stopped { events });
        }
        after = page.reached;
    }
    Ok(fold.done(term))
}

fn corrupt(error: domain::stored_event::UnreadableRecord) -> DrillError {
    DrillError::Rows(ProjectionError::Corrupt(error.to_string()))
}

/// Returns the event kinds that affect a term, and those that determine in which hour, trunk and flow
/// version a call counts.
fn kinds_of(term: &Term) -> Vec<String> {
    let mut kinds: Vec<String> = term.touched_by().map(str::to_owned).collect();
    if term.kinds.iter().any(|kind| is_of_call(kind)) {
        kinds.extend([CallEvent::PERMITTED, CallEvent::DIALING].map(str::to_owned));
    }
    // The first event of an enrolment determines where it counts.
    if term.kinds.iter().any(|kind| kind.starts_with("customer.")) {
        kinds.push(CustomerEvent::ENROLLED.to_owned());
    }
    kinds.sort();
    kinds.dedup();
    kinds
}

/// The state of a drill-down's fold over the log, for one term.
struct Fold<'a> {
    catalog: &'a Catalog,
    drill: &'a DrillRequest<'a>,
    term: usize,
    once_per_customer: bool,
    window: (i64, i64),
    subjects: BTreeMap<String, Option<Subject>>,
    /// For terms that count customers: how many calls of each customer meet the term now.
    standing: BTreeMap<String, i64>,
    found: DrillDown,
}

impl<'a> Fold<'a> {
    fn new(catalog: &'a Catalog, drill: &'a DrillRequest<'a>, index: usize) -> Self {
        let term = catalog.terms().get(index);
        Self {
            catalog,
            drill,
            term: index,
            once_per_customer: term.is_some_and(|term| term.once_per == CountingUnit::Customer),
            window: drill.scope.hours(),
            subjects: BTreeMap::new(),
            standing: BTreeMap::new(),
            found: DrillDown {
                items: Vec::new(),
                next: None,
                totals: DrillTotals::default(),
                figure: 0,
                events_read: 0,
            },
        }
    }

    fn take(&mut self, fact: MetricEvent<'_>) -> Result<(), DrillError> {
        self.found.events_read += 1;
        if self.found.events_read > FOLDED_EVENTS_MAX {
            return Err(DrillError::TooManyEvents);
        }
        let Some(key) = subject_of(fact.envelope) else {
            return Ok(());
        };
        let slot = self.subjects.entry(key).or_insert(None);
        let counted = self.catalog.evaluate(slot, fact).map_err(corrupt)?;
        let mine = counted
            .contributions
            .into_iter()
            .find(|one| one.term == self.term);
        let (Some(mine), Some(subject)) = (mine, slot) else {
            return Ok(());
        };
        let Some(hour_at) = subject
            .hour_at
            .filter(|hour| self.window.0 <= *hour && *hour < self.window.1)
        else {
            return Ok(());
        };
        let counts =
            !self.once_per_customer || changes_membership(&mut self.standing, &subject.customer, mine.sign);
        if counts {
            let item = item(fact, subject, hour_at, mine);
            self.add(item);
        }
        Ok(())
    }

    fn add(&mut self, item: DrillItem) {
        let found = &mut self.found;
        found.totals.items += 1;
        found.totals.count += item.count;
        found.totals.value += item.value;
        if item.position <= self.drill.after {
            return;
        }
        if found.items.len() < self.drill.limit.clamp(1, ITEMS_MAX) {
            found.items.push(item);
        } else {
            found.next = found.items.last().map(|last| last.position);
        }
    }

    fn done(mut self, term: &Term) -> DrillDown {
        let totals = self.found.totals;
        self.found.figure = if term.is_valued() {
            totals.value
        } else {
            totals.count
        };
        self.found
    }
}

/// Adds a call of a customer to the term (`sign` 1), or removes it (-1). Returns true if the customer
/// thereby enters or leaves the term.
fn changes_membership(standing: &mut BTreeMap<String, i64>, customer: &str, sign: i64) -> bool {
    let calls = standing.entry(customer.to_owned()).or_insert(0);
    let before = *calls;
    *calls += sign;
    (before == 0) != (*calls == 0)
}

fn item(fact: MetricEvent<'_>, subject: &Subject, hour_at: i64, mine: Contribution) -> DrillItem {
    let Envelope {
        id, kind, at, stream, ..
    } = fact.envelope;
    DrillItem {
        position: fact.position,
        id: *id,
        kind: kind.clone(),
        at: *at,
        stream: stream.to_string(),
        campaign: subject.campaign.clone(),
        customer: subject.customer.clone(),
        hour_at: Timestamp::from_micros(hour_at),
        trunk: subject.trunk.clone(),
        count: mine.sign,
        value: mine.value * mine.sign,
    }
}
