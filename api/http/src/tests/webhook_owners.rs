//! Tests of owners of webhooks and channels: nothing is delivered for an owner who lost the right,
//! undelivered messages are kept, and another user with the right can take over.

use super::test_client::{TestReply, add, get, key, owner, replace, send};
use super::webhooks::{HOOKS, ask, receiver, until};
use crate::testing::TestServer;
use domain::alert::{AlertCommand, AlertFigure, AlertRule, Severity};
use domain::decider::{Decider, Scope};
use domain::ids::{AlertId, CommandId, NumberId, UserId, WebhookId};
use domain::number::NumberCommand;
use domain::number::event::OptOutSource;
use domain::permission::CampaignScope;
use domain::personal::Personal;
use domain::stored_event::{Cause, Position, StreamVersion};
use domain::user::User;
use domain::webhook::{WebhookCommand, WebhookFacts, WebhookFormat};
use hyper::Method;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::mpsc::Receiver;
use std::time::Duration;
use store::test_records::make_record_of;

const CHANNELS: &str = "/api/v1/alerts/channels";

/// Longest wait for a message that is due.
const WITHIN: Duration = Duration::from_secs(20);

async fn post(story: &TestServer, path: &str, bearer: &str, body: Value) -> TestReply {
    send(
        story,
        Method::POST,
        path,
        &[("Authorization", bearer)],
        Some(body),
    )
    .await
}

/// Adds a webhook or channel. Returns its path.
async fn made(story: &TestServer, path: &str, bearer: &str, order: Value) -> String {
    let made = post(story, path, bearer, order).await;
    assert_eq!(made.status, 201, "{}", made.body);
    format!("{path}/{}", made.body["id"].as_str().unwrap())
}

async fn number(story: &TestServer, number: &str, command: NumberCommand) {
    let number: NumberId = number.parse().unwrap();
    let installation = &story.running.installation;
    let cause = Cause::outside(installation.new_command());
    let asked = installation.entities.numbers.ask(&number, command, cause);
    asked.await.unwrap();
}

fn opts_out() -> NumberCommand {
    NumberCommand::OptOut {
        reason: "asked".to_owned(),
        source: OptOutSource::Import,
        call: None,
    }
}

fn suppresses() -> NumberCommand {
    NumberCommand::Suppress {
        reason: "asked".to_owned(),
        until: None,
    }
}

async fn disable(story: &TestServer, name: &str) {
    let path = format!("/api/v1/users/{name}/disable");
    let left = owner(story, &path, json!({ "reason": "left" })).await;
    assert_eq!(left.status, 200, "{}", left.body);
}

/// Waits until an alert of this rule is raised (`standing`) or cleared (`!standing`). Returns its subject.
async fn alert(story: &TestServer, rule: &str, standing: bool) -> Value {
    let path = format!("/api/v1/alerts?rule={rule}&standing={standing}");
    let installation = &story.running.installation;
    let late = installation.now().plus_ms(20_000);
    loop {
        let (_, found) = ask(story, &path, Value::Null).await;
        if let Some(alert) = found["items"].as_array().and_then(|items| items.first()) {
            return alert["subject"].clone();
        }
        assert!(installation.now() < late, "{found}");
        installation.pause(10).await;
    }
}

/// Receives `count` messages. Returns their event types in order of arrival.
fn types(received: &Receiver<Value>, count: usize) -> Vec<Value> {
    (0..count)
        .map(|_| received.recv_timeout(WITHIN).unwrap()["type"].clone())
        .collect()
}

