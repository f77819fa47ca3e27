//! Tests of the console's customer page: its requests count as one read on record, and nothing is shown if
//! the read cannot be recorded.

use super::test_client::{TestReply, add, get, key, owner, send, trail};
use crate::routes::build_router;
use crate::testing::TestServer;
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{Method, Request};
use serde_json::{Value, json};
use tower::ServiceExt;

const READ: &str = "inquiry.personal_data_read";
/// A page view is one read within the minute in which it began and the next one.
const MINUTE_MS: u64 = 60_000;

/// The id of a customer and the id of the customer's number.
struct Person {
    id: String,
    number: String,
}

/// Creates campaign A with two customers. Their numbers are opted out, so that the lookup finds both.
async fn two_people(story: &TestServer) -> [Person; 2] {
    let made = json!({ "task_id": "A", "script_template": "您好。",
        "schedule": { "start_time": "09:00", "end_time": "18:00" } });
    assert_eq!(owner(story, "/api/v1/campaigns", made).await.status, 201);
    let listed = json!({ "task_id": "A", "records": [
        { "customer_id": "C1", "phone": "13800138000" }, { "customer_id": "C2", "phone": "13800138001" }] });
    assert_eq!(owner(story, "/api/v1/tasks/data", listed).await.status, 200);
    for phone in ["13800138000", "13800138001"] {
        let opted_out = json!({ "number": phone, "reason": "asked" });
        let done = owner(story, "/api/v1/numbers/opt-out", opted_out).await;
        assert_eq!(done.status, 200, "{}", done.body);
    }
    // Waits until the read models have the customers.
    trail(story, READ).await;
    [person(story, "C1").await, person(story, "C2").await]
}

async fn person(story: &TestServer, named: &str) -> Person {
    // Another reader (`by`), so that this read is not one of those counted below.
    let path = format!("/api/v1/customers/{named}?by=setup");
    let shown = get(story, &path, &story.bearer()).await;
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    Person {
        id: text(&shown.body["id"]),
        number: text(&shown.body["numbers"][0]["id"]),
    }
}

/// The requests of the page. The portrait is missing because the customer has no call.
fn paths(person: &Person) -> Vec<String> {
    let of = |part: &str| format!("/api/v1/customers/{}{part}", person.id);
    vec![
        of(""),
        of("/timeline"),
        of("/why-not?campaign=A"),
        of("/consents"),
        of("/attributes"),
        of("/duplicates"),
        format!("/api/v1/numbers/{}", person.number),
    ]
}

async fn look(story: &TestServer, path: &str, bearer: &str, view: &str) -> TestReply {
    let headers = [("Authorization", bearer), ("X-Page-View", view)];
    send(story, Method::GET, path, &headers, None).await
}

#[test]
fn a_page_that_loads_is_one_read_that_names_all_it_shows() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        let [first, _] = two_people(&story).await;
        let before = trail(&story, READ).await.len();
        let view = format!("{}.view-1", first.id);
        // The page loads twice, as it does when it follows changes: still the same view.
        for path in paths(&first).iter().chain(&paths(&first)) {
            let shown = look(&story, path, &story.bearer(), &view).await;
            assert_eq!(shown.status, 200, "{path}: {}", shown.body);
        }
        let reads = trail(&story, READ).await;
        assert_eq!(reads.len(), before + 1, "{reads:#?}");
        let data = &reads[before]["data"];
        assert_eq!(data["customer"], json!(first.id));
        assert_eq!(data["route"], "GET /api/v1/customers/{id}");
        let parts = data["parts"].as_array().unwrap();
        assert_eq!(parts.len(), 8, "{data:#}");
        let masked = parts
            .iter()
            .find(|part| part["route"] == "GET /api/v1/customers/{id}");
        assert_eq!(masked.unwrap()["form"], "masked");
        for field in [
            "name",
            "phone",
            "timeline",
            "verdicts",
            "consents",
            "attributes",
            "opted_out",
        ] {
            let fields = data["fields"].as_array().unwrap();
            assert!(fields.contains(&json!(field)), "{field}: {data:#}");
        }
        assert!(
            !data.to_string().contains("view-1"),
            "the page's own id is not stored"
        );
    });
    story.end();
}

