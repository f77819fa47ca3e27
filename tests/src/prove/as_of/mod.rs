//! Proof of time travel: a response as of a position equals that of a clean server which was fed only up to
//! that position. An instant means its last position. Valid time is a fold of the events that had happened by
//! then.

mod answer;

use super::{Form, Proof};
use crate::direct_log::open;
use crate::generated_log::{CAMPAIGNS, FLOW, GeneratedLog, SeededGenerator};
use crate::history::member;
use crate::passing_time::HUNG_AFTER;
use crate::postgres::PostgresServer;
use crate::program::{command, fail, instant, ledgerline, run};
use crate::server::{Reply, Server};
use answer::strip_time_and_position;
use domain::event_filter::EventFilter;
use domain::ids::CampaignId;
use domain::ports::event_store::PAGE_EVENTS_MAX;
use domain::stored_event::{Position, StoredEvent};
use domain::time::Timestamp;
use projections::views::campaign_board::{self, CampaignBoard};
use projections::{EventSpan, InlineRunner, ReadDb, SqliteReadDb, fold};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;

/// The size of a form of the proof.
struct Extent {
    positions: usize,
    days: u32,
    calls_per_day: u32,
}

/// A position, and the responses of a clean server that was fed up to it.
struct ReferenceResponses {
    position: u64,
    answers: Vec<(String, u16, Value)>,
}

pub(crate) fn prove(form: Form) -> Proof {
    let extent = match form {
        Form::Short => Extent {
            positions: 10,
            days: 3,
            calls_per_day: 12,
        },
        Form::Long => Extent {
            positions: 100,
            days: 6,
            calls_per_day: 60,
        },
    };
    let log = GeneratedLog::make(11, extent.days, extent.calls_per_day);
    let mut chance = SeededGenerator::from_seed(29);
    let mut wrong = Vec::new();
    let keys = made_keys();
    let fed: Vec<ReferenceResponses> = (0..extent.positions)
        .map(|_| {
            let position = 1 + chance.below(log.events.len() as u64);
            feed(keys.path(), &log, position, &mut chance)
        })
        .collect();
    let folder = with_keys(keys.path());
    fill(&format!("sqlite:{}", folder.path().display()), &log.events);
    let server = serve(folder.path(), None);
    let compared = compare(&server, &fed, &mut wrong);
    let instants = instants(&server, &log, &mut chance, extent.positions, &mut wrong);
    let truths = truths(&server, &log, &mut chance, extent.positions, &mut wrong);
    drop(server);
    let (postgres, yesterday) = match form {
        Form::Short => (json!("in the long form"), json!("in the long form")),
        Form::Long => (on_postgres(keys.path(), &log, &fed, &mut wrong), yesterday()),
    };
    if compared.found == 0 || compared.moved == 0 {
        wrong.push("nothing was found, or nothing had moved since".to_owned());
    }
    wrong.truncate(20);
    Proof {
        holds: wrong.is_empty(),
        line: json!({"proof": "as-of", "events": log.events.len(), "positions": fed.len(), "answers": compared.asked,
            "found": compared.found, "moved_since": compared.moved, "instants": instants, "truths": truths,
            "postgres": postgres, "yesterday": yesterday, "wrong": wrong}),
    }
}

/// Creates a folder in which a server has made its keys: a log with events opens only with its own keys.
fn made_keys() -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let mut server = serve(folder.path(), None);
    server.program.signal("TERM");
    if server.program.wait(HUNG_AFTER).is_none() {
        fail("the server does not stop");
    }
    folder
}

/// Creates a folder with the same keys and nothing else.
fn with_keys(keys: &Path) -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let mut copy = command("cp");
    copy.arg("-r").arg(keys.join("keys")).arg(folder.path());
    if !copy.status().is_ok_and(|status| status.success()) {
        fail("the keys cannot be copied");
    }
    folder
}

/// Loads events into a new log, unchanged.
fn fill(store: &str, events: &[StoredEvent]) {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime can be made");
    runtime.block_on(async {
        let store = open(store).await;
        for page in events.chunks(PAGE_EVENTS_MAX) {
            let loaded = store.load(page.to_vec()).await;
            loaded.unwrap_or_else(|error| fail(&format!("the made-up log is not taken: {error}")));
        }
    });
    // Its threads have ended: a server may open the log.
    runtime.shutdown_timeout(Duration::from_secs(5));
}

fn serve(data: &Path, store: Option<&str>) -> Server {
    let mut program = command(ledgerline());
    program.arg("serve").arg("--data").arg(data);
    program.args(["--http", "127.0.0.1:0"]);
    if let Some(store) = store {
        program.args(["--store", store]);
    }
    let mut server = Server::of(program, data);
    if !server.wait_ready() {
        fail("the server does not become ready");
    }
    server
}

