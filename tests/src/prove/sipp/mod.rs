//! Proof of the dialing side with an external SIP stack: Debian's sip-tester answers, one scenario per row.
//!
//! Each row places one call with `ledgerline trunk call` and compares the `call.ended` that it prints, and
//! sipp's own counts, with the expected result.

mod crash_while_ringing;
mod inbound_calls;
mod keys;
mod other_hosts;
mod packets;

use super::{Form, Proof, skipped};
use crate::history::member;
use crate::passing_time::HUNG_AFTER;
use crate::program::{Program, command, free_port, is_installed, run_json};
use serde_json::{Value, json};
use std::panic::AssertUnwindSafe;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

/// One scenario of `fixtures/sip/`, and how its call must end.
struct Row {
    name: &'static str,
    file: &'static str,
    disposition: &'static str,
    /// Further trunk parameters.
    trunk: &'static str,
    late: bool,
    /// The `cause` of the end; empty: none.
    cause: &'static str,
    /// The shortest conversation: a silent far end listens to the robot.
    talk_ms_min: u64,
}

const fn row(name: &'static str, file: &'static str, disposition: &'static str) -> Row {
    Row {
        name,
        file,
        disposition,
        trunk: "",
        late: false,
        cause: "",
        talk_ms_min: 0,
    }
}

/// An answered call without audio is `answered_short` if it lasted less than this, in milliseconds. A slow
/// machine can make it longer.
const SHORT_BELOW_MS: u64 = 1_000;
/// The time until the robot's menu has been played once: notices of 3.4 s, a text of 5.7 s, a menu of 4.2 s.
const SPOKEN_MS: u64 = 13_000;
/// The time until the menu has been played twice.
const SPOKEN_TWICE_MS: u64 = 22_000;

