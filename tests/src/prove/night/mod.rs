//! Proof of a night in real time, with real SIP and RTP: thousands of customers are called, the window closes
//! while many still wait, and opens again in the morning. The server is killed while it dials, right after
//! the closing with open conversations, and in the morning.
//!
//! The carrier's records show whether each customer was called lawfully, none twice, and none forgotten; the
//! log is only compared with them. In the short form it also shows which calls a kill interrupted, and that a
//! dial which reached the carrier late was stored in time; the number of such dials is limited. What the
//! server writes, holds in memory and computes is counted by the kernel.

mod night_server;
mod process_usage;
mod verdict;

use super::crash::BUNDLED_TEXT;
use super::reconcile::{compare, not_zero};
use super::{Form, Proof, quick_campaign};
use crate::carrier::CarrierProcess;
use crate::history::{History, member};
use crate::program::fail;
use crate::server::Server;
use domain::time::Timestamp;
use night_server::{EndedServer, NightServer, NightSetup, instant_of};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Duration;
use verdict::{LoggedDials, Night, judge};

const CAMPAIGN: &str = "NIGHT";

/// The customers of the long form unless `PEOPLE=N` is given (CMP-7).
const PEOPLE: u32 = 10_000;

/// The range of `PEOPLE`: fewer do not last a night, and more exceed what one machine's carrier remembers.
const PEOPLE_ASKED: std::ops::RangeInclusive<u32> = 1_000..=10_000;

/// Two working days in Beijing, each from 09:00 to 18:00.
const EVENING: [&str; 2] = ["2026-03-02T01:00:00Z", "2026-03-02T10:00:00Z"];
const MORNING: [&str; 2] = ["2026-03-03T01:00:00Z", "2026-03-03T10:00:00Z"];

/// Dials started per second: with calls of some four seconds about 150 are open at a time.
const DIALS_PER_SECOND: u32 = 40;

/// The most concurrent calls: more than result from that.
const CONCURRENT: u64 = 300;

/// How long a server that could dial is watched while the window is closed: longer than the five seconds
/// after which customers of a killed call are due again.
const LOOKED_AT_CLOSED: Duration = Duration::from_secs(10);

/// How long after the closing a kill comes: conversations are still open.
const BEHIND_CLOSING: Duration = Duration::from_secs(1);

/// A server is started this many times the duration of its first start before it is needed.
const STARTS: u32 = 3;

/// The longest time until all are settled: two minutes, and a quarter of a second for each customer.
const SETTLED_WITHIN: Duration = Duration::from_secs(120);
const SETTLED_A_PERSON: Duration = Duration::from_millis(250);

/// The figures that must be zero.
const ZERO: &[&str] = &[
    "outside",
    "dialed_again",
    "at_once_to_one",
    "forgotten",
    "unknown_callees",
    "by_nobody",
    "over_the_days_cap",
    "legs_with_two_invites",
    "unfinished",
    "unsettled",
    "mismatched",
    "dirty_exit",
];

struct NightSize {
    people: u32,
    /// Also killed while it dials, in the evening and in the morning.
    is_killed_dialing: bool,
    /// The fewest calls open at the median INVITE. In the short form calls must only overlap: how many are
    /// open depends on how fast a loaded machine dials.
    at_once: usize,
}

impl NightSize {
    fn of(form: Form) -> Self {
        match form {
            Form::Short => Self {
                people: 240,
                is_killed_dialing: false,
                at_once: 2,
            },
            Form::Long => Self {
                people: asked_people().unwrap_or(PEOPLE),
                is_killed_dialing: true,
                at_once: 100,
            },
        }
    }

    /// Returns how long the campaign runs before the window closes: half of the customers could be dialed.
    fn evening(&self) -> Duration {
        Duration::from_secs(1) * (self.people / 2 / DIALS_PER_SECOND).max(4)
    }

    const fn kills(&self) -> u32 {
        match self.is_killed_dialing {
            true => 3,
            false => 1,
        }
    }
}

/// Returns `PEOPLE=N` of the environment, as set by `make prove-night PEOPLE=N`.
fn asked_people() -> Option<u32> {
    let asked = std::env::var_os("PEOPLE").filter(|asked| !asked.is_empty())?;
    let read = asked.into_string().ok().and_then(|asked| asked.parse().ok());
    let read = read.filter(|people| PEOPLE_ASKED.contains(people));
    Some(read.unwrap_or_else(|| fail("PEOPLE is a number from 1000 to 10000")))
}

