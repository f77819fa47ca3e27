//! Computes the figures of one period from the log. Every event up to the position is read, because an
//! opt-out of any earlier year still applies.

use crate::compliance_report::calls::OpenCall;
use crate::compliance_report::figures::{
    Counts, Dials, Figures, Format, NAMED_MAX, Notices, OptOuts, OversightFigures, Persons, RuleRow,
    Violation,
};
use crate::compliance_report::notices;
use crate::log_walk::{LogEnd, unreadable};
use chrono::NaiveDate;
use domain::alert::event::AlertEvent;
use domain::calendar::CalendarPeriod;
use domain::call::Call;
use domain::campaign::Campaign;
use domain::compliance::{Decision, Verdict};
use domain::customer::Customer;
use domain::customer::event::CustomerEvent;
use domain::decider::Decider;
use domain::event_filter::EventFacts;
use domain::ids::{CallId, CustomerId, NumberId};
use domain::installation::event::InstallationEvent;
use domain::number::Number;
use domain::number::event::NumberEvent;
use domain::problem::Problem;
use domain::sample::Sample;
use domain::stored_event::{Envelope, Position, StoredEvent, read_event};
use domain::time::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// The position, stream and time of an event, and whether it is in the report's period.
pub(super) struct EventContext<'a> {
    pub position: Position,
    stream: &'a str,
    pub at: Timestamp,
    /// True if the event is in the period.
    pub counts: bool,
}

/// State remembered over the whole log, and the counts of the period.
pub(super) struct Fold {
    period: CalendarPeriod,
    pub format: Format,
    pub opted_out: BTreeMap<NumberId, Position>,
    /// Suppressed numbers: the position from which, and the time until which.
    pub suppressed: BTreeMap<NumberId, Vec<(Position, Option<Timestamp>)>>,
    pub granted: BTreeMap<CallId, Position>,
    pub open: BTreeMap<CallId, OpenCall>,
    erasing: BTreeSet<CustomerId>,
    pub erased: BTreeSet<CustomerId>,
    held: BTreeSet<CustomerId>,
    pub(crate) per_day: BTreeMap<(NaiveDate, NumberId), u32>,
    rules: BTreeMap<(&'static str, String, u32), RuleRow>,
    pub dials: Dials,
    pub(crate) opt_outs: OptOuts,
    pub notices: Notices,
    persons: Persons,
    pub watch: OversightFigures,
    violations: Counts,
    named: Vec<Violation>,
}

pub(crate) fn bump(counts: &mut Counts, code: &str) {
    match counts.get_mut(code) {
        Some(count) => *count += 1,
        None => drop(counts.insert(code.to_owned(), 1)),
    }
}

fn read<D: Decider>(envelope: &Envelope) -> Result<D::Event, Problem> {
    read_event::<D>(envelope).map_err(|error| Problem::fault(error.to_string()))
}

fn id_of<T: std::str::FromStr>(envelope: &Envelope) -> Result<T, Problem> {
    match envelope.stream.id().parse() {
        Ok(id) => Ok(id),
        Err(_) => Err(Problem::fault("a stream's id is not of its kind")),
    }
}

impl Fold {
    pub(super) fn of(period: CalendarPeriod, format: Format) -> Self {
        Self {
            period,
            format,
            opted_out: BTreeMap::new(),
            suppressed: BTreeMap::new(),
            granted: BTreeMap::new(),
            open: BTreeMap::new(),
            erasing: BTreeSet::new(),
            erased: BTreeSet::new(),
            held: BTreeSet::new(),
            per_day: BTreeMap::new(),
            rules: BTreeMap::new(),
            dials: Dials::default(),
            opt_outs: OptOuts::default(),
            notices: notices::create_empty_notices(format),
            persons: Persons::default(),
            watch: OversightFigures::default(),
            violations: Counts::new(),
            named: Vec::new(),
        }
    }

    pub(super) fn take(&mut self, stored: &StoredEvent, facts: &EventFacts<'_>) -> Result<(), Problem> {
        let aggregate = facts.kind.split('.').next().unwrap_or_default();
        if ![
            "call",
            "customer",
            "number",
            "campaign",
            "sample",
            "alert",
            "installation",
        ]
        .contains(&aggregate)
        {
            return Ok(());
        }
        let envelope = stored.envelope().map_err(unreadable)?;
        let place = EventContext {
            position: stored.position,
            stream: envelope.stream.as_str(),
            at: envelope.at,
            counts: envelope.at >= self.period.from && envelope.at < self.period.to,
        };
        match aggregate {
            "call" => self.call(id_of(&envelope)?, &read::<Call>(&envelope)?, &place),
            "customer" => self.customer(id_of(&envelope)?, &read::<Customer>(&envelope)?, &place),
            "number" => self.number(&id_of(&envelope)?, &read::<Number>(&envelope)?, &place),
            "campaign" if place.counts => self.campaign(&read::<Campaign>(&envelope)?),
            "sample" if place.counts => self.sample(&read::<Sample>(&envelope)?),
            "alert" if place.counts && envelope.kind == AlertEvent::RAISED => self.alert(&envelope),
            "installation" if place.counts && envelope.kind == InstallationEvent::RESTORED => {
                self.watch.restores += 1;
            }
            _ => {}
        }
        Ok(())
    }

