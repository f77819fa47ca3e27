//! Limits the temporary space of queries in PostgreSQL: by a setting, which not every role may set, or
//! otherwise by what a query may use.

use super::{QueryError, ROWS_MAX, SqlLocation, TEMPORARY_BYTES_MAX};
use crate::sql_views::{SQL_VIEWS, Unit};
use postgres::Client;
use postgres::error::SqlState;
use sqlparser::ast::{
    Distinct, DuplicateTreatment, Expr, Function, FunctionArguments, GroupByExpr, LimitClause, ObjectName,
    Query, Select, SelectItem, SetExpr, SetOperator, SetQuantifier, Value, Visit, Visitor,
};
use std::collections::BTreeMap;
use std::ops::ControlFlow;

/// The start of the grant that a superuser runs so that a role may set the limit; the role's name follows.
const GRANT: &str = "grant set on parameter temp_file_limit to";

/// Columns with few different values, besides those of closed lists; grouping by them takes little memory.
const FEW_VALUES: &[&str] = &["campaign", "flow", "flow_version", "trunk"];

/// Whether the server limits the temporary files of a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum TemporarySpace {
    Bounded,
    /// Not limited; `grant` is the statement with which a superuser allows the limit.
    Unbounded {
        grant: String,
    },
}

/// Limits the temporary files of a connection to `TEMPORARY_BYTES_MAX`, if its role may. Returns whether
/// there is a limit.
pub(crate) fn limit_temporary_space(client: &mut Client) -> Result<TemporarySpace, postgres::Error> {
    let kib = TEMPORARY_BYTES_MAX / 1_024;
    match client.batch_execute(&format!("set temp_file_limit = '{kib}kB'")) {
        Ok(()) => return Ok(TemporarySpace::Bounded),
        Err(error) if error.code() == Some(&SqlState::INSUFFICIENT_PRIVILEGE) => {}
        Err(error) => return Err(error),
    }
    let row = client.query_one(
        "select setting::bigint, quote_ident(current_user::text) from pg_settings where name = 'temp_file_limit'",
        &[],
    )?;
    if row.try_get::<_, i64>(0)? >= 0 {
        return Ok(TemporarySpace::Bounded);
    }
    let role: String = row.try_get(1)?;
    // Then grouping does not sort.
    client.batch_execute("set enable_sort = off")?;
    Ok(TemporarySpace::Unbounded {
        grant: format!("{GRANT} {role}"),
    })
}

/// Refuses a query that may sort or store many rows, for a connection without a limit of temporary space.
/// The error names the grant that would allow it.
pub(crate) fn refuse_unbounded(query: &Query, grant: &str) -> Result<(), QueryError> {
    let mut look = SpaceCheck::default();
    let what = match query.visit(&mut look) {
        ControlFlow::Break(what) => what,
        ControlFlow::Continue(()) => return Ok(()),
    };
    Err(QueryError::Forbidden {
        what: what.to_owned(),
        hint: format!(
            "temporary space has no limit in this database, so a query may read one view, group by columns with \
             few values, and use `order by` only with `limit`; a superuser lifts this with `{grant}`"
        ),
        place: SqlLocation::default(),
    })
}

#[derive(Default)]
struct SpaceCheck {
    /// How often the query reads each relation.
    read: BTreeMap<String, usize>,
    views: usize,
}

