//! Rows from a database that refuses, is unreachable, changes or breaks the connection: a clear message
//! before any customer is enrolled, each good row once, and the password in no message, file or log.

use serde_json::{Value, json};
use std::path::Path;
use std::process::Output;
use tests::faulty_proxy::{HoldControl, ProxyMode, start_proxy};
use tests::history::member;
use tests::mariadb::{self, MariaDb};
use tests::postgres::PostgresServer;
use tests::program::{fail, free_tcp_port};
use tests::search::holds_text;
use tests::server::Server;
use tls::testing::{Authority, NOW};

/// The number of rows; one in `BAD_EVERY` has an invalid phone number. Each row is long enough that they
/// arrive in many pieces.
const ROWS: u64 = 2_000;
const BAD_EVERY: u64 = 400;
const GOOD: u64 = ROWS - ROWS / BAD_EVERY;

/// A position well within the rows, in bytes.
const MIDWAY: usize = 200_000;

const SECRET: &str = mariadb::PASSWORD;
const SECRET_IN_URL: &str = mariadb::PASSWORD_IN_URL;
const WRONG_IN_URL: &str = "wr0ng%26w0rd";

/// The query on the institution's own database, as an import gives it.
const QUERY: &str = "select seq,
    customer_id, phone, customer_name from people";

/// The database that has the rows.
enum Database {
    Postgres(PostgresServer, u16),
    MariaDb(MariaDb),
}

impl Database {
    /// Starts one with a user who may read the table of people; `None` if its programs are not installed.
    fn postgres(folder: &Path) -> Option<Self> {
        let authority = Authority::new("ours");
        let files = authority.issue(folder, &["127.0.0.1"], NOW);
        let Some(server) = PostgresServer::start_secured(&files) else {
            tests::say_skipped(
                "rows of a database that fails",
                "the programs of PostgreSQL are not installed",
            );
            return None;
        };
        server.demand_password(mariadb::USER, SECRET);
        server.run_sql(
            "create table people (seq bigint primary key, customer_id text, phone text, customer_name text)",
        );
        server.run_sql("grant select on people to reader");
        let url = server.secured_url("127.0.0.1", "postgres");
        let port = url
            .expect("it listens")
            .rsplit_once(':')
            .and_then(|(_, rest)| rest.split('/').next()?.parse().ok());
        Some(Self::Postgres(server, port.expect("an address has a port")))
    }

    fn mariadb() -> Option<Self> {
        let Some(server) = MariaDb::start() else {
            tests::say_skipped(
                "rows of a MariaDB that fails",
                "its programs are not installed (apt-get install mariadb-server)",
            );
            return None;
        };
        server.run_sql(
            "create table people (seq bigint primary key, customer_id varchar(32), phone varchar(20), \
             customer_name varchar(400))",
        );
        Some(Self::MariaDb(server))
    }

    fn port(&self) -> u16 {
        match self {
            Self::Postgres(_, port) => *port,
            Self::MariaDb(server) => server.port(),
        }
    }

    /// Returns its address without the port and what follows it.
    fn place(&self, port: u16) -> String {
        match self {
            Self::Postgres(..) => format!("jdbc:postgresql://127.0.0.1:{port}/postgres"),
            Self::MariaDb(_) => format!("jdbc:mysql://127.0.0.1:{port}/{}", mariadb::DATABASE),
        }
    }

    /// Returns the address to give to an import, over this port.
    fn address(&self, port: u16, password: &str) -> String {
        let plain = match self {
            Self::Postgres(..) => "sslmode=disable",
            Self::MariaDb(_) => "useSSL=false",
        };
        format!("{}?user=reader&password={password}&{plain}", self.place(port))
    }

    /// Returns its own message about a wrong password.
    fn refusal(&self) -> &'static str {
        match self {
            Self::Postgres(..) => "password authentication failed",
            Self::MariaDb(_) => "Access denied for user",
        }
    }

    fn run_sql(&self, text: &str) {
        match self {
            Self::Postgres(server, _) => server.run_sql(text),
            Self::MariaDb(server) => server.run_sql(text),
        }
    }

    /// Adds people with numbers of this prefix, one in `BAD_EVERY` with an invalid number.
    fn add(&self, first: u64, last: u64, prefix: &str) {
        let bad = format!("case when seq % {BAD_EVERY} = 0 then '12345' else");
        self.run_sql(&match self {
            Self::Postgres(..) => format!(
                "insert into people select seq, 'C' || seq, {bad} '{prefix}' || lpad(seq::text, 8, '0') end, \
                 repeat('x', 300) from generate_series({first}, {last}) as seq"
            ),
            Self::MariaDb(_) => format!(
                "insert into people select seq, concat('C', seq), {bad} concat('{prefix}', lpad(seq, 8, '0')) end, \
                 repeat('x', 300) from seq_{first}_to_{last}"
            ),
        });
    }
}

