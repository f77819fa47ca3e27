//! Information about the rows of a sheet besides their values: which are hidden, and which formulas have no
//! stored value.
//!
//! The library that reads the cells provides neither. The sheet is therefore read twice: here without its
//! values, then cell by cell.

use super::parts::{SheetArchive, attribute, is_true, xml_of};
use super::unreadable;
use crate::ImportError;
use quick_xml::events::{BytesStart, Event};
use std::collections::HashSet;

/// Most rows of a sheet in Excel.
const SHEET_ROWS_MAX: usize = 1_048_576;

/// Most formulas without a stored value in one sheet, with 8 bytes each. More are refused: the file was
/// never calculated.
const UNCACHED_MAX: usize = 100_000;

/// Most hidden rows that a report lists by number; further ones are only counted.
pub(crate) const HIDDEN_LISTED_MAX: usize = 20;

/// Findings about one sheet. Rows and columns are counted from 0.
#[derive(Debug, Default)]
pub(crate) struct SheetScan {
    /// The hidden rows, one bit per row.
    hidden: Vec<u64>,
    /// Number of hidden rows with a value.
    pub(crate) hidden_rows: u64,
    /// The first of them, numbered as in a spreadsheet.
    pub(crate) first_hidden: Vec<u64>,
    uncached: HashSet<(u32, u32)>,
}

impl SheetScan {
    pub(crate) fn is_hidden(&self, row: u32) -> bool {
        let row = row as usize;
        let word = self.hidden.get(row / 64).copied().unwrap_or_default();
        word >> (row % 64) & 1 == 1
    }

    /// Returns true for a formula without a stored value.
    pub(crate) fn is_uncached(&self, row: u32, column: u32) -> bool {
        !self.uncached.is_empty() && self.uncached.contains(&(row, column))
    }

    fn hide(&mut self, row: u32) {
        let row = row as usize;
        if row >= SHEET_ROWS_MAX {
            return;
        }
        if self.hidden.len() <= row / 64 {
            self.hidden.resize(row / 64 + 1, 0);
        }
        if let Some(word) = self.hidden.get_mut(row / 64) {
            *word |= 1 << (row % 64);
        }
    }

    fn note_hidden(&mut self, row: u32) {
        self.hidden_rows += 1;
        if self.first_hidden.len() < HIDDEN_LISTED_MAX {
            self.first_hidden.push(u64::from(row) + 1);
        }
    }

    fn note_uncached(&mut self, row: u32, column: u32) -> Result<(), ImportError> {
        self.uncached.insert((row, column));
        match self.uncached.len() > UNCACHED_MAX {
            true => Err(ImportError::FormulasWithoutValues { limit: UNCACHED_MAX }),
            false => Ok(()),
        }
    }
}

/// Scans the sheet at `path` in the archive once, without its values, for hidden rows and formulas without
/// a value.
pub(crate) fn scan(archive: &mut SheetArchive, path: &str) -> Result<SheetScan, ImportError> {
    let mut xml = xml_of(archive, path)?;
    let mut scanning = ScanState::default();
    let mut buffer = Vec::new();
    loop {
        buffer.clear();
        match xml.read_event_into(&mut buffer).map_err(unreadable)? {
            Event::Start(element) => scanning.begin(&element)?,
            Event::Text(text) if !text.trim().is_empty() => scanning.text(),
            Event::CData(_) | Event::GeneralRef(_) => scanning.text(),
            Event::End(element) if element.local_name().as_ref() == "sheetData" => break,
            Event::End(element) => scanning.end(element.local_name().as_ref())?,
            Event::Eof => break,
            Event::Text(_)
            | Event::Empty(_)
            | Event::Comment(_)
            | Event::Decl(_)
            | Event::PI(_)
            | Event::DocType(_) => {}
        }
    }
    Ok(scanning.found)
}

/// The position of the scan in the sheet.
#[derive(Default)]
struct ScanState {
    found: SheetScan,
    row: u32,
    row_is_hidden: bool,
    row_has_value: bool,
    cell: Option<CellScan>,
    next_column: u32,
}

/// One cell while the scan reads it.
#[derive(Default)]
struct CellScan {
    row: u32,
    column: u32,
    is_text: bool,
    has_formula: bool,
    value: ValueScan,
}

