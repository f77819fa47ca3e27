//! The argument `--store`: the log that a command works on. The password in its URL is never printed.

use domain::problem::Problem;
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// A log that is named but not opened.
#[derive(Clone, PartialEq, Eq)]
pub enum StoreSpec {
    /// The embedded default: `events.db` in this directory.
    Sqlite(PathBuf),
    /// A log in a PostgreSQL database, shared by several processes: a `postgres://` URL.
    Postgres(String),
    /// A KurrentDB cluster: a `kurrent://` (or `kurrentdb://`, `esdb://`) URL.
    Kurrent(String),
}

/// The schemes of a KurrentDB connection string. The client library knows the last two.
const KURRENT_SCHEMES: [&str; 3] = ["kurrent://", "kurrentdb://", "esdb://"];

impl FromStr for StoreSpec {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Some(dir) = sqlite_directory(text) {
            return dir.map(Self::Sqlite);
        }
        if is_postgres(text) {
            return Ok(Self::Postgres(text.to_owned()));
        }
        if KURRENT_SCHEMES.iter().any(|scheme| text.starts_with(scheme)) {
            return Ok(Self::Kurrent(text.to_owned()));
        }
        Err("a store is sqlite:DIR, postgres://… or kurrent://…".to_owned())
    }
}

/// Returns the directory of `sqlite:DIR`, or an error if it is empty. `None` for another scheme.
pub(crate) fn sqlite_directory(text: &str) -> Option<Result<PathBuf, String>> {
    let dir = text.strip_prefix("sqlite:")?;
    let dir = dir.strip_prefix("//").unwrap_or(dir);
    Some(match dir.is_empty() {
        true => Err("sqlite: needs a directory, such as sqlite:data".to_owned()),
        false => Ok(PathBuf::from(dir)),
    })
}

/// Returns true if a text is a `postgres://` or `postgresql://` URL.
pub fn is_postgres(text: &str) -> bool {
    text.starts_with("postgres://") || text.starts_with("postgresql://")
}

impl fmt::Display for StoreSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(dir) => write!(f, "sqlite:{}", dir.display()),
            Self::Postgres(url) | Self::Kurrent(url) => f.write_str(&without_password(url)),
        }
    }
}

impl fmt::Debug for StoreSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StoreSpec({self})")
    }
}

/// Returns the passwords in a URL: the one before its host, and those of its query.
pub(crate) fn passwords_of(url: &str) -> Vec<String> {
    let (head, query) = url.split_once('?').unwrap_or((url, ""));
    let login = head
        .split_once("://")
        .and_then(|(_, rest)| rest.rsplit_once('@'))
        .and_then(|(login, _)| login.split_once(':'));
    let named = query.split('&').filter_map(|pair| {
        let (name, value) = pair.split_once('=')?;
        name.to_ascii_lowercase().contains("password").then_some(value)
    });
    let all = login.map(|(_, password)| password).into_iter().chain(named);
    all.map(str::to_owned).collect()
}

/// Hides passwords in a URL: `scheme://user:secret@host/…` becomes `scheme://user:***@host/…`, and the
/// value of every parameter with `password` in its name becomes `***`.
pub(crate) fn without_password(url: &str) -> String {
    let (head, query) = url
        .split_once('?')
        .map_or((url, None), |(head, query)| (head, Some(query)));
    let shown = match head.split_once("://").and_then(|(scheme, rest)| {
        let (login, host) = rest.rsplit_once('@')?;
        let (user, _) = login.split_once(':')?;
        Some(format!("{scheme}://{user}:***@{host}"))
    }) {
        Some(shown) => shown,
        None => head.to_owned(),
    };
    let Some(query) = query else { return shown };
    let hidden: Vec<String> = query
        .split('&')
        .map(|pair| match pair.split_once('=') {
            Some((name, _)) if name.to_ascii_lowercase().contains("password") => format!("{name}=***"),
            _ => pair.to_owned(),
        })
        .collect();
    format!("{shown}?{}", hidden.join("&"))
}

