//! Tests of receivers that misbehave for days: each delivery is cut off and repeated until it is a dead
//! letter, and after the receiver is repaired, a replay delivers everything. The clock of the rehearsal moves
//! three days ahead.

use super::webhooks::{HOOKS, ask, request_of, until};
use crate::testing::TestServer;
use domain::time::Timestamp;
use domain::webhook::ATTEMPTS_MAX;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::io::{BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Longest wait for a message that is due.
const COMES_WITHIN: Duration = Duration::from_secs(20);

/// Length of the body that the receiver sends to a client that reads all of it.
const FLOOD_BYTES: usize = 100 * 1024 * 1024;

/// The time after which a delivery without a reply has timed out: its limit is 15 s.
const GIVEN_UP_MS: u64 = 16_000;

/// After this attempt the server restarts: the delays of hours and days survive it.
const RESTARTED_BEHIND: u32 = 9;

/// What the receiver does after it has read a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ReceiverBehavior {
    /// Keeps the connection open without a reply.
    Nothing,
    Redirects,
    Floods,
    Takes,
}

impl ReceiverBehavior {
    /// What the receiver does at this attempt: one after the other.
    const fn at(attempt: u32) -> Self {
        match attempt % 3 {
            1 => Self::Nothing,
            2 => Self::Redirects,
            _ => Self::Floods,
        }
    }

    /// The fault that the webhook shows for it.
    const fn fault(self) -> Option<&'static str> {
        match self {
            Self::Nothing => Some("timed_out"),
            Self::Redirects => Some("redirected"),
            Self::Floods => Some("status"),
            Self::Takes => None,
        }
    }
}

/// What the receiver observed.
#[derive(Debug)]
enum ReceiverObservation {
    /// A message, by the id in its body.
    Message(String),
    /// The server closed the connection while it was held open, or before the whole body was sent.
    LetGo,
    /// The server followed the redirect, or read the whole body.
    Wrong(&'static str),
}

/// A misbehaving receiver on loopback.
struct BadReceiver {
    url: String,
    does: Arc<Mutex<ReceiverBehavior>>,
    saw: Receiver<ReceiverObservation>,
}

impl BadReceiver {
    #[expect(clippy::disallowed_methods, reason = "the test's own receiver, on loopback")]
    fn begin() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let url = format!("{origin}/in");
        let does = Arc::new(Mutex::new(ReceiverBehavior::at(1)));
        let (tells, saw) = sync_channel(1_024);
        let now = Arc::clone(&does);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (origin, now, tells) = (origin.clone(), Arc::clone(&now), tells.clone());
                std::thread::spawn(move || serve(stream.unwrap(), &origin, &now, &tells));
            }
        });
        Self { url, does, saw }
    }

    fn does(&self, does: ReceiverBehavior) {
        *self.does.lock().unwrap() = does;
    }

    /// Waits for `count` messages. Returns their ids; connections that the server closed are expected
    /// meanwhile.
    fn messages(&self, count: usize) -> Vec<String> {
        let mut ids = Vec::new();
        while ids.len() < count {
            match self.saw.recv_timeout(COMES_WITHIN).unwrap() {
                ReceiverObservation::Message(id) => ids.push(id),
                ReceiverObservation::LetGo => {}
                ReceiverObservation::Wrong(what) => unreachable!("{what}"),
            }
        }
        ids
    }
}

/// Serves one connection with one message.
fn serve(
    mut stream: TcpStream,
    origin: &str,
    does: &Mutex<ReceiverBehavior>,
    tells: &SyncSender<ReceiverObservation>,
) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let (first, body) = request_of(&mut reader);
    let does = *does.lock().unwrap();
    // The test may have ended already.
    if !first.starts_with("POST /in ") {
        drop(tells.send(ReceiverObservation::Wrong("a redirect is followed")));
    }
    let body: Value = serde_json::from_slice(&body).unwrap();
    let id = body["id"].as_str().unwrap().to_owned();
    drop(tells.send(ReceiverObservation::Message(id)));
    let saw = answer(&mut stream, origin, does);
    drop(saw.map(|saw| tells.send(saw)));
}

