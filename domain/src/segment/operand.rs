//! Columns and values of a condition. A value is parsed for the type of the column it is compared with.
#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "what the parser reads and segments do not know is refused, also what it learns to read later"
)]

use super::bound::{Bound, SHIFT_MICROS_MAX, SHIFT_MONTHS_MAX, Shift};
use super::condition::Column;
use super::fault::{FaultKind, SegmentFault, TextLocation};
use crate::attribute::{Attribute, AttributeType, AttributeValue, CATALOGUE};
use crate::calendar::{DAY_MICROS, HOUR_MICROS};
use sqlparser::ast::{
    DateTimeField, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments, Interval, UnaryOperator,
    Value,
};

/// Returns the column that an expression names; fails, with the permitted names, for any other expression.
pub(super) fn column_of(expr: &Expr) -> Result<Column, SegmentFault> {
    let at = TextLocation::of(expr);
    let Expr::Identifier(ident) = expr else {
        let what = format!("`{expr}` where a column is expected");
        return Err(SegmentFault::at(FaultKind::Forbidden, what, columns(), at));
    };
    let name = ident.value.to_lowercase();
    if let Some(tags) = Column::of_tags(&name) {
        return Ok(tags);
    }
    let unknown = |why: String| SegmentFault::at(FaultKind::UnknownColumn, why, columns(), at);
    match Attribute::named(&name) {
        Ok(attribute) => Ok(Column::Attribute(attribute)),
        Err(fault) => Err(unknown(format!("column {}: {fault}", ident.value))),
    }
}

/// Returns the names of the columns, as the hint for an unknown one.
fn columns() -> String {
    let known: Vec<&str> = CATALOGUE.iter().map(|known| known.name).collect();
    format!(
        "columns are tag, basic_tag, behavior_tag, business_tag, {}, and further attributes by their names",
        known.join(", ")
    )
}

pub(super) const fn is_column(expr: &Expr) -> bool {
    matches!(expr, Expr::Identifier(_))
}

/// Parses the value with which a column is compared; fails if it is not of the column's type.
pub(super) fn value_for(column: &Column, expr: &Expr) -> Result<Bound, SegmentFault> {
    let kind = column.kind();
    let wrong = || {
        let what = format!("`{expr}` beside {column}");
        let hint = format!("{column} is {}: use {}", kind.code(), literal_of(kind));
        SegmentFault::at(FaultKind::WrongType, what, hint, TextLocation::of(expr))
    };
    match expr {
        Expr::Value(value) => fixed(kind, &value.value, false).ok_or_else(wrong),
        Expr::UnaryOp {
            op: UnaryOperator::Minus,
            expr: inner,
        } => match inner.as_ref() {
            Expr::Value(value) => fixed(kind, &value.value, true).ok_or_else(wrong),
            _ => Err(wrong()),
        },
        Expr::Function(function) => relative(kind, function).ok_or_else(wrong),
        _ => Err(wrong()),
    }
}

const fn literal_of(kind: AttributeType) -> &'static str {
    match kind {
        AttributeType::Integer => "a whole number, such as 25",
        AttributeType::Decimal => "a number of at most 4 decimals, such as 5000.5",
        AttributeType::Text => "a text in single quotes",
        AttributeType::Date => "a day in single quotes, such as '2026-11-22', CURDATE(), or DATE_SUB of it",
        AttributeType::Time => {
            "an instant in single quotes, such as '2026-11-22 10:00:00', NOW(), CURDATE(), or DATE_SUB of them"
        }
        AttributeType::Boolean => "TRUE or FALSE",
    }
}

fn fixed(kind: AttributeType, value: &Value, is_negative: bool) -> Option<Bound> {
    let read = |text: &str| AttributeValue::read(kind, text).ok();
    let found = match (kind, value) {
        (AttributeType::Integer | AttributeType::Decimal, Value::Number(digits, false)) => {
            let sign = if is_negative { "-" } else { "" };
            read(&format!("{sign}{digits}"))
        }
        _ if is_negative => None,
        (AttributeType::Boolean, Value::Boolean(value)) => Some(AttributeValue::Boolean(*value)),
        // The text is used as written: blanks at either end count.
        (AttributeType::Text, Value::SingleQuotedString(text)) => {
            read(text).map(|_| AttributeValue::Text(text.clone()))
        }
        (AttributeType::Date | AttributeType::Time, Value::SingleQuotedString(text)) => read(text),
        _ => None,
    };
    found.map(Bound::Fixed)
}

