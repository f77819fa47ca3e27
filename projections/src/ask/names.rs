//! The first pass over a query: collects the names and columns of its own subqueries, and limits the nesting
//! of expressions.

use super::QueryError;
use super::guard::{EXPRESSION_DEPTH_MAX, ONE_QUERY, VisitResult, is_view, plain, refuse};
use super::scope::{SubqueryColumns, columns_of, ctes};
use crate::views;
use sqlparser::ast::{Expr, Query, TableAlias, Visitor};
use std::collections::BTreeMap;
use std::ops::ControlFlow;

/// The names that a query gives to its own subqueries (`with name as …`) and to their columns, and the
/// current nesting of expressions.
#[derive(Default)]
pub(super) struct Names {
    pub(super) own: SubqueryColumns,
    /// Subqueries that are not visited completely, with their names.
    open: BTreeMap<*const Query, TableAlias>,
    depth: usize,
}

impl Visitor for Names {
    type Break = QueryError;

    fn pre_visit_query(&mut self, query: &Query) -> VisitResult {
        for cte in ctes(query) {
            let ident = &cte.alias.name;
            let name = plain(ident);
            if is_reserved(&name.to_lowercase()) {
                let hint = "give the subquery a name";
                return refuse(&format!("the name {name}"), hint, ident.span.start);
            }
            if cte.from.is_some() {
                return refuse("`from` behind `with`", ONE_QUERY, ident.span.start);
            }
            let mut said = self.open.values().map(|alias| plain(&alias.name));
            if self.own.contains_key(&name) || said.any(|other| other == name) {
                let hint = "give each subquery its own name";
                return refuse(&format!("the name {name} again"), hint, ident.span.start);
            }
            let query: *const Query = std::ptr::from_ref(cte.query.as_ref());
            self.open.insert(query, cte.alias.clone());
        }
        ControlFlow::Continue(())
    }

    /// Records the columns of a completed subquery. All subqueries inside it, and all before it, are known
    /// then.
    fn post_visit_query(&mut self, query: &Query) -> VisitResult {
        if let Some(alias) = self.open.remove(&std::ptr::from_ref(query)) {
            let columns = columns_of(query, Some(&alias), &self.own);
            self.own.insert(plain(&alias.name), columns);
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, _: &Expr) -> VisitResult {
        self.depth += 1;
        if self.depth > EXPRESSION_DEPTH_MAX {
            let why = format!("the expression is nested deeper than {EXPRESSION_DEPTH_MAX} levels");
            return ControlFlow::Break(QueryError::TooLarge(why));
        }
        ControlFlow::Continue(())
    }

    fn post_visit_expr(&mut self, _: &Expr) -> VisitResult {
        self.depth -= 1;
        ControlFlow::Continue(())
    }
}

/// Returns true if a subquery must not have this name, because it is that of a table, a documented view or
/// an internal object. SQLite's authorizer identifies a view by its name, and outside the subquery's scope
/// the name would mean the table again.
fn is_reserved(name: &str) -> bool {
    let internal = ["pg_", "sqlite_", "sql_view"]
        .iter()
        .any(|start| name.starts_with(start));
    let views = views::all();
    let mut tables = views.iter().flat_map(|view| view.tables());
    internal || name == "checkpoint" || is_view(name) || tables.any(|table| table.name == name)
}
