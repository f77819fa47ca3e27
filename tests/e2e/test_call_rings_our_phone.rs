//! A test call: our own phone rings through the campaign's flow and trunk before the start of the campaign.
//! Each step of it is shown, and it appears in no customer, call or figure.

use serde_json::json;
use std::path::Path;
use tests::carrier::CarrierProcess;
use tests::history::{History, member, text_of};
use tests::program::run_json;
use tests::server::Server;

const PHONE: &str = "13800138000";

#[test]
fn our_own_phone_rings_before_the_start_and_counts_nowhere() {
    let folder = tempfile::tempdir().unwrap();
    let carrier = CarrierProcess::start(folder.path(), 7, &[]);
    let data = folder.path().join("data");
    let server = Server::start(&data, &carrier.trunk());
    let body = json!({"task_id": "A", "script_template": tests::prove::BUNDLED_TEXT});
    server.must_post("/api/v1/campaigns", &body);
    let foreign = ["campaign", "preflight", "A", "--test-call", PHONE, "--json"];
    let refused = server.run(&foreign);
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(
        !refused.status.success() && said.contains("test phones"),
        "{said}"
    );
    let add = [
        "settings",
        "test-phones",
        "add",
        PHONE,
        "--reason",
        "who reviews flows",
    ];
    assert!(server.run(&add).status.success());
    // By the route, and by the command that waits for the end.
    let asked = server.must_post("/api/v1/campaigns/A/test-calls", &json!({}));
    let call = asked.body["call"].as_str().unwrap().to_owned();
    let path = format!("/api/v1/campaigns/A/test-calls/{call}?within_seconds=20");
    let test_call = server.get(&path).unwrap().body;
    assert!(
        test_call["call"]["ended"]["disposition"].is_string(),
        "{test_call}"
    );
    let (status, test_call) = server.run_json(&foreign).unwrap();
    assert!(status.success(), "{test_call}");
    let steps: Vec<&str> = test_call["steps"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|one| one["step"].as_str())
        .collect();
    assert_eq!(
        (steps[0], steps[1]),
        ("call.permitted", "call.dialing"),
        "{steps:?}"
    );
    assert_eq!(
        (test_call["test"].as_bool(), &test_call["call"]["callee"]),
        (Some(true), &json!("138****8000"))
    );
    counted_nowhere(&server);
    assert!(
        carrier.cdr.metadata().map_or(0, |file| file.len()) > 0,
        "the carrier saw it"
    );
    drop(server);
    let history = History::read(&data);
    for kind in [
        "call.permitted",
        "call.dialing",
        "call.ended",
        "customer.enrolled",
        "summary.recorded",
    ] {
        assert_eq!(history.of(kind).count(), 0, "{kind}");
    }
    assert!(history.of("test_call.step_recorded").count() >= 6);
    are_known_on_the_bill(folder.path(), &data, &history);
}

/// Checks that the trunk's bill with both test calls agrees with the log.
fn are_known_on_the_bill(folder: &Path, data: &Path, history: &History) {
    let mut rows = String::from("呼叫标识,被叫号码,开始时间,通话时长\n");
    let steps = history.of("test_call.step_recorded");
    let mut billed: Option<(String, String)> = None;
    for event in steps {
        match text_of(event, "/data/step/kind") {
            "call.dialing" => {
                let id = text_of(event, "/data/step/data/sip_call_id");
                billed = Some((id.to_owned(), text_of(event, "/time").to_owned()));
            }
            "call.ended" => {
                let (id, at) = billed.take().expect("it was dialed");
                let talk_ms = member(event, "/data/step/data/talk_ms").as_u64().unwrap_or(0);
                rows += &format!("{id},{PHONE},{at},{}\n", talk_ms.div_ceil(1_000));
            }
            _ => {}
        }
    }
    let bill = folder.join("bill.csv");
    std::fs::write(&bill, rows).expect("a file");
    let (bill, data) = (bill.to_string_lossy(), data.to_string_lossy());
    let (status, found) = run_json(&["reconcile", &bill, "--format", "csv", "--json", "--data", &data])
        .expect("it prints JSON");
    assert!(status.success(), "{found}");
    assert_eq!(member(&found, "/outcome/matched"), 2, "{found}");
}

/// Checks that no list of calls and no figure of the campaign contains the test call.
fn counted_nowhere(server: &Server) {
    let calls = server.get("/api/v1/calls").expect("the list of calls").body;
    assert_eq!(
        calls.pointer("/items").cloned().unwrap_or_default(),
        json!([]),
        "{calls}"
    );
    let shown = server.get("/api/v1/campaigns/A").expect("the campaign").body;
    let counts = |member: &str| {
        shown
            .get(member)
            .and_then(serde_json::Value::as_u64)
            .unwrap_or_default()
    };
    assert_eq!(
        (counts("dialed"), counts("answered"), counts("enrolled")),
        (0, 0, 0),
        "{shown}"
    );
}