/// Starts a clean server on the events up to a position and collects its responses.
fn feed(keys: &Path, log: &GeneratedLog, position: u64, chance: &mut SeededGenerator) -> ReferenceResponses {
    let folder = with_keys(keys);
    let until = usize::try_from(position).unwrap_or(usize::MAX);
    let prefix = log.events.get(..until).unwrap_or(&log.events);
    fill(&format!("sqlite:{}", folder.path().display()), prefix);
    let server = serve(folder.path(), None);
    let answers = paths(log, chance).into_iter().map(|path| {
        let reply = get(&server, &path, &format!("after_position={position}"));
        (path, reply.status, strip_time_and_position(reply.body))
    });
    ReferenceResponses {
        position,
        answers: answers.collect(),
    }
}

/// Returns the requested paths: all about campaigns, and some calls, customers and numbers.
fn paths(log: &GeneratedLog, chance: &mut SeededGenerator) -> Vec<String> {
    let mut paths = vec![
        "/api/v1/campaigns".to_owned(),
        format!("/api/v1/flows/{FLOW}"),
        "/api/v1/rules".to_owned(),
        "/api/v1/installation".to_owned(),
    ];
    for name in CAMPAIGNS {
        for rest in ["", "/report", "/report/chart"] {
            paths.push(format!("/api/v1/campaigns/{name}{rest}"));
        }
        paths.push(format!("/api/v1/streams/campaign-{name}"));
    }
    for _ in 0..4 {
        let one = usize::try_from(chance.below(log.calls.len() as u64)).unwrap_or(0);
        if let (Some(call), Some(customer), Some(number)) =
            (log.calls.get(one), log.customers.get(one), log.numbers.get(one))
        {
            paths.push(format!("/api/v1/calls/{call}"));
            paths.push(format!("/api/v1/customers/{customer}"));
            paths.push(format!("/api/v1/customers/{customer}/timeline"));
            paths.push(format!("/api/v1/numbers/{number}"));
        }
    }
    paths
}

fn get(server: &Server, path: &str, query: &str) -> Reply {
    let joint = if path.contains('?') { '&' } else { '?' };
    match server.get(&format!("{path}{joint}{query}")) {
        Ok(reply) => reply,
        Err(error) => fail(&format!("GET {path}: {error}")),
    }
}

/// How much was compared.
#[derive(Default)]
struct ComparisonCounts {
    asked: usize,
    /// Requests about something that existed then.
    found: usize,
    /// Requests that have another response now.
    moved: usize,
}

fn compare(server: &Server, fed: &[ReferenceResponses], wrong: &mut Vec<String>) -> ComparisonCounts {
    let mut compared = ComparisonCounts::default();
    for one in fed {
        for (path, status, answer) in &one.answers {
            let then = get(server, path, &format!("as_of={}", one.position));
            let now = get(server, path, "after_position=1");
            compared.asked += 1;
            compared.found += usize::from(*status == 200);
            compared.moved += usize::from(*status == 200 && strip_time_and_position(now.body) != *answer);
            if (then.status, strip_time_and_position(then.body.clone())) != (*status, answer.clone()) {
                wrong.push(format!(
                    "{path} as of {}: {} {} and not {status} {answer}",
                    one.position, then.status, then.body
                ));
            }
        }
    }
    compared
}

/// Checks that an instant means the last position recorded by then.
fn instants(
    server: &Server,
    log: &GeneratedLog,
    chance: &mut SeededGenerator,
    count: usize,
    wrong: &mut Vec<String>,
) -> usize {
    for _ in 0..count {
        let at = some_instant(log, chance);
        let mut latest_first = log.events.iter().rev();
        let last = latest_first.find(|event| event.recorded_at <= at);
        let last = last.map_or(Position(0), |event| event.position);
        let path = format!("/api/v1/campaigns/{}/report", CAMPAIGNS[0]);
        let by_instant = get(server, &path, &format!("as_of={at}"));
        let by_position = get(server, &path, &format!("as_of={last}"));
        let found = member(&by_instant.body, "/known/position").as_str();
        let same =
            strip_time_and_position(by_instant.body.clone()) == strip_time_and_position(by_position.body);
        if !same || (by_instant.status == 200 && found != Some(&last.to_string())) {
            wrong.push(format!("{at} is position {last}, and not {found:?}"));
        }
    }
    count
}

/// Returns an event's own time, or a little before or after.
fn some_instant(log: &GeneratedLog, chance: &mut SeededGenerator) -> Timestamp {
    let one = usize::try_from(chance.below(log.events.len() as u64)).unwrap_or(0);
    let event = log.events.get(one).expect("it is in the log");
    event
        .recorded_at
        .plus_ms(chance.below(3))
        .minus_ms(chance.below(2))
}

