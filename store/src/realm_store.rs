//! One realm of a log as a store: it shows only the events of its realm and keeps the contract of the store
//! that it wraps (decision 0232). `RealmVault` does the same for keys and hashes.

use crate::realm_head::RealmHead;
use crate::realm_records::{from_sandbox_log, realm_of, to_sandbox_log};
use crate::realm_subscription::RealmSubscription;
use async_trait::async_trait;
use domain::event_filter::EventFilter;
use domain::ids::{EventId, StreamId};
use domain::ports::event_store::{
    AfterPosition, Capabilities, EventStore, MatchingPage, PAGE_EVENTS_MAX, StoreError, Subscription,
};
use domain::realm::{Realm, RealmName, SANDBOX_PREFIX};
use domain::stored_event::{Position, Record, StoredEvent, StreamVersion, UnreadableRecord};
use domain::time::Timestamp;
use std::marker::PhantomData;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// The events of one realm of a log, as a store. Positions are those of the log. The names of streams have no
/// prefix here: it is added by every append and removed by every read.
pub struct RealmStore<R: Realm> {
    log: Arc<dyn EventStore>,
    head: RealmHead,
    /// True once an event of the other realm was seen: then positions have gaps.
    has_gaps: Arc<AtomicBool>,
    realm: PhantomData<R>,
}

impl<R: Realm> RealmStore<R> {
    /// Returns the realm's events of a log.
    pub fn new(log: Arc<dyn EventStore>) -> Self {
        Self::begun_after(log, Position(0))
    }

    /// Returns the realm's events of a log in which it has none up to and including `begun`, which is then
    /// never searched.
    pub fn begun_after(log: Arc<dyn EventStore>, begun: Position) -> Self {
        Self {
            log,
            head: RealmHead::new(begun),
            has_gaps: Arc::default(),
            realm: PhantomData,
        }
    }

    fn of_realm(&self, page: Vec<StoredEvent>) -> Result<Vec<StoredEvent>, StoreError> {
        of_realm(R::NAME, &self.has_gaps, page)
    }

    /// Returns the name in the log of a stream of this realm; `None` for a name that belongs to the sandbox
    /// only.
    fn name_in_log(stream: &StreamId) -> Option<StreamId> {
        (!stream.as_str().starts_with(SANDBOX_PREFIX)).then(|| R::NAME.name_in_log(stream))
    }

    /// Returns the filter that finds at least the events which `filter` selects in this realm.
    fn filter_in_log(filter: &EventFilter) -> EventFilter {
        let named = |stream: &String| R::NAME.own_name(stream);
        EventFilter {
            streams: filter.streams.iter().map(named).collect(),
            ..filter.clone()
        }
    }

    fn shown(error: StoreError) -> StoreError {
        let own = |stream: StreamId| match stream.as_str().strip_prefix(SANDBOX_PREFIX) {
            Some(own) => StreamId::from_stored(own.to_owned()),
            None => stream,
        };
        match error {
            StoreError::WrongVersion {
                stream,
                expected,
                actual,
            } => StoreError::WrongVersion {
                stream: own(stream),
                expected,
                actual,
            },
            StoreError::TooLong { stream, most } => StoreError::TooLong {
                stream: own(stream),
                most,
            },
            StoreError::PartlyStored { stream } => StoreError::PartlyStored { stream: own(stream) },
            StoreError::Invalid(_)
            | StoreError::Busy
            | StoreError::Unavailable(_)
            | StoreError::Damaged(_) => error,
        }
    }

    /// Returns stream and records under their names in the log.
    fn batch_in_log(stream: &StreamId, records: Vec<Record>) -> Result<(StreamId, Vec<Record>), StoreError> {
        let foreign = || StoreError::Invalid(format!("{stream} is not a stream of this realm"));
        let named = Self::name_in_log(stream).ok_or_else(foreign)?;
        if let Some(other) = records.iter().find(|record| record.stream() != stream) {
            return Err(StoreError::Invalid(format!(
                "record {} belongs to another stream than {stream}",
                other.id
            )));
        }
        let records = match R::NAME {
            RealmName::Real => records,
            RealmName::Sandbox => records.iter().map(in_log).collect::<Result<_, _>>()?,
        };
        Ok((named, records))
    }

    /// Returns the page as far as this realm's log reaches.
    async fn shown_page(
        &self,
        page: MatchingPage,
        filter: &EventFilter,
        after: Position,
    ) -> Result<MatchingPage, StoreError> {
        let mut events = self.of_realm(page.events)?;
        filter.retain(&mut events).map_err(unreadable)?;
        let reached = page.reached.min(self.head().await?.max(after));
        Ok(MatchingPage { events, reached })
    }
}

fn in_log(record: &Record) -> Result<Record, StoreError> {
    let mut stored = to_sandbox_log(record).map_err(|error| StoreError::Invalid(error.why))?;
    // A backend compares these with the bytes; a record that does not fit them is refused there.
    (stored.id, stored.stream_version) = (record.id, record.stream_version);
    Ok(stored)
}

fn unreadable(error: UnreadableRecord) -> StoreError {
    StoreError::Damaged(error.to_string())
}

