//! Reads of one stream, forwards and backwards.

use crate::errors::of_store;
use crate::generated::event_store::client::streams::ReadResp;
use crate::generated::event_store::client::streams::read_resp::Content;
use crate::paging::{PAGE_EVENTS, Pages};
use crate::request::From;
use crate::wire::{self, Facts, View};
use async_trait::async_trait;
use domain::ids::StreamId;
use domain::ports::event_store::{EventStore, StoreError};
use domain::stored_event::StreamVersion;
use std::collections::VecDeque;
use std::sync::Arc;
use tonic::Status;

/// The stream's version: found by doubling and halving, since a store reads a stream only forwards.
pub(crate) async fn version_of(
    store: &dyn EventStore,
    stream: &StreamId,
) -> Result<StreamVersion, StoreError> {
    let reaches = async |version: u64| {
        let after = StreamVersion(version.saturating_sub(1));
        let events = store.read_stream(stream, after, 1).await?;
        Ok::<bool, StoreError>(!events.is_empty())
    };
    let mut above = 1_u64;
    while reaches(above).await? {
        above = above.saturating_mul(2);
    }
    // The stream has at least `below` events and fewer than `above`.
    let mut below = above / 2;
    while above - below > 1 {
        let middle = below + (above - below) / 2;
        if reaches(middle).await? {
            below = middle;
        } else {
            above = middle;
        }
    }
    Ok(StreamVersion(below))
}

/// A stream read towards its end.
pub(crate) struct StreamForwards {
    pub(crate) store: Arc<dyn EventStore>,
    pub(crate) stream: StreamId,
    pub(crate) view: View,
    /// The next page begins behind this version.
    pub(crate) after: StreamVersion,
    pub(crate) left: u64,
    pub(crate) end_markers: bool,
    /// Whether the stream is known to exist.
    pub(crate) found: bool,
}

#[async_trait]
impl Pages for StreamForwards {
    async fn next(&mut self, ready: &mut VecDeque<ReadResp>) -> Result<bool, Status> {
        let limit = page_limit(self.left);
        let events = self
            .store
            .read_stream(&self.stream, self.after, limit)
            .await
            .map_err(|error| of_store(&error))?;
        for event in &events {
            let facts = Facts::of(event)?;
            self.after = facts.version;
            if self.view.sees(&facts) {
                self.found = true;
                ready.push_back(self.view.event(event, &facts));
            }
        }
        self.left = self.left.saturating_sub(events.len() as u64);
        if !events.is_empty() {
            let ended = events.len() < limit;
            if ended && !self.found {
                ready.push_back(wire::not_found(&self.stream));
                return Ok(false);
            }
            if ended && self.end_markers {
                let last = wire::revision(self.after);
                ready.push_back(wire::content(Content::LastStreamPosition(last)));
            }
            return Ok(!ended && self.left > 0);
        }
        let nothing_at_all = !self.found
            && version_of(&*self.store, &self.stream)
                .await
                .map_err(|error| of_store(&error))?
                .0
                == 0;
        if nothing_at_all {
            ready.push_back(wire::not_found(&self.stream));
        }
        Ok(false)
    }
}

/// A stream read towards its beginning.
pub(crate) struct StreamBackwards {
    pub(crate) store: Arc<dyn EventStore>,
    pub(crate) stream: StreamId,
    pub(crate) view: View,
    /// The version the next page begins with; unknown before the first page.
    pub(crate) at: Option<StreamVersion>,
    pub(crate) from: From,
    pub(crate) left: u64,
    /// Whether anything of the stream was shown.
    pub(crate) found: bool,
}

#[async_trait]
impl Pages for StreamBackwards {
    async fn next(&mut self, ready: &mut VecDeque<ReadResp>) -> Result<bool, Status> {
        let at = match self.at {
            Some(at) => at,
            None => {
                let last = version_of(&*self.store, &self.stream)
                    .await
                    .map_err(|error| of_store(&error))?;
                if last.0 == 0 {
                    ready.push_back(wire::not_found(&self.stream));
                    return Ok(false);
                }
                match self.from {
                    From::Start => StreamVersion(1),
                    From::End => last,
                    From::At(revision) => last.min(StreamVersion(revision.saturating_add(1))),
                }
            }
        };
        let limit = page_limit(self.left.min(at.0));
        let before = StreamVersion(at.0.saturating_sub(limit as u64));
        let events = self
            .store
            .read_stream(&self.stream, before, limit)
            .await
            .map_err(|error| of_store(&error))?;
        for event in events.iter().rev() {
            let facts = Facts::of(event)?;
            if self.view.sees(&facts) {
                self.found = true;
                ready.push_back(self.view.event(event, &facts));
            }
        }
        if before.0 == 0 && !self.found {
            ready.push_back(wire::not_found(&self.stream));
        }
        self.left = self.left.saturating_sub(limit as u64);
        self.at = Some(before);
        Ok(self.left > 0 && before.0 > 0)
    }
}

/// The next page's size: never more than is wanted.
pub(crate) fn page_limit(left: u64) -> usize {
    usize::try_from(left).map_or(PAGE_EVENTS, |left| left.min(PAGE_EVENTS))
}