/// The arguments of every command that works on a log: `--store URL`, or `--data DIR` for `sqlite:DIR`.
#[derive(Debug, Clone, clap::Args)]
#[group(required = true, multiple = true)]
pub struct LogArgs {
    /// The data directory; it contains the log unless --store is given
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// The log: sqlite:DIR, postgres://USER@db.example/DB or kurrent://db.example:2113
    #[arg(long, value_name = "URL")]
    pub store: Option<StoreSpec>,
}

impl LogArgs {
    /// Returns the log to use: `--store`, or else the embedded log of `--data`.
    pub fn spec(&self) -> Result<StoreSpec, Problem> {
        match (&self.store, &self.data) {
            (Some(store), _) => Ok(store.clone()),
            (None, Some(data)) => Ok(StoreSpec::Sqlite(data.clone())),
            (None, None) => Err(Problem::invalid(
                "store-unnamed",
                "give --data DIR or --store URL",
            )),
        }
    }

    /// Returns what a server opens: its data directory, and the log in it or elsewhere. An embedded log must
    /// be in the data directory.
    pub fn place(&self) -> Result<(PathBuf, StoreSpec), Problem> {
        let directory = self.directory()?.to_owned();
        match self.spec()? {
            StoreSpec::Sqlite(log) if log != directory => Err(Problem::invalid(
                "store-unnamed",
                format!(
                    "the log of sqlite:{} needs that directory as its data directory: leave out --data, or give the same",
                    log.display()
                ),
            )),
            spec => Ok((directory, spec)),
        }
    }

    /// Returns the directory of the read database, recordings and proofs:
    /// `--data`, or the one of `sqlite:DIR`.
    pub fn directory(&self) -> Result<&Path, Problem> {
        match (&self.data, &self.store) {
            (Some(data), _) => Ok(data),
            (None, Some(StoreSpec::Sqlite(dir))) => Ok(dir),
            (None, _) => Err(Problem::invalid(
                "store-unnamed",
                "this store contains only the log: give --data DIR too, for views, recordings and proofs",
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_is_recognized_by_its_scheme() {
        assert_eq!(
            "sqlite:data".parse::<StoreSpec>().unwrap(),
            StoreSpec::Sqlite("data".into())
        );
        for postgres in ["postgres://u@db.example/db", "postgresql://u@db.example/db"] {
            assert_eq!(
                postgres.parse::<StoreSpec>().unwrap(),
                StoreSpec::Postgres(postgres.to_owned())
            );
        }
        for bad in ["", "sqlite:", "mysql://db.example/db", "data"] {
            assert!(bad.parse::<StoreSpec>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_servers_directory_is_its_embedded_log_s_and_any_other_log_needs_one() {
        let args = |data: Option<&str>, store: Option<&str>| LogArgs {
            data: data.map(PathBuf::from),
            store: store.map(|store| store.parse().unwrap()),
        };
        let embedded = (PathBuf::from("d"), StoreSpec::Sqlite("d".into()));
        for (data, store) in [
            (Some("d"), None),
            (None, Some("sqlite:d")),
            (Some("d"), Some("sqlite:d")),
        ] {
            assert_eq!(args(data, store).place().unwrap(), embedded);
        }
        let shared = args(Some("d"), Some("postgres://db.example/db")).place().unwrap();
        assert_eq!(
            shared,
            (
                "d".into(),
                StoreSpec::Postgres("postgres://db.example/db".to_owned())
            )
        );
        for (data, store) in [
            (None, Some("postgres://db.example/db")),
            (Some("d"), Some("sqlite:e")),
        ] {
            assert!(args(data, store).place().is_err());
        }
    }

    #[test]
    fn a_password_is_never_shown() {
        let spec: StoreSpec = "postgres://u:s3cret@db.example/db?sslmode=require&password=x1y"
            .parse()
            .unwrap();
        assert_eq!(
            spec.to_string(),
            "postgres://u:***@db.example/db?sslmode=require&password=***"
        );
        assert!(!format!("{spec:?}").contains("s3cret"));
    }
}
