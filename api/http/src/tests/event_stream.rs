//! Tests of the event streams: a server on loopback, read as server-sent events and over a WebSocket.

use crate::testing::TestServer;
use domain::problem::Problem;
use http_body_util::BodyExt;
use hyper::Method;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// Reads all events that match a query, page by page.
async fn listed(story: &TestServer, query: &str) -> Vec<Value> {
    let (mut items, mut after) = (Vec::new(), "0".to_owned());
    loop {
        let path = format!("/api/v1/events?after={after}&limit=7{query}");
        let page = story.client().ask(Method::GET, &path, None).await.unwrap();
        items.extend(page["items"].as_array().unwrap().iter().cloned());
        let next = page["next"].as_str().unwrap().to_owned();
        if next == after {
            return items;
        }
        after = next;
    }
}

/// Follows a stream up to `caught-up`. Returns its events, and the names of its other messages.
async fn followed(story: &TestServer, query: &str) -> (Vec<Value>, Vec<String>) {
    let (mut events, mut names) = (Vec::new(), Vec::new());
    let path = format!("/api/v1/events/stream?{query}");
    let client = story.client();
    let end = client.follow(&path, |name, data| {
        if name.is_empty() {
            events.push(serde_json::from_str(data).unwrap());
            return Ok(());
        }
        names.push(name.to_owned());
        if name == "caught-up" {
            return Err(Problem::fault("enough"));
        }
        Ok(())
    });
    end.await.unwrap_err();
    (events, names)
}

#[test]
fn a_stream_from_every_position_gives_what_the_pages_give() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        story.append(0, 24).await;
        for filter in [
            "",
            "&campaign=T",
            "&stream=number-s1&stream=number-s2",
            "&kind=call.",
        ] {
            let listed = listed(&story, filter).await;
            for after in 0..=24_usize {
                let (events, _) = followed(&story, &format!("after={after}{filter}")).await;
                let position = |event: &Value| event["position"].as_str().unwrap().parse::<usize>().unwrap();
                let rest: Vec<_> = listed
                    .iter()
                    .filter(|event| position(event) > after)
                    .cloned()
                    .collect();
                assert_eq!(events, rest, "after {after}{filter}");
            }
        }
    });
    story.end();
}

#[test]
fn a_client_that_stops_reading_delays_no_writer_and_misses_nothing() {
    const EVENTS: u64 = 6_000;
    let story = TestServer::begin();
    story.runtime.block_on(async {
        let mut response = story.open("/api/v1/events/stream", &[]).await;
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        // The client reads nothing while the writer continues.
        story.append(0, EVENTS).await;
        let (mut text, mut from) = (String::new(), 0);
        while !text
            .get(from..)
            .expect("frames end on whole characters")
            .contains(&format!("id:{EVENTS}\n"))
        {
            from = text.len().saturating_sub(20);
            let frame = response.frame().await.unwrap().unwrap();
            text.push_str(std::str::from_utf8(frame.data_ref().unwrap()).unwrap());
        }
        let events = text.split("\n\n").filter(|event| !event.contains("event:"));
        let ids: Vec<u64> = events
            .filter_map(|event| {
                event
                    .lines()
                    .find_map(|line| line.strip_prefix("id:")?.parse().ok())
            })
            // Messages after the last event may arrive in the same chunk.
            .filter(|id| *id <= EVENTS)
            .collect();
        assert!(
            ids.windows(2).all(|pair| pair[1] == pair[0] + 1),
            "no gap and no repeat"
        );
        assert_eq!((ids[0], ids.len() as u64), (1, EVENTS));
        let resumed = story
            .open("/api/v1/events/stream", &[("Last-Event-ID", "5999")])
            .await;
        let first = resumed.into_body().frame().await.unwrap().unwrap();
        assert!(
            first
                .data_ref()
                .unwrap()
                .windows(8)
                .any(|bytes| bytes == b"id:6000\n")
        );
    });
    story.end();
}

/// The headers of a WebSocket handshake (RFC 6455, 1.3).
pub(crate) const UPGRADE: [(&str, &str); 4] = [
    ("Connection", "Upgrade"),
    ("Upgrade", "websocket"),
    ("Sec-WebSocket-Version", "13"),
    ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
];

/// Reads one unmasked frame of the server. Returns its opcode and its text.
pub(super) async fn frame(socket: &mut (impl AsyncReadExt + Unpin)) -> (u8, String) {
    let operation = socket.read_u8().await.unwrap() & 0x0f;
    let length = match socket.read_u8().await.unwrap() {
        126 => usize::from(socket.read_u16().await.unwrap()),
        short => usize::from(short),
    };
    let mut payload = vec![0; length];
    socket.read_exact(&mut payload).await.unwrap();
    let text = if operation == 8 { &payload[2..] } else { &payload };
    (operation, String::from_utf8(text.to_vec()).unwrap())
}

#[test]
fn a_web_socket_says_the_same_and_closes_with_where_to_resume() {
    let story = TestServer::begin();
    let mut socket = story.runtime.block_on(async {
        story.append(0, 8).await;
        let plain = story.open("/api/v1/events/ws", &[]).await;
        assert_eq!(plain.status(), 400);
        let response = story.open("/api/v1/events/ws?after=2&campaign=T", &UPGRADE).await;
        assert_eq!(response.status(), 101);
        assert_eq!(
            response.headers()["sec-websocket-accept"],
            "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
        );
        let mut socket = TokioIo::new(hyper::upgrade::on(response).await.unwrap());
        let (operation, event) = frame(&mut socket).await;
        let event: Value = serde_json::from_str(&event).unwrap();
        assert_eq!((operation, event["position"].as_str()), (1, Some("6")));
        let (_, notice) = frame(&mut socket).await;
        assert_eq!(notice, "{\"message\":\"caught-up\",\"position\":\"9\"}");
        // A masked ping with two bytes of payload; the server answers it.
        socket
            .write_all(&[0x89, 0x82, 0, 0, 0, 0, b'h', b'i'])
            .await
            .unwrap();
        socket.flush().await.unwrap();
        assert_eq!(frame(&mut socket).await, (10, "hi".to_owned()));
        story.append(8, 1).await;
        let (_, event) = frame(&mut socket).await;
        assert!(event.contains("\"position\":\"10\""), "{event}");
        socket
    });
    let runtime = Arc::clone(&story.runtime);
    let closed = runtime.spawn(async move { frame(&mut socket).await });
    story.end();
    let (operation, why) = runtime.block_on(closed).unwrap();
    assert_eq!(operation, 8);
    assert_eq!(why, "{\"position\":\"10\",\"reason\":\"the server stops\"}");
}
