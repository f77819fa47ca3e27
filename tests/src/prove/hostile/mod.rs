//! Proof against attacks on a running server with a live campaign: each attack is resisted, no call is lost,
//! memory stays limited. How soon responses come is judged in the long form.
//!
//! The attacker is a program on the same machine, the nearest possible place; if an attack needs the token to
//! begin, the attacker has it. Each attack has a file, and a line in `ATTACKS`; what it breaks is a text in
//! its verdict.

mod bodies;
mod connections;
mod endless_peers;
mod exports;
mod far_end;
mod import;
mod latch;
mod nested_bodies;
mod privacy;
mod questions;
mod raw;
mod sign_in;
mod sip;
mod streams;
mod tally;
mod webhooks;
mod workbooks;

use super::crash::records;
use super::reconcile::compare;
use super::{Form, Proof, short_call_customers};
use crate::carrier::CarrierProcess;
use crate::history::{History, member};
use crate::passing_time::HUNG_AFTER;
use crate::program::instant;
use crate::server::{Reply, Server, request};
use serde_json::{Value, json};
use std::path::Path;

/// The campaign that runs meanwhile.
const CAMPAIGN: &str = "HELD";

/// The carrier's seed.
const SEED: u64 = 7;

/// The trunk's dials per second: limited, so that the campaign's rate is steady without load.
const DIALS_PER_SECOND: u32 = 4;

/// The longest time of a command under attack, in milliseconds; judged in the long form.
const ANSWER_MS: u128 = 1_000;

/// The most memory that the server may have held at any time, in MiB: it normally has a tenth of it.
const RSS_PEAK_MB_MAX: u64 = 700;

/// What an attack uses.
struct AttackContext<'a> {
    server: &'a Server,
    carrier: &'a CarrierProcess,
    data: &'a Path,
    form: Form,
}

/// What an attack broke, in texts, and its measurements. Nothing broken: it was resisted.
struct Verdict {
    broken: Vec<String>,
    measured: Value,
}

/// A verdict, the milliseconds that the attack took, and the peak memory of the server by its end, in MiB.
type AttackResult = (Verdict, u64, Option<u64>);

type Attack = fn(&AttackContext<'_>) -> Verdict;

/// Every attack by name, in rows of lanes: the long form runs them one after another, the short form runs the
/// lanes of a row in parallel. Attacks in one row measure nothing that another one changes: the import, which
/// is compared with the dials of a calm server, has a row of its own.
const ATTACKS: &[&[&[(&str, Attack)]]] = &[
    &[&[("silent_connections", connections::open_silent_connections)]],
    &[&[("nested_bodies", nested_bodies::send_nested_bodies)]],
    &[
        &[("forged_answers", sip::forge_responses)],
        &[("mutated_sip", sip::send_mutated_sip)],
        &[
            ("xlsx_bombs", workbooks::bombs),
            ("slow_exports", exports::request_unread_exports),
        ],
        &[("sql_growth", questions::grow)],
    ],
    &[&[
        ("sealed_values", privacy::attempts),
        ("password_guesses", sign_in::guesses),
        ("stream_slots", streams::exhaust),
        ("webhook_of_a_disabled_owner", webhooks::disabled_owner),
        ("rtp_of_neighbours", latch::neighbours),
        ("endless_peers", endless_peers::run_endless_peers),
    ]],
    // Last: its rows make reads of all customers slow.
    &[&[("import", import::import_during_campaign)]],
];

/// Runs the attacks of one lane, one after another.
fn lane(
    stage: &AttackContext<'_>,
    attacks: &'static [(&'static str, Attack)],
) -> Vec<(&'static str, AttackResult)> {
    let tried = attacks.iter().map(|(name, attack)| (*name, stage.tried(*attack)));
    tried.collect()
}

