//! The terms of all metrics, summed by campaign, hour, trunk and flow version, and what is remembered of each
//! call and enrolment.
//!
//! The meaning of every term is in `metrics/metrics.yaml`, read by the evaluator alone; this view keeps its
//! answers. Sums of calls are rows of their own; distinct customers are counted over the calls' rows, so that
//! they are exact over any window of whole hours.

mod figures;
mod rows;
#[cfg(test)]
mod tests;

pub use figures::{By, Complete, Figure, GROUPS_MAX, complete_up_to, figures, whole_figures};

use crate::database::{Table, Tx};
use crate::error::ProjectionError;
use crate::metrics::{Fact, catalog, subject_of};
use crate::value::Val;
use crate::view::{Handles, View, ViewEvent};
use rows::{add, read_subject, subject_row};

/// The view's name, for `wait_for_view`.
pub const NAME: &str = "metric_board";

/// Raised with every change of `metrics.yaml`'s terms: their indexes are bits of the rows, and new terms need
/// old events. `tests.rs` holds the terms' hash to it.
const VERSION: u32 = 2;

/// See the file's description.
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

// One row per call and per enrolment: a correction may come years later.
const SUBJECTS: Table = Table {
    name: "metric_board_subject",
    ddl: &[
        "create table metric_board_subject (subject text primary key, campaign text not null,
        customer text not null, hour_at bigint, trunk text not null, flow_version bigint not null,
        terms bigint not null, eligible bigint not null, marks text not null, pos bigint not null)",
        "create index metric_board_subject_hour on metric_board_subject (campaign, hour_at)",
    ],
    key_columns: 1,
};

const TABLES: &[Table] = &[SUMS, SUBJECTS];

/// All that the terms of this build can be touched by; a test compares with the file.
const KINDS: &[&str] = &[
    "call.answered",
    "call.corrected",
    "call.dialing",
    "call.ended",
    "call.hangup_requested",
    "call.late_answered",
    "call.node_entered",
    "call.notice_played",
    "call.permitted",
    "call.ringing",
    "call.transfer_requested",
    "customer.enrolled",
];

impl View for MetricBoard {
    fn name(&self) -> &'static str {
        NAME
    }

    fn version(&self) -> u32 {
        VERSION
    }

    fn tables(&self) -> &'static [Table] {
        TABLES
    }

    fn handles(&self) -> Handles {
        Handles::Kinds(KINDS)
    }

    // The evaluator reads the members that its terms name, not the typed event.
    fn is_typed(&self) -> bool {
        false
    }

    fn reads(&self, event: &ViewEvent, keys: &mut Vec<(&'static Table, Vec<Val>)>) {
        keys.extend(subject_of(&event.envelope).map(|key| (&SUBJECTS, vec![Val::Text(key)])));
    }

    fn apply(&self, tx: &mut dyn Tx, event: &ViewEvent) -> Result<(), ProjectionError> {
        let Some(key) = subject_of(&event.envelope) else {
            return Ok(());
        };
        let catalog = catalog()?;
        let stored = tx.row(&SUBJECTS, &[Val::text(&key)])?;
        let before = stored.map(read_subject).transpose()?;
        let mut after = before.clone();
        let fact = Fact {
            position: event.position,
            envelope: &event.envelope,
        };
        let contributions = catalog
            .evaluate(&mut after, fact)
            .map_err(|error| ProjectionError::Corrupt(error.to_string()))?;
        let Some(subject) = after else {
            return Ok(());
        };
        let pos = Val::position(event.position);
        for one in &contributions {
            add(tx, catalog, (&subject, &pos), one)?;
        }
        if before.as_ref() == Some(&subject) {
            return Ok(());
        }
        tx.write_rows(&SUBJECTS, &[subject_row(key, subject, pos)], &[])
    }
}
