//! Rows of a documented view, page by page behind the last one's position: bounded memory, no long snapshot.

use super::catalog::SQL_VIEWS;
use super::column::{SqlColumn, SqlView};
use super::placed;
use crate::database::{ReadDb, Select};
use crate::error::ProjectionError;
use crate::value::Val;
use domain::ids::CampaignId;
use domain::stored_event::Position;
use domain::time::Timestamp;

/// Rows of one page: some megabytes at most.
pub const EXPORT_PAGE_ROWS: usize = 2_000;

/// What can be exported: a documented view, in the order of a position that its rows keep.
#[derive(Debug, Clone, Copy)]
pub struct Exportable {
    /// As it is asked for, such as `calls`.
    pub name: &'static str,
    view: &'static str,
    /// Which position orders the rows; each row has its own.
    position: &'static str,
    /// Which instant `from` and `until` are held against.
    at: &'static str,
}

/// Everything that can be exported from rows.
pub const EXPORTABLES: &[Exportable] = &[
    Exportable {
        name: "calls",
        view: "calls",
        position: "first_position",
        at: "permitted_at",
    },
    Exportable {
        name: "events",
        view: "audit",
        position: "position",
        at: "at",
    },
];

/// Which rows and columns.
#[derive(Debug, Clone)]
pub struct ExportFilter {
    pub columns: Vec<&'static SqlColumn>,
    pub campaign: Option<CampaignId>,
    /// First instant taken.
    pub from: Option<Timestamp>,
    /// First instant not taken any more.
    pub until: Option<Timestamp>,
}

impl Exportable {
    pub fn of_name(name: &str) -> Option<&'static Self> {
        EXPORTABLES.iter().find(|one| one.name == name)
    }

    /// Every column, in the view's order.
    pub fn columns(&self) -> &'static [SqlColumn] {
        let view: Option<&SqlView> = SQL_VIEWS.iter().find(|view| view.name == self.view);
        view.map_or(&[], |view| view.columns)
    }

    /// The next rows behind a position, and the position of the last one.
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
        let mut last = after;
        let mut rows = Vec::with_capacity(EXPORT_PAGE_ROWS);
        for mut row in db.query(&sql, values).await? {
            last = row.position()?;
            rows.push(row.rest());
        }
        Ok((rows, last))
    }
}