#[test]
fn another_customer_reader_form_or_look_is_another_read() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        let [first, second] = two_people(&story).await;
        add(&story, "law", &["compliance"]).await;
        let law = key(&story, json!({ "user": "law" })).await;
        let (directory, view) = (story.bearer(), format!("{}.view-1", first.id));
        let own = format!("/api/v1/customers/{}", first.id);
        assert_eq!(look(&story, &own, &directory, &view).await.status, 200);
        let mut count = trail(&story, READ).await.len();
        let other = format!("/api/v1/customers/{}", second.id);
        let other_number = format!("/api/v1/numbers/{}", second.number);
        let again = format!("{}.view-2", first.id);
        // No page of the console shows messages next to a customer.
        let messages = format!("/api/v1/messages?customer={}", first.id);
        for (path, bearer, header) in [
            (&other, &directory, view.as_str()),
            (&other_number, &directory, view.as_str()),
            (&own, &law, view.as_str()),
            (&own, &directory, again.as_str()),
            (&own, &directory, "not a look"),
            (&messages, &directory, view.as_str()),
        ] {
            let shown = look(&story, path, bearer, header).await;
            assert_eq!(shown.status, 200, "{path}: {}", shown.body);
            let reads = trail(&story, READ).await;
            assert_eq!(reads.len(), count + 1, "{path} {header}: {reads:#?}");
            count = reads.len();
        }
        let headers = [("Authorization", law.as_str()), ("X-Page-View", view.as_str())];
        let order = json!({ "fields": ["phones"], "reason": "complaint 17" });
        let reveal = format!("{own}/reveal");
        let shown = send(&story, Method::POST, &reveal, &headers, Some(order)).await;
        assert_eq!(shown.status, 200, "{}", shown.body);
        let reads = trail(&story, READ).await;
        assert_eq!(reads.len(), count + 1, "{reads:#?}");
        let last = &reads[count]["data"];
        assert_eq!((&last["form"], last.get("parts")), (&json!("clear"), None));
    });
    story.end();
}

#[test]
fn a_look_ends_with_the_minute_after_the_one_it_began_in() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        let [first, _] = two_people(&story).await;
        let (bearer, view) = (story.bearer(), format!("{}.view-1", first.id));
        let own = format!("/api/v1/customers/{}", first.id);
        assert_eq!(look(&story, &own, &bearer, &view).await.status, 200);
        let count = trail(&story, READ).await.len();
        let clock = &story.running.installation.environment.clock;
        let began = clock.now();
        for (later_ms, further) in [(MINUTE_MS, 0), (3 * MINUTE_MS, 1)] {
            clock.wait_until(began.plus_ms(later_ms)).await;
            for path in [&own, &format!("{own}/timeline")] {
                assert_eq!(look(&story, path, &bearer, &view).await.status, 200, "{path}");
            }
            assert_eq!(trail(&story, READ).await.len(), count + further, "{later_ms}");
        }
    });
    story.end();
}

#[test]
fn a_look_that_cannot_be_put_on_record_shows_nothing() {
    let story = TestServer::begin();
    let first = story.runtime.block_on(async {
        let [first, _] = two_people(&story).await;
        first
    });
    story.runtime.block_on(async {
        story.running.process.opened.close().await;
        let own = format!("/api/v1/customers/{}", first.id);
        for path in [&own, &format!("{own}/consents")] {
            // The listener ended with the log, so the request goes to the routes directly.
            let request = Request::get(path)
                .header("Authorization", story.bearer())
                .header("X-Page-View", format!("{}.view-1", first.id))
                .body(Full::new(Bytes::new()))
                .unwrap();
            let routes = build_router(&story.running.ctx).at(request.uri().path());
            let shown = warp::service(routes).oneshot(request).await.unwrap();
            assert_eq!(shown.status().as_u16(), 503, "{path}");
            let body = shown.into_body().collect().await.unwrap().to_bytes();
            assert!(!String::from_utf8_lossy(&body).contains("138****8000"), "{path}");
        }
    });
    story.end();
}

#[test]
fn a_read_that_shows_nothing_says_so() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        let [first, _] = two_people(&story).await;
        let of = |part: &str| format!("/api/v1/customers/{}{part}", first.id);
        let empty = [
            of("/consents"),
            of("/duplicates"),
            format!("/api/v1/messages?customer={}", first.id),
        ];
        for path in &empty {
            let shown = get(&story, path, &story.bearer()).await;
            assert_eq!(shown.status, 200, "{path}: {}", shown.body);
            let reads = trail(&story, READ).await;
            assert_eq!(
                reads.last().unwrap()["data"]["form"],
                "nothing",
                "{path}: {reads:#?}"
            );
        }
        let consent = json!({ "scope": "service", "source": "branch", "evidence": "form 17" });
        let given = owner(&story, &of("/consents"), consent).await;
        assert_eq!(given.status, 200, "{}", given.body);
        assert_eq!(get(&story, &of("/consents"), &story.bearer()).await.status, 200);
        let reads = trail(&story, READ).await;
        assert_eq!(reads.last().unwrap()["data"]["form"], "clear", "{reads:#?}");
        let reveal = json!({ "fields": ["name"], "reason": "complaint 17" });
        let revealed = owner(&story, &of("/reveal"), reveal).await;
        assert_eq!(revealed.status, 200, "{}", revealed.body);
        let reads = trail(&story, READ).await;
        assert_eq!(
            reads.last().unwrap()["data"]["form"],
            "nothing",
            "no name is known: {reads:#?}"
        );
    });
    story.end();
}
