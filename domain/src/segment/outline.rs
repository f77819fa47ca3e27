//! The outline of a segment: one SELECT of all columns from the customers with condition, order and limit.
//!
//! The parsed parts are written again and compared with everything that the parser read. So any clause that
//! this module does not know is refused, also clauses of later parser versions.
#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "what the parser reads and segments do not know is refused, also what it learns to read later"
)]

use super::condition::{Column, SortColumn};
use super::fault::{FaultKind, SegmentFault, TextLocation};
use super::operand::column_of;
use super::predicate::ConditionParser;
use super::{LIMIT_MAX, ORDERINGS_MAX, SEGMENT_BYTES_MAX, Segment};
use sqlparser::ast::{
    Expr, LimitClause, OrderBy, OrderByExpr, OrderByKind, OrderBySort, Query, Select, SetExpr, Spanned,
    Statement, TableFactor, Value,
};
use sqlparser::dialect::Dialect;
use sqlparser::parser::{Parser, ParserError};
use std::any::TypeId;

/// Deepest nesting of parentheses and NOT in a segment; a deeper one is refused.
const NESTING_MAX: usize = 40;

const OUTLINE: &str =
    "a segment reads SELECT * FROM customers [WHERE …] [ORDER BY …] [LIMIT n], and nothing else";

/// The SQL dialect of segments: only their words and signs, with all extensions off.
#[derive(Debug)]
struct SegmentDialect;

impl Dialect for SegmentDialect {
    fn dialect(&self) -> TypeId {
        TypeId::of::<Self>()
    }
    fn is_delimited_identifier_start(&self, character: char) -> bool {
        character == '"' || character == '`'
    }
    fn is_identifier_start(&self, character: char) -> bool {
        character.is_alphabetic() || character == '_'
    }
    fn is_identifier_part(&self, character: char) -> bool {
        character.is_alphanumeric() || character == '_'
    }
}

pub(super) fn read(text: &str) -> Result<Segment, SegmentFault> {
    if text.len() > SEGMENT_BYTES_MAX {
        return Err(SegmentFault::too_long(text.len()));
    }
    let query = one_query(text)?;
    let select = select_of(&query)?;
    let mut reading = ConditionParser::default();
    let condition = match &select.selection {
        Some(expr) => Some(reading.condition(expr)?),
        None => None,
    };
    let segment = Segment {
        text: text.to_owned(),
        said: select.selection.as_ref().map(ToString::to_string),
        condition,
        order: ordering(query.order_by.as_ref())?,
        limit: limit(query.limit_clause.as_ref())?,
    };
    // Refuse any part that was read but not understood.
    if query.to_string() != understood(&query, select)? {
        return Err(refused(
            "a clause that segments do not have",
            TextLocation::of(&*query),
        ));
    }
    Ok(segment)
}

fn one_query(text: &str) -> Result<Box<Query>, SegmentFault> {
    let statements = Parser::new(&SegmentDialect)
        .with_recursion_limit(NESTING_MAX)
        .try_with_sql(text)
        .and_then(|mut parser| parser.parse_statements())
        .map_err(unreadable)?;
    let mut statements = statements.into_iter();
    match (statements.next(), statements.next()) {
        (Some(Statement::Query(query)), None) => Ok(query),
        (Some(_), Some(second)) => Err(refused("a second statement", TextLocation::of(&second))),
        (Some(other), None) => Err(refused("another statement", TextLocation::of(&other))),
        (None, _) => Err(refused("nothing", TextLocation::NONE)),
    }
}

fn refused(what: &str, at: TextLocation) -> SegmentFault {
    SegmentFault::at(FaultKind::Forbidden, what, OUTLINE, at)
}

fn unreadable(error: ParserError) -> SegmentFault {
    let why = match error {
        ParserError::TokenizerError(why) | ParserError::ParserError(why) => why,
        ParserError::RecursionLimitExceeded => {
            let what = "it nests too deep";
            let hint = format!("at most {NESTING_MAX} nested parentheses and NOTs");
            return SegmentFault::at(FaultKind::TooLarge, what, hint, TextLocation::NONE);
        }
    };
    // The parser ends its message with the position.
    let (said, at) = why.split_once(" at Line: ").unwrap_or((&why, ""));
    let mut numbers = at.split(|character: char| !character.is_ascii_digit());
    let mut number = || numbers.find_map(|digits| digits.parse().ok()).unwrap_or(0);
    let (line, column) = (number(), number());
    SegmentFault {
        kind: FaultKind::Syntax,
        what: said.to_owned(),
        hint: OUTLINE.to_owned(),
        line,
        column,
    }
}

