//! The statements over whole rows of each table, built once per connection: building them for every row would
//! cost as much as the row.

use crate::database::Table;
use crate::statements::{key_condition, placeholders, upsert_statement};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Most tables of which statements are cached: all views together have fewer than a hundred, and as many
/// more while they are rebuilt.
const TABLES_MAX: usize = 256;

/// Most sets of changed columns of which a table's update is cached; an event changes the same columns each
/// time. Further ones are built each time.
const CHANGES_MAX: usize = 64;

/// Returns true if a statement creates, drops or changes tables.
pub(super) fn is_definition(sql: &str) -> bool {
    let word = sql.split_whitespace().next().unwrap_or_default();
    ["create", "drop", "alter"]
        .iter()
        .any(|definition| word.eq_ignore_ascii_case(definition))
}

/// The statements of one table, with SQLite's own placeholders.
#[derive(Debug)]
pub(super) struct TableStatements {
    pub(super) columns: Vec<String>,
    pub(super) select: String,
    pub(super) insert: String,
    pub(super) upsert: String,
    pub(super) delete: String,
}

impl TableStatements {
    fn new(table: &Table, columns: Vec<String>) -> Self {
        let own = |sql: String| sql.replace('$', "?");
        let name = table.name;
        let condition = key_condition(&columns, table);
        let places = placeholders(columns.len());
        Self {
            select: own(format!("select * from {name} where {condition}")),
            insert: own(format!("insert into {name} values ({places})")),
            upsert: own(upsert_statement(&columns, table)),
            delete: own(format!("delete from {name} where {condition}")),
            columns,
        }
    }

    /// Returns the statement that sets the columns at these indexes, in their order; the values of the key
    /// follow.
    fn update(&self, table: &Table, changed: &[usize]) -> String {
        let named = changed.iter().filter_map(|place| self.columns.get(*place));
        let set: Vec<String> = named.map(|column| format!("{column} = ?")).collect();
        let keys = self.columns.iter().take(table.key_columns);
        let keys: Vec<String> = keys.map(|column| format!("{column} = ?")).collect();
        format!(
            "update {} set {} where {}",
            table.name,
            set.join(", "),
            keys.join(" and ")
        )
    }
}

/// The statements over whole rows that one connection has cached.
#[derive(Debug, Default)]
pub(super) struct StatementCache {
    tables: BTreeMap<&'static str, Arc<TableStatements>>,
    updates: BTreeMap<&'static str, BTreeMap<Vec<usize>, Arc<str>>>,
}

impl StatementCache {
    pub(super) fn forget(&mut self) {
        self.tables.clear();
        self.updates.clear();
    }

    pub(super) fn known(&self, table: &Table) -> Option<Arc<TableStatements>> {
        self.tables.get(table.name).map(Arc::clone)
    }

    pub(super) fn learn(&mut self, table: &'static Table, columns: Vec<String>) -> Arc<TableStatements> {
        let texts = Arc::new(TableStatements::new(table, columns));
        if self.tables.len() >= TABLES_MAX {
            self.forget();
        }
        self.tables.insert(table.name, Arc::clone(&texts));
        texts
    }

    /// Returns the statement that changes the columns at these indexes of the row with a key.
    pub(super) fn update(
        &mut self,
        table: &'static Table,
        texts: &TableStatements,
        changed: &[usize],
    ) -> Arc<str> {
        let known = self.updates.entry(table.name).or_default();
        if let Some(text) = known.get(changed) {
            return Arc::clone(text);
        }
        let text: Arc<str> = texts.update(table, changed).into();
        if known.len() < CHANGES_MAX {
            known.insert(changed.to_vec(), Arc::clone(&text));
        }
        text
    }
}
