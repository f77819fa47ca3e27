//! How far a subscriber is behind: counted exactly up to a limit.

use crate::installation::Installation;
use crate::readers::is_own;
use domain::event_filter::EventFilter;
use domain::ports::event_store::PAGE_EVENTS_MAX;
use domain::problem::Problem;
use domain::stored_event::Position;
use domain::time::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

/// Most unacknowledged events that are counted; with more, no count is returned.
const COUNTED_MAX: u64 = 1_000;

/// Most parts of the log that are read for one count. Then the count stops, although none of some thousand
/// events matched.
const STRETCHES_MAX: usize = 16;

/// What a subscriber has not acknowledged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Lag {
    /// Positions from its own to the log's end, including events that it does not follow.
    #[schemars(example = 12)]
    pub positions: u64,
    /// Events that it follows and has not acknowledged; null if they are too many to count.
    #[schemars(example = 3)]
    pub events: Option<u64>,
    /// When the first of them was recorded.
    pub since: Option<Timestamp>,
}

impl Lag {
    pub(super) async fn of(
        installation: &Installation,
        filter: &EventFilter,
        position: Position,
    ) -> Result<Self, Problem> {
        let store = installation.store();
        let head = store.head().await?;
        let (mut after, mut count, mut since) = (position, 0_u64, None);
        let mut is_whole = false;
        for _ in 0..STRETCHES_MAX {
            let page = store.read_matching(filter, after, PAGE_EVENTS_MAX).await?;
            for event in page.events.iter().filter(|event| !is_own(event)) {
                count += 1;
                if since.is_none() {
                    let envelope = event
                        .envelope()
                        .map_err(|error| Problem::fault(error.to_string()))?;
                    since = Some(envelope.at);
                }
            }
            is_whole = page.reached == after;
            if is_whole || count > COUNTED_MAX {
                break;
            }
            after = page.reached;
        }
        Ok(Self {
            positions: head.0.saturating_sub(position.0),
            events: is_whole.then_some(count),
            since,
        })
    }
}
