//! Attack: bodies that are slow to parse, a large import and heavy queries at once, during calls. An answer
//! must be stored and acknowledged in time, and all calls must end as on a calm server (decision 0192).
//!
//! The same campaign is dialed twice, by two servers with carriers of one seed: calm, then under load.

use super::Verdict;
use crate::carrier::CarrierProcess;
use crate::history::{History, member};
use crate::program::fail;
use crate::prove::crash::records;
use crate::server::{Server, send_request};
use domain::time::Timestamp;
use rusqlite::{Connection, OpenFlags};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

/// The campaign that is dialed, and the one that the file is imported into.
const DIALED: &str = "HEARD";
const IMPORTED: &str = "MANY";

/// The number of customers that are dialed: enough for a 99th percentile.
const CUSTOMERS: u32 = 200;

/// The seed of both carriers, so that their callees behave alike.
const SEED: u64 = 7;

/// Dials per second: about as many concurrent legs as a machine with two cores serves beside the load.
const DIALS_PER_SECOND: u32 = 8;

/// The number of concurrent bodies.
const BODIES: u32 = 4;
/// The mappings that each body opens.
const OPENED: usize = 52_000;
/// The rows of the import.
const ROWS: u32 = 10_000;
/// The number of concurrent queries.
const QUERIES: u32 = 64;

/// The longest time from the 200 OK to the stored answer at the 99th percentile.
const STORED_MS_MAX: u64 = 500;
/// The longest time from the stored answer to the ACK at the 99th percentile.
const ACKED_MS_MAX: u64 = 20;

/// A query that reads every row several times.
const HEAVY: &str = "select count(*) from calls a, calls b, calls c where a.call_id <= b.call_id";

pub(super) fn not_tried() -> Verdict {
    Verdict {
        broken: Vec::new(),
        measured: json!("long form only"),
    }
}

/// The results of one campaign.
#[derive(Default)]
struct CampaignResults {
    /// The disposition of each call by callee.
    ends: BTreeMap<String, Vec<String>>,
    stored_ms: Vec<u64>,
    acked_ms: Vec<u64>,
    bodies: u32,
    queries: u32,
}

pub(super) fn attack_during_calls() -> Verdict {
    let (calm, loaded) = (run(false), run(true));
    let (stored, acked) = (p99(&loaded.stored_ms), p99(&loaded.acked_ms));
    let differ: Vec<&String> = calm
        .ends
        .iter()
        .filter(|(callee, ends)| loaded.ends.get(*callee) != Some(*ends))
        .map(|(callee, _)| callee)
        .collect();
    let mut broken = Vec::new();
    if stored > STORED_MS_MAX {
        broken.push(format!("200 OK to call.answered: {stored} ms at p99"));
    }
    if acked > ACKED_MS_MAX {
        broken.push(format!("call.answered to ACK: {acked} ms at p99"));
    }
    if !differ.is_empty() || calm.ends.len() != loaded.ends.len() {
        broken.push(format!(
            "the calls of {} customers ended differently",
            differ.len()
        ));
    }
    if loaded.stored_ms.is_empty() || loaded.bodies < BODIES || loaded.queries < QUERIES {
        broken.push("the load or the calls were not there".to_owned());
    }
    Verdict {
        broken,
        measured: json!({"answered": loaded.stored_ms.len(), "bodies": loaded.bodies,
            "queries": loaded.queries, "stored_ms_p99": stored, "acked_ms_p99": acked, "stored_ms_p99_calm": p99(&calm.stored_ms),
            "acked_ms_p99_calm": p99(&calm.acked_ms), "ended_otherwise": differ.len()}),
    }
}

fn p99(measured: &[u64]) -> u64 {
    let mut sorted = measured.to_vec();
    sorted.sort_unstable();
    let last = sorted.len().saturating_sub(1);
    sorted.get(last * 99 / 100).copied().unwrap_or(0)
}

