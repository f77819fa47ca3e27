//! Tests of lists for callers who are limited to their own customers or to a team: they contain those
//! customers only.

use super::test_client::{add, get, key, owner, trail};
use crate::testing::{TestServer, permit_of};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::ids::{CallId, CommandId, EnrolmentId};
use domain::stored_event::Cause;
use serde_json::{Value, json};

/// Creates campaign A with C1, C2 and C3.
async fn three_people(story: &TestServer) {
    let made = json!({ "task_id": "A", "script_template": "您好。",
        "schedule": { "start_time": "09:00", "end_time": "18:00" } });
    assert_eq!(owner(story, "/api/v1/campaigns", made).await.status, 201);
    let records = [1, 2, 3].map(
        |id| json!({ "customer_id": format!("C{id}"), "phone": format!("1380013800{id}"), "name": "张三" }),
    );
    let listed = json!({ "task_id": "A", "records": records });
    assert_eq!(owner(story, "/api/v1/tasks/data", listed).await.status, 200);
}

async fn assign(story: &TestServer, id: &str, body: Value) {
    let done = owner(story, &format!("/api/v1/customers/{id}/assign"), body).await;
    assert_eq!(done.status, 200, "{}", done.body);
}

/// Waits until the read models have the whole log.
async fn shown(story: &TestServer) {
    let installation = &story.running.installation;
    let head = installation.store().head().await.unwrap();
    installation.rows_at(head, 5_000).await.unwrap();
}

async fn ids(story: &TestServer, path: &str, authorization: &str) -> Vec<String> {
    let came = get(story, path, authorization).await;
    assert_eq!(came.status, 200, "{path}: {}", came.body);
    let items = came.body["items"].as_array().unwrap().iter();
    items.map(|one| one["id"].as_str().unwrap().to_owned()).collect()
}

async fn id_of(story: &TestServer, external: &str) -> String {
    let bearer = story.bearer();
    let came = get(story, &format!("/api/v1/customers/{external}"), &bearer).await;
    came.body["id"].as_str().unwrap().to_owned()
}

/// Adds a user of the team `north`.
async fn add_to_north(story: &TestServer, name: &str, role: &str) {
    let user = json!({ "name": name, "roles": [role], "team": "north",
        "password": "correct horse battery" });
    assert_eq!(owner(story, "/api/v1/users", user).await.status, 201);
}

