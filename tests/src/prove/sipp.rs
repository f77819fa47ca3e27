//! The dialing side against somebody else's SIP stack: Debian's sip-tester answers, one scenario a row.
//!
//! Each row places one call with `ledgerline trunk call` and compares the `call.ended` it prints, and what
//! sipp itself counted, with what the scenario must lead to.

use super::{Form, Proof, skipped};
use crate::history::member;
use crate::program::{Program, command, free_port, is_installed, run_json};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// One scenario of `fixtures/sip/`, and how its call must end.
struct Row {
    name: &'static str,
    file: &'static str,
    disposition: &'static str,
    /// Further trunk parameters.
    trunk: &'static str,
    late: bool,
}

const fn row(name: &'static str, file: &'static str, disposition: &'static str) -> Row {
    Row {
        name,
        file,
        disposition,
        trunk: "",
        late: false,
    }
}

const ROWS: &[Row] = &[
    row(
        "answer, BYE from the callee",
        "answer_bye_from_callee.xml",
        "answered",
    ),
    row("answer, BYE from us", "answer_bye_from_us.xml", "answered"),
    row("busy", "busy.xml", "busy"),
    row("decline", "decline.xml", "rejected"),
    Row {
        trunk: ";first-response=4s",
        ..row("no reply", "no_reply.xml", "trunk_timeout")
    },
    Row {
        trunk: ";user=robot;password=s3cret",
        ..row("401", "challenge_401.xml", "answered")
    },
    Row {
        trunk: ";user=robot;password=s3cret",
        ..row("407 with a stale nonce", "challenge_407_stale.xml", "answered")
    },
    Row {
        trunk: ";ring-timeout=2s",
        ..row("CANCEL at ring time-out", "ring_timeout.xml", "no_answer")
    },
    Row {
        trunk: ";ring-timeout=2s",
        late: true,
        ..row("200 crossing CANCEL", "crossing_200.xml", "no_answer")
    },
    row("183, then answer", "early_media_answer.xml", "answered"),
];

fn scenario(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../fixtures/sip")
        .join(file)
}

/// sipp as a called party for exactly one call.
fn sipp(folder: &Path, file: &str, port: u16) -> Program {
    let mut sipp = command("sipp");
    sipp.current_dir(folder).arg("-sf").arg(scenario(file));
    sipp.args([
        "-i",
        "127.0.0.1",
        "-p",
        &port.to_string(),
        "-m",
        "1",
        "-timeout",
        "60s",
        "-nostdin",
        "-trace_err",
    ]);
    Program::start(sipp)
}

fn prove_row(row: &Row) -> (Value, bool) {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let port = free_port();
    let mut peer = sipp(folder.path(), row.file, port);
    let trunk = format!("sip:127.0.0.1:{port}{}", row.trunk);
    let data = folder.path().join("data").to_string_lossy().into_owned();
    let ended = run_json(&[
        "trunk",
        "call",
        "13800138000",
        "--trunk",
        &trunk,
        "--data",
        &data,
        "--json",
    ]);
    let no_reply = row.disposition == "trunk_timeout";
    let peer_ended = peer.wait(Duration::from_secs(if no_reply { 1 } else { 15 }));
    let peer_ok = no_reply || peer_ended.is_some_and(|status| status.success());
    match ended {
        Ok((_, ended)) => {
            let found = member(&ended, "/disposition").as_str().unwrap_or("").to_owned();
            let late = member(&ended, "/late_answer") == true;
            let holds = found == row.disposition && late == row.late && peer_ok;
            (
                json!({"scenario": row.name, "disposition": found, "late_answer": late, "peer_ok": peer_ok, "holds": holds}),
                holds,
            )
        }
        Err(error) => (
            json!({"scenario": row.name, "error": error, "holds": false}),
            false,
        ),
    }
}

pub(crate) fn prove(_form: Form) -> Proof {
    if !is_installed("sipp") {
        return skipped("sipp", "sip-tester is not installed (apt-get install sip-tester)");
    }
    // Each row has its own peer, ports and directory, so they run side by side.
    let rows: Vec<(Value, bool)> = std::thread::scope(|scope| {
        let running: Vec<_> = ROWS.iter().map(|row| scope.spawn(|| prove_row(row))).collect();
        let lost = || (json!({"error": "the row did not end"}), false);
        running
            .into_iter()
            .map(|row| row.join().unwrap_or_else(|_| lost()))
            .collect()
    });
    let holds = rows.iter().all(|(_, holds)| *holds);
    let rows: Vec<Value> = rows.into_iter().map(|(row, _)| row).collect();
    Proof {
        line: json!({"proof": "sipp", "rows": rows}),
        holds,
    }
}
