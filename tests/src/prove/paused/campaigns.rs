//! Cases that pause campaigns: stops, approvals, hours, quotas, stages, and a trunk that never answers.

use super::outputs::PauseTable;
use super::scene::{DEAD_TRUNK, Scene, begin, campaign, end, rehearsal, run};
use crate::busy_carrier::BusyCarrier;
use crate::program::free_port;
use crate::prove::records;
use crate::server::{Server, send_request_as};
use domain::dialing_pause::PauseCode;
use serde_json::{Value, json};

/// Three in the morning, hours before the campaign's hours begin.
const NIGHT: &str = "2026-03-02T03:00:00+08:00";

pub(super) fn outside_hours(table: &mut PauseTable) {
    let scene = Scene::new();
    let server = begin(rehearsal(&scene.data(), &[DEAD_TRUNK], NIGHT), &scene.data());
    run(&server, "NIGHT", &json!({}), 2);
    table.check(&server, PauseCode::OutsideHours, &[]);
    table.hold_status(&server, 200);
    end(server);
}

/// A pause by a user, a list that waits for approval, and a campaign for agents in a process without them.
pub(super) fn held_by_people(table: &mut PauseTable) {
    let scene = Scene::new();
    let server = begin(rehearsal(&scene.data(), &[DEAD_TRUNK], NIGHT), &scene.data());
    run(&server, "PAUSED", &json!({}), 1);
    server.must_post("/api/v1/campaigns/PAUSED/pause", &json!({}));
    table.check(&server, PauseCode::PausedByUser, &[]);
    let agents = json!({"dialing": {"mode": "progressive"}});
    run(&server, "AGENTS", &agents, 1);
    table.check(&server, PauseCode::NoAgents, &[]);
    request_approval(table, &server);
    table.check(&server, PauseCode::ApprovalPending, &[]);
    table.hold_status(&server, 200);
    end(server);
}

/// Imports a list of a campaign that requires approval of its lists, as one of two operators.
fn request_approval(table: &mut PauseTable, server: &Server) {
    let key = |name: &str| {
        let user = json!({"name": name, "roles": ["operator"], "password": "correct horse battery"});
        server.must_post("/api/v1/users", &user);
        let made = server.must_post("/api/v1/api-keys", &json!({"user": name})).body;
        made.get("key")
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    let (first, _second) = (key("li"), key("wang"));
    let body = campaign("APPROVE", &json!({"approvals": ["lists"]}));
    server.must_post("/api/v1/campaigns", &body);
    let list = json!({"task_id": "APPROVE", "records": records(1, 31)});
    let url = format!("{}/api/v1/tasks/data", server.url);
    let asked = send_request_as("POST", &url, &format!("Bearer {first}"), Some(&list));
    let is_asked = matches!(&asked, Ok((reply, _)) if reply.status == 409);
    table.hold(is_asked, || format!("the list needs no approval: {asked:?}"));
}

/// Every call fails at a trunk at which nothing listens: the server pauses the campaign.
pub(super) fn stopped_by_system(table: &mut PauseTable) {
    let scene = Scene::new();
    let server = scene.serve(&[&format!("sip:127.0.0.1:{}", free_port())]);
    let again = json!({"retry_policy": {"retries_max": 1, "uncharged_max": 3, "rules": {}}});
    run(&server, "UNREACHABLE", &again, 8);
    table.check(&server, PauseCode::PausedBySystem, &[]);
    table.hold_status(&server, 200);
    end(server);
}

/// A test stage calls its first 200 customers; the others wait. A busy customer is due in an hour.
pub(super) fn stage_and_due(table: &mut PauseTable) {
    let scene = Scene::new();
    let carrier = BusyCarrier::start();
    let trunk = format!("{};legs-max=200;dials-per-second=100", carrier.trunk());
    let server = scene.serve(&[&trunk]);
    let later = json!({"retries_max": 1, "uncharged_max": 3,
        "rules": {"busy": {"waits_ms": [3_600_000], "retries_max": 1}}});
    run(&server, "LATER", &json!({"retry_policy": later}), 1);
    table.check(&server, PauseCode::NoCustomerDue, &[]);
    run(&server, "STAGE", &json!({"stages": {"from": "test"}}), 205);
    table.check(&server, PauseCode::StageLimit, &[]);
    table.hold_status(&server, 200);
    end(server);
}

/// One customer of a group may be called; the others of the group wait.
pub(super) fn full_quota(table: &mut PauseTable) {
    let scene = Scene::new();
    let carrier = BusyCarrier::start();
    let server = scene.serve(&[&carrier.trunk()]);
    let quota = json!({"name": "vip", "where": "VIP", "dials": 1, "per": "day"});
    server.must_post(
        "/api/v1/campaigns",
        &campaign("QUOTA", &json!({"quotas": [quota]})),
    );
    let people = records(4, 32);
    server.must_post(
        "/api/v1/tasks/data",
        &json!({"task_id": "QUOTA", "records": people}),
    );
    let tags = json!([{"level": "business", "add": ["VIP"]}]);
    let rows = people.iter().filter_map(|one| one.get("customer_id"));
    let rows: Vec<Value> = rows.map(|id| json!({"customer": id, "tags": tags})).collect();
    server.must_post("/api/v1/customers/attributes", &json!({"customers": rows}));
    server.must_post("/api/v1/campaigns/QUOTA/start", &json!({}));
    table.check(&server, PauseCode::QuotaFull, &[]);
    table.hold_status(&server, 200);
    end(server);
}
