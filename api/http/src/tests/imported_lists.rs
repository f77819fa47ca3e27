//! Tests of imported lists: columns that assign customers to an agent or a team, and campaigns that require
//! another user's approval of each list.

use super::test_client::{TestReply, add, approve, campaign, get, key, owner, send, trail};
use crate::testing::TestServer;
use bytes::Bytes;
use domain::campaign::command::CampaignCommand;
use domain::four_eyes::{ApprovalExemption, FourEyes};
use domain::ids::CommandId;
use domain::stored_event::Cause;
use http_body_util::{BodyExt, Full};
use hyper::{Method, Request};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};

fn records(records: Value) -> Value {
    json!({ "task_id": "T", "records": records })
}

async fn post(story: &TestServer, path: &str, authorization: &str, body: Value) -> TestReply {
    let headers = [("Authorization", authorization)];
    send(story, Method::POST, path, &headers, Some(body)).await
}

#[test]
fn a_column_gives_persons_to_users_and_teams_and_an_unknown_user_is_a_bad_row() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        campaign(&story, json!([])).await;
        add(&story, "ann", &["agent"]).await;
        let list = records(json!([
            { "customer_id": "C1", "phone": "13800138001", "agent": "ann" },
            { "customer_id": "C2", "phone": "13800138002", "team": "north" },
            { "customer_id": "C3", "phone": "13800138003", "agent": "nobody" },
            { "customer_id": "C4", "phone": "13800138004", "agent": "ann", "team": "north" },
            { "customer_id": "C5", "phone": "13800138005" },
        ]));
        let path = "/api/v1/tasks/data";
        let foreseen = owner(&story, &format!("{path}?dry_run=true"), list.clone()).await;
        assert_eq!(foreseen.body["bad_count"], 2, "{}", foreseen.body);
        assert!(trail(&story, "customer.assigned").await.is_empty());
        let came = owner(&story, path, list.clone()).await;
        assert_eq!(
            (came.status, &came.body["enrolled"]),
            (200, &json!(3)),
            "{}",
            came.body
        );
        let bad = came.body["bad"].as_array().unwrap();
        assert_eq!((&bad[0]["row"], &bad[0]["column"]), (&json!(3), &json!("agent")));
        assert!(
            bad[0]["reason"].as_str().unwrap().contains("no user nobody"),
            "{bad:?}"
        );
        assert_eq!((&bad[1]["row"], &bad[1]["column"]), (&json!(4), &json!("team")));
        let given = trail(&story, "customer.assigned").await;
        assert_eq!(given.len(), 2, "{given:?}");
        assert_eq!(owner(&story, path, list).await.body["repeated"], true);
        assert_eq!(trail(&story, "customer.assigned").await.len(), 2);
        let ann = key(&story, json!({ "user": "ann" })).await;
        assert_eq!(get(&story, "/api/v1/customers/C1", &ann).await.status, 200);
        assert_eq!(get(&story, "/api/v1/customers/C5", &ann).await.status, 404);

        add(&story, "li", &["operator"]).await;
        let narrow = json!({ "user": "li", "scopes": ["campaigns:write"] });
        let narrow = key(&story, narrow).await;
        let more = records(json!([{ "customer_id": "C6", "phone": "13800138006", "agent": "ann" }]));
        let came = post(&story, path, &narrow, more).await;
        assert_eq!(
            (came.status, &came.body["bad_count"]),
            (200, &json!(1)),
            "{}",
            came.body
        );
    });
    story.end();
}

