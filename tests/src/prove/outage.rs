//! Proof about answers during an outage of the log: the store fails between ringing and 200, and the process
//! is killed and restarted seconds later. Each leg gets its ACK and one BYE, each answer is stored, and no
//! customer is dialed again that day.

use super::Form;
use super::crash::{quick_campaign, records};
use crate::answering_carrier::{AnsweringCarrier, RetransmitPolicy};
use crate::history::History;
use crate::passing_time::{HUNG_AFTER, at_each_beat, time_left, wait_one_beat};
use crate::postgres::{PostgresServer, programs};
use crate::program::deadline;
use crate::server::Server;
use serde_json::{Value, json};
use std::path::Path;
use std::time::Duration;

/// The calls of one run; there are five runs on each database.
const CALLS: usize = 8;

/// The time from the 200 to the kill: the answer waits for its record, and no ACK was sent.
const KILLED_AFTER: Duration = Duration::from_millis(1_500);

/// How long due customers are waited for: longer than the loopback trunk's hold-off of 5 s and the longest
/// wait of a retry rule here.
const DUE_WITHIN: Duration = Duration::from_secs(12);

/// One run: what happens after the 200s, and how long callees repeat them.
struct Run {
    goes_on: OutageRecovery,
    repeats: RetransmitPolicy,
}

/// What happens after the 200s. Times count from the 200s.
enum OutageRecovery {
    /// The process is killed, the store is available again, and the process starts again after this time.
    Killed { restarts_after: Duration },
    /// No kill: ACK and BYE after 4 s, the store is available again after this time, and the answers are
    /// stored then.
    StoreBack { after: Duration },
}

const RUNS: &[Run] = &[
    Run {
        goes_on: OutageRecovery::Killed {
            restarts_after: Duration::from_secs(3),
        },
        repeats: RetransmitPolicy::UntilAcknowledged,
    },
    Run {
        goes_on: OutageRecovery::Killed {
            restarts_after: Duration::from_secs(10),
        },
        repeats: RetransmitPolicy::ToTheEnd,
    },
    Run {
        goes_on: OutageRecovery::Killed {
            restarts_after: Duration::from_secs(20),
        },
        repeats: RetransmitPolicy::UntilAcknowledged,
    },
    Run {
        goes_on: OutageRecovery::StoreBack {
            after: Duration::from_secs(8),
        },
        repeats: RetransmitPolicy::ToTheEnd,
    },
    LONG_OUTAGE,
];

/// A run in which the store is unavailable for longer than a drain of the server here takes (5 s, and 6 s to
/// end and close calls): a process that lost the driver lock with the store has ended its calls before it is
/// back.
const LONG_OUTAGE: Run = Run {
    goes_on: OutageRecovery::StoreBack {
        after: Duration::from_secs(16),
    },
    repeats: RetransmitPolicy::UntilAcknowledged,
};

/// A log that can be made unavailable.
enum Log<'a> {
    Sqlite,
    Postgres(&'a PostgresServer),
}

/// Keeps the log unavailable until it is dropped.
enum LogOutage<'a> {
    /// Another writer holds the file's lock.
    Locked(rusqlite::Connection),
    Killed(&'a PostgresServer),
}

impl Drop for LogOutage<'_> {
    fn drop(&mut self) {
        match self {
            Self::Locked(file) => drop(file.execute_batch("ROLLBACK")),
            Self::Killed(server) => server.restart(),
        }
    }
}

impl<'a> Log<'a> {
    fn command(&self, data: &Path, trunk: &str) -> std::process::Command {
        let mut command = Server::command(data, trunk);
        if let Self::Postgres(server) = self {
            command.args(["--store", &server.url()]);
        }
        command
    }

    fn take_away(&self, data: &Path) -> LogOutage<'a> {
        match self {
            Self::Sqlite => {
                let file = rusqlite::Connection::open(data.join("events.db")).expect("the log is a file");
                file.busy_timeout(HUNG_AFTER)
                    .expect("a connection takes a time-out");
                file.execute_batch("BEGIN IMMEDIATE")
                    .expect("the lock comes free");
                LogOutage::Locked(file)
            }
            Self::Postgres(server) => {
                server.kill();
                LogOutage::Killed(server)
            }
        }
    }

    fn history(&self, data: &Path) -> History {
        match self {
            Self::Sqlite => History::read(data),
            Self::Postgres(server) => History::read_store(&server.url()),
        }
    }
}

fn set(value: &mut Value, name: &str, member: Value) {
    if let Some(members) = value.as_object_mut() {
        members.insert(name.to_owned(), member);
    }
}

/// Waits until an instant.
fn until(end: std::time::Instant) {
    at_each_beat(time_left(end), wait_one_beat, || true);
}

/// Returns the number of events of a kind that come within the time; returns as soon as there are `count`.
fn follow(server: &Server, kind: &str, count: usize, within: Duration) -> usize {
    let mut seen = 0;
    let enough = server.follow_events(&format!("kind={kind}"), within, |_| {
        seen += 1;
        (seen >= count).then_some(())
    });
    if enough.is_some() { count } else { seen }
}

