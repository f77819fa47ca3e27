//! A table of a view, by its name, its statements and its key: what rows are read, written and compared by.

use crate::value::Val;

/// Rows to begin with, by table.
pub type Begun = Vec<(&'static Table, Vec<Vec<Val>>)>;

/// The tables of a view, and what they need to be compared with a replay.
#[derive(Debug, Clone, Copy)]
pub struct Table {
    /// Begins with the view's name.
    pub name: &'static str,
    /// `create table` first, then its indexes.
    pub ddl: &'static [&'static str],
    /// The first so many columns are the primary key, never null.
    pub key_columns: usize,
}