impl Visitor for SpaceCheck {
    type Break = &'static str;

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<&'static str> {
        if query.with.as_ref().is_some_and(|with| with.recursive) {
            return ControlFlow::Break("`with recursive`");
        }
        if query.order_by.is_some() && !is_short(query.limit_clause.as_ref()) {
            return ControlFlow::Break("`order by` without a short `limit`");
        }
        if let SetExpr::Select(select) = query.body.as_ref()
            && select.group_by != GroupByExpr::Expressions(vec![], vec![])
            && !has_few_groups(select)
        {
            return ControlFlow::Break("`group by` of columns with many values");
        }
        only_union_all(&query.body)
    }

    fn pre_visit_select(&mut self, select: &Select) -> ControlFlow<&'static str> {
        match select.distinct {
            None | Some(Distinct::All) => ControlFlow::Continue(()),
            Some(_) => ControlFlow::Break("`distinct`"),
        }
    }

    fn pre_visit_relation(&mut self, relation: &ObjectName) -> ControlFlow<&'static str> {
        let name = relation.to_string().to_lowercase();
        let has_table = SQL_VIEWS
            .iter()
            .any(|view| view.name == name && view.table.is_some());
        let is_label = SQL_VIEWS
            .iter()
            .any(|view| view.name == name && view.table.is_none());
        self.views += usize::from(has_table);
        let read = self.read.entry(name).or_default();
        *read += usize::from(!is_label);
        if self.views > 1 || *read > 1 {
            return ControlFlow::Break("reading two views together");
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<&'static str> {
        match expr {
            Expr::Function(function) => judge(function),
            _ => ControlFlow::Continue(()),
        }
    }
}

fn judge(function: &Function) -> ControlFlow<&'static str> {
    if function.over.is_some() {
        return ControlFlow::Break("`over`");
    }
    let FunctionArguments::List(list) = &function.args else {
        return ControlFlow::Continue(());
    };
    if list.duplicate_treatment == Some(DuplicateTreatment::Distinct) || !list.clauses.is_empty() {
        return ControlFlow::Break("an aggregate that sorts");
    }
    ControlFlow::Continue(())
}

fn only_union_all(body: &SetExpr) -> ControlFlow<&'static str> {
    match body {
        SetExpr::SetOperation {
            op: SetOperator::Union,
            set_quantifier: SetQuantifier::All,
            left,
            right,
        } => {
            only_union_all(left)?;
            only_union_all(right)
        }
        SetExpr::SetOperation { .. } => ControlFlow::Break("a set operation other than `union all`"),
        _ => ControlFlow::Continue(()),
    }
}

/// Returns true if the limit of a query is short enough for a sort in memory. The sort keeps the returned
/// rows and those that the offset skips.
fn is_short(limit: Option<&LimitClause>) -> bool {
    let Some(LimitClause::LimitOffset {
        limit: Some(limit),
        offset,
        ..
    }) = limit
    else {
        return false;
    };
    let offset = offset.as_ref().map_or(Some(0), |offset| number(&offset.value));
    let rows = number(limit).zip(offset);
    rows.is_some_and(|(limit, offset)| limit.saturating_add(offset) <= ROWS_MAX)
}

fn number(expr: &Expr) -> Option<usize> {
    match expr {
        Expr::Value(value) => match &value.value {
            Value::Number(digits, _) => digits.parse().ok(),
            _ => None,
        },
        _ => None,
    }
}

fn has_few_groups(select: &Select) -> bool {
    let GroupByExpr::Expressions(keys, _) = &select.group_by else {
        return false;
    };
    keys.iter().all(|key| match number(key) {
        None => has_few_values(key),
        Some(place) => {
            let item = place
                .checked_sub(1)
                .and_then(|place| select.projection.get(place));
            match item {
                Some(SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. }) => {
                    has_few_values(expr)
                }
                _ => false,
            }
        }
    })
}

fn has_few_values(key: &Expr) -> bool {
    let name = match key {
        Expr::Identifier(ident) => Some(ident),
        Expr::CompoundIdentifier(parts) => parts.last(),
        _ => None,
    };
    let Some(name) = name.map(|ident| ident.value.to_lowercase()) else {
        return false;
    };
    let columns = SQL_VIEWS.iter().flat_map(|view| view.columns);
    let mut same = columns.filter(|column| column.name == name).peekable();
    let is_listed = same.peek().is_some();
    FEW_VALUES.contains(&name.as_str())
        || (is_listed && same.all(|column| matches!(column.unit, Unit::Code | Unit::Flag)))
}
