//! The guard for SQL from outside: parses it and accepts only a single query over documented views with known
//! functions, in the SQL that SQLite and PostgreSQL share. Everything that is not known to be harmless is
//! refused.

use super::expression::judge;
use super::names::Names;
use super::scope::Scopes;
use super::{QueryError, SQL_BYTES_MAX, SqlLocation};
use crate::sql_views::SQL_VIEWS;
use sqlparser::ast::{
    Distinct, Expr, Ident, ObjectName, Query, Select, SelectFlavor, SetExpr, Spanned, Statement, TableFactor,
    Visit, Visitor,
};
use sqlparser::dialect::Dialect;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::{Location, Token, TokenWithSpan, Tokenizer};
use std::any::TypeId;
use std::ops::ControlFlow;

/// Most tokens of a query; one with more is refused. A chain of operators nests as deep as it is long.
const TOKENS_MAX: usize = 2_000;
/// Deepest nesting of subqueries and parentheses; a deeper one is refused.
const NESTING_MAX: usize = 50;
/// Deepest nesting of expressions, including chains of operators; a deeper one is refused. SQLite gets the
/// same limit.
pub(super) const EXPRESSION_DEPTH_MAX: usize = 200;

/// A parser dialect with only the SQL that both databases read; all extensions are off.
#[derive(Debug)]
struct PortableDialect;

impl Dialect for PortableDialect {
    fn dialect(&self) -> TypeId {
        TypeId::of::<Self>()
    }
    fn is_delimited_identifier_start(&self, character: char) -> bool {
        character == '"'
    }
    fn is_identifier_start(&self, character: char) -> bool {
        character.is_alphabetic() || character == '_'
    }
    fn is_identifier_part(&self, character: char) -> bool {
        character.is_alphanumeric() || character == '_'
    }
    fn supports_filter_during_aggregation(&self) -> bool {
        true
    }
}

/// Checks a query from outside. Returns its SQL, written again from the parsed form, or why it is refused.
pub fn check_sql(sql: &str) -> Result<String, QueryError> {
    Ok(read(sql)?.to_string())
}

/// Parses a query and checks everything: size, nesting, one `select`, views, functions, names.
pub(crate) fn read(sql: &str) -> Result<Box<Query>, QueryError> {
    if sql.len() > SQL_BYTES_MAX {
        let bytes = sql.len();
        return Err(QueryError::TooLarge(format!(
            "{bytes} bytes, more than {SQL_BYTES_MAX}"
        )));
    }
    let tokens = tokens(sql)?;
    let statements = Parser::new(&PortableDialect)
        .with_recursion_limit(NESTING_MAX)
        .with_tokens_with_locations(tokens)
        .parse_statements()
        .map_err(unreadable)?;
    let mut statements = statements.into_iter();
    let query = match (statements.next(), statements.next()) {
        (Some(Statement::Query(query)), None) => query,
        (Some(Statement::Query(_)), Some(second)) => {
            return Err(forbidden("a second statement", ONE_QUERY, second.span().start));
        }
        (Some(other), _) => {
            let text = other.to_string();
            let word = format!("`{}`", first_word(&text));
            return Err(forbidden(&word, ONE_QUERY, other.span().start));
        }
        (None, _) => {
            return Err(QueryError::Syntax {
                why: "there is no query".to_owned(),
                place: SqlLocation::default(),
            });
        }
    };
    // The nesting depth is checked first: the later visitors and the SQL writer recurse without a limit.
    let mut names = Names::default();
    check(&query, &mut names)?;
    let scopes = Scopes::new(names.own);
    check(&query, &mut Guard { scopes })?;
    Ok(query)
}

pub(super) const ONE_QUERY: &str = "one `select` is read, nothing else; rows are written by events only";