/// Returns the events of one realm of a page, as its readers see them.
pub(crate) fn of_realm(
    realm: RealmName,
    has_gaps: &AtomicBool,
    mut page: Vec<StoredEvent>,
) -> Result<Vec<StoredEvent>, StoreError> {
    let all = page.len();
    page.retain(|event| realm_of(event) == realm);
    if page.len() < all {
        has_gaps.store(true, Ordering::Relaxed);
    }
    match realm {
        RealmName::Real => Ok(page),
        RealmName::Sandbox => page
            .iter()
            .map(|event| from_sandbox_log(event).map_err(unreadable))
            .collect(),
    }
}

#[async_trait]
impl<R: Realm> EventStore for RealmStore<R> {
    fn capabilities(&self) -> Capabilities {
        let log = self.log.capabilities();
        Capabilities {
            dense: log.dense && !self.has_gaps.load(Ordering::Relaxed),
            ..log
        }
    }

    fn realm(&self) -> RealmName {
        R::NAME
    }

    fn whole_log(&self) -> Option<&Arc<dyn EventStore>> {
        Some(&self.log)
    }

    async fn append(
        &self,
        stream: &StreamId,
        expected: StreamVersion,
        records: Vec<Record>,
    ) -> Result<Position, StoreError> {
        let (named, records) = Self::batch_in_log(stream, records)?;
        let appended = self.log.append(&named, expected, records).await;
        let position = appended.map_err(Self::shown)?;
        self.head.note(position);
        Ok(position)
    }

    async fn append_behind(
        &self,
        stream: &StreamId,
        expected: StreamVersion,
        records: Vec<Record>,
    ) -> Result<Position, StoreError> {
        let (named, records) = Self::batch_in_log(stream, records)?;
        let appended = self.log.append_behind(&named, expected, records).await;
        let position = appended.map_err(Self::shown)?;
        self.head.note(position);
        Ok(position)
    }

    async fn read_stream(
        &self,
        stream: &StreamId,
        after: StreamVersion,
        limit: usize,
    ) -> Result<Vec<StoredEvent>, StoreError> {
        let Some(named) = Self::name_in_log(stream) else {
            return Ok(Vec::new());
        };
        let page = self.log.read_stream(&named, after, limit).await;
        self.of_realm(page.map_err(Self::shown)?)
    }

    async fn read_whole_stream(&self, stream: &StreamId) -> Result<Vec<StoredEvent>, StoreError> {
        let Some(named) = Self::name_in_log(stream) else {
            return Ok(Vec::new());
        };
        let events = self.log.read_whole_stream(&named).await;
        self.of_realm(events.map_err(Self::shown)?)
    }

    async fn read_all(&self, after: AfterPosition, limit: usize) -> Result<Vec<StoredEvent>, StoreError> {
        let mut after = after.max(self.head.begun());
        let mut wished = limit;
        loop {
            let page = self.log.read_all(after, wished).await?;
            let Some(last) = page.last() else {
                return Ok(page);
            };
            after = last.position;
            let mut own = self.of_realm(page)?;
            if !own.is_empty() {
                own.truncate(limit);
                return Ok(own);
            }
            // The other realm's events are passed in whole pages, however few events are wished.
            wished = limit.max(PAGE_EVENTS_MAX);
        }
    }

    async fn head(&self) -> Result<Position, StoreError> {
        let (found, has_gaps) = self.head.find(self.log.as_ref(), R::NAME).await?;
        if has_gaps {
            self.has_gaps.store(true, Ordering::Relaxed);
        }
        Ok(found)
    }

    async fn last_recorded_at(&self) -> Result<Option<Timestamp>, StoreError> {
        self.log.last_recorded_at().await
    }

    async fn find(&self, id: EventId) -> Result<Option<StoredEvent>, StoreError> {
        let found = self.log.find(id).await?;
        Ok(self.of_realm(found.into_iter().collect())?.pop())
    }

    async fn read_matching(
        &self,
        filter: &EventFilter,
        after: AfterPosition,
        limit: usize,
    ) -> Result<MatchingPage, StoreError> {
        let (named, begun) = (Self::filter_in_log(filter), after.max(self.head.begun()));
        let page = self.log.read_matching(&named, begun, limit);
        self.shown_page(page.await?, filter, after).await
    }

    async fn read_matching_until(
        &self,
        filter: &EventFilter,
        after: AfterPosition,
        until: Position,
        limit: usize,
    ) -> Result<MatchingPage, StoreError> {
        let named = Self::filter_in_log(filter);
        let page = self.log.read_matching_until(&named, after, until, limit);
        self.shown_page(page.await?, filter, after).await
    }

    fn stretches_at_once(&self) -> usize {
        self.log.stretches_at_once()
    }

    async fn load(&self, events: Vec<StoredEvent>) -> Result<Position, StoreError> {
        let named = |event: StoredEvent| match R::NAME {
            RealmName::Real => Ok(event),
            RealmName::Sandbox => {
                let record = Record::from_stored(Arc::clone(&event.record)).map_err(unreadable)?;
                let record = in_log(&record)?;
                Ok(StoredEvent::new(
                    event.position,
                    event.recorded_at,
                    Arc::clone(record.bytes()),
                ))
            }
        };
        let events = events.into_iter().map(named).collect::<Result<_, StoreError>>()?;
        let position = self.log.load(events).await?;
        self.head.note(position);
        Ok(position)
    }

    async fn subscribe(&self, after: AfterPosition) -> Result<Box<dyn Subscription>, StoreError> {
        let begun = after.max(self.head.begun());
        Ok(Box::new(RealmSubscription {
            log: self.log.subscribe(begun).await?,
            realm: R::NAME,
            has_gaps: Arc::clone(&self.has_gaps),
        }))
    }
}
