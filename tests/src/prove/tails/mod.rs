//! Proof about a log that lost its tail: with the proofs, views and keys of the whole log it is refused, or
//! nothing is dialed until a user confirms, whichever of the three are left, on both stores.
//!
//! Each log was cut when all customers were due; after that all were called. If a server dials on it, the
//! carrier notices. One case is confirmed at the end, and then customers are dialed, which shows that the
//! check works.

mod installation;

use super::{Form, Proof, short_call_customers};
use crate::carrier::CarrierProcess;
use crate::history::{History, member};
use crate::passing_time::HUNG_AFTER;
use crate::postgres::PostgresServer;
use crate::program::{command, fail, ledgerline, run, run_json};
use crate::server::{REHEARSAL, Server};
use installation::{CompletedInstallation, LOG_FILES, end, lay_out, make, remove, serve};
use serde_json::json;
use std::path::Path;
use std::time::Duration;

/// The carrier's seed.
const SEED: u64 = 11;

/// How long a paused server is watched: a dialer that is not held back sends its first INVITE within this
/// many milliseconds of being ready, as the control shows.
const LISTEN: Duration = Duration::from_millis(1_500);

/// The parts of the whole log's directory that are left beside the older log.
struct Case {
    name: &'static str,
    removed: &'static [&'static str],
    known_by: &'static str,
}

/// The case of a crashed server that lost only the write-ahead log.
const LOST_WAL: Case = Case {
    name: "lost write-ahead log",
    removed: &["events.db-wal", "events.db-shm"],
    known_by: "checkpoint",
};

const CASES: &[Case] = &[
    Case {
        name: "older log, newer proofs, fresh rows",
        removed: &["views.db", "views.db-wal", "views.db-shm"],
        known_by: "checkpoint",
    },
    Case {
        name: "older log, newer rows, no proofs",
        removed: &["proof"],
        known_by: "view",
    },
    Case {
        name: "older log, newer proofs and rows",
        removed: &[],
        known_by: "checkpoint",
    },
];

#[derive(Default)]
struct TailResults {
    paused: u32,
    refused: u32,
    confirmed_invites: usize,
    wrong: Vec<String>,
}

/// Runs this proof and another one in parallel, with a carrier each, and adds its result to the other's.
pub(crate) fn join(beside: impl FnOnce() -> Proof + Send, form: Form) -> Proof {
    let (beside, (found, cases, stores)) = std::thread::scope(|scope| {
        let begun = scope.spawn(beside);
        let own = tails(form);
        let beside = begun.join();
        (
            beside.unwrap_or_else(|_| fail("the proof beside could not be played to its end")),
            own,
        )
    });
    let Proof { mut line, holds } = beside;
    let holds =
        holds && found.wrong.is_empty() && found.paused == cases * stores + 1 && found.confirmed_invites > 0;
    let tails = json!({"paused": found.paused, "refused": found.refused, "stores": stores,
        "invites_after_confirmation": found.confirmed_invites, "wrong": found.wrong});
    if let Some(members) = line.as_object_mut() {
        members.insert("tails".to_owned(), tails);
    }
    Proof { line, holds }
}

/// Runs the proof. Returns the result, and the number of cases and stores.
fn tails(form: Form) -> (TailResults, u32, u32) {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let carrier = short_call_customers::carrier(form, folder.path(), SEED);
    let mut found = TailResults::default();
    let made = make(folder.path(), "tail", None, &carrier);
    let cases = match form {
        Form::Short => CASES.get(..2).unwrap_or(CASES),
        Form::Long => CASES,
    };
    for (index, case) in cases.iter().enumerate() {
        try_case(&made, case, index, &carrier, &mut found);
    }
    try_lost_wal(&made, &carrier, &mut found);
    try_missing(&made, &mut found);
    let server = if form == Form::Long {
        PostgresServer::start()
    } else {
        None
    };
    if let Some(server) = &server {
        let shared = make(folder.path(), "shared", Some(server), &carrier);
        for (index, case) in cases.iter().enumerate() {
            try_case(&shared, case, index, &carrier, &mut found);
        }
    }
    let stores = 1 + u32::from(server.is_some());
    (found, u32::try_from(cases.len()).unwrap_or(0), stores)
}

fn try_case(
    made: &CompletedInstallation,
    case: &Case,
    index: usize,
    carrier: &CarrierProcess,
    found: &mut TailResults,
) {
    let data = lay_out(made, case);
    try_laid_out(&data, made, case, index, carrier, found);
}

fn try_lost_wal(made: &CompletedInstallation, carrier: &CarrierProcess, found: &mut TailResults) {
    for name in LOST_WAL.removed.iter().chain(&["lock"]) {
        remove(&made.killed_data, name);
    }
    try_laid_out(&made.killed_data, made, &LOST_WAL, CASES.len(), carrier, found);
}

