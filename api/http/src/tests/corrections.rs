//! Tests of requests to correct a customer's values: which values can be corrected, and that the new values
//! are shown, copied and stored sealed.

use super::cases::{get, one_person, post};
use crate::testing::TestServer;
use serde_json::json;

#[test]
fn a_correction_says_what_is_right_and_it_is_shown_from_then_on() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        one_person(&story).await;
        let open = json!({ "customer": "C01", "wish": "correct" });
        let (_, opened) = post(&story, "/api/v1/requests", open).await;
        let path = format!("/api/v1/requests/{}/answer", opened["id"].as_str().unwrap());
        for (wrong, pointer) in [
            (json!({ "phone": "13800138009" }), "/set/phone"),
            (json!({ "customer_id": "C02" }), "/set/customer_id"),
            (json!({ "name": "a\u{1}b" }), "/set/name"),
        ] {
            let (status, reply) = post(&story, &path, json!({ "note": "x", "set": wrong })).await;
            assert_eq!(
                (status, &reply["errors"][0]["pointer"]),
                (422, &json!(pointer)),
                "{reply}"
            );
        }
        let unknown = json!({ "note": "x", "set": { "colour": "red" } });
        assert_eq!(post(&story, &path, unknown).await.0, 422);
        let refused = json!({ "note": "x", "refuse": true, "set": { "name": "李四" } });
        assert_eq!(post(&story, &path, refused).await.0, 422);
        let right = json!({ "note": "by the identity card", "set": { "name": "李小明", "days": "5" } });
        let (status, done) = post(&story, &path, right).await;
        assert_eq!(status, 200, "{done}");
        let (_, events) = get(&story, "/api/v1/events?kind=customer.corrected").await;
        let corrected = &events["items"][0];
        assert_eq!(corrected["id"], done["answered"]["done_by"], "{events}");
        assert_eq!(corrected["data"]["request"], opened["id"]);
        assert!(!events.to_string().contains("李小明"), "sealed: {events}");
        let (_, received) = get(&story, "/api/v1/events?kind=person_request.received").await;
        assert_eq!(corrected["causationid"], received["items"][0]["id"]);
        let (_, shown) = get(&story, "/api/v1/customers/C01").await;
        assert_eq!(shown["name"], "李**", "{shown}");
        let copy = json!({ "customer": "C01", "wish": "copy" });
        let (_, copy) = post(&story, "/api/v1/requests", copy).await;
        let path = format!("/api/v1/requests/{}/answer", copy["id"].as_str().unwrap());
        let (_, copy) = post(&story, &path, json!({ "note": "sent" })).await;
        assert_eq!(copy["copy"]["persons"][0]["name"], "李小明", "{copy}");
        assert_eq!(copy["copy"]["variables"]["T"]["days"], "5", "{copy}");
        let written = corrected["position"].clone();
        let written = written
            .as_str()
            .map_or_else(|| written.to_string(), str::to_owned);
        let path = format!("/api/v1/customers/C01/timeline?after_position={written}");
        let (_, timeline) = get(&story, &path).await;
        let mut lines = timeline["timeline"].as_array().unwrap().iter();
        let line = lines.find(|line| line["kind"] == "customer.corrected").unwrap();
        assert_eq!(line["facts"]["variables"], json!(["days"]), "{line}");
    });
    story.end();
}