struct DatabaseImport {
    folder: tempfile::TempDir,
    database: Database,
    server: Server,
    said: Vec<String>,
}

impl DatabaseImport {
    fn of_postgres() -> Option<Self> {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let database = Database::postgres(folder.path())?;
        Some(Self::begin(folder, database))
    }

    fn of_mariadb() -> Option<Self> {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        Some(Self::begin(folder, Database::mariadb()?))
    }

    fn begin(folder: tempfile::TempDir, database: Database) -> Self {
        database.add(1, ROWS, "138");
        let server = Server::start(&folder.path().join("data"), "sip:127.0.0.1:9");
        Self {
            folder,
            database,
            server,
            said: Vec::new(),
        }
    }

    fn campaign(&self, id: &str) {
        let body = json!({ "task_id": id, "script_template": tests::prove::BUNDLED_TEXT,
            "duplicates": "by_customer", "schedule": { "start_time": "09:00", "end_time": "18:00" } });
        self.server.must_post("/api/v1/campaigns", &body);
    }

    /// Returns the output of an import over this port, and keeps it for the search for the password.
    fn import(&mut self, campaign: &str, port: u16, password: &str) -> (bool, String) {
        let address = self.database.address(port, password);
        let args = ["import", &address, "--query", QUERY, "--since", "seq"];
        let said = self
            .server
            .run(&[&args[..], &["--campaign", campaign, "--json"]].concat());
        let printed = words(&said);
        self.said.push(printed.clone());
        (said.status.success(), printed)
    }

    fn report(&mut self, campaign: &str, port: u16) -> Value {
        let (_, printed) = self.import(campaign, port, SECRET_IN_URL);
        let line = printed.lines().find(|line| line.starts_with('{'));
        line.and_then(|line| serde_json::from_str(line).ok())
            .unwrap_or_else(|| fail(&format!("no report: {printed}")))
    }

    fn enrolled(&self, campaign: &str) -> Value {
        let shown = self.server.get(&format!("/api/v1/campaigns/{campaign}"));
        member(&shown.unwrap_or_else(|why| fail(&why)).body, "/enrolled").clone()
    }

    fn dialed(&self) -> Value {
        let shown = self.server.get("/api/v1/events?kind=call.dialing&limit=1");
        member(&shown.unwrap_or_else(|why| fail(&why)).body, "/items").clone()
    }

    /// Checks that the password cannot be read anywhere.
    fn ends(mut self) {
        assert!(self.server.drains());
        let said = self.said.join("\n") + &self.server.program.seen().join("\n");
        for secret in [SECRET, SECRET_IN_URL, WRONG_IN_URL, "wr0ng&w0rd"] {
            assert!(!said.contains(secret), "{said}");
            assert!(!holds_text(&self.folder.path().join("data"), secret));
        }
    }
}

fn words(said: &Output) -> String {
    [&said.stdout, &said.stderr]
        .map(|bytes| String::from_utf8_lossy(bytes).into_owned())
        .join("\n")
}

fn refuses_or_is_away(mut story: DatabaseImport) {
    story.campaign("REFUSED");
    let port = story.database.port();
    let (done, printed) = story.import("REFUSED", port, WRONG_IN_URL);
    assert!(!done && printed.contains("the database refused"), "{printed}");
    assert!(printed.contains(story.database.refusal()), "{printed}");

    let closed_port = free_tcp_port();
    let (done, printed) = story.import("REFUSED", closed_port, SECRET_IN_URL);
    let place = format!(
        "the database {} cannot be reached",
        story.database.place(closed_port)
    );
    assert!(!done && printed.contains(&place), "{printed}");

    // Each attempt breaks off within the rows: a part of them is not accepted as all.
    let cut = start_proxy(port, (0..4).map(|_| ProxyMode::CutAfter(MIDWAY)).collect());
    let (done, printed) = story.import("REFUSED", cut, SECRET_IN_URL);
    assert!(!done && printed.contains("cannot be reached"), "{printed}");
    assert_eq!((story.enrolled("REFUSED"), story.dialed()), (json!(0), json!([])));

    let whole = story.report("REFUSED", port);
    assert_eq!(
        (member(&whole, "/enrolled"), member(&whole, "/bad_count")),
        (&json!(GOOD), &json!(ROWS / BAD_EVERY)),
        "{whole}"
    );
    assert_eq!(story.enrolled("REFUSED"), json!(GOOD));
    story.ends();
}