/// Checks valid time: the response equals a fold of the events of the whole log that had happened by then,
/// including corrections of calls that had ended.
fn truths(
    server: &Server,
    log: &GeneratedLog,
    chance: &mut SeededGenerator,
    count: usize,
    wrong: &mut Vec<String>,
) -> usize {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime can be made");
    for _ in 0..count {
        let at = some_instant(log, chance);
        let name = CAMPAIGNS[1];
        let expected = runtime.block_on(true_then(&log.events, at, name));
        let path = format!("/api/v1/campaigns/{name}/report");
        let found = get(server, &path, &format!("valid_at={at}"));
        for pointer in [
            "dialed",
            "answered",
            "ended",
            "conversions",
            "talk_ms_mean",
            "answer_ratio",
            "answer_ratio_people",
        ] {
            let of_server = member(&found.body, &format!("/{pointer}"));
            let own = member(&expected, &format!("/campaign/calls/{pointer}"));
            if of_server != own {
                wrong.push(format!("{pointer} true at {at}: {of_server} and not {own}"));
            }
        }
        let machines = member(&found.body, "/dispositions/machine").as_u64().unwrap_or(0);
        let own = member(&expected, "/dispositions").as_array();
        let own = own
            .into_iter()
            .flatten()
            .find(|one| member(one, "/code") == "machine");
        if machines != own.map_or(0, |one| member(one, "/count").as_u64().unwrap_or(0)) {
            wrong.push(format!("corrections true at {at}: {machines} machines"));
        }
    }
    count
}

/// Computes the board's report from all events of all campaigns that had happened.
async fn true_then(events: &[StoredEvent], at: Timestamp, name: &str) -> Value {
    let mut ended = BTreeSet::new();
    let happened = events.iter().filter(|event| {
        let envelope = event.envelope().expect("it can be read");
        if envelope.kind == "call.corrected" {
            return ended.contains(&envelope.stream);
        }
        let happened = envelope.at <= at;
        if happened && envelope.kind == "call.ended" {
            ended.insert(envelope.stream);
        }
        happened
    });
    let happened: Vec<StoredEvent> = happened.cloned().collect();
    let db: Arc<dyn ReadDb> = Arc::new(SqliteReadDb::open_inline().expect("memory is there"));
    let mut runner = InlineRunner::begin(Arc::clone(&db), vec![Arc::new(CampaignBoard)])
        .await
        .expect("tables can be made");
    runner.apply_page(&happened).await.expect("rows can be written");
    let campaign: CampaignId = name.parse().expect("it is an id");
    let report = campaign_board::report(db.as_ref(), &campaign).await;
    // Through JSON text like the server's response: fractions are then read back in the same way.
    let text = json!(report.expect("rows can be read")).to_string();
    serde_json::from_str(&text).expect("it was just written")
}

/// Repeats the comparison on the same log in PostgreSQL.
fn on_postgres(
    keys: &Path,
    log: &GeneratedLog,
    fed: &[ReferenceResponses],
    wrong: &mut Vec<String>,
) -> Value {
    let Some(postgres) = PostgresServer::start() else {
        return json!({"skipped": "it is not installed (apt-get install postgresql)"});
    };
    let (source, data) = (with_keys(keys), with_keys(keys));
    let from = format!("sqlite:{}", source.path().display());
    fill(&from, &log.events);
    let copied = run(&["events", "copy", "--from", &from, "--to", &postgres.url()]);
    if !copied.status.success() {
        wrong.push(format!(
            "events copy: {}",
            String::from_utf8_lossy(&copied.stderr)
        ));
        return Value::Null;
    }
    let server = serve(data.path(), Some(&postgres.url()));
    let began = instant();
    let compared = compare(&server, fed, wrong);
    json!({"answers": compared.asked, "seconds": instant().duration_since(began).as_secs()})
}

/// Measures the fold of a campaign of 10,000 calls as of an earlier position, without a server.
fn yesterday() -> Value {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let store = format!("sqlite:{}", folder.path().display());
    let log = GeneratedLog::make(5, 4, 5_000);
    fill(&store, &log.events);
    let filter = EventFilter {
        campaign: CAMPAIGNS[0].parse().ok(),
        ..EventFilter::default()
    };
    let span = EventSpan::until(filter, Position(log.events.len() as u64 - 1_000));
    let runtime = tokio::runtime::Runtime::new().expect("a runtime can be made");
    runtime.block_on(async {
        let store = open(&store).await;
        let began = instant();
        let folded = fold(store.as_ref(), &span, vec![Arc::new(CampaignBoard)], &|| true).await;
        let ms = u64::try_from(instant().duration_since(began).as_millis()).unwrap_or(u64::MAX);
        match folded {
            Ok(folded) => json!({"log_events": log.events.len(), "events": folded.events, "ms": ms}),
            Err(error) => json!({"failed": error.to_string()}),
        }
    })
}
