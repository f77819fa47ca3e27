//! The report of an import: exact about the file and the campaign, rounded about all other people.

use intake::same_number::SharedRows;
use intake::table::{TableReport, WorkbookReport};
use intake::{BAD_ROWS_LISTED_MAX, BadRow, cut};
use serde::{Deserialize, Serialize};

/// How many people of a list are in other campaigns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(untagged)]
pub enum Elsewhere {
    NotChecked(NotChecked),
    /// Rounded down to tens.
    About(u64),
}

impl Default for Elsewhere {
    fn default() -> Self {
        Self::NotChecked(NotChecked::NotChecked)
    }
}

/// Marks a figure that was not computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum NotChecked {
    #[default]
    NotChecked,
}

/// A figure about people the caller may not know one by one is rounded down to a multiple of this.
pub const ROUNDED_TO: u64 = 10;

/// Which rows with the number of another customer a report names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SharedShown {
    /// Of the file and of the campaign, with the other customer: for a caller with the reveal right.
    All,
    /// Of the file alone.
    OfFile,
}

/// What an import did, as replied and as printed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ImportReport {
    pub campaign: String,
    pub list: String,
    /// How the file was read.
    pub format: String,
    pub dry_run: bool,
    /// True when this very content was imported before; nothing was enrolled now.
    #[serde(default)]
    pub repeated: bool,
    /// The row of the titles, as a spreadsheet counts; absent for a body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub header_row: Option<u64>,
    /// Of a workbook: the sheet that was read, and what Excel hides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workbook: Option<WorkbookReport>,
    /// Data rows read.
    pub rows: u64,
    /// Enrolments this list has made (or would make).
    pub enrolled: u64,
    /// People who are in an earlier row of the file, or in the campaign already.
    pub duplicates: u64,
    /// People left out because of another campaign, and for a caller without the reveal right also rows with
    /// the number of another customer of this campaign: rounded down to tens. A dry run compares with
    /// neither.
    #[serde(default)]
    pub duplicates_elsewhere: Elsewhere,
    pub bad_count: u64,
    /// The first of the bad rows, in the order of the file.
    pub bad: Vec<BadRow>,
    /// Who is called of several customers with one number: `by_number` or `by_customer`.
    #[serde(default)]
    pub duplicates_policy: String,
    /// Rows with the number of another customer; those left out are counted in `enrolled`, settled at once.
    #[serde(default)]
    pub same_number: SharedRows,
    /// Position of the list's closing, to wait for in reads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<String>,
}

impl ImportReport {
    pub(super) fn note_read(&mut self, report: TableReport) {
        self.header_row = (report.header_row > 0).then_some(report.header_row);
        self.workbook = report.workbook;
    }

    pub(super) fn note_bad(&mut self, bad: BadRow) {
        self.bad_count += 1;
        if self.bad.len() < BAD_ROWS_LISTED_MAX {
            self.bad.push(BadRow {
                row: bad.row,
                column: cut(&bad.column),
                reason: cut(&bad.reason),
            });
        }
    }
}
