//! Views that have copies folded beside others that have none: the ones from where their copy ends, the
//! others from the first event, and the events before the copy are read for the others alone.

use super::sums::SumsOf;
use super::{Begun, FoldError, Folded, Span, fold, kinds_of, summed, written};
use crate::view::View;
use domain::event_filter::EventFilter;
use domain::ports::event_store::EventStore;
use domain::stored_event::Position;
use std::sync::Arc;

/// Views, and the rows that they had at a position.
pub struct Copied {
    pub views: Vec<Arc<dyn View>>,
    /// Where the copy ends.
    pub upto: Position,
    pub begun: Begun,
}

/// Folds `copied` from where its rows end, and `others`, if there are any, from the first event of `span`,
/// into one database. Where one of them has no sums in memory all are folded from the first event, and also
/// what had happened by an instant (`valid_at`), which no copy says.
pub async fn fold_beside(
    store: &dyn EventStore,
    span: &Span,
    copied: Copied,
    others: Vec<Arc<dyn View>>,
    goes_on: &(dyn Fn() -> bool + Sync),
) -> Result<Folded, FoldError> {
    let all: Vec<Arc<dyn View>> = copied.views.iter().chain(&others).map(Arc::clone).collect();
    let upto = copied.upto.min(span.until);
    let begun = SumsOf::begin(&copied.views).zip(SumsOf::begin(&others));
    let Some((mut with_past, mut without)) = begun else {
        return fold(store, span, all, goes_on).await;
    };
    if upto < span.after || span.valid_at.is_some() || !with_past.begin_with(&copied.begun)? {
        return fold(store, span, all, goes_on).await;
    }
    let of = |views: &[Arc<dyn View>], after, until, events_max| Span {
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
    // No view at all would name no kinds, which is all of them.
    if !others.is_empty() {
        let before = of(&others, span.after, upto, span.events_max);
        events = summed(store, &before, std::slice::from_mut(&mut without), goes_on).await?;
    }
    let behind = of(&all, upto, span.until, span.events_max.saturating_sub(events));
    let mut both = [with_past, without];
    let told = summed(store, &behind, &mut both, goes_on).await;
    events += told.map_err(|error| of_all(error, events, span.events_max))?;
    written(all, both.into(), events, span.until).await
}

/// What ended the second part, told of both.
fn of_all(error: FoldError, before: u64, events_max: u64) -> FoldError {
    match error {
        FoldError::TooManyEvents { .. } => FoldError::TooManyEvents { events_max },
        FoldError::Stopped { events } => FoldError::Stopped {
            events: events + before,
        },
        other => other,
    }
}
