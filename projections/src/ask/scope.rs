//! Resolves names by scope: in `q.name`, `name` must be a column of the relation `q` there. If it is not,
//! PostgreSQL reads `calls.row_to_json` as `row_to_json(calls)`, which would call any function that takes a
//! row.

use super::QueryError;
use super::guard::{VisitResult, plain, refuse};
use crate::sql_views::SQL_VIEWS;
use sqlparser::ast::{
    Cte, Ident, Query, Select, SelectItem, SelectItemQualifiedWildcardKind, SetExpr, TableAlias, TableFactor,
    TableWithJoins,
};
use sqlparser::tokenizer::Span;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

/// Names of columns, in the form in which both databases compare them.
pub(super) type Columns = BTreeSet<String>;

/// The columns of a query's own subqueries (`with name as …`) by name; each name has one meaning only.
pub(super) type SubqueryColumns = BTreeMap<String, Columns>;

/// Most columns of a relation that an error about an unknown column lists; further ones are left out.
const SHOWN_COLUMNS_MAX: usize = 60;

/// The scope of one `select`: its relations and the names of its results.
#[derive(Default)]
struct Frame {
    relations: Vec<(String, Columns)>,
    results: Columns,
    /// The number of outer scopes, counted from the outermost, that are visible here too.
    below: usize,
}

/// The names that are visible at the current point of the query.
pub(super) struct Scopes {
    own: SubqueryColumns,
    /// Subqueries that do not see the `select` around them, with the number of outer scopes that they see.
    apart: BTreeMap<*const Query, usize>,
    frames: Vec<Frame>,
}

impl Scopes {
    pub(super) const fn new(own: SubqueryColumns) -> Self {
        Self {
            own,
            apart: BTreeMap::new(),
            frames: Vec::new(),
        }
    }

    pub(super) fn is_own(&self, name: &str) -> bool {
        self.own.contains_key(name)
    }

    pub(super) fn enter_query(&mut self, query: &Query) {
        let seen = self.apart.get(&std::ptr::from_ref(query));
        let below = seen.copied().unwrap_or(self.frames.len());
        for cte in ctes(query) {
            self.apart.insert(std::ptr::from_ref(cte.query.as_ref()), below);
        }
        self.frames.push(Frame {
            below,
            ..Frame::default()
        });
    }

    pub(super) fn leave_query(&mut self) {
        self.frames.pop();
    }

    pub(super) fn enter_select(&mut self, select: &Select) {
        let outside = self.frames.last().map_or(0, |query| query.below);
        let mut derived = Vec::new();
        for table in &select.from {
            derived_in(table, &mut derived);
        }
        for subquery in derived {
            self.apart.insert(subquery, outside);
        }
        self.frames.push(Frame {
            relations: relations(&select.from, &self.own),
            results: results(select),
            below: self.frames.len(),
        });
    }

    /// Clauses after a `select` in its query, such as `order by`, see the same names.
    pub(super) fn leave_select(&mut self) {
        if let Some(frame) = self.frames.pop()
            && let Some(query) = self.frames.last_mut()
        {
            query.relations = frame.relations;
            query.results = frame.results;
        }
    }

    /// Returns the scopes that are visible at the current point, the innermost first.
    fn seen(&self) -> impl Iterator<Item = &Frame> {
        let mut next = self.frames.len();
        std::iter::from_fn(move || {
            let frame = self.frames.get(next.checked_sub(1)?)?;
            next = frame.below;
            Some(frame)
        })
    }

    /// Checks a name with a relation, `relation.column`: the relation must be visible and have the column.
    pub(super) fn judge(&self, parts: &[Ident]) -> VisitResult {
        let [relation, column] = parts else {
            let at = Span::union_iter(parts.iter().map(|part| part.span)).start;
            let shown: Vec<String> = parts.iter().map(ToString::to_string).collect();
            let hint = "write a column as `relation.column`";
            return refuse(&format!("`{}`", shown.join(".")), hint, at);
        };
        let called = plain(relation);
        let mut found = self.seen().flat_map(|frame| &frame.relations);
        let why = match found.find(|(name, _)| *name == called) {
            Some((_, columns)) if columns.contains(&plain(column)) => return ControlFlow::Continue(()),
            Some((_, columns)) => {
                let columns: Vec<&str> = columns
                    .iter()
                    .map(String::as_str)
                    .take(SHOWN_COLUMNS_MAX)
                    .collect();
                let there = columns.join(", ");
                format!("there is no column {relation}.{column}; {relation} has {there}")
            }
            None => format!("{relation}.{column} cannot be read: there is no relation {relation} here"),
        };
        ControlFlow::Break(QueryError::Wrong(why))
    }

    /// Checks a name without a relation: it must not be the name of a visible relation, which would be a
    /// whole row, unless a column has that name.
    pub(super) fn judge_alone(&self, ident: &Ident) -> VisitResult {
        let name = plain(ident);
        let is_column = self.seen().any(|frame| {
            let mut relations = frame.relations.iter();
            frame.results.contains(&name) || relations.any(|(_, columns)| columns.contains(&name))
        });
        let mut relations = self.seen().flat_map(|frame| &frame.relations);
        if is_column || !relations.any(|(relation, _)| *relation == name) {
            return ControlFlow::Continue(());
        }
        let why = format!("there is no column {ident}: it names a whole row; write its columns one by one");
        ControlFlow::Break(QueryError::Wrong(why))
    }
}

pub(super) fn ctes(query: &Query) -> impl Iterator<Item = &Cte> {
    query.with.iter().flat_map(|with| &with.cte_tables)
}

