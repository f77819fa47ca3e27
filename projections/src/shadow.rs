//! Writes the new rows of a shadow rebuild: redirects a view's statements to other tables.
//!
//! Where a view's statement says `call_history`, the database gets `call_history__next`. Only whole
//! identifiers that are names of the view's own tables are replaced; quoted text stays unchanged. Names of
//! indexes and partitions carry the generation of the rebuild: they keep their names when the table is
//! renamed at the switch, and must not clash with those of the next rebuild.

use crate::database::{RowCallback, Table, Tx};
use crate::error::ProjectionError;
use crate::value::Val;
use crate::view::View;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// The suffix of a table's name while it holds the new rows.
const NEXT: &str = "__next";

/// Most rewritten statements cached per view. A view has fewer than thirty; statements beyond the limit are
/// rewritten each time.
const STATEMENTS_MAX: usize = 256;

/// Returns the name of the table that holds a table's new rows.
pub(crate) fn next_name(table: &str) -> String {
    format!("{table}{NEXT}")
}

/// The tables for new rows, by the name of the live table. A `Tx` takes tables with a static lifetime, so
/// they are leaked: one small value per table of a view, however often it is rebuilt.
static NEXT_TABLES: Mutex<BTreeMap<&'static str, &'static Table>> = Mutex::new(BTreeMap::new());

fn next_table(live: &Table) -> &'static Table {
    let mut known = NEXT_TABLES.lock().unwrap_or_else(PoisonError::into_inner);
    known.entry(live.name).or_insert_with(|| {
        Box::leak(Box::new(Table {
            name: Box::leak(next_name(live.name).into_boxed_str()),
            // Created by rewriting the statements of the live table.
            ddl: &[],
            key_columns: live.key_columns,
        }))
    })
}

/// The redirection of one view's statements to the tables of its new rows, with a cache of rewritten
/// statements.
pub(crate) struct ShadowTables {
    tables: BTreeMap<&'static str, &'static Table>,
    rewritten: Mutex<BTreeMap<String, Arc<str>>>,
}

impl ShadowTables {
    pub(crate) fn of(view: &dyn View) -> Self {
        let tables = view.tables().iter();
        Self {
            tables: tables.map(|table| (table.name, next_table(table))).collect(),
            rewritten: Mutex::new(BTreeMap::new()),
        }
    }

    /// Returns the table for new rows that belongs to the live table with this name; an error if it is not
    /// a table of this view.
    pub(crate) fn table(&self, live: &str) -> Result<&'static Table, ProjectionError> {
        let known = self.tables.get(live).copied();
        known.ok_or_else(|| {
            ProjectionError::Fault(format!("{live} is not a table of the view that writes it"))
        })
    }

    /// Rewrites a statement that creates a table, a partition or an index, for the rebuild with this
    /// generation.
    pub(crate) fn ddl(&self, statement: &str, generation: u64) -> String {
        let mut names = false;
        replace_identifiers(statement, |word| {
            let lower = word.to_ascii_lowercase();
            let is_name = names && !matches!(lower.as_str(), "if" | "not" | "exists");
            names = matches!(lower.as_str(), "index" | "table") || (names && !is_name);
            match self.tables.get(word) {
                Some(table) => Some(table.name.to_owned()),
                None => is_name.then(|| format!("{word}__g{generation}")),
            }
        })
    }

    fn sql(&self, sql: &str) -> Arc<str> {
        let mut known = self.rewritten.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(done) = known.get(sql) {
            return Arc::clone(done);
        }
        let table = |word: &str| self.tables.get(word).map(|table| table.name.to_owned());
        let done: Arc<str> = replace_identifiers(sql, table).into();
        if known.len() < STATEMENTS_MAX {
            known.insert(sql.to_owned(), Arc::clone(&done));
        }
        done
    }
}

/// Returns `sql` with each identifier outside quotes replaced by the result of `replace`; `None` leaves it
/// unchanged.
pub(crate) fn replace_identifiers(sql: &str, mut replace: impl FnMut(&str) -> Option<String>) -> String {
    let mut done = String::with_capacity(sql.len() + NEXT.len() * 4);
    let mut word = String::new();
    let mut quote = None;
    for character in sql.chars().chain(std::iter::once(' ')) {
        let in_word = character.is_alphanumeric() || matches!(character, '_' | '$');
        if quote.is_none() && in_word {
            word.push(character);
            continue;
        }
        if !word.is_empty() {
            let other = replace(&word);
            done.push_str(&other.map_or(Cow::Borrowed(word.as_str()), Cow::Owned));
            word.clear();
        }
        quote = match quote {
            None if matches!(character, '\'' | '"') => Some(character),
            Some(open) if open == character => None,
            other => other,
        };
        done.push(character);
    }
    // Removes the blank that was appended to end the last word.
    done.pop();
    done
}