fn run(is_loaded: bool) -> CampaignResults {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let carrier = CarrierProcess::start(folder.path(), SEED, &[]);
    let data = folder.path().join("data");
    let trunk = format!("{};dials-per-second={DIALS_PER_SECOND}", carrier.trunk());
    let mut server = Server::start(&data, &trunk);
    server.call(DIALED, &records(CUSTOMERS, 3));
    let (bodies, queries) = (AtomicU32::new(0), AtomicU32::new(0));
    let is_over = AtomicBool::new(!is_loaded);
    let are_called = std::thread::scope(|scope| {
        for _ in 0..BODIES {
            scope.spawn(|| {
                let check = || post(&server, "/api/v1/flow-files/check", &body());
                again_until(&is_over, &bodies, check);
            });
        }
        for _ in 0..QUERIES {
            scope.spawn(|| {
                let query = || post(&server, "/api/v1/query", &json!({"sql": HEAVY}));
                again_until(&is_over, &queries, query);
            });
        }
        if is_loaded {
            scope.spawn(|| import(&server, folder.path()));
        }
        let are_called = server.has_ended_calls(DIALED, CUSTOMERS, Duration::from_secs(300));
        is_over.store(true, Ordering::Relaxed);
        are_called
    });
    if !are_called {
        fail("not all customers were called during the attack");
    }
    assert!(server.drains(), "the server ends");
    CampaignResults {
        bodies: bodies.into_inner(),
        queries: queries.into_inner(),
        ..measured(&data, &carrier)
    }
}

fn again_until(is_over: &AtomicBool, count: &AtomicU32, ask: impl Fn()) {
    while !is_over.load(Ordering::Relaxed) {
        ask();
        count.fetch_add(1, Ordering::Relaxed);
    }
}

/// Sends a request. Any response counts: a refusal, or one that came too late.
fn post(server: &Server, path: &str, body: &Value) {
    drop(send_request("POST", &format!("{}{path}", server.url), Some(body)));
}

fn body() -> Value {
    json!({"source": "{\"a\":".repeat(OPENED)})
}

fn import(server: &Server, folder: &Path) {
    let campaign = crate::prove::quick_campaign(IMPORTED);
    server.must_post("/api/v1/campaigns", &campaign);
    let rows = (0..ROWS).map(|index| format!("M{index},137{index:08},测试,3\n"));
    let titles = std::iter::once("customer_id,phone,customer_name,days\n".to_owned());
    let text: String = titles.chain(rows).collect();
    let file = folder.join("people.csv");
    std::fs::write(&file, text).expect("a temporary folder can be written");
    let imported = server.run_json(&[
        "import",
        &file.to_string_lossy(),
        "--campaign",
        IMPORTED,
        "--json",
    ]);
    if let Err(error) = imported {
        fail(&format!("the import beside hostile bodies: {error}"));
    }
}

/// Returns when each answer was committed, by the stream of its call: an event's own time is when it was
/// decided.
fn stored_at(data: &Path) -> BTreeMap<String, Timestamp> {
    let file = Connection::open_with_flags(data.join("events.db"), OpenFlags::SQLITE_OPEN_READ_ONLY);
    let file = file.expect("the log opens");
    let sql = "SELECT stream, recorded_at FROM event WHERE kind = 'call.answered'";
    let mut rows = file.prepare(sql).expect("the log has events");
    let read = rows.query_map([], |row| Ok((row.get(0)?, Timestamp::from_micros(row.get(1)?))));
    let read = read.expect("the log can be read");
    read.map(|row| row.expect("a row can be read")).collect()
}

fn measured(data: &Path, carrier: &CarrierProcess) -> CampaignResults {
    let (lines, stored_at) = (carrier.lines(), stored_at(data));
    let mut run = CampaignResults::default();
    let instant = |text: &str| text.parse::<Timestamp>().ok();
    for (call, events) in &History::read(data).calls() {
        let of = |kind: &str| events.iter().find(|event| member(event, "/type") == kind);
        let Some(line) = of("call.dialing")
            .and_then(|event| member(event, "/data/sip_call_id").as_str())
            .and_then(|id| lines.get(id))
        else {
            continue;
        };
        let ended = of("call.ended").and_then(|event| member(event, "/data/disposition").as_str());
        let ended = ended.unwrap_or_default();
        run.ends
            .entry(line.callee.clone())
            .or_default()
            .push(ended.to_owned());
        let stored = stored_at.get(call).copied();
        let answered = line.answered_at.as_deref().and_then(instant);
        let acked = line.acked_at.as_deref().and_then(instant);
        if let (Some(answered), Some(stored), Some(acked)) = (answered, stored, acked) {
            run.stored_ms.push(stored.ms_since(answered));
            run.acked_ms.push(acked.ms_since(stored));
        }
    }
    run
}