#[test]
fn an_agent_lists_the_customers_who_are_given_to_them_and_a_supervisor_those_of_the_team() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        three_people(&story).await;
        add_to_north(&story, "bob", "agent").await;
        add_to_north(&story, "boss", "supervisor").await;
        add(&story, "ann", &["agent"]).await;
        add(&story, "law", &["compliance"]).await;
        let ann = key(&story, json!({ "user": "ann" })).await;
        let bob = key(&story, json!({ "user": "bob" })).await;
        let boss = key(&story, json!({ "user": "boss" })).await;
        let law = key(&story, json!({ "user": "law" })).await;
        let list = "/api/v1/customers";
        assert!(ids(&story, list, &ann).await.is_empty());
        assign(&story, "C1", json!({ "user": "ann", "reason": "dialect" })).await;
        assign(&story, "C2", json!({ "user": "bob", "reason": "dialect" })).await;
        assign(&story, "C3", json!({ "team": "north", "reason": "region" })).await;
        shown(&story).await;
        let (c1, c2, c3) = (
            id_of(&story, "C1").await,
            id_of(&story, "C2").await,
            id_of(&story, "C3").await,
        );
        let before = trail(&story, "inquiry.personal_data_read").await.len();
        assert_eq!(ids(&story, list, &ann).await, std::slice::from_ref(&c1));
        let reads = trail(&story, "inquiry.personal_data_read").await;
        let read = &reads[before];
        assert_eq!((reads.len(), &read["customer"]), (before + 1, &json!(c1)));
        assert_eq!(
            (&read["by_whom"], &read["data"]["form"]),
            (&json!("ann"), &json!("masked"))
        );
        assert_eq!(ids(&story, list, &bob).await, std::slice::from_ref(&c2));
        let mut norths = ids(&story, list, &boss).await;
        norths.sort();
        let mut expected = vec![c2.clone(), c3];
        expected.sort();
        assert_eq!(norths, expected);
        assert!(
            ids(&story, &format!("{list}?user=ann"), &boss).await.is_empty(),
            "ann is in no team"
        );
        assert_eq!(ids(&story, &format!("{list}?user=bob"), &boss).await, [c2]);
        assert_eq!(
            ids(&story, list, &law).await.len(),
            3,
            "a caller who sees all customers"
        );
        assert!(ids(&story, &format!("{list}?campaign=B"), &law).await.is_empty());
        let first = get(&story, &format!("{list}?limit=2"), &law).await;
        assert_eq!(first.body["items"].as_array().unwrap().len(), 2);
        let cursor = first.body["next_cursor"].as_str().unwrap();
        let read = URL_SAFE_NO_PAD.decode(cursor).unwrap();
        let read = String::from_utf8_lossy(&read);
        let leaked = [&c1, &expected[0], &expected[1]]
            .into_iter()
            .find(|id| read.contains(*id));
        assert_eq!(leaked, None, "a cursor holds no id of a customer");
        let rest = ids(&story, &format!("{list}?limit=2&cursor={cursor}"), &law).await;
        assert_eq!(rest.len(), 1);
        let other = get(&story, &format!("{list}?user=bob&cursor={cursor}"), &law).await;
        assert_eq!(
            (other.status, other.code()),
            (400, "cursor-invalid"),
            "of another question"
        );
        assert!(!first.body.to_string().contains("13800138"), "{}", first.body);
        assign(&story, "C1", json!({ "reason": "moved" })).await;
        assert!(ids(&story, list, &ann).await.is_empty(), "whatever the rows say");
    });
    story.end();
}

#[test]
fn calls_are_listed_of_own_customers_alone() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        three_people(&story).await;
        add(&story, "ann", &["agent"]).await;
        let ann = key(&story, json!({ "user": "ann" })).await;
        assign(&story, "C1", json!({ "user": "ann", "reason": "dialect" })).await;
        let (c1, c2) = (id_of(&story, "C1").await, id_of(&story, "C2").await);
        for customer in [&c1, &c2] {
            permit(&story, customer).await;
        }
        shown(&story).await;
        let all = ids(&story, "/api/v1/calls", &story.bearer()).await;
        assert_eq!(all.len(), 2);
        let own = call_of(&c1).to_string();
        assert_eq!(
            ids(&story, "/api/v1/calls", &ann).await,
            std::slice::from_ref(&own)
        );
        let named = format!("/api/v1/calls?customer={c1}");
        assert_eq!(ids(&story, &named, &ann).await, [own]);
        let others = get(&story, &format!("/api/v1/calls?customer={c2}"), &ann).await;
        assert_eq!(others.status, 404, "{}", others.body);
        assign(&story, "C1", json!({ "reason": "moved" })).await;
        assert!(ids(&story, "/api/v1/calls", &ann).await.is_empty());
    });
    story.end();
}

fn enrolment_of(customer: &str) -> EnrolmentId {
    EnrolmentId {
        campaign: "A".parse().unwrap(),
        customer: customer.parse().unwrap(),
    }
}

fn call_of(customer: &str) -> CallId {
    CallId::derive(&enrolment_of(customer), 1)
}

/// Records the permit of a call to this customer, and nothing after it.
async fn permit(story: &TestServer, customer: &str) {
    let enrolment = enrolment_of(customer);
    let call = call_of(customer);
    let installation = &story.running.installation;
    let command = permit_of(installation.now(), call, 1, enrolment);
    let cause = Cause::outside(CommandId::derive_from_text(&format!("permit {customer}")));
    let asked = installation.entities.calls.ask(&call, command, cause).await;
    asked.unwrap();
}
