//! Rewrites the statements of views, which are the same for both databases, to what SQLite reads.

use std::borrow::Cow;

/// Makes an integer primary key the key of the rows themselves. SQLite does so for `integer`, which is as
/// wide as `bigint`; for `bigint` it would keep a separate index.
pub(super) fn own_key(sql: &str) -> Cow<'_, str> {
    if !sql.starts_with("create table") {
        return Cow::Borrowed(sql);
    }
    Cow::Owned(sql.replace("bigint primary key", "integer primary key"))
}

/// Replaces `$1` by `?1` outside quotes: SQLite takes `$2, $1` for names and binds them in order of
/// appearance.
pub(super) fn sqlite_placeholders(sql: &str) -> Cow<'_, str> {
    if !sql.contains('$') {
        return Cow::Borrowed(sql);
    }
    if !sql.contains(['\'', '"']) {
        return Cow::Owned(sql.replace('$', "?"));
    }
    let mut quote = None;
    let mut rewritten = String::with_capacity(sql.len());
    for character in sql.chars() {
        match (quote, character) {
            (None, '\'' | '"') => quote = Some(character),
            (Some(open), close) if open == close => quote = None,
            _ => {}
        }
        let is_placeholder = quote.is_none() && character == '$';
        rewritten.push(if is_placeholder { '?' } else { character });
    }
    Cow::Owned(rewritten)
}
