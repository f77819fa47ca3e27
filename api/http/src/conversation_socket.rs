//! A text conversation over a WebSocket (RFC 6455): one text message `{"id","text"}` per message of the
//! customer, and one back with the replies, in the format of `POST conversations/{id}/messages`.

use application::conversations::{ConversationMessageRequest, hear};
use application::event_stream::StreamSlot;
use application::installation::Installation;
use domain::actor::Actor;
use domain::ids::ConversationId;
use domain::ports::tasks::StopSignal;
use domain::problem::Problem;
use domain::stored_event::Cause;
use futures_util::{SinkExt, StreamExt};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;
use warp::ws::{Message, WebSocket};

/// Close codes (RFC 6455, 7.4.1).
const NORMAL: u16 = 1_000;
const GOING_AWAY: u16 = 1_001;

/// Maximum size of a client's message in bytes: six hundred escaped characters and its id.
pub(crate) const MESSAGE_BYTES_MAX: usize = 8 * 1_024;

/// Maximum idle time of a connection in milliseconds. A chat is closed by then, too.
const SILENT_MS_MAX: u64 = 30 * 60_000;

/// The state of one connection: the conversation and its client.
pub(crate) struct ConversationConnection {
    pub(crate) installation: Arc<Installation>,
    pub(crate) conversation: ConversationId,
    pub(crate) by: Option<Actor>,
    /// Fires when the process stops, or when the client loses its permission.
    pub(crate) stop: Arc<dyn StopSignal>,
    pub(crate) place: StreamSlot,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WebSocketMessage {
    id: String,
    text: String,
}

/// Answers messages one after another until the conversation is closed or the client disconnects.
pub(crate) async fn follow(socket: WebSocket, writing: ConversationConnection) {
    let (mut sink, mut incoming) = socket.split();
    let clock = Arc::clone(&writing.installation.environment.clock);
    let last = loop {
        let silent_at = clock.now().plus_ms(SILENT_MS_MAX);
        let heard = tokio::select! {
            biased;
            () = writing.stop.stopping() => break Some((GOING_AWAY, "over")),
            heard = incoming.next() => heard,
            () = clock.wait_until(silent_at) => break Some((GOING_AWAY, "silent")),
        };
        let Some(Ok(message)) = heard else { break None };
        if message.is_close() {
            break None;
        }
        let Ok(text) = message.to_str() else { continue };
        let (answer, is_closed) = answer(&writing, text).await;
        if sink.send(Message::text(answer.to_string())).await.is_err() {
            break None;
        }
        if is_closed {
            break Some((NORMAL, "closed"));
        }
    };
    if let Some((code, why)) = last {
        drop(sink.send(Message::close_with(code, why)).await);
    }
    // The client may be gone already; the closing handshake is then not needed.
    drop(sink.close().await);
    drop(writing.place);
}

/// Returns the reply to a message, and whether the message closed the conversation.
async fn answer(writing: &ConversationConnection, text: &str) -> (Value, bool) {
    let order = match serde_json::from_str(text) {
        Ok(WebSocketMessage { id, text }) => ConversationMessageRequest { message: id, text },
        Err(error) => {
            let why = format!(
                "a message must be {{\"id\", \"text\"}}: column {}",
                error.column()
            );
            return (format_problem(&Problem::invalid("body-not-json", why)), false);
        }
    };
    let installation = &writing.installation;
    let cause = Cause::outside(installation.new_command()).asked_by(writing.by);
    match hear(installation, writing.conversation, order, cause).await {
        Ok(answered) => {
            let is_closed = answered.closed.is_some();
            (serde_json::to_value(&answered).unwrap_or_default(), is_closed)
        }
        Err(problem) => (format_problem(&problem), false),
    }
}

fn format_problem(problem: &Problem) -> Value {
    json!({ "code": problem.code, "detail": problem.detail })
}
