//! Proof of imports from databases: rows of MariaDB and of PostgreSQL are imported by a JDBC URL while the
//! import is killed. Each row is imported once, and later only new ones.

use super::{NO_TRUNK, begin_import, campaign};
use crate::history::member;
use crate::mariadb::{DATABASE, MariaDb, PASSWORD, PASSWORD_IN_URL, USER};
use crate::postgres::PostgresServer;
use crate::prove::{Form, Proof, skipped};
use crate::search::holds_text;
use crate::server::Server;
use serde_json::{Value, json};
use std::time::Duration;
use tls::testing::{Authority, NOW};

/// When the first import is killed.
const KILLED_AFTER: Duration = Duration::from_millis(900);

/// The longest time of an import to its end.
const IMPORTED_WITHIN: Duration = Duration::from_secs(1_200);

/// The number of rows that are added later.
const LATER: u32 = 10;

/// The query. Columns are mapped by their names; a decimal and a number become text in a list.
const QUERY: &str = "select seq, customer_id, phone, customer_name, balance
    from people";

/// A database with rows, and its URL for the command.
struct Source<'a> {
    name: &'static str,
    address: String,
    /// Adds the rows from one number to another.
    add: &'a dyn Fn(u32, u32),
}

pub(in crate::prove) fn prove(form: Form) -> Proof {
    let rows = match form {
        Form::Short => 2_000,
        Form::Long => 100_000,
    };
    let (Some(mariadb), Some(postgres)) = (MariaDb::start(), secured_postgres()) else {
        return skipped(
            "jdbc",
            "the server programs of MariaDB or PostgreSQL are not installed (apt-get install mariadb-server postgresql)",
        );
    };
    let (folder, server) = &postgres;
    server.run_sql(
        "create table people (seq bigint primary key, customer_id text, phone text, customer_name text, balance numeric)",
    );
    mariadb.run_sql(
        "create table people (seq bigint primary key, customer_id varchar(32), phone varchar(20), \
         customer_name varchar(32), balance decimal(10,2))",
    );
    let in_mariadb = |first: u32, last: u32| {
        mariadb.run_sql(&format!(
            "insert into people select seq, concat('C', seq), concat('138', lpad(seq, 8, '0')), '张三', \
             seq / 7 from seq_{first}_to_{last}"
        ));
    };
    let in_postgres = |first: u32, last: u32| {
        server.run_sql(&format!(
            "insert into people select seq, 'C' || seq, '138' || lpad(seq::text, 8, '0'), '张三', seq / 7.0 from \
             generate_series({first}, {last}) as seq"
        ));
    };
    let secured = server.secured_url("127.0.0.1", "postgres").unwrap_or_default();
    let place = secured
        .rsplit_once('@')
        .map(|(_, place)| place.to_owned())
        .unwrap_or_default();
    let root = folder.path().join("ours.crt");
    let sources = [
        Source {
            name: "mysql",
            // PostgreSQL trusts loopback; MariaDB requires a password.
            address: format!(
                "jdbc:mysql://127.0.0.1:{}/{DATABASE}?useSSL=false&user={USER}&password={PASSWORD_IN_URL}",
                mariadb.port()
            ),
            add: &in_mariadb,
        },
        Source {
            name: "postgresql",
            address: format!(
                "jdbc:postgresql://{place}?user=ledgerline&sslmode=verify-full&sslrootcert={}",
                root.display()
            ),
            add: &in_postgres,
        },
    ];
    let results: Vec<(&str, Value)> = sources
        .iter()
        .map(|source| (source.name, of(source, rows)))
        .collect();
    let holds = results.iter().all(|(_, result)| {
        member(result, "/violations")
            .as_array()
            .is_some_and(Vec::is_empty)
    });
    let mut line = json!({ "proof": "jdbc", "rows": rows });
    for (name, result) in results {
        if let Some(object) = line.as_object_mut() {
            object.insert(name.to_owned(), result);
        }
    }
    Proof { line, holds }
}

/// Starts a server that also listens on loopback with TLS.
fn secured_postgres() -> Option<(tempfile::TempDir, PostgresServer)> {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let authority = Authority::new("ours");
    authority.write(&folder.path().join("ours.crt"));
    let files = authority.issue(folder.path(), &["127.0.0.1"], NOW);
    PostgresServer::start_secured(&files).map(|server| (folder, server))
}

fn of(source: &Source<'_>, rows: u32) -> Value {
    (source.add)(1, rows);
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let data = folder.path();
    let args = [
        source.address.as_str(),
        "--query",
        QUERY,
        "--since",
        "seq",
        "--campaign",
        "JDBC",
    ];
    let server = Server::start(data, NO_TRUNK);
    server.must_post("/api/v1/campaigns", &campaign("JDBC"));
    let went_on = killed_midway(server, &args);
    let server = Server::start(data, NO_TRUNK);
    let first = whole(&server, &args);
    (source.add)(rows + 1, rows + LATER);
    let second = whole(&server, &args);
    let enrolled = enrolled_in(&server, &[&first, &second]);
    let leaked = holds_text(data, PASSWORD);
    let count = |value: &Value, name: &str| member(value, name).as_u64();
    let checks = [
        ("killed_while_it_ran", went_on),
        ("each_row_once", enrolled == u64::from(rows + LATER)),
        ("first_has_all", count(&first, "/rows") == Some(rows.into())),
        (
            "only_the_new_ones",
            count(&second, "/enrolled") == Some(LATER.into()),
        ),
        (
            "few_read_again",
            count(&second, "/rows") <= Some(u64::from(LATER) + 1),
        ),
        (
            "no_bad_row",
            count(&first, "/bad_count") == Some(0) && count(&second, "/bad_count") == Some(0),
        ),
        ("no_password_kept", !leaked),
    ];
    let violations: Vec<&str> = checks
        .iter()
        .filter(|(_, holds)| !holds)
        .map(|(name, _)| *name)
        .collect();
    json!({ "enrolled": enrolled, "first": select_members(&first), "second": select_members(&second),
        "violations": violations })
}

fn select_members(report: &Value) -> Value {
    json!({ "rows": member(report, "/rows"), "enrolled": member(report, "/enrolled"),
        "duplicates": member(report, "/duplicates"), "bad": member(report, "/bad_count"),
        "problem": member(report, "/problem") })
}

/// Starts an import and kills its server. Returns true if the import was still running.
fn killed_midway(mut server: Server, args: &[&str]) -> bool {
    let import = begin_import(&server, args);
    let went_on = import.ends(KILLED_AFTER).is_none();
    server.program.kill();
    went_on
}

fn whole(server: &Server, args: &[&str]) -> Value {
    let mut import = begin_import(server, args);
    import.wait(IMPORTED_WITHIN);
    let seen = import.seen();
    let report = seen.last().and_then(|line| serde_json::from_str(line).ok());
    report.unwrap_or_else(|| json!({ "problem": seen }))
}

/// Returns the number of customers that the lists of these reports enrolled.
fn enrolled_in(server: &Server, reports: &[&Value]) -> u64 {
    let mut lists: Vec<&str> = reports
        .iter()
        .filter_map(|report| member(report, "/list").as_str())
        .collect();
    lists.dedup();
    let enrolled = lists.iter().map(|list| {
        let shown = server
            .get(&format!("/api/v1/lists/{list}"))
            .map(|reply| reply.body);
        shown
            .ok()
            .and_then(|shown| member(&shown, "/enrolled").as_u64())
            .unwrap_or(0)
    });
    enrolled.sum()
}