fn answer(stream: &mut TcpStream, origin: &str, does: ReceiverBehavior) -> Option<ReceiverObservation> {
    let mut say = |text: String| stream.write_all(text.as_bytes()).is_ok();
    match does {
        ReceiverBehavior::Nothing => {
            let is_let_go = !matches!(stream.read(&mut [0; 1]), Ok(1));
            is_let_go.then_some(ReceiverObservation::LetGo)
        }
        ReceiverBehavior::Redirects => {
            say(format!(
                "HTTP/1.1 307 -\r\nlocation: {origin}/elsewhere\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
            ));
            None
        }
        ReceiverBehavior::Floods => {
            say(format!("HTTP/1.1 500 -\r\ncontent-length: {FLOOD_BYTES}\r\n\r\n"));
            let piece = vec![b' '; 64 * 1024];
            let pieces = FLOOD_BYTES / piece.len();
            let is_cut = (0..pieces).any(|_| stream.write_all(&piece).is_err());
            Some(match is_cut {
                true => ReceiverObservation::LetGo,
                false => ReceiverObservation::Wrong("a hundred megabytes are read"),
            })
        }
        ReceiverBehavior::Takes => {
            say("HTTP/1.1 204 -\r\nconnection: close\r\n\r\n".to_owned());
            None
        }
    }
}

/// Moves the server's clock to `then`.
fn passes_until(story: &TestServer, then: Timestamp) {
    story.running.process.opened.rehearse_on_from(then);
}

async fn opts_out(story: &TestServer, number: &str) {
    let path = format!("/api/v1/numbers/{number}/opt-out");
    let (status, reply) = ask(story, &path, json!({ "reason": "asked" })).await;
    assert_eq!(status, 200, "{reply}");
}

/// The events of a kind, in their order.
async fn events(story: &TestServer, kind: &str) -> Vec<Value> {
    let (_, found) = ask(
        story,
        &format!("/api/v1/events?kind={kind}&limit=1000"),
        Value::Null,
    )
    .await;
    found["items"].as_array().unwrap().clone()
}

fn at(value: &Value) -> Timestamp {
    value.as_str().unwrap().parse().unwrap()
}

/// Waits for one attempt at each of two events, and until the webhook shows its result. Returns the ids of
/// the events.
async fn attempt(story: &TestServer, receiver: &BadReceiver, hook: &str, attempt: u32) -> BTreeSet<String> {
    let ids = receiver.messages(2);
    if ReceiverBehavior::at(attempt) == ReceiverBehavior::Nothing {
        let installation = &story.running.installation;
        passes_until(story, installation.now().plus_ms(GIVEN_UP_MS));
    }
    receiver.does(ReceiverBehavior::at(attempt + 1));
    let settled = |shown: &Value| shown["failed"].as_u64().zip(shown["dead_letters"].as_u64());
    let wanted = if attempt == ATTEMPTS_MAX {
        (2 * u64::from(attempt) - 2, 2)
    } else {
        (2 * u64::from(attempt), 0)
    };
    let shown = until(story, hook, |shown| settled(shown) == Some(wanted)).await;
    assert_eq!(
        shown["last_fault"].as_str(),
        ReceiverBehavior::at(attempt).fault(),
        "attempt {attempt}: {shown}"
    );
    ids.into_iter().collect()
}

