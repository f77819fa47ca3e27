//! The description of a view's table: name, DDL statements and primary key. Rows are read, written and
//! compared by it.

use crate::database::Dialect;
use crate::value::Val;
use std::borrow::Cow;

/// Rows of earlier events with which a fold begins, by table.
pub type InitialRows = Vec<(&'static Table, Vec<Vec<Val>>)>;

/// The number of partitions of a partitioned table. A hundred million rows are about six million in each.
pub(crate) const PARTITIONS: u32 = 16;

/// The end of a `create table` statement that asks for hash partitions. On PostgreSQL the table gets
/// them; on SQLite, which has no partitions, the clause is cut off.
const BY_HASH: &str = "partition by hash (";

/// A table of a view, with what is needed to compare its rows with a replay.
#[derive(Debug, Clone, Copy)]
pub struct Table {
    /// The table's name; it begins with the view's name.
    pub name: &'static str,
    /// The DDL: `create table` first, then the indexes. If the first statement ends with `partition by
    /// hash (COLUMN)`, PostgreSQL splits the table into `PARTITIONS` partitions (CUS-7); the column must
    /// belong to the primary key.
    pub ddl: &'static [&'static str],
    /// The number of columns, counted from the first, that form the primary key. They are never null.
    pub key_columns: usize,
}

impl Table {
    /// Returns the statements that create the table and its indexes in this kind of database, on
    /// PostgreSQL with its partitions.
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
