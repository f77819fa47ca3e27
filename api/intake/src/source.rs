//! The output of every reader of rows: a row's number and its values by name, before they are checked.

use crate::cell::{Cell, CellText, ExactValue, too_long};
use crate::mapping::{Column, Mapping, Meaning, Member};
use crate::table::{Table, TableReport};
use crate::value_kind::ValueKind;
use crate::{BadRow, CELL_BYTES_MAX, ImportError};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::ControlFlow;

/// A number in a column other than the phone's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FurtherPhone {
    pub title: String,
    pub text: String,
}

/// One row with its values as unchecked text. Empty values are absent.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NamedRow {
    pub row: u64,
    pub members: BTreeMap<Member, String>,
    pub variables: BTreeMap<String, String>,
    /// Further numbers of the customer, in column order.
    pub further_phones: Vec<FurtherPhone>,
    /// Titles of the members' columns, for reports.
    pub titles: BTreeMap<Member, String>,
}

impl NamedRow {
    /// Returns the title of a member's column in the file; the member's own name if it has no column.
    pub fn title(&self, member: Member) -> String {
        self.titles
            .get(&member)
            .cloned()
            .unwrap_or_else(|| member.name().to_owned())
    }
}

/// A row, or why it could not be read.
pub type ReadRow = Result<NamedRow, BadRow>;

/// Receives one row after another. Returns `Break` if no more rows are needed.
pub(crate) type RowSink<'a> = dyn FnMut(ReadRow) -> ControlFlow<()> + 'a;

/// A reader of the rows of a list. Blocking, so it runs outside the async runtime. No row follows an error.
pub trait RowSource: Send {
    fn read_rows(&mut self, sink: &mut RowSink<'_>) -> Result<(), ImportError>;

    /// Returns how the table was read (titles, workbook). Complete only after `read_rows`; empty for a
    /// body.
    fn report(&self) -> TableReport {
        TableReport::default()
    }
}

/// Returns a cell's value for a column's meaning and type, or why it does not match the type.
fn value_of<'a>(cell: &'a CellText, column: &Column) -> Result<Cow<'a, str>, String> {
    match column.meaning {
        Meaning::Member(Member::CustomerId | Member::Phone) | Meaning::FurtherPhone(_) => {
            return Ok(Cow::Borrowed(cell.identifier()));
        }
        Meaning::Member(Member::ConsentAt | Member::ConsentUntil) => {
            return Ok(Cow::Borrowed(cell.moment()));
        }
        Meaning::Member(_) | Meaning::Variable(_) | Meaning::Ignored => {}
    }
    let fits = |text: &str| column.kind.refuse(text.trim()).is_none();
    let is_stored_so = match (&cell.exact, column.kind) {
        (Some(ExactValue::Date(exact)), ValueKind::Date) => fits(exact),
        (Some(ExactValue::Number(exact)), ValueKind::Integer | ValueKind::Number) => fits(exact),
        _ => false,
    };
    let is_blank = cell.shown.trim().is_empty();
    match is_blank || is_stored_so {
        true => Ok(Cow::Borrowed(&cell.shown)),
        false => column
            .kind
            .refuse(cell.shown.trim())
            .map_or(Ok(Cow::Borrowed(cell.shown.as_str())), Err),
    }
}

/// The rows of a table, with its columns named by a mapping.
pub(crate) struct ListRows {
    table: Table,
    mapping: Mapping,
    report: TableReport,
}

impl ListRows {
    pub(crate) fn new(table: Table, mapping: Mapping) -> Self {
        Self {
            table,
            mapping,
            report: TableReport::default(),
        }
    }
}

impl RowSource for ListRows {
    fn read_rows(&mut self, sink: &mut RowSink<'_>) -> Result<(), ImportError> {
        let mapping = &self.mapping;
        self.report = self.table.each_titled_row(
            &|titles| mapping.columns(titles),
            &mut |columns: &Vec<Column>, row, cells| {
                let named = cells.and_then(|cells| name_cells(row, columns, cells));
                Ok(sink(named).is_continue())
            },
        )?;
        Ok(())
    }

    fn report(&self) -> TableReport {
        self.report.clone()
    }
}

/// Assigns the cells of one row to members and variables. Blank cells are left out. The row is bad if it
/// has more cells with values than columns, or an unreliable cell in a column that is used.
pub(crate) fn name_cells(row: u64, columns: &[Column], cells: Vec<Cell>) -> ReadRow {
    let mut named = NamedRow {
        row,
        ..NamedRow::default()
    };
    let is_blank = |cell: &Cell| cell.as_ref().is_ok_and(|text| text.shown.trim().is_empty());
    let filled = cells
        .iter()
        .rposition(|cell| !is_blank(cell))
        .map_or(0, |last| last + 1);
    if filled > columns.len() {
        return Err(BadRow {
            row,
            column: format!("{}", columns.len() + 1),
            reason: format!("the row has {filled} cells, the header {}", columns.len()),
        });
    }
    // Excel and many CSV writers leave out empty cells at the end of a row.
    let cells = cells
        .into_iter()
        .chain(std::iter::repeat_with(|| Ok(CellText::default())));
    for (column, cell) in columns.iter().zip(cells) {
        if column.meaning == Meaning::Ignored {
            continue;
        }
        if let Meaning::Member(member) = column.meaning {
            named.titles.insert(member, column.title.clone());
        }
        let bad = |reason: String| BadRow {
            row,
            column: column.title.clone(),
            reason,
        };
        let cell = cell.map_err(bad)?;
        let text = value_of(&cell, column).map_err(bad)?;
        let text = text.trim();
        check_text(text).map_err(bad)?;
        if text.is_empty() {
            continue;
        }
        match &column.meaning {
            Meaning::Member(member) => {
                named.members.insert(*member, text.to_owned());
            }
            Meaning::FurtherPhone(name) => {
                named.variables.insert(name.clone(), text.to_owned());
                named.further_phones.push(FurtherPhone {
                    title: name.clone(),
                    text: text.to_owned(),
                });
            }
            Meaning::Variable(name) => {
                named.variables.insert(name.clone(), text.to_owned());
            }
            Meaning::Ignored => {}
        }
    }
    Ok(named)
}

/// Reason for a cell. The report's `format` names the encoding that was used.
const BYTES_OF_NO_ENCODING: &str = "it has bytes that are invalid in the file's encoding, which `format` names; save \
    the file as UTF-8, or name its encoding with --encoding / 含有不属于该文件编码的字节：请另存为 UTF-8，或用 \
    --encoding 指明编码";

/// Checks the rules for every value: at most `CELL_BYTES_MAX` bytes, no bytes that were invalid in the
/// file's encoding, no control characters except line feed and tab. Returns the reason if one is broken.
pub fn check_text(text: &str) -> Result<(), String> {
    if text.len() > CELL_BYTES_MAX {
        return Err(too_long(text));
    }
    if text.contains('\u{fffd}') {
        return Err(BYTES_OF_NO_ENCODING.to_owned());
    }
    if text.chars().any(|c| c.is_control() && c != '\n' && c != '\t') {
        return Err("it contains control characters".to_owned());
    }
    Ok(())
}
