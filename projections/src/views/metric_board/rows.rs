//! Converts the rows of the board from and to values in the order of their tables.

use super::SUMS;
use crate::database::Tx;
use crate::error::ProjectionError;
use crate::metrics::{Catalog, Contribution, CountingUnit, Subject};
use crate::value::{Row, Val};
use std::collections::BTreeMap;

pub(super) fn read_subject(row: Vec<Val>) -> Result<Subject, ProjectionError> {
    let mut row = Row::new(row);
    row.val()?;
    Ok(Subject {
        campaign: row.text()?,
        customer: row.text()?,
        hour_at: row.maybe_int()?,
        trunk: row.text()?,
        flow_version: row.int()?,
        terms: row.int()?,
        eligible: row.int()?,
        marks: read_marks(&row.text()?)?,
    })
}

pub(super) fn subject_row(key: String, subject: Subject, pos: Val) -> Vec<Val> {
    let marks = write_marks(&subject.marks);
    vec![
        Val::Text(key),
        Val::Text(subject.campaign),
        Val::Text(subject.customer),
        subject.hour_at.map_or(Val::Null, Val::Int),
        Val::Text(subject.trunk),
        Val::Int(subject.flow_version),
        Val::Int(subject.terms),
        Val::Int(subject.eligible),
        Val::Text(marks),
        pos,
    ]
}

/// Returns the marks as short text, because every open call has them, for example `0=1772416800000000
/// 3=1772416801000000`.
fn write_marks(marks: &BTreeMap<usize, i64>) -> String {
    let all: Vec<String> = marks.iter().map(|(mark, at)| format!("{mark}={at}")).collect();
    all.join(" ")
}

fn read_marks(text: &str) -> Result<BTreeMap<usize, i64>, ProjectionError> {
    let read = |one: &str| {
        let (mark, at) = one.split_once('=')?;
        Some((mark.parse().ok()?, at.parse().ok()?))
    };
    let marks: Option<BTreeMap<usize, i64>> = text.split_whitespace().map(read).collect();
    marks.ok_or_else(|| ProjectionError::Fault("the marks of a call cannot be read".to_owned()))
}

/// Adds a contribution to the sum of its term. Terms that count distinct customers are skipped;
/// `customers.rs` counts them.
pub(super) fn add(
    tx: &mut dyn Tx,
    catalog: &Catalog,
    subject: &Subject,
    pos: &Val,
    one: &Contribution,
) -> Result<(), ProjectionError> {
    let summed = catalog.terms().get(one.term);
    let summed = summed.filter(|term| term.once_per != CountingUnit::Customer);
    let (Some(term), Some(hour_at)) = (summed, subject.hour_at) else {
        return Ok(());
    };
    let mut row = vec![
        Val::text(&term.name),
        Val::text(&subject.campaign),
        Val::Int(hour_at),
        Val::text(&subject.trunk),
        Val::Int(subject.flow_version),
    ];
    let (mut count, mut value) = (0, 0);
    if let Some(stored) = tx.row(&SUMS, &row)? {
        let mut sums = Row::new(stored.into_iter().skip(SUMS.key_columns).collect());
        (count, value) = (sums.int()?, sums.int()?);
    }
    row.extend([
        Val::Int(count + one.sign),
        Val::Int(value + one.sign * one.value),
        pos.clone(),
    ]);
    tx.write_rows(&SUMS, &[row], &[])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_marks_of_a_call_are_read_as_written() {
        let marks = BTreeMap::from([(0, 1_772_416_800_000_000), (7, -5)]);
        assert_eq!(read_marks(&write_marks(&marks)).unwrap(), marks);
        assert_eq!(read_marks("").unwrap(), BTreeMap::new());
        assert!(read_marks("x=1").is_err());
    }
}
