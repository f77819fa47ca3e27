//! A conversation over a WebSocket (RFC 6455): a message of theirs as one text message, `{"id","text"}`, and
//! what follows from it as one back; the same as `POST conversations/{id}/messages` says.

use application::conversations::{MessageOrder, hear};
use application::event_stream::StreamPlace;
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

/// Largest message a client may send: six hundred characters, escaped, and its id.
pub(crate) const MESSAGE_BYTES_MAX: usize = 8 * 1_024;

/// A connection on which nothing is said is closed; a chat is over by then, too.
const SILENT_MS_MAX: u64 = 30 * 60_000;

/// Who writes in which conversation.
pub(crate) struct Writing {
    pub(crate) installation: Arc<Installation>,
    pub(crate) conversation: ConversationId,
    pub(crate) by: Option<Actor>,
    /// Stops when the process does, or when they may write no more.
    pub(crate) stop: Arc<dyn StopSignal>,
    pub(crate) place: StreamPlace,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    id: String,
    text: String,
}

/// Answers messages one after another, until the conversation is closed or the client leaves.
pub(crate) async fn follow(socket: WebSocket, writing: Writing) {
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
    // The client may be gone already; then nobody needs the closing handshake.
    drop(sink.close().await);
    drop(writing.place);
}

/// What follows from a message, and whether the conversation is closed by it.
async fn answer(writing: &Writing, text: &str) -> (Value, bool) {
    let order = match serde_json::from_str(text) {
        Ok(Written { id, text }) => MessageOrder { message: id, text },
        Err(error) => {
            let why = format!(
                "a message must be {{\"id\", \"text\"}}: column {}",
                error.column()
            );
            return (told(&Problem::invalid("body-not-json", why)), false);
        }
    };
    let installation = &writing.installation;
    let cause = Cause::outside(installation.new_command()).asked_by(writing.by);
    match hear(installation, writing.conversation, order, cause).await {
        Ok(answered) => {
            let is_closed = answered.closed.is_some();
            (serde_json::to_value(&answered).unwrap_or_default(), is_closed)
        }
        Err(problem) => (told(&problem), false),
    }
}

fn told(problem: &Problem) -> Value {
    json!({ "code": problem.code, "detail": problem.detail })
}
