//! The event log over HTTP: pages of it, and a stream that never skips and never repeats.

use crate::cloud_event::{CloudEvent, page_of};
use crate::endpoint::{Ctx, Endpoint, Input};
use crate::reply::{Done, Problem};
use domain::ports::event_store::Subscription;
use domain::stored_event::{Position, StoredEvent};
use futures_util::stream;
use serde_json::json;
use std::convert::Infallible;
use std::time::Duration;
use tokio::sync::mpsc;
use warp::Reply;
use warp::sse::Event;

/// Events on a page unless asked otherwise.
const PAGE_EVENTS: usize = 100;

/// Most events on a page: with records of 64 KiB at worst, what a client can still hold.
const PAGE_EVENTS_MAX: usize = 1_000;

/// A comment line at least this often: proxies drop silent connections after a minute.
const KEEP_ALIVE_MS: u64 = 15_000;

/// Events waiting for a slow client; then the log is read no further for it.
const EVENTS_AHEAD_MAX: usize = 256;

/// How soon a client that lost the stream comes again.
const RETRY_MS: u64 = 2_000;

pub(crate) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get(
            "/api/v1/events",
            "Events after a position, oldest first, sealed as stored",
            |ctx, input| Box::pin(list(ctx, input)),
        )
        .query(&[
            ("after", "Position after which to begin; default 0"),
            ("limit", "At most so many events; default 100, at most 1000"),
        ]),
        Endpoint::get(
            "/api/v1/events/stream",
            "Server-sent events from any position; `caught-up` marks the end of the past",
            |ctx, input| Box::pin(follow(ctx, input)),
        )
        .query(&[(
            "after",
            "Position after which to begin; the header Last-Event-ID wins; default 0",
        )]),
    ]
}

async fn list(ctx: Ctx, input: Input) -> Result<Done, Problem> {
    let after = Position(input.number("after")?.unwrap_or(0));
    let limit = input
        .number("limit")?
        .unwrap_or(PAGE_EVENTS)
        .clamp(1, PAGE_EVENTS_MAX);
    let page = ctx.store().read_all(after, limit).await?;
    Ok(Done::Read(page_of(&page, after)?))
}

async fn follow(ctx: Ctx, input: Input) -> Result<Done, Problem> {
    let after = match input.header("last-event-id") {
        Some(id) => id.trim().parse().map_err(|error| {
            Problem::invalid(
                "position-invalid",
                format!("Last-Event-ID is not a position: {error}"),
            )
        })?,
        None => input.number("after")?.unwrap_or(0),
    };
    let head = ctx.store().head().await?;
    let subscription = ctx.store().subscribe(Position(after)).await?;
    let (sender, events) = mpsc::channel(EVENTS_AHEAD_MAX);
    let stop = ctx.tasks().stop_signal();
    let following = Following {
        sender,
        at: Position(after),
        head: Some(head),
    };
    ctx.tasks().spawn(
        "event-stream",
        Box::pin(async move {
            tokio::select! {
                biased;
                () = stop.stopping() => {}
                () = following.run(subscription) => {}
            }
        }),
    );
    let events = stream::unfold(events, |mut events| async move {
        let next = events.recv().await?;
        Some((Ok::<Event, Infallible>(next), events))
    });
    let kept_alive = warp::sse::keep_alive()
        .interval(Duration::from_millis(KEEP_ALIVE_MS))
        .stream(events);
    Ok(Done::Stream(warp::sse::reply(kept_alive).into_response()))
}

/// A reader of the log on its way to a client. It ends when the client has gone, the process stops or the log
/// cannot be read; the client then comes again with the last position it saw.
struct Following {
    sender: mpsc::Sender<Event>,
    at: Position,
    /// Head when the client came; `caught-up` is sent when it is reached.
    head: Option<Position>,
}

impl Following {
    async fn run(mut self, mut subscription: Box<dyn Subscription>) {
        if self.note_caught_up().await.is_none() {
            return;
        }
        loop {
            let page = tokio::select! {
                biased;
                () = self.sender.closed() => return,
                page = subscription.next() => page,
            };
            let sent = match page {
                Ok(page) => self.send(page).await,
                Err(error) => {
                    tracing::warn!(%error, "an event stream ends");
                    return;
                }
            };
            if sent.is_none() {
                return;
            }
        }
    }

    /// `None` when the client has gone.
    async fn send(&mut self, page: Vec<StoredEvent>) -> Option<()> {
        for stored in page {
            let shown = CloudEvent::read(&stored).ok()?;
            let event = Event::default().id(shown.position.clone()).data(shown.line());
            self.sender.send(event).await.ok()?;
            self.at = stored.position;
            self.note_caught_up().await?;
        }
        Some(())
    }

    async fn note_caught_up(&mut self) -> Option<()> {
        if self.head.is_some_and(|head| self.at >= head) {
            self.head = None;
            let data = json!({ "position": self.at.to_string() }).to_string();
            let event = Event::default()
                .event("caught-up")
                .retry(Duration::from_millis(RETRY_MS))
                .data(data);
            self.sender.send(event).await.ok()?;
        }
        Some(())
    }
}
