//! Tests of live figures and alerts: a server on loopback, as clients see it.

use super::test_client::{add, get, key};
use crate::testing::{TestServer, recorded_call};
use crate::tests::event_stream::{UPGRADE, frame};
use application::live::LiveUpdate;
use domain::alert::{AlertCommand, AlertFigure, AlertRule, Severity};
use domain::ids::AlertId;
use domain::problem::Problem;
use domain::stored_event::Cause;
use http_body_util::BodyExt;
use hyper::Method;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};

fn position(picture: &Value) -> u64 {
    picture["position"].as_str().unwrap().parse().unwrap()
}

#[test]
fn a_watcher_sees_the_latest_picture_at_once_and_the_next_when_something_happens() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        story.append(0, 5).await;
        let client = story.client();
        let (mut seen, mut written) = (Vec::new(), false);
        while !written {
            let end = client.follow("/api/v1/live/stream", |name, data| {
                assert_eq!(name, "figures");
                let picture: Value = serde_json::from_str(data).unwrap();
                assert!(picture["age_ms"].is_u64(), "{picture}");
                assert_eq!(picture["last_5_minutes"]["settled_answer_ratio"], Value::Null);
                seen.push(position(&picture));
                Err(Problem::fault("enough"))
            });
            end.await.unwrap_err();
            written = seen.last() >= Some(&5);
        }
        let one = client.ask(Method::GET, "/api/v1/live", None).await.unwrap();
        assert!(position(&one) >= 5 && one["shown_at"].is_string());
    });
    story.end();
}

#[test]
fn a_web_socket_shows_pictures_until_the_server_stops() {
    let story = TestServer::begin();
    let mut socket = story.runtime.block_on(async {
        let response = story.open("/api/v1/live/ws", &UPGRADE).await;
        assert_eq!(response.status(), 101);
        let mut socket = TokioIo::new(hyper::upgrade::on(response).await.unwrap());
        story.append(0, 7).await;
        loop {
            let (operation, text) = frame(&mut socket).await;
            assert_eq!(operation, 1, "{text}");
            let picture: Value = serde_json::from_str(&text).unwrap();
            if position(&picture) >= 7 {
                break socket;
            }
        }
    });
    let runtime = std::sync::Arc::clone(&story.runtime);
    let closed = runtime.spawn(async move {
        loop {
            let (operation, why) = frame(&mut socket).await;
            if operation == 8 {
                return why;
            }
        }
    });
    story.end();
    assert_eq!(runtime.block_on(closed).unwrap(), "the server stops");
}

/// The live figures that this key is shown.
async fn live(story: &TestServer, authorization: &str) -> Value {
    let came = get(story, "/api/v1/live", authorization).await;
    assert_eq!(came.status, 200, "{}", came.body);
    came.body
}

