//! Filtered reads, each driven by a task of the store's own from when it is asked for: whoever asks may be
//! busy with the page before, on a thread that drives nothing.

use super::reader::{READS_WAITING_MAX, Reader};
use crate::subscription::closed;
use domain::event_filter::EventFilter;
use domain::ports::event_store::{MatchingPage, StoreError};
use domain::ports::tasks::Tasks;
use domain::stored_event::Position;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use std::pin::pin;
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot, watch};

type Page = Result<MatchingPage, StoreError>;

/// One page that is wanted, and where it goes.
struct Wanted {
    filter: EventFilter,
    /// After the first, up to the second.
    after: Position,
    until: Position,
    limit: usize,
    answer: oneshot::Sender<Page>,
}

/// The asking side.
pub(super) struct Ahead {
    wanted: mpsc::Sender<Wanted>,
}

impl Ahead {
    /// Begins the task, which ends when `closing` says so or its sender is gone.
    pub(super) fn begin(reader: Arc<Reader>, closing: watch::Receiver<bool>, tasks: &dyn Tasks) -> Self {
        let (wanted, asked) = mpsc::channel(READS_WAITING_MAX);
        tasks.spawn("event store pages", Box::pin(read_all(reader, asked, closing)));
        Self { wanted }
    }

    /// Reads a page; under way once this was polled. Given up when the future is dropped.
    pub(super) async fn page(
        &self,
        filter: &EventFilter,
        after: Position,
        until: Position,
        limit: usize,
    ) -> Page {
        let (answer, page) = oneshot::channel();
        let wanted = Wanted {
            filter: filter.clone(),
            after,
            until,
            limit,
            answer,
        };
        match self.wanted.try_send(wanted) {
            Ok(()) => page.await.unwrap_or_else(|_| Err(closed())),
            Err(mpsc::error::TrySendError::Full(_)) => Err(StoreError::Busy),
            Err(mpsc::error::TrySendError::Closed(_)) => Err(closed()),
        }
    }
}

/// Reads what is asked for until the store closes: as many pages at once as there are connections.
async fn read_all(
    reader: Arc<Reader>,
    mut asked: mpsc::Receiver<Wanted>,
    mut closing: watch::Receiver<bool>,
) {
    let mut reading = FuturesUnordered::new();
    let mut closing = pin!(closing.wait_for(|closing| *closing));
    loop {
        tokio::select! {
            Some(()) = reading.next() => {}
            wanted = asked.recv(), if reading.len() < reader.connections_max() => match wanted {
                Some(wanted) => reading.push(read(&reader, wanted)),
                None => break,
            },
            // An error says that the store was dropped.
            _ = &mut closing => break,
        }
    }
    // What was asked for later is answered as closed; what is under way has its connection.
    drop(asked);
    while reading.next().await.is_some() {}
}

async fn read(reader: &Reader, wanted: Wanted) {
    let Wanted {
        filter,
        after,
        until,
        limit,
        mut answer,
    } = wanted;
    let page = tokio::select! {
        biased;
        () = answer.closed() => return,
        page = reader.matching(&filter, after, until, limit) => page,
    };
    // Whoever asked may have gone.
    drop(answer.send(page));
}
