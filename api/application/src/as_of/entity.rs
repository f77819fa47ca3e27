//! One entity as it was: its own stream up to the moment, folded by its decider.

use crate::as_of::moment::{Known, Then};
use domain::decider::Decider;
use domain::ids::StreamId;
use domain::ports::event_store::{EventStore, PAGE_EVENTS_MAX};
use domain::ports::vault::{PersonKey, Vault};
use domain::problem::Problem;
use domain::stored_event::{StoredEvent, StreamVersion, open_personal, read_event};

/// The state an entity had, and what it was folded from.
pub struct EntityThen<D: Decider> {
    pub state: D::State,
    /// Events of its stream that were folded.
    pub events: u64,
}

/// Folds the stream of `id` up to the moment. Personal values are opened with the person's key of today: of
/// somebody erased since, nothing shows.
pub async fn entity_then<D: Decider>(
    store: &dyn EventStore,
    id: &D::Id,
    then: &Then,
    vault: &dyn Vault,
    key: Option<&PersonKey>,
) -> Result<EntityThen<D>, Problem> {
    let stream = D::stream(id);
    let mut folded = EntityThen {
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
    folded: &mut EntityThen<D>,
    stored: &StoredEvent,
    then: &Then,
    vault: &dyn Vault,
    key: Option<&PersonKey>,
) -> Result<(), Problem> {
    let unreadable = |error: &dyn std::error::Error| Problem::fault(error.to_string());
    let envelope = stored.envelope().map_err(|error| unreadable(&error))?;
    if then.valid_at().is_some_and(|valid_at| envelope.at > valid_at) {
        return Ok(());
    }
    let mut event = read_event::<D>(&envelope).map_err(|error| unreadable(&error))?;
    open_personal(&envelope, &mut event, vault, key)?;
    D::evolve(&mut folded.state, &event, envelope.at);
    folded.events += 1;
    Ok(())
}

/// Whether a stream had an event at the moment.
pub async fn existed_then(store: &dyn EventStore, stream: &StreamId, then: &Then) -> Result<bool, Problem> {
    let page = store.read_stream(stream, StreamVersion(0), 1).await?;
    let Some(first) = page.first().filter(|event| then.knows(event)) else {
        return Ok(false);
    };
    let envelope = first
        .envelope()
        .map_err(|error| Problem::fault(error.to_string()))?;
    Ok(then.valid_at().is_none_or(|valid_at| envelope.at <= valid_at))
}

impl<D: Decider> EntityThen<D> {
    /// What the answer cost and where it lies, for its member `known`.
    pub fn known(&self, then: &Then) -> Known {
        Known {
            events: Some(self.events),
            ..then.describe()
        }
    }
}
