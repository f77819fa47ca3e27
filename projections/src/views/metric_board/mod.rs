//! The view of metrics: the terms of all metrics, summed by campaign, hour, trunk and flow version, and the
//! evaluator's state of each call and enrolment.
//!
//! `metrics/metrics.yaml` defines every term, and only the evaluator reads it; this view stores its results.
//! Calls and distinct customers are summed by hour, in a form that stays exact over any range of full hours
//! (`customers.rs`). No query reads the rows of calls.

#[cfg(test)]
mod agents_tests;
mod customers;
mod figures;
mod in_memory;
mod rows;
#[cfg(test)]
mod tests;

pub use figures::{Dimension, Figure, GROUPS_MAX, board_completeness, figures, total_figures};

use crate::borrowed_event::InMemoryView;
use crate::database::{Table, Tx};
use crate::error::ProjectionError;
use crate::metrics::{Catalog, Contribution, EventCount, MetricEvent, Subject, catalog, subject_of};
use crate::value::Val;
use crate::view::{HandledKinds, View, ViewDefinition, ViewEvent};
use customers::count_customers;
use domain::call::event::CallEvent;
use domain::complaint::ComplaintEvent;
use domain::customer::event::CustomerEvent;
use domain::summary::SummaryEvent;
use rows::{add, read_subject, subject_row};

/// The view's name, for `wait_for_view`.
pub const NAME: &str = "metric_board";

/// The view's version. Raise it with every change of a term in `metrics.yaml`: the indexes of terms are bits
/// of the rows, and a new term needs old events. `tests.rs` compares the hash of the terms with it.
const VERSION: u32 = 9;

/// The value of a previous hour if there is none: before every hour since 1970.
const FIRST: i64 = -1;

/// The view of metrics.
pub struct MetricBoard;

const SUMS: Table = Table {
    name: "metric_board",
    ddl: &[
        "create table metric_board (term text not null, campaign text not null, hour_at bigint not null,
        trunk text not null, flow_version bigint not null, count bigint not null, value bigint not null,
        pos bigint not null, primary key (term, campaign, hour_at, trunk, flow_version))",
    ],
    key_columns: 5,
};

// One row per call, enrolment and complaint; kept, because a correction may come years later.
const SUBJECTS: Table = Table {
    name: "metric_board_subject",
    ddl: &[
        "create table metric_board_subject (subject text primary key, campaign text not null,
        customer text not null, hour_at bigint, trunk text not null, flow_version bigint not null,
        terms bigint not null, eligible bigint not null, marks text not null, pos bigint not null)",
    ],
    key_columns: 1,
};

// One row per customer: a few dozen bytes for each hour in which they were called. `stands` is JSON.
const CUSTOMERS: Table = Table {
    name: "metric_board_customer",
    ddl: &[
        "create table metric_board_customer (customer text primary key, stands text not null,
        pos bigint not null)",
    ],
    key_columns: 1,
};

// Customers by an hour in which they count, and by their previous hours: any, on this trunk, of this flow
// version. Campaign '' means all campaigns. The index is for queries without a start time.
const FIRSTS: Table = Table {
    name: "metric_board_first",
    ddl: &[
        "create table metric_board_first (term text not null, campaign text not null,
        hour_at bigint not null, trunk text not null, flow_version bigint not null,
        before_at bigint not null, trunk_before_at bigint not null, version_before_at bigint not null,
        count bigint not null, pos bigint not null, primary key (term, campaign, hour_at, trunk,
        flow_version, before_at, trunk_before_at, version_before_at))",
        "create index metric_board_first_ever on metric_board_first (term, campaign, hour_at)
        where before_at = -1",
    ],
    key_columns: 8,
};

const TABLES: &[Table] = &[SUMS, SUBJECTS, CUSTOMERS, FIRSTS];