#[test]
fn a_campaign_that_asks_for_it_enrols_no_list_before_another_person_approved_it() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        campaign(&story, json!(["lists"])).await;
        add(&story, "li", &["operator"]).await;
        add(&story, "wang", &["operator"]).await;
        let (li, _) = (
            key(&story, json!({ "user": "li" })).await,
            key(&story, json!({ "user": "wang" })).await,
        );
        let path = "/api/v1/tasks/data";
        let list = records(json!([{ "customer_id": "C1", "phone": "13800138001" }]));
        let other = records(json!([{ "customer_id": "C2", "phone": "13800138002" }]));
        let needed = post(&story, path, &li, list.clone()).await;
        assert_eq!(
            (needed.status, needed.code()),
            (409, "approval-needed"),
            "{}",
            needed.body
        );
        let dry = post(&story, &format!("{path}?dry_run=true"), &li, list.clone()).await;
        assert_eq!((dry.status, &dry.body["enrolled"]), (200, &json!(1)));
        assert!(trail(&story, "customer.enrolled").await.is_empty());
        let id = needed.body["approval"].as_str().unwrap().to_owned();
        assert_eq!(
            approve(&story, "li", &id).await.status,
            422,
            "users cannot approve their own requests"
        );
        let approved = approve(&story, "wang", &id).await;
        assert_eq!(approved.status, 200, "{}", approved.body);
        let by = format!("{path}?approval={id}");
        assert_eq!(
            post(&story, &by, &li, other.clone()).await.status,
            422,
            "approved for another list"
        );
        let keyed = [("Authorization", li.as_str()), ("Idempotency-Key", "one")];
        let done = send(&story, Method::POST, &by, &keyed, Some(list.clone())).await;
        assert_eq!(
            (done.status, &done.body["enrolled"]),
            (200, &json!(1)),
            "{}",
            done.body
        );
        let opened = &trail(&story, "campaign.list_opened").await[0];
        let four_eyes = json!({ "approval": id, "requested_by": "li", "approved_by": "wang" });
        assert_eq!(opened["data"]["four_eyes"], four_eyes);
        let again = post(&story, path, &li, list).await;
        assert_eq!(
            (again.status, &again.body["repeated"]),
            (200, &json!(true)),
            "{}",
            again.body
        );
        let owners = owner(&story, path, other).await;
        assert_eq!(owners.status, 200, "{}", owners.body);
        let order = json!({ "campaign": "T", "customer": "C9", "phone": "13800138009" });
        let one = owner(&story, "/api/v1/calls", order).await;
        assert_eq!(one.status, 422, "a list of one is a list: {}", one.body);
    });
    story.end();
}

const FILE: &str = "customer_id,mobile,other\nC1,13800138001,13900139001\nC2,13800138002,13900139002\n";
const LISTS: &str = "/api/v1/campaigns/T/lists";
const BY_MOBILE: &str = "map=mobile%3Dphone";
const BY_OTHER: &str = "map=other%3Dphone";

/// Imports `FILE` with the parameters `query`.
async fn file(story: &TestServer, query: &str, authorization: &str) -> (u16, Value) {
    sent(story, query, authorization, FILE).await
}

async fn sent(story: &TestServer, query: &str, authorization: &str, text: &'static str) -> (u16, Value) {
    let request = Request::post(format!("{}{LISTS}?{query}", story.url))
        .header("Authorization", authorization)
        .header("Content-Type", "text/csv")
        .body(Full::new(Bytes::from_static(text.as_bytes())));
    let client = Client::builder(TokioExecutor::new()).build_http();
    let response = client.request(request.unwrap()).await.unwrap();
    let status = response.status().as_u16();
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    (status, serde_json::from_slice(&bytes).unwrap())
}

/// Opens a list as an import does that was interrupted before its first row.
async fn begun(story: &TestServer, list: &Value, four_eyes: FourEyes) {
    let command = CampaignCommand::OpenList {
        list: list.as_str().unwrap().parse().unwrap(),
        source: "upload".to_owned(),
        four_eyes: Some(Box::new(four_eyes)),
        request_key: None,
    };
    let same_as_load = format!("open-list:T/{}", list.as_str().unwrap());
    let cause = Cause::outside(CommandId::derive_from_text(&same_as_load));
    let campaigns = &story.running.installation.entities.campaigns;
    campaigns
        .ask(&"T".parse().unwrap(), command, cause)
        .await
        .unwrap();
}

/// Creates two operators, and requests the approval of `FILE` read by its column `mobile`. Returns the keys
/// of li and wang, and the approval's id.
async fn asked_by_li(story: &TestServer) -> (String, String, String) {
    campaign(story, json!(["lists"])).await;
    let mut keys = Vec::new();
    for name in ["li", "wang"] {
        add(story, name, &["operator"]).await;
        keys.push(key(story, json!({ "user": name })).await);
    }
    let (status, needed) = file(story, BY_MOBILE, &keys[0]).await;
    assert_eq!(
        (status, &needed["code"]),
        (409, &json!("approval-needed")),
        "{needed}"
    );
    let approval = needed["approval"].as_str().unwrap().to_owned();
    (keys.remove(0), keys.remove(0), approval)
}

async fn list_of(story: &TestServer, approval: &str, authorization: &str) -> Value {
    let shown = get(story, &format!("/api/v1/approvals/{approval}"), authorization).await;
    shown.body["details"]["list"].clone()
}

#[test]
fn a_list_that_was_begun_goes_on_as_it_was_approved_and_read_in_no_other_way() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        let (li, wang, id) = asked_by_li(&story).await;
        assert_eq!(approve(&story, "wang", &id).await.status, 200);
        let behind = FourEyes::Approved {
            approval: id.parse().unwrap(),
            requested_by: "li".parse().unwrap(),
            approved_by: "wang".parse().unwrap(),
        };
        begun(&story, &list_of(&story, &id, &li).await, behind).await;
        let (status, other) = file(&story, BY_OTHER, &wang).await;
        assert_eq!(status, 422, "these numbers were not approved: {other}");
        let (status, other) = file(&story, BY_OTHER, &story.bearer()).await;
        assert_eq!(status, 422, "the owner's key cannot change it either: {other}");
        assert!(trail(&story, "customer.enrolled").await.is_empty());
        let (status, done) = file(&story, BY_MOBILE, &wang).await;
        assert_eq!((status, &done["enrolled"]), (200, &json!(2)), "{done}");
        let (status, again) = file(&story, BY_OTHER, &wang).await;
        assert_eq!((status, &again["repeated"]), (200, &json!(true)), "{again}");
    });
    story.end();
}

