//! The scenes: a server with calls, and one planted fault for each rule.

use super::server_scene::ServerScene;
use super::{MetricsResults, resource_scenes, speech_scene};
use crate::carrier::CarrierProcess;
use crate::history::member;
use crate::passing_time::{at_each_beat, wait_one_beat};
use crate::program::{Program, command, fail, free_tcp_port, is_installed, ledgerline};
use crate::prove::{quick_campaign, records};
use crate::server::{REHEARSAL, Server};
use rusqlite::Connection;
use serde_json::{Value, json};
use std::net::UdpSocket;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

type Scene = fn(&Path) -> MetricsResults;

/// All scenes by name.
pub(super) const ALL: &[(&str, Scene)] = &[
    ("calls", observe_calls),
    ("slow-trunk", observe_slow_trunk),
    ("broken-trunk", observe_broken_trunk),
    ("speech", speech_scene::observe_slow_engine),
    ("disk", resource_scenes::observe_full_disk),
    ("certificate", resource_scenes::observe_certificate),
];

/// The calls that Prometheus must have counted.
pub(super) const CALLS_MIN: u64 = 200;

/// The customers of the first scene: one call each, and some are called again.
const PEOPLE: u32 = 200;
/// The carrier's seed.
const SEED: u64 = 7;
/// The longest time until all of them are called.
const CAMPAIGN: Duration = Duration::from_secs(600);
/// The legs of its trunk: fewer than the campaign wants.
const LEGS: u32 = 20;
/// How long junk is sent to the SIP port: longer than the range of the rule.
const JUNK: Duration = Duration::from_secs(25);
/// The commands while the rows are locked; each is an event, and the lowered limit is 20.
const COMMANDS: u32 = 40;
/// A caller number of the trunk with a licence that ends within 30 days of the rehearsal's day, and one with
/// a licence that has ended.
const ENDS_SOON: &str = ";from=+8613800138000@2026-03-20";
const HAS_ENDED: &str = ";from=+8613800138000@2026-03-01";

/// Returns the command line of a rehearsal with an address that stays the same when it is started again: with
/// another one, it is another instance for Prometheus.
fn serve_at(port: u16, data: &Path, trunk: &str) -> Command {
    let mut serve = command(ledgerline());
    serve.arg("serve").arg("--data").arg(data);
    serve.args(["--trunk", trunk, "--rehearse-at", REHEARSAL]);
    serve.args(["--http", &format!("127.0.0.1:{port}"), "--drain", "5s"]);
    serve
}

/// The main scene: 200 calls, then faults of the process, its log, its rows and its neighbours.
fn observe_calls(folder: &Path) -> MetricsResults {
    let carrier = CarrierProcess::start(folder, SEED, &[]);
    let trunk = format!(
        "{};name=rehearsal;legs-max={LEGS};dials-per-second=50",
        carrier.trunk()
    );
    let (data, port) = (folder.join("data"), free_tcp_port());
    let mut scene = ServerScene::start(folder, serve_at(port, &data, &trunk));
    call_everyone(&mut scene);
    stop_everything(&mut scene);
    send_junk(&mut scene);
    lower_descriptors(&mut scene);
    lock_rows(&mut scene);
    slow_appends(&mut scene);
    restart(&mut scene, port, &trunk);
    scene.end()
}

/// Calls 200 customers over a trunk that is too small for them.
fn call_everyone(scene: &mut ServerScene) {
    let rules = ["LedgerlineTrunkFull"];
    scene.expect_quiet(&rules);
    scene.server.call("CALLS", &records(PEOPLE, 1));
    scene.expect_fired(&rules);
    scene.look_at_panels();
    if !scene.server.is_completed("CALLS", CAMPAIGN) {
        scene
            .found
            .broken
            .push("the campaign did not complete".to_owned());
    }
    scene.look_at_panels();
    scene.expect_resolved(&rules);
    let counted = scene.prometheus.query("sum(ledgerline_calls_ended_total)");
    let counted = counted.first().map(|sample| member(sample, "/value/1").clone());
    let counted = counted.and_then(|value| value.as_str()?.parse().ok());
    scene.found.calls += counted.unwrap_or(0_u64);
}

