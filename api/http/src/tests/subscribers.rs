//! Tests of named subscribers: a reader continues after its last acknowledgement, one reader holds a name at
//! a time, names are separate for each user, and acknowledgements themselves are not sent.

use super::event_stream::{UPGRADE, frame};
use super::test_client::{add, get, key, owner, send};
use crate::testing::TestServer;
use domain::ids::LogId;
use domain::installation::InstallationCommand;
use domain::installation::event::RestoreFacts;
use domain::problem::Problem;
use domain::stored_event::{Cause, Position};
use http_body_util::BodyExt;
use hyper::Method;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// Follows a stream up to `caught-up`. Returns the positions of its events.
async fn read_positions(story: &TestServer, query: &str) -> Vec<String> {
    let mut positions = Vec::new();
    let client = story.client();
    let path = format!("/api/v1/events/stream?{query}");
    let end = client.follow(&path, |name, data| {
        let said: Value = serde_json::from_str(data).unwrap();
        match name {
            "" => positions.push(said["position"].as_str().unwrap().to_owned()),
            "caught-up" => return Err(Problem::fault("enough")),
            _ => {}
        }
        Ok(())
    });
    end.await.unwrap_err();
    positions
}

async fn shown(story: &TestServer, name: &str) -> Value {
    let path = format!("/api/v1/subscribers/{name}");
    get(story, &path, &story.bearer()).await.body
}

async fn acknowledge(story: &TestServer, position: &str) {
    let order = json!({ "position": position });
    let said = owner(story, "/api/v1/subscribers/crm/acknowledge", order).await;
    assert_eq!(said.status, 200, "{}", said.body);
}

#[test]
fn a_subscriber_goes_on_where_it_acknowledged_also_in_the_next_process() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        story.append(0, 12).await;
        let all = read_positions(&story, "subscriber=crm&kind=number.").await;
        assert!(all.len() > 3, "{all:?}");
        let again = read_positions(&story, "subscriber=crm").await;
        assert_eq!(again, all, "nothing was acknowledged");
        acknowledge(&story, &all[2]).await;
        assert_eq!(read_positions(&story, "subscriber=crm").await, all[3..]);
        let crm = shown(&story, "crm").await;
        assert_eq!(crm["position"], json!(all[2]));
        assert_eq!(crm["lag"]["events"], json!(all.len() - 3), "{crm}");
        assert!(crm["lag"]["since"].is_string(), "{crm}");
        assert_eq!(crm["follows"], json!({ "kinds": ["number."] }));
        acknowledge(&story, all.last().unwrap()).await;
        assert_eq!(shown(&story, "crm").await["lag"]["events"], 0);
        let late = json!({ "position": all[0] });
        let late = owner(&story, "/api/v1/subscribers/crm/acknowledge", late).await;
        assert_eq!(
            late.body["reached"],
            json!(all.last()),
            "a late word changes nothing"
        );
        let back = json!({ "after": all[0], "reason": "restored" });
        let back = owner(&story, "/api/v1/subscribers/crm/reset", back).await;
        assert_eq!(back.status, 200, "{}", back.body);
        assert_eq!(read_positions(&story, "subscriber=crm").await, all[1..]);
    });
    story.end();
}

#[test]
fn a_position_beyond_the_head_is_refused_with_the_head() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        story.append(0, 4).await;
        let bearer = story.bearer();
        let head = get(&story, "/api/v1/subscribers", &bearer).await.body["head"].clone();
        let head: u64 = head.as_str().unwrap().parse().unwrap();
        let paths = [
            format!("events?after={}", head + 1),
            format!("events/stream?after={}", head + 1),
            format!("events/stream?after={}&kind=call.", u64::MAX),
            format!("events/stream?subscriber=crm&after={}", head + 3),
        ];
        for path in paths {
            let came = get(&story, &format!("/api/v1/{path}"), &bearer).await;
            assert_eq!(
                (came.status, came.code()),
                (409, "position-beyond-head"),
                "{path}"
            );
            let detail = came.body["detail"].as_str().unwrap();
            assert!(detail.contains(&format!("beyond the head {head}:")), "{detail}");
        }
        assert_eq!(shown(&story, "crm").await["code"], "missing", "no name is made");
        let at_head = get(&story, &format!("/api/v1/events?after={head}"), &bearer).await;
        assert_eq!(at_head.status, 200, "{}", at_head.body);
    });
    story.end();
}

