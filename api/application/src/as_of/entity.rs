//! One entity at a past moment: its own stream up to that moment, replayed by its decider.

use crate::as_of::moment::{PastMomentInfo, ResolvedMoment};
use domain::decider::Decider;
use domain::ids::StreamId;
use domain::ports::event_store::{EventStore, PAGE_EVENTS_MAX};
use domain::ports::vault::{PersonKey, Vault};
use domain::problem::Problem;
use domain::stored_event::{Position, StoredEvent, StreamVersion, read_event, read_opened_event};
use std::collections::VecDeque;

/// A past state of an entity, and the number of events it was replayed from.
pub struct PastEntityState<D: Decider> {
    pub state: D::State,
    /// Number of the entity's events that were replayed.
    pub events: u64,
}

/// Returns an entity's state at the moment, replayed from its own stream. Personal values are decrypted
/// with today's key; those of a customer erased since then stay unreadable. An entity without events then
/// has the default state and `events` 0.
pub async fn entity_then<D: Decider>(
    store: &dyn EventStore,
    id: &D::Id,
    then: &ResolvedMoment,
    vault: &dyn Vault,
    key: Option<&PersonKey>,
) -> Result<PastEntityState<D>, Problem> {
    let stream = D::stream(id);
    let mut folded = PastEntityState {
        state: D::State::default(),
        events: 0,
    };
    let mut after = StreamVersion(0);
    loop {
        let page = store.read_stream(&stream, after, PAGE_EVENTS_MAX).await?;
        for stored in page.iter().take_while(|event| then.knows(event)) {
            take::<D>(&mut folded, stored, then, vault, key)?;
        }
        let count = page.len() as u64;
        after = StreamVersion(after.0 + count);
        if count == 0 || page.last().is_some_and(|last| !then.knows(last)) {
            return Ok(folded);
        }
    }
}

fn take<D: Decider>(
    folded: &mut PastEntityState<D>,
    stored: &StoredEvent,
    then: &ResolvedMoment,
    vault: &dyn Vault,
    key: Option<&PersonKey>,
) -> Result<(), Problem> {
    let unreadable = |error: &dyn std::error::Error| Problem::fault(error.to_string());
    let envelope = stored.envelope().map_err(|error| unreadable(&error))?;
    if then.valid_at().is_some_and(|valid_at| envelope.at > valid_at) {
        return Ok(());
    }
    let event = read_opened_event::<D>(&envelope, vault, key)?;
    D::evolve(&mut folded.state, &event, envelope.at);
    folded.events += 1;
    Ok(())
}

/// Replays one entity along the log: its stream is read once, however often its state is asked for. Only
/// for streams without personal values.
pub struct EntityReplay<D: Decider> {
    stream: StreamId,
    state: D::State,
    after: StreamVersion,
    page: VecDeque<StoredEvent>,
    ended: bool,
}

impl<D: Decider> EntityReplay<D> {
    /// Creates the replay, before the entity's first event. Reads nothing.
    pub fn of(id: &D::Id) -> Self {
        Self {
            stream: D::stream(id),
            state: D::State::default(),
            after: StreamVersion(0),
            page: VecDeque::new(),
            ended: false,
        }
    }

    /// Returns the entity's state after the events up to this position. Positions must not decrease from
    /// call to call.
    pub async fn up_to(&mut self, store: &dyn EventStore, position: Position) -> Result<&D::State, Problem> {
        loop {
            while let Some(stored) = self.page.pop_front_if(|event| event.position <= position) {
                let envelope = stored
                    .envelope()
                    .map_err(|error| Problem::fault(error.to_string()))?;
                let event = read_event::<D>(&envelope).map_err(|error| Problem::fault(error.to_string()))?;
                D::evolve(&mut self.state, &event, envelope.at);
            }
            if self.ended || !self.page.is_empty() {
                return Ok(&self.state);
            }
            let page = store
                .read_stream(&self.stream, self.after, PAGE_EVENTS_MAX)
                .await?;
            self.after = StreamVersion(self.after.0 + page.len() as u64);
            self.ended = page.is_empty();
            self.page = page.into();
        }
    }
}

/// Returns true if the stream's first event was known at the moment and, with `valid_at`, had happened by
/// then.
pub async fn existed_then(
    store: &dyn EventStore,
    stream: &StreamId,
    then: &ResolvedMoment,
) -> Result<bool, Problem> {
    let page = store.read_stream(stream, StreamVersion(0), 1).await?;
    let Some(first) = page.first().filter(|event| then.knows(event)) else {
        return Ok(false);
    };
    let envelope = first
        .envelope()
        .map_err(|error| Problem::fault(error.to_string()))?;
    Ok(then.valid_at().is_none_or(|valid_at| envelope.at <= valid_at))
}

impl<D: Decider> PastEntityState<D> {
    /// Returns the member `known` of a reply: the moment, its position, and the number of events replayed.
    pub fn known(&self, then: &ResolvedMoment) -> PastMomentInfo {
        PastMomentInfo {
            events: Some(self.events),
            ..then.describe()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use async_trait::async_trait;
    use domain::campaign::{Campaign, CampaignStatus};
    use domain::ports::event_store::{Capabilities, StoreError, Subscription, WriterConcurrency};
    use domain::stored_event::Record;
    use domain::time::Timestamp;
    use std::sync::atomic::{AtomicUsize, Ordering};

    const CREATED: &str = include_str!("../../../../fixtures/events/campaign/campaign.created.v1.json");
    const STARTED: &str = include_str!("../../../../fixtures/events/campaign/campaign.started.v1.json");

    /// A campaign that was created at position 3 and started at 50. Counts how often its stream is read.
    #[derive(Default)]
    struct CountingStore(AtomicUsize);

    #[async_trait]
    impl EventStore for CountingStore {
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
            _: usize,
        ) -> Result<Vec<StoredEvent>, StoreError> {
            self.0.fetch_add(1, Ordering::SeqCst);
            let event = |position, text: &str| {
                let bytes = text.trim_end().as_bytes().to_vec();
                StoredEvent::new(Position(position), Timestamp::from_micros(0), bytes.into())
            };
            let all = [event(3, CREATED), event(50, STARTED)];
            Ok(all.into_iter().skip(usize::try_from(after.0).unwrap()).collect())
        }
        async fn read_all(&self, _: Position, _: usize) -> Result<Vec<StoredEvent>, StoreError> {
            Err(StoreError::Busy)
        }
        async fn head(&self) -> Result<Position, StoreError> {
            Ok(Position(300))
        }
        async fn last_recorded_at(&self) -> Result<Option<Timestamp>, StoreError> {
            Ok(None)
        }
        async fn subscribe(&self, _: Position) -> Result<Box<dyn Subscription>, StoreError> {
            Err(StoreError::Busy)
        }
    }

    #[tokio::test]
    async fn a_stream_is_read_once_however_often_its_state_is_asked_for() {
        let store = CountingStore::default();
        let mut course = EntityReplay::<Campaign>::of(&"LOAN_REMIND_20231101".parse().unwrap());
        for position in 1..=200 {
            let state = course.up_to(&store, Position(position)).await.unwrap();
            let status = match position {
                0..3 => None,
                3..50 => Some(CampaignStatus::Draft),
                50.. => Some(CampaignStatus::Running),
            };
            assert_eq!(state.status(), status, "{position}");
        }
        assert_eq!(
            store.0.load(Ordering::SeqCst),
            2,
            "its events, and that there are no more"
        );
    }
}