#[test]
fn a_rejected_event_is_retried_for_three_days_and_redelivered_by_a_replay_once_mended() {
    let mut story = TestServer::begin();
    let receiver = BadReceiver::begin();
    let runtime = Arc::clone(&story.runtime);
    let (hook, before) = runtime.block_on(async {
        let order = json!({ "url": receiver.url, "allow_private": true, "events": ["number.opted_out"] });
        let (status, made) = ask(&story, HOOKS, order).await;
        assert_eq!(status, 201, "{made}");
        let before = story.running.installation.store().head().await.unwrap();
        opts_out(&story, "13800138001").await;
        opts_out(&story, "13800138002").await;
        (format!("{HOOKS}/{}", made["id"].as_str().unwrap()), before)
    });
    let mut tried = BTreeSet::new();
    for number in 1..=ATTEMPTS_MAX {
        let ids = runtime.block_on(attempt(&story, &receiver, &hook, number));
        assert_eq!(ids.len(), 2, "attempt {number} is of both");
        tried.extend(ids);
        if number == RESTARTED_BEHIND {
            story = story.restarted();
        }
        if number < ATTEMPTS_MAX {
            let due = runtime.block_on(async {
                let (_, shown) = ask(&story, &hook, Value::Null).await;
                assert_eq!(shown["waiting"], json!(2), "{shown}");
                at(&shown["next_attempt_at"])
            });
            passes_until(&story, due.plus_ms(1_000));
        }
    }
    assert_eq!(tried.len(), 2, "each attempt has its event's own id");
    receiver.does(ReceiverBehavior::Takes);
    runtime.block_on(given_up(&story, &hook));
    runtime.block_on(mended(&story, &receiver, &hook, &before.to_string()));
    story.end();
}

/// Asserts that both events are dead letters three days after they were first sent, and that every attempt is
/// on record.
async fn given_up(story: &TestServer, hook: &str) {
    let (status, dead) = ask(story, &format!("{hook}/dead-letters"), Value::Null).await;
    assert_eq!((status, &dead["count"]), (200, &json!(2)), "{dead}");
    let items = dead["items"].as_array().unwrap();
    assert_eq!(items.len(), 2);
    for item in items {
        let last = (&item["attempts"], item["fault"].as_str());
        assert_eq!(
            last,
            (&json!(ATTEMPTS_MAX), ReceiverBehavior::at(ATTEMPTS_MAX).fault()),
            "{item}"
        );
    }
    let failed = events(story, "webhook.delivery_failed").await;
    let dead = events(story, "webhook.dead_lettered").await;
    let first = at(&failed[0]["time"]);
    let days = at(&dead[0]["time"]).ms_since(first) / 86_400_000;
    assert_eq!((failed.len(), dead.len(), days), (26, 2, 3));
    for event in failed.iter().chain(&dead) {
        let attempts = u32::try_from(event["data"]["attempts"].as_u64().unwrap()).unwrap();
        let fault = event["data"]["fault"].as_str();
        assert_eq!(fault, ReceiverBehavior::at(attempts).fault(), "{event}");
    }
}

/// Asserts that a new event is delivered at once, and that a replay delivers the dead letters: then the
/// receiver has all events.
async fn mended(story: &TestServer, receiver: &BadReceiver, hook: &str, after: &str) {
    opts_out(story, "13800138003").await;
    let mut taken: BTreeSet<String> = receiver.messages(1).into_iter().collect();
    until(story, hook, |shown| shown["delivered"] == 1).await;
    let (status, reply) = ask(story, &format!("{hook}/replay"), json!({ "after": after })).await;
    assert_eq!(status, 200, "{reply}");
    taken.extend(receiver.messages(3));
    let shown = until(story, hook, |shown| shown["delivered"] == 4).await;
    assert_eq!(
        (&shown["waiting"], &shown["last_fault"]),
        (&json!(0), &Value::Null)
    );
    let (_, dead) = ask(story, &format!("{hook}/dead-letters"), Value::Null).await;
    assert_eq!((&dead["count"], &dead["items"]), (&json!(2), &json!([])));
    let happened = events(story, "number.opted_out").await;
    let happened: BTreeSet<String> = happened
        .iter()
        .map(|event| event["id"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(happened.len(), 3);
    assert_eq!(taken, happened);
}