pub(super) fn prove(form: Form) -> Proof {
    let length = NightSize::of(form);
    let folder = tempfile::tempdir().unwrap_or_else(|error| fail(&error.to_string()));
    let carrier = carrier(folder.path());
    let place = NightSetup {
        data: folder.path().join("data"),
        trunk: format!(
            "{};legs-max=400;dials-per-second={DIALS_PER_SECOND}",
            carrier.trunk()
        ),
    };
    let first_start = prepare(&place, folder.path(), length.people);
    let mut shifts = Vec::new();
    evening(&place, &length, first_start, &mut shifts);
    let is_completed = morning(&place, &length, first_start, &mut shifts);
    let history = History::read(&place.data);
    let lines = carrier.lines();
    let night = Night {
        shifts: &shifts,
        windows: [EVENING, MORNING].map(|day| day.map(instant_of)),
        phones: (0..length.people).map(phone).collect(),
        logged: (form == Form::Short).then(|| logged_dials(&history)),
    };
    let found = judge(&lines, &night);
    let disagreements = compare(&history, &lines);
    let mut line = json!({"proof": "night", "people": length.people, "kills": length.kills(),
        "completed": is_completed, "unfinished": history.unfinished().len(), "unsettled": history.unsettled(),
        "legs_with_two_invites": lines.values().filter(|line| line.invites > 1).count(),
        "cut_off": history.cut_off(), "mismatched": disagreements.wrong.len(), "events": history.events.len(),
        "dirty_exit": shifts.iter().filter(|shift| shift.is_dirty).count(),
        "never_dialed": never_dialed(&history),
        "killed_at": shifts.iter().filter(|shift| shift.is_killed).map(|shift| shift.ended.to_string()).collect::<Vec<_>>(),
        "named": disagreements.wrong.iter().chain(&found.wrong).take(10).collect::<Vec<_>>()});
    merge(&mut line, found.line());
    merge(&mut line, costs(&shifts, lines.len(), found.at_once_max));
    let holds = is_completed
        && !not_zero(&line, ZERO)
        && found.at_once >= length.at_once
        && found.evening > 0
        && found.morning > 0
        && history.cut_off() > 0;
    Proof { line, holds }
}

/// Returns the dials of the log, and which of them belong to calls that a start ended as interrupted by a
/// crash.
fn logged_dials(history: &History) -> LoggedDials {
    let crashed = |event: &&Value| {
        (member(event, "/data/disposition"), member(event, "/data/reason"))
            == (&json!("interrupted"), &json!("crash"))
    };
    let ended = history.of("call.ended").filter(crashed);
    let calls: BTreeSet<&str> = ended
        .filter_map(|event| member(event, "/subject").as_str())
        .collect();
    let mut logged = LoggedDials::default();
    for event in history.of("call.dialing") {
        let text = |pointer| member(event, pointer).as_str();
        let Some(call_id) = text("/data/sip_call_id") else {
            continue;
        };
        let stored = text("/time").and_then(|at| at.parse().ok());
        logged
            .dialed
            .extend(stored.map(|stored| (call_id.to_owned(), stored)));
        if text("/subject").is_some_and(|call| calls.contains(call)) {
            logged.interrupted.insert(call_id.to_owned());
        }
    }
    logged
}

/// Returns how the enrolments of customers that were never dialed were settled, to explain forgotten ones.
fn never_dialed(history: &History) -> BTreeMap<String, usize> {
    let of = |event: &Value| member(event, "/customer").as_str().map(str::to_owned);
    let dialed: BTreeSet<String> = history.of("call.dialing").filter_map(of).collect();
    let mut reasons = BTreeMap::new();
    for settled in history.of("customer.enrolment_settled") {
        if of(settled).is_some_and(|customer| !dialed.contains(&customer)) {
            let reason = member(settled, "/data/disposition").as_str().unwrap_or("?");
            *reasons.entry(reason.to_owned()).or_default() += 1;
        }
    }
    reasons
}

fn merge(line: &mut Value, more: Value) {
    if let (Some(line), Value::Object(more)) = (line.as_object_mut(), more) {
        line.extend(more);
    }
}

/// Starts a carrier: nearly all its callees answer, hear a part of the robot's text and hang up; the others
/// refuse with final results.
fn carrier(folder: &Path) -> CarrierProcess {
    let profile = folder.join("people.json");
    let text = json!({
        "weights": {"hangs_up_midway": 84, "answers_and_goes": 4, "busy": 6, "declines": 3, "vacant": 3},
        "post_dial_delay_ms": {"min": 20, "max": 60},
        "ring_ms": {"min": 100, "max": 600},
        "patience_ms": {"min": 2_500, "max": 4_500},
    });
    std::fs::write(&profile, text.to_string()).unwrap_or_else(|error| fail(&error.to_string()));
    CarrierProcess::start(folder, 7, &["--profile", &profile.to_string_lossy()])
}

fn phone(index: u32) -> String {
    format!("1380{index:07}")
}

