//! Access to the cells of a row by column name instead of index.

use crate::database::{RowAction, Table, Tx};
use crate::error::ProjectionError;
use crate::value::Val;

/// The columns of one table as an enum, in the table's order.
pub(crate) trait Column: Copy + 'static {
    const ALL: &'static [Self];

    /// Returns the column's index in a row.
    fn place(self) -> usize;
}

/// Declares the columns of a table as an enum, in the table's order. The test `columns_stand_as_named`
/// compares both.
macro_rules! columns {
    ($(#[$meta:meta])* $vis:vis enum $name:ident { $($column:ident),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        $vis enum $name { $($column),+ }

        impl $crate::cells::Column for $name {
            const ALL: &'static [Self] = &[$(Self::$column),+];

            fn place(self) -> usize {
                self as usize
            }
        }
    };
}
pub(crate) use columns;

/// Returns a row in which every cell is null.
pub(crate) fn blank<C: Column>() -> Vec<Val> {
    vec![Val::Null; C::ALL.len()]
}

/// The cells of one row, read and changed by column instead of index.
pub(crate) struct Cells<'a>(pub(crate) &'a mut [Val]);

impl Cells<'_> {
    pub(crate) fn get(&self, column: impl Column) -> &Val {
        self.0
            .get(column.place())
            .expect("a row has all columns of its table")
    }

    pub(crate) fn set(&mut self, column: impl Column, value: Val) {
        *self
            .0
            .get_mut(column.place())
            .expect("a row has all columns of its table") = value;
    }

    /// Sets the cell if it is null; an existing value stays.
    pub(crate) fn set_first(&mut self, column: impl Column, value: Val) {
        if *self.get(column) == Val::Null {
            self.set(column, value);
        }
    }

    /// Sets the cell unless `value` is null; in that case the existing value stays.
    pub(crate) fn set_known(&mut self, column: impl Column, value: Val) {
        if value != Val::Null {
            self.set(column, value);
        }
    }

    /// Adds `more` to the count in the cell; a cell without a number counts as 0.
    pub(crate) fn add(&mut self, column: impl Column, more: i64) {
        let sum = self.int(column).saturating_add(more);
        self.set(column, Val::Int(sum));
    }

    /// Returns the cell as an integer; 0 if it holds none.
    pub(crate) fn int(&self, column: impl Column) -> i64 {
        match self.get(column) {
            Val::Int(value) => *value,
            Val::Bool(value) => i64::from(*value),
            Val::Null | Val::Real(_) | Val::Text(_) | Val::Blob(_) => 0,
        }
    }

    /// Returns the cell as text; empty if it holds none.
    pub(crate) fn text(&self, column: impl Column) -> &str {
        match self.get(column) {
            Val::Text(value) => value,
            Val::Null | Val::Int(_) | Val::Bool(_) | Val::Real(_) | Val::Blob(_) => "",
        }
    }
}

/// Changes the row with this key by `change`. If there is none, adds the row that `begin` makes, after
/// applying `change` to it.
pub(crate) fn change_or_begin(
    tx: &mut dyn Tx,
    table: &'static Table,
    key: &[Val],
    begin: &dyn Fn() -> Vec<Val>,
    change: &dyn Fn(&mut Cells<'_>),
) -> Result<(), ProjectionError> {
    let known = tx.edit(table, key, &mut |row| {
        change(&mut Cells(row));
        Ok(RowAction::Write)
    })?;
    if known.is_some() {
        return Ok(());
    }
    let mut row = begin();
    change(&mut Cells(&mut row));
    tx.append_row(table, row)
}

/// For a view's tests: returns the columns' names as the database has them, in snake case.
#[cfg(test)]
pub(crate) fn names<C: Column + std::fmt::Debug>() -> Vec<String> {
    let snake = |column: &C| {
        let mut name = String::new();
        for character in format!("{column:?}").chars() {
            if character.is_uppercase() && !name.is_empty() {
                name.push('_');
            }
            name.push(character.to_ascii_lowercase());
        }
        name
    };
    C::ALL.iter().map(snake).collect()
}
