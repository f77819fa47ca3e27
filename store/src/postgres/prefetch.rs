//! Runs filtered reads in a task of the store, which starts each as soon as it is requested. The caller may
//! still process the page before, on a thread that cannot drive a connection meanwhile.

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

/// A request for one page, with the channel for its result.
struct PageRequest {
    filter: EventFilter,
    /// The page begins after `after` and ends at `until` at the latest.
    after: Position,
    until: Position,
    limit: usize,
    answer: oneshot::Sender<Page>,
}

/// Sends requests for pages to the task that reads them.
pub(super) struct ReadPrefetcher {
    wanted: mpsc::Sender<PageRequest>,
}

impl ReadPrefetcher {
    /// Starts the task that reads the pages. It ends when `closing` is true or its sender is dropped.
    pub(super) fn begin(reader: Arc<Reader>, closing: watch::Receiver<bool>, tasks: &dyn Tasks) -> Self {
        let (wanted, asked) = mpsc::channel(READS_WAITING_MAX);
        tasks.spawn("event store pages", Box::pin(read_all(reader, asked, closing)));
        Self { wanted }
    }

    /// Reads one page of the events that match a filter. The read starts when this future is first polled,
    /// and is cancelled when it is dropped. Returns `Busy` if too many requests wait.
    pub(super) async fn page(
        &self,
        filter: &EventFilter,
        after: Position,
        until: Position,
        limit: usize,
    ) -> Page {
        let (answer, page) = oneshot::channel();
        let wanted = PageRequest {
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

/// Reads requested pages until the store closes, in parallel up to the number of connections.
async fn read_all(
    reader: Arc<Reader>,
    mut asked: mpsc::Receiver<PageRequest>,
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
            // An error means that the store was dropped.
            _ = &mut closing => break,
        }
    }
    // Requests that are still queued are answered as closed; reads in progress have their connection and
    // are completed.
    drop(asked);
    while reading.next().await.is_some() {}
}

async fn read(reader: &Reader, wanted: PageRequest) {
    let PageRequest {
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
    // The requester may have gone.
    drop(answer.send(page));
}
