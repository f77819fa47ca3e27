//! Finds the call that a complaint is about: the call to a number granted nearest to a time.

use crate::log_walk::unreadable;
use domain::decider::Decider;
use domain::ids::{CallId, NumberId};
use domain::number::Number;
use domain::ports::event_store::{EventStore, PAGE_EVENTS_MAX};
use domain::problem::Problem;
use domain::stored_event::{StreamVersion, read_event};
use domain::time::Timestamp;

/// Largest distance of a call from the given time, in microseconds: a day.
const WITHIN_MICROS: i64 = 86_400_000_000;

/// Returns the call for which this number granted a dial nearest to a time; `None` if there is none within
/// a day.
pub async fn call_at(
    store: &dyn EventStore,
    number: &NumberId,
    at: Timestamp,
) -> Result<Option<CallId>, Problem> {
    let mut nearest: Option<(i64, CallId)> = None;
    let mut after = StreamVersion(0);
    loop {
        let page = store
            .read_stream(&Number::stream(number), after, PAGE_EVENTS_MAX)
            .await?;
        if page.is_empty() {
            return Ok(nearest.map(|(_, call)| call));
        }
        after.0 += u64::try_from(page.len()).unwrap_or(u64::MAX);
        for stored in &page {
            let envelope = stored.envelope().map_err(unreadable)?;
            let event = read_event::<Number>(&envelope).map_err(|error| Problem::fault(error.to_string()))?;
            let away = envelope.at.micros().saturating_sub(at.micros()).saturating_abs();
            let is_nearer = nearest.as_ref().is_none_or(|(known, _)| away < *known);
            if let Some(grant) = event.dial_granted()
                && is_nearer
                && away <= WITHIN_MICROS
            {
                nearest = Some((away, grant.call));
            }
        }
    }
}