fn stop_everything(scene: &mut ServerScene) {
    let rules = [
        "LedgerlineStopEngaged",
        "LedgerlineNobodyDials",
        "LedgerlineDialingPaused",
    ];
    scene.plant(
        &rules,
        |server| {
            let stop = json!({"scope": "all", "reason": "the proof of monitoring"});
            server.must_post("/api/v1/stop", &stop);
        },
        |server, ()| {
            let lift = json!({"stop": "all", "reason": "the proof of monitoring"});
            server.must_post("/api/v1/stop/lift", &lift);
        },
    );
    scene.look_at_panels();
}

/// Sends datagrams that are no SIP to the trunk's port.
#[expect(clippy::disallowed_methods, reason = "plays a stranger who sends datagrams")]
fn send_junk(scene: &mut ServerScene) {
    let rules = ["LedgerlineSipRefused"];
    let dialed = scene.server.events("kind=call.dialing");
    let local = dialed
        .first()
        .and_then(|event| member(event, "/data/local").as_str());
    let Some(local) = local.map(str::to_owned) else {
        scene.found.broken.push("no call was dialed".to_owned());
        return;
    };
    let port = local.rsplit_once(':').map_or("", |(_, port)| port);
    let target = format!("127.0.0.1:{port}");
    let socket = UdpSocket::bind("127.0.0.1:0").expect("loopback has a free port");
    scene.plant(
        &rules,
        |_| {
            at_each_beat(JUNK, wait_one_beat, || {
                drop(socket.send_to(b"this is no SIP message\r\n\r\n", &target));
                true
            });
        },
        |_, ()| {},
    );
}

/// Lowers the limit of open files of the running server to little more than it uses.
fn lower_descriptors(scene: &mut ServerScene) {
    let pid = scene.server.program.id();
    let in_use = std::fs::read_dir(format!("/proc/{pid}/fd")).map_or(0, Iterator::count);
    let limit = |soft: String| {
        let status = command("prlimit")
            .args(["--pid", &pid.to_string(), &format!("--nofile={soft}")])
            .status();
        if !status.is_ok_and(|status| status.success()) {
            fail("prlimit does not change the limit of open files");
        }
    };
    let before = command("prlimit")
        .args([
            "--pid",
            &pid.to_string(),
            "--nofile",
            "--noheadings",
            "--output",
            "SOFT",
        ])
        .output();
    let before = before.unwrap_or_else(|error| fail(&format!("prlimit: {error}")));
    let before = String::from_utf8_lossy(&before.stdout).trim().to_owned();
    scene.plant(
        &["LedgerlineDescriptorsLow"],
        |_| limit(format!("{}:", in_use + in_use / 10 + 4)),
        |_, ()| limit(format!("{before}:")),
    );
}

/// Locks the rows as another writer: views stop, the server is not ready, and reads that wait for a position
/// are refused.
fn lock_rows(scene: &mut ServerScene) {
    let rules = [
        "LedgerlineViewsBehind",
        "LedgerlineNotReady",
        "LedgerlineHttpFaults",
    ];
    let file = scene.data.join("views.db");
    scene.plant(
        &rules,
        |server| {
            let rows = Connection::open(&file).expect("the rows can be opened");
            rows.execute_batch("BEGIN IMMEDIATE")
                .expect("the rows can be locked");
            let mut head = 0;
            for index in 0..COMMANDS {
                let path = format!("/api/v1/numbers/1390000{index:04}/suppress");
                let reply = server.post(&path, &json!({"reason": "the proof of monitoring"}));
                head = reply.ok().and_then(|reply| reply.position).unwrap_or(head);
            }
            for _ in 0..4 {
                drop(server.get(&format!("/api/v1/campaigns?after_position={head}")));
            }
            rows
        },
        |_, rows: Connection| {
            drop(rows.execute_batch("ROLLBACK"));
        },
    );
}

