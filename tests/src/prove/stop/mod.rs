//! Proof of the emergency stop under load, on the real program: a second after the stop nothing is dialed and
//! nothing rings, no conversation is cut off unless the stop says so, and after the lift dialing resumes. The
//! second is judged in the long form. The short form holds each stop until no call rings, and judges that no
//! call is dialed after that. Most of its callees do not answer until the call is canceled, so that a call
//! that ends by its ring timeout is one that the stop missed.
//!
//! The result is taken from the log, by the time at which the store made each event durable.

mod verdict;

use super::{Form, Proof, quick_campaign, records};
use crate::carrier::CarrierProcess;
use crate::direct_log::read_whole_log;
use crate::history::member;
use crate::passing_time::HUNG_AFTER;
use crate::program::{fail, instant};
use crate::server::Server;
use domain::stored_event::StoredEvent;
use serde_json::json;
use std::path::Path;
use std::time::Duration;
use verdict::{LoggedEvent, MARK, StopResults};

/// The campaign that is stopped.
const CAMPAIGN: &str = "STOPPED";
/// The name of the trunk.
const TRUNK: &str = "rehearsal";
/// The carrier's seed.
const SEED: u64 = 7;
/// How long a stop is held: longer than the time within which it must act.
const HELD: Duration = Duration::from_millis(2_500);
/// The longest wait for the load, and for canceled calls to end; a busy machine needs most of it.
const LOAD: Duration = Duration::from_secs(300);
/// The number of customers that the load before one stop needs.
const PEOPLE_A_STOP: u32 = 600;
/// The scopes of the stops, in turn.
const SCOPES: [(&str, Option<&str>); 4] = [
    ("all", None),
    ("trunk", Some(TRUNK)),
    ("campaign", Some(CAMPAIGN)),
    ("preset", Some("cn-service")),
];
/// Every so many stops one hangs up as well. Not a multiple of the number of scopes, so that each scope gets
/// one.
const HANG_UP_EACH: u32 = 3;
/// The calls in flight when a stop is engaged (the requirement), and how many of them must be connected.
const IN_FLIGHT: u64 = 200;
const TALKING: u64 = 5;
/// The most concurrent calls of the campaign: a little more than must be in flight.
const CONCURRENT: u64 = 230;
/// The ring timeout of the short form: the longest time to an answer, which also applies to calls that do not
/// ring yet. Within it a slow machine gets enough calls in flight.
const RINGS_ON_MS: u32 = 120_000;

/// A stop that was engaged, with the time of its response.
struct MeasuredStop {
    stop: String,
    hang_up: bool,
    in_flight: u64,
    answered_ms: u64,
}

pub(crate) fn prove(form: Form) -> Proof {
    let stops_of_each: usize = match form {
        Form::Short => 1,
        Form::Long => 20,
    };
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let carrier = slow_people(folder.path(), form);
    let data = folder.path().join("data");
    let trunk = format!(
        "{};name={TRUNK};legs-max=400;dials-per-second=60",
        carrier.trunk()
    );
    let mut server = Server::start(&data, &trunk);
    add_campaign(&server, form);
    let mut ordered = Vec::new();
    let mut broken = Vec::new();
    // All lists are imported before the start: the stop is timed, not an import beside it.
    for (salt, _) in (0..).zip(0..=SCOPES.len() * stops_of_each) {
        add_people(&server, salt);
    }
    server.must_post(&format!("/api/v1/campaigns/{CAMPAIGN}/start"), &json!({}));
    let all = (0..stops_of_each).flat_map(|_| SCOPES);
    for (index, (scope, id)) in (1..).zip(all) {
        if let Some(in_flight) = loaded(&server, IN_FLIGHT, TALKING) {
            ordered.push(stop_once(&server, form, (scope, id), index, in_flight));
        } else {
            broken.push(format!("before stop {index} there were never {IN_FLIGHT} calls"));
            break;
        }
    }
    // After the last lift dialing must resume.
    let goes_on = loaded(&server, IN_FLIGHT / 4, 0).is_some();
    server.program.signal("TERM");
    let stopped = server.program.wait(HUNG_AFTER);
    let found = StopResults::read(events(&data), form);
    broken.extend(found.broken.iter().cloned());
    let done = ordered.len() == SCOPES.len() * stops_of_each && found.stops == ordered.len();
    // Without conversations nothing about them would be proved.
    let both = found.hung_up > 0 && found.let_finish > 0;
    let holds =
        done && both && goes_on && broken.is_empty() && stopped.is_some_and(|status| status.success());
    let line = json!({
        "proof": "stop",
        "stops": found.stops,
        "of_each_scope": stops_of_each,
        "in_flight_min": ordered.iter().map(|one| one.in_flight).min(),
        "answered_ms_max": ordered.iter().map(|one| one.answered_ms).max(),
        "last_dial_ms_max": found.last_dial_ms,
        "last_cancel_ms_max": found.last_cancel_ms,
        "last_hangup_ms_max": found.last_hangup_ms,
        "canceled": found.canceled,
        "conversations_let_finish": found.let_finish,
        "conversations_hung_up": found.hung_up,
        "slowest": ordered.iter().max_by_key(|one| one.answered_ms).map(|one| json!({"stop": one.stop,
            "hang_up": one.hang_up, "ms": one.answered_ms})),
        "goes_on_once_lifted": goes_on,
        "dirty_exit": usize::from(!stopped.is_some_and(|status| status.success())),
        "broken": broken.iter().take(20).collect::<Vec<_>>(),
    });
    Proof { line, holds }
}