#[test]
fn a_subscriber_from_before_a_restore_is_flagged_until_it_acknowledges() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        story.append(0, 6).await;
        let all = read_positions(&story, "subscriber=crm&kind=number.").await;
        acknowledge(&story, &all[0]).await;
        assert_eq!(shown(&story, "crm").await["history_shortened_at"], Value::Null);
        let facts = RestoreFacts {
            source_head: Position(9),
            to_position: Position(4),
            backup_made_at: story.running.installation.now(),
            log_root: None,
        };
        let cause = Cause::outside(story.running.installation.new_command());
        let installations = &story.running.installation.entities.installation;
        let restore = InstallationCommand::Restore(facts);
        installations.ask(&LogId, restore, cause).await.unwrap();
        assert!(shown(&story, "crm").await["history_shortened_at"].is_string());
        acknowledge(&story, &all[1]).await;
        assert_eq!(shown(&story, "crm").await["history_shortened_at"], Value::Null);
    });
    story.end();
}

#[test]
fn what_makes_no_sense_is_refused() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        story.append(0, 4).await;
        read_positions(&story, "subscriber=crm&kind=number.").await;
        let bearer = story.bearer();
        let cases = [
            ("stream?subscriber=crm&kind=campaign.", 422, "refused"),
            ("stream?subscriber=a%2Fb", 400, "subscriber-invalid"),
            ("stream?subscriber=crm@wang@li", 400, "subscriber-invalid"),
        ];
        for (query, status, code) in cases {
            let came = get(&story, &format!("/api/v1/events/{query}"), &bearer).await;
            assert_eq!(
                (came.status, came.code()),
                (status, code),
                "{query}: {}",
                came.body
            );
        }
        let orders = [
            (
                "crm/acknowledge",
                json!({ "position": "9999" }),
                422,
                "position-ahead",
            ),
            ("crm/reset", json!({ "after": "9999" }), 422, "position-ahead"),
            ("crm/reset", json!({}), 422, "invalid-members"),
            ("nobody/acknowledge", json!({ "position": "1" }), 404, "missing"),
        ];
        for (path, order, status, code) in orders {
            let came = owner(&story, &format!("/api/v1/subscribers/{path}"), order).await;
            assert_eq!(
                (came.status, came.code()),
                (status, code),
                "{path}: {}",
                came.body
            );
        }
        assert_eq!(shown(&story, "crm").await["position"], "0");
        let removed = owner(&story, "/api/v1/subscribers/crm/remove", json!({})).await;
        assert_eq!(removed.body["reached"], Value::Null, "{}", removed.body);
        assert_eq!(shown(&story, "crm").await["code"], "missing");
    });
    story.end();
}

#[test]
fn each_user_has_names_of_their_own_and_sees_no_others() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        story.append(0, 4).await;
        let mut bearers = Vec::new();
        for name in ["li", "wang"] {
            add(&story, name, &["integrator"]).await;
            let order = json!({ "user": name, "scopes": ["events:read"] });
            bearers.push(key(&story, order).await);
        }
        for bearer in &bearers {
            let open = story
                .open_with(
                    "/api/v1/events/stream?subscriber=crm",
                    &[("Authorization", bearer)],
                )
                .await;
            assert_eq!(open.status(), 200);
        }
        let listed = get(&story, "/api/v1/subscribers", &bearers[0]).await.body;
        let names = |listed: &Value| -> Vec<String> {
            let items = listed["items"].as_array().unwrap().iter();
            items
                .map(|item| item["name"].as_str().unwrap().to_owned())
                .collect()
        };
        assert_eq!(names(&listed), ["crm@li"]);
        let others = get(&story, "/api/v1/subscribers/crm@wang", &bearers[0]).await;
        assert_eq!((others.status, others.code()), (404, "missing"));
        let reset = send(
            &story,
            Method::POST,
            "/api/v1/subscribers/crm@wang/reset",
            &[("Authorization", &bearers[0])],
            Some(json!({ "after": "0" })),
        )
        .await;
        assert_eq!(reset.status, 404);
        let all = get(&story, "/api/v1/subscribers", &story.bearer()).await.body;
        assert_eq!(names(&all), ["crm@li", "crm@wang"]);
    });
    story.end();
}

/// Sends one text frame as a client, with a zero mask (RFC 6455, 5.3).
async fn say(socket: &mut (impl AsyncWriteExt + Unpin), text: &str) {
    let length = u8::try_from(text.len()).unwrap();
    assert!(length < 126);
    let mut bytes = vec![0x81, 0x80 | length, 0, 0, 0, 0];
    bytes.extend_from_slice(text.as_bytes());
    socket.write_all(&bytes).await.unwrap();
    socket.flush().await.unwrap();
}