fn one(log: &Log<'_>, run: &Run, salt: u32) -> Value {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let data = folder.path().join("data");
    let carrier = AnsweringCarrier::start(run.repeats);
    let trunk = format!("{};dials-per-second=50;legs-max=50", carrier.trunk());
    let mut server = Server::of(log.command(&data, &trunk), &data);
    let ready = server.wait_ready();
    let campaign = format!("OUT{salt}");
    let mut body = quick_campaign(&campaign);
    set(&mut body, "ring_timeout_ms", json!(30_000));
    server.must_post("/api/v1/campaigns", &body);
    let people = records(CALLS.try_into().unwrap_or(u32::MAX), salt);
    server.must_post(
        "/api/v1/tasks/data",
        &json!({"task_id": campaign, "records": people}),
    );
    server.must_post(&format!("/api/v1/campaigns/{campaign}/start"), &json!({}));
    let rang = follow(&server, "call.ringing", CALLS, HUNG_AFTER);
    let away = log.take_away(&data);
    carrier.answer();
    let answered = carrier.has_answered(CALLS, HUNG_AFTER);
    let answered_at = deadline(Duration::ZERO);
    let back = match run.goes_on {
        OutageRecovery::Killed { restarts_after } => {
            until(answered_at + KILLED_AFTER);
            server.program.kill();
            drop(away);
            until(answered_at + restarts_after);
            server = Server::of(log.command(&data, &trunk), &data);
            server.wait_ready()
        }
        OutageRecovery::StoreBack { after } => {
            until(answered_at + after);
            drop(away);
            true
        }
    };
    let closed = follow(&server, "customer.call_closed", CALLS, HUNG_AFTER);
    until(deadline(DUE_WITHIN));
    server.program.signal("TERM");
    let stopped = server.program.wait(HUNG_AFTER);
    let history = log.history(&data);
    let legs = carrier.legs();
    let of = |wanted: &dyn Fn(&crate::answering_carrier::FarLeg) -> bool| {
        legs.values().filter(|leg| leg.answered && wanted(leg)).count()
    };
    let stored = history.of("call.answered").count() + history.of("call.late_answered").count();
    let answered_legs = of(&|_| true);
    json!({
        "ready": ready && back && answered && stopped.is_some_and(|status| status.success()),
        "rang": rang,
        "closed": closed,
        "answered_during_the_outage": answered_legs,
        "answered_without_ack": of(&|leg| leg.acks == 0),
        "answered_without_bye": of(&|leg| leg.byes.is_empty()),
        "answered_with_two_byes": of(&|leg| leg.byes.len() > 1),
        "answers_not_stored": answered_legs.saturating_sub(stored),
        "dialed_again_after_answer": legs.values().map(|leg| leg.dialed_again).sum::<u32>(),
        "unfinished": history.unfinished().len(),
    })
}

const ZERO: &[&str] = &[
    "answered_without_ack",
    "answered_without_bye",
    "answered_with_two_byes",
    "answers_not_stored",
    "dialed_again_after_answer",
    "unfinished",
];

/// Runs `LONG_OUTAGE` on PostgreSQL. Returns the result and whether it holds; `None` if its programs are not
/// installed.
pub fn prove_long_outage() -> Option<(Value, bool)> {
    let server = PostgresServer::start()?;
    let play = |run: &Run, salt| one(&Log::Postgres(&server), run, salt);
    Some(sums_of(&[LONG_OUTAGE], 31, play))
}

/// Runs `play` for each run on one kind of database. Returns the sums, and whether they hold.
fn sums_of(runs: &[Run], salt: u32, play: impl Fn(&Run, u32) -> Value) -> (Value, bool) {
    let count = runs.len();
    let runs: Vec<Value> = (salt..).zip(runs).map(|(salt, run)| play(run, salt)).collect();
    let sum = |name: &str| runs.iter().filter_map(|run| run[name].as_u64()).sum::<u64>();
    let mut sums = json!({"answered_during_the_outage": sum("answered_during_the_outage")});
    for name in ZERO {
        set(&mut sums, name, json!(sum(name)));
    }
    let wanted = (count * CALLS) as u64;
    let holds = ZERO.iter().all(|name| sum(name) == 0)
        && sum("answered_during_the_outage") == wanted
        && runs.iter().all(|run| run["ready"] == true);
    set(&mut sums, "runs", json!(runs));
    (sums, holds)
}

/// Runs the proof on both databases; on PostgreSQL if its programs are installed. The short form leaves it to
/// the drivers' tests, which check the same on a test clock.
pub(super) fn prove(form: Form) -> (Value, bool) {
    if matches!(form, Form::Short) {
        let where_else = "actors/src/drivers/answer_tests.rs checks it on a test clock";
        return (json!({"skipped": where_else}), true);
    }
    let (sqlite, sqlite_holds) = sums_of(RUNS, 11, |run, salt| one(&Log::Sqlite, run, salt));
    // Each run has its own data directory, and therefore its own keys and database.
    let on_postgres = |run: &Run, salt| match PostgresServer::start() {
        Some(server) => one(&Log::Postgres(&server), run, salt),
        None => json!({"ready": false}),
    };
    let (postgres, postgres_holds) = match programs() {
        Some(_) => sums_of(RUNS, 21, on_postgres),
        None => (json!({"skipped": "PostgreSQL is not installed"}), true),
    };
    (
        json!({"sqlite": sqlite, "postgres": postgres}),
        sqlite_holds && postgres_holds,
    )
}
