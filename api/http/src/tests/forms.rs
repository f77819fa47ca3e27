//! Tests of lists sent as multipart forms: they are imported as by the other routes, and errors name the
//! wrong part.

use super::test_client::{add, approve, campaign, key, trail};
use crate::testing::TestServer;
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::Request;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};

const ROWS: &str = "customer_id,phone\nC01,13800138001\nC02,bad\nC03,13800138003\n";

/// One part of a multipart form; a file has a file name.
fn part(name: &str, file_name: Option<&str>, text: &str) -> String {
    let file_name = file_name.map_or_else(String::new, |name| format!("; filename=\"{name}\""));
    format!("--edge\r\nContent-Disposition: form-data; name=\"{name}\"{file_name}\r\n\r\n{text}\r\n")
}

async fn sent(story: &TestServer, path: &str, bearer: &str, kind: &str, parts: &[String]) -> (u16, Value) {
    let headers = [("Authorization", bearer), ("Content-Type", kind)];
    sent_with(story, path, &headers, parts).await
}

async fn sent_with(
    story: &TestServer,
    path: &str,
    headers: &[(&str, &str)],
    parts: &[String],
) -> (u16, Value) {
    let body = format!("{}--edge--\r\n", parts.concat());
    let mut request = Request::post(format!("{}{path}", story.url));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let client = Client::builder(TokioExecutor::new()).build_http();
    let request = request.body(Full::new(Bytes::from(body))).unwrap();
    let response = client.request(request).await.unwrap();
    let status = response.status().as_u16();
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    (status, serde_json::from_slice(&bytes).unwrap())
}

const FORM: &str = "multipart/form-data; boundary=edge";

/// Creates a campaign that requires approved lists, and two operators. Returns the keys of li and wang.
async fn approved_by_another(story: &TestServer) -> [String; 2] {
    campaign(story, json!(["lists"])).await;
    for name in ["li", "wang"] {
        add(story, name, &["operator"]).await;
    }
    [
        key(story, json!({ "user": "li" })).await,
        key(story, json!({ "user": "wang" })).await,
    ]
}

#[test]
fn a_file_that_is_no_list_is_refused_before_an_approval_is_requested() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        let [li, _] = approved_by_another(&story).await;
        let no_phone = [
            part("file", Some("list.csv"), "customer_id,colour\nC01,red\n"),
            part("task_id", None, "T"),
        ];
        let (status, wrong) = sent(&story, "/api/v1/tasks/data", &li, FORM, &no_phone).await;
        assert_ne!(wrong["code"], "approval-needed", "{wrong}");
        assert!((400..500).contains(&status) && status != 409, "{status} {wrong}");
        assert!(trail(&story, "approval.requested").await.is_empty());
    });
    story.end();
}

/// The idempotency key of a form does not cover its body: it must not get a second list approved.
#[test]
fn an_approval_is_for_one_list_whatever_key_comes_again_with_it() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        let [li, _] = approved_by_another(&story).await;
        let list = |rows: &str| [part("file", Some("list.csv"), rows), part("task_id", None, "T")];
        let (first, second) = (list(ROWS), list("customer_id,phone\nC09,13800138009\n"));
        let path = "/api/v1/tasks/data";
        let (status, needed) = sent(&story, path, &li, FORM, &first).await;
        assert_eq!(status, 409, "{needed}");
        let id = needed["approval"].as_str().unwrap();
        let approved = approve(&story, "wang", id).await;
        assert_eq!(approved.status, 200, "{}", approved.body);
        let by = format!("{path}?approval={id}");
        let keyed = [
            ("Authorization", li.as_str()),
            ("Content-Type", FORM),
            ("Idempotency-Key", "one"),
        ];
        let (status, done) = sent_with(&story, &by, &keyed, &first).await;
        assert_eq!((status, &done["enrolled"]), (200, &json!(2)), "{done}");
        let (status, other) = sent_with(&story, &by, &keyed, &second).await;
        assert_eq!(status, 422, "approved for another list: {other}");
        assert_eq!(trail(&story, "campaign.list_opened").await.len(), 1);
    });
    story.end();
}

