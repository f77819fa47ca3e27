//! Tests of webhook URLs and bearer tokens that could never be used: they are refused when they are set, and
//! the reply names the member.

use crate::testing::TestServer;
use crate::tests::webhooks::{HOOKS, ask};
use serde_json::{Value, json};

const CHANNELS: &str = "/api/v1/alerts/channels";

/// Asserts that the order is refused for this member only, in both languages.
async fn refused(story: &TestServer, path: &str, order: &Value, pointer: &str) {
    let (status, reply) = ask(story, path, order.clone()).await;
    let errors = reply["errors"].as_array().cloned().unwrap_or_default();
    let pointers: Vec<&Value> = errors.iter().map(|error| &error["pointer"]).collect();
    assert_eq!(
        (status, pointers),
        (422, vec![&json!(pointer)]),
        "{order}: {reply}"
    );
    assert!(errors[0]["detail_zh"].is_string(), "{order}: {reply}");
}

#[test]
fn an_address_or_bearer_that_cannot_be_used_is_refused_at_creation() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        let private = |url: &str| json!({ "url": url, "allow_private": true });
        for url in [
            "nowhere",
            "https://",
            "http://127.0.0.1:0/",
            "http://127.0.0.256/",
            "http://u:p@127.0.0.1:9/",
            "http://127.0.0.1:9/#fragment",
            "http://127.0.0.1:9/a\r\nX-Other: 1",
            "http://127.0.0.1:9/催收",
            "http://127.0.0.1:9/%zz",
        ] {
            refused(&story, HOOKS, &private(url), "/url").await;
        }
        let long = "x".repeat(513);
        for bearer in ["", " x", "x\n", "x\r\nX-Other: 1", "密钥", &long] {
            let mut order = private("http://127.0.0.1:9/");
            order["bearer"] = json!(bearer);
            refused(&story, HOOKS, &order, "/bearer").await;
        }
        let mut robot = private("http://127.0.0.1:9/");
        robot["format"] = json!("feishu");
        robot["secret"] = json!("SECabc\n");
        refused(&story, HOOKS, &robot, "/secret").await;
        // None of these webhooks was created.
        assert_eq!(ask(&story, HOOKS, Value::Null).await.1["items"], json!([]));
    });
    story.end();
}

#[test]
fn a_channel_needs_a_mail_address_a_mail_server_and_a_token_that_can_be_sent() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        let mail = |member: &str, value: &str| {
            let mut order = json!({ "url": "ops@example.com", "format": "mail", "smtp": "127.0.0.1:9",
                "allow_private": true });
            order[member] = json!(value);
            order
        };
        for address in [
            "ops",
            "a@b@c",
            "ops@example.com,li@example.com",
            "ops@exa mple.com",
        ] {
            refused(&story, CHANNELS, &mail("url", address), "/url").await;
        }
        for server in ["mail.example.com", "mail.example.com:0", "a b:25"] {
            refused(&story, CHANNELS, &mail("smtp", server), "/smtp").await;
        }
        refused(&story, CHANNELS, &mail("secret", "only a password"), "/secret").await;
        let gateway = json!({ "url": "http://127.0.0.1:9/", "format": "sms", "to": "13800138000",
            "secret": "token\n", "allow_private": true });
        refused(&story, CHANNELS, &gateway, "/secret").await;
        let user = json!({ "name": "wang", "roles": ["viewer"], "mail": "wang@exam ple.com" });
        refused(&story, "/api/v1/users", &user, "/mail").await;
    });
    story.end();
}