fn try_laid_out(
    data: &Path,
    made: &CompletedInstallation,
    case: &Case,
    index: usize,
    carrier: &CarrierProcess,
    found: &mut TailResults,
) {
    let store = made.older_stores.get(index).map(String::as_str);
    let confirms = index == 0;
    let old = std::fs::read_to_string(data.join("proof/checkpoint")).unwrap_or_default();
    let before = carrier.lines().len();
    let server = serve(data, store, Some(&carrier.trunk()));
    let ready = server.get("/readyz").map(|reply| reply.body).unwrap_or_default();
    let is_paused = member(&ready, "/dialing") == "paused-history-lost"
        && member(&ready, "/history_lost/known_by") == case.known_by
        && member(&ready, "/history_lost/since").is_string();
    // A dial ends the wait at once.
    carrier.has_more_than(before, LISTEN);
    let invites = carrier.lines().len() - before;
    if is_paused && invites == 0 {
        found.paused += 1;
    } else {
        let why = format!("{} ({store:?}): {invites} INVITEs, {ready}", case.name);
        found.wrong.push(why);
    }
    hold_alert(&server, case, found);
    if confirms {
        found.confirmed_invites += confirm(data, store, &server, carrier, before, found);
    }
    end(server);
    hold_proofs(data, &old, case, found);
    hold_doctor(data, store, case, confirms, found);
    // The loss is recorded once: the next start on a shared log finds the event.
    let lost = history(data, store).of("installation.history_lost").count();
    if lost == 0 {
        found.wrong.push(format!("{}: nothing is on record", case.name));
    }
}

fn history(data: &Path, store: Option<&str>) -> History {
    match store {
        Some(url) => History::read_store(url),
        None => History::read(data),
    }
}

fn hold_alert(server: &Server, case: &Case, found: &mut TailResults) {
    let standing = "/api/v1/alerts?standing=true&rule=history_lost";
    let is_raised = server.is_so_after_events("kind=alert.raised", standing, HUNG_AFTER, |alerts| {
        member(alerts, "/items/0/rule") == "history_lost"
    });
    if !is_raised {
        found.wrong.push(format!("{}: no alert is raised", case.name));
    }
}

/// The control: after a user's confirmation the customers that are due in the older log are dialed.
fn confirm(
    data: &Path,
    store: Option<&str>,
    server: &Server,
    carrier: &CarrierProcess,
    before: usize,
    found: &mut TailResults,
) -> usize {
    let data = data.display().to_string();
    let said = run(&[
        "backup",
        "confirm",
        "--data",
        &data,
        "--reason",
        "the carrier's records were compared",
    ]);
    if !said.status.success() {
        let why = String::from_utf8_lossy(&said.stderr).into_owned();
        found.wrong.push(format!("confirm ({store:?}): {why}"));
    }
    let dialed = carrier.until(HUNG_AFTER, |lines| {
        let count = lines.len() - before;
        (count > 0).then_some(count)
    });
    let standing = server.get("/readyz").map(|reply| reply.body).unwrap_or_default();
    if member(&standing, "/dialing") != "dialing" {
        found.wrong.push(format!("after the confirmation: {standing}"));
    }
    dialed.unwrap_or(0)
}

/// Checks that the proofs signed before are kept unchanged, and that new ones have another origin.
fn hold_proofs(data: &Path, old: &str, case: &Case, found: &mut TailResults) {
    if old.is_empty() || case.known_by != "checkpoint" {
        return;
    }
    let folders = std::fs::read_dir(data.join("proof/earlier"))
        .into_iter()
        .flatten()
        .flatten();
    let kept = folders.map(|folder| std::fs::read_to_string(folder.path().join("checkpoint")));
    if !kept.filter_map(Result::ok).any(|text| text == old) {
        found
            .wrong
            .push(format!("{}: the old checkpoint is not kept", case.name));
    }
    let new = std::fs::read_to_string(data.join("proof/checkpoint")).unwrap_or_default();
    if new.is_empty() || new.lines().next() == old.lines().next() {
        found.wrong.push(format!(
            "{}: the origin is still {:?}",
            case.name,
            new.lines().next()
        ));
    }
}

fn hold_doctor(data: &Path, store: Option<&str>, case: &Case, confirmed: bool, found: &mut TailResults) {
    let data = data.display().to_string();
    let mut args = vec!["doctor", "--json", "--data", &data];
    if let Some(store) = store {
        args.extend(["--store", store]);
    }
    let said = run_json(&args).map(|(_, said)| said).unwrap_or_default();
    let checks = said.get("checks").and_then(|checks| checks.as_array());
    let of_history = checks
        .into_iter()
        .flatten()
        .find(|one| member(one, "/check") == "history");
    let is_lost = of_history.is_some_and(|one| {
        member(one, "/finding") == "bad" && member(one, "/says").to_string().contains("LOST since")
    });
    if is_lost == confirmed {
        found
            .wrong
            .push(format!("{}: doctor says {of_history:?}", case.name));
    }
}

/// Checks a missing log beside its keys, proofs and recordings: nothing is created, and the error says what
/// to do.
fn try_missing(made: &CompletedInstallation, found: &mut TailResults) {
    for (name, removed) in [
        ("no log", &[][..]),
        ("no log and no rows", &["views.db", "proof"][..]),
    ] {
        let case = Case {
            name,
            removed,
            known_by: "",
        };
        let data = lay_out(made, &case);
        for file in LOG_FILES {
            remove(&data, file);
        }
        let data_text = data.display().to_string();
        let mut program = command("timeout");
        program
            .arg("20")
            .arg(ledgerline())
            .args(["serve", "--data", &data_text]);
        program.args(["--rehearse-at", REHEARSAL, "--http", "127.0.0.1:0"]);
        let output = program.output().expect("coreutils has timeout");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        let is_refused = output.status.code() == Some(3) && said.contains("backup restore");
        if is_refused && !data.join("events.db").exists() {
            found.refused += 1;
        } else {
            found
                .wrong
                .push(format!("{name}: {:?}, {said}", output.status.code()));
        }
    }
}
