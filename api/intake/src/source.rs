//! What every reader of rows gives: a row's number and its values by name, before they are judged.

use crate::mapping::{Column, Meaning, Member};
use crate::{BadRow, CELL_BYTES_MAX, ImportError};
use std::collections::BTreeMap;
use std::ops::ControlFlow;

/// A number in a column beside the phone's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FurtherPhone {
    pub title: String,
    pub text: String,
}

/// One row, its values still unchecked text. Empty values are absent.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NamedRow {
    pub row: u64,
    pub members: BTreeMap<Member, String>,
    pub variables: BTreeMap<String, String>,
    /// Further numbers of the person, in the order of the columns.
    pub further_phones: Vec<FurtherPhone>,
    /// Titles of the columns the members came from, for reports.
    pub titles: BTreeMap<Member, String>,
}

impl NamedRow {
    /// The column's title as the user knows it.
    pub fn title(&self, member: Member) -> String {
        self.titles
            .get(&member)
            .cloned()
            .unwrap_or_else(|| member.name().to_owned())
    }
}

/// A row that could be read, or why not.
pub type ReadRow = Result<NamedRow, BadRow>;

/// Takes one row after the other; `Break` when nobody wants more.
pub(crate) type RowSink<'a> = dyn FnMut(ReadRow) -> ControlFlow<()> + 'a;

/// A reader of rows. Blocking: it runs off the reactor. After an error nothing follows.
pub trait RowSource: Send {
    fn read_rows(&mut self, sink: &mut RowSink<'_>) -> Result<(), ImportError>;
}

/// One cell: its text, or why it has none that can be trusted.
pub type Cell = Result<String, String>;

/// Gives names to the cells of one row.
pub(crate) fn name_cells(row: u64, columns: &[Column], cells: Vec<Cell>) -> ReadRow {
    let mut named = NamedRow {
        row,
        ..NamedRow::default()
    };
    if cells.len() > columns.len() {
        return Err(BadRow {
            row,
            column: format!("{}", columns.len() + 1),
            reason: format!("the row has {} cells, the header {}", cells.len(), columns.len()),
        });
    }
    // Excel and many CSV writers leave out what is empty at the end of a row.
    let cells = cells
        .into_iter()
        .chain(std::iter::repeat_with(|| Ok(String::new())));
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
        let text = cell.map_err(bad)?;
        let text = text.trim();
        check_text(text).map_err(bad)?;
        if text.is_empty() {
            continue;
        }
        column.kind.refuse(text).map_or(Ok(()), |why| Err(bad(why)))?;
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

/// Said of a cell; the report's `format` says as what the file was read.
const BYTES_OF_NO_ENCODING: &str = "it has bytes that are not of the file's encoding, which `format` names; save the \
    file as UTF-8, or name its encoding with --encoding / 含有不属于该文件编码的字节：请另存为 UTF-8，或用 \
    --encoding 指明编码";

pub(crate) fn too_long(text: &str) -> String {
    format!(
        "it has {} bytes, more than the {CELL_BYTES_MAX} allowed",
        text.len()
    )
}

/// What holds for every value, whatever it means.
pub fn check_text(text: &str) -> Result<(), String> {
    if text.len() > CELL_BYTES_MAX {
        return Err(too_long(text));
    }
    if text.contains('\u{fffd}') {
        return Err(BYTES_OF_NO_ENCODING.to_owned());
    }
    if text.chars().any(|c| c.is_control() && c != '\n' && c != '\t') {
        return Err("it has control characters".to_owned());
    }
    Ok(())
}
