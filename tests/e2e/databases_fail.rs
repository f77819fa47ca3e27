//! Rows of a database that refuses, is away, changes or breaks off: a clear word before anybody is enrolled,
//! each good row once, and no password in any word, file or log.

use serde_json::{Value, json};
use std::path::Path;
use std::process::Output;
use tests::cutting::{Held, Way, way_to};
use tests::history::member;
use tests::postgres::PostgresServer;
use tests::program::{fail, free_tcp_port};
use tests::server::Server;
use tls::testing::{Authority, NOW};

/// Rows, of which one in so many has a phone that is none; each is long enough that they come in many pieces.
const ROWS: u64 = 2_000;
const BAD_EVERY: u64 = 400;
const GOOD: u64 = ROWS - ROWS / BAD_EVERY;

/// Well within the rows, in bytes.
const MIDWAY: usize = 200_000;

const SECRET: &str = "s3cret&w0rd";
const SECRET_IN_URL: &str = "s3cret%26w0rd";
const WRONG_IN_URL: &str = "wr0ng%26w0rd";

/// Query text of somebody else's database, as whoever imports has it.
const QUERY: &str = "select seq,
    customer_id, phone, customer_name from people";

struct Story {
    folder: tempfile::TempDir,
    database: PostgresServer,
    port: u16,
    server: Server,
    said: Vec<String>,
}

impl Story {
    /// Nothing where PostgreSQL is not installed.
    fn begin() -> Option<Self> {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let authority = Authority::new("ours");
        let files = authority.issue(folder.path(), &["127.0.0.1"], NOW);
        let Some(database) = PostgresServer::start_secured(&files) else {
            tests::say_skipped(
                "rows of a database that fails",
                "the programs of PostgreSQL are not installed",
            );
            return None;
        };
        database.demand_password("reader", SECRET);
        database.run_sql(
            "create table people (seq bigint primary key, customer_id text, phone text, customer_name text)",
        );
        database.run_sql("grant select on people to reader");
        let url = database.secured_url("127.0.0.1", "postgres");
        let url = url.expect("it listens");
        let port = url
            .rsplit_once(':')
            .and_then(|(_, rest)| rest.split('/').next()?.parse().ok());
        let server = Server::start(&folder.path().join("data"), "sip:127.0.0.1:9");
        let mut story = Self {
            folder,
            database,
            port: port.expect("an address has a port"),
            server,
            said: Vec::new(),
        };
        story.add(1, ROWS);
        Some(story)
    }

    fn add(&mut self, first: u64, last: u64) {
        self.database.run_sql(&format!(
            "insert into people select seq, 'C' || seq, case when seq % {BAD_EVERY} = 0 then '12345' else '138' || \
             lpad(seq::text, 8, '0') end, repeat('x', 300) from generate_series({first}, {last}) as seq"
        ));
    }

    fn campaign(&self, id: &str) {
        let body = json!({ "task_id": id, "script_template": tests::prove::BUNDLED_TEXT,
            "duplicates": "by_customer", "schedule": { "start_time": "09:00", "end_time": "18:00" } });
        self.server.must_post("/api/v1/campaigns", &body);
    }

    /// What an import over this port says; kept, for who looks for the password in it.
    fn import(&mut self, campaign: &str, port: u16, password: &str) -> (bool, String) {
        let address = format!(
            "jdbc:postgresql://127.0.0.1:{port}/postgres?user=reader&password={password}&sslmode=disable"
        );
        let args = ["import", &address, "--query", QUERY, "--since", "seq"];
        let said = self
            .server
            .run(&[&args[..], &["--campaign", campaign, "--json"]].concat());
        let told = words(&said);
        self.said.push(told.clone());
        (said.status.success(), told)
    }

    fn report(&mut self, campaign: &str, port: u16) -> Value {
        let (_, told) = self.import(campaign, port, SECRET_IN_URL);
        let line = told.lines().find(|line| line.starts_with('{'));
        line.and_then(|line| serde_json::from_str(line).ok())
            .unwrap_or_else(|| fail(&format!("no report: {told}")))
    }

    fn enrolled(&self, campaign: &str) -> Value {
        let shown = self.server.get(&format!("/api/v1/campaigns/{campaign}"));
        member(&shown.unwrap_or_else(|why| fail(&why)).body, "/enrolled").clone()
    }

    fn dialed(&self) -> Value {
        let shown = self.server.get("/api/v1/events?kind=call.dialing&limit=1");
        member(&shown.unwrap_or_else(|why| fail(&why)).body, "/items").clone()
    }

