//! Tests of writing RFM grades to the customers of a segment, page by page, as of one position.

use super::segments::{CAMPAIGN, PEOPLE, asked, count};
use crate::tests::route_server::RouteServer;
use serde_json::{Value, json};

#[test]
fn grades_are_written_onto_people_page_by_page_for_a_reason_and_the_same_again_is_nothing() {
    let server = RouteServer::with_people(CAMPAIGN, PEOPLE);
    for (customer, day, count) in [("C1", "2026-03-01", "30"), ("C2", "2025-01-01", "1")] {
        let set =
            json!({ "set": { "last_order_date": day, "orders_count": count, "orders_amount": "9000" } });
        let done = server.post(&format!("/api/v1/customers/{customer}/attributes"), &set);
        assert_eq!(done.0, 200, "{done:?}");
    }
    let path = "/api/v1/segments/rfm/write";
    let mut body = json!({ "sql": "SELECT * FROM customers", "reason": "grades of the quarter",
        "limits": { "recency_days": [180, 90, 30, 7], "orders_count": [2, 5, 10, 20],
            "amount": ["100", "500", "1000", "5000"] }, "dry_run": true });
    let before = server.events("customer.attributes_set").len();
    let dry = server.post(path, &body);
    let counts = |reply: &(u16, Value)| {
        let one = &reply.1;
        (
            reply.0,
            one["graded"].clone(),
            one["without_facts"].clone(),
            one["changed"].clone(),
        )
    };
    assert_eq!(counts(&dry), (200, json!(2), json!(1), json!(2)), "{dry:?}");
    assert_eq!(
        server.events("customer.attributes_set").len(),
        before,
        "a dry run stores nothing"
    );
    body["dry_run"] = json!(false);
    let first = server.post(path, &body);
    assert_eq!(counts(&first), counts(&dry), "{first:?}");
    assert_eq!(first.1["by_grade"]["champion"], 1, "{first:?}");
    assert_eq!(first.1["goes_on_after"], Value::Null);
    let again = server.post(path, &body);
    assert_eq!(
        (&again.1["changed"], &again.1["unchanged"]),
        (&json!(0), &json!(2))
    );
    let written = server.events("customer.attributes_set");
    assert_eq!(written.len(), before + 2);
    let origin = &written[before]["data"]["origin"];
    assert_eq!(
        (&origin["rule"], &origin["reason"]),
        (&json!("rfm"), &json!("grades of the quarter"))
    );
    let champions = count(
        &server,
        &asked("SELECT * FROM customers WHERE rfm_grade = 'champion'"),
    );
    assert_eq!(champions["count"], 1);
    body["after"] = json!("f".repeat(32));
    let behind = server.post(path, &body);
    assert_eq!(counts(&behind), (200, json!(2), json!(1), json!(0)), "{behind:?}");
    // A later page may name the position of the first one; the first page is as of now.
    body["as_of"] = json!("10");
    assert_eq!(server.post(path, &body).0, 200);
    body.as_object_mut().unwrap().remove("after");
    assert_eq!(server.post(path, &body).0, 422, "the past is not written");
    let own = json!({ "sql": "SELECT * FROM customers WHERE rfm_grade = 'x'", "reason": "x" });
    assert_eq!(server.post(path, &own).1["code"], "segment-asks-what-it-writes");
    let body = json!({ "sql": "SELECT * FROM customers" });
    assert_eq!(server.post(path, &body).0, 422, "a reason is required");
    server.end();
}
