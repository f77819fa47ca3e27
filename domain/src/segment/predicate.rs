//! Conditions of a segment, from the parser's expressions. Each supported kind is listed; any other is
//! refused with its position.
#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "what the parser reads and segments do not know is refused, also what it learns to read later"
)]

use super::condition::{Column, Condition, Operator};
use super::fault::{FaultKind, SegmentFault, TextLocation};
use super::operand::{column_of, is_column, value_for};
use super::pattern::Pattern;
use super::{COMPARISONS_MAX, IN_VALUES_MAX};
use crate::attribute::AttributeType;
use sqlparser::ast::{BinaryOperator, Expr, UnaryOperator, Value};

const CONDITIONS: &str =
    "conditions are AND, OR, NOT, = <> < <= > >=, BETWEEN, IN, LIKE and IS NULL of a column";

type ParseResult<T> = Result<T, SegmentFault>;

/// The parser of a segment's conditions; it counts comparisons, because their number is limited.
#[derive(Default)]
pub(super) struct ConditionParser {
    comparisons: usize,
}

impl ConditionParser {
    pub(super) fn condition(&mut self, expr: &Expr) -> ParseResult<Condition> {
        match expr {
            Expr::Nested(inner) => self.condition(inner),
            Expr::UnaryOp {
                op: UnaryOperator::Not,
                expr: inner,
            } => Ok(Condition::Not(Box::new(self.condition(inner)?))),
            Expr::BinaryOp {
                left,
                op: BinaryOperator::And,
                right,
            } => Ok(Condition::And(
                Box::new(self.condition(left)?),
                Box::new(self.condition(right)?),
            )),
            Expr::BinaryOp {
                left,
                op: BinaryOperator::Or,
                right,
            } => Ok(Condition::Or(
                Box::new(self.condition(left)?),
                Box::new(self.condition(right)?),
            )),
            other => {
                self.count(other)?;
                comparison(other)
            }
        }
    }

    fn count(&mut self, expr: &Expr) -> ParseResult<()> {
        self.comparisons += 1;
        if self.comparisons > COMPARISONS_MAX {
            let what = format!("the condition has more than {COMPARISONS_MAX} comparisons");
            let hint = "write IN for many values of one column";
            return Err(SegmentFault::at(
                FaultKind::TooLarge,
                what,
                hint,
                TextLocation::of(expr),
            ));
        }
        Ok(())
    }
}

fn comparison(expr: &Expr) -> ParseResult<Condition> {
    match expr {
        Expr::BinaryOp { left, op, right } => compared(expr, left, op, right),
        Expr::Between {
            expr: inner,
            negated,
            low,
            high,
        } => between(inner, *negated, low, high),
        Expr::InList {
            expr: inner,
            list,
            negated,
        } => in_list(inner, list, *negated),
        Expr::Like {
            negated,
            any: false,
            expr: inner,
            pattern,
            escape_char: None,
        } => like(inner, pattern, *negated),
        Expr::IsNull(inner) => is_null(inner, false),
        Expr::IsNotNull(inner) => is_null(inner, true),
        _ => Err(refused(expr)),
    }
}

fn refused(expr: &Expr) -> SegmentFault {
    // Long expressions are named by their position alone.
    let text = expr.to_string();
    let what = match text.len() <= 80 {
        true => format!("`{text}`"),
        false => "this expression".to_owned(),
    };
    SegmentFault::at(FaultKind::Forbidden, what, CONDITIONS, TextLocation::of(expr))
}

