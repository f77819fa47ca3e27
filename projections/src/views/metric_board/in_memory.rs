//! The metric board in memory: sums events with the same evaluator and writes the same rows of sums as
//! `apply`, once at the end. The rows of calls, enrolments and customers are not made, because no figure is
//! read from them.

use super::{FIRST, FIRSTS, SUMS};
use crate::borrowed_event::{BorrowedEvent, InMemoryView};
use crate::database::Tx;
use crate::error::ProjectionError;
use crate::metrics::{
    COMPLAINTS, Catalog, Contribution, CountingUnit, EventCount, MetricEventRef, Subject, catalog, is_of_call,
};
use crate::value::Val;
use domain::ids::CallId;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// The sum of a term in a group.
#[derive(Debug, Clone, Copy, Default)]
struct Sum {
    count: i64,
    value: i64,
    /// The position of the last event that counted; 0 if none did.
    pos: i64,
}

/// A group of sums: campaign, hour, trunk, flow version.
type Group = (String, i64, String, i64);

/// A call, an enrolment or a complaint as far as its events were read, with the index of its group's sums.
#[derive(Default)]
struct SubjectSums {
    subject: Option<Subject>,
    sums: Option<usize>,
}

/// The sums of the metric board in memory.
pub(super) struct Sums {
    catalog: &'static Catalog,
    calls: HashMap<CallId, SubjectSums>,
    /// Enrolments by campaign and customer.
    enrolments: HashMap<(String, String), SubjectSums>,
    /// Complaints by id; they are not counted per customer.
    complaints: HashMap<String, SubjectSums>,
    groups: BTreeMap<Group, usize>,
    /// Sums by group, then by term.
    sums: Vec<Vec<Sum>>,
    last: i64,
}

impl Sums {
    pub(super) fn begin() -> Result<Self, ProjectionError> {
        Ok(Self {
            catalog: catalog()?,
            calls: HashMap::new(),
            enrolments: HashMap::new(),
            complaints: HashMap::new(),
            groups: BTreeMap::new(),
            sums: Vec::new(),
            last: 0,
        })
    }

    fn sum_rows(&self) -> Vec<Vec<Val>> {
        let mut rows = Vec::new();
        for ((campaign, hour_at, trunk, flow_version), place) in &self.groups {
            let sums = self.sums.get(*place).into_iter().flatten();
            for (term, sum) in self.catalog.terms().iter().zip(sums) {
                if sum.pos == 0 {
                    continue;
                }
                rows.push(vec![
                    Val::text(&term.name),
                    Val::text(campaign),
                    Val::Int(*hour_at),
                    Val::text(trunk),
                    Val::Int(*flow_version),
                    Val::Int(sum.count),
                    Val::Int(sum.value),
                    Val::Int(sum.pos),
                ]);
            }
        }
        rows
    }

    fn first_rows(&self) -> Vec<Vec<Val>> {
        let subjects = self.calls.values().chain(self.enrolments.values());
        let mut of_customer: BTreeMap<&str, Vec<&Subject>> = BTreeMap::new();
        for subject in subjects.filter_map(|kept| kept.subject.as_ref()) {
            of_customer.entry(&subject.customer).or_default().push(subject);
        }
        let mut firsts = FirstCounts::default();
        for (index, term) in self.catalog.terms().iter().enumerate() {
            if term.once_per == CountingUnit::Customer {
                let all = of_customer.values();
                all.for_each(|subjects| firsts.add(index, subjects));
            }
        }
        let row = |((term, campaign, place, before), count): (FirstKey<'_>, i64)| {
            let (hour_at, trunk, flow_version) = place;
            let mut row = vec![
                Val::maybe_text(self.catalog.terms().get(term).map(|term| &term.name)),
                Val::text(campaign),
                Val::Int(hour_at),
                Val::text(trunk),
                Val::Int(flow_version),
            ];
            row.extend(before.map(Val::Int));
            row.extend([Val::Int(count), Val::Int(self.last)]);
            row
        };
        firsts.0.into_iter().map(row).collect()
    }
}

/// The hour, the trunk, the flow version.
type HourSlotRef<'a> = (i64, &'a str, i64);

/// The key of a count of customers: term, campaign (empty for all), hour slot, and the customer's previous
/// hours: in any slot, on the same trunk, of the same flow version.
type FirstKey<'a> = (usize, &'a str, HourSlotRef<'a>, [i64; 3]);

/// The number of customers who count in a term in an hour slot, by their previous hours.
#[derive(Default)]
struct FirstCounts<'a>(BTreeMap<FirstKey<'a>, i64>);

