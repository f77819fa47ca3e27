//! Proof with a PostgreSQL role that owns its databases and has no other privileges, and that uses a
//! certificate instead of a password: the server becomes ready, and `doctor` finds no privilege to remove.

use super::{ServerProcess, Violations};
use crate::passing_time::HUNG_AFTER;
use crate::postgres::PostgresServer;
use crate::program::run;
use serde_json::{Value, json};
use std::path::Path;
use tls::testing::Authority;

/// The name of the role.
const ROLE: &str = "dialer";

/// Runs the proof on a database server that accepts the role only with a certificate of `authority`. Clients
/// trust `trusted`.
pub(super) fn prove(
    database: &PostgresServer,
    authority: &Authority,
    trusted: &Path,
    violations: &mut Violations,
) -> Value {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let own = authority.issue_to(folder.path(), ROLE);
    database.demand_certificate(ROLE, trusted);
    for sql in [
        format!("CREATE ROLE {ROLE} LOGIN"),
        format!("CREATE DATABASE least OWNER {ROLE}"),
        format!("CREATE DATABASE least_keys OWNER {ROLE}"),
    ] {
        database.run_sql(&sql);
    }
    let bare = |name: &str| {
        let at = database.secured_url("127.0.0.1", name).unwrap_or_default();
        let at = at.replace("ledgerline@", &format!("{ROLE}@"));
        format!("{at}?sslmode=verify-full&sslrootcert={}", trusted.display())
    };
    let shown = |name: &str| {
        let (certificate, key) = (own.certificate.display(), own.key.display());
        format!("{}&sslcert={certificate}&sslkey={key}", bare(name))
    };
    let (log, keys) = (shown("least"), shown("least_keys"));
    let data = folder.path().join("data");
    match ServerProcess::on(&data, &["--store", &log, "--read-db", &log, "--keys", &keys]) {
        None => violations.unless(
            false,
            "a server with a role of few privileges does not become ready",
        ),
        Some(mut server) => {
            let named = database.certified(ROLE);
            violations.unless(named > 3, format!("{named} connections show a certificate"));
            server.program.signal("TERM");
            let status = server.program.wait(HUNG_AFTER);
            let is_clean = status.is_some_and(|status| status.success());
            violations.unless(
                is_clean,
                format!("the server by certificate ended with {status:?}"),
            );
        }
    }
    let args = [
        "serve",
        "--data",
        &data.to_string_lossy(),
        "--http",
        "127.0.0.1:0",
        "--store",
    ];
    let refused = run(&[&args[..], &[&bare("least"), "--keys", &keys]].concat());
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    violations.unless(
        !refused.status.success() && said.contains("certificate"),
        format!("without a certificate it is not refused: {said}"),
    );
    let broad = database.secured_url("127.0.0.1", "least").unwrap_or_default();
    let broad = format!("{broad}?sslmode=verify-full&sslrootcert={}", trusted.display());
    let notes = [(&log, "ok"), (&broad, "note")].map(|(url, wanted)| {
        let found = role_of_log(url);
        violations.unless(
            found == wanted,
            format!("doctor says {found:?} of a role, and not {wanted}"),
        );
        found
    });
    json!({"doctor": notes})
}

/// Returns the finding of `doctor` about the role of a log.
fn role_of_log(url: &str) -> String {
    let looked = run(&["doctor", "--store", url, "--json"]);
    let said: Value = serde_json::from_slice(&looked.stdout).unwrap_or_default();
    let checks = said.get("checks").and_then(Value::as_array);
    let role = checks.into_iter().flatten().find(|check| {
        let named = check.get("check").and_then(Value::as_str);
        named == Some("role of log")
    });
    let finding = role.and_then(|role| role.get("finding")).and_then(Value::as_str);
    finding.unwrap_or_default().to_owned()
}
