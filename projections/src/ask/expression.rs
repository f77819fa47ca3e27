//! The allowlist of SQL expressions that both databases evaluate alike: operators, types, and functions by
//! name.

use super::guard::{VisitResult, plain, refuse};
use sqlparser::ast::{
    BinaryOperator, CastKind, DataType, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentClause,
    FunctionArgumentList, FunctionArguments, Query, Spanned, UnaryOperator, Value, Visit, Visitor,
};
use std::ops::ControlFlow;

/// Functions that exist in both databases with the same meaning.
pub const FUNCTIONS: &[&str] = &[
    "abs",
    "avg",
    "coalesce",
    "count",
    "cume_dist",
    "dense_rank",
    "first_value",
    "lag",
    "last_value",
    "lead",
    "length",
    "lower",
    "ltrim",
    "max",
    "min",
    "nth_value",
    "ntile",
    "nullif",
    "percent_rank",
    "rank",
    "replace",
    "row_number",
    "rtrim",
    "string_agg",
    "substr",
    "sum",
    "trim",
    "upper",
];

/// Words that look like columns but are function calls in PostgreSQL.
const HIDDEN_CALLS: &[&str] = &[
    "current_catalog",
    "current_date",
    "current_role",
    "current_schema",
    "current_time",
    "current_timestamp",
    "current_user",
    "localtime",
    "localtimestamp",
    "session_user",
    "system_user",
    "user",
];

/// Refuses an expression that is not on the allowlist. Judges only the expression itself; its parts are
/// visited separately.
pub(super) fn judge(expr: &Expr) -> VisitResult {
    let known = match expr {
        Expr::Identifier(ident) if ident.quote_style.is_none() => {
            !HIDDEN_CALLS.contains(&ident.value.to_lowercase().as_str())
        }
        Expr::Identifier(_)
        | Expr::CompoundIdentifier(_)
        | Expr::IsFalse(_)
        | Expr::IsNotFalse(_)
        | Expr::IsTrue(_)
        | Expr::IsNotTrue(_)
        | Expr::IsNull(_)
        | Expr::IsNotNull(_)
        | Expr::IsDistinctFrom(..)
        | Expr::IsNotDistinctFrom(..)
        | Expr::InList { .. }
        | Expr::InSubquery { .. }
        | Expr::Between { .. }
        | Expr::Nested(_)
        | Expr::Case { .. }
        | Expr::Exists { .. }
        | Expr::Subquery(_)
        | Expr::Tuple(_)
        | Expr::Wildcard(_) => true,
        Expr::Like { any, .. } => !any,
        Expr::BinaryOp { op, .. } => is_shared_operator(op),
        Expr::UnaryOp { op, .. } => {
            matches!(
                op,
                UnaryOperator::Plus | UnaryOperator::Minus | UnaryOperator::Not
            )
        }
        Expr::Value(value) => matches!(
            value.value,
            Value::Number(..) | Value::SingleQuotedString(_) | Value::Boolean(_) | Value::Null
        ),
        Expr::Cast {
            kind,
            data_type,
            format,
            ..
        } => *kind == CastKind::Cast && format.is_none() && is_shared_type(data_type),
        Expr::Substring { special, .. } => *special,
        Expr::Trim {
            trim_where,
            trim_what,
            trim_characters,
            ..
        } => trim_where.is_none() && trim_what.is_none() && trim_characters.is_none(),
        Expr::Function(function) => return judge_function(function),
        _ => false,
    };
    if known {
        return ControlFlow::Continue(());
    }
    let shown: String = expr.to_string().chars().take(SHOWN_CHARACTERS_MAX).collect();
    let hint = "only SQL with the same result in SQLite and PostgreSQL is accepted";
    refuse(&format!("`{shown}`"), hint, expr.span().start)
}

/// Most characters of a refused expression that the error repeats; the rest is cut off.
const SHOWN_CHARACTERS_MAX: usize = 60;