impl<'a> FirstCounts<'a> {
    /// Counts one customer in a term, in each hour slot in which one of these calls and enrolments counts.
    fn add(&mut self, term: usize, subjects: &[&'a Subject]) {
        let counts = |subject: &&&Subject| subject.counts_in(term);
        let places = subjects.iter().filter(counts).filter_map(|subject| {
            let place = (subject.hour_at?, subject.trunk.as_str(), subject.flow_version);
            Some((subject.campaign.as_str(), place))
        });
        let places: BTreeSet<(&str, HourSlotRef<'_>)> = places.collect();
        let campaigns: BTreeSet<&str> = places.iter().map(|(campaign, _)| *campaign).collect();
        self.link(term, "", &places.iter().map(|(_, place)| *place).collect());
        for campaign in campaigns {
            let own = places.iter().filter(|(of, _)| *of == campaign);
            self.link(term, campaign, &own.map(|(_, place)| *place).collect());
        }
    }

    fn link(&mut self, term: usize, campaign: &'a str, places: &BTreeSet<HourSlotRef<'a>>) {
        let mut earlier: Vec<HourSlotRef<'_>> = Vec::new();
        for place in places {
            let before = |fits: &dyn Fn(&HourSlotRef<'_>) -> bool| {
                let last = earlier.iter().rev().find(|one| fits(one));
                last.map_or(FIRST, |one| one.0)
            };
            let hours = [
                before(&|_| true),
                before(&|one| one.1 == place.1),
                before(&|one| one.2 == place.2),
            ];
            *self.0.entry((term, campaign, *place, hours)).or_default() += 1;
            earlier.push(*place);
        }
    }
}

/// Adds contributions to the sums of a group; with the sign -1 it removes them.
fn add_all(sums: &mut [Sum], catalog: &Catalog, contributions: &[Contribution], sign: i64, pos: i64) {
    for one in contributions {
        let counted = catalog.terms().get(one.term);
        let is_summed = counted.is_some_and(|term| term.once_per != CountingUnit::Customer);
        if let (Some(sum), true) = (sums.get_mut(one.term), is_summed) {
            sum.count += sign * one.sign;
            sum.value += sign * one.sign * one.value;
            sum.pos = pos;
        }
    }
}

impl InMemoryView for Sums {
    fn take(&mut self, event: &BorrowedEvent<'_>) -> Result<(), ProjectionError> {
        let metric_event = MetricEventRef {
            position: event.stored().position,
            kind: event.kind(),
            at: event.at(),
            campaign: event.campaign(),
            customer: event.customer(),
            data: event.data().get(),
        };
        let kept = if is_of_call(metric_event.kind) {
            let call = event.stream_id().parse::<CallId>();
            let call = call.map_err(|error| ProjectionError::Corrupt(format!("a stream's id: {error}")))?;
            self.calls.entry(call).or_default()
        } else if metric_event.kind.starts_with(COMPLAINTS) {
            self.complaints.entry(event.stream_id().to_owned()).or_default()
        } else {
            let (Some(campaign), Some(customer)) = (metric_event.campaign, metric_event.customer) else {
                return Ok(());
            };
            let key = (campaign.to_owned(), customer.to_owned());
            self.enrolments.entry(key).or_default()
        };
        let counted = self.catalog.evaluate_ref(&mut kept.subject, metric_event);
        let EventCount { moved, contributions } =
            counted.map_err(|error| ProjectionError::Corrupt(error.to_string()))?;
        let is_nothing = contributions.is_empty() && moved.is_none();
        let (Some(subject), false) = (&kept.subject, is_nothing) else {
            return Ok(());
        };
        let Some(hour_at) = subject.hour_at else {
            return Ok(());
        };
        self.last = i64::try_from(metric_event.position.0).unwrap_or(i64::MAX);
        let catalog = self.catalog;
        let moved = moved.map(|change| (kept.sums.take(), change.terms));
        if let Some((Some(place), terms)) = &moved
            && let Some(sums) = self.sums.get_mut(*place)
        {
            add_all(sums, catalog, terms, -1, self.last);
        }
        let moved = moved.map(|(_, terms)| terms).unwrap_or_default();
        let place = *kept.sums.get_or_insert_with(|| {
            let group = (
                subject.campaign.clone(),
                hour_at,
                subject.trunk.clone(),
                subject.flow_version,
            );
            *self.groups.entry(group).or_insert_with(|| {
                self.sums.push(vec![Sum::default(); self.catalog.terms().len()]);
                self.sums.len() - 1
            })
        });
        let Some(sums) = self.sums.get_mut(place) else {
            return Ok(());
        };
        add_all(sums, catalog, &moved, 1, self.last);
        add_all(sums, catalog, &contributions, 1, self.last);
        Ok(())
    }

    fn hand_over(self: Box<Self>, tx: &mut dyn Tx) -> Result<(), ProjectionError> {
        tx.append_rows(&SUMS, &self.sum_rows())?;
        tx.append_rows(&FIRSTS, &self.first_rows())
    }
}