/// All event kinds that affect a term of this build; a test compares them with the file.
const KINDS: &[&str] = &[
    CallEvent::AGENT_CONNECTED,
    CallEvent::ANSWERED,
    CallEvent::CORRECTED,
    CallEvent::DIALING,
    CallEvent::ENDED,
    CallEvent::HANGUP_REQUESTED,
    CallEvent::LATE_ANSWERED,
    CallEvent::NODE_ENTERED,
    CallEvent::NOTICE_PLAYED,
    CallEvent::PERMITTED,
    CallEvent::RINGING,
    CallEvent::TRANSFER_REQUESTED,
    ComplaintEvent::OPENED,
    CustomerEvent::DEAL_REPORTED,
    CustomerEvent::ENROLLED,
    SummaryEvent::RECORDED,
];

/// The kinds with which a term that counts customers starts to count.
const COUNTING_CUSTOMERS: &[&str] = &[
    CallEvent::ANSWERED,
    CallEvent::DIALING,
    CallEvent::ENDED,
    CustomerEvent::ENROLLED,
    SummaryEvent::RECORDED,
];

const DEFINITION: ViewDefinition = ViewDefinition {
    name: NAME,
    version: VERSION,
    tables: TABLES,
    handles: HandledKinds::Kinds(KINDS),
};

impl View for MetricBoard {
    fn definition(&self) -> ViewDefinition {
        DEFINITION
    }

    // The evaluator reads the members that its terms name, not the typed event.
    fn is_typed(&self) -> bool {
        false
    }

    fn in_memory(&self) -> Option<Box<dyn InMemoryView>> {
        let sums = in_memory::Sums::begin().ok()?;
        Some(Box::new(sums))
    }

    fn reads(&self, event: &ViewEvent, keys: &mut Vec<(&'static Table, Vec<Val>)>) {
        let envelope = &event.envelope;
        keys.extend(subject_of(envelope).map(|key| (&SUBJECTS, vec![Val::Text(key)])));
        if COUNTING_CUSTOMERS.contains(&envelope.kind.as_str()) {
            let customer = envelope.customer.iter();
            keys.extend(customer.map(|customer| (&CUSTOMERS, vec![Val::text(customer)])));
        }
    }

    fn apply(&self, tx: &mut dyn Tx, event: &ViewEvent) -> Result<(), ProjectionError> {
        let Some(key) = subject_of(&event.envelope) else {
            return Ok(());
        };
        let catalog = catalog()?;
        let stored = tx.row(&SUBJECTS, &[Val::text(&key)])?;
        let before = stored.map(read_subject).transpose()?;
        let mut after = before.clone();
        let fact = MetricEvent {
            position: event.position,
            envelope: &event.envelope,
        };
        let EventCount { moved, contributions } = catalog
            .evaluate(&mut after, fact)
            .map_err(|error| ProjectionError::Corrupt(error.to_string()))?;
        let Some(subject) = after else {
            return Ok(());
        };
        let pos = Val::position(event.position);
        if let Some(moved) = moved {
            let earlier = Subject {
                trunk: moved.from_trunk,
                ..subject.clone()
            };
            let back = |one: &Contribution| Contribution {
                sign: -one.sign,
                ..*one
            };
            let gone: Vec<Contribution> = moved.terms.iter().map(back).collect();
            count(tx, catalog, &earlier, &pos, &gone)?;
            count(tx, catalog, &subject, &pos, &moved.terms)?;
        }
        count(tx, catalog, &subject, &pos, &contributions)?;
        if before.as_ref() == Some(&subject) {
            return Ok(());
        }
        tx.write_rows(&SUBJECTS, &[subject_row(key, subject, pos)], &[])
    }
}

fn count(
    tx: &mut dyn Tx,
    catalog: &Catalog,
    subject: &Subject,
    pos: &Val,
    contributions: &[Contribution],
) -> Result<(), ProjectionError> {
    for one in contributions {
        add(tx, catalog, subject, pos, one)?;
    }
    count_customers(tx, catalog, subject, pos, contributions)
}