/// Runs the lanes of one row; in parallel in the short form.
fn row(
    stage: &AttackContext<'_>,
    lanes: &'static [&'static [(&'static str, Attack)]],
) -> Vec<(&'static str, AttackResult)> {
    if stage.form == Form::Long {
        return lanes.iter().flat_map(|attacks| lane(stage, attacks)).collect();
    }
    std::thread::scope(|scope| {
        let begun: Vec<_> = lanes
            .iter()
            .map(|attacks| scope.spawn(|| lane(stage, attacks)))
            .collect();
        let ended = begun.into_iter().map(|lane| lane.join().expect("an attack ends"));
        ended.flatten().collect()
    })
}

impl AttackContext<'_> {
    fn tried(&self, attack: Attack) -> AttackResult {
        let began = instant();
        let verdict = attack(self);
        let took_ms = u64::try_from((instant() - began).as_millis()).unwrap_or(u64::MAX);
        (verdict, took_ms, rss_peak_mb(self.server.program.id()))
    }

    /// Sends the requests that must always succeed.
    fn must_pass(&self, salt: u32) -> (Vec<String>, u128) {
        must_pass(self.form, &self.server.url, salt)
    }
}

/// Sends the requests that must always succeed. Returns those that did not, and the slowest response.
fn must_pass(form: Form, url: &str, salt: u32) -> (Vec<String>, u128) {
    let opt_out = format!("/api/v1/numbers/138{salt:08}/opt-out");
    let campaign = format!("/api/v1/campaigns/{CAMPAIGN}");
    let asked = [
        ("GET", "/livez".to_owned(), json!({})),
        ("POST", format!("{campaign}/pause"), json!({})),
        ("POST", opt_out, json!({"reason": "asked under attack"})),
        ("POST", format!("{campaign}/resume"), json!({})),
        ("GET", campaign, json!({})),
    ];
    ask_each(form, url, &asked)
}

/// Sends one request on a connection of its own. Returns the response, and how long it took.
fn timed(url: &str, method: &str, path: &str, body: &Value) -> (Result<Reply, String>, u128) {
    let began = instant();
    let body = (method == "POST").then_some(body);
    let reply = request(method, &format!("{url}{path}"), body);
    (reply, (instant() - began).as_millis())
}

/// Sends these requests one after another. Returns those that did not succeed, in the long form in time, and
/// the slowest response.
fn ask_each(form: Form, url: &str, asked: &[(&str, String, Value)]) -> (Vec<String>, u128) {
    let (mut broken, mut slowest) = (Vec::new(), 0);
    for (method, path, body) in asked {
        let (reply, ms) = timed(url, method, path, body);
        slowest = slowest.max(ms);
        match reply {
            Ok(reply) if reply.status < 300 && (ms <= ANSWER_MS || !form.judges_time()) => {}
            Ok(reply) => broken.push(format!("{method} {path}: {} after {ms} ms", reply.status)),
            Err(error) => broken.push(format!("{method} {path}: {error} after {ms} ms")),
        }
    }
    (broken, slowest)
}

pub(crate) use endless_peers::prove_endless_peers;

pub(crate) fn prove(form: Form) -> Proof {
    let customers = match form {
        Form::Short => 24,
        // At four dials per second, longer than the attacks that pause and resume it.
        Form::Long => 1_600,
    };
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let carrier = short_call_customers::carrier(form, folder.path(), SEED);
    let data = folder.path().join("data");
    let trunk = format!("{};dials-per-second={DIALS_PER_SECOND}", carrier.trunk());
    let mut server = Server::start(&data, &trunk);
    server.call(CAMPAIGN, &records(customers, 3));
    let stage = AttackContext {
        server: &server,
        carrier: &carrier,
        data: &data,
        form,
    };
    let verdicts: Vec<(&str, AttackResult)> = ATTACKS.iter().flat_map(|lanes| row(&stage, lanes)).collect();
    let are_called = server.has_ended_calls(CAMPAIGN, customers, HUNG_AFTER);
    let rss_peak_mb = rss_peak_mb(server.program.id());
    server.program.signal("TERM");
    let stopped = server.program.wait(HUNG_AFTER);
    let history = History::read(&data);
    let lost = history.unfinished().len() + compare(&history, &carrier.lines()).wrong.len();
    let lost = lost + usize::from(!are_called);
    let bodies = match form {
        Form::Long => bodies::attack_during_calls(),
        // Needs two campaigns of its own, one of them calm.
        Form::Short => bodies::not_tried(),
    };
    let held = verdicts
        .iter()
        .filter(|(_, (verdict, ..))| verdict.broken.is_empty())
        .count();
    let by_name = verdicts.iter().map(|(name, (verdict, took_ms, rss_peak_mb))| {
        let said = json!({"broken": verdict.broken, "measured": verdict.measured, "took_ms": took_ms,
            "rss_peak_mb": rss_peak_mb});
        ((*name).to_owned(), said)
    });
    let line = json!({
        "proof": "hostile",
        "attacks": verdicts.len(),
        "held": held,
        "calls_lost": lost,
        "calls": history.calls().len(),
        "rss_peak_mb": rss_peak_mb,
        "dirty_exit": usize::from(!stopped.is_some_and(|status| status.success())),
        "verdicts": by_name.collect::<serde_json::Map<_, _>>(),
        "hostile_bodies": bodies.measured,
    });
    let holds = bodies.broken.is_empty()
        && held == verdicts.len()
        && lost == 0
        && rss_peak_mb.is_some_and(|peak| peak <= RSS_PEAK_MB_MAX)
        && member(&line, "/dirty_exit") == 0;
    Proof { line, holds }
}

/// Returns the peak memory of a process in MiB, as Linux counts it; `None` on other systems.
fn rss_peak_mb(process: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: u64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kib / 1_024)
}