fn tokens(sql: &str) -> Result<Vec<TokenWithSpan>, QueryError> {
    let tokens = Tokenizer::new(&PortableDialect, sql)
        .tokenize_with_location()
        .map_err(|error| QueryError::Syntax {
            why: error.message,
            place: place(error.location),
        })?;
    let blank = |token: &&TokenWithSpan| matches!(token.token, Token::Whitespace(_));
    let count = tokens.len() - tokens.iter().filter(blank).count();
    if count > TOKENS_MAX {
        return Err(QueryError::TooLarge(format!(
            "{count} words and signs, more than {TOKENS_MAX}"
        )));
    }
    Ok(tokens)
}

fn unreadable(error: ParserError) -> QueryError {
    let why = match error {
        ParserError::TokenizerError(why) | ParserError::ParserError(why) => why,
        ParserError::RecursionLimitExceeded => {
            return QueryError::TooLarge(format!(
                "subqueries and parentheses are nested deeper than {NESTING_MAX} levels"
            ));
        }
    };
    // The parser appends the place to its message.
    let (said, place) = match why.split_once(" at Line: ") {
        Some((said, at)) => (said.to_owned(), written_place(at)),
        None => (why, SqlLocation::default()),
    };
    QueryError::Syntax { why: said, place }
}

/// Parses a place in the query from the parser's message: `3, Column: 14`. A missing number becomes 0.
fn written_place(at: &str) -> SqlLocation {
    let mut numbers = at.split(|character: char| !character.is_ascii_digit());
    let mut number = || numbers.find_map(|digits| digits.parse().ok()).unwrap_or(0);
    SqlLocation {
        line: number(),
        column: number(),
    }
}

const fn place(at: Location) -> SqlLocation {
    SqlLocation {
        line: at.line,
        column: at.column,
    }
}

fn first_word(text: &str) -> &str {
    text.split_whitespace().next().unwrap_or("")
}

fn forbidden(what: &str, hint: &str, at: Location) -> QueryError {
    QueryError::Forbidden {
        what: what.to_owned(),
        hint: hint.to_owned(),
        place: place(at),
    }
}

fn check(query: &Query, guard: &mut impl Visitor<Break = QueryError>) -> Result<(), QueryError> {
    match query.visit(guard) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(error) => Err(error),
    }
}

pub(super) type VisitResult = ControlFlow<QueryError>;

pub(super) fn refuse(what: &str, hint: &str, at: Location) -> VisitResult {
    ControlFlow::Break(forbidden(what, hint, at))
}

pub(super) fn is_view(name: &str) -> bool {
    SQL_VIEWS.iter().any(|view| view.name == name)
}

/// Returns a name in the form by which both databases compare it: lower case unless it is quoted.
pub(super) fn plain(ident: &Ident) -> String {
    match ident.quote_style {
        Some(_) => ident.value.clone(),
        None => ident.value.to_lowercase(),
    }
}

/// Returns a list of the documented views, for the hint of an error.
fn list_of_views() -> String {
    let names: Vec<&str> = SQL_VIEWS.iter().map(|view| view.name).collect();
    format!("there are {}", names.join(", "))
}

struct Guard {
    scopes: Scopes,
}

impl Visitor for Guard {
    type Break = QueryError;

    fn pre_visit_query(&mut self, query: &Query) -> VisitResult {
        let at = query.span().start;
        if !query.locks.is_empty() {
            return refuse("a row lock", ONE_QUERY, at);
        }
        if query.fetch.is_some() {
            return refuse("`fetch`", "write `limit`", at);
        }
        let foreign = query.for_clause.is_some()
            || query.settings.is_some()
            || query.format_clause.is_some()
            || !query.pipe_operators.is_empty();
        if foreign {
            return refuse("a clause of another database", ONE_QUERY, at);
        }
        self.scopes.enter_query(query);
        only_reads(&query.body)
    }

    fn post_visit_query(&mut self, _: &Query) -> VisitResult {
        self.scopes.leave_query();
        ControlFlow::Continue(())
    }

