//! The events of a span, page after page, read while the pages before are worked on.
//!
//! Where a store has a server that looks for events, the span is cut into stretches of positions that are
//! read side by side and handed out in order. How long a stretch is follows from how dense the events of
//! those before it lay: about a page each. At most one page of each stretch is in memory.

use super::Span;
use super::validity::Validity;
use domain::ports::event_store::{EventStore, MatchingPage, PAGE_EVENTS_MAX, StoreError};
use domain::stored_event::{Position, StoredEvent};
use std::collections::VecDeque;

/// Events of one page: some milliseconds of reading, while the pages before are made ready and folded.
const PAGE_EVENTS: usize = PAGE_EVENTS_MAX;

/// Events that a stretch is meant to have: what lies closer than before still fits into one page.
const STRETCH_EVENTS: u64 = PAGE_EVENTS as u64 * 3 / 4;

/// Positions of the first stretches, of which nothing is known: of several campaigns side by side each fills
/// a good part of a page.
const FIRST_POSITIONS: u64 = PAGE_EVENTS as u64 * 2;

/// A stretch is at most so many times as long as the one it follows from: what lay thin may come to lie
/// dense, and the rest of a stretch beyond its first page is read by nobody ahead.
const GROWTH_MAX: u64 = 8;

type Reading<'a> = std::pin::Pin<Box<dyn Future<Output = Result<MatchingPage, StoreError>> + Send + 'a>>;

/// A part of the span whose next page is being read.
struct Stretch<'a> {
    after: Position,
    until: Position,
    reading: Reading<'a>,
}

/// The pages of a span in order. A page may be empty.
pub struct Pages<'a> {
    store: &'a dyn EventStore,
    span: &'a Span,
    validity: Option<Validity>,
    /// In order of their positions; each begins where the one before it ends.
    ahead: VecDeque<Stretch<'a>>,
    at_once: usize,
    /// Where the next stretch begins.
    cut: Position,
    /// How long it is.
    positions: u64,
}

impl<'a> Pages<'a> {
    /// Begins to read. `span.events_max` is for the caller to keep.
    pub async fn begin(store: &'a dyn EventStore, span: &'a Span) -> Result<Self, StoreError> {
        let at_once = store.stretches_at_once().max(1);
        let mut pages = Self {
            store,
            span,
            validity: span.valid_at.map(Validity::at),
            ahead: VecDeque::with_capacity(at_once),
            at_once,
            cut: span.after,
            positions: if at_once == 1 { u64::MAX } else { FIRST_POSITIONS },
        };
        pages.read_on().await;
        Ok(pages)
    }

    /// The next page; `None` after the last.
    pub async fn next(&mut self) -> Result<Option<Vec<StoredEvent>>, StoreError> {
        let Some(Stretch {
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
            // The log ends here; what was asked for beyond it had nothing.
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

    /// Nothing more is read.
    fn end(&mut self) {
        self.ahead.clear();
        self.cut = self.span.until;
    }

    /// Cuts the next stretches as long as those just read would have had to be.
    fn learn(&mut self, positions: u64, events: usize) {
        if self.at_once > 1 {
            let as_dense = u128::from(positions) * u128::from(STRETCH_EVENTS) / (events.max(1) as u128);
            let as_dense = u64::try_from(as_dense).unwrap_or(u64::MAX);
            self.positions = as_dense.clamp(STRETCH_EVENTS, self.positions.saturating_mul(GROWTH_MAX));
        }
    }

    /// Asks for as many stretches as are read side by side.
    async fn read_on(&mut self) {
        while self.ahead.len() < self.at_once && self.cut < self.span.until {
            let until = Position(self.cut.0.saturating_add(self.positions)).min(self.span.until);
            let stretch = self.read(self.cut, until).await;
            self.cut = until;
            self.ahead.push_back(stretch);
        }
    }

    /// Asks for the next page of a stretch and does not wait: the store reads on threads or tasks of its own.
    async fn read(&self, after: Position, until: Position) -> Stretch<'a> {
        let (store, span) = (self.store, self.span);
        let mut reading: Reading<'a> = Box::pin(async move {
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
        Stretch {
            after,
            until,
            reading,
        }
    }
}

#[cfg(test)]
mod tests;
