//! Proof of the reasons that pause dialing: each one is produced on a real server by its real cause, and each
//! output gives its code, or is listed as not reachable with the reason.
//!
//! The outputs are `/readyz`, `GET /api/v1/dialing`, `doctor --server --json` and the metric
//! `ledgerline_dialing_paused`. The console reads `GET /api/v1/dialing`.

mod campaigns;
mod data_scope;
mod engines;
mod machine;
mod outputs;
mod processes;
mod scene;
mod stops;
mod storage;
mod trunks;

use super::{Form, Proof};
use crate::program::command;
use domain::dialing_pause::PauseCode;
use outputs::PauseTable;
use serde_json::json;
use std::os::unix::fs::MetadataExt;
use std::process::Stdio;

/// One group of reasons, produced on servers of its own.
type PauseCase = fn(&mut PauseTable);

/// The cases of both forms: each needs a few seconds.
const QUICK: [PauseCase; 7] = [
    processes::without_trunk,
    processes::draining,
    stops::engaged,
    trunks::expired_callers,
    campaigns::outside_hours,
    campaigns::held_by_people,
    data_scope::limited_user,
];

/// The cases of the long form alone.
const SLOW: [PauseCase; 14] = [
    processes::standing_by,
    processes::restored,
    processes::history_lost,
    storage::damaged_log,
    storage::database_away,
    storage::views_locked,
    machine::without_descriptors,
    machine::wrong_clock,
    trunks::one_failing,
    trunks::exhausted_callers,
    campaigns::stopped_by_system,
    campaigns::stage_and_due,
    campaigns::full_quota,
    engines::dead_recognizer,
];

pub(crate) fn prove(form: Form) -> Proof {
    let mut table = PauseTable::default();
    for case in QUICK {
        case(&mut table);
    }
    if form == Form::Long {
        for case in SLOW {
            case(&mut table);
        }
        on_full_disk(&mut table);
        for code in PauseCode::ALL {
            table.require(*code);
        }
    }
    table.proof()
}

/// Runs the case of the full disk in a mount namespace of its own, in which a small disk can be mounted.
fn on_full_disk(table: &mut PauseTable) {
    let mut namespace = vec!["--mount"];
    if std::fs::metadata("/proc/self").map_or(0, |own| own.uid()) != 0 {
        namespace.extend(["--user", "--map-root-user"]);
    }
    let can = command("unshare")
        .args(&namespace)
        .args(["sh", "-c", "mount -t tmpfs -o size=1m tmpfs /mnt"])
        .stderr(Stdio::null())
        .status();
    if !can.is_ok_and(|status| status.success()) {
        table.skip(
            PauseCode::DiskFull,
            "no tmpfs can be mounted in a namespace of its own",
        );
        return;
    }
    let own = std::env::current_exe().expect("a running program has a path");
    let mut inside = command("unshare");
    inside.args(&namespace).arg(own).arg("paused-inside");
    let output = inside.stderr(Stdio::inherit()).output();
    let text = output.map(|output| output.stdout).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let line = text.lines().next_back().unwrap_or("");
    table.join(&serde_json::from_str(line).unwrap_or_else(|_| json!({ "wrong": [line] })));
}

/// The case of the full disk, in its mount namespace.
pub(crate) fn prove_inside(_: Form) -> Proof {
    let mut table = PauseTable::default();
    machine::full_disk(&mut table);
    table.proof()
}
