//! A new PostgreSQL database for each test. Its collation is that of a language, to show that the order of
//! rows does not depend on it.

use std::io::Write;
use std::sync::atomic::{AtomicU64, Ordering};

/// The environment variable with the test server's URL; `tests/with_postgres.sh` sets it.
const SERVER: &str = "LEDGERLINE_TEST_POSTGRES";

#[expect(clippy::disallowed_methods, reason = "the tests' environment")]
fn server() -> Option<String> {
    std::env::var(SERVER).ok()
}

/// Makes a new database over TLS. Returns its URL and the file of its certificate authority. Without a
/// server for it, prints a line and returns `None`.
#[expect(clippy::disallowed_methods, reason = "the tests' environment")]
pub(crate) fn secured_url() -> Option<(String, String)> {
    let server = std::env::var("LEDGERLINE_TEST_POSTGRES_TLS").ok();
    let Some((server, authority)) = server.zip(std::env::var("LEDGERLINE_TEST_POSTGRES_CA").ok()) else {
        let line = "SKIPPED views on PostgreSQL over TLS: LEDGERLINE_TEST_POSTGRES_TLS is not set";
        drop(writeln!(std::io::stderr(), "{line}"));
        return None;
    };
    let plain = postgres_url()?;
    let (_, name) = plain.rsplit_once('/')?;
    let (before, _) = server.rsplit_once('/')?;
    Some((format!("{before}/{name}"), authority))
}

/// Makes a new database, which is removed with the server, and returns its URL. Without a server, prints a
/// line and returns `None`.
pub(crate) fn postgres_url() -> Option<String> {
    let url = postgres_url_if_any();
    if url.is_none() {
        let line =
            format!("SKIPPED views on PostgreSQL: {SERVER} is not set (tests/with_postgres.sh sets it)");
        drop(writeln!(std::io::stderr(), "{line}"));
    }
    url
}

/// Does the same as `postgres_url`, but prints nothing without a server, for tests that are also useful
/// without one.
pub(crate) fn postgres_url_if_any() -> Option<String> {
    static MADE: AtomicU64 = AtomicU64::new(0);
    let server = server()?;
    let name = format!("v{}_{}", std::process::id(), MADE.fetch_add(1, Ordering::SeqCst));
    let kind = "template template0 encoding 'UTF8' locale_provider icu icu_locale 'en-US'";
    run_sql(&server, &format!("create database {name} {kind}"));
    let (before, _) = server.rsplit_once('/')?;
    Some(format!("{before}/{name}"))
}

/// Runs statements on a new connection, for what a `ReadDb` does not do.
#[expect(
    clippy::disallowed_methods,
    reason = "the client blocks, and a test's runtime must not"
)]
pub(crate) fn run_sql(url: &str, sql: &str) {
    let (url, sql) = (url.to_owned(), sql.to_owned());
    let thread = std::thread::spawn(move || {
        let mut client = postgres::Client::connect(&url, postgres::NoTls).unwrap();
        client.batch_execute(&sql).unwrap();
    });
    thread.join().unwrap();
}