    fn pre_visit_select(&mut self, select: &Select) -> VisitResult {
        let at = select.span().start;
        if select.into.is_some() {
            return refuse("`into`", ONE_QUERY, at);
        }
        if matches!(select.distinct, Some(Distinct::On(_))) {
            return refuse("`distinct on`", "use `group by` or `row_number()`", at);
        }
        let foreign = select.top.is_some()
            || select.exclude.is_some()
            || select.prewhere.is_some()
            || select.qualify.is_some()
            || select.select_modifiers.is_some()
            || select.value_table_mode.is_some()
            || select.flavor != SelectFlavor::Standard
            || !select.optimizer_hints.is_empty()
            || !select.lateral_views.is_empty()
            || !select.connect_by.is_empty()
            || !select.cluster_by.is_empty()
            || !select.distribute_by.is_empty()
            || !select.sort_by.is_empty();
        if foreign {
            return refuse("a clause of another database", ONE_QUERY, at);
        }
        self.scopes.enter_select(select);
        ControlFlow::Continue(())
    }

    fn post_visit_select(&mut self, _: &Select) -> VisitResult {
        self.scopes.leave_select();
        ControlFlow::Continue(())
    }

    fn pre_visit_relation(&mut self, relation: &ObjectName) -> VisitResult {
        let name = match relation.0.as_slice() {
            [one] => one.as_ident().map(plain),
            _ => None,
        };
        if name.is_some_and(|name| is_view(&name) || self.scopes.is_own(&name)) {
            return ControlFlow::Continue(());
        }
        let what = format!("reading {relation}");
        refuse(&what, &list_of_views(), relation.span().start)
    }

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> VisitResult {
        let plain = match factor {
            TableFactor::Table {
                args,
                with_hints,
                version,
                with_ordinality,
                partitions,
                json_path,
                sample,
                index_hints,
                ..
            } => {
                args.is_none()
                    && with_hints.is_empty()
                    && version.is_none()
                    && !with_ordinality
                    && partitions.is_empty()
                    && json_path.is_none()
                    && sample.is_none()
                    && index_hints.is_empty()
            }
            TableFactor::Derived { lateral, sample, .. } => !lateral && sample.is_none(),
            TableFactor::NestedJoin { .. } => true,
            _ => false,
        };
        if plain {
            return ControlFlow::Continue(());
        }
        let hint = format!(
            "only documented views and subqueries can be read; {}",
            list_of_views()
        );
        refuse(&format!("reading {factor}"), &hint, factor.span().start)
    }

    /// Refuses names in quotes other than `"`, because the two databases read them differently.
    fn pre_visit_ident(&mut self, ident: &Ident) -> VisitResult {
        if matches!(ident.quote_style, None | Some('"')) {
            return ControlFlow::Continue(());
        }
        refuse(
            &format!("{ident} as a name"),
            "quote names with \"",
            ident.span.start,
        )
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> VisitResult {
        judge(expr)?;
        match expr {
            Expr::Identifier(ident) => self.scopes.judge_alone(ident),
            Expr::CompoundIdentifier(parts) => self.scopes.judge(parts),
            _ => ControlFlow::Continue(()),
        }
    }
}

fn only_reads(body: &SetExpr) -> VisitResult {
    match body {
        SetExpr::Select(_) | SetExpr::Query(_) | SetExpr::Values(_) => ControlFlow::Continue(()),
        SetExpr::SetOperation { left, right, .. } => {
            only_reads(left)?;
            only_reads(right)
        }
        SetExpr::Insert(statement)
        | SetExpr::Update(statement)
        | SetExpr::Delete(statement)
        | SetExpr::Merge(statement) => {
            let text = statement.to_string();
            let what = format!("`{}`", first_word(&text));
            refuse(&what, ONE_QUERY, statement.span().start)
        }
        SetExpr::Table(_) => refuse("`table`", "write `select * from …`", body.span().start),
    }
}