#[test]
fn a_webhook_of_a_disabled_owner_sends_nothing_until_another_user_takes_it_over() {
    let story = TestServer::begin();
    let (url, received) = receiver(&[]);
    story.runtime.block_on(async {
        for (name, role) in [
            ("chief", "admin"),
            ("next", "admin"),
            ("shop", "integrator"),
            ("an", "analyst"),
        ] {
            add(&story, name, &[role]).await;
        }
        let chief = key(&story, json!({ "user": "chief" })).await;
        let events = ["number.opted_out", "number.suppressed"];
        let order = json!({ "url": url, "allow_private": true, "events": events });
        let hook = made(&story, HOOKS, &chief, order).await;
        number(&story, "00000000000000000000000000000001", opts_out()).await;
        let shown = until(&story, &hook, |shown| shown["delivered"] == 1).await;
        assert_eq!(
            (&shown["owner"], &shown["disabled_reason"]),
            (&json!("chief"), &Value::Null)
        );
        disable(&story, "chief").await;
        for command in [opts_out(), suppresses()] {
            number(&story, "00000000000000000000000000000002", command).await;
        }
        let shown = until(&story, &hook, |shown| shown["disabled"] == true).await;
        assert_eq!(
            (&shown["disabled_reason"], &shown["delivered"], &shown["failed"]),
            (&json!("owner_disabled"), &json!(1), &json!(0)),
            "{shown}"
        );
        assert_eq!(received.try_iter().count(), 1, "only what came before");
        let stored = get(&story, "/api/v1/events?kind=webhook.disabled", &story.bearer()).await;
        let data = &stored.body["items"][0]["data"];
        assert_eq!(
            (&data["reason"], &data["owner"]),
            (&json!("owner_disabled"), &json!("chief")),
            "{}",
            stored.body
        );
        let id = hook.rsplit('/').next().unwrap();
        assert_eq!(alert(&story, "webhook_disabled", true).await, id);
        refused_take_overs(&story, &hook).await;
        let next = key(&story, json!({ "user": "next" })).await;
        let take = format!("{hook}/take-over");
        let taken = post(&story, &take, &next, json!({ "reason": "chief left" })).await;
        assert_eq!(taken.status, 200, "{}", taken.body);
        assert_eq!(
            (&taken.body["owner"], &taken.body["disabled"]),
            (&json!("next"), &json!(false))
        );
        let shown = until(&story, &hook, |shown| shown["delivered"] == 3).await;
        assert_eq!((&shown["waiting"], &shown["failed"]), (&json!(0), &json!(0)));
        assert_eq!(types(&received, 2), events, "what waited, in its order");
        assert_eq!(alert(&story, "webhook_disabled", false).await, id);
    });
    story.end();
}

/// Asserts that a replay is refused, and take-overs by users who lack a right needed to add the webhook.
async fn refused_take_overs(story: &TestServer, hook: &str) {
    let replay = owner(story, &format!("{hook}/replay"), json!({ "after": "0" })).await;
    assert_eq!(
        (replay.status, replay.code()),
        (422, "refused"),
        "{}",
        replay.body
    );
    let take = format!("{hook}/take-over");
    for (name, code) in [("an", "role-missing"), ("shop", "take-over-beyond-rights")] {
        let bearer = key(story, json!({ "user": name })).await;
        let refused = post(story, &take, &bearer, json!({ "reason": "x" })).await;
        assert_eq!((refused.status, refused.code()), (403, code), "{}", refused.body);
    }
    let unreasoned = owner(story, &take, json!({ "reason": " " })).await;
    assert_eq!(unreasoned.status, 422, "{}", unreasoned.body);
}