/// Creates the campaign and imports its customers, by a server that then ends. Returns how long its start
/// took.
fn prepare(place: &NightSetup, folder: &Path, people: u32) -> Duration {
    let shift = NightServer::start(place, instant_of(EVENING[0]));
    let retry = json!({"waits_ms": [5_000], "retries_max": 1});
    let mut body = quick_campaign(CAMPAIGN);
    merge(
        &mut body,
        json!({"script_template": BUNDLED_TEXT, "ends_at": MORNING[1],
        "schedule": {"start_time": "09:00", "end_time": "18:00", "max_concurrent": CONCURRENT},
        "retry_policy": {"retries_max": 1, "uncharged_max": 3, "rules": {"interrupted": retry}}}),
    );
    shift.server.must_post("/api/v1/campaigns", &body);
    let list = list(folder, people).to_string_lossy().into_owned();
    let import = shift
        .server
        .run_json(&["import", &list, "--campaign", CAMPAIGN, "--json"]);
    match import {
        Ok((_, report)) if report.get("enrolled") == Some(&json!(people)) => {}
        other => fail(&format!("the customers are not enrolled: {other:?}")),
    }
    let took = shift.start_took;
    shift.end();
    took
}

fn list(folder: &Path, people: u32) -> PathBuf {
    let rows = (0..people).map(|index| format!("N{index:07},{}\n", phone(index)));
    let file = folder.join("people.csv");
    let text: String = std::iter::once("customer_id,phone\n".to_owned())
        .chain(rows)
        .collect();
    std::fs::write(&file, text).unwrap_or_else(|error| fail(&error.to_string()));
    file
}

/// Runs the evening until after the closing, with a kill then.
fn evening(place: &NightSetup, length: &NightSize, first_start: Duration, shifts: &mut Vec<EndedServer>) {
    let closing = instant_of(EVENING[1]);
    let begins = before(closing, length.evening());
    let mut shift = NightServer::start(place, before(begins, first_start * STARTS));
    shift.wait_until(begins);
    start_campaign(&shift.server);
    if length.is_killed_dialing {
        shift.wait_until(before(closing, length.evening() / 2));
        shifts.push(shift.kill());
        shift = NightServer::start(place, begins);
    }
    shift.wait_until(closing.plus(BEHIND_CLOSING));
    shifts.push(shift.kill());
    if length.is_killed_dialing {
        let shift = NightServer::start(place, closing);
        shift.goes_on_for(LOOKED_AT_CLOSED);
        shifts.push(shift.end());
    }
}

fn start_campaign(server: &Server) {
    server.must_post(&format!("/api/v1/campaigns/{CAMPAIGN}/start"), &json!({}));
}

/// Runs the morning from before the opening until all are settled. Returns false if that takes too long.
fn morning(
    place: &NightSetup,
    length: &NightSize,
    first_start: Duration,
    shifts: &mut Vec<EndedServer>,
) -> bool {
    let opening = instant_of(MORNING[0]);
    let begins = before(opening, first_start * STARTS);
    let mut shift = NightServer::start(place, begins);
    if length.is_killed_dialing {
        shift.wait_until(opening.plus(length.evening() / 2));
        shifts.push(shift.kill());
        shift = NightServer::start(place, begins);
    }
    let within = SETTLED_WITHIN + SETTLED_A_PERSON * length.people;
    let is_completed = shift.server.is_done_for_the_day(CAMPAIGN, within);
    shifts.push(shift.end());
    is_completed
}

fn before(at: Timestamp, by: Duration) -> Timestamp {
    at.minus_ms(u64::try_from(by.as_millis()).unwrap_or(u64::MAX))
}

/// Returns what the servers of the night used, in total and per dialed call.
fn costs(shifts: &[EndedServer], calls: usize, at_once_max: usize) -> Value {
    let calls = u64::try_from(calls).unwrap_or(u64::MAX).max(1);
    let at_once = u64::try_from(at_once_max).unwrap_or(u64::MAX).max(1);
    let sum = |pick: fn(&EndedServer) -> u64| shifts.iter().map(pick).sum::<u64>();
    let written = sum(|shift| shift.used.written_bytes);
    let processor_ms = sum(|shift| shift.used.processor_ms);
    let resident_kb = shifts.iter().map(|shift| shift.used.resident_kb_max).max();
    let grown_kb = shifts.iter().map(|shift| shift.used.grown_kb()).max();
    json!({
        "seconds": sum(|shift| shift.seconds()),
        "written_bytes": written,
        "written_bytes_a_call": written / calls,
        "processor_ms_a_call": processor_ms / calls,
        "resident_kb_max": resident_kb,
        "resident_kb_a_call_at_once": grown_kb.unwrap_or(0) / at_once,
    })
}
