//! Reasons of the storage: a log with an unreadable record, a database that is away, and views that cannot be
//! written.

use super::outputs::PauseTable;
use super::processes::on_postgres;
use super::scene::{DEAD_TRUNK, Scene, end};
use crate::postgres::PostgresServer;
use crate::server::Server;
use domain::dialing_pause::PauseCode;
use rusqlite::Connection;
use serde_json::json;

/// Writes a record that no version can read over the last event, and lets the server follow it again.
pub(super) fn damaged_log(table: &mut PauseTable) {
    let scene = Scene::new();
    let mut server = scene.serve(&[DEAD_TRUNK]);
    server.must_post(
        "/api/v1/numbers/13800138000/suppress",
        &json!({"reason": "a proof"}),
    );
    server.drains();
    let log = Connection::open(scene.data().join("events.db")).expect("the log is a file");
    let damaged = log.execute(
        "UPDATE event SET record = x'00' WHERE pos = (SELECT MAX(pos) FROM event)",
        [],
    );
    drop(log);
    table.hold(damaged == Ok(1), || format!("no record is damaged: {damaged:?}"));
    for file in ["views.db", "views.db-wal", "views.db-shm"] {
        drop(std::fs::remove_file(scene.data().join(file)));
    }
    let server = started(&scene);
    table.check(&server, PauseCode::LogDamaged, &[]);
    table.hold_status(&server, 503);
    end(server);
}

/// Starts a server that is not going to be ready.
fn started(scene: &Scene) -> Server {
    let serve = super::scene::rehearsal(&scene.data(), &[DEAD_TRUNK], crate::server::REHEARSAL);
    let mut server = Server::of(serve, &scene.data());
    server.wait_ready();
    server
}

pub(super) fn database_away(table: &mut PauseTable) {
    let Some(postgres) = PostgresServer::start() else {
        return table.skip(
            PauseCode::DatabaseAway,
            "the programs of PostgreSQL are not installed",
        );
    };
    let scene = Scene::new();
    let server = on_postgres(&scene, "only", &postgres.url(), DEAD_TRUNK);
    postgres.kill();
    table.check(&server, PauseCode::DatabaseAway, &[]);
    table.hold_status(&server, 503);
    end(server);
}

/// Another program holds the write lock of the views' file.
pub(super) fn views_locked(table: &mut PauseTable) {
    let scene = Scene::new();
    let server = scene.serve(&[DEAD_TRUNK]);
    let views = Connection::open(scene.data().join("views.db")).expect("the views are a file");
    views
        .execute_batch("begin immediate")
        .expect("no other writer holds the lock for long");
    server.must_post(
        "/api/v1/numbers/13800138000/suppress",
        &json!({"reason": "a proof"}),
    );
    table.check(&server, PauseCode::ViewsBehind, &[]);
    table.hold_status(&server, 503);
    drop(views);
    end(server);
}
