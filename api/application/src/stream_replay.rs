//! Replays a stream from its first event to its last: returns the resulting state and passes on each event
//! with its time.

use crate::installation::Installation;
use domain::decider::Decider;
use domain::ids::StreamId;
use domain::ports::event_store::{EventStore, PAGE_EVENTS_MAX};
use domain::problem::Problem;
use domain::stored_event::{StreamVersion, read_event};
use domain::time::Timestamp;

/// Replays a stream of the installation's log and returns the resulting state. Calls `each` with every
/// event and its time, in order.
pub(crate) async fn replay_stream<D: Decider>(
    installation: &Installation,
    stream: &StreamId,
    each: impl FnMut(D::Event, Timestamp) + Send,
) -> Result<D::State, Problem>
where
    D::State: Default + Send,
    D::Event: Send,
{
    folded_in::<D>(installation.store(), stream, each).await
}

/// Replays a stream of this event store and returns the resulting state. Calls `each` with every event and
/// its time, in order.
pub(crate) async fn folded_in<D: Decider>(
    store: &dyn EventStore,
    stream: &StreamId,
    mut each: impl FnMut(D::Event, Timestamp) + Send,
) -> Result<D::State, Problem>
where
    D::State: Default + Send,
    D::Event: Send,
{
    let unreadable = |why: String| Problem::fault(why);
    let mut state = D::State::default();
    let mut after = StreamVersion(0);
    loop {
        let page = store.read_stream(stream, after, PAGE_EVENTS_MAX).await?;
        if page.is_empty() {
            return Ok(state);
        }
        after.0 += u64::try_from(page.len()).unwrap_or(u64::MAX);
        for stored in &page {
            let envelope = stored.envelope().map_err(|error| unreadable(error.to_string()))?;
            let event = read_event::<D>(&envelope).map_err(|error| unreadable(error.to_string()))?;
            D::evolve(&mut state, &event, envelope.at);
            each(event, envelope.at);
        }
    }
}
