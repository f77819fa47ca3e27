//! The argument `--read-db`: the database that contains the views. The password in its URL is never printed.

use crate::store_spec::{is_postgres, sqlite_directory, without_password};
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// A read database that is named but not opened.
#[derive(Clone, PartialEq, Eq)]
pub enum ReadDbSpec {
    /// `views.db` in this directory.
    Sqlite(PathBuf),
    /// The schema `ledgerline_views` of a PostgreSQL database: a `postgres://` URL.
    Postgres(String),
}

impl FromStr for ReadDbSpec {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Some(dir) = sqlite_directory(text) {
            return dir.map(Self::Sqlite);
        }
        if is_postgres(text) {
            return Ok(Self::Postgres(text.to_owned()));
        }
        Err("a read database is sqlite:DIR or postgres://…".to_owned())
    }
}

impl fmt::Display for ReadDbSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(dir) => write!(f, "sqlite:{}", dir.display()),
            Self::Postgres(url) => f.write_str(&without_password(url)),
        }
    }
}

impl fmt::Debug for ReadDbSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ReadDbSpec({self})")
    }
}

/// The argument `--read-db` of commands that read or write views.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct ReadDbArgs {
    /// The read database: sqlite:DIR or postgres://USER@db.example/DB; default: in the data directory
    #[arg(long = "read-db", value_name = "URL")]
    pub read_db: Option<ReadDbSpec>,
}

impl ReadDbArgs {
    /// Returns the database to use: the one given, or else SQLite in the data directory `data`.
    pub fn spec(&self, data: &Path) -> ReadDbSpec {
        let own = || ReadDbSpec::Sqlite(data.to_owned());
        self.read_db.clone().unwrap_or_else(own)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_read_database_is_recognized_by_its_scheme_and_is_the_data_directorys_by_default() {
        let spec = |text: &str| text.parse::<ReadDbSpec>();
        assert_eq!(spec("sqlite:rows").unwrap(), ReadDbSpec::Sqlite("rows".into()));
        for url in ["postgres://u@db.example/db", "postgresql://u@db.example/db"] {
            assert_eq!(spec(url).unwrap(), ReadDbSpec::Postgres(url.to_owned()));
        }
        for bad in [
            "",
            "sqlite:",
            "kurrent://db.example",
            "mysql://db.example/db",
            "rows",
        ] {
            assert!(spec(bad).is_err(), "{bad}");
        }
        let default = ReadDbArgs::default().spec(Path::new("data"));
        assert_eq!(default, ReadDbSpec::Sqlite("data".into()));
    }

    #[test]
    fn a_password_is_never_shown() {
        let spec: ReadDbSpec = "postgres://u:s3cret@db.example/db?password=x1y".parse().unwrap();
        assert_eq!(spec.to_string(), "postgres://u:***@db.example/db?password=***");
        assert!(!format!("{spec:?}").contains("s3cret"));
    }
}