fn compared(whole: &Expr, left: &Expr, op: &BinaryOperator, right: &Expr) -> ParseResult<Condition> {
    let operator = match op {
        BinaryOperator::Eq => Operator::Equal,
        BinaryOperator::NotEq => Operator::NotEqual,
        BinaryOperator::Lt => Operator::Less,
        BinaryOperator::LtEq => Operator::LessOrEqual,
        BinaryOperator::Gt => Operator::Greater,
        BinaryOperator::GtEq => Operator::GreaterOrEqual,
        _ => return Err(refused(whole)),
    };
    if is_column(left) && is_column(right) {
        let hint = "compare a column with a value, not with another column";
        let what = format!("`{whole}`");
        return Err(SegmentFault::at(
            FaultKind::Forbidden,
            what,
            hint,
            TextLocation::of(right),
        ));
    }
    // A comparison of two constants depends on no customer.
    let (named, other, operator) = match is_column(left) {
        true => (left, right, operator),
        false if is_column(right) => (right, left, operator.turned()),
        false => return Err(refused(whole)),
    };
    let column = column_of(named)?;
    if operator.is_of_order() {
        ordered(&column, named)?;
    }
    not_null(other)?;
    let value = value_for(&column, other)?;
    Ok(Condition::Compare {
        column,
        operator,
        value,
    })
}

/// Refuses an order (`<`, BETWEEN) of texts and Booleans: each database orders texts in its own way.
fn ordered(column: &Column, expr: &Expr) -> ParseResult<()> {
    match column.kind() {
        AttributeType::Text | AttributeType::Boolean => {
            let what = format!("an order of {column}, which is {}", column.kind().code());
            let hint = "compare it with =, <>, IN, LIKE (texts) or IS NULL";
            Err(SegmentFault::at(
                FaultKind::WrongType,
                what,
                hint,
                TextLocation::of(expr),
            ))
        }
        AttributeType::Integer | AttributeType::Decimal | AttributeType::Date | AttributeType::Time => Ok(()),
    }
}

fn not_null(expr: &Expr) -> ParseResult<()> {
    match expr {
        Expr::Value(value) if value.value == Value::Null => {
            let hint = "NULL cannot be compared: write IS NULL or IS NOT NULL";
            Err(SegmentFault::at(
                FaultKind::WrongType,
                "NULL as a value",
                hint,
                TextLocation::of(expr),
            ))
        }
        _ => Ok(()),
    }
}

fn between(inner: &Expr, negated: bool, low: &Expr, high: &Expr) -> ParseResult<Condition> {
    let column = column_of(inner)?;
    ordered(&column, inner)?;
    not_null(low)?;
    not_null(high)?;
    Ok(Condition::Between {
        low: value_for(&column, low)?,
        high: value_for(&column, high)?,
        column,
        negated,
    })
}

fn in_list(inner: &Expr, list: &[Expr], negated: bool) -> ParseResult<Condition> {
    let column = column_of(inner)?;
    if list.is_empty() || list.len() > IN_VALUES_MAX {
        let what = format!("IN with {} values", list.len());
        let hint = format!("1 to {IN_VALUES_MAX} values");
        return Err(SegmentFault::at(
            FaultKind::TooLarge,
            what,
            hint,
            TextLocation::of(inner),
        ));
    }
    let mut values = Vec::with_capacity(list.len());
    for value in list {
        not_null(value)?;
        values.push(value_for(&column, value)?);
    }
    Ok(Condition::In {
        column,
        values,
        negated,
    })
}

fn like(inner: &Expr, pattern: &Expr, negated: bool) -> ParseResult<Condition> {
    let column = column_of(inner)?;
    let wrong = |hint: &str| {
        let what = format!("LIKE of {column}");
        SegmentFault::at(FaultKind::WrongType, what, hint, TextLocation::of(pattern))
    };
    if column.kind() != AttributeType::Text {
        return Err(wrong("LIKE is for texts and tags"));
    }
    let text = match pattern {
        Expr::Value(value) => match &value.value {
            Value::SingleQuotedString(text) => Some(text),
            _ => None,
        },
        _ => None,
    };
    let read = text.and_then(|text| Pattern::read(text));
    let pattern = read.ok_or_else(|| {
        wrong("a pattern is a text in single quotes of at most 512 bytes that does not end in its escape")
    })?;
    Ok(Condition::Like {
        column,
        pattern,
        negated,
    })
}

fn is_null(inner: &Expr, negated: bool) -> ParseResult<Condition> {
    Ok(Condition::IsNull {
        column: column_of(inner)?,
        negated,
    })
}
