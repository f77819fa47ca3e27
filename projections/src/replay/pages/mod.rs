//! Reads the events of a span page by page, while the caller processes the previous pages.
//!
//! If the store has a server that searches events, the span is split into ranges of positions, which are read
//! in parallel and returned in order. The length of a range follows from the density of events in the
//! previous ones: about a page each. At most one page per range is in memory.

use super::EventSpan;
use super::validity::ValidTimeFilter;
use domain::ports::event_store::{EventStore, MatchingPage, PAGE_EVENTS_MAX, StoreError};
use domain::stored_event::{Position, StoredEvent};
use std::collections::VecDeque;

/// Most events of one page, which takes some milliseconds to read while the previous pages are folded.
const PAGE_EVENTS: usize = PAGE_EVENTS_MAX;

/// Number of events that a range should contain: three quarters of a page, so that somewhat denser events
/// still fit.
const STRETCH_EVENTS: u64 = PAGE_EVENTS as u64 * 3 / 4;

/// Length of the first ranges in positions, while the density of events is unknown. With several campaigns
/// in parallel, each range fills a good part of a page.
const FIRST_POSITIONS: u64 = PAGE_EVENTS as u64 * 2;

/// Most times by which a range may be longer than the one before: sparse events may become dense, and the
/// part of a range beyond its first page is not read in advance.
const GROWTH_MAX: u64 = 8;

type PageRead<'a> = std::pin::Pin<Box<dyn Future<Output = Result<MatchingPage, StoreError>> + Send + 'a>>;

/// A range of the span, of which the next page is being read.
struct SpanRange<'a> {
    after: Position,
    until: Position,
    reading: PageRead<'a>,
}

/// The pages of a span, in order. A page may be empty.
pub struct Pages<'a> {
    store: &'a dyn EventStore,
    span: &'a EventSpan,
    validity: Option<ValidTimeFilter>,
    /// The ranges being read, in the order of their positions; each begins where the previous one ends.
    ahead: VecDeque<SpanRange<'a>>,
    at_once: usize,
    /// The position at which the next range begins.
    cut: Position,
    /// The length of the next range, in positions.
    positions: u64,
}

impl<'a> Pages<'a> {
    /// Starts to read the events of a span. The caller enforces `span.events_max`.
    pub async fn begin(store: &'a dyn EventStore, span: &'a EventSpan) -> Result<Self, StoreError> {
        let at_once = store.stretches_at_once().max(1);
        let mut pages = Self {
            store,
            span,
            validity: span.valid_at.map(ValidTimeFilter::at),
            ahead: VecDeque::with_capacity(at_once),
            at_once,
            cut: span.after,
            positions: if at_once == 1 { u64::MAX } else { FIRST_POSITIONS },
        };
        pages.read_on().await;
        Ok(pages)
    }

    /// Returns the next page, in log order; `None` after the last. A page may be empty.
    pub async fn next(&mut self) -> Result<Option<Vec<StoredEvent>>, StoreError> {
        let Some(SpanRange {
            after,
            until,
            reading,
        }) = self.ahead.pop_front()
        else {
            return Ok(None);
        };
        let mut page = match reading.await {
            Ok(page) => page,
            Err(error) => {
                self.end();
                return Err(error);
            }
        };
        if page.reached <= after {
            // The log ends here; the ranges beyond it are empty.
            self.end();
        } else {
            self.learn(page.reached.0 - after.0, page.events.len());
            if page.reached < until {
                let rest = self.read(page.reached, until).await;
                self.ahead.push_front(rest);
            }
            self.read_on().await;
        }
        if let Some(validity) = &mut self.validity {
            validity
                .retain(&mut page.events)
                .map_err(|error| StoreError::Damaged(error.to_string()))?;
        }
        Ok(Some(page.events))
    }

    /// Stops reading: no page follows.
    fn end(&mut self) {
        self.ahead.clear();
        self.cut = self.span.until;
    }

    /// Sets the length of the next ranges by the density of the page that was just read.
    fn learn(&mut self, positions: u64, events: usize) {
        if self.at_once > 1 {
            let as_dense = u128::from(positions) * u128::from(STRETCH_EVENTS) / (events.max(1) as u128);
            let as_dense = u64::try_from(as_dense).unwrap_or(u64::MAX);
            self.positions = as_dense.clamp(STRETCH_EVENTS, self.positions.saturating_mul(GROWTH_MAX));
        }
    }

    /// Starts to read further ranges, up to the number that the store reads in parallel.
    async fn read_on(&mut self) {
        while self.ahead.len() < self.at_once && self.cut < self.span.until {
            let until = Position(self.cut.0.saturating_add(self.positions)).min(self.span.until);
            let stretch = self.read(self.cut, until).await;
            self.cut = until;
            self.ahead.push_back(stretch);
        }
    }

    /// Starts to read the next page of a range without waiting; the store reads on its own threads or tasks.
    async fn read(&self, after: Position, until: Position) -> SpanRange<'a> {
        let (store, span) = (self.store, self.span);
        let mut reading: PageRead<'a> = Box::pin(async move {
            store
                .read_matching_until(&span.filter, after, until, PAGE_EVENTS)
                .await
        });
        let at_once = tokio::select! {
            biased;
            page = &mut reading => Some(page),
            () = std::future::ready(()) => None,
        };
        if let Some(page) = at_once {
            reading = Box::pin(std::future::ready(page));
        }
        SpanRange {
            after,
            until,
            reading,
        }
    }
}

#[cfg(test)]
mod tests;
