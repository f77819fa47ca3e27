//! Exports the rows of a documented view page by page, each page after the position of the last row: with
//! limited memory and without a long snapshot.

use super::catalog::SQL_VIEWS;
use super::column::{SqlColumn, SqlView};
use super::placed;
use crate::database::{ReadDb, Select};
use crate::error::ProjectionError;
use crate::value::Val;
use domain::ids::CampaignId;
use domain::stored_event::Position;
use domain::time::Timestamp;

/// Most rows of one page of an export: some ten megabytes at most.
pub const EXPORT_PAGE_ROWS: usize = 8_000;

/// A documented view that can be exported, in the order of one of its position columns.
#[derive(Debug, Clone, Copy)]
pub struct ExportableView {
    /// The name in the request, such as `calls`.
    pub name: &'static str,
    view: &'static str,
    /// The position column that orders the rows. Several rows may have the same position, but fewer than a
    /// page has.
    position: &'static str,
    /// The time column that `from` and `until` are compared with.
    at: &'static str,
}

/// All documented views that can be exported.
pub const EXPORTABLES: &[ExportableView] = &[
    ExportableView {
        name: "calls",
        view: "calls",
        position: "first_position",
        at: "permitted_at",
    },
    ExportableView {
        name: "events",
        view: "audit",
        position: "position",
        at: "at",
    },
    ExportableView {
        name: "metrics",
        view: "metric_sums",
        position: "position",
        at: "hour_at",
    },
];

/// Selects the rows and columns of an export.
#[derive(Debug, Clone)]
pub struct ExportFilter {
    pub columns: Vec<&'static SqlColumn>,
    pub campaign: Option<CampaignId>,
    /// The first instant included.
    pub from: Option<Timestamp>,
    /// The first instant excluded.
    pub until: Option<Timestamp>,
}

impl ExportableView {
    /// Returns the exportable view with this name; `None` if there is none.
    pub fn of_name(name: &str) -> Option<&'static Self> {
        EXPORTABLES.iter().find(|one| one.name == name)
    }

    /// Returns all columns of the view, in its order.
    pub fn columns(&self) -> &'static [SqlColumn] {
        let view: Option<&SqlView> = SQL_VIEWS.iter().find(|view| view.name == self.view);
        view.map_or(&[], |view| view.columns)
    }

    /// Returns the next rows after a position that match the filter, and the position of the last one. No
    /// rows mean the end.
    pub async fn page(
        &self,
        db: &dyn ReadDb,
        filter: &ExportFilter,
        after: Position,
    ) -> Result<(Vec<Vec<Val>>, Position), ProjectionError> {
        let columns: Vec<&str> = filter.columns.iter().map(|column| column.name).collect();
        let (position, view) = (self.position, placed(self.view, db.dialect()));
        let head = format!("select {position}, {} from {view}", columns.join(", "));
        let (from, until) = (format!("{} >=", self.at), format!("{} <", self.at));
        let (sql, values) = Select::new(&head)
            .when(&format!("{position} >"), Some(Val::position(after)))
            .when("campaign =", filter.campaign.as_ref().map(Val::text))
            .when(&from, filter.from.map(Val::at))
            .when(&until, filter.until.map(Val::at))
            .limited(position, EXPORT_PAGE_ROWS);
        let mut rows = Vec::with_capacity(EXPORT_PAGE_ROWS);
        for mut row in db.query(&sql, values).await? {
            rows.push((row.position()?, row.rest()));
        }
        Ok(whole_positions(rows, after, EXPORT_PAGE_ROWS))
    }
}

/// Removes the rows of the last position from a full page, because more rows of that position may follow;
/// they all come with the next page. Returns the rows and the position reached.
fn whole_positions(
    mut rows: Vec<(Position, Vec<Val>)>,
    after: Position,
    full: usize,
) -> (Vec<Vec<Val>>, Position) {
    let last = rows.last().map_or(after, |row| row.0);
    let before = rows
        .iter()
        .rev()
        .map(|row| row.0)
        .find(|position| *position != last);
    let reached = match before {
        Some(before) if rows.len() >= full => {
            rows.retain(|row| row.0 != last);
            before
        }
        Some(_) | None => last,
    };
    (rows.into_iter().map(|row| row.1).collect(), reached)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(positions: &[u64]) -> Vec<(Position, Vec<Val>)> {
        let row = |position: &u64| (Position(*position), vec![Val::position(Position(*position))]);
        positions.iter().map(row).collect()
    }

    #[test]
    fn a_full_page_ends_before_a_position_with_possible_further_rows_and_a_short_one_has_all() {
        let of = |positions: &[u64]| whole_positions(page(positions), Position(1), 4);
        let (rows, reached) = of(&[2, 3, 4, 4]);
        assert_eq!((rows.len(), reached), (2, Position(3)));
        let (rows, reached) = of(&[2, 4, 4]);
        assert_eq!((rows.len(), reached), (3, Position(4)));
        let (rows, reached) = of(&[]);
        assert_eq!((rows.len(), reached), (0, Position(1)));
    }
}