const ROWS: &[Row] = &[
    row(
        "answer, BYE from the callee",
        "answer_bye_from_callee.xml",
        "answered",
    ),
    // sipp sends no audio: by default that ends a call 60 s after the robot's last prompt, and the flow ends
    // before.
    Row {
        talk_ms_min: SPOKEN_TWICE_MS,
        ..row("answer, BYE from us", "answer_bye_from_us.xml", "answered")
    },
    row("busy", "busy.xml", "busy"),
    row("decline", "decline.xml", "rejected"),
    Row {
        trunk: ";first-response=4s",
        ..row("no reply", "no_reply.xml", "trunk_timeout")
    },
    Row {
        trunk: ";user=robot;password=s3cret;silence=3s",
        cause: "media_silent",
        ..row("401", "challenge_401.xml", "answered")
    },
    Row {
        trunk: ";user=robot;password=s3cret;silence=3s",
        cause: "media_silent",
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
    Row {
        trunk: ";silence=3s",
        cause: "media_silent",
        ..row("183, then answer", "early_media_answer.xml", "answered")
    },
    Row {
        trunk: ";silence=1500ms",
        cause: "media_silent",
        talk_ms_min: SPOKEN_MS,
        ..row(
            "silence of RTP while the robot speaks and after",
            "answer_bye_from_us.xml",
            "answered",
        )
    },
    Row {
        trunk: ";silence=1500ms",
        ..row("hold for longer than the silence", "hold.xml", "answered")
    },
    row("200 of several parts", "multipart_answer.xml", "answered"),
    row(
        "re-INVITE and UPDATE of several parts",
        "multipart_in_dialog.xml",
        "answered_short",
    ),
    row(
        "re-INVITE with audio and video",
        "audio_and_video.xml",
        "answered_short",
    ),
    row("BYE without a From tag", "bye_without_from_tag.xml", "answered"),
    Row {
        trunk: ";from=02088886666;from-domain=ims.example.com;identity=pai;user=phone",
        ..row("P-Asserted-Identity", "identity_asserted.xml", "busy")
    },
    Row {
        trunk: ";from=02088886666;from-domain=ims.example.com;identity=ppi;user=phone",
        ..row("P-Preferred-Identity", "identity_preferred.xml", "busy")
    },
    Row {
        trunk: ";nat=yes;silence=1s",
        cause: "media_silent",
        ..row("private Contact, BYE from us", "private_contact.xml", "answered")
    },
];

/// A scenario with a peer of its own: returns its figures and whether it holds.
type StagedScenario = fn(Form) -> (Value, bool);

/// Scenarios that need more than a call and its end: each returns its result, and whether it holds.
const STAGED: &[StagedScenario] = &[
    |_| keys::early_opt_out(),
    |_| inbound_calls::check_inbound_responses(),
    crash_while_ringing::check_crash_on_digest_trunk,
    packets::answers_in_acks,
];

/// Scenarios of this kind in the long form only: each receives the audio of a whole call.
const STAGED_LONG: &[StagedScenario] = &[
    |_| packets::short_packets(),
    |_| packets::long_packets(),
    |_| other_hosts::check_listed_audio_host(),
    |_| other_hosts::check_outbound_proxy(),
];

/// The number of rows that run in parallel: each has a process of ours and one of sipp's, and a permit is
/// valid for seconds. They mostly wait: eight use half of a processor.
const AT_ONCE: usize = 8;

/// Runs a row.
type ScenarioRun = Box<dyn FnOnce() -> (Value, bool) + Send>;

/// The result of a row and whether it holds; `None` if it panicked.
type ScenarioResult = Option<(Value, bool)>;

/// Runs all rows, `AT_ONCE` at a time. Returns the results in their order.
fn side_by_side(plays: Vec<ScenarioRun>) -> Vec<ScenarioResult> {
    let waiting = Mutex::new(plays.into_iter().enumerate());
    let next = || waiting.lock().ok()?.next();
    let lane = || {
        std::iter::from_fn(next)
            .map(|(index, play)| (index, std::panic::catch_unwind(AssertUnwindSafe(play)).ok()))
            .collect::<Vec<_>>()
    };
    let mut played: Vec<(usize, ScenarioResult)> = std::thread::scope(|scope| {
        let lanes: Vec<_> = (0..AT_ONCE).map(|_| scope.spawn(lane)).collect();
        let ended = lanes.into_iter().map(|lane| lane.join().unwrap_or_default());
        ended.flatten().collect()
    });
    played.sort_unstable_by_key(|(index, _)| *index);
    played.into_iter().map(|(_, line)| line).collect()
}

fn scenario(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../fixtures/sip")
        .join(file)
}

/// Returns the arguments of every sipp: its address, and one call only.
fn arguments(host: &str, port: u16) -> Vec<String> {
    let port = port.to_string();
    let hung_after = format!("{}s", HUNG_AFTER.as_secs());
    let arguments = [
        "-i",
        host,
        "-p",
        &port,
        "-m",
        "1",
        "-timeout",
        &hung_after,
        "-nostdin",
        "-trace_err",
    ];
    arguments.map(str::to_owned).to_vec()
}

/// Starts sipp as a called party for exactly one call.
fn peer(folder: &Path, file: &str, port: u16, more: &[&str]) -> Program {
    let mut sipp = command("sipp");
    sipp.current_dir(folder).arg("-sf").arg(scenario(file));
    sipp.args(arguments("127.0.0.1", port)).args(more);
    Program::start(sipp)
}

/// Places one call on a trunk and returns its `call.ended`. Without a probe, which would be the only call
/// that sipp accepts.
fn trial(trunk: &str, data: &str) -> Result<Value, String> {
    let trunk = format!("{trunk};probe=off");
    let called = run_json(&[
        "trunk",
        "call",
        "13800138000",
        "--trunk",
        &trunk,
        "--data",
        data,
        "--json",
    ]);
    called.map(|(_, ended)| ended)
}

fn prove_row(row: &Row) -> (Value, bool) {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let port = free_port();
    let mut peer = peer(folder.path(), row.file, port, &[]);
    let trunk = format!("sip:127.0.0.1:{port}{}", row.trunk);
    let data = folder.path().join("data").to_string_lossy().into_owned();
    let ended = trial(&trunk, &data);
    let no_reply = row.disposition == "trunk_timeout";
    let peer_ok = no_reply || peer.wait(HUNG_AFTER).is_some_and(|status| status.success());
    match ended {
        Ok(ended) => {
            let found = member(&ended, "/disposition").as_str().unwrap_or("").to_owned();
            let late = member(&ended, "/late_answer") == true;
            let cause = member(&ended, "/cause").as_str().unwrap_or("").to_owned();
            let talk_ms = member(&ended, "/talk_ms").as_u64().unwrap_or_default();
            let disposition = match row.disposition {
                "answered_short" if talk_ms >= SHORT_BELOW_MS => "answered",
                other => other,
            };
            let is_as_expected = (found.as_str(), late, cause.as_str()) == (disposition, row.late, row.cause);
            let holds = is_as_expected && talk_ms >= row.talk_ms_min && peer_ok;
            (
                json!({"scenario": row.name, "disposition": found, "late_answer": late, "cause": cause,
                    "talk_ms": talk_ms, "peer_ok": peer_ok, "holds": holds}),
                holds,
            )
        }
        Err(error) => (
            json!({"scenario": row.name, "error": error, "holds": false}),
            false,
        ),
    }
}

pub(crate) fn prove(form: Form) -> Proof {
    if !is_installed("sipp") {
        return skipped("sipp", "sip-tester is not installed (apt-get install sip-tester)");
    }
    // Each row has its own peer, ports and directory, so that they can run in parallel.
    let lost = || (json!({"error": "the row did not end"}), false);
    let more = match form {
        Form::Short => &[],
        Form::Long => STAGED_LONG,
    };
    let staged = STAGED
        .iter()
        .chain(more)
        .map(|prove| Box::new(move || prove(form)) as ScenarioRun);
    let rows = ROWS.iter().map(|row| Box::new(|| prove_row(row)) as ScenarioRun);
    let rows: Vec<(Value, bool)> = side_by_side(staged.chain(rows).collect())
        .into_iter()
        .map(|played| played.unwrap_or_else(lost))
        .collect();
    let holds = rows.iter().all(|(_, holds)| *holds);
    let rows: Vec<Value> = rows.into_iter().map(|(row, _)| row).collect();
    Proof {
        line: json!({"proof": "sipp", "rows": rows}),
        holds,
    }
}
