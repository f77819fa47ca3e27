//! Proof of named subscribers over a long log: cut at random they receive each event once, in order, from the
//! position they acknowledged; readers that stop reading cost no memory.
//!
//! What each reader received is compared with the log, which is opened without the server after that has
//! ended.

mod reader;
mod socket;
mod stalled_readers;

use super::{Form, Proof};
use crate::direct_log::open;
use crate::generated_log::SeededGenerator;
use crate::passing_time::{HUNG_AFTER, come_again};
use crate::program::{fail, instant, is_optimised};
use crate::server::Server;
use domain::stored_event::{Position, StreamVersion};
use reader::{CutSchedule, ReceivedEvents, read_all};
use serde_json::{Value, json};
use socket::ResumeMode;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use store::test_records::{make_batch, stream};

/// The events of one append, near the limit.
const BATCH_EVENTS: u64 = 250;

/// The most memory, in MiB, that connections may cost which read nothing: each has one page and what the
/// kernel takes.
const STALLED_MB_MAX: u64 = 32;

/// The longest time of one reader for the whole log.
const WITHIN: Duration = Duration::from_secs(1_200);

/// The least events per second of one reader that is behind a whole long log, on a release build.
const CATCH_UP_MIN: u64 = 100_000;

struct RunSize {
    events: u64,
    /// The limit of that rate: a debug build is many times slower, and a short log says little.
    catch_up_min: Option<u64>,
    /// The readers of each kind, in parallel.
    readers: usize,
    stalled: usize,
    /// The events written while they follow.
    written: usize,
}

pub(crate) fn prove(form: Form) -> Proof {
    let length = match form {
        Form::Short => RunSize {
            events: 20_000,
            catch_up_min: None,
            readers: 1,
            stalled: 20,
            written: 20,
        },
        Form::Long => RunSize {
            events: 1_000_000,
            catch_up_min: is_optimised().then_some(CATCH_UP_MIN),
            readers: 2,
            stalled: 100,
            written: 200,
        },
    };
    let folder = tempfile::tempdir().unwrap_or_else(|error| fail(&error.to_string()));
    let data = folder.path().join("data");
    make(&data, length.events);
    let server = Server::start(&data, "sip:127.0.0.1:9");
    let rate = caught_up(&server, "alone");
    let found = follow(&server, &length);
    let stalled = stalled_readers::hold(&server, length.stalled);
    let beside = caught_up(&server, "beside");
    let grown_mb = stalled.grown_mb(&server);
    let subscribers = server.get("/api/v1/subscribers").map(|reply| reply.body);
    end(server);
    let log = expected(&data);
    let catch_up = json!({ "alone_per_s": rate, "beside_the_stalled_per_s": beside,
        "held_to_per_s": length.catch_up_min, "build": if is_optimised() { "release" } else { "debug" } });
    judge(&length, &catch_up, &found, grown_mb, subscribers, &log)
}

/// Fills a server's own directory with so many events.
fn make(data: &Path, events: u64) {
    end(Server::start(data, "sip:127.0.0.1:9"));
    let runtime = runtime();
    runtime.block_on(async {
        let store = open(&format!("sqlite:{}", data.display())).await;
        let mut made = 0;
        while made < events {
            let count = BATCH_EVENTS.min(events - made);
            let stream = stream(&format!("s{}", made / BATCH_EVENTS % 16));
            let before = made / BATCH_EVENTS / 16 * BATCH_EVENTS;
            let batch = make_batch(&stream, before, &format!("made/{made}"), count);
            let appended = store.append(&stream, StreamVersion(before), batch).await;
            appended.unwrap_or_else(|error| fail(&error.to_string()));
            made += count;
        }
    });
}

fn runtime() -> tokio::runtime::Runtime {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.unwrap_or_else(|error| fail(&error.to_string()))
}

fn end(mut server: Server) {
    server.program.signal("TERM");
    if server.program.wait(HUNG_AFTER).is_none() {
        fail("the server does not stop");
    }
}

/// Runs one reader from the beginning to the end without a cut. Returns events per second.
fn caught_up(server: &Server, name: &str) -> u64 {
    let until = AtomicU64::new(written(server, 9_000 + name.len()));
    let began = instant();
    let received = read_all(server, name, CutSchedule::None, &until);
    let seconds = (instant() - began).as_secs_f64();
    rate(received.count, seconds)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "a rate for people"
)]
fn rate(count: u64, seconds: f64) -> u64 {
    (count as f64 / seconds.max(0.001)) as u64
}

