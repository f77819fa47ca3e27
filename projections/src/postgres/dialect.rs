//! Adapts the portable SQL to PostgreSQL: text columns are ordered by bytes, as in SQLite, and statements
//! that define something are recognized.

use std::borrow::Cow;

/// First words of statements that read or change rows. All others define, lock or set something and are not
/// kept prepared.
const ROW_WORDS: [&str; 6] = ["select", "insert", "update", "delete", "with", "values"];

/// Returns true if a statement reads or changes rows; false if it defines, locks or sets something.
pub(super) fn is_of_rows(sql: &str) -> bool {
    let word = first_words(sql, 1);
    ROW_WORDS.contains(&word.as_str())
}

/// Returns the first words of a statement in lower case, separated by single blanks.
fn first_words(sql: &str, count: usize) -> String {
    let words: Vec<String> = sql
        .split(|character: char| character.is_whitespace() || character == '(')
        .filter(|word| !word.is_empty())
        .take(count)
        .map(str::to_ascii_lowercase)
        .collect();
    words.join(" ")
}

/// Returns the next token of a statement: a word, a quoted text, blanks, or one other character.
fn next_token(rest: &str) -> &str {
    let mut characters = rest.char_indices();
    let Some((_, first)) = characters.next() else {
        return rest;
    };
    let is_word = |character: char| character.is_alphanumeric() || character == '_';
    let end = match first {
        '\'' | '"' => {
            let close = characters.find(|(_, character)| *character == first);
            close.map(|(at, _)| at + 1)
        }
        _ if is_word(first) => characters.find(|(_, one)| !is_word(*one)).map(|(at, _)| at),
        _ if first.is_whitespace() => characters.find(|(_, one)| !one.is_whitespace()).map(|(at, _)| at),
        _ => Some(first.len_utf8()),
    };
    end.and_then(|end| rest.get(..end)).unwrap_or(rest)
}

/// Adds the collation by bytes to every text column of a `create table` or `alter table`; returns any other
/// statement unchanged. The database's default may differ, and keys and pages must have the same order
/// everywhere.
pub(super) fn ordered_by_bytes(sql: &str) -> Cow<'_, str> {
    if !["create table", "alter table"].contains(&first_words(sql, 2).as_str()) {
        return Cow::Borrowed(sql);
    }
    let mut made = String::with_capacity(sql.len() + 64);
    let mut rest = sql;
    let mut before = "";
    while !rest.is_empty() {
        let token = next_token(rest);
        rest = rest.get(token.len()..).unwrap_or("");
        made.push_str(token);
        // `text` is a type after a column's name, but not as the name of a column or in a cast.
        let is_type = token.eq_ignore_ascii_case("text") && follows_a_name(before);
        if is_type && !rest.trim_start().starts_with("collate") {
            made.push_str(" collate \"C\"");
        }
        if !token.trim().is_empty() {
            before = token;
        }
    }
    Cow::Owned(made)
}

fn follows_a_name(before: &str) -> bool {
    let names = before
        .chars()
        .next_back()
        .is_some_and(|last| last.is_alphanumeric() || "_\"".contains(last));
    let other = ["as", "column", "add", "key", "exists", "table"];
    names && !other.iter().any(|word| before.eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_columns_order_by_bytes_and_nothing_else_is_touched() {
        let rows = [
            (
                "create table t (a text primary key, text text not null, b bigint, c text)",
                "create table t (a text collate \"C\" primary key, text text collate \"C\" not null, b bigint, \
                 c text collate \"C\")",
            ),
            (
                "CREATE TABLE if not exists t (kind TEXT default 'text text', primary key (text, kind))",
                "CREATE TABLE if not exists t (kind TEXT collate \"C\" default 'text text', \
                 primary key (text, kind))",
            ),
            (
                "create table t (\"a b\" text, check (cast(b as text) > ''))",
                "create table t (\"a b\" text collate \"C\", check (cast(b as text) > ''))",
            ),
            (
                "alter table t add column x text",
                "alter table t add column x text collate \"C\"",
            ),
            (
                "create table t (x text collate \"C\")",
                "create table t (x text collate \"C\")",
            ),
            (
                "select cast(a as text) text from t",
                "select cast(a as text) text from t",
            ),
        ];
        for (sql, expected) in rows {
            assert_eq!(ordered_by_bytes(sql), expected);
        }
    }

    #[test]
    fn statements_of_rows_are_distinguished_from_definitions() {
        for sql in [
            "select 1",
            " \n WITH x as (select 1) select 1",
            "values (1)",
            "insert into t values (1)",
        ] {
            assert!(is_of_rows(sql), "{sql}");
        }
        for sql in [
            "create table t (a bigint)",
            "drop table t",
            "set local statement_timeout = 5",
            "",
        ] {
            assert!(!is_of_rows(sql), "{sql}");
        }
    }
}
