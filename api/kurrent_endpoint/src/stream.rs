//! Reads of one stream, forwards and backwards, as pages of the protocol's messages.

use crate::errors::of_store;
use crate::generated::event_store::client::streams::ReadResp;
use crate::generated::event_store::client::streams::read_resp::Content;
use crate::paging::{PAGE_EVENTS, PageSource};
use crate::request::ReadStart;
use crate::wire::{self, ClientView, RecordMetadata};
use async_trait::async_trait;
use domain::ids::StreamId;
use domain::ports::event_store::{EventStore, StoreError};
use domain::stored_event::StreamVersion;
use std::collections::VecDeque;
use std::sync::Arc;
use tonic::Status;

/// Returns the stream's version. Searches by doubling and halving, because a store can only read a
/// stream forwards.
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

/// A forward read of a stream.
pub(crate) struct ForwardStreamRead {
    pub(crate) store: Arc<dyn EventStore>,
    pub(crate) stream: StreamId,
    pub(crate) view: ClientView,
    /// The version after which the next page begins.
    pub(crate) after: StreamVersion,
    pub(crate) left: u64,
    pub(crate) end_markers: bool,
    /// True if an event was sent, so the client knows that the stream exists.
    pub(crate) found: bool,
}

#[async_trait]
impl PageSource for ForwardStreamRead {
    async fn next(&mut self, ready: &mut VecDeque<ReadResp>) -> Result<bool, Status> {
        let limit = page_limit(self.left);
        let events = self
            .store
            .read_stream(&self.stream, self.after, limit)
            .await
            .map_err(|error| of_store(&error))?;
        for event in &events {
            let facts = RecordMetadata::of(event)?;
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
        self.end_of_stream(ready).await?;
        Ok(false)
    }
}

impl ForwardStreamRead {
    /// Adds the messages after the last event, as KurrentDB's server sends them. A read from beyond the end
    /// is empty and contains the revision that the next event will have, if that is another one.
    async fn end_of_stream(&self, ready: &mut VecDeque<ReadResp>) -> Result<(), Status> {
        let mut last = self.after;
        if !self.found {
            let version = version_of(&*self.store, &self.stream).await;
            last = version.map_err(|error| of_store(&error))?;
            if !self.is_visible(last).await? {
                ready.push_back(wire::not_found(&self.stream));
                return Ok(());
            }
        }
        if !self.end_markers {
            return Ok(());
        }
        if self.after > last {
            ready.push_back(wire::content(Content::FirstStreamPosition(last.0)));
        }
        ready.push_back(wire::content(Content::LastStreamPosition(wire::revision(last))));
        Ok(())
    }

