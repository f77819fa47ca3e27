//! A table of a view, by its name, its statements and its key: what rows are read, written and compared by.

use crate::database::Dialect;
use crate::value::Val;
use std::borrow::Cow;

/// Rows to begin with, by table.
pub type Begun = Vec<(&'static Table, Vec<Vec<Val>>)>;

/// In how many parts a table lies that is partitioned: a hundred million rows are six million in each.
pub(crate) const PARTITIONS: u32 = 16;

/// What the statement of a table ends with that PostgreSQL keeps in parts; SQLite has no parts of a table,
/// and its rows lie by their key.
const BY_HASH: &str = "partition by hash (";

/// The tables of a view, and what they need to be compared with a replay.
#[derive(Debug, Clone, Copy)]
pub struct Table {
    /// Begins with the view's name.
    pub name: &'static str,
    /// `create table` first, then its indexes. A first one that ends with `partition by hash (COLUMN)` lies
    /// in so many parts where the database has such (CUS-7); the column is of the primary key.
    pub ddl: &'static [&'static str],
    /// The first so many columns are the primary key, never null.
    pub key_columns: usize,
}

impl Table {
    /// The statements that make it in a database of this kind.
    pub fn statements(&self, dialect: Dialect) -> Vec<Cow<'static, str>> {
        let mut statements = Vec::with_capacity(self.ddl.len());
        for &statement in self.ddl {
            match (statement.split_once(BY_HASH), dialect) {
                (Some((whole, _)), Dialect::Sqlite) => statements.push(Cow::Borrowed(whole.trim_end())),
                (Some(_), Dialect::Postgres) => {
                    statements.push(Cow::Borrowed(statement));
                    statements.extend((0..PARTITIONS).map(|part| self.part(part)));
                }
                (None, _) => statements.push(Cow::Borrowed(statement)),
            }
        }
        statements
    }

    fn part(&self, part: u32) -> Cow<'static, str> {
        let name = self.name;
        Cow::Owned(format!(
            "create table {name}_hash_{part} partition of {name} for values with (modulus {PARTITIONS}, remainder {part})"
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_made_where_the_database_has_such() {
        const INDEX: &str = "create index t_a on t (a)";
        let table = Table {
            name: "t",
            ddl: &[
                "create table t (a text, primary key (a)) partition by hash (a)",
                INDEX,
            ],
            key_columns: 1,
        };
        let whole = table.statements(Dialect::Sqlite);
        assert_eq!(whole, ["create table t (a text, primary key (a))", INDEX]);
        let parts = table.statements(Dialect::Postgres);
        assert_eq!(parts.len(), 2 + PARTITIONS as usize);
        assert_eq!(
            parts[16],
            "create table t_hash_15 partition of t for values with (modulus 16, remainder 15)"
        );
        assert_eq!(parts.last().map(Cow::as_ref), Some(INDEX));
    }
}
