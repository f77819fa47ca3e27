//! One SELECT, optionally limited to rows from the last imported value of a column on.

use crate::jdbc::address::{Address, Engine};
use crate::kit::failure::Failure;
use domain::campaign::QueryMark;
use sha2::{Digest, Sha256};

/// Longest query, in bytes.
const QUERY_BYTES_MAX: usize = 16 * 1024;

/// A query that is embedded in another one, where only a SELECT is valid.
#[derive(Debug)]
pub(crate) struct Statement {
    query: String,
    since: Option<SinceColumn>,
}

/// The column that marks new rows.
#[derive(Debug)]
struct SinceColumn {
    column: String,
    /// Its last imported value.
    value: Option<String>,
}

impl Statement {
    pub(crate) fn parse(query: &str, since: Option<&str>) -> Result<Self, Failure> {
        let query = query.trim().trim_end_matches(';').trim_end();
        let first: String = query.chars().take_while(|c| c.is_alphabetic()).collect();
        if !["select", "with"].contains(&first.to_lowercase().as_str()) || query.contains(';') {
            return Err(Failure::usage("--query is one SELECT, without a semicolon in it"));
        }
        if query.len() > QUERY_BYTES_MAX {
            return Err(Failure::usage(format!(
                "--query has more than {QUERY_BYTES_MAX} bytes"
            )));
        }
        let named = |column: &str| column.chars().all(|c| c.is_alphanumeric() || c == '_');
        if since.is_some_and(|column| column.is_empty() || !named(column)) {
            return Err(Failure::usage(
                "--since is the name of a column: letters, digits and _",
            ));
        }
        Ok(Self {
            query: query.to_owned(),
            since: since.map(|column| SinceColumn {
                column: column.to_owned(),
                value: None,
            }),
        })
    }

    /// Returns the id of this query at this address, the same for all users: a SHA-256 in hex.
    pub(crate) fn name(&self, address: &Address) -> String {
        let column = self.since.as_ref().map_or("", |since| since.column.as_str());
        let mut text = format!("{}\n{}\n{column}", address.shown(), self.query);
        // Marks stored in the time zone of a MySQL server have another id; their rows are read again.
        if address.engine == Engine::Mysql && self.since.is_some() {
            text.push_str("\n+08:00");
        }
        domain::hex::encode(&Sha256::digest(text))
    }

    pub(crate) fn column(&self) -> Option<&str> {
        self.since.as_ref().map(|since| since.column.as_str())
    }

    /// Limits the query to rows from this value on. Rows with this value are read again and recognized as
    /// duplicates.
    pub(crate) fn from(&mut self, value: String) -> Result<(), Failure> {
        if !QueryMark::is_value(&value) {
            return Err(Failure::fault(
                "the stored high-water mark is neither a number nor a time",
            ));
        }
        if let Some(since) = &mut self.since {
            since.value = Some(value);
        }
        Ok(())
    }

    /// Returns the SQL for the rows.
    pub(crate) fn rows(&self, engine: Engine) -> String {
        format!("select * from {}", self.within(engine))
    }

    /// Returns the SQL for the largest value of the column among the rows.
    pub(crate) fn last(&self, engine: Engine) -> Option<String> {
        let column = quoted(self.column()?, engine);
        let text = match engine {
            Engine::Mysql => "char",
            Engine::Postgres => "text",
        };
        Some(format!(
            "select cast(max({column}) as {text}) from {}",
            self.within(engine)
        ))
    }

    fn within(&self, engine: Engine) -> String {
        let asked = format!("(\n{}\n) as asked", self.query);
        let since = self
            .since
            .as_ref()
            .and_then(|since| Some((&since.column, since.value.as_ref()?)));
        match since {
            None => asked,
            // The value contains no quote (`QueryMark::is_value`).
            Some((column, value)) => format!("{asked} where {} >= '{value}'", quoted(column, engine)),
        }
    }
}

fn quoted(column: &str, engine: Engine) -> String {
    match engine {
        Engine::Mysql => format!("`{column}`"),
        Engine::Postgres => format!("\"{column}\""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_select_is_asked_and_only_within_another() {
        for wrong in [
            "delete from people",
            "select 1; drop table people",
            "",
            "set global x = 1",
            "select ';'",
        ] {
            assert!(Statement::parse(wrong, None).is_err(), "{wrong}");
        }
        let asked = Statement::parse(" SELECT id FROM people -- all ; ", None);
        assert!(asked.is_ok());
        let rows = asked.unwrap().rows(Engine::Mysql);
        assert_eq!(rows, "select * from (\nSELECT id FROM people -- all\n) as asked");
    }

    #[test]
    fn what_is_new_is_asked_by_a_column_and_its_last_value() {
        assert!(Statement::parse("select 1", Some("a`b")).is_err());
        let mut asked = Statement::parse("select * from p", Some("updated_at")).unwrap();
        assert!(asked.from("'; drop table p".to_owned()).is_err());
        asked.from("2026-03-02 10:00:00".to_owned()).unwrap();
        let rows = asked.rows(Engine::Postgres);
        assert!(
            rows.ends_with("where \"updated_at\" >= '2026-03-02 10:00:00'"),
            "{rows}"
        );
        let last = asked.last(Engine::Mysql).unwrap();
        assert!(
            last.starts_with("select cast(max(`updated_at`) as char) from"),
            "{last}"
        );
    }

    #[test]
    fn a_query_is_named_by_where_and_what_and_not_by_user() {
        let at = |text: &str| Address::parse(text).unwrap();
        let asked = Statement::parse("select 1", None).unwrap();
        let name = asked.name(&at("jdbc:mysql://h/d?user=a&password=b"));
        assert_eq!(name, asked.name(&at("jdbc:mysql://h/d?user=c")));
        assert_ne!(name, asked.name(&at("jdbc:mysql://h/e")));
        assert_eq!(name.len(), 64);
        // A mark in the zone of a server is not used: rows that were not read may be before it.
        let of = |text: &str| domain::hex::encode(&Sha256::digest(text));
        let since = Statement::parse("select 1", Some("at")).unwrap();
        let name = since.name(&at("jdbc:mysql://h/d"));
        assert_ne!(name, of("jdbc:mysql://h:3306/d\nselect 1\nat"));
        let name = since.name(&at("jdbc:postgresql://h/d"));
        assert_eq!(name, of("jdbc:postgresql://h:5432/d\nselect 1\nat"));
    }
}