    /// Returns true if the client may see the event of this version. No stream has an event of version 0.
    async fn is_visible(&self, version: StreamVersion) -> Result<bool, Status> {
        let Some(before) = version.0.checked_sub(1) else {
            return Ok(false);
        };
        let page = self
            .store
            .read_stream(&self.stream, StreamVersion(before), 1)
            .await;
        match page.map_err(|error| of_store(&error))?.first() {
            Some(event) => Ok(self.view.sees(&RecordMetadata::of(event)?)),
            None => Ok(false),
        }
    }
}

/// A backward read of a stream.
pub(crate) struct BackwardStreamRead {
    pub(crate) store: Arc<dyn EventStore>,
    pub(crate) stream: StreamId,
    pub(crate) view: ClientView,
    /// The version with which the next page begins; `None` before the first page.
    pub(crate) at: Option<StreamVersion>,
    pub(crate) from: ReadStart,
    pub(crate) left: u64,
    /// True if an event of the stream was sent.
    pub(crate) found: bool,
}

#[async_trait]
impl PageSource for BackwardStreamRead {
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
                    ReadStart::Start => StreamVersion(1),
                    ReadStart::End => last,
                    ReadStart::At(revision) => last.min(StreamVersion(revision.saturating_add(1))),
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
            let facts = RecordMetadata::of(event)?;
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

/// Returns the next page's size: at most the number of events requested.
pub(crate) fn page_limit(left: u64) -> usize {
    usize::try_from(left).map_or(PAGE_EVENTS, |left| left.min(PAGE_EVENTS))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::positions::Positions;
    use domain::number_ids::NumberIdForm;
    use domain::permission::CampaignScope;
    use domain::ports::event_store::{AfterPosition, Capabilities, Subscription, WriterConcurrency};
    use domain::stored_event::{Position, Record, StoredEvent};
    use domain::time::Timestamp;

    /// A store with one stream of this many events.
    struct OneStream(u64);

    fn stored(version: u64) -> StoredEvent {
        let record = serde_json::json!({
            "id": uuid::Uuid::from_u128(u128::from(version)),
            "kind": "call.ended",
            "version": 1,
            "stream": "call-1",
            "stream_version": version,
            "at": "2026-01-05T02:00:00.000000Z",
            "campaign": "A",
            "command": uuid::Uuid::nil(),
            "data": {},
        });
        let bytes = record.to_string().into_bytes();
        StoredEvent::new(Position(version), Timestamp::from_micros(0), bytes.into())
    }

    #[async_trait]
    impl EventStore for OneStream {
        fn capabilities(&self) -> Capabilities {
            Capabilities {
                dense: true,
                durable: false,
                writers: WriterConcurrency::OneProcess,
            }
        }
        async fn append(
            &self,
            _: &StreamId,
            _: StreamVersion,
            _: Vec<Record>,
        ) -> Result<Position, StoreError> {
            Err(StoreError::Busy)
        }
        async fn read_stream(
            &self,
            _: &StreamId,
            after: StreamVersion,
            limit: usize,
        ) -> Result<Vec<StoredEvent>, StoreError> {
            let versions = after.0.saturating_add(1)..=self.0;
            Ok(versions.take(limit).map(stored).collect())
        }
        async fn read_all(&self, _: AfterPosition, _: usize) -> Result<Vec<StoredEvent>, StoreError> {
            Err(StoreError::Busy)
        }
        async fn head(&self) -> Result<Position, StoreError> {
            Ok(Position(self.0))
        }
        async fn last_recorded_at(&self) -> Result<Option<Timestamp>, StoreError> {
            Ok(None)
        }
        async fn subscribe(&self, _: AfterPosition) -> Result<Box<dyn Subscription>, StoreError> {
            Err(StoreError::Busy)
        }
    }

    /// Returns the messages after the events in a forward read of a stream with `events` events.
    async fn ends(events: u64, after: u64, campaigns: CampaignScope) -> Vec<Content> {
        let mut pages = ForwardStreamRead {
            store: Arc::new(OneStream(events)),
            stream: StreamId::from_stored("call-1".to_owned()),
            view: ClientView {
                positions: Positions::SAME,
                structured_ids: false,
                campaigns,
                number_ids: NumberIdForm::AsStored,
            },
            after: StreamVersion(after),
            left: u64::MAX,
            end_markers: true,
            found: false,
        };
        let mut ready = VecDeque::new();
        while pages.next(&mut ready).await.unwrap() {}
        let contents = ready.into_iter().filter_map(|message| message.content);
        contents
            .filter(|content| !matches!(content, Content::Event(_)))
            .collect()
    }

    #[tokio::test]
    async fn a_read_from_beyond_the_end_is_empty_and_names_the_end() {
        let last = Content::LastStreamPosition(2);
        let all = CampaignScope::All;
        assert_eq!(ends(3, 0, all.clone()).await, std::slice::from_ref(&last));
        assert_eq!(ends(3, 3, all.clone()).await, std::slice::from_ref(&last));
        let next = Content::FirstStreamPosition(3);
        assert_eq!(ends(3, 900, all.clone()).await, [next, last]);
        // The last page is full, so the end is known only after another read.
        let pages = 2 * PAGE_EVENTS as u64;
        assert_eq!(
            ends(pages, 0, all).await,
            [Content::LastStreamPosition(pages - 1)]
        );
    }

    #[tokio::test]
    async fn a_stream_that_is_not_there_or_not_shown_is_not_found() {
        let other = CampaignScope::Only(std::collections::BTreeSet::from(["B".parse().unwrap()]));
        for (events, after, campaigns) in [
            (0, 0, CampaignScope::All),
            (0, 900, CampaignScope::All),
            (3, 0, other.clone()),
            (3, 900, other),
        ] {
            let messages = ends(events, after, campaigns).await;
            assert!(
                matches!(messages[..], [Content::StreamNotFound(_)]),
                "{messages:?}"
            );
        }
    }
}