    fn customer(&mut self, id: CustomerId, event: &CustomerEvent, place: &EventContext<'_>) {
        match event {
            CustomerEvent::Held { .. } => drop(self.held.insert(id)),
            CustomerEvent::HoldReleased { .. } => drop(self.held.remove(&id)),
            CustomerEvent::ErasureRequested { .. } => drop(self.erasing.insert(id)),
            CustomerEvent::Erased { .. } => {
                self.erasing.remove(&id);
                self.erased.insert(id);
            }
            _ => {}
        }
        if !place.counts {
            return;
        }
        let persons = &mut self.persons;
        match event {
            CustomerEvent::ConsentRecorded { .. } => persons.consents_recorded += 1,
            CustomerEvent::ConsentWithdrawn { .. } => persons.consents_withdrawn += 1,
            CustomerEvent::Held { .. } => persons.held += 1,
            CustomerEvent::HoldReleased { .. } => persons.holds_released += 1,
            CustomerEvent::ErasureRequested { .. } => persons.erasures_requested += 1,
            CustomerEvent::Erased { .. } => persons.erased += 1,
            CustomerEvent::ErasureCertified { .. } => persons.certified += 1,
            CustomerEvent::DialRefused { verdict, .. } => {
                self.verdicts("customer", std::slice::from_ref(verdict));
            }
            _ => {}
        }
    }

    fn number(&mut self, id: &NumberId, event: &NumberEvent, place: &EventContext<'_>) {
        match event {
            NumberEvent::OptedOut {
                source, open_calls, ..
            } => {
                self.opted_out.entry(id.clone()).or_insert(place.position);
                if place.counts {
                    let source = serde_json::to_value(source).unwrap_or_default();
                    bump(&mut self.opt_outs.recorded, source.as_str().unwrap_or_default());
                    self.opt_outs.open_then += u64::try_from(open_calls.len()).unwrap_or(0);
                }
            }
            NumberEvent::Suppressed { until, .. } => {
                let all = self.suppressed.entry(id.clone()).or_default();
                all.push((place.position, *until));
                self.opt_outs.suppressed += u64::from(place.counts);
            }
            NumberEvent::DialGranted { grant } => {
                self.granted.insert(grant.call, place.position);
            }
            NumberEvent::DialReleased { call, .. } => {
                self.granted.remove(call);
            }
            NumberEvent::DialRefused { verdict, .. } if place.counts => {
                self.verdicts("number", std::slice::from_ref(verdict));
            }
            _ => {}
        }
    }

    pub(super) fn verdicts(&mut self, side: &'static str, verdicts: &[Verdict]) {
        for verdict in verdicts {
            let key = (side, verdict.rule.clone(), verdict.version);
            let row = self.rules.entry(key).or_insert_with(|| RuleRow {
                side,
                rule: verdict.rule.clone(),
                version: verdict.version,
                effective_from: verdict.effective_from.clone(),
                allowed: 0,
                deferred: 0,
                forbidden: 0,
            });
            match verdict.decision {
                Decision::Allow => row.allowed += 1,
                Decision::DeferUntil(_) => row.deferred += 1,
                Decision::Forbid => row.forbidden += 1,
            }
        }
    }

    /// Counts a violation if it happened in the period, and lists it if fewer than `NAMED_MAX` are.
    pub(crate) fn violate(&mut self, what: &'static str, place: &EventContext<'_>) {
        if !place.counts {
            return;
        }
        bump(&mut self.violations, what);
        if self.named.len() < NAMED_MAX {
            self.named.push(Violation {
                what,
                position: place.position.0,
                stream: place.stream.to_owned(),
            });
        }
    }

    pub(super) fn finish(mut self, log: LogEnd) -> Figures {
        self.close_days(NaiveDate::MAX);
        let count = |length: usize| u64::try_from(length).unwrap_or(u64::MAX);
        self.opt_outs.numbers_opted_out = count(self.opted_out.len());
        self.persons.erasures_open = count(self.erasing.len());
        self.persons.holds_open = count(self.held.len());
        Figures {
            report: "compliance",
            format: self.format.number(),
            period: self.period,
            log,
            dials: self.dials,
            rules: self.rules.into_values().collect(),
            opt_outs: self.opt_outs,
            notices: self.notices,
            persons: self.persons,
            watch: self.watch,
            violations: self.violations,
            named: self.named,
        }
    }
}