/// Returns the column names of a query, given the columns of its own subqueries.
pub(super) fn columns_of(query: &Query, alias: Option<&TableAlias>, own: &SubqueryColumns) -> Columns {
    match alias {
        Some(alias) if !alias.columns.is_empty() => named(alias),
        _ => columns_of_body(&query.body, own),
    }
}

/// Returns the column names that an alias lists. If it names fewer columns than there are, the others are
/// unknown.
fn named(alias: &TableAlias) -> Columns {
    alias.columns.iter().map(|column| plain(&column.name)).collect()
}

fn columns_of_body(body: &SetExpr, own: &SubqueryColumns) -> Columns {
    match body {
        SetExpr::Select(select) => columns_of_select(select, own),
        SetExpr::Query(query) => columns_of_body(&query.body, own),
        SetExpr::SetOperation { left, .. } => columns_of_body(left, own),
        SetExpr::Values(values) => {
            let count = values.rows.first().map_or(0, |row| row.len());
            (1..=count).map(|place| format!("column{place}")).collect()
        }
        SetExpr::Insert(_)
        | SetExpr::Update(_)
        | SetExpr::Delete(_)
        | SetExpr::Merge(_)
        | SetExpr::Table(_) => Columns::new(),
    }
}

fn columns_of_select(select: &Select, own: &SubqueryColumns) -> Columns {
    let mut columns = results(select);
    let relations = relations(&select.from, own);
    for item in &select.projection {
        let taken: Option<String> = match item {
            SelectItem::Wildcard(_) => None,
            SelectItem::QualifiedWildcard(SelectItemQualifiedWildcardKind::ObjectName(name), _) => {
                name.0.first().and_then(|part| part.as_ident()).map(plain)
            }
            _ => continue,
        };
        let taken = |(name, _): &&(String, Columns)| taken.as_ref().is_none_or(|taken| taken == name);
        let all = relations.iter().filter(taken).flat_map(|(_, columns)| columns);
        columns.extend(all.cloned());
    }
    columns
}

/// Returns the names that a `select` gives its results. Unnamed results are left out: the databases name them
/// differently.
fn results(select: &Select) -> Columns {
    use sqlparser::ast::Expr;
    let name = |item: &SelectItem| match item {
        SelectItem::ExprWithAlias { alias, .. } => Some(plain(alias)),
        SelectItem::UnnamedExpr(Expr::Identifier(ident)) => Some(plain(ident)),
        SelectItem::UnnamedExpr(Expr::CompoundIdentifier(parts)) => parts.last().map(plain),
        SelectItem::UnnamedExpr(_)
        | SelectItem::ExprWithAliases { .. }
        | SelectItem::QualifiedWildcard(..)
        | SelectItem::Wildcard(_) => None,
    };
    select.projection.iter().filter_map(name).collect()
}

fn relations(from: &[TableWithJoins], own: &SubqueryColumns) -> Vec<(String, Columns)> {
    let mut found = Vec::new();
    for table in from {
        relations_in(table, own, &mut found);
    }
    found
}

fn factors(table: &TableWithJoins) -> impl Iterator<Item = &TableFactor> {
    std::iter::once(&table.relation).chain(table.joins.iter().map(|join| &join.relation))
}

fn relations_in(table: &TableWithJoins, own: &SubqueryColumns, found: &mut Vec<(String, Columns)>) {
    for factor in factors(table) {
        match factor {
            TableFactor::Table { name, alias, .. } => {
                let written = name.0.last().and_then(|part| part.as_ident()).map(plain);
                let columns = written.as_ref().map(|name| columns_of_relation(name, own));
                let called = alias.as_ref().map(|alias| plain(&alias.name)).or(written);
                let renamed = alias
                    .as_ref()
                    .filter(|alias| !alias.columns.is_empty())
                    .map(named);
                found.extend(called.zip(renamed.or(columns)));
            }
            TableFactor::Derived { subquery, alias, .. } => {
                let called = alias.as_ref().map(|alias| plain(&alias.name));
                let columns = columns_of(subquery, alias.as_ref(), own);
                // Without a name, its columns can only be used without a relation.
                found.push((called.unwrap_or_default(), columns));
            }
            TableFactor::NestedJoin {
                table_with_joins,
                alias: None,
            } => relations_in(table_with_joins, own, found),
            TableFactor::NestedJoin {
                table_with_joins,
                alias: Some(alias),
            } => {
                let mut inside = Vec::new();
                relations_in(table_with_joins, own, &mut inside);
                let columns = inside.into_iter().flat_map(|(_, columns)| columns).collect();
                let renamed = (!alias.columns.is_empty()).then(|| named(alias));
                found.push((plain(&alias.name), renamed.unwrap_or(columns)));
            }
            // The guard refuses every other kind.
            _ => {}
        }
    }
}

fn columns_of_relation(name: &str, own: &SubqueryColumns) -> Columns {
    if let Some(columns) = own.get(name) {
        return columns.clone();
    }
    let view = SQL_VIEWS.iter().find(|view| view.name == name);
    let columns = view.into_iter().flat_map(|view| view.columns);
    columns.map(|column| column.name.to_owned()).collect()
}

fn derived_in(table: &TableWithJoins, found: &mut Vec<*const Query>) {
    for factor in factors(table) {
        match factor {
            TableFactor::Derived { subquery, .. } => found.push(std::ptr::from_ref(subquery.as_ref())),
            TableFactor::NestedJoin { table_with_joins, .. } => derived_in(table_with_joins, found),
            _ => {}
        }
    }
}
