//! Tests of values in clear and of assigned customers: which callers see them, and what is recorded before
//! they are shown.

use super::test_client::{add, get, key, owner, send, trail};
use crate::testing::TestServer;
use hyper::Method;
use serde_json::json;

/// Creates the campaigns A and B with one customer each, C1 and C2.
async fn two_people(story: &TestServer) {
    for (campaign, customer, phone) in [("A", "C1", "13800138000"), ("B", "C2", "13800138001")] {
        let made = json!({ "task_id": campaign, "script_template": "您好，{{customer_name}}。",
            "schedule": { "start_time": "09:00", "end_time": "18:00" } });
        assert_eq!(owner(story, "/api/v1/campaigns", made).await.status, 201);
        let listed = json!({ "task_id": campaign, "records": [
            { "customer_id": customer, "phone": phone, "customer_name": "张三" }] });
        assert_eq!(owner(story, "/api/v1/tasks/data", listed).await.status, 200);
    }
}

#[test]
fn a_value_in_clear_needs_a_role_and_a_reason_and_is_on_record_first() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        two_people(&story).await;
        add(&story, "chief", &["admin"]).await;
        add(&story, "law", &["compliance"]).await;
        let (chief, law) = (
            key(&story, json!({ "user": "chief" })).await,
            key(&story, json!({ "user": "law" })).await,
        );
        let path = "/api/v1/customers/C1/reveal";
        let order = json!({ "fields": ["phones", "variables"], "reason": "complaint 17" });
        let asked = async |key: &str, order: serde_json::Value| {
            send(&story, Method::POST, path, &[("Authorization", key)], Some(order)).await
        };
        let never = asked(&chief, order.clone()).await;
        assert_eq!(
            (never.status, never.code()),
            (403, "role-missing"),
            "an admin sees people masked"
        );
        let unreasoned = asked(&law, json!({ "fields": ["name"], "reason": " " })).await;
        assert_eq!(unreasoned.status, 422, "{}", unreasoned.body);
        assert!(trail(&story, "inquiry.personal_data_read").await.is_empty());
        let shown = asked(&law, order).await;
        assert_eq!(shown.status, 200, "{}", shown.body);
        assert_eq!(shown.body["phones"][0]["phone"], "+8613800138000");
        assert_eq!(shown.body["variables"]["A"]["customer_name"], "张三");
        assert_eq!(shown.body.get("external_id"), None, "it was not asked for");
        let read = &trail(&story, "inquiry.personal_data_read").await[0];
        assert_eq!(read["by_whom"], "law");
        assert_eq!(read["data"]["form"], "clear");
        assert_eq!(read["data"]["fields"], json!(["phone", "variables"]));
        assert_eq!(read["data"]["reason"], "complaint 17");
        assert!(!read.to_string().contains("13800138000"));
    });
    story.end();
}

#[test]
fn an_agent_sees_the_persons_that_are_given_to_them_and_a_supervisor_those_of_the_team() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        two_people(&story).await;
        add(&story, "ann", &["agent"]).await;
        let boss = json!({ "name": "boss", "roles": ["supervisor"], "team": "north",
            "password": "correct horse battery" });
        assert_eq!(owner(&story, "/api/v1/users", boss).await.status, 201);
        let (ann, boss) = (
            key(&story, json!({ "user": "ann" })).await,
            key(&story, json!({ "user": "boss" })).await,
        );
        let path = |id: &str| format!("/api/v1/customers/{id}");
        for key in [&ann, &boss] {
            assert_eq!(
                get(&story, &path("C1"), key).await.status,
                404,
                "no customer is assigned yet"
            );
        }
        let assign = async |id: &str, body: serde_json::Value| {
            let done = owner(&story, &format!("/api/v1/customers/{id}/assign"), body).await;
            assert_eq!(done.status, 200, "{}", done.body);
        };
        assign("C1", json!({ "user": "ann", "reason": "speaks the dialect" })).await;
        assign("C2", json!({ "team": "north", "reason": "their region" })).await;
        let seen = [
            get(&story, &path("C1"), &ann).await.status,
            get(&story, &path("C2"), &ann).await.status,
            get(&story, &path("C1"), &boss).await.status,
            get(&story, &path("C2"), &boss).await.status,
        ];
        assert_eq!(seen, [200, 404, 404, 200], "ann is in no team");
        let order = json!({ "fields": ["name"], "reason": "to greet" });
        let reveal = format!("{}/reveal", path("C1"));
        let own = send(
            &story,
            Method::POST,
            &reveal,
            &[("Authorization", &ann)],
            Some(order.clone()),
        )
        .await;
        assert_eq!(own.status, 200, "{}", own.body);
        let other = format!("{}/reveal", path("C2"));
        let others = send(
            &story,
            Method::POST,
            &other,
            &[("Authorization", &ann)],
            Some(order),
        )
        .await;
        assert_eq!(others.status, 404);
        let lists = get(&story, "/api/v1/calls", &ann).await;
        assert_eq!(
            (lists.status, &lists.body["items"]),
            (200, &json!([])),
            "theirs alone"
        );
        let events = get(&story, "/api/v1/exports/calls", &ann).await;
        assert_eq!((events.status, events.code()), (403, "role-missing"));
        assign("C1", json!({ "reason": "moved" })).await;
        assert_eq!(get(&story, &path("C1"), &ann).await.status, 404);
    });
    story.end();
}
