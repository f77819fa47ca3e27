//! Reasons of the machine: a full disk, no free file descriptor, and a wrong clock.

use super::outputs::PauseTable;
use super::scene::{DEAD_TRUNK, Scene, begin, end, real, rehearsal};
use crate::passing_time::{HUNG_AFTER, ask_on};
use crate::program::command;
use crate::server::{REHEARSAL, Server, agent};
use domain::dialing_pause::PauseCode;
use host::outbound::testing::fake_server;
use serde_json::json;
use std::fs::File;
use std::io::Write;
use std::path::Path;

/// An offset of the fake time server: far above the limit of two seconds.
const OFFSET_MS: i64 = 3_600_000;

/// The questions that the fake time server answers: one at the start, one each minute.
const ANSWERS: usize = 1_000;

pub(super) fn wrong_clock(table: &mut PauseTable) {
    let scene = Scene::new();
    let (ntp, _thread) = fake_server(OFFSET_MS, ANSWERS, |_| {});
    let ntp = ntp.to_string();
    let mut serve = real(&scene.data(), &[DEAD_TRUNK]);
    serve.args(["--ntp", ntp.trim_start_matches("ntp:")]);
    let server = begin(serve, &scene.data());
    table.check(&server, PauseCode::ClockOffset, &[]);
    table.hold_status(&server, 200);
    end(server);
}

/// The block with which the disk is filled.
static BLOCK: [u8; 65_536] = [0; 65_536];

/// Fills a small disk of its own, in the mount namespace of this process.
pub(super) fn full_disk(table: &mut PauseTable) {
    let scene = Scene::new();
    let disk = scene.folder.path().join("disk");
    std::fs::create_dir(&disk).expect("a folder can be made");
    let mounted = command("mount")
        .args(["-t", "tmpfs", "-o", "size=80m", "tmpfs"])
        .arg(&disk)
        .status();
    assert!(mounted.is_ok_and(|status| status.success()), "a tmpfs is mounted");
    let data = disk.join("data");
    let server = begin(rehearsal(&data, &[DEAD_TRUNK], REHEARSAL), &data);
    fill(&disk);
    // The server notices a full disk when it writes.
    let refused = ask_on(HUNG_AFTER, || is_refused(&server).then_some(()));
    table.hold(refused.is_some(), || "a full disk refuses no write".to_owned());
    table.check(&server, PauseCode::DiskFull, &[]);
    table.hold_status(&server, 503);
    end(server);
    drop(command("umount").arg("-l").arg(&disk).status());
}

fn fill(disk: &Path) {
    let mut file = File::create(disk.join("fill")).expect("the disk has room for a name");
    while file.write(&BLOCK).is_ok_and(|count| count > 0) {}
}

fn is_refused(server: &Server) -> bool {
    let body = json!({"reason": "a proof"});
    let reply = server.post("/api/v1/numbers/13800138000/suppress", &body);
    reply.is_ok_and(|reply| reply.status >= 500)
}

/// The limit of open files that leaves no room for a new one: the standard streams have these numbers.
const FILES_MAX: u64 = 3;

/// Lowers the server's limit of open files below what it has open. Only a connection that is open already
/// reaches it then.
pub(super) fn without_descriptors(table: &mut PauseTable) {
    let scene = Scene::new();
    let server = scene.serve(&[DEAD_TRUNK]);
    let client = agent(HUNG_AFTER);
    let ask = |path: &str| -> Option<String> {
        let url = format!("{}{path}", server.url);
        let answer = client.get(&url).header("authorization", server.bearer()).call();
        answer.ok()?.body_mut().read_to_string().ok()
    };
    table.hold(ask("/readyz").is_some(), || {
        "the server does not answer".to_owned()
    });
    let id = server.program.id();
    let open_count = std::fs::read_dir(format!("/proc/{id}/fd")).map_or(0, Iterator::count);
    limit_files(id, FILES_MAX);
    let code = PauseCode::NoDescriptors;
    let sample = format!("ledgerline_dialing_paused{{reason=\"{}\"}} 1", code.name());
    let mut given = Vec::new();
    for (name, path, wanted) in [
        ("readyz", "/readyz", format!("\"{}\"", code.name())),
        ("dialing", "/api/v1/dialing", format!("\"{}\"", code.name())),
        ("metric", "/metrics", sample),
    ] {
        let is_given = ask_on(HUNG_AFTER, || ask(path).filter(|text| text.contains(&wanted)));
        table.hold(is_given.is_some(), || {
            format!(
                "{name} does not give {} with {open_count} files open",
                code.name()
            )
        });
        given.push((name, json!(code.name())));
    }
    let doctor = "not reachable: the server can accept no new connection";
    given.push(("doctor", json!(doctor)));
    table.put(
        code,
        given
            .into_iter()
            .map(|(name, cell)| (name.to_owned(), cell))
            .collect(),
    );
    end(server);
}

/// Sets the limit of open files of a process.
fn limit_files(id: u32, count: u64) {
    let set = command("prlimit")
        .args([format!("--pid={id}"), format!("--nofile={count}:")])
        .status();
    assert!(set.is_ok_and(|status| status.success()), "prlimit sets a limit");
}
