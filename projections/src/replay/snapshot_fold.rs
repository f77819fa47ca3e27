//! Folds views with a snapshot together with views without one: the former from the end of the snapshot, the
//! latter from the first event. Events before the end of the snapshot are read for the latter only.

use super::sums::ViewSums;
use super::{EventSpan, FoldError, FoldedRows, InitialRows, fold, kinds_of, summed, written};
use crate::view::View;
use domain::event_filter::EventFilter;
use domain::ports::event_store::EventStore;
use domain::stored_event::Position;
use std::sync::Arc;

/// Some views, with the rows that they had at the position `upto`.
pub struct SnapshotViews {
    pub views: Vec<Arc<dyn View>>,
    /// The position of the snapshot: its rows are complete up to here.
    pub upto: Position,
    pub begun: InitialRows,
}

/// Folds `copied` from the end of its rows and `others`, if any, from the first event of `span`, into one
/// database. Folds all views from the first event if one of them has no in-memory implementation, or if
/// `valid_at` is set, because no snapshot knows what had happened by an instant.
pub async fn fold_with_snapshot(
    store: &dyn EventStore,
    span: &EventSpan,
    copied: SnapshotViews,
    others: Vec<Arc<dyn View>>,
    goes_on: &(dyn Fn() -> bool + Sync),
) -> Result<FoldedRows, FoldError> {
    let all: Vec<Arc<dyn View>> = copied.views.iter().chain(&others).map(Arc::clone).collect();
    let upto = copied.upto.min(span.until);
    let begun = ViewSums::begin(&copied.views).zip(ViewSums::begin(&others));
    let Some((mut with_past, mut without)) = begun else {
        return fold(store, span, all, goes_on).await;
    };
    if upto < span.after || span.valid_at.is_some() || !with_past.begin_with(&copied.begun)? {
        return fold(store, span, all, goes_on).await;
    }
    let of = |views: &[Arc<dyn View>], after, until, events_max| EventSpan {
        filter: EventFilter {
            kinds: kinds_of(views),
            ..span.filter.clone()
        },
        after,
        until,
        events_max,
        ..span.clone()
    };
    let mut events = 0;
    // Without views there would be no kinds, which means all kinds.
    if !others.is_empty() {
        let before = of(&others, span.after, upto, span.events_max);
        events = summed(store, &before, std::slice::from_mut(&mut without), goes_on).await?;
    }
    let behind = of(&all, upto, span.until, span.events_max.saturating_sub(events));
    let mut both = [with_past, without];
    let behind_count = summed(store, &behind, &mut both, goes_on).await;
    events += behind_count.map_err(|error| of_all(error, events, span.events_max))?;
    written(all, both.into(), events, span.until).await
}

/// Converts an error of the second part of the fold to one about both parts. `before`: the events of the
/// first part.
fn of_all(error: FoldError, before: u64, events_max: u64) -> FoldError {
    match error {
        FoldError::TooManyEvents { .. } => FoldError::TooManyEvents { events_max },
        FoldError::Stopped { events } => FoldError::Stopped {
            events: events + before,
        },
        other => other,
    }
}