fn select_of(query: &Query) -> Result<&Select, SegmentFault> {
    match query.body.as_ref() {
        SetExpr::Select(select) => Ok(select),
        _ => Err(refused("another query than one SELECT", TextLocation::of(query))),
    }
}

/// Returns the understood parts of a query in the parser's notation. It is compared with the whole query,
/// so that any other clause is refused.
fn understood(query: &Query, select: &Select) -> Result<String, SegmentFault> {
    let table = match select.from.as_slice() {
        [one] => match &one.relation {
            TableFactor::Table { name, .. } => name.to_string(),
            other => {
                return Err(refused(
                    "another table than customers",
                    TextLocation(other.span().start),
                ));
            }
        },
        _ => return Err(refused("another table than customers", TextLocation::of(select))),
    };
    if !matches!(table.to_lowercase().as_str(), "customers" | "客户") {
        let what = format!("the table {table}");
        return Err(refused(&what, TextLocation::of(select)));
    }
    let mut whole = format!("SELECT * FROM {table}");
    if let Some(condition) = &select.selection {
        whole.push_str(&format!(" WHERE {condition}"));
    }
    if let Some(order) = &query.order_by {
        whole.push_str(&format!(" {order}"));
    }
    if let Some(limit) = &query.limit_clause {
        whole.push_str(&limit.to_string());
    }
    Ok(whole)
}

fn ordering(order: Option<&OrderBy>) -> Result<Vec<SortColumn>, SegmentFault> {
    let Some(order) = order else {
        return Ok(Vec::new());
    };
    let OrderByKind::Expressions(columns) = &order.kind else {
        return Err(refused("ORDER BY ALL", TextLocation::of(order)));
    };
    if order.interpolate.is_some() {
        return Err(refused("INTERPOLATE", TextLocation::of(order)));
    }
    if columns.len() > ORDERINGS_MAX {
        let what = format!("{} columns of an order", columns.len());
        let hint = format!("at most {ORDERINGS_MAX}");
        return Err(SegmentFault::at(
            FaultKind::TooLarge,
            what,
            hint,
            TextLocation::of(order),
        ));
    }
    columns.iter().map(one_ordering).collect()
}

fn one_ordering(by: &OrderByExpr) -> Result<SortColumn, SegmentFault> {
    let at = TextLocation::of(&by.expr);
    if by.with_fill.is_some() || by.options.nulls_first.is_some() {
        let hint = "NULLS is fixed: customers without a value come first ascending and last descending";
        return Err(SegmentFault::at(
            FaultKind::Forbidden,
            "an order of nulls",
            hint,
            at,
        ));
    }
    let is_descending = match &by.options.sort {
        None | Some(OrderBySort::Asc) => false,
        Some(OrderBySort::Desc) => true,
        Some(OrderBySort::Using(_)) => return Err(refused("ORDER BY … USING", at)),
    };
    match column_of(&by.expr)? {
        Column::Attribute(attribute) if attribute.kind() != crate::attribute::AttributeType::Text => {
            Ok(SortColumn {
                attribute,
                is_descending,
            })
        }
        other => {
            let what = format!("an order by {other}");
            let hint = "order by a number, a date, a time or a yes/no column";
            Err(SegmentFault::at(FaultKind::WrongType, what, hint, at))
        }
    }
}

fn limit(clause: Option<&LimitClause>) -> Result<Option<u64>, SegmentFault> {
    let Some(clause) = clause else {
        return Ok(None);
    };
    let LimitClause::LimitOffset {
        limit: Some(limit),
        offset: None,
        limit_by,
    } = clause
    else {
        return Err(refused("OFFSET", TextLocation::of(clause)));
    };
    if !limit_by.is_empty() {
        return Err(refused("LIMIT … BY", TextLocation::of(clause)));
    }
    let count = match limit {
        Expr::Value(value) => match &value.value {
            Value::Number(digits, false) => digits.parse::<u64>().ok(),
            _ => None,
        },
        _ => None,
    };
    match count.filter(|count| *count <= LIMIT_MAX) {
        Some(count) => Ok(Some(count)),
        None => {
            let hint = format!("an integer of at most {LIMIT_MAX}");
            let what = format!("LIMIT {limit}");
            Err(SegmentFault::at(
                FaultKind::WrongType,
                what,
                hint,
                TextLocation::of(limit),
            ))
        }
    }
}
