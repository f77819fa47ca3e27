//! A person under a hold is not erased. An erased person does not come back: not by an import, nor by old
//! keys under a rotated master key.

use serde_json::json;
use std::path::Path;
use tests::history::History;
use tests::passing_time::HUNG_AFTER;
use tests::program::run;
use tests::server::Server;

const TRUNK: &str = "sip:127.0.0.1:9";

fn enrol(server: &Server, task: &str) {
    server.must_post(
        "/api/v1/campaigns",
        &json!({"task_id": task, "script_template": tests::prove::BUNDLED_TEXT,
            "schedule": {"start_time": "09:00", "end_time": "18:00"}}),
    );
}

fn import(server: &Server, task: &str) -> serde_json::Value {
    let records = json!([{"customer_id": "C001", "phone": "13800138000"}]);
    let body = json!({"task_id": task, "records": records});
    let reply = server.post("/api/v1/tasks/data", &body);
    reply.expect("the server answers").body
}

fn standing(server: &Server) -> serde_json::Value {
    let shown = server.get("/api/v1/customers/C001");
    let shown = shown.expect("the server answers").body;
    tests::history::member(&shown, "/standing/erasure").clone()
}

fn stop(server: &mut Server) {
    server.program.signal("TERM");
    assert!(server.program.wait(HUNG_AFTER).is_some());
}

fn keys(data: &Path, args: &[&str]) -> bool {
    let data = data.to_string_lossy();
    let output = run(&[&["keys"], args, &["--data", &data]].concat());
    output.status.success()
}

#[test]
fn a_person_is_held_released_erased_and_stays_erased() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let mut server = Server::start(&data, TRUNK);
    enrol(&server, "A");
    import(&server, "A");
    let reason = json!({"reason": "court order"});
    server.must_post("/api/v1/customers/C001/hold", &reason);
    let refused = server.post("/api/v1/customers/C001/erase", &reason).unwrap();
    assert_eq!(refused.status, 422, "{refused:?}");
    let (status, _) = server
        .run_json(&["customer", "release", "C001", "--json"])
        .unwrap();
    assert!(status.success());
    let backup = folder.path().join("keys.backup");
    let backup = backup.to_string_lossy();
    assert!(keys(&data, &["backup", "--out", &backup]));
    let beside = data.join("keys.backup");
    assert!(
        !keys(&data, &["backup", "--out", &beside.to_string_lossy()]),
        "never beside events"
    );
    server.must_post("/api/v1/customers/C001/erase", &reason);
    let certified = server.look_after_events("kind=customer.erasure_certified", HUNG_AFTER, |_| {
        (standing(&server) == "certified").then_some(())
    });
    assert!(certified.is_some());
    enrol(&server, "B");
    let imported = import(&server, "B");
    assert!(imported.to_string().contains("erased"), "{imported}");
    let held = server.post("/api/v1/customers/C001/hold", &reason).unwrap();
    assert_eq!(held.status, 422, "{held:?}");
    assert!(!keys(&data, &["rotate"]), "not while a server runs");
    stop(&mut server);

    assert!(keys(&data, &["rotate"]));
    let mut again = Server::start(&data, TRUNK);
    assert_eq!(standing(&again), "certified");
    stop(&mut again);
    assert!(
        !keys(&data, &["restore", &backup]),
        "not over keys that are there"
    );
    std::fs::remove_file(data.join("keys/keys.db")).unwrap();
    std::fs::remove_file(data.join("keys/destroyed.list")).unwrap();
    assert!(keys(&data, &["restore", &backup]));
    let list = std::fs::read_to_string(data.join("keys/destroyed.list")).unwrap();
    assert_eq!(list.lines().count(), 1, "the log says who was erased");
    let history = History::read(&data);
    assert_eq!(history.of("customer.erasure_certified").count(), 1);
    assert_eq!(history.of("customer.enrolled").count(), 1);
}
