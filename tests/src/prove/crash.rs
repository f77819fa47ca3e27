//! Proof of crash safety: after kill -9 at any moment nothing acknowledged is lost, no customer is dialed
//! twice, and none is forgotten.
//!
//! The carrier and `serve` run in two processes and only `serve` is killed: at random moments, and by strace
//! at the Nth fsync. Between kills a client keeps writing and records what was acknowledged.

use super::reconcile::{compare, not_zero};
use super::{Form, Proof, outage};
use crate::carrier::CarrierProcess;
use crate::history::{History, member};
use crate::passing_time::{HUNG_AFTER, at_each_beat};
use crate::program::{command, is_installed};
use crate::server::Server;
use serde_json::json;
use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

/// The longest time until the campaign of one run is done, including recovery and hold-offs.
const SETTLED_WITHIN: Duration = Duration::from_secs(180);

/// Returns a campaign that finishes in a rehearsal: short ringing, one quick retry, and an end on the same
/// day, so that customers are settled if a daily cap defers them to the next day.
pub fn quick_campaign(id: &str) -> serde_json::Value {
    let retry = |wait_ms: u64| json!({"waits_ms": [wait_ms], "retries_max": 1});
    json!({
        "task_id": id,
        "customer_segment": "overdue_3_days",
        "script_template": script(),
        "schedule": {"start_time": "09:00", "end_time": "18:00", "max_concurrent": 50},
        "ends_at": "2026-03-02T18:00:00+08:00",
        "ring_timeout_ms": 6000,
        "retry_policy": {"retries_max": 1, "uncharged_max": 3, "rules": {
            "no_answer": retry(2000), "busy": retry(2000), "unreachable": retry(2000), "congestion": retry(2000),
            "interrupted": retry(5000)}}
    })
}

/// Returns a text with variables if it can be synthesized, else the bundled one: without a synthesizer a
/// campaign with another text is refused at its start.
fn script() -> &'static str {
    if is_installed("espeak-ng") {
        "您好,{{customer_name}},您的贷款已逾期{{days}}天。"
    } else {
        BUNDLED_TEXT
    }
}

/// The text that `fixtures/audio/demo_text.wav` speaks.
pub const BUNDLED_TEXT: &str = "您好，这里是示例银行，您的账单将于三天后到期，请按时还款。";

pub fn records(count: u32, salt: u32) -> Vec<serde_json::Value> {
    (0..count)
        .map(|index| {
            json!({"customer_id": format!("C{salt}-{index:05}"), "phone": format!("138{salt:03}{index:05}"),
                "customer_name": "测试", "days": "3"})
        })
        .collect()
}

/// Returns customers with the variables of the flow `card_instalment_spoken`.
pub(crate) fn card_records(count: u32, salt: u32) -> Vec<serde_json::Value> {
    let mut records = records(count, salt);
    for record in records.iter_mut().filter_map(|record| record.as_object_mut()) {
        for (name, value) in [
            ("bank_name", "示例银行"),
            ("name", "王芳"),
            ("card_tail", "1234"),
            ("amount", "5000"),
            ("fee_text", "年化百分之十二"),
        ] {
            record.insert(name.to_owned(), json!(value));
        }
    }
    records
}

#[derive(Default)]
struct Run {
    acknowledged: Vec<u64>,
    kills: u32,
    /// The number of suppressions sent so far; each is about another number.
    suppressed: u32,
    suppressed_acknowledged: usize,
}

impl Run {
    /// Sends commands until the server dies or `kill_after` has passed, and records every acknowledged
    /// position.
    fn write_until(&mut self, server: &Server, kill_after: Duration) {
        let ends = |beat| server.program.ends(beat).is_some();
        at_each_beat(kill_after, ends, || {
            self.suppressed += 1;
            let number = format!("139{:08}", 10_000_000 + self.suppressed);
            let path = format!("/api/v1/numbers/{number}/suppress");
            if let Ok(reply) = server.post(&path, &json!({"reason": "kill loop"}))
                && reply.status < 300
            {
                self.acknowledged.extend(reply.position);
                self.suppressed_acknowledged += 1;
            }
            true
        });
    }
}

/// Returns a pseudo-random moment that differs between kills but not between runs: a fixed linear congruence.
fn moment(kill: u32) -> Duration {
    let drawn = u64::from(kill)
        .wrapping_mul(6_364_136_223_846_793_005)
        .wrapping_add(1_442_695_040_888_963_407)
        >> 33;
    Duration::from_millis(300 + drawn % 2_700)
}

fn begin(data: &Path, trunk: &str, customers: u32, salt: u32, run: &mut Run) {
    let server = Server::start(data, trunk);
    let created = server.must_post("/api/v1/campaigns", &quick_campaign("KILL"));
    let listed = server.must_post(
        "/api/v1/tasks/data",
        &json!({"task_id": "KILL", "records": records(customers, salt)}),
    );
    let started = server.must_post("/api/v1/campaigns/KILL/start", &json!({}));
    run.acknowledged.extend(
        [created.position, listed.position, started.position]
            .into_iter()
            .flatten(),
    );
}

fn random_kills(form: Form) -> serde_json::Value {
    let (kills, customers) = match form {
        Form::Short => (2, 20),
        Form::Long => (20, 200),
    };
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let carrier = CarrierProcess::start(folder.path(), 7, &[]);
    let data = folder.path().join("data");
    let mut run = Run::default();
    begin(&data, &carrier.trunk(), customers, 1, &mut run);
    for kill in 0..kills {
        let mut server = Server::start(&data, &carrier.trunk());
        run.write_until(&server, moment(kill));
        server.program.kill();
        run.kills += 1;
    }
    finish(&data, &carrier, &run)
}

