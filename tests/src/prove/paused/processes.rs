//! Reasons of the process and of its log: no trunk, another process dials, shutting down, a restored log, a
//! log without known events.

use super::outputs::PauseTable;
use super::scene::{DEAD_TRUNK, Scene, begin, end, rehearsal, ringing, run, wait_ringing};
use crate::passing_time::HUNG_AFTER;
use crate::postgres::PostgresServer;
use crate::program::{copy_folder, run_json};
use crate::server::{REHEARSAL, Server};
use domain::dialing_pause::PauseCode;
use serde_json::json;
use std::path::Path;

pub(super) fn without_trunk(table: &mut PauseTable) {
    let scene = Scene::new();
    let server = scene.serve(&[]);
    table.check(&server, PauseCode::NoTrunk, &[]);
    table.hold_status(&server, 200);
    end(server);
}

/// Shuts a server down while a call rings: it answers until the call is over.
pub(super) fn draining(table: &mut PauseTable) {
    let scene = Scene::new();
    let carrier = ringing();
    let mut server = scene.serve(&[&carrier.trunk()]);
    run(&server, "DRAIN", &json!({}), 1);
    wait_ringing(&carrier, 1);
    server.program.signal("TERM");
    table.check(&server, PauseCode::Draining, &[]);
    table.hold_status(&server, 503);
    server.program.signal("TERM");
    let has_ended = server.program.wait(HUNG_AFTER).is_some();
    table.hold(has_ended, || "a second signal does not end the drain".to_owned());
}

/// Starts a server on a log in PostgreSQL, with its own directory.
pub(super) fn on_postgres(scene: &Scene, name: &str, url: &str, trunk: &str) -> Server {
    let data = scene.folder.path().join(name);
    let mut serve = rehearsal(&data, &[trunk], REHEARSAL);
    serve.args(["--store", url, "--read-db", url]);
    serve.arg("--keys").arg(scene.folder.path().join("keys"));
    begin(serve, &data)
}

pub(super) fn standing_by(table: &mut PauseTable) {
    let Some(postgres) = PostgresServer::start() else {
        return table.skip(PauseCode::StandBy, "the programs of PostgreSQL are not installed");
    };
    let scene = Scene::new();
    let first = on_postgres(&scene, "first", &postgres.url(), DEAD_TRUNK);
    let second = on_postgres(&scene, "second", &postgres.url(), DEAD_TRUNK);
    table.check(&second, PauseCode::StandBy, &[]);
    table.hold_status(&second, 200);
    end(second);
    end(first);
}

pub(super) fn restored(table: &mut PauseTable) {
    let scene = Scene::new();
    let server = scene.serve(&[DEAD_TRUNK]);
    server.must_post(
        "/api/v1/numbers/13800138000/suppress",
        &json!({"reason": "a proof"}),
    );
    let (data, backup) = (scene.data(), scene.folder.path().join("log.backup"));
    let into = scene.folder.path().join("restored");
    let text = |path: &Path| path.to_string_lossy().into_owned();
    let made = run_json(&[
        "backup",
        "create",
        "--data",
        &text(&data),
        "--out",
        &text(&backup),
        "--json",
    ]);
    end(server);
    copy_folder(&data.join("keys"), &into.join("keys"));
    let args = [
        "backup",
        "restore",
        &text(&backup),
        "--data",
        &text(&into),
        "--json",
    ];
    let restored = run_json(&args);
    let is_done = [&made, &restored]
        .into_iter()
        .all(|done| matches!(done, Ok((status, _)) if status.success()));
    table.hold(is_done, || format!("no restored log: {made:?}, {restored:?}"));
    let server = begin(rehearsal(&into, &[DEAD_TRUNK], REHEARSAL), &into);
    table.check(&server, PauseCode::RestoreUnconfirmed, &[]);
    table.hold_status(&server, 200);
    end(server);
}

/// The files of an embedded log; SQLite adds two files to each.
const LOG_FILES: [&str; 6] = [
    "events.db",
    "events.db-wal",
    "events.db-shm",
    "index.db",
    "index.db-wal",
    "index.db-shm",
];

/// Replaces the log by an older copy of it; the views have seen the events that are missing now.
pub(super) fn history_lost(table: &mut PauseTable) {
    let scene = Scene::new();
    let (data, older) = (scene.data(), scene.folder.path().join("older"));
    let mut server = scene.serve(&[DEAD_TRUNK]);
    let is_ended = server.drains();
    copy_folder(&data, &older);
    let mut server = scene.serve(&[DEAD_TRUNK]);
    let written = server.must_post(
        "/api/v1/numbers/13800138000/suppress",
        &json!({"reason": "a proof"}),
    );
    let after = written.position.unwrap_or_default();
    let is_seen = server.get(&format!("/api/v1/campaigns?after_position={after}"));
    table.hold(is_ended && is_seen.is_ok(), || {
        "the lost events are not in the views".to_owned()
    });
    server.drains();
    for file in LOG_FILES {
        drop(std::fs::remove_file(data.join(file)));
        if older.join(file).exists() {
            std::fs::copy(older.join(file), data.join(file)).expect("the folder can be written");
        }
    }
    let server = scene.serve(&[DEAD_TRUNK]);
    table.check(&server, PauseCode::HistoryLost, &[]);
    table.hold_status(&server, 200);
    end(server);
}
