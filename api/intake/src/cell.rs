//! Cells of a table, and its rows before their columns are known.

use crate::{BadRow, CELL_BYTES_MAX};

/// One row of a table that has a value.
#[derive(Debug)]
pub struct TableRow {
    /// Row number as in a spreadsheet.
    pub number: u64,
    /// True if the row is hidden or filtered out in Excel.
    pub is_hidden: bool,
    /// Its cells, or why it could not be read.
    pub cells: Result<Vec<Cell>, BadRow>,
}

/// One cell: its text, or why there is no reliable text.
pub type Cell = Result<CellText, String>;

/// A cell that was read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CellText {
    /// The cell's text as displayed.
    pub shown: String,
    /// The stored value, if it is displayed in another form.
    pub exact: Option<ExactValue>,
}

/// A cell's stored value, if it differs from the displayed text.
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
    /// Returns the text for an id or a phone number: as displayed, unless the display has lost or added a
    /// digit.
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

    /// Returns the text for a time: the stored date, in whatever form it is displayed.
    pub fn moment(&self) -> &str {
        match &self.exact {
            Some(ExactValue::Date(exact)) => exact,
            Some(ExactValue::Number(_)) | None => &self.shown,
        }
    }
}

pub(crate) fn too_long(text: &str) -> String {
    format!(
        "it has {} bytes, more than the {CELL_BYTES_MAX} allowed",
        text.len()
    )
}
