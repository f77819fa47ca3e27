//! A user who is limited to one campaign sees the reasons of that campaign and of the installation only.

use super::outputs::PauseTable;
use super::scene::{DEAD_TRUNK, Scene, end, run};
use crate::history::member;
use crate::server::send_request_as;
use serde_json::{Value, json};

pub(super) fn limited_user(table: &mut PauseTable) {
    let scene = Scene::new();
    let server = scene.serve(&[&format!("{DEAD_TRUNK};from=95500@2020-01-01")]);
    for id in ["OWN", "OTHER"] {
        run(&server, id, &json!({}), 1);
        server.must_post(&format!("/api/v1/campaigns/{id}/pause"), &json!({}));
        let stop = json!({"scope": "campaign", "id": id, "reason": "a proof"});
        server.must_post("/api/v1/stop", &stop);
    }
    let user = json!({"name": "li", "roles": ["operator"], "campaigns": ["OWN"],
        "password": "correct horse battery"});
    server.must_post("/api/v1/users", &user);
    let made = server.must_post("/api/v1/api-keys", &json!({"user": "li"})).body;
    let key = made.get("key").and_then(Value::as_str).unwrap_or_default();
    let url = format!("{}/api/v1/dialing", server.url);
    let shown = send_request_as("GET", &url, &format!("Bearer {key}"), None);
    let body = shown.map(|(reply, _)| reply.body).unwrap_or_default();
    let codes: Vec<&Value> = body
        .get("items")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .map(|one| member(one, "/code"))
        .collect();
    let expected = [
        "trunks_unavailable",
        "caller_number_expired",
        "campaign_stopped",
        "paused_by_user",
    ];
    table.hold(codes == expected && !body.to_string().contains("OTHER"), || {
        format!("a user of one campaign sees {body}")
    });
    // Without a session only readiness answers.
    let unknown = send_request_as("GET", &url, "", None).map(|(reply, _)| reply.status);
    table.hold(unknown == Ok(401), || format!("without a session: {unknown:?}"));
    end(server);
}