/// Starts a carrier: most of its callees do not answer; some are connected. A callee that rings is refused by
/// the carrier after four seconds; in the short form most calls are in progress until they are canceled.
fn slow_people(folder: &Path, form: Form) -> CarrierProcess {
    let profile = folder.join("people.json");
    let weights = match form {
        Form::Short => json!({"only_trying": 60, "no_answer": 20, "says_nothing": 12, "presses_key": 8}),
        Form::Long => json!({"no_answer": 80, "says_nothing": 12, "presses_key": 8}),
    };
    let text = json!({"weights": weights, "ring_ms": {"min": 3_000, "max": 4_000}});
    std::fs::write(&profile, text.to_string()).expect("a profile can be written");
    CarrierProcess::start(folder, SEED, &["--profile", &profile.to_string_lossy()])
}

fn add_campaign(server: &Server, form: Form) {
    let mut campaign = quick_campaign(CAMPAIGN);
    if let Some(concurrent) = campaign.pointer_mut("/schedule/max_concurrent") {
        *concurrent = json!(CONCURRENT);
    }
    if let Some(rings) = campaign.pointer_mut("/ring_timeout_ms")
        && form == Form::Short
    {
        *rings = json!(RINGS_ON_MS);
    }
    server.must_post("/api/v1/campaigns", &campaign);
}

fn add_people(server: &Server, salt: u32) {
    let list = json!({"task_id": CAMPAIGN, "records": records(PEOPLE_A_STOP, salt)});
    server.must_post("/api/v1/tasks/data", &list);
}

/// Waits for so many calls in flight, and so many connected. Returns the number in flight.
fn loaded(server: &Server, wanted: u64, talking: u64) -> Option<u64> {
    server.follow_figures(LOAD, |figures| {
        let count = |place: &str| member(figures, &format!("/open/{place}")).as_u64().unwrap_or(0);
        let in_flight = count("dialing") + count("ringing") + count("talking");
        (in_flight >= wanted && count("talking") >= talking).then_some(in_flight)
    })
}

/// Waits until no call rings, and none is connected if the stop hangs up. Then writes the mark.
fn mark_the_end(server: &Server, hang_up: bool, index: u32) {
    let is_over = server.follow_figures(LOAD, |figures| {
        // A stage without calls is absent.
        let is_none = |place: &str| member(figures, &format!("/open/{place}")).is_null();
        let is_over = is_none("dialing") && is_none("ringing") && (!hang_up || is_none("talking"));
        (is_over && member(figures, "/open").is_object()).then_some(())
    });
    if is_over.is_none() {
        fail(&format!("under stop {index} calls still ring after {LOAD:?}"));
    }
    let number = format!("/api/v1/numbers/139{index:08}/suppress");
    server.must_post(&number, &json!({"reason": MARK}));
}

/// Engages a stop of this scope and id, holds it, and lifts it.
fn stop_once(
    server: &Server,
    form: Form,
    scope_and_id: (&str, Option<&str>),
    index: u32,
    in_flight: u64,
) -> MeasuredStop {
    let (scope, id) = scope_and_id;
    let hang_up = index % HANG_UP_EACH == 1;
    let mut order = json!({"scope": scope, "reason": "a proof", "hang_up": hang_up, "id": id});
    if let Some(members) = order.as_object_mut() {
        members.retain(|_, value| !value.is_null());
    }
    let began = instant();
    let reply = server.must_post("/api/v1/stop", &order);
    let answered_ms = u64::try_from((instant() - began).as_millis()).unwrap_or(u64::MAX);
    let stop = member(&reply.body, "/stop")
        .as_str()
        .unwrap_or_default()
        .to_owned();
    let listed = server
        .get("/api/v1/stop")
        .map(|reply| member(&reply.body, "/items/0/stop") == &json!(stop));
    if listed != Ok(true) {
        fail(&format!("{stop} is engaged and not listed"));
    }
    if form == Form::Short {
        mark_the_end(server, hang_up, index);
    }
    if let Some(why) = server.says_not_ready(HELD) {
        fail(&format!("under {stop} it is not ready: {why}"));
    }
    server.must_post(
        "/api/v1/stop/lift",
        &json!({"stop": stop, "reason": "the proof goes on"}),
    );
    MeasuredStop {
        stop,
        hang_up,
        in_flight,
        answered_ms,
    }
}

/// Returns every event of a log, with the time at which it was made durable.
fn events(data: &Path) -> Vec<LoggedEvent> {
    let seen = |stored: StoredEvent| {
        let envelope = stored.envelope().expect("a record of ours");
        LoggedEvent {
            kind: envelope.kind,
            stream: envelope.stream.to_string(),
            ms: u64::try_from(stored.recorded_at.micros() / 1_000).unwrap_or_default(),
            data: serde_json::from_str(envelope.data.get()).expect("data is JSON"),
        }
    };
    read_whole_log(data).into_iter().map(seen).collect()
}
