//! Finds the log position of an instant by binary search; `recorded_at` never decreases along the log.

use domain::ports::event_store::{EventStore, StoreError};
use domain::stored_event::Position;
use domain::time::Timestamp;

/// Returns the position of the last event with `recorded_at` ≤ `instant`; 0 if all events are later.
///
/// Reads at most one event per bit of the head's position: about twenty for a million events, also where
/// positions have gaps.
pub async fn position_at(store: &dyn EventStore, instant: Timestamp) -> Result<Position, StoreError> {
    // Invariant: events up to `low` were recorded by the instant, events after `high` later.
    let (mut low, mut high) = (Position(0), store.head().await?);
    if store
        .last_recorded_at()
        .await?
        .is_some_and(|last| last <= instant)
    {
        return Ok(high);
    }
    while low < high {
        let middle = Position(low.0 + (high.0 - low.0) / 2);
        let page = store.read_all(middle, 1).await?;
        match page.first() {
            Some(next) if next.recorded_at <= instant => low = next.position,
            Some(_) | None => high = middle,
        }
    }
    Ok(low)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{TestHistory, TestLog};
    use domain::campaign::event::CampaignEvent;
    use domain::stored_event::StoredEvent;

    /// Eleven events on positions `stride` apart; the fifth to seventh were one commit.
    fn recorded(stride: u64) -> Vec<StoredEvent> {
        let mut story = TestHistory::new();
        story.created("T");
        for _ in 0..10 {
            story.campaign("T", CampaignEvent::Started {});
        }
        let shared = story.events[5].recorded_at;
        for (index, event) in story.events.iter_mut().enumerate() {
            event.position = Position(event.position.0 * stride);
            if (4..7).contains(&index) {
                event.recorded_at = shared;
            }
        }
        story.events
    }

    /// The expected position, found by reading all events.
    fn by_reading(events: &[StoredEvent], instant: Timestamp) -> Position {
        let mut latest_first = events.iter().rev();
        let last = latest_first.find(|event| event.recorded_at <= instant);
        last.map_or(Position(0), |event| event.position)
    }

    async fn asked(log: &TestLog, events: &[StoredEvent], micros: i64) {
        for near in [micros - 1, micros, micros + 1] {
            let instant = Timestamp::from_micros(near);
            let found = position_at(log, instant).await.unwrap();
            assert_eq!(found, by_reading(events, instant), "{instant}");
        }
    }

    #[tokio::test]
    async fn an_instant_is_the_last_event_recorded_by_then_on_dense_and_on_sparse_positions() {
        for stride in [1, 7, 1_000_003] {
            let events = recorded(stride);
            let log = TestLog::of(&events);
            for event in &events {
                asked(&log, &events, event.recorded_at.micros()).await;
            }
        }
    }

    #[tokio::test]
    async fn before_the_first_event_is_position_0_and_after_the_last_the_head() {
        let events = recorded(1);
        let log = TestLog::of(&events);
        assert_eq!(position_at(&log, Timestamp::EPOCH).await, Ok(Position(0)));
        let late = events[10].recorded_at.plus_ms(1_000_000);
        assert_eq!(position_at(&log, late).await, Ok(Position(11)));
        assert_eq!(position_at(&TestLog::default(), late).await, Ok(Position(0)));
    }
}
