//! A feed as server-sent events (HTML Living Standard, 9.2): `id` is the position to resume after.

use application::event_stream::{END, Feed, Note, StreamPlace, shown};
use futures_util::stream::{self, BoxStream, Stream, StreamExt};
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;
use warp::Reply;
use warp::reply::Response;
use warp::sse::Event;

/// How soon a client that lost the stream comes again.
const RETRY_MS: u64 = 2_000;

/// The response that streams a feed. It is read on only when the connection takes more.
pub fn sse(feed: Feed, place: StreamPlace) -> Response {
    let events = stream::unfold(Some((feed, place)), |open| async move {
        let (mut feed, place) = open?;
        let note = feed.next().await?;
        let (event, is_last) = event(&note);
        Some((
            Ok::<Event, Infallible>(event),
            (!is_last).then_some((feed, place)),
        ))
    });
    warp::sse::reply(Shareable::of(events.boxed())).into_response()
}

/// A reply's stream is asked by one thread at a time, but must be shareable all the same; nobody ever locks.
pub(crate) struct Shareable<T>(Mutex<BoxStream<'static, T>>);

impl<T> Shareable<T> {
    pub(crate) const fn of(stream: BoxStream<'static, T>) -> Self {
        Self(Mutex::new(stream))
    }
}

impl<T> Stream for Shareable<T> {
    type Item = T;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<T>> {
        let stream = self.0.get_mut().unwrap_or_else(PoisonError::into_inner);
        stream.poll_next_unpin(context)
    }
}

/// The event of a note, and whether it is the last: nothing is shown behind a record that cannot be read.
fn event(note: &Note) -> (Event, bool) {
    let Some((name, line)) = shown(note) else {
        return (Event::default().comment(""), false);
    };
    let is_last = name == Some(END);
    let event = Event::default().data(line);
    let event = match name {
        None => event,
        Some(name) => event.event(name).retry(Duration::from_millis(RETRY_MS)),
    };
    let event = match note {
        Note::Event(stored) if name.is_none() => event.id(stored.position.to_string()),
        Note::CaughtUp(at) | Note::Reached(at) | Note::FellBehind { at, .. } | Note::Ended { at, .. } => {
            event.id(at.to_string())
        }
        Note::Event(_) | Note::Beat => event,
    };
    (event, is_last)
}