    /// Nobody can read the password anywhere.
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

fn holds_text(folder: &Path, text: &str) -> bool {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).any(|path| match path.is_dir() {
        true => holds_text(&path, text),
        false => std::fs::read(&path)
            .is_ok_and(|bytes| bytes.windows(text.len()).any(|window| window == text.as_bytes())),
    })
}

#[test]
fn a_database_that_refuses_or_is_away_says_so_and_nobody_is_enrolled() {
    let Some(mut story) = Story::begin() else { return };
    story.campaign("REFUSED");
    let port = story.port;
    let (done, told) = story.import("REFUSED", port, WRONG_IN_URL);
    assert!(!done && told.contains("the database refused"), "{told}");
    assert!(told.contains("password authentication failed"), "{told}");

    let nobody = free_tcp_port();
    let (done, told) = story.import("REFUSED", nobody, SECRET_IN_URL);
    let place = format!("the database jdbc:postgresql://127.0.0.1:{nobody}/postgres cannot be reached");
    assert!(!done && told.contains(&place), "{told}");

    // Each try breaks off within the rows: what came is not taken for all.
    let cut = way_to(port, (0..4).map(|_| Way::CutAfter(MIDWAY)).collect());
    let (done, told) = story.import("REFUSED", cut, SECRET_IN_URL);
    assert!(!done && told.contains("cannot be reached"), "{told}");
    assert_eq!((story.enrolled("REFUSED"), story.dialed()), (json!(0), json!([])));

    let whole = story.report("REFUSED", port);
    assert_eq!(
        (&whole["enrolled"], &whole["bad_count"]),
        (&json!(GOOD), &json!(ROWS / BAD_EVERY)),
        "{whole}"
    );
    assert_eq!(story.enrolled("REFUSED"), json!(GOOD));
    story.ends();
}

#[test]
fn a_connection_that_breaks_off_is_made_again_and_each_good_row_counts_once() {
    let Some(mut story) = Story::begin() else { return };
    story.campaign("CUT");
    let ways = vec![Way::CutAfter(MIDWAY), Way::CutAfter(2 * MIDWAY), Way::Whole];
    let cut = way_to(story.port, ways);
    let report = story.report("CUT", cut);
    let told = ["rows", "enrolled", "bad_count", "duplicates"].map(|name| report[name].clone());
    let expected = [ROWS, GOOD, ROWS / BAD_EVERY, 0].map(|count| json!(count));
    assert_eq!(told, expected, "{report}");
    assert_eq!(story.enrolled("CUT"), json!(GOOD));
    story.ends();
}

#[test]
fn a_table_that_changes_meanwhile_is_read_as_it_was_and_what_is_new_comes_next_time() {
    let Some(mut story) = Story::begin() else { return };
    story.campaign("CHANGED");
    let (way, held) = Held::after(MIDWAY);
    let port = way_to(story.port, vec![way]);
    let (later, last) = (ROWS + 1, ROWS + 20);
    let report = std::thread::scope(|threads| {
        let database = &story.database;
        let changed = threads.spawn(move || {
            held.meanwhile(|| {
                database.run_sql("delete from people where seq between 1500 and 1600");
                database.run_sql("update people set phone = '12345' where seq > 1900");
                database.run_sql(&format!(
                    "insert into people select seq, 'C' || seq, '139' || lpad(seq::text, 8, '0'), 'x' from \
                     generate_series({later}, {last}) as seq"
                ));
            })
        });
        let address = format!(
            "jdbc:postgresql://127.0.0.1:{port}/postgres?user=reader&password={SECRET_IN_URL}&sslmode=disable"
        );
        let args = [
            "import",
            &address,
            "--query",
            QUERY,
            "--since",
            "seq",
            "--campaign",
            "CHANGED",
        ];
        let report = story
            .server
            .run_json(&[&args[..], &["--json"]].concat())
            .unwrap()
            .1;
        assert!(changed.join().unwrap(), "the table changed while it was read");
        report
    });
    let told = ["rows", "enrolled", "bad_count"].map(|name| report[name].clone());
    assert_eq!(
        told,
        [ROWS, GOOD, ROWS / BAD_EVERY].map(|count| json!(count)),
        "{report}"
    );
    let port = story.port;
    let next = story.report("CHANGED", port);
    assert_eq!(next["enrolled"], json!(20), "{next}");
    assert_eq!(story.enrolled("CHANGED"), json!(GOOD + 20));
    story.ends();
}