async fn position_of(socket: &mut (impl AsyncReadExt + Unpin)) -> String {
    let (_, text) = frame(socket).await;
    let said: Value = serde_json::from_str(&text).unwrap();
    said["position"].as_str().unwrap().to_owned()
}

/// Returns when the server has read everything that was sent before: it answers a ping in order (RFC 6455,
/// 5.5.2).
async fn heard_so_far(socket: &mut (impl AsyncReadExt + AsyncWriteExt + Unpin)) {
    socket.write_all(&[0x89, 0x80, 0, 0, 0, 0]).await.unwrap();
    socket.flush().await.unwrap();
    while frame(socket).await.0 != 10 {}
}

#[test]
fn on_a_web_socket_a_reader_acknowledges_and_a_later_connection_has_the_name() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        story.append(0, 3).await;
        let path = "/api/v1/events/ws?subscriber=crm&stream=number-";
        let first = story.open(path, &UPGRADE).await;
        let mut first = TokioIo::new(hyper::upgrade::on(first).await.unwrap());
        let heard = position_of(&mut first).await;
        say(&mut first, &json!({ "acknowledge": heard }).to_string()).await;
        let second = story.open(path, &UPGRADE).await;
        let mut second = TokioIo::new(hyper::upgrade::on(second).await.unwrap());
        let why = loop {
            let (operation, text) = frame(&mut first).await;
            if operation == 8 {
                break text;
            }
        };
        assert!(why.contains("another client"), "{why}");
        // The first reader's acknowledgement from before it lost the name is stored when its connection ends.
        let stored = loop {
            let crm = shown(&story, "crm").await;
            if crm["position"] != "0" {
                break crm;
            }
        };
        assert_eq!(stored["position"], json!(heard));
        assert_eq!(stored["following"], true, "{stored}");
        position_of(&mut second).await;
        say(&mut second, &json!({ "acknowledge": "9999" }).to_string()).await;
        let why = loop {
            let (operation, text) = frame(&mut second).await;
            if operation == 8 {
                break text;
            }
        };
        assert!(why.contains("was not sent yet"), "{why}");
    });
    story.end();
}

#[test]
fn what_a_reader_acknowledged_before_a_reset_does_not_undo_it() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        story.append(0, 3).await;
        let path = "/api/v1/events/ws?subscriber=crm&stream=number-";
        let socket = story.open(path, &UPGRADE).await;
        let mut socket = TokioIo::new(hyper::upgrade::on(socket).await.unwrap());
        let heard = position_of(&mut socket).await;
        say(&mut socket, &json!({ "acknowledge": heard }).to_string()).await;
        heard_so_far(&mut socket).await;
        let reset = owner(&story, "/api/v1/subscribers/crm/reset", json!({ "after": "0" })).await;
        assert_eq!(reset.status, 200, "{}", reset.body);
        // The connection ends after its acknowledgements are stored.
        let mut rest = Vec::new();
        socket.read_to_end(&mut rest).await.unwrap();
        assert_eq!(shown(&story, "crm").await["position"], "0");
    });
    story.end();
}

#[test]
fn keeping_a_position_is_no_news_to_a_subscriber() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        story.append(0, 2).await;
        let all = read_positions(&story, "subscriber=everything").await;
        let order = json!({ "position": all.last().unwrap() });
        for _ in 0..2 {
            let path = "/api/v1/subscribers/everything/acknowledge";
            assert_eq!(owner(&story, path, order.clone()).await.status, 200);
        }
        let crm = shown(&story, "everything").await;
        assert_eq!(crm["lag"]["events"], 0, "{crm}");
        assert!(read_positions(&story, "subscriber=everything").await.is_empty());
        assert!(
            !read_positions(&story, "kind=subscriber.").await.is_empty(),
            "others may follow them"
        );
    });
    story.end();
}

#[test]
fn a_reader_that_was_reset_gets_an_end_event() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        story.append(0, 2).await;
        let mut open = story.open("/api/v1/events/stream?subscriber=crm", &[]).await;
        let mut text = String::new();
        let mut reset = false;
        while let Some(frame) = open.frame().await {
            text.push_str(std::str::from_utf8(frame.unwrap().data_ref().unwrap()).unwrap());
            if text.contains("caught-up") && !reset {
                reset = true;
                let order = json!({ "after": "0" });
                assert_eq!(
                    owner(&story, "/api/v1/subscribers/crm/reset", order).await.status,
                    200
                );
            }
        }
        assert!(text.contains("event:end"), "{text}");
        assert!(text.contains("position was reset"), "{text}");
    });
    story.end();
}