#[test]
fn a_file_in_a_form_is_a_list_with_good_rows_counted_and_bad_rows_listed() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        campaign(&story, json!([])).await;
        let bearer = story.bearer();
        let parts = [part("file", Some("名单.csv"), ROWS), part("task_id", None, "T")];
        let dry = sent(&story, "/api/v1/tasks/data?dry_run=true", &bearer, FORM, &parts).await;
        assert_eq!((dry.0, &dry.1["enrolled"]), (200, &json!(2)), "{}", dry.1);
        let (status, report) = sent(&story, "/api/v1/tasks/data", &bearer, FORM, &parts).await;
        assert_eq!(status, 200, "{report}");
        assert_eq!(
            (&report["enrolled"], report["bad"].as_array().unwrap().len()),
            (&json!(2), 1)
        );
        assert_eq!(report["bad"][0]["column"], "phone");
        // The same file through the other route is the same list: no customer is enrolled twice.
        let parts = [
            part("source", None, "again.csv"),
            part("file", Some("x.csv"), ROWS),
        ];
        let (status, again) = sent(&story, "/api/v1/campaigns/T/lists", &bearer, FORM, &parts).await;
        assert_eq!((status, &again["repeated"]), (200, &json!(true)), "{again}");
        let renamed = ROWS.replace("phone", "手机号").replace("C0", "D0");
        let parts = [
            part("map", None, "手机号=phone"),
            part("encoding", None, "utf-8"),
            part("file", None, &renamed),
        ];
        let (status, mapped) = sent(&story, "/api/v1/campaigns/T/lists", &bearer, FORM, &parts).await;
        assert_eq!(status, 200, "{mapped}");
    });
    story.end();
}

#[test]
fn a_form_that_is_not_a_list_is_refused_and_what_is_wrong_is_named() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        campaign(&story, json!([])).await;
        let bearer = story.bearer();
        let file = || part("file", Some("list.csv"), ROWS);
        let task = || part("task_id", None, "T");
        let big = part("map", None, &"x".repeat(9_000));
        for (parts, status, code, pointer) in [
            (vec![task()], 422, "invalid-members", "/file"),
            (vec![file()], 422, "invalid-members", "/task_id"),
            (vec![task(), file(), file()], 422, "invalid-members", "/file"),
            (vec![task(), task(), file()], 422, "invalid-members", "/task_id"),
            (
                vec![task(), part("colour", None, "red"), file()],
                422,
                "invalid-members",
                "/colour",
            ),
            (vec![big, task(), file()], 413, "body-too-large", ""),
            (vec![part("task_id", None, "NONE"), file()], 404, "missing", ""),
            (vec!["--edge\r\nno head".to_owned()], 400, "form-invalid", ""),
        ] {
            let reply = sent(&story, "/api/v1/tasks/data", &bearer, FORM, &parts).await;
            let named = reply.1["errors"][0]["pointer"].as_str().unwrap_or_default();
            assert_eq!(
                (reply.0, reply.1["code"].as_str().unwrap(), named),
                (status, code, pointer),
                "{parts:?}"
            );
        }
        for kind in ["multipart/form-data", "multipart/mixed; boundary=edge"] {
            let reply = sent(&story, "/api/v1/tasks/data", &bearer, kind, &[task(), file()]).await;
            assert_eq!(
                (reply.0, &reply.1["code"]),
                (415, &json!("send-the-file-itself")),
                "{kind}"
            );
        }
        // A form does not reveal whether campaigns outside the caller's scope exist.
        add(&story, "boss", &["operator"]).await;
        let narrow = key(&story, json!({ "user": "boss", "campaigns": ["OTHER"] })).await;
        let reply = sent(&story, "/api/v1/tasks/data", &narrow, FORM, &[task(), file()]).await;
        assert_eq!((reply.0, &reply.1["code"]), (404, &json!("missing")));
    });
    story.end();
}
