//! The report of an import: exact about the file and the campaign, rounded about all other customers.

use intake::same_number::SharedRows;
use intake::table::{TableReport, WorkbookReport};
use intake::{BAD_ROWS_LISTED_MAX, BadRow, cut};
use serde::{Deserialize, Serialize};

/// Number of customers of a list who are in other campaigns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(untagged)]
pub enum OtherCampaignsCount {
    NotChecked(NotCheckedMarker),
    /// A count rounded down to tens.
    About(u64),
}

impl Default for OtherCampaignsCount {
    fn default() -> Self {
        Self::NotChecked(NotCheckedMarker::NotChecked)
    }
}

/// Marks a figure that was not computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum NotCheckedMarker {
    #[default]
    NotChecked,
}

/// Figures about customers who may not be named to the user are rounded down to a multiple of this.
pub const ROUNDED_TO: u64 = 10;

/// Which rows that share a number with another customer the report lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SharedRowsFilter {
    /// Those of the file and of the campaign, with the other customer: for users with the reveal right.
    All,
    /// Those of the file only.
    OfFile,
}

/// The result of an import, as returned by the API and printed by the command line.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ImportReport {
    pub campaign: String,
    pub list: String,
    /// Detected format of the file.
    pub format: String,
    pub dry_run: bool,
    /// True if the same content was imported before. Nothing was enrolled this time.
    #[serde(default)]
    pub repeated: bool,
    /// Number of the header row as a spreadsheet counts. Absent for rows from a request body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub header_row: Option<u64>,
    /// For a workbook: the sheet that was read, and what Excel hides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workbook: Option<WorkbookReport>,
    /// Number of data rows that were read.
    pub rows: u64,
    /// Enrolments that this list has made, or would make in a dry run.
    pub enrolled: u64,
    /// Rows with a customer of an earlier row, or of the campaign already.
    pub duplicates: u64,
    /// Customers left out because of another campaign; for users without the reveal right also rows with
    /// the number of another customer of this campaign. Rounded down to tens. A dry run compares with
    /// neither.
    #[serde(default)]
    pub duplicates_elsewhere: OtherCampaignsCount,
    pub bad_count: u64,
    /// The first bad rows, in file order.
    pub bad: Vec<BadRow>,
    /// Which of several customers with one number is called: `by_number` or `by_customer`.
    #[serde(default)]
    pub duplicates_policy: String,
    /// Rows with the number of another customer. Those left out are counted in `enrolled` and settled at
    /// once.
    #[serde(default)]
    pub same_number: SharedRows,
    /// Log position of the closing of the list. Reads can wait for it.
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
