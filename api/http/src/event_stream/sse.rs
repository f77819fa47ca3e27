//! A feed as server-sent events (HTML Living Standard, 9.2): `id` is the position to resume after.

use application::event_stream::{END, Feed, FeedMessage, StreamSlot, shown};
use bytes::Bytes;
use futures_util::stream::{self, BoxStream, Stream, StreamExt};
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;
use warp::Reply;
use warp::http::HeaderValue;
use warp::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use warp::reply::Response;
use warp::sse::Event;

/// Time in milliseconds after which a client reconnects when the stream breaks.
const RETRY_MS: u64 = 2_000;

/// Maximum bytes of events that are handed to the connection together; each piece costs the same.
const PIECE_BYTES: usize = 32 * 1024;

/// Builds the response that streams a feed. The feed is read on only when the connection takes more.
pub fn sse(feed: Feed, place: StreamSlot) -> Response {
    let pieces = stream::unfold(Some((feed, place)), |open| async move {
        let (mut feed, place) = open?;
        let mut piece = String::new();
        let mut is_last = false;
        while !is_last && (piece.is_empty() || (feed.has_more() && piece.len() < PIECE_BYTES)) {
            let Some(note) = feed.next().await else { break };
            is_last = tell(&mut piece, &note);
        }
        if piece.is_empty() {
            return None;
        }
        let left = (!is_last).then_some((feed, place));
        Some((Ok::<Bytes, Infallible>(piece.into()), left))
    });
    let mut response = warp::reply::stream(SyncStream::of(pieces.boxed())).into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}

/// A stream that is `Sync`, as a reply's stream must be, although only one thread at a time polls it. The
/// mutex is never locked.
pub(crate) struct SyncStream<T>(Mutex<BoxStream<'static, T>>);

impl<T> SyncStream<T> {
    pub(crate) const fn of(stream: BoxStream<'static, T>) -> Self {
        Self(Mutex::new(stream))
    }
}

impl<T> Stream for SyncStream<T> {
    type Item = T;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<T>> {
        let stream = self.0.get_mut().unwrap_or_else(PoisonError::into_inner);
        stream.poll_next_unpin(context)
    }
}

/// Appends a message of the feed as a server-sent event. Returns whether it is the last one: nothing is
/// shown after a record that cannot be read.
fn tell(piece: &mut String, note: &FeedMessage) -> bool {
    let Some((name, line)) = shown(note) else {
        piece.push_str(&Event::default().comment("").to_string());
        return false;
    };
    let event = Event::default().data(line);
    let event = match name {
        None => event,
        Some(name) => event.event(name).retry(Duration::from_millis(RETRY_MS)),
    };
    let event = match note {
        FeedMessage::Event(stored) if name.is_none() => event.id(stored.position.to_string()),
        FeedMessage::CaughtUp(at)
        | FeedMessage::Reached(at)
        | FeedMessage::FellBehind { at, .. }
        | FeedMessage::Ended { at, .. } => event.id(at.to_string()),
        FeedMessage::Event(_) | FeedMessage::Beat => event,
    };
    piece.push_str(&event.to_string());
    name == Some(END)
}
