//! Tests of revealing values of many customers at once: the approval it needs, the records written before the
//! values are returned, and the customers left out.

use super::test_client::{TestReply, add, approve, key, owner, send, trail};
use crate::testing::TestServer;
use hyper::Method;
use serde_json::{Value, json};

const PATH: &str = "/api/v1/customers/reveal";

async fn post(story: &TestServer, path: &str, authorization: &str, body: Value) -> TestReply {
    let headers = [("Authorization", authorization)];
    send(story, Method::POST, path, &headers, Some(body)).await
}

/// Creates campaign A with C1 and C2, and campaign B with C2 and C3.
async fn three_people(story: &TestServer) {
    for (campaign, customers) in [("A", ["C1", "C2"]), ("B", ["C2", "C3"])] {
        let made = json!({ "task_id": campaign, "script_template": "您好，{{customer_name}}。",
            "schedule": { "start_time": "09:00", "end_time": "18:00" } });
        assert_eq!(owner(story, "/api/v1/campaigns", made).await.status, 201);
        let records = customers.map(|id| {
            let phone = format!("1380013800{}", &id.as_bytes()[1] - b'0');
            json!({ "customer_id": id, "phone": phone, "customer_name": format!("张{id}{campaign}") })
        });
        let listed = json!({ "task_id": campaign, "records": records });
        assert_eq!(owner(story, "/api/v1/tasks/data", listed).await.status, 200);
    }
}

async fn user(story: &TestServer, name: &str, role: &str) -> String {
    add(story, name, &[role]).await;
    key(story, json!({ "user": name })).await
}

fn of(customers: &[&str], approval: Option<&str>) -> Value {
    let mut order = json!({ "customers": customers, "fields": ["name"], "reason": "letters" });
    if let Some(approval) = approval {
        order["approval"] = json!(approval);
    }
    order
}

async fn approved(story: &TestServer, needed: &TestReply, approver: &str) -> String {
    assert_eq!(
        (needed.status, needed.code()),
        (409, "approval-needed"),
        "{}",
        needed.body
    );
    let id = needed.body["approval"].as_str().unwrap().to_owned();
    let came = approve(story, approver, &id).await;
    assert_eq!(came.status, 200, "{}", came.body);
    id
}

fn names(came: &TestReply) -> Vec<String> {
    assert_eq!(came.status, 200, "{}", came.body);
    let persons = came.body["persons"].as_array().unwrap().iter();
    let mut names: Vec<String> = persons
        .map(|one| one["name"].as_str().unwrap().to_owned())
        .collect();
    names.sort();
    names
}

#[test]
fn many_are_shown_when_another_person_approved_these_and_each_read_is_on_record() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        three_people(&story).await;
        let (li, _) = (
            user(&story, "li", "compliance").await,
            user(&story, "wang", "auditor").await,
        );
        let needed = post(&story, PATH, &li, of(&["C1", "C3", "C9"], None)).await;
        let id = approved(&story, &needed, "wang").await;
        assert!(trail(&story, "inquiry.personal_data_read").await.is_empty());
        let others = post(&story, PATH, &li, of(&["C1", "C2"], Some(&id))).await;
        assert_eq!(others.status, 422, "approved for others: {}", others.body);
        let shown = post(&story, PATH, &li, of(&["C3", "C9", "C1"], Some(&id))).await;
        assert_eq!(names(&shown), ["张C1A", "张C3B"]);
        assert_eq!(shown.body["unknown"], json!(["C9"]));
        let reads = trail(&story, "inquiry.personal_data_read").await;
        assert_eq!(reads.len(), 2, "one for each person");
        let four_eyes = json!({ "approval": id, "requested_by": "li", "approved_by": "wang" });
        for read in &reads {
            assert_eq!(read["data"]["form"], "clear");
            assert_eq!(read["data"]["four_eyes"], four_eyes);
            assert_eq!(read["data"]["route"], "POST /api/v1/customers/reveal");
        }
        let mut seen: Vec<&str> = reads
            .iter()
            .map(|read| read["customer"].as_str().unwrap())
            .collect();
        let mut shown_ids: Vec<&str> = shown.body["persons"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["id"].as_str().unwrap())
            .collect();
        seen.sort_unstable();
        shown_ids.sort_unstable();
        assert_eq!(seen, shown_ids);
        let again = post(&story, PATH, &li, of(&["C3", "C9", "C1"], Some(&id))).await;
        assert_eq!(again.status, 422, "an approval is used once: {}", again.body);
    });
    story.end();
}

#[test]
fn a_campaign_s_persons_are_shown_without_the_erased_and_only_within_the_scope() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        three_people(&story).await;
        let ann = user(&story, "ann", "agent").await;
        let given = json!({ "user": "ann", "reason": "speaks the dialect" });
        let path = "/api/v1/customers/C2/assign";
        assert_eq!(owner(&story, path, given).await.status, 200);
        let whole = |campaign: &str| json!({ "campaign": campaign, "fields": ["name"], "reason": "letters" });
        let own = post(&story, PATH, &ann, whole("B")).await;
        assert_eq!(names(&own), ["张C2A"], "no other user holds the right");
        let read = &trail(&story, "inquiry.personal_data_read").await[0];
        assert_eq!(read["data"]["four_eyes"], json!({ "nobody": "nobody_else" }));
        let others = post(&story, PATH, &ann, of(&["C1"], None)).await;
        assert_eq!(others.body["unknown"], json!(["C1"]));
        assert_eq!(others.body["persons"], json!([]));
        let moved = json!({ "reason": "moved" });
        assert_eq!(owner(&story, path, moved).await.status, 200);
        assert_eq!(post(&story, PATH, &ann, whole("B")).await.status, 404);

        let erased = json!({ "reason": "asked" });
        assert_eq!(
            owner(&story, "/api/v1/customers/C3/erase", erased).await.status,
            200
        );
        let all = owner(&story, PATH, whole("B")).await;
        assert_eq!(names(&all), ["张C2A"]);
        assert_eq!(all.body["erased"].as_array().unwrap().len(), 1, "{}", all.body);
        assert_eq!(owner(&story, PATH, whole("C")).await.status, 404);

        let both = json!({ "customers": ["C1"], "campaign": "A", "fields": [], "reason": "" });
        let refused = owner(&story, PATH, both).await;
        assert_eq!(refused.status, 422, "{}", refused.body);
        let wrong = refused.body["errors"].as_array().unwrap();
        assert_eq!(wrong.len(), 3, "{}", refused.body);
    });
    story.end();
}
