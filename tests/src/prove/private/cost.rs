//! What metrics and traces cost: two servers take the same requests in turns, one with both and one with
//! neither, and their processor time is compared.

use crate::program::{command, fail, ledgerline};
use crate::server::Server;
use serde_json::{Value, json};
use std::fs;
use std::path::Path;

/// How often each server has its turn.
const ROUNDS: usize = 40;
/// The rounds before the measurement: caches and connections are warm then.
const WARM_ROUNDS: usize = 4;
/// The requests of a round.
const REQUESTS: usize = 250;

/// The clock ticks of `/proc/PID/stat` per second on Linux.
const TICKS_PER_SECOND: u64 = 100;

/// The processor time of both servers.
pub(super) struct MeasuredCost {
    with_ticks: u64,
    without_ticks: u64,
    /// How much more the one with metrics and traces took, by the middle of all rounds.
    pub(super) permille: i64,
}

impl MeasuredCost {
    pub(super) fn to_json(&self) -> Value {
        json!({
            "requests": ROUNDS * REQUESTS,
            "cpu_s_with": self.with_ticks as f64 / TICKS_PER_SECOND as f64,
            "cpu_s_without": self.without_ticks as f64 / TICKS_PER_SECOND as f64,
            "permille": self.permille,
        })
    }
}

/// Runs both servers. The one with traces samples as by default; each of its rounds has a scrape, which is
/// ten times as often as Prometheus scrapes.
pub(super) fn measure(folder: &Path, collector: &str) -> MeasuredCost {
    let with = start(&folder.join("with"), &["--otlp-endpoint", collector]);
    let without = start(&folder.join("without"), &[]);
    let (mut with_ticks, mut without_ticks, mut number) = (0, 0, 0);
    for round in 0..WARM_ROUNDS + ROUNDS {
        number += REQUESTS;
        // Each goes first as often as the other.
        let (first, second) = match round % 2 {
            0 => (&with, &without),
            _ => (&without, &with),
        };
        let first_ticks = ticks_of(first, number, std::ptr::eq(first, &with));
        let second_ticks = ticks_of(second, number, std::ptr::eq(second, &with));
        if round >= WARM_ROUNDS {
            let is_with_first = round % 2 == 0;
            with_ticks += if is_with_first { first_ticks } else { second_ticks };
            without_ticks += if is_with_first { second_ticks } else { first_ticks };
        }
    }
    let more = i64::try_from(with_ticks).unwrap_or(0) - i64::try_from(without_ticks).unwrap_or(0);
    MeasuredCost {
        with_ticks,
        without_ticks,
        permille: more * 1_000 / i64::try_from(without_ticks.max(1)).unwrap_or(1),
    }
}

fn start(data: &Path, more: &[&str]) -> Server {
    let mut serve = command(ledgerline());
    serve.arg("serve").arg("--data").arg(data);
    serve.args(["--http", "127.0.0.1:0", "--drain", "5s"]).args(more);
    let mut server = Server::of(serve, data);
    if !server.wait_ready() {
        fail("a server to measure does not become ready");
    }
    server
}

/// Sends the requests of a round. Returns the processor time that the server took, in ticks.
fn ticks_of(server: &Server, first: usize, is_scraped: bool) -> u64 {
    let before = ticks(server.program.id());
    for index in 0..REQUESTS {
        let number = format!("138{:08}", first + index);
        server.must_post(
            "/api/v1/numbers/suppress",
            &json!({ "number": number, "reason": "list" }),
        );
    }
    if is_scraped && server.get("/metrics").is_err() {
        fail("the metrics are not served");
    }
    ticks(server.program.id()).saturating_sub(before)
}

/// Returns the user and system time of a process, in ticks (proc(5), fields 14 and 15).
fn ticks(process: u32) -> u64 {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    let after = stat.rsplit(") ").next().unwrap_or_default();
    let fields = after.split(' ').skip(11).take(2);
    fields.filter_map(|field| field.parse::<u64>().ok()).sum()
}