/// A transaction in which the names of a view's tables mean the tables of its new rows.
pub(crate) struct ShadowTx<'a> {
    inner: &'a mut dyn Tx,
    shadow: &'a ShadowTables,
}

impl<'a> ShadowTx<'a> {
    pub(crate) fn new(inner: &'a mut dyn Tx, shadow: &'a ShadowTables) -> Self {
        Self { inner, shadow }
    }
}

impl Tx for ShadowTx<'_> {
    fn exec(&mut self, sql: &str, values: &[Val]) -> Result<u64, ProjectionError> {
        self.inner.exec(&self.shadow.sql(sql), values)
    }

    fn each(&mut self, sql: &str, values: &[Val], take: &mut RowCallback<'_>) -> Result<(), ProjectionError> {
        self.inner.each(&self.shadow.sql(sql), values, take)
    }

    fn columns(&mut self, table: &str) -> Result<Vec<String>, ProjectionError> {
        self.inner.columns(self.shadow.table(table)?.name)
    }

    fn row(&mut self, table: &'static Table, key: &[Val]) -> Result<Option<Vec<Val>>, ProjectionError> {
        self.inner.row(self.shadow.table(table.name)?, key)
    }

    fn rows(&mut self, table: &'static Table, keys: &[Vec<Val>]) -> Result<Vec<Vec<Val>>, ProjectionError> {
        self.inner.rows(self.shadow.table(table.name)?, keys)
    }

    fn reads_together(&self) -> bool {
        self.inner.reads_together()
    }

    fn write_rows(
        &mut self,
        table: &'static Table,
        rows: &[Vec<Val>],
        removed: &[Vec<Val>],
    ) -> Result<(), ProjectionError> {
        self.inner
            .write_rows(self.shadow.table(table.name)?, rows, removed)
    }

    fn append_rows(&mut self, table: &'static Table, rows: &[Vec<Val>]) -> Result<(), ProjectionError> {
        self.inner.append_rows(self.shadow.table(table.name)?, rows)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::database::Dialect;
    use crate::views;

    fn shadow_of(name: &str) -> ShadowTables {
        let all = views::all();
        let view = all.iter().find(|view| view.name() == name).unwrap();
        ShadowTables::of(view.as_ref())
    }

    #[test]
    fn only_whole_names_outside_quotes_are_replaced() {
        let shadow = shadow_of("campaign_board");
        let statements = [
            (
                "update campaign_board_hour set dialed = campaign_board_hour.dialed + $1",
                "update campaign_board_hour__next set dialed = campaign_board_hour__next.dialed + $1",
            ),
            (
                "select 'campaign_board', \"campaign_board\", campaign_boards from campaign_board",
                "select 'campaign_board', \"campaign_board\", campaign_boards from campaign_board__next",
            ),
            (
                "select 'it''s campaign_board' from (campaign_board)",
                "select 'it''s campaign_board' from (campaign_board__next)",
            ),
            ("select 1 from call_history", "select 1 from call_history"),
        ];
        for (said, heard) in statements {
            assert_eq!(shadow.sql(said).as_ref(), heard);
            assert_eq!(shadow.sql(said).as_ref(), heard, "from the statements kept");
        }
    }

    #[test]
    fn an_index_carries_the_number_of_its_rebuild() {
        let shadow = shadow_of("call_history");
        assert_eq!(
            shadow.ddl(
                "create unique index if not exists call_history_of on call_history (call)",
                7
            ),
            "create unique index if not exists call_history_of__g7 on call_history__next (call)"
        );
        assert_eq!(
            shadow.ddl("create table call_history (call text primary key)", 7),
            "create table call_history__next (call text primary key)"
        );
    }

    #[test]
    fn a_table_is_leaked_once_however_often_it_is_rebuilt() {
        let first = shadow_of("call_history").table("call_history").unwrap();
        let second = shadow_of("call_history").table("call_history").unwrap();
        assert!(std::ptr::eq(first, second));
        assert!(shadow_of("call_history").table("worklist_call").is_err());
    }

    /// PostgreSQL cuts a name after 63 bytes; the indexes of two rebuilds would then have the same name.
    #[test]
    fn no_column_has_a_tables_name_and_no_name_is_too_long() {
        for view in views::all() {
            let shadow = ShadowTables::of(view.as_ref());
            for table in view.tables() {
                assert!(next_name(table.name).len() <= 50, "{}", table.name);
                for statement in table.statements(Dialect::Postgres) {
                    let definition = shadow.ddl(&statement, 1);
                    assert_eq!(definition.matches(NEXT).count(), 1, "{definition}");
                    let words = definition.split_whitespace();
                    assert!(
                        words
                            .filter(|word| word.contains("__g1"))
                            .all(|word| word.len() <= 50)
                    );
                }
            }
        }
    }
}
