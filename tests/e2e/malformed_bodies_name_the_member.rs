//! Bad input gets problem details that name the member, and changes nothing.

use serde_json::json;
use tests::server::{Reply, Server};

fn names(reply: &Reply, member: &str) -> bool {
    matches!(reply.status, 400 | 422) && reply.body.to_string().contains(member)
}

#[test]
fn a_malformed_body_names_the_member() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(&folder.path().join("data"), "sip:127.0.0.1:9");
    let schedule = json!({"start_time": "09:00", "end_time": "18:00", "max_concurrent": 50});
    let bodies = [
        (
            json!({"task_id": "a b", "script_template": "x", "schedule": schedule}),
            "task_id",
        ),
        (
            json!({"task_id": "T", "script_template": "x", "schedule": {"start_time": "9", "end_time": "18:00"}}),
            "start_time",
        ),
        (json!({"task_id": "T", "schedule": schedule}), "script_template"),
        (
            json!({"task_id": "T", "script_template": "{{", "schedule": schedule}),
            "script_template",
        ),
        (
            json!({"task_id": "T", "script_template": "x", "schedule": schedule, "preset": "none"}),
            "preset",
        ),
    ];
    for (body, member) in bodies {
        let reply = server.post("/api/v1/campaigns", &body).unwrap();
        assert!(names(&reply, member), "{body} gets {reply:?}");
    }
    let unknown = server
        .post("/api/v1/tasks/data", &json!({"task_id": "NONE", "records": []}))
        .unwrap();
    assert!(matches!(unknown.status, 400 | 404 | 422), "{unknown:?}");
    assert_eq!(server.get("/api/v1/campaigns/NONE").unwrap().status, 404);
    assert_eq!(server.get("/api/v1/nothing").unwrap().status, 404);
    // The event with the log's own name, which its first start wrote, and nothing else.
    let events = server.get("/api/v1/events?after=0").unwrap().body;
    let kinds: Vec<_> = events["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| &event["type"])
        .collect();
    assert_eq!(kinds, ["installation.named"]);
}