/// The start times of relative values.
#[derive(Clone, Copy)]
enum Moment {
    Now,
    Today,
}

fn relative(kind: AttributeType, function: &Function) -> Option<Bound> {
    let name = function.name.to_string().to_uppercase();
    let (moment, shift) = match name.as_str() {
        "DATE_SUB" | "DATE_ADD" => {
            let [from, interval] = arguments(function)? else {
                return None;
            };
            let Expr::Function(from) = expression(from)? else {
                return None;
            };
            let Expr::Interval(interval) = expression(interval)? else {
                return None;
            };
            let sign = if name == "DATE_SUB" { -1 } else { 1 };
            (moment_of(from)?, shift_of(interval, sign)?)
        }
        _ => (moment_of(function)?, Shift::default()),
    };
    match (kind, moment) {
        (AttributeType::Time, Moment::Now) => Some(Bound::Now(shift)),
        (AttributeType::Time, Moment::Today) => Some(Bound::TodayBegun(shift)),
        (AttributeType::Date, Moment::Today) => Some(Bound::Today(shift)),
        _ => None,
    }
}

fn moment_of(function: &Function) -> Option<Moment> {
    let is_bare = match &function.args {
        FunctionArguments::None => true,
        FunctionArguments::List(list) => list.args.is_empty(),
        FunctionArguments::Subquery(_) => false,
    };
    let is_plain = function.filter.is_none() && function.over.is_none() && function.within_group.is_empty();
    if !is_bare || !is_plain {
        return None;
    }
    match function.name.to_string().to_uppercase().as_str() {
        "NOW" | "CURRENT_TIMESTAMP" => Some(Moment::Now),
        "CURDATE" | "CURRENT_DATE" => Some(Moment::Today),
        _ => None,
    }
}

fn arguments(function: &Function) -> Option<&[FunctionArg]> {
    match &function.args {
        FunctionArguments::List(list) => Some(&list.args),
        FunctionArguments::None | FunctionArguments::Subquery(_) => None,
    }
}

const fn expression(argument: &FunctionArg) -> Option<&Expr> {
    match argument {
        FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => Some(expr),
        _ => None,
    }
}

/// Parses `INTERVAL 30 DAY` or `INTERVAL '30' DAY` as a shift; `None` for another form and for more than
/// the longest shift.
fn shift_of(interval: &Interval, sign: i64) -> Option<Shift> {
    if interval.last_field.is_some() || interval.leading_precision.is_some() {
        return None;
    }
    let Expr::Value(value) = interval.value.as_ref() else {
        return None;
    };
    let count: i64 = match &value.value {
        Value::Number(digits, false) => digits.parse().ok()?,
        Value::SingleQuotedString(digits) => digits.trim().parse().ok()?,
        _ => return None,
    };
    let count = count.checked_mul(sign)?;
    let of_micros = |unit: i64| count.checked_mul(unit).map(|micros| Shift { months: 0, micros });
    let of_months = |unit: i64| count.checked_mul(unit).map(|months| Shift { months, micros: 0 });
    let shift = match interval.leading_field.as_ref()? {
        DateTimeField::Second | DateTimeField::Seconds => of_micros(1_000_000),
        DateTimeField::Minute | DateTimeField::Minutes => of_micros(60_000_000),
        DateTimeField::Hour | DateTimeField::Hours => of_micros(HOUR_MICROS),
        DateTimeField::Day | DateTimeField::Days => of_micros(DAY_MICROS),
        DateTimeField::Week(None) | DateTimeField::Weeks => of_micros(7 * DAY_MICROS),
        DateTimeField::Month | DateTimeField::Months => of_months(1),
        DateTimeField::Year | DateTimeField::Years => of_months(12),
        _ => None,
    }?;
    let fits = shift.months.abs() <= SHIFT_MONTHS_MAX && shift.micros.abs() <= SHIFT_MICROS_MAX;
    fits.then_some(shift)
}
