//! A feed over a WebSocket (RFC 6455): one text message an event, `{"message":"caught-up",…}` between.

use application::event_stream::{End, Feed, Note, StreamPlace, data, name, shown};
use domain::stored_event::Position;
use futures_util::{SinkExt, StreamExt};
use serde_json::json;
use warp::ws::{Message, WebSocket};

/// Close codes (RFC 6455, 7.4.1): the server goes away; something failed here.
const GOING_AWAY: u16 = 1_001;
const FAILED: u16 = 1_011;

/// Largest message a client may send: there is nothing to say.
pub const MESSAGE_BYTES_MAX: usize = 4 * 1_024;

/// Sends the feed until it ends or the client leaves. A message is written before the next is read.
pub async fn follow(socket: WebSocket, mut feed: Feed, place: StreamPlace) {
    let (mut sink, mut incoming) = socket.split();
    loop {
        let note = tokio::select! {
            biased;
            heard = incoming.next() => match heard {
                Some(Ok(message)) if !message.is_close() => continue,
                Some(_) | None => break,
            },
            note = feed.next() => note,
        };
        let Some(note) = note else { break };
        let (message, last) = message(&note);
        // What follows at once is flushed with the last of it.
        let sent = if feed.has_more() && !last {
            sink.feed(message).await
        } else {
            sink.send(message).await
        };
        if sent.is_err() || last {
            break;
        }
    }
    // The client may be gone already; then nobody needs the closing handshake.
    drop(sink.close().await);
    drop(place);
}

/// The short form of the end at damage: a close frame takes 123 bytes of reason (RFC 6455, 5.5).
fn damaged(at: Position) -> Message {
    let reason = json!({ "position": at.to_string(), "reason": "the log is damaged behind this position" });
    Message::close_with(FAILED, reason.to_string())
}

/// The message of a note, and whether it is the last.
fn message(note: &Note) -> (Message, bool) {
    match note {
        Note::Beat => (Message::ping(Vec::new()), false),
        Note::Event(stored) => match shown(note) {
            Some((None, line)) => (Message::text(line), false),
            Some((Some(_), _)) => (damaged(Position(stored.position.0.saturating_sub(1))), true),
            None => (Message::ping(Vec::new()), false),
        },
        Note::Ended {
            at,
            why: End::Damaged(_),
        } => (damaged(*at), true),
        Note::Ended { .. } => (Message::close_with(GOING_AWAY, data(note).to_string()), true),
        Note::CaughtUp(_) | Note::FellBehind { .. } | Note::Reached(_) => {
            let mut body = data(note);
            if let Some(members) = body.as_object_mut() {
                members.insert("message".to_owned(), json!(name(note)));
            }
            (Message::text(body.to_string()), false)
        }
    }
}
