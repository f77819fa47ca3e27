//! Personal fields are sealed on disk, and a directory with events does not start without the right keys.

use serde_json::json;
use std::path::Path;
use tests::history::History;
use tests::passing_time::HUNG_AFTER;
use tests::program::{Program, run};
use tests::server::Server;

const PHONE: &str = "13800138002";
const NAME: &str = "欧阳测试";

/// Returns the files below `folder` that contain one of the texts.
fn holding(folder: &Path, texts: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("the folder is there").flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(holding(&path, texts));
            continue;
        }
        let bytes = std::fs::read(&path).expect("our own file can be read");
        let holds = |text: &&str| bytes.windows(text.len()).any(|window| window == text.as_bytes());
        if texts.iter().any(holds) {
            found.push(path.display().to_string());
        }
    }
    found
}

fn is_refused(data: &Path) -> bool {
    let mut server = Program::start(Server::command(data, "sip:127.0.0.1:9"));
    let status = server
        .wait(HUNG_AFTER)
        .expect("a server without its keys ends by itself");
    !status.success()
}

#[test]
fn personal_fields_are_sealed_and_the_keys_are_demanded() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let mut server = Server::start(&data, "sip:127.0.0.1:9");
    let script = "您好,{{customer_name}}。";
    server.must_post(
        "/api/v1/campaigns",
        &json!({"task_id": "T1", "script_template": script, "schedule": {"start_time": "09:00", "end_time": "18:00"}}),
    );
    let records = json!([{"customer_id": "ID-310000", "phone": PHONE, "customer_name": NAME}]);
    server.must_post(
        "/api/v1/tasks/data",
        &json!({"task_id": "T1", "records": records}),
    );
    let shown = server
        .get("/api/v1/customers/ID-310000?after_position=1")
        .unwrap()
        .body
        .to_string();
    assert!(shown.contains("138****8002") && !shown.contains(PHONE), "{shown}");
    server.program.signal("TERM");
    server.program.wait(HUNG_AFTER);

    assert_eq!(holding(&data, &[PHONE, NAME, "ID-310000"]), Vec::<String>::new());

    let master = data.join("keys").join("master.key");
    let keys = data.join("keys").join("keys.db");
    let kept = std::fs::read(&master).unwrap();
    std::fs::rename(&master, data.join("elsewhere")).unwrap();
    assert!(is_refused(&data), "a missing master key");
    // The log itself can be read without any key.
    assert_eq!(History::read(&data).of("customer.enrolled").count(), 1);
    let mut wrong = kept.clone();
    wrong[0] ^= 1;
    std::fs::write(&master, wrong).unwrap();
    assert!(is_refused(&data), "a wrong master key");
    std::fs::write(&master, kept).unwrap();
    std::fs::rename(&keys, data.join("keys-elsewhere")).unwrap();
    assert!(is_refused(&data), "a missing key file");
    std::fs::rename(data.join("keys-elsewhere"), &keys).unwrap();
    let again = Server::start(&data, "sip:127.0.0.1:9");
    assert_eq!(again.get("/readyz").unwrap().status, 200);
    assert!(
        run(&["doctor", "--data", &data.to_string_lossy()])
            .status
            .success()
    );
}
