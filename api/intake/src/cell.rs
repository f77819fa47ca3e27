//! Cells of a table, and its rows before their columns are known.

use crate::{BadRow, CELL_BYTES_MAX};

/// One row of a table file in which at least one cell has a value.
#[derive(Debug)]
pub struct TableRow {
    /// Row number as in a spreadsheet.
    pub number: u64,
    /// True if the row is hidden or filtered out in Excel.
    pub is_hidden: bool,
    /// The row's cells by column, or why the row could not be read.
    pub cells: Result<Vec<Cell>, BadRow>,
}

/// One cell: its text, or why its text is not reliable (a formula without a stored value, a rounded
/// number).
pub type Cell = Result<CellText, String>;

/// A cell that was read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CellText {
    /// The cell's text as displayed.
    pub shown: String,
    /// The stored value, if it differs from the displayed text: a date, or a number with all its digits.
    pub exact: Option<ExactValue>,
}

/// A cell's stored value where it differs from the displayed text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExactValue {
    /// A date, `2026-03-05` or `2026-03-05 14:30:00`.
    Date(String),
    /// A number with all its digits.
    Number(String),
}

impl From<String> for CellText {
    fn from(shown: String) -> Self {
        Self { shown, exact: None }
    }
}

impl CellText {
    /// Returns the cell's text for an id or a phone number: as displayed, or the stored number if the
    /// display shows other digits. Leading zeros that the display adds are kept.
    pub fn identifier(&self) -> &str {
        let Some(ExactValue::Number(exact)) = &self.exact else {
            return &self.shown;
        };
        let digits: String = self.shown.chars().filter(char::is_ascii_digit).collect();
        match digits.trim_start_matches('0') == exact.trim_start_matches('0') {
            true => &self.shown,
            false => exact,
        }
    }

    /// Returns the cell's text for a point in time: the stored date (`2026-03-05` or `2026-03-05 14:30:00`)
    /// if it is a date cell, otherwise the displayed text.
    pub fn moment(&self) -> &str {
        match &self.exact {
            Some(ExactValue::Date(exact)) => exact,
            Some(ExactValue::Number(_)) | None => &self.shown,
        }
    }
}

/// Returns the reason for a text with more than `CELL_BYTES_MAX` bytes.
pub(crate) fn too_long(text: &str) -> String {
    format!(
        "it has {} bytes, more than the {CELL_BYTES_MAX} allowed",
        text.len()
    )
}
