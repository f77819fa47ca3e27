//! Tests of importing past calls of other systems and lists of numbers: each row is checked by itself, and
//! each record is stored once.

use crate::tests::route_server::RouteServer;
use serde_json::{Value, json};

const PHONE: &str = "13800138000";

fn record(key: &str, phone: &str, dialed_at: &str) -> Value {
    json!({ "phone": phone, "key": key, "dialed_at": dialed_at, "proves_dial": true, "answered": true,
        "status": "SALE", "talk_ms": 41_000 })
}

#[test]
fn records_are_facts_of_number_and_person_once_and_never_calls_of_ours() {
    let server = RouteServer::begin();
    let campaign = json!({ "task_id": "T", "script_template": "您好。" });
    assert!(server.post("/api/v1/campaigns", &campaign).0 < 300);
    let people = json!({ "task_id": "T", "records": [{ "customer_id": "C1", "phone": PHONE }] });
    assert!(server.post("/api/v1/tasks/data", &people).0 < 300);
    let mut named = record("6", PHONE, "2026-03-01T11:00:00+08:00");
    named["status"] = json!("ZHANG WEI");
    let body = json!({ "source": "vicidial", "calls": [
        record("1", PHONE, "2026-03-01T10:00:00+08:00"),
        record("2", "13800138001", "2026-03-01T10:00:00+08:00"),
        record("3", "n/a", "2026-03-01T10:00:00+08:00"),
        record("4", PHONE, "2096-03-01T10:00:00+08:00"),
        record("5", PHONE, "+58139-03-01T10:00:00Z"),
        named,
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
    assert_eq!(refused, [2, 3, 4, 5]);
    assert!(!first.to_string().contains("ZHANG"), "{first}");
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

/// A log of an earlier version, which named Asterisk's records by their start in UTC.
#[test]
fn what_was_imported_by_a_former_name_is_the_same_record() {
    let server = RouteServer::begin();
    let campaign = json!({ "task_id": "T", "script_template": "您好。" });
    assert!(server.post("/api/v1/campaigns", &campaign).0 < 300);
    let people = json!({ "task_id": "T", "records": [{ "customer_id": "C1", "phone": PHONE }] });
    assert!(server.post("/api/v1/tasks/data", &people).0 < 300);
    let at = "2026-03-01T10:00:00+08:00";
    let import_of = |mut record: Value| {
        record["status"] = json!("ANSWERED");
        json!({ "source": "asterisk", "calls": [record] })
    };
    let before = record("1.1/2026-03-01T02:00:00.000000Z", PHONE, at);
    assert_eq!(server.post("/api/v1/history", &import_of(before)).1["stored"], 1);
    let mut today = record("1.1/2026-03-01 10:00:00", PHONE, at);
    today["former_key"] = json!("1.1/2026-03-01T02:00:00.000000Z");
    let (status, again) = server.post("/api/v1/history", &import_of(today.clone()));
    assert_eq!(
        (status, &again["stored"], &again["known"], &again["of_people"]),
        (200, &json!(0), &json!(1), &json!(0)),
        "{again}"
    );
    // If nothing was imported under the former name, the record is stored once under its present name.
    today["phone"] = json!("13800138001");
    assert_eq!(
        server.post("/api/v1/history", &import_of(today.clone())).1["stored"],
        1
    );
    assert_eq!(server.post("/api/v1/history", &import_of(today)).1["known"], 1);
    assert_eq!(server.events("number.history_imported").len(), 2);
    server.end();
}

#[test]
fn many_numbers_are_suppressed_or_listed_in_one_request() {
    let server = RouteServer::begin();
    let numbers = json!([
        PHONE,
        "no number",
        "+86 138 0013 8001",
        "+1 102 555 0123",
        "+86 138"
    ]);
    let body = json!({ "numbers": numbers, "reason": "national list" });
    let (status, reply) = server.post("/api/v1/numbers/import", &body);
    assert_eq!(status, 200, "{reply}");
    assert_eq!(
        (&reply["good"], &reply["refused"][0]["row"]),
        (&json!(2), &json!(1)),
        "{reply}"
    );
    let codes: Vec<&Value> = reply["refused"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| &row["code"])
        .collect();
    assert_eq!(codes, ["unreadable", "uncallable", "unreadable"], "{reply}");
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

/// If one customer has reached the limit of records, other customers with the same number still get the
/// record.
#[test]
fn a_person_who_takes_no_more_leaves_the_others_theirs() {
    let server = RouteServer::begin();
    let campaign = json!({ "task_id": "T", "script_template": "您好。" });
    assert!(server.post("/api/v1/campaigns", &campaign).0 < 300);
    let own = |nth: u32| format!("1380013{:04}", 8001 + nth);
    let people = json!({ "task_id": "T", "records": [
        { "customer_id": "C1", "phone": PHONE }, { "customer_id": "C2", "phone": PHONE } ] });
    assert!(server.post("/api/v1/tasks/data", &people).0 < 300);
    // C1 reaches the limit with records of other numbers.
    let recent = server
        .running
        .installation
        .now()
        .minus_ms(3_600_000 * 24)
        .to_string();
    for nth in 0..5 {
        let campaign = json!({ "task_id": format!("T{nth}"), "script_template": "您好。" });
        assert!(server.post("/api/v1/campaigns", &campaign).0 < 300);
        let people = json!({ "task_id": format!("T{nth}"), "records": [
            { "customer_id": "C1", "phone": own(nth) } ] });
        assert!(server.post("/api/v1/tasks/data", &people).0 < 300);
        let calls: Vec<Value> = (0..400)
            .map(|key| record(&key.to_string(), &own(nth), &recent))
            .collect();
        let (status, response) = server.post(
            "/api/v1/history",
            &json!({ "source": "vicidial", "calls": calls }),
        );
        assert_eq!((status, &response["of_people"]), (200, &json!(400)), "{response}");
    }
    let calls = json!({ "source": "vicidial", "calls": [record("1", PHONE, &recent)] });
    let (status, response) = server.post("/api/v1/history", &calls);
    assert_eq!(
        (
            status,
            &response["stored"],
            &response["of_people"],
            &response["people_refused"],
            &response["refused"]
        ),
        (200, &json!(1), &json!(1), &json!(1), &json!([])),
        "{response}"
    );
    server.end();
}
