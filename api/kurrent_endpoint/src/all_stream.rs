//! Reads of `$all`, forwards and backwards, with and without a filter.

use crate::errors::{of_store, unimplemented};
use crate::filter::Filter;
use crate::generated::event_store::client::streams::ReadResp;
use crate::paging::{PAGE_EVENTS, PageSource};
use crate::request::ReadStart;
use crate::stream::page_limit;
use crate::wire::{ClientView, RecordMetadata};
use async_trait::async_trait;
use domain::event_filter::EventFilter;
use domain::ports::event_store::{EventStore, whole_log};
use domain::stored_event::{Position, StoredEvent};
use std::collections::VecDeque;
use std::sync::Arc;
use tonic::Status;

/// Adds the events that the caller may see and the filter selects to `ready`, until `left` is 0.
fn push_wanted<'a>(
    events: impl Iterator<Item = &'a StoredEvent>,
    view: &ClientView,
    filter: Option<&Filter>,
    left: &mut u64,
    ready: &mut VecDeque<ReadResp>,
) -> Result<(), Status> {
    for event in events {
        if *left == 0 {
            break;
        }
        let facts = RecordMetadata::of(event)?;
        if view.sees(&facts) && filter.is_none_or(|filter| filter.wants(&facts)) {
            ready.push_back(view.event(event, &facts));
            *left -= 1;
        }
    }
    Ok(())
}

/// A forward read of `$all`. The event at the given position is included.
pub(crate) struct ForwardAllRead {
    pub(crate) store: Arc<dyn EventStore>,
    pub(crate) view: ClientView,
    pub(crate) filter: Option<Filter>,
    pub(crate) after: Position,
    pub(crate) left: u64,
}

#[async_trait]
impl PageSource for ForwardAllRead {
    async fn next(&mut self, ready: &mut VecDeque<ReadResp>) -> Result<bool, Status> {
        let limit = match self.filter {
            None if self.view.campaigns.is_all() => page_limit(self.left),
            Some(_) | None => PAGE_EVENTS,
        };
        let events = self
            .store
            .read_all(self.after, limit)
            .await
            .map_err(|error| of_store(&error))?;
        let Some(last) = events.last() else {
            return Ok(false);
        };
        self.after = last.position;
        push_wanted(
            events.iter(),
            &self.view,
            self.filter.as_ref(),
            &mut self.left,
            ready,
        )?;
        Ok(self.left > 0)
    }
}

/// A backward read of `$all`. The event at the given position is excluded, as in KurrentDB.
pub(crate) struct BackwardAllRead {
    pub(crate) store: Arc<dyn EventStore>,
    pub(crate) view: ClientView,
    pub(crate) filter: Option<Filter>,
    /// The last position of the next page; `None` before the first page.
    pub(crate) at: Option<Position>,
    pub(crate) from: ReadStart,
    pub(crate) left: u64,
}

#[async_trait]
impl PageSource for BackwardAllRead {
    async fn next(&mut self, ready: &mut VecDeque<ReadResp>) -> Result<bool, Status> {
        if !whole_log(&self.store).capabilities().dense {
            // Without dense positions, the page before a position cannot be computed.
            return Err(unimplemented("reading $all backwards over this store"));
        }
        let at = match self.at {
            Some(at) => at,
            None => {
                let head = self.store.head().await.map_err(|error| of_store(&error))?;
                match self.from {
                    ReadStart::Start => Position(0),
                    ReadStart::End => head,
                    ReadStart::At(shown) => head.min(self.view.positions.below(shown)),
                }
            }
        };
        let limit = match self.filter {
            None if self.view.campaigns.is_all() => page_limit(self.left.min(at.0)),
            Some(_) | None => page_limit(at.0),
        };
        let before = Position(at.0.saturating_sub(limit as u64));
        let events = self
            .store
            .read_matching_until(&EventFilter::default(), before, at, limit)
            .await
            .map_err(|error| of_store(&error))?
            .events;
        push_wanted(
            events.iter().rev(),
            &self.view,
            self.filter.as_ref(),
            &mut self.left,
            ready,
        )?;
        self.at = Some(before);
        Ok(self.left > 0 && before.0 > 0)
    }
}