/// A list begun without an approval is not bound to how the file was read: the user who resumes the import
/// needs an approval, or must be exempt.
#[test]
fn a_list_begun_without_an_approval_is_continued_with_one_or_by_a_caller_who_needs_none() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        let (li, _, id) = asked_by_li(&story).await;
        let nobody = ApprovalExemption::Directory;
        begun(
            &story,
            &list_of(&story, &id, &li).await,
            FourEyes::Nobody { nobody },
        )
        .await;
        let (status, needed) = file(&story, BY_MOBILE, &li).await;
        assert_eq!((status, &needed["approval"]), (409, &json!(id)), "{needed}");
        assert!(trail(&story, "customer.enrolled").await.is_empty());
        assert_eq!(approve(&story, "wang", &id).await.status, 200);
        let (status, done) = file(&story, &format!("{BY_MOBILE}&approval={id}"), &li).await;
        assert_eq!((status, &done["enrolled"]), (200, &json!(2)), "{done}");
    });
    story.end();
}

/// The id of a query's list is derived from the query, but the approval covers the rows that the query
/// returned then.
#[test]
fn an_approval_of_what_a_query_gave_is_none_of_what_it_gives_later() {
    const GAVE: &str = "customer_id,phone\nC1,13800138001\n";
    const GIVES: &str = "customer_id,phone\nC2,13800138002\nC3,13800138003\n";
    let story = TestServer::begin();
    story.runtime.block_on(async {
        campaign(&story, json!(["lists"])).await;
        add(&story, "li", &["operator"]).await;
        add(&story, "wang", &["operator"]).await;
        let li = key(&story, json!({ "user": "li" })).await;
        let wang = key(&story, json!({ "user": "wang" })).await;
        let query = format!("query={}", "5e".repeat(32));
        let approved = async |needed: (u16, Value)| {
            let (status, needed) = needed;
            assert_eq!(
                (status, &needed["code"]),
                (409, &json!("approval-needed")),
                "{needed}"
            );
            let id = needed["approval"].as_str().unwrap().to_owned();
            assert_eq!(approve(&story, "wang", &id).await.status, 200);
            id
        };
        let id = approved(sent(&story, &query, &li, GAVE).await).await;
        let by = format!("{query}&approval={id}");
        let (status, other) = sent(&story, &by, &li, GIVES).await;
        assert_eq!(status, 422, "approved for other rows: {other}");
        // The approved list is opened, and the import is interrupted before its first row.
        let behind = FourEyes::Approved {
            approval: id.parse().unwrap(),
            requested_by: "li".parse().unwrap(),
            approved_by: "wang".parse().unwrap(),
        };
        begun(&story, &list_of(&story, &id, &li).await, behind).await;
        let further = sent(&story, &query, &wang, GIVES).await;
        assert_eq!(further.0, 409, "these rows were not approved: {}", further.1);
        assert!(trail(&story, "customer.enrolled").await.is_empty());
        let further = approved(sent(&story, &query, &li, GIVES).await).await;
        let (status, done) = sent(&story, &format!("{query}&approval={further}"), &li, GIVES).await;
        assert_eq!((status, &done["enrolled"]), (200, &json!(2)), "{done}");
    });
    story.end();
}

#[test]
fn what_a_query_gave_goes_on_by_its_approval_where_it_is_the_same() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        campaign(&story, json!(["lists"])).await;
        add(&story, "li", &["operator"]).await;
        add(&story, "wang", &["operator"]).await;
        let li = key(&story, json!({ "user": "li" })).await;
        let query = format!("{BY_MOBILE}&query={}", "5e".repeat(32));
        let (_, needed) = file(&story, &query, &li).await;
        let id = needed["approval"].as_str().unwrap().to_owned();
        let behind = FourEyes::Approved {
            approval: id.parse().unwrap(),
            requested_by: "li".parse().unwrap(),
            approved_by: "wang".parse().unwrap(),
        };
        begun(&story, &list_of(&story, &id, &li).await, behind).await;
        let (status, done) = file(&story, &query, &li).await;
        assert_eq!((status, &done["enrolled"]), (200, &json!(2)), "{done}");
    });
    story.end();
}