fn breaks_off_and_is_asked_again(mut story: DatabaseImport) {
    story.campaign("CUT");
    let ways = vec![
        ProxyMode::CutAfter(MIDWAY),
        ProxyMode::CutAfter(2 * MIDWAY),
        ProxyMode::Whole,
    ];
    let cut = start_proxy(story.database.port(), ways);
    let report = story.report("CUT", cut);
    let counts = ["rows", "enrolled", "bad_count", "duplicates"]
        .map(|name| member(&report, &format!("/{name}")).clone());
    let expected = [ROWS, GOOD, ROWS / BAD_EVERY, 0].map(|count| json!(count));
    assert_eq!(counts, expected, "{report}");
    assert_eq!(story.enrolled("CUT"), json!(GOOD));
    story.ends();
}

fn changes_while_it_is_read(mut story: DatabaseImport) {
    story.campaign("CHANGED");
    let (way, held) = HoldControl::after(MIDWAY);
    let port = start_proxy(story.database.port(), vec![way]);
    let (later, last) = (ROWS + 1, ROWS + 20);
    let report = std::thread::scope(|threads| {
        let database = &story.database;
        let changed = threads.spawn(move || {
            held.run_while_held(|| {
                database.run_sql("delete from people where seq between 1500 and 1600");
                database.run_sql("update people set phone = '12345' where seq > 1900");
                database.add(later, last, "139");
            })
        });
        let address = database.address(port, SECRET_IN_URL);
        let args = ["import", &address, "--query", QUERY, "--since", "seq"];
        let report = story
            .server
            .run_json(&[&args[..], &["--campaign", "CHANGED", "--json"]].concat())
            .map(|(_, report)| report);
        let is_changed = changed.join().is_ok_and(|is_changed| is_changed);
        assert!(is_changed, "the table changed while it was read");
        report.unwrap_or_else(|why| fail(&why))
    });
    let counts = ["rows", "enrolled", "bad_count"].map(|name| member(&report, &format!("/{name}")).clone());
    assert_eq!(
        counts,
        [ROWS, GOOD, ROWS / BAD_EVERY].map(|count| json!(count)),
        "{report}"
    );
    let port = story.database.port();
    let next = story.report("CHANGED", port);
    assert_eq!(member(&next, "/enrolled"), &json!(20), "{next}");
    assert_eq!(story.enrolled("CHANGED"), json!(GOOD + 20));
    story.ends();
}

#[test]
fn a_database_that_refuses_or_is_away_says_so_and_no_customer_is_enrolled() {
    DatabaseImport::of_postgres()
        .into_iter()
        .for_each(refuses_or_is_away);
}

#[test]
fn a_mariadb_that_refuses_or_is_away_says_so_and_no_customer_is_enrolled() {
    DatabaseImport::of_mariadb()
        .into_iter()
        .for_each(refuses_or_is_away);
}

#[test]
fn a_connection_that_breaks_off_is_made_again_and_each_good_row_counts_once() {
    DatabaseImport::of_postgres()
        .into_iter()
        .for_each(breaks_off_and_is_asked_again);
}

#[test]
fn a_connection_to_mariadb_that_breaks_off_is_made_again_and_each_good_row_counts_once() {
    DatabaseImport::of_mariadb()
        .into_iter()
        .for_each(breaks_off_and_is_asked_again);
}

#[test]
fn a_table_that_changes_meanwhile_is_read_as_it_was_and_what_is_new_comes_next_time() {
    DatabaseImport::of_postgres()
        .into_iter()
        .for_each(changes_while_it_is_read);
}

#[test]
fn a_table_of_mariadb_that_changes_meanwhile_is_read_as_it_was_and_what_is_new_comes_next_time() {
    DatabaseImport::of_mariadb()
        .into_iter()
        .for_each(changes_while_it_is_read);
}
