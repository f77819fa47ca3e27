//! Calls of other systems and files of numbers over HTTP: each row by itself, each record once.

use crate::tests::doors::Server;
use serde_json::{Value, json};

const PHONE: &str = "13800138000";

fn record(key: &str, phone: &str, dialed_at: &str) -> Value {
    json!({ "phone": phone, "key": key, "dialed_at": dialed_at, "proves_dial": true, "answered": true,
        "status": "SALE", "talk_ms": 41_000 })
}

#[test]
fn records_are_facts_of_number_and_person_once_and_never_calls_of_ours() {
    let server = Server::begin();
    let campaign = json!({ "task_id": "T", "script_template": "您好。" });
    assert!(server.post("/api/v1/campaigns", &campaign).0 < 300);
    let people = json!({ "task_id": "T", "records": [{ "customer_id": "C1", "phone": PHONE }] });
    assert!(server.post("/api/v1/tasks/data", &people).0 < 300);
    let body = json!({ "source": "vicidial", "calls": [
        record("1", PHONE, "2026-03-01T10:00:00+08:00"),
        record("2", "13800138001", "2026-03-01T10:00:00+08:00"),
        record("3", "n/a", "2026-03-01T10:00:00+08:00"),
        record("4", PHONE, "2096-03-01T10:00:00+08:00"),
    ]});
    let (status, first) = server.post("/api/v1/history", &body);
    assert_eq!(status, 200, "{first}");
    assert_eq!(
        (&first["stored"], &first["of_people"], &first["known"]),
        (&json!(2), &json!(1), &json!(0)),
        "{first}"
    );
    let refused: Vec<_> = first["refused"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["row"].clone())
        .collect();
    assert_eq!(refused, [2, 3]);
    let (_, again) = server.post("/api/v1/history", &body);
    assert_eq!(
        (&again["stored"], &again["of_people"], &again["known"]),
        (&json!(0), &json!(0), &json!(2)),
        "{again}"
    );
    assert_eq!(server.events("number.history_imported").len(), 2);
    let of_people = server.events("customer.history_imported");
    assert_eq!(of_people.len(), 1);
    let text = of_people[0]["data"].to_string();
    assert!(!text.contains("13800138000"), "it holds no digits: {text}");
    for kind in ["call.permitted", "call.dialing", "customer.consent_recorded"] {
        assert!(server.events(kind).is_empty(), "{kind}");
    }
    let (status, _) = server.post("/api/v1/history", &json!({ "source": "elsewhere", "calls": [] }));
    assert!((400..500).contains(&status), "{status}");
    server.end();
}

#[test]
fn many_numbers_are_suppressed_or_listed_in_one_request() {
    let server = Server::begin();
    let numbers = json!([PHONE, "no number", "+86 138 0013 8001"]);
    let body = json!({ "numbers": numbers, "reason": "national list" });
    let (status, reply) = server.post("/api/v1/numbers/import", &body);
    assert_eq!(status, 200, "{reply}");
    assert_eq!(
        (&reply["good"], &reply["refused"][0]["row"]),
        (&json!(2), &json!(1)),
        "{reply}"
    );
    assert_eq!(server.events("number.suppressed").len(), 2);
    let (_, again) = server.post("/api/v1/numbers/import", &body);
    assert_eq!((&again["good"], &again["unchanged"]), (&json!(2), &json!(2)));
    let listed = json!({ "numbers": [PHONE], "list": "consented-2026", "reason": "signed" });
    assert_eq!(server.post("/api/v1/numbers/import", &listed).0, 200);
    assert_eq!(server.events("number.listed").len(), 1);
    let many: Vec<String> = (0..501).map(|_| PHONE.to_owned()).collect();
    let (status, _) = server.post(
        "/api/v1/numbers/import",
        &json!({ "numbers": many, "reason": "x" }),
    );
    assert!((400..500).contains(&status), "{status}");
    server.end();
}
