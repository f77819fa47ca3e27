//! Tests of vacancy checks (空号检测) against a provider on loopback: signed requests, limits, results stored
//! with their age, and campaigns that require a check.

use super::test_client::{get, owner};
use crate::testing::TestServer;
use domain::number::NumberEvent;
use domain::stored_event::Position;
use host::messaging_args::MessagingChoice;
use host::number_check_args::NumberCheckChoice;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::mpsc::{Receiver, sync_channel};

/// The webhook secret: `whsec_` and 24 zero bytes in base64.
const SECRET: &str = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// A request that the provider received: its body, and whether it was signed.
type ProviderRequest = (Value, bool);

/// Starts a provider that returns these answers one after another. Returns its URL and the requests it
/// receives.
#[expect(clippy::disallowed_methods, reason = "the test's own library, on loopback")]
fn library(answers: &'static [&'static str]) -> (String, Receiver<ProviderRequest>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/check", listener.local_addr().unwrap());
    let (sender, requests) = sync_channel(64);
    std::thread::spawn(move || {
        let mut answers = answers.iter();
        for stream in listener.incoming() {
            let mut reader = BufReader::new(stream.unwrap());
            let (mut line, mut length, mut signed) = (String::new(), 0, 0);
            while line != "\r\n" {
                line.clear();
                reader.read_line(&mut line).unwrap();
                match line.split_once(':') {
                    Some(("content-length", value)) => length = value.trim().parse().unwrap(),
                    Some(("webhook-signature", value)) if value.trim().starts_with("v1,") => signed += 1,
                    Some(("webhook-id" | "webhook-timestamp", _)) => signed += 1,
                    _ => {}
                }
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body).unwrap();
            // The test may have ended already.
            drop(sender.send((serde_json::from_slice(&body).unwrap(), signed == 3)));
            let answer = answers.next().copied().unwrap_or("{}");
            let head = format!(
                "HTTP/1.1 200 -\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
                answer.len()
            );
            reader
                .get_mut()
                .write_all(format!("{head}{answer}").as_bytes())
                .unwrap();
        }
    });
    (url, requests)
}

fn begin(answers: &'static [&'static str]) -> (TestServer, Receiver<ProviderRequest>) {
    let (url, requests) = library(answers);
    let story = TestServer::begin_with(|_, settings| {
        settings.messaging = MessagingChoice {
            number_check: Some(NumberCheckChoice {
                url,
                secret: Some(SECRET.to_owned()),
                allow_private: true,
            }),
            ..MessagingChoice::default()
        };
    });
    (story, requests)
}

const CHECK: &str = "/api/v1/numbers/check";

/// Follows the log until `count` numbers were checked.
async fn checked(story: &TestServer, count: usize) {
    let mut events = story
        .running
        .installation
        .store()
        .subscribe(Position(0))
        .await
        .unwrap();
    let mut seen = 0;
    while seen < count {
        let page = events.next().await.unwrap();
        let kinds = page.iter().map(|event| event.envelope().unwrap().kind);
        seen += kinds.filter(|kind| kind == NumberEvent::STATE_CHECKED).count();
    }
}

#[test]
fn a_campaign_that_demands_a_check_has_it_made_and_an_answer_is_not_asked_again() {
    let (story, requests) = begin(&[r#"{"states":[0]}"#, r#"{"states":[1]}"#]);
    story.runtime.block_on(async {
        let few = json!({ "numbers": ["138-0013-8000", "none"] });
        let by_hand = owner(&story, CHECK, few.clone()).await.body;
        assert_eq!(
            (&by_hand["asked"], &by_hand["bad_rows"]),
            (&json!(1), &json!([1])),
            "{by_hand}"
        );
        assert_eq!(by_hand["checked"][0]["state"], "vacant");
        assert_eq!(by_hand["checked"][0]["zh"], "空号");
        assert_eq!(by_hand["checked"][0]["number"], "138****8000");
        assert_eq!(
            requests.recv().unwrap(),
            (json!({ "numbers": ["+8613800138000"] }), true)
        );

        let campaign = json!({ "task_id": "T", "script_template": "您好。", "basis": "contract",
            "schedule": { "start_time": "00:00", "end_time": "24:00" }, "number_check": {} });
        let made = owner(&story, "/api/v1/campaigns", campaign).await;
        assert_eq!(made.status, 201, "{}", made.body);
        let list = json!({ "task_id": "T", "records": [
            { "customer_id": "C1", "phone": "13800138000" },
            { "customer_id": "C2", "phone": "13800138001" },
        ] });
        assert_eq!(owner(&story, "/api/v1/tasks/data", list).await.status, 200);
        // Without a command: the list is closed, so its unchecked number is checked.
        checked(&story, 2).await;
        assert_eq!(
            requests.recv().unwrap().0,
            json!({ "numbers": ["+8613800138001"] })
        );
        let why = async |customer: &str| {
            let path = format!("/api/v1/customers/{customer}/why-not?reason=test");
            let shown = get(&story, &path, &story.bearer()).await.body;
            let said = shown["verdicts"].as_array().unwrap();
            said.iter()
                .find(|one| one["rule"] == "number_state")
                .unwrap()
                .clone()
        };
        let found = why("C1").await;
        assert_eq!(
            (&found["facts"]["number_state"], &found["decision"]),
            (&json!("vacant"), &json!("forbid"))
        );
        assert_eq!(why("C2").await["decision"], "allow");

        let whole = owner(&story, CHECK, json!({ "campaign": "T" })).await.body;
        assert_eq!(
            (&whole["known"], &whole["asked"]),
            (&json!(2), &json!(0)),
            "{whole}"
        );
        assert_eq!(whole["by_state"], json!({ "live": 1, "vacant": 1 }));
        let again = owner(&story, CHECK, few).await.body;
        assert_eq!(
            (&again["known"], &again["asked"]),
            (&json!(1), &json!(0)),
            "{again}"
        );
        assert!(requests.try_recv().is_err(), "it was not asked again");
    });
}

#[test]
fn an_answer_that_is_none_teaches_nothing() {
    let (story, _requests) = begin(&[r#"{"states":[7]}"#, r#"{"states":[]}"#]);
    story.runtime.block_on(async {
        for _ in 0..2 {
            let away = owner(&story, CHECK, json!({ "numbers": ["13800138000"] })).await;
            assert_eq!(away.status, 503, "{}", away.body);
        }
        for wrong in [
            json!({}),
            json!({ "numbers": [] }),
            json!({ "numbers": ["13800138000"], "campaign": "T" }),
            json!({ "numbers": ["13800138000"], "max_age_days": 0 }),
        ] {
            assert_eq!(owner(&story, CHECK, wrong.clone()).await.status, 422, "{wrong}");
        }
    });
    let story = TestServer::begin();
    story.runtime.block_on(async {
        let refused = owner(&story, CHECK, json!({ "numbers": ["13800138000"] })).await;
        assert_eq!(refused.status, 422, "{}", refused.body);
    });
}