/// The element with a cell's value, as far as it was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum ValueScan {
    #[default]
    Absent,
    Begun,
    Empty,
    Filled,
}

impl ScanState {
    fn begin(&mut self, element: &BytesStart<'_>) -> Result<(), ImportError> {
        match (element.local_name().as_ref(), &mut self.cell) {
            ("row", None) => self.begin_row(element),
            ("c", None) => self.begin_cell(element),
            ("f", Some(cell)) => cell.has_formula = true,
            ("v" | "t", Some(cell)) if cell.value != ValueScan::Filled => cell.value = ValueScan::Begun,
            _ => {}
        }
        Ok(())
    }

    fn begin_row(&mut self, element: &BytesStart<'_>) {
        if let Some(number) = attribute(element, "r").and_then(|text| text.trim().parse::<u32>().ok()) {
            self.row = number.saturating_sub(1);
        }
        let has_no_height = attribute(element, "ht")
            .and_then(|text| text.trim().parse::<f64>().ok())
            .is_some_and(|height| height == 0.0);
        self.row_is_hidden = is_true(attribute(element, "hidden").as_deref()) || has_no_height;
        self.row_has_value = false;
        self.next_column = 0;
        if self.row_is_hidden {
            self.found.hide(self.row);
        }
    }

    fn begin_cell(&mut self, element: &BytesStart<'_>) {
        let place = attribute(element, "r").and_then(|text| place_of(&text));
        let (row, column) = place.unwrap_or((self.row, self.next_column));
        self.next_column = column.saturating_add(1);
        if self.row_is_hidden {
            // Values are read by the cell's own address.
            self.found.hide(row);
        }
        self.cell = Some(CellScan {
            row,
            column,
            is_text: attribute(element, "t").as_deref() == Some("str"),
            ..CellScan::default()
        });
    }

    fn text(&mut self) {
        if let Some(cell) = self.cell.as_mut().filter(|cell| cell.value == ValueScan::Begun) {
            cell.value = ValueScan::Filled;
        }
    }

    fn end(&mut self, name: &str) -> Result<(), ImportError> {
        match (name, &mut self.cell) {
            ("v" | "t", Some(cell)) if cell.value == ValueScan::Begun => cell.value = ValueScan::Empty,
            ("c", Some(_)) => self.end_cell()?,
            ("row", _) => self.end_row(),
            _ => {}
        }
        Ok(())
    }

    fn end_cell(&mut self) -> Result<(), ImportError> {
        let Some(cell) = self.cell.take() else {
            return Ok(());
        };
        self.row_has_value |= cell.value == ValueScan::Filled || cell.has_formula;
        // A formula with an empty text as its result has a value element, and its type is text.
        let is_stored = match cell.value {
            ValueScan::Filled => true,
            ValueScan::Begun | ValueScan::Empty => cell.is_text,
            ValueScan::Absent => false,
        };
        match cell.has_formula && !is_stored {
            true => self.found.note_uncached(cell.row, cell.column),
            false => Ok(()),
        }
    }

    fn end_row(&mut self) {
        if self.row_is_hidden && self.row_has_value {
            self.found.note_hidden(self.row);
        }
        self.row = self.row.saturating_add(1);
        self.row_is_hidden = false;
        self.row_has_value = false;
    }
}

/// Parses `B3` into row and column, starting at 0.
fn place_of(text: &str) -> Option<(u32, u32)> {
    let text = text.trim();
    let digits_at = text.find(|c: char| c.is_ascii_digit())?;
    let (letters, digits) = text.split_at(digits_at);
    let mut column = 0_u32;
    for letter in letters.bytes() {
        let value = letter.to_ascii_uppercase().checked_sub(b'A')?;
        if value > 25 {
            return None;
        }
        column = column.checked_mul(26)?.checked_add(u32::from(value) + 1)?;
    }
    let row: u32 = digits.parse().ok()?;
    Some((row.checked_sub(1)?, column.checked_sub(1)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_of_a_cell_is_read() {
        assert_eq!(place_of("A1"), Some((0, 0)));
        assert_eq!(place_of("AB12"), Some((11, 27)));
        for wrong in ["", "A", "1", "A0", "Ä1", "AAAAAAAAAA1"] {
            assert_eq!(place_of(wrong), None, "{wrong}");
        }
    }
}