#[test]
fn a_webhook_delivers_only_while_its_owner_s_scope_covers_it_and_a_change_hands_it_over() {
    let story = TestServer::begin();
    let (url, received) = receiver(&[]);
    story.runtime.block_on(async {
        add(&story, "chief", &["admin"]).await;
        add(&story, "next", &["admin"]).await;
        let chief = key(&story, json!({ "user": "chief" })).await;
        let order = json!({ "url": url, "allow_private": true, "events": ["number.opted_out"] });
        let hook = made(&story, HOOKS, &chief, order).await;
        let narrower = json!({ "campaigns": ["A"], "reason": "moves" });
        let (read, write) = ("/api/v1/users/chief", "/api/v1/users/chief/scope");
        let scoped = replace(&story, read, write, narrower).await;
        assert_eq!(scoped.status, 200, "{}", scoped.body);
        number(&story, "00000000000000000000000000000001", opts_out()).await;
        let shown = until(&story, &hook, |shown| shown["disabled"] == true).await;
        assert_eq!(shown["disabled_reason"], "right_lost", "{shown}");
        // A change makes the user its owner; it delivers again only after a take-over.
        let next = key(&story, json!({ "user": "next" })).await;
        let etag = shown["etag"].as_str().unwrap();
        let headers = [("Authorization", next.as_str()), ("If-Match", etag)];
        let change = json!({ "events": ["number.opted_out", "number.suppressed"], "reason": "more" });
        let changed = send(&story, Method::PUT, &hook, &headers, Some(change)).await;
        assert_eq!(changed.status, 200, "{}", changed.body);
        assert_eq!(
            (&changed.body["owner"], &changed.body["disabled"]),
            (&json!("next"), &json!(true))
        );
        assert!(received.try_recv().is_err(), "nothing was sent");
        let take = format!("{hook}/take-over");
        let taken = post(&story, &take, &next, json!({ "reason": "chief moved" })).await;
        assert_eq!(taken.status, 200, "{}", taken.body);
    });
    assert_eq!(types(&received, 1), ["number.opted_out"]);
    story.end();
}

/// The channel as the list shows it.
async fn channel(story: &TestServer, path: &str) -> Value {
    let id = path.rsplit('/').next().unwrap();
    let listed = get(story, CHANNELS, &story.bearer()).await;
    let items = listed.body["items"].as_array().unwrap();
    items.iter().find(|one| one["id"] == id).unwrap().clone()
}

async fn raise(story: &TestServer, subject: &str) {
    let rule = AlertRule::LineFailures;
    let command = AlertCommand::Raise {
        rule,
        subject: subject.to_owned(),
        campaign: None,
        severity: Severity::Critical,
        figure: AlertFigure {
            value: 3,
            limit: 3,
            unit: "count".to_owned(),
            window_ms: 0,
        },
        detail: "3 in a row, the last was busy".to_owned(),
    };
    let installation = &story.running.installation;
    let id = AlertId::derive(rule.code(), subject);
    let cause = Cause::outside(installation.new_command());
    let asked = installation.entities.alerts.ask(&id, command, cause);
    asked.await.unwrap();
}

#[test]
fn an_alert_about_a_channel_of_a_lost_owner_reaches_the_other_channels() {
    let story = TestServer::begin();
    let (lost_url, lost) = receiver(&[]);
    let (other_url, other) = receiver(&[]);
    let (path, bearer) = story.runtime.block_on(async {
        add(&story, "chief", &["admin", "viewer"]).await;
        add(&story, "next", &["admin"]).await;
        let chief = key(&story, json!({ "user": "chief" })).await;
        let path = made(
            &story,
            CHANNELS,
            &chief,
            json!({ "url": lost_url, "allow_private": true }),
        )
        .await;
        let bearer = story.bearer();
        made(
            &story,
            CHANNELS,
            &bearer,
            json!({ "url": other_url, "allow_private": true }),
        )
        .await;
        let (read, write) = ("/api/v1/users/chief", "/api/v1/users/chief/roles");
        let less = json!({ "remove": "admin", "reason": "moves" });
        let changed = replace(&story, read, write, less).await;
        assert_eq!(changed.status, 200, "{}", changed.body);
        raise(&story, "second").await;
        (path, bearer)
    });
    let received = || {
        let message = other.recv_timeout(WITHIN).unwrap();
        assert_eq!(message["type"], "alert.raised", "{message}");
        message["data"]["subject"].as_str().unwrap().to_owned()
    };
    let id = path.rsplit('/').next().unwrap().to_owned();
    let received: BTreeSet<String> = [received(), received()].into();
    assert_eq!(received, ["second".to_owned(), id].into());
    story.runtime.block_on(async {
        let shown = channel(&story, &path).await;
        assert_eq!(
            (&shown["disabled_reason"], &shown["owner"], &shown["delivered"]),
            (&json!("right_lost"), &json!("chief"), &json!(0)),
            "{shown}"
        );
        assert!(lost.try_recv().is_err(), "nothing was sent");
        let take = format!("{path}/take-over");
        let taken = post(&story, &take, &bearer, json!({ "reason": "chief moved" })).await;
        assert_eq!((taken.status, &taken.body["owner"]), (200, &Value::Null));
    });
    // The alert about the channel itself waited as well; both are sent at the same time.
    let is_second = |_| lost.recv_timeout(WITHIN).unwrap()["data"]["subject"] == "second";
    assert!((0..2).any(is_second), "what waited");
    story.end();
}