const fn is_shared_operator(op: &BinaryOperator) -> bool {
    matches!(
        op,
        BinaryOperator::Plus
            | BinaryOperator::Minus
            | BinaryOperator::Multiply
            | BinaryOperator::Divide
            | BinaryOperator::Modulo
            | BinaryOperator::StringConcat
            | BinaryOperator::Gt
            | BinaryOperator::Lt
            | BinaryOperator::GtEq
            | BinaryOperator::LtEq
            | BinaryOperator::Eq
            | BinaryOperator::NotEq
            | BinaryOperator::And
            | BinaryOperator::Or
    )
}

const fn is_shared_type(data_type: &DataType) -> bool {
    matches!(
        data_type,
        DataType::BigInt(None) | DataType::Text | DataType::DoublePrecision
    )
}

fn judge_function(function: &Function) -> VisitResult {
    let at = function.name.span().start;
    let name = match function.name.0.as_slice() {
        [one] => one.as_ident().map(plain),
        _ => None,
    };
    let Some(name) = name.filter(|name| FUNCTIONS.contains(&name.as_str())) else {
        let hint = format!("there are {}", FUNCTIONS.join(", "));
        return refuse(&format!("the function {}", function.name), &hint, at);
    };
    let plain_arguments = match &function.args {
        FunctionArguments::List(list) => are_plain(&name, list),
        FunctionArguments::None | FunctionArguments::Subquery(_) => false,
    };
    let plain = plain_arguments
        && matches!(function.parameters, FunctionArguments::None)
        && !function.uses_odbc_syntax
        && function.within_group.is_empty()
        && function.null_treatment.is_none();
    if plain {
        return separator(&name, function);
    }
    let hint = "write its arguments in parentheses, plain";
    refuse(&format!("this form of {}", function.name), hint, at)
}

/// Returns true if the arguments of a function are plain values. A whole row (`c.*`) is none; `*` is
/// allowed only in `count`.
fn are_plain(name: &str, list: &FunctionArgumentList) -> bool {
    let is_value = |one: &FunctionArg| match one {
        FunctionArg::Unnamed(FunctionArgExpr::Expr(_)) => true,
        FunctionArg::Unnamed(FunctionArgExpr::Wildcard) => name == "count",
        FunctionArg::Unnamed(_) | FunctionArg::Named { .. } | FunctionArg::ExprNamed { .. } => false,
    };
    let mut clauses = list.clauses.iter();
    list.args.iter().all(is_value) && clauses.all(|one| matches!(one, FunctionArgumentClause::OrderBy(_)))
}

/// Returns the separator of a `string_agg` if it is a literal, so that its length is known before the query
/// runs; otherwise `None`.
pub(super) fn separator_of(list: &FunctionArgumentList) -> Option<&str> {
    match list.args.as_slice() {
        [_, FunctionArg::Unnamed(FunctionArgExpr::Expr(Expr::Value(value)))] => match &value.value {
            Value::SingleQuotedString(text) => Some(text),
            _ => None,
        },
        _ => None,
    }
}

fn separator(name: &str, function: &Function) -> VisitResult {
    let FunctionArguments::List(list) = &function.args else {
        return ControlFlow::Continue(());
    };
    let asks = || {
        list.args
            .iter()
            .any(|value| value.visit(&mut SubqueryFinder).is_break())
    };
    if name != "string_agg" || (separator_of(list).is_some() && !asks()) {
        return ControlFlow::Continue(());
    }
    let hint =
        "write `string_agg(value, 'text between')`, and a value with its own query as a column of `from`";
    refuse(&format!("this form of {name}"), hint, function.name.span().start)
}

/// A visitor that breaks at the first query inside an expression.
struct SubqueryFinder;

impl Visitor for SubqueryFinder {
    type Break = ();

    fn pre_visit_query(&mut self, _: &Query) -> ControlFlow<()> {
        ControlFlow::Break(())
    }
}
