//! Reasons of the storage: a log with an unreadable record, a database that is away, and views that cannot be
//! written.

use super::outputs::PauseTable;
use super::processes::on_postgres;
use super::scene::{DEAD_TRUNK, Scene, end};
use crate::direct_log;
use crate::postgres::PostgresServer;
use domain::dialing_pause::PauseCode;
use domain::ids::StreamId;
use domain::stored_event::{Record, StreamVersion};
use rusqlite::Connection;
use serde_json::json;

/// A stop of everything in a version that this build does not know.
const NEWER_STOP: &str = include_str!("../../../../fixtures/events/stop/stop.engaged.v1.json");

/// A newer ledgerline on the same log engages a stop that this one cannot read.
pub(super) fn damaged_log(table: &mut PauseTable) {
    let Some(postgres) = PostgresServer::start() else {
        return table.skip(
            PauseCode::LogDamaged,
            "the programs of PostgreSQL are not installed",
        );
    };
    let scene = Scene::new();
    let server = on_postgres(&scene, "only", &postgres.url(), DEAD_TRUNK);
    let text = NEWER_STOP
        .trim()
        .replace("\"version\":1,", "\"version\":99,")
        .replace("\"stream_version\":3", "\"stream_version\":1")
        .replace("stop-campaign.LOAN_REMIND_20231101", "stop-all");
    let record = Record::from_stored(text.into_bytes().into()).expect("the changed record has its members");
    let runtime = tokio::runtime::Runtime::new().expect("a runtime can be made");
    let written = runtime.block_on(async {
        let store = direct_log::open(&postgres.url()).await;
        store
            .append(&StreamId::new("stop", &"all"), StreamVersion(0), vec![record])
            .await
    });
    table.hold(written.is_ok(), || {
        format!("the stop is not written: {:?}", written.err())
    });
    table.check(&server, PauseCode::LogDamaged, &[]);
    table.hold_status(&server, 503);
    end(server);
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