/// Delays each sync of the server's files, as a slow disk does.
fn slow_appends(scene: &mut ServerScene) {
    let rule = "LedgerlineAppendSlow";
    if !is_installed("strace") {
        scene
            .found
            .skipped
            .insert(rule, "strace is not installed".to_owned());
        return;
    }
    let pid = scene.server.program.id().to_string();
    scene.plant(
        &[rule],
        |server| {
            let mut tracer = command("strace");
            tracer.args(["-f", "-qq", "-p", &pid, "-e", "trace=fsync,fdatasync"]);
            tracer.args([
                "-e",
                "inject=fsync,fdatasync:delay_enter=400000",
                "-o",
                "/dev/null",
            ]);
            let tracer = Program::start(tracer);
            for index in 0..COMMANDS {
                let path = format!("/api/v1/numbers/1390001{index:04}/suppress");
                server.must_post(&path, &json!({"reason": "the proof of monitoring"}));
            }
            tracer
        },
        // Killed: a tracer that ends lets the server continue.
        |_, tracer: Program| drop(tracer),
    );
}

/// Kills the server, and starts it again three times: with a caller number that expires soon, with one
/// that has expired, and as it was.
fn restart(scene: &mut ServerScene, port: u16, trunk: &str) {
    let alerts = ["LedgerlineAlertWarning", "LedgerlineAlertCritical"];
    scene.expect_quiet(&["LedgerlineAway", "LedgerlineRestarts"]);
    scene.expect_quiet(&alerts);
    scene.server.program.kill();
    scene.expect_fired(&["LedgerlineAway"]);
    let data = scene.data.clone();
    for (number, rule) in [(ENDS_SOON, alerts[0]), (HAS_ENDED, alerts[1])] {
        scene.start_again(serve_at(port, &data, &format!("{trunk}{number}")));
        scene.expect_fired(&[rule]);
        scene.look_at_panels();
    }
    scene.start_again(serve_at(port, &data, trunk));
    scene.expect_fired(&["LedgerlineRestarts"]);
    scene.expect_resolved(&["LedgerlineAway"]);
    scene.expect_resolved(&alerts);
    scene.expect_resolved(&["LedgerlineRestarts"]);
    scene.look_at_panels();
}

/// Starts a carrier with this mix of callees, and a server with a trunk to it.
fn with_carrier(folder: &Path, profile: &Value) -> (CarrierProcess, ServerScene) {
    let file = folder.join("people.json");
    std::fs::write(&file, profile.to_string()).expect("a profile can be written");
    let carrier = CarrierProcess::start(folder, SEED, &["--profile", &file.to_string_lossy()]);
    let trunk = format!("{};name=east;legs-max=10", carrier.trunk());
    let scene = ServerScene::start(folder, Server::command(&folder.join("data"), &trunk));
    (carrier, scene)
}

/// A carrier with callees that ring four seconds after they are dialed: later than the lowered limit.
fn observe_slow_trunk(folder: &Path) -> MetricsResults {
    let profile = json!({
        "weights": {"declines": 1},
        "post_dial_delay_ms": {"min": 3_800, "max": 4_000},
        "early_media_percent": 0,
    });
    let (_carrier, mut scene) = with_carrier(folder, &profile);
    let people = records(40, 2);
    let mut campaign = quick_campaign("SLOW");
    if let Some(timeout) = campaign.pointer_mut("/ring_timeout_ms") {
        *timeout = json!(20_000);
    }
    scene.plant(
        &["LedgerlinePostDialDelayHigh"],
        |server| {
            server.enrol_in("SLOW", &campaign, &people);
            server.begin("SLOW");
        },
        |server, ()| {
            server.must_post(
                "/api/v1/campaigns/SLOW/pause",
                &json!({"reason": "the fault is over"}),
            );
        },
    );
    scene.look_at_panels();
    scene.end()
}

/// A carrier that refuses each call: its network is full.
fn observe_broken_trunk(folder: &Path) -> MetricsResults {
    let (_carrier, mut scene) = with_carrier(folder, &json!({"weights": {"congestion": 1}}));
    let people = records(20, 3);
    scene.plant(
        &["LedgerlineCallsFailing"],
        |server| server.call("BROKEN", &people),
        |_, ()| {},
    );
    scene.look_at_panels();
    scene.end()
}
