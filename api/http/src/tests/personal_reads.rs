//! Tests of reads of personal data: they are recorded before the reply, and refused if they cannot be
//! recorded.

use crate::tests::route_server::RouteServer;
use crate::tests::routes::CAMPAIGN;
use serde_json::{Value, json};

/// Creates campaign T with one customer, C001. The customer's number is opted out.
fn with_a_customer() -> RouteServer {
    let story = RouteServer::begin();
    assert_eq!(story.send("POST", "/api/v1/campaigns", CAMPAIGN).0, 201);
    let list = "客户ID,手机号,姓名,days\nC001,138-0013-8000,张三,3\n";
    let (status, _) = story.send("POST", "/api/v1/campaigns/T/lists?source=a.csv", list);
    assert_eq!(status, 200);
    let opt_out = r#"{"reason":"asked by phone"}"#;
    let (status, _) = story.send("POST", "/api/v1/numbers/13800138000/opt-out", opt_out);
    assert_eq!(status, 200);
    // Waits until the read models have the customer.
    story.trail("");
    story
}

impl RouteServer {
    /// The records of the audit trail, after the read models have the whole log.
    fn trail(&self, query: &str) -> Vec<Value> {
        let head = self.head();
        let head = head.as_str().unwrap();
        let path = format!("/api/v1/audit?after_position={head}&{query}");
        let (status, page) = self.send("GET", &path, "");
        assert_eq!(status, 200, "{page}");
        page["items"].as_array().unwrap().clone()
    }
}

#[test]
fn the_reader_of_a_person_is_on_record_and_nothing_of_the_person_is() {
    let story = with_a_customer();
    let kind = "kind=inquiry.personal_data_read";
    let customer = "/api/v1/customers/C001";
    let asked = format!("{customer}?by=wang&reason=complaint%2017");
    let (status, shown) = story.send("GET", &asked, "");
    assert_eq!((status, &shown["name"]), (200, &json!("张*")));
    for path in [
        &format!("{customer}/timeline?by=li"),
        "/api/v1/numbers/13800138000",
        "/api/v1/messages?customer=C001&by=zhao",
    ] {
        assert_eq!(story.send("GET", path, "").0, 200, "{path}");
    }
    // Without a shown customer there is no read.
    assert_eq!(story.send("GET", "/api/v1/customers/C999?by=wang", "").0, 404);
    assert_eq!(story.send("GET", "/api/v1/calls?by=wang", "").0, 200);

    let reads = story.trail(kind);
    let who: Vec<_> = reads.iter().map(|read| read["by_whom"].clone()).collect();
    assert_eq!(who, ["wang", "li", "directory", "zhao"], "{reads:#?}");
    let first = &reads[0];
    assert_eq!(first["customer"], shown["id"]);
    assert_eq!(
        first["data"],
        json!({ "by": "wang", "customer": shown["id"], "door": "directory", "form": "masked",
            "fields": ["external_id", "name", "phone", "enrolments", "calls"],
            "reason": "complaint 17", "route": "GET /api/v1/customers/{id}" })
    );
    assert_eq!(reads[2]["data"]["number"], shown["numbers"][0]["id"]);
    let text = json!(reads).to_string();
    // A longer part of the number, because ids are hexadecimal and contain any four digits by chance.
    for secret in ["C001", "****8000", "张", "0138000"] {
        assert!(!text.contains(secret), "{secret}: {text}");
    }
    assert_eq!(story.trail(&format!("{kind}&by=wang")).len(), 1);
    assert_eq!(story.trail(&format!("{kind}&by=wan")).len(), 0);
    assert_eq!(story.trail(&format!("{kind}&customer=C001")).len(), 3);
    let at = first["at"].as_str().unwrap();
    assert!(!story.trail(&format!("{kind}&from={at}")).is_empty());
    assert_eq!(story.trail(&format!("{kind}&to={at}")), Vec::<Value>::new());
    story.end();
}

#[test]
fn the_same_read_within_a_minute_counts_once_and_another_reader_counts() {
    let story = with_a_customer();
    let count = || story.trail("kind=inquiry.personal_data_read").len();
    // The clock of a rehearsal starts on a full minute.
    let customer = "/api/v1/customers/C001?by=";
    for _ in 0..3 {
        assert_eq!(story.send("GET", &format!("{customer}wang"), "").0, 200);
    }
    assert_eq!(count(), 1);
    assert_eq!(story.send("GET", &format!("{customer}li"), "").0, 200);
    assert_eq!(story.send("GET", &format!("{customer}li&reason=x"), "").0, 200);
    assert_eq!(count(), 3);
    let long = "x".repeat(65);
    let (status, problem) = story.send("GET", &format!("{customer}{long}"), "");
    assert_eq!((status, &problem["code"]), (422, &json!("refused")));
    assert_eq!(count(), 3);
    story.end();
}

#[test]
fn what_cannot_be_put_on_record_is_not_shown() {
    let story = with_a_customer();
    let paths = [
        "/api/v1/customers/C001",
        "/api/v1/customers/C001/timeline",
        "/api/v1/numbers/13800138000",
    ];
    for path in paths {
        assert_eq!(story.send("GET", path, "").0, 200, "{path}");
    }
    story.runtime.block_on(story.running.process.opened.close());
    for path in paths {
        let (status, body) = story.send("GET", &format!("{path}?by=wang"), "");
        assert_eq!((status, &body["code"]), (503, &json!("unavailable")), "{path}");
        assert!(!body.to_string().contains("138****8000"), "{body}");
    }
    story.end();
}
