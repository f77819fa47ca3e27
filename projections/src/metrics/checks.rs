//! Checks the file of metrics before any figure is computed from it.

use super::catalog::{Metric, Unit};
use super::evaluate::is_of_call;
use super::term::{CountingUnit, Measure, Term};
use domain::call::event::CallEvent;
use std::collections::{BTreeMap, BTreeSet};

/// Most terms of the file; more is an error. Each term is a bit of one column with 63 bits.
const TERMS_MAX: usize = 62;

/// Dimensions that a figure can be split by.
pub(crate) const DIMENSIONS: [&str; 5] = ["campaign", "hour", "day", "trunk", "flow_version"];

/// Members of an event that a correction can change.
const CORRECTED_MEMBERS: [&str; 2] = ["disposition", "outcome"];

/// Event kinds that may follow the end of a call, when the call's times are no longer stored.
const LATE_KINDS: [&str; 2] = [CallEvent::LATE_ANSWERED, CallEvent::CORRECTED];

/// Checks all terms and metrics. Returns the first mistake as text.
pub(super) fn check(terms: &[Term], metrics: &[Metric]) -> Result<(), String> {
    if terms.len() > TERMS_MAX {
        return Err(format!("{} terms, more than {TERMS_MAX}", terms.len()));
    }
    for term in terms {
        check_term(term).map_err(|why| format!("term {}: {why}", term.name))?;
    }
    let names: BTreeSet<&str> = terms.iter().map(|term| term.name.as_str()).collect();
    let mut versions: BTreeMap<&str, (usize, &Metric)> = BTreeMap::new();
    let mut used = BTreeSet::new();
    let mut headlines = BTreeSet::new();
    for (index, metric) in metrics.iter().enumerate() {
        let before = versions.insert(&metric.name, (index, metric));
        check_metric(metric, &names)
            .and_then(|()| follows(metric, index, before))
            .map_err(|why| format!("metric {} v{}: {why}", metric.name, metric.version))?;
        if metric.headline && !headlines.insert(&metric.name) {
            return Err(format!("metric {}: two versions are its headline", metric.name));
        }
        used.extend(
            [&metric.numerator, &metric.denominator]
                .into_iter()
                .flatten()
                .cloned(),
        );
    }
    match names.iter().find(|name| !used.contains(**name)) {
        Some(name) => Err(format!("term {name}: no metric uses it")),
        None => Ok(()),
    }
}

fn check_term(term: &Term) -> Result<(), String> {
    let of_calls = term.kinds.iter().all(|kind| is_of_call(kind));
    let of_customers = term.kinds.iter().all(|kind| kind.starts_with("customer."));
    let of_complaints = term.kinds.iter().all(|kind| kind.starts_with("complaint."));
    // Each event changes a sum: all of them count, and no call is known for them.
    let sums_changes = term.once_per == CountingUnit::None && matches!(term.value, Some(Measure::Member(_)));
    let has_marks = term.marks().next().is_some();
    let ends = term.kinds.iter().all(|kind| kind == CallEvent::ENDED);
    let late = |kind: &String| LATE_KINDS.contains(&kind.as_str()) || kind.starts_with("summary.");
    let rules = [
        (term.kinds.is_empty(), "names no kinds"),
        (
            !of_calls && !of_customers && !of_complaints,
            "kinds of calls, of customers or of complaints, not of several or others",
        ),
        (
            of_complaints && (has_marks || term.is_valued() || term.once_per != CountingUnit::None),
            "complaints are counted, each of them",
        ),
        (
            of_customers && term.once_per != CountingUnit::Customer && !sums_changes,
            "events of customers count once per customer, or say by how much a sum changes",
        ),
        (
            of_customers && (has_marks || term.corrected),
            "a customer's event knows no call",
        ),
        (
            has_marks && term.kinds.iter().any(late),
            "after the end no times of a call are known",
        ),
        (
            term.kinds.iter().any(|kind| kind == CallEvent::CORRECTED),
            "a correction is no event to count",
        ),
        (
            term.corrected && (!ends || term.is_valued()),
            "only counts of call.ended can be corrected",
        ),
        (
            term.corrected && term.once_per == CountingUnit::None,
            "what is corrected counts once",
        ),
        (
            term.is_valued() && term.once_per == CountingUnit::Customer,
            "a customer has no value to sum",
        ),
        (term.zh.is_empty() || term.en.is_empty(), "a text is empty"),
        (
            matches!(&term.value, Some(Measure::Member(member)) if member.is_empty()),
            "a member has a name",
        ),
    ];
    if let Some((_, why)) = rules.into_iter().find(|(broken, _)| *broken) {
        return Err(why.to_owned());
    }
    let mut foreign = term.conditions.keys();
    match foreign.find(|member| term.corrected && !CORRECTED_MEMBERS.contains(&member.as_str())) {
        Some(member) => Err(format!("a correction says nothing of {member}")),
        None => Ok(()),
    }
}

fn check_metric(metric: &Metric, terms: &BTreeSet<&str>) -> Result<(), String> {
    let named = [&metric.numerator, &metric.denominator].into_iter().flatten();
    for term in named {
        if !terms.contains(term.as_str()) {
            return Err(format!("there is no term {term}"));
        }
    }
    if metric.numerator.is_none() == metric.awaits.is_none() {
        return Err("has a numerator, or says what it awaits".to_owned());
    }
    if metric.unit == Unit::Ratio && metric.numerator.is_some() != metric.denominator.is_some() {
        return Err("a ratio has a denominator".to_owned());
    }
    if let Some(by) = metric.by.iter().find(|by| !DIMENSIONS.contains(&by.as_str())) {
        return Err(format!("there is no dimension {by}"));
    }
    if !is_date(&metric.effective_from) {
        return Err(format!("{} is not a date", metric.effective_from));
    }
    // 接通率 alone does not state whether it counts calls or customers; the label must.
    let labelled = ["按呼叫", "按客户"]
        .iter()
        .any(|what| metric.label.zh.contains(what));
    if metric.label.zh.contains("接通率") && !labelled {
        return Err("its label says neither 按呼叫 nor 按客户".to_owned());
    }
    Ok(())
}

/// Checks that the versions of one metric are adjacent in the file and start at 1, and that each is
/// effective later than the one before.
fn follows(metric: &Metric, index: usize, before: Option<(usize, &Metric)>) -> Result<(), String> {
    let (expected, later) = match before {
        None => (1, true),
        Some((place, _)) if place + 1 != index => return Err("versions stand together".to_owned()),
        Some((_, before)) => (before.version + 1, before.effective_from < metric.effective_from),
    };
    if metric.version != expected {
        return Err(format!("version {expected} is next"));
    }
    if !later {
        return Err("is effective later than the version before it".to_owned());
    }
    Ok(())
}

fn is_date(text: &str) -> bool {
    let shaped = text.len() == 10 && text.as_bytes().get(4) == Some(&b'-');
    shaped
        && format!("{text}T00:00:00Z")
            .parse::<domain::time::Timestamp>()
            .is_ok()
}