/// Runs the campaign in short pieces, each ended by strace at its Nth fsync.
fn fsync_kills(form: Form) -> serde_json::Value {
    let (step, most, customers) = match form {
        Form::Short => (40, 120, 6),
        Form::Long => (7, 350, 12),
    };
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let carrier = CarrierProcess::start(folder.path(), 7, &[]);
    let data = folder.path().join("data");
    let mut run = Run::default();
    begin(&data, &carrier.trunk(), customers, 2, &mut run);
    for nth in (8..=most).step_by(step) {
        let mut strace = command("strace");
        strace.args([
            "-f",
            "-qq",
            "-o",
            "/dev/null",
            "-e",
            "trace=fsync,fdatasync",
            "-e",
        ]);
        strace
            .arg(format!("inject=fsync,fdatasync:signal=KILL:when={nth}"))
            .arg(crate::program::ledgerline());
        let mut server = Server::of(Server::wrapped(strace, &data, &carrier.trunk()), &data);
        if server.wait_ready() {
            run.write_until(&server, HUNG_AFTER);
        }
        run.kills += u32::from(server.program.ended().is_some());
        server.program.kill();
    }
    finish(&data, &carrier, &run)
}

/// Lets the campaign end, then checks the log and the CDR file.
fn finish(data: &Path, carrier: &CarrierProcess, run: &Run) -> serde_json::Value {
    let mut server = Server::start(data, &carrier.trunk());
    let completed = server.is_done_for_the_day("KILL", SETTLED_WITHIN);
    server.program.signal("TERM");
    let stopped = server.program.wait(HUNG_AFTER);
    let history = History::read(data);
    let lost = lost(&history, run);
    let lines = carrier.lines();
    let disagreements = compare(&history, &lines);
    json!({
        "kills": run.kills,
        "acknowledged": run.acknowledged.len(),
        "lost": lost,
        "call_ids_repeated": history.repeated_call_ids().len(),
        "legs_with_two_invites": lines.values().filter(|line| line.invites > 1).count(),
        "unfinished": history.unfinished().len(),
        "unfounded_next_legs": history.unfounded_next_legs().len(),
        "forgotten": history.unsettled() + usize::from(!completed),
        "gaps": history.gaps(),
        "mismatched": disagreements.wrong.len(),
        "dirty_exit": usize::from(!stopped.is_some_and(|status| status.success())),
        "dialed_again_after_answer": history.dialed_again_after_answer(),
        "cut_off": history.cut_off(),
        "calls": lines.len(),
        "interrupted": history.of("call.ended").filter(|event| member(event, "/data/disposition") == "interrupted").count(),
    })
}

/// Returns the number of acknowledged positions that are missing in the log, and of acknowledged suppressions
/// without their event.
fn lost(history: &History, run: &Run) -> usize {
    let held: BTreeSet<String> = history
        .events
        .iter()
        .filter_map(|event| member(event, "/position").as_str().map(str::to_owned))
        .collect();
    let positions = run
        .acknowledged
        .iter()
        .filter(|position| !held.contains(&position.to_string()))
        .count();
    let suppressions = run
        .suppressed_acknowledged
        .saturating_sub(history.of("number.suppressed").count());
    positions + suppressions
}

const ZERO: &[&str] = &[
    "lost",
    "call_ids_repeated",
    "legs_with_two_invites",
    "unfinished",
    "unfounded_next_legs",
    "forgotten",
    "gaps",
    "mismatched",
    "dirty_exit",
    "dialed_again_after_answer",
];

/// Figures that must not be 0: a run without kills or acknowledgements proves nothing.
const NEEDED: &[&str] = &["kills", "acknowledged"];

fn fails(run: &serde_json::Value) -> bool {
    let missing = |name: &&str| member(run, &format!("/{name}")).as_u64().unwrap_or(0) == 0;
    not_zero(run, ZERO) || NEEDED.iter().any(missing)
}

pub(crate) fn prove(form: Form) -> Proof {
    let random = random_kills(form);
    let mut holds = !fails(&random);
    let at_fsync = if is_installed("strace") {
        let found = fsync_kills(form);
        holds &= !fails(&found);
        found
    } else {
        json!({"skipped": "strace is not installed (apt-get install strace)"})
    };
    let (outage, outage_holds) = outage::prove(form);
    Proof {
        line: json!({"proof": "crash", "at_random": random, "at_fsync": at_fsync, "answered_in_an_outage": outage}),
        holds: holds && outage_holds,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_without_kills_or_acknowledged_events_does_not_hold() {
        let run = |kills: u32, acknowledged: u32, lost: u32| {
            let mut run = json!({"kills": kills, "acknowledged": acknowledged});
            for name in ZERO {
                run[*name] = json!(0);
            }
            run["lost"] = json!(lost);
            run
        };
        assert!(!fails(&run(1, 1, 0)));
        for (kills, acknowledged, lost) in [(0, 1, 0), (1, 0, 0), (1, 1, 1)] {
            assert!(
                fails(&run(kills, acknowledged, lost)),
                "{kills} {acknowledged} {lost}"
            );
        }
        assert!(fails(&json!({"skipped": "nothing was counted"})));
    }
}