/// Appends one more event that every reader receives: the log may end with events that none receives.
fn written(server: &Server, index: usize) -> u64 {
    // As a list: above a rate limit the response to a command about one unknown number has no position.
    let body = json!({ "numbers": [format!("1370000{index:04}")], "reason": "list" });
    let written = server.must_post("/api/v1/numbers/import", &body).position;
    written.unwrap_or_else(|| fail("a write returns its position"))
}

/// Runs readers of each kind in parallel, and a writer beside them.
fn follow(server: &Server, length: &RunSize) -> Vec<ReceivedEvents> {
    let until = AtomicU64::new(u64::MAX);
    std::thread::scope(|scope| {
        let until = &until;
        let mut running = Vec::new();
        for index in 0..length.readers {
            let longest = length.events / 8;
            running.push(scope.spawn(move || {
                let chance = SeededGenerator::from_seed(41 + index as u64);
                let name = format!("sse-{index}");
                read_all(server, &name, CutSchedule::Random { chance, longest }, until)
            }));
            for way in [ResumeMode::Acknowledges, ResumeMode::Remembers] {
                running.push(scope.spawn(move || {
                    let chance = SeededGenerator::from_seed(97 + index as u64);
                    socket::Reader::new(server, way, index, chance).read_all(longest, until)
                }));
            }
        }
        let mut last = 0;
        for index in 0..length.written {
            last = written(server, index);
        }
        until.store(last, Ordering::Release);
        let ended = running.into_iter().map(|reader| reader.join());
        ended
            .map(|received| received.unwrap_or_else(|_| fail("a reader gave up")))
            .collect()
    })
}

/// Returns every position that a named subscriber receives, in order, from the log alone.
fn expected(data: &Path) -> Vec<u64> {
    runtime().block_on(async {
        let store = open(&format!("sqlite:{}", data.display())).await;
        let (mut after, mut all) = (Position(0), Vec::new());
        loop {
            let page = store.read_all(after, 4_096).await;
            let page = page.unwrap_or_else(|error| fail(&error.to_string()));
            let Some(last) = page.last() else { return all };
            after = last.position;
            for event in &page {
                let envelope = event.envelope().unwrap_or_else(|error| fail(&error.to_string()));
                if envelope.stream.aggregate() != "subscriber" {
                    all.push(event.position.0);
                }
            }
        }
    })
}

fn judge(
    length: &RunSize,
    catch_up: &Value,
    found: &[ReceivedEvents],
    grown_mb: Option<u64>,
    subscribers: Result<Value, String>,
    log: &[u64],
) -> Proof {
    let mut wrong: Vec<String> = found
        .iter()
        .flat_map(|received| received.wrong.iter().cloned())
        .collect();
    for received in found {
        let wanted = log.partition_point(|position| *position <= received.last);
        let sum = log
            .iter()
            .take(wanted)
            .fold(reader::BEGUN, |sum, one| reader::mix_checksum(sum, *one));
        if received.count != wanted as u64 || received.sum != sum {
            wrong.push(format!(
                "{} received {} events up to {}, the log has {wanted}",
                received.name, received.count, received.last
            ));
        }
    }
    if found.iter().any(|received| received.cuts == 0) {
        wrong.push("a reader was never cut".to_owned());
    }
    if let Err(error) = &subscribers {
        wrong.push(format!("the subscribers cannot be listed: {error}"));
    }
    let caught_up = catch_up.get("alone_per_s").and_then(Value::as_u64);
    if length.catch_up_min.is_some_and(|least| caught_up < Some(least)) {
        wrong.push(format!(
            "a reader of a whole log receives {caught_up:?} events per second"
        ));
    }
    if grown_mb.is_none_or(|grown| grown > STALLED_MB_MAX) {
        wrong.push(format!(
            "{} that read nothing cost {grown_mb:?} MB",
            length.stalled
        ));
    }
    let events: u64 = found.iter().map(|received| received.count).sum();
    let cuts: u64 = found.iter().map(|received| received.cuts).sum();
    let repeated: u64 = found.iter().map(|received| received.repeated).sum();
    Proof {
        holds: wrong.is_empty(),
        line: json!({
            "proof": "subscribers", "log": log.len(), "readers": found.len(), "told": events, "cuts": cuts,
            "told_again_unacknowledged": repeated, "catch_up": catch_up,
            "stalled": length.stalled, "stalled_grown_mb": grown_mb, "wrong": wrong,
        }),
    }
}

/// Tries again until a connection is accepted: a connection that was cut may still be there.
fn again<T>(mut open: impl FnMut() -> Option<T>) -> T {
    come_again(WITHIN, &mut open).unwrap_or_else(|| fail("the server takes no reader any more"))
}
