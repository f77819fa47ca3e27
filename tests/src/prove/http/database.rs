//! Proof with a server that has its log, views and keys in a PostgreSQL with TLS: the server is trusted only
//! with the right authority and host, and never used in plain text.

use super::{ServerProcess, Violations, least_privilege};
use crate::passing_time::HUNG_AFTER;
use crate::postgres::{PostgresServer, programs};
use crate::program::run;
use serde_json::{Value, json};
use std::path::Path;
use tls::testing::{Authority, NOW};

pub(super) fn prove(violations: &mut Violations) -> Value {
    if programs().is_none() {
        return json!({"skipped": "PostgreSQL's server programs are not installed (apt-get install postgresql)"});
    }
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let authority = Authority::new("ours");
    let ours = authority.write(&folder.path().join("ours.crt"));
    let theirs = Authority::new("another").write(&folder.path().join("theirs.crt"));
    let files = authority.issue(folder.path(), &["127.0.0.1"], NOW);
    let Some(database) = PostgresServer::start_secured(&files) else {
        return json!({"skipped": "PostgreSQL does not start with TLS"});
    };
    database.run_sql("CREATE DATABASE keys");
    let url = |host: &str, name: &str, mode: &str, file: &Path| {
        let at = database.secured_url(host, name).unwrap_or_default();
        format!("{at}?sslmode={mode}&sslrootcert={}", file.display())
    };
    let good = |name: &str| url("127.0.0.1", name, "verify-full", &ours);
    let data = folder.path().join("data");
    let (log, keys) = (good("postgres"), good("keys"));
    let places = ["--store", &log, "--read-db", &log, "--keys", &keys];
    match ServerProcess::on(&data, &places) {
        None => violations.unless(false, "a server on PostgreSQL over TLS does not become ready"),
        Some(mut server) => {
            let plain = database.count(
                "SELECT count(*) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) \
                 WHERE client_addr IS NOT NULL AND NOT ssl",
            );
            let secured = database.count("SELECT count(*) FROM pg_stat_ssl WHERE ssl");
            violations.unless(
                plain == 0 && secured > 3,
                format!("{plain} connections are plain, {secured} are not"),
            );
            server.program.signal("TERM");
            let status = server.program.wait(HUNG_AFTER);
            violations.unless(
                status.is_some_and(|status| status.success()),
                format!("the server on PostgreSQL ended with {status:?}"),
            );
        }
    }
    let wrong = [
        (
            url("127.0.0.1", "postgres", "verify-full", &theirs),
            "no authority that is trusted",
        ),
        (
            url("127.0.0.1", "postgres", "require", &theirs),
            "no authority that is trusted",
        ),
        (url("localhost", "postgres", "verify-full", &ours), "another host"),
        (url("127.0.0.1", "postgres", "prefer", &ours), "sslmode=prefer"),
    ];
    let refused = refused(&data, [&log, &keys], &wrong, violations);
    let least = least_privilege::prove(&database, &authority, &ours, violations);
    json!({"refused": refused, "least": least})
}

/// Returns how many starts were refused, with the reason, of those that name a database wrongly as log, views
/// or keys.
fn refused(
    data: &Path,
    [log, keys]: [&str; 2],
    wrong: &[(String, &str)],
    violations: &mut Violations,
) -> u32 {
    let data = data.to_string_lossy();
    let mut refused = 0;
    for (url, words) in wrong {
        for places in [
            vec!["--store", url, "--keys", keys],
            vec!["--store", log, "--read-db", url, "--keys", keys],
            vec!["--store", log, "--keys", url],
        ] {
            let mut args = vec!["serve", "--data", &data, "--http", "127.0.0.1:0"];
            args.extend(&places);
            let served = run(&args);
            let said = String::from_utf8_lossy(&served.stderr).into_owned();
            let holds = !served.status.success() && said.contains(words);
            violations.unless(holds, format!("{places:?} without {words:?}: {said}"));
            refused += u32::from(holds);
        }
    }
    refused
}