/// The facts of a webhook with this owner.
fn of_owner(url: &str, owner: &UserId) -> WebhookFacts {
    let secret = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=";
    WebhookFacts {
        format: WebhookFormat::Standard,
        target: Personal::open(url.to_owned()),
        shown: url.to_owned(),
        kinds: ["number.opted_out".to_owned()].into(),
        campaigns: CampaignScope::All,
        allow_private: true,
        secret: Some(Personal::open(secret.to_owned())),
        bearer: None,
        to: None,
        smtp: None,
        recordings_from: None,
        after: Position(0),
        is_channel: false,
        owner: Some(owner.clone()),
    }
}

#[test]
fn while_an_owner_cannot_be_read_nothing_is_sent_and_nothing_is_disabled() {
    let story = TestServer::begin();
    let (url, received) = receiver(&[]);
    let (other_url, other) = receiver(&[]);
    story.runtime.block_on(async {
        let installation = &story.running.installation;
        // A record of a foreign kind in the user's stream, so that loading the user fails, as it does while
        // the store is unavailable.
        let ghost: UserId = "ghost".parse().unwrap();
        let stream = User::stream(&ghost);
        let command = CommandId::derive_from_text("ghost");
        let record = make_record_of(&stream, 1, command, Scope::default());
        let appended = installation
            .store()
            .append(&stream, StreamVersion(0), vec![record]);
        appended.await.unwrap();
        assert!(installation.entities.users.state(&ghost).await.is_err());
        let id = WebhookId::derive(CommandId::derive_from_text("of a ghost"));
        let command = WebhookCommand::Add {
            facts: Box::new(of_owner(&url, &ghost)),
        };
        let cause = Cause::outside(installation.new_command());
        installation
            .entities
            .webhooks
            .ask(&id, command, cause)
            .await
            .unwrap();
        let hook = format!("{HOOKS}/{id}");
        let order = json!({ "url": other_url, "allow_private": true, "events": ["number.opted_out"] });
        let bearer = story.bearer();
        let reached = made(&story, HOOKS, &bearer, order).await;
        number(&story, "00000000000000000000000000000001", opts_out()).await;
        until(&story, &reached, |shown| shown["delivered"] == 1).await;
        let (_, shown) = ask(&story, &hook, Value::Null).await;
        assert_eq!(
            (&shown["disabled"], &shown["delivered"], &shown["failed"]),
            (&json!(false), &json!(0), &json!(0)),
            "{shown}"
        );
        assert!(received.try_recv().is_err(), "nothing was sent");
        // The installation's owner takes it over: the waiting message is sent, and the webhook was never
        // disabled.
        let take = format!("{hook}/take-over");
        let taken = post(&story, &take, &bearer, json!({ "reason": "unreadable" })).await;
        assert_eq!(taken.status, 200, "{}", taken.body);
        until(&story, &hook, |shown| shown["delivered"] == 1).await;
        let (_, disabled) = ask(&story, "/api/v1/events?kind=webhook.disabled", Value::Null).await;
        assert_eq!(disabled["items"], json!([]));
    });
    assert_eq!((types(&received, 1).len(), types(&other, 1).len()), (1, 1));
    story.end();
}
