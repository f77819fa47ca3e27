//! Limits the size of values that a query makes in PostgreSQL, which itself allows a gigabyte: operations
//! that lengthen a text go through session functions that check the size first.
//!
//! `||` and `replace` return no text longer than a row may be. All `string_agg` of one query together take at
//! most `AGGREGATED_BYTES_MAX`. A row that is too long is refused with the name of its longest column, and
//! never sent.

use super::{ROW_BYTES_MAX, separator_of};
use sqlparser::ast::{
    BinaryOperator, CastKind, DataType, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentList,
    FunctionArguments, Ident, ObjectName, Query, Value, VisitMut, VisitorMut,
};
use std::convert::Infallible;
use std::ops::ControlFlow;

/// Most bytes that all `string_agg` of one query together may make; more is an error. A million ids fit.
const AGGREGATED_BYTES_MAX: usize = 64 * 1024 * 1024;

/// The start of the server's message about a column that is too long; its number, from 1, and its bytes
/// follow.
const TOO_LONG: &str = "ledgerline: column ";

/// Returns the SQL that creates the checking functions. It runs once per connection, in its temporary schema,
/// so that nothing is left behind. `54000` is `program_limit_exceeded`.
pub(crate) fn functions() -> String {
    format!(
        "begin read write;
         create or replace function pg_temp.joined(a text, b text) returns text
         language plpgsql immutable strict as $$ begin
             if octet_length(a) + octet_length(b) > {ROW_BYTES_MAX} then
                 raise exception using errcode = '54000',
                     message = 'a text made with || is longer than {ROW_BYTES_MAX} bytes';
             end if;
             return a || b;
         end $$;
         create or replace function pg_temp.replaced(t text, f text, w text) returns text
         language plpgsql immutable strict as $$
         declare bytes bigint := octet_length(t); begin
             if octet_length(f) > 0 and octet_length(w) > octet_length(f) then
                 bytes := bytes + (bytes - octet_length(replace(t, f, ''))) / octet_length(f)
                     * (octet_length(w) - octet_length(f));
             end if;
             if bytes > {ROW_BYTES_MAX} then
                 raise exception using errcode = '54000',
                     message = 'a text made with replace is longer than {ROW_BYTES_MAX} bytes';
             end if;
             return replace(t, f, w);
         end $$;
         create or replace function pg_temp.metered(t text, between_bytes bigint) returns boolean
         language plpgsql volatile as $$
         declare bytes bigint :=
             coalesce(nullif(current_setting('ledgerline.metered', true), ''), '0')::bigint
             + coalesce(octet_length(t), 0) + between_bytes; begin
             if bytes > {AGGREGATED_BYTES_MAX} then
                 raise exception using errcode = '54000',
                     message = 'string_agg takes more than {AGGREGATED_BYTES_MAX} bytes in one query';
             end if;
             perform set_config('ledgerline.metered', bytes::text, true);
             return true;
         end $$;
         create or replace function pg_temp.is_short(bytes bigint[]) returns boolean
         language plpgsql volatile as $$
         declare longest bigint; begin
             if (select sum(b) from unnest(bytes) b) > {ROW_BYTES_MAX} then
                 select max(b) into longest from unnest(bytes) b;
                 raise exception using errcode = '54000',
                     message = '{TOO_LONG}' || array_position(bytes, longest) || ' has ' || longest || ' bytes';
             end if;
             return true;
         end $$;
         commit"
    )
}

/// Returns the query's SQL in which operations that lengthen a text are replaced by calls of the checking
/// functions.
pub(crate) fn limit_texts(mut query: Query) -> String {
    let ControlFlow::Continue(()) = query.visit(&mut GrowthRewriter);
    query.to_string()
}

/// Wraps a query so that it fails for a row longer than `ROW_BYTES_MAX`; rows and order stay the same.
/// `texts`: for each column, whether it may be long.
pub(crate) fn in_short_rows(sql: &str, texts: &[bool]) -> String {
    if !texts.contains(&true) {
        return sql.to_owned();
    }
    let names: Vec<String> = (1..=texts.len()).map(|place| format!("c{place}")).collect();
    let bytes = texts.iter().zip(&names).map(|(is_text, name)| match is_text {
        true => format!("coalesce(octet_length(cast(a.{name} as text)), 0)"),
        false => size_of::<i64>().to_string(),
    });
    let bytes = bytes.collect::<Vec<_>>().join(", ");
    let names = names.join(", ");
    format!("select * from ({sql}) as a ({names}) where pg_temp.is_short(array[{bytes}]::bigint[])")
}

/// Parses the server's message about a row that is too long. Returns the index of the column, from 0, and
/// its bytes; `None` for another message.
pub(crate) fn too_long(said: &str) -> Option<(usize, usize)> {
    let (place, bytes) = said.strip_prefix(TOO_LONG)?.split_once(" has ")?;
    let place: usize = place.parse().ok()?;
    Some((place.checked_sub(1)?, bytes.strip_suffix(" bytes")?.parse().ok()?))
}

struct GrowthRewriter;

impl VisitorMut for GrowthRewriter {
    type Break = Infallible;

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<Infallible> {
        match expr {
            Expr::BinaryOp {
                left,
                op: BinaryOperator::StringConcat,
                right,
            } => {
                let arguments = [left, right].map(|side| text(taken(side)));
                *expr = called("joined", arguments.into());
            }
            Expr::Function(function) => bound(function),
            _ => {}
        }
        ControlFlow::Continue(())
    }
}

fn bound(function: &mut Function) {
    let name = function.name.to_string().to_lowercase();
    let FunctionArguments::List(list) = &function.args else {
        return;
    };
    match name.trim_matches('"') {
        "replace" => function.name = temporary_name("replaced"),
        "string_agg" => {
            let Some(FunctionArg::Unnamed(FunctionArgExpr::Expr(value))) = list.args.first() else {
                return;
            };
            let between = separator_of(list).map_or(0, str::len).to_string();
            let between = Expr::Value(Value::Number(between, false).into());
            let metered = called("metered", vec![text(value.clone()), between]);
            // A row that is filtered out is not counted, because `and` evaluates its left side first.
            function.filter = Some(Box::new(match function.filter.take() {
                None => metered,
                Some(filter) => Expr::BinaryOp {
                    left: Box::new(Expr::Nested(filter)),
                    op: BinaryOperator::And,
                    right: Box::new(metered),
                },
            }));
        }
        _ => {}
    }
}

fn taken(expr: &mut Expr) -> Expr {
    std::mem::replace(expr, Expr::Value(Value::Null.into()))
}

fn text(expr: Expr) -> Expr {
    Expr::Cast {
        kind: CastKind::Cast,
        expr: Box::new(expr),
        data_type: DataType::Text,
        format: None,
    }
}

fn temporary_name(name: &str) -> ObjectName {
    ObjectName::from(vec![Ident::new("pg_temp"), Ident::new(name)])
}

fn called(name: &str, arguments: Vec<Expr>) -> Expr {
    let argument = |expr| FunctionArg::Unnamed(FunctionArgExpr::Expr(expr));
    Expr::Function(Function {
        name: temporary_name(name),
        uses_odbc_syntax: false,
        parameters: FunctionArguments::None,
        args: FunctionArguments::List(FunctionArgumentList {
            duplicate_treatment: None,
            args: arguments.into_iter().map(argument).collect(),
            clauses: Vec::new(),
        }),
        within_group: Vec::new(),
        filter: None,
        null_treatment: None,
        over: None,
    })
}
