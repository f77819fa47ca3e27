//! A row by the names of its columns: views change cells, not places.

use crate::database::{Edit, Table, Tx};
use crate::error::ProjectionError;
use crate::value::Val;

/// The columns of one table, in its own order.
pub(crate) trait Column: Copy + 'static {
    const ALL: &'static [Self];

    /// Its place in a row.
    fn place(self) -> usize;
}

/// Names the columns of a table. Their order is the table's: `columns_stand_as_named` holds it to that.
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

/// A row with nothing in it yet.
pub(crate) fn blank<C: Column>() -> Vec<Val> {
    vec![Val::Null; C::ALL.len()]
}

/// The cells of one row.
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

    /// Sets what is not known yet: the first news counts.
    pub(crate) fn set_first(&mut self, column: impl Column, value: Val) {
        if *self.get(column) == Val::Null {
            self.set(column, value);
        }
    }

    /// Sets what is told, and leaves the rest.
    pub(crate) fn set_known(&mut self, column: impl Column, value: Val) {
        if value != Val::Null {
            self.set(column, value);
        }
    }

    /// Adds to a count.
    pub(crate) fn add(&mut self, column: impl Column, more: i64) {
        let sum = self.int(column).saturating_add(more);
        self.set(column, Val::Int(sum));
    }

    /// An integer; 0 where there is none.
    pub(crate) fn int(&self, column: impl Column) -> i64 {
        match self.get(column) {
            Val::Int(value) => *value,
            Val::Bool(value) => i64::from(*value),
            Val::Null | Val::Real(_) | Val::Text(_) | Val::Blob(_) => 0,
        }
    }

    /// A text; empty where there is none.
    pub(crate) fn text(&self, column: impl Column) -> &str {
        match self.get(column) {
            Val::Text(value) => value,
            Val::Null | Val::Int(_) | Val::Bool(_) | Val::Real(_) | Val::Blob(_) => "",
        }
    }
}

/// Changes the row of a key; where there is none, the row that `begin` makes is changed and added.
pub(crate) fn change_or_begin(
    tx: &mut dyn Tx,
    table: &'static Table,
    key: &[Val],
    begin: &dyn Fn() -> Vec<Val>,
    change: &dyn Fn(&mut Cells<'_>),
) -> Result<(), ProjectionError> {
    let known = tx.edit(table, key, &mut |row| {
        change(&mut Cells(row));
        Ok(Edit::Write)
    })?;
    if known.is_some() {
        return Ok(());
    }
    let mut row = begin();
    change(&mut Cells(&mut row));
    tx.append_row(table, row)
}

/// For a view's tests: the columns' names, as the database has them.
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