#[test]
fn a_caller_limited_to_campaigns_sees_only_those_at_every_route() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        recorded_call(&story).await;
        add(&story, "boss", &["supervisor"]).await;
        add(&story, "wang", &["operator"]).await;
        let all = key(&story, json!({ "user": "wang" })).await;
        let mut pictures = story.running.installation.live.watch();
        let shows =
            |picture: &LiveUpdate| matches!(picture, LiveUpdate::Figures(one) if one.last_hour.dialed == 1);
        drop(pictures.wait_for(shows).await.unwrap());
        let seen = live(&story, &all).await;
        assert_eq!(
            (&seen["of"], &seen["last_hour"]["dialed"]),
            (&json!("all"), &json!(1))
        );
        assert_eq!(seen["trunks"].as_array().unwrap().len(), 1, "{seen}");
        let named = key(&story, json!({ "user": "wang", "campaigns": ["T"] })).await;
        let held = live(&story, &named).await;
        assert_eq!(
            (&held["of"], &held["last_hour"]),
            (&json!("named_campaigns"), &seen["last_hour"])
        );
        assert_eq!(held["trunks"], json!([]), "a trunk carries everybody's calls");
        assert!(held.get("lines").is_none(), "{held}");
        // A team without a campaign, and a campaign that does not exist here.
        let of_team = key(&story, json!({ "user": "boss" })).await;
        let others = key(&story, json!({ "user": "wang", "campaigns": ["OTHER"] })).await;
        for none in [of_team, others] {
            let shown = live(&story, &none).await;
            assert_eq!((&shown["campaigns"], &shown["open"]), (&json!([]), &json!({})));
            assert_eq!(shown["last_hour"]["dialed"], 0);
            let mut reply = story
                .open_with("/api/v1/live/stream", &[("Authorization", &none)])
                .await;
            let answer = reply
                .body_mut()
                .frame()
                .await
                .unwrap()
                .unwrap()
                .into_data()
                .unwrap();
            let answer = String::from_utf8_lossy(&answer);
            assert!(
                answer.contains("\"of\":\"named_campaigns\"") && !answer.contains("\"T\""),
                "{answer}"
            );
            let lines = get(&story, "/api/v1/trunks", &none).await;
            assert_eq!(lines.status, 403, "{}", lines.body);
        }
        let lines = get(&story, "/api/v1/trunks", &all).await;
        assert_eq!(
            (lines.status, &lines.body["items"]),
            (200, &json!([])),
            "this server does not dial"
        );
        add(&story, "li", &["integrator"]).await;
        let never = key(&story, json!({ "user": "li" })).await;
        assert_eq!(get(&story, "/api/v1/live", &never).await.status, 403);
    });
    story.end();
}

#[test]
fn an_alert_is_listed_seen_to_and_muted_with_an_end() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        let installation = &story.running.installation;
        let id = AlertId::derive("line_failures", "first");
        let command = AlertCommand::Raise {
            rule: AlertRule::LineFailures,
            subject: "first".to_owned(),
            campaign: None,
            severity: Severity::Critical,
            figure: AlertFigure {
                value: 3,
                limit: 3,
                unit: "count".to_owned(),
                window_ms: 0,
            },
            detail: "3 in a row".to_owned(),
        };
        let raised =
            installation
                .entities
                .alerts
                .ask(&id, command, Cause::outside(installation.new_command()));
        let after = raised.await.unwrap().position;
        let client = story.client();
        let path = format!("/api/v1/alerts?rule=line_failures&after_position={after}");
        let listed = client.ask(Method::GET, &path, None).await.unwrap();
        assert_eq!(listed["items"][0]["alert"], json!(id));
        assert_eq!(listed["items"][0]["label_zh"], "线路连续失败");
        let one = format!("/api/v1/alerts/{id}");
        let ask = |what: &str, body: Value| {
            let path = format!("{one}/{what}");
            let client = &client;
            async move { client.ask(Method::POST, &path, Some(&body)).await }
        };
        let seen = ask(
            "acknowledge",
            json!({ "note": "asked the carrier", "by": "wang" }),
        )
        .await
        .unwrap();
        assert_eq!(seen["acknowledged"], true);
        let far = json!({ "until": "2999-01-01T00:00:00Z", "reason": "never mind" });
        assert!(ask("mute", far).await.is_err(), "a mute ends within a week");
        let until = installation.now().plus_ms(60_000);
        let muted = ask("mute", json!({ "until": until, "reason": "it is known" }))
            .await
            .unwrap();
        assert_eq!(muted["muted_until"], json!(until));
        let path = format!("{one}?after_position={}", muted["position"].as_str().unwrap());
        let row = client.ask(Method::GET, &path, None).await.unwrap();
        assert_eq!(
            (&row["acknowledged_by"], &row["muted_until"]),
            (&json!("wang"), &json!(until))
        );
        assert!(
            client
                .ask(Method::GET, "/api/v1/alerts?rule=nothing", None)
                .await
                .is_err()
        );
    });
    story.end();
}
