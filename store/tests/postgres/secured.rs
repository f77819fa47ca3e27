//! Tests of a server with TLS: the URL decides which certificates are trusted, and no connection falls back
//! to plain text.

use crate::support::{Database, MachineClock, append, connect, patient, secured, skipped};
use std::path::Path;
use std::sync::Arc;
use store::PostgresEventStore;
use store::contract::SuiteTasks;
use tls::testing::Authority;

/// Makes a new database. Returns its URL over TLS, and the authority's certificate.
async fn secured_database() -> Option<(String, Database, std::path::PathBuf)> {
    if skipped() {
        return None;
    }
    let (server, authority) = secured()?;
    let database = Database::make().await;
    let (_, name) = database.url.rsplit_once('/').expect("the URL names a database");
    let (before, _) = server.rsplit_once('/').expect("the URL names a database");
    Some((format!("{before}/{name}"), database, authority))
}

async fn refused(url: &str) -> String {
    let (tasks, options) = (SuiteTasks::default(), patient());
    let opened = PostgresEventStore::connect(url, Arc::new(MachineClock), &tasks, &options).await;
    opened.map(drop).expect_err("it is refused").to_string()
}

fn full(url: &str, authority: &Path) -> String {
    format!("{url}?sslmode=verify-full&sslrootcert={}", authority.display())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_is_written_over_tls_and_every_connection_of_it_is_secured() {
    let Some((url, database, authority)) = secured_database().await else {
        return;
    };
    let queries = [
        "sslmode=require".to_owned(),
        format!("sslmode=require&sslrootcert={}", authority.display()),
        format!("sslmode=verify-ca&sslrootcert={}", authority.display()),
        format!("sslmode=verify-full&sslrootcert={}", authority.display()),
    ];
    for (index, query) in queries.iter().enumerate() {
        let store = connect(&format!("{url}?{query}"), &patient()).await;
        append(&store, &format!("s{index}"), 0)
            .await
            .expect("it is stored");
    }
    let store = connect(&full(&url, &authority), &patient()).await;
    append(&store, "open", 0).await.expect("it is stored");
    let plain = database
        .client()
        .await
        .query_one(
            "SELECT count(*) FILTER (WHERE s.ssl), count(*) FILTER (WHERE NOT s.ssl)
               FROM pg_stat_ssl s JOIN pg_stat_activity a USING (pid)
              WHERE a.datname = current_database() AND a.application_name = 'ledgerline'",
            &[],
        )
        .await
        .expect("it can be asked");
    let (secured, plain): (i64, i64) = (plain.get(0), plain.get(1));
    assert!(secured > 0 && plain == 0, "{secured} secured, {plain} plain");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_authority_and_another_host_are_named_and_not_spoken_with() {
    let Some((url, _database, authority)) = secured_database().await else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let other = Authority::new("another").write(&folder.path().join("other.crt"));
    for mode in ["require", "verify-ca", "verify-full"] {
        let said = refused(&format!("{url}?sslmode={mode}&sslrootcert={}", other.display())).await;
        assert!(said.contains("no authority that is trusted here"), "{said}");
    }
    let elsewhere = url.replace("127.0.0.1", "localhost");
    let said = refused(&full(&elsewhere, &authority)).await;
    assert!(
        said.contains("another host") && said.contains("localhost"),
        "{said}"
    );
    let by_authority = format!(
        "{elsewhere}?sslmode=verify-ca&sslrootcert={}",
        authority.display()
    );
    drop(connect(&by_authority, &patient()).await);
    let with_password = url.replace("ledgerline@", "ledgerline:s3cret@");
    let said = refused(&full(&with_password, &other)).await;
    assert!(!said.contains("s3cret"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_without_tls_is_no_reason_for_plain_text() {
    if skipped() {
        return;
    }
    // A connection over a Unix socket has no TLS.
    let database = Database::make().await;
    let said = refused(&format!("{}?sslmode=require", database.url)).await;
    assert!(said.contains("TLS"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_are_kept_over_tls() {
    let Some((url, _database, authority)) = secured_database().await else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let other = Authority::new("another").write(&folder.path().join("other.crt"));
    let opened = |url: String| async move { crate::vault::opened_at(&url).await };
    opened(full(&url, &authority)).await.expect("it opens");
    let said = opened(full(&url, &other)).await.unwrap_err();
    assert!(said.contains("no authority that is trusted here"), "{said}");
}
