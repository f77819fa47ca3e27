//! Replies that are made page by page, when the client has room for the next one.

use crate::errors;
use crate::generated::event_store::client::streams::ReadResp;
use async_trait::async_trait;
use domain::ports::tasks::StopSignal;
use futures_util::stream::{Stream, unfold};
use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use tonic::Status;

/// The most events of one page, which is what one reader holds in memory: 16 MiB with the largest records,
/// about 128 KiB with usual ones.
pub(crate) const PAGE_EVENTS: usize = 256;

/// The messages of one reply.
pub(crate) type Replies = Pin<Box<dyn Stream<Item = Result<ReadResp, Status>> + Send>>;

/// Produces the messages of a reply, page by page.
#[async_trait]
pub(crate) trait PageSource: Send {
    /// Adds the next page to `ready`, which is empty. May add nothing and be called again. Returns `false` if
    /// nothing will follow.
    async fn next(&mut self, ready: &mut VecDeque<ReadResp>) -> Result<bool, Status>;
}

struct State<P> {
    pages: P,
    ready: VecDeque<ReadResp>,
    goes_on: bool,
    /// The error that ends the reply, sent after all messages read before it.
    failed: Option<Status>,
    stop: Arc<dyn StopSignal>,
}

/// Returns the reply as a stream. It requests a page when the connection needs a message and none is left,
/// and ends when the server stops. Dropping it ends the read.
pub(crate) fn replies<P: PageSource + 'static>(pages: P, stop: Arc<dyn StopSignal>) -> Replies {
    let state = State {
        pages,
        ready: VecDeque::new(),
        goes_on: true,
        failed: None,
        stop,
    };
    Box::pin(unfold(state, |mut state| async move {
        let message = state.message().await?;
        Some((message, state))
    }))
}

impl<P: PageSource> State<P> {
    async fn message(&mut self) -> Option<Result<ReadResp, Status>> {
        while self.ready.is_empty() {
            if !self.goes_on {
                return self.failed.take().map(Err);
            }
            let turned = tokio::select! {
                biased;
                () = self.stop.stopping() => Err(errors::stopping()),
                turned = self.pages.next(&mut self.ready) => turned,
            };
            match turned {
                Ok(goes_on) => self.goes_on = goes_on,
                Err(status) => {
                    self.goes_on = false;
                    self.failed = Some(status);
                }
            }
        }
        self.ready.pop_front().map(Ok)
    }
}
