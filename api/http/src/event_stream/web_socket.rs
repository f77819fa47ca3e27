//! A feed over a WebSocket (RFC 6455): one text message per event, and control messages
//! `{"message":"caught-up",…}`.

use application::event_stream::{Feed, FeedEnd, FeedMessage, StreamSlot, data, name, shown};
use application::subscribers::{AcknowledgmentBuffer, AcknowledgmentResult};
use domain::stored_event::Position;
use futures_util::{SinkExt, StreamExt};
use serde_json::json;
use warp::ws::{Message, WebSocket};

/// Close code (RFC 6455, 7.4.1) with which the feed ends: the server goes away, or the client lost its
/// permission.
const GOING_AWAY: u16 = 1_001;
const POLICY: u16 = 1_008;
const FAILED: u16 = 1_011;

/// Maximum size of a client's message in bytes: a client only sends positions.
pub const MESSAGE_BYTES_MAX: usize = 4 * 1_024;

/// Sends the feed until it ends or the client disconnects. A message is written before the next one is read.
/// A named subscriber acknowledges on the same connection; messages of other clients are ignored.
pub async fn follow(
    socket: WebSocket,
    mut feed: Feed,
    mut acknowledging: Option<AcknowledgmentBuffer>,
    place: StreamSlot,
) {
    let (mut sink, mut incoming) = socket.split();
    loop {
        let note = tokio::select! {
            biased;
            heard = incoming.next() => match heard {
                Some(Ok(message)) if !message.is_close() => {
                    let Some(wrong) = acknowledged(&mut acknowledging, &message, feed.at()) else { continue };
                    drop(sink.send(Message::close_with(POLICY, wrong)).await);
                    break;
                }
                Some(_) | None => break,
            },
            () = due(acknowledging.as_ref()) => match stored(&mut acknowledging).await {
                true => continue,
                false => break,
            },
            note = feed.next() => note,
        };
        let Some(note) = note else { break };
        let (message, last) = message(&note);
        // Messages that are ready are flushed with the last of them.
        let sent = if feed.has_more() && !last {
            sink.feed(message).await
        } else {
            sink.send(message).await
        };
        if sent.is_err() || last {
            break;
        }
    }
    stored(&mut acknowledging).await;
    // The client may be gone already; the closing handshake is then not needed.
    drop(sink.close().await);
    drop(place);
}

/// Handles a message of a named subscriber and returns its error, if any.
fn acknowledged(
    acknowledging: &mut Option<AcknowledgmentBuffer>,
    message: &Message,
    position: Position,
) -> Option<String> {
    let (acknowledging, text) = (acknowledging.as_mut()?, message.to_str().ok()?);
    match acknowledging.hear(text, position) {
        AcknowledgmentResult::Taken => None,
        AcknowledgmentResult::Wrong(why) => Some(why),
    }
}

/// Waits until the acknowledgments of a named subscriber are to be stored; forever for a client that is no
/// named subscriber.
async fn due(acknowledging: Option<&AcknowledgmentBuffer>) {
    match acknowledging {
        Some(acknowledging) => acknowledging.due().await,
        None => std::future::pending().await,
    }
}

/// Stores the acknowledgments; false if the subscriber was removed.
async fn stored(acknowledging: &mut Option<AcknowledgmentBuffer>) -> bool {
    match acknowledging {
        Some(acknowledging) => acknowledging.store().await,
        None => true,
    }
}

/// Returns the short close message at a damaged record: a close frame has at most 123 bytes for the reason
/// (RFC 6455, 5.5).
fn damaged(at: Position) -> Message {
    let reason = json!({ "position": at.to_string(), "reason": "the log is damaged behind this position" });
    Message::close_with(FAILED, reason.to_string())
}

/// Returns the WebSocket message for a message of the feed, and whether it is the last one.
fn message(note: &FeedMessage) -> (Message, bool) {
    match note {
        FeedMessage::Beat => (Message::ping(Vec::new()), false),
        FeedMessage::Event(stored) => match shown(note) {
            Some((None, line)) => (Message::text(line), false),
            Some((Some(_), _)) => (damaged(Position(stored.position.0.saturating_sub(1))), true),
            None => (Message::ping(Vec::new()), false),
        },
        FeedMessage::Ended {
            at,
            why: FeedEnd::Damaged(_),
        } => (damaged(*at), true),
        FeedMessage::Ended { .. } => (Message::close_with(GOING_AWAY, data(note).to_string()), true),
        FeedMessage::CaughtUp(_) | FeedMessage::FellBehind { .. } | FeedMessage::Reached(_) => {
            let mut body = data(note);
            if let Some(members) = body.as_object_mut() {
                members.insert("message".to_owned(), json!(name(note)));
            }
            (Message::text(body.to_string()), false)
        }
    }
}
