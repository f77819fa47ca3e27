//! The far end of a leg that a crash left: it takes a CANCEL or BYE, or repeats an answer that was not
//! acknowledged.

use super::{ROUND_TRIP_MS, dialog_of};
use crate::lines::carrier_book::CarrierBook;
use async_trait::async_trait;
use domain::ports::clock::Clock;
use domain::ports::line::{LEFT_OVER_WATCH_MS, LeftOverEvent, LeftOverLeg, LegFacts};
use domain::time::Timestamp;
use std::collections::VecDeque;
use std::sync::Arc;

/// The times at which a simulated callee repeats its 2xx until it is acknowledged, in milliseconds after
/// the first (RFC 3261, 13.3.1.4: T1 doubles to T2).
const COPIES_AT_MS: [u64; 10] = [
    500, 1_500, 3_500, 7_500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500,
];

/// A leg of the simulated line that was left over by a crash, while it is ended.
pub(super) struct SimulatedLeftOverLeg {
    clock: Arc<dyn Clock>,
    book: Arc<CarrierBook>,
    sip_call_id: String,
    pending: VecDeque<(Timestamp, LeftOverEvent)>,
}

impl SimulatedLeftOverLeg {
    pub(super) fn end(facts: &LegFacts, clock: Arc<dyn Clock>, book: Arc<CarrierBook>) -> Self {
        let sip_call_id = facts.identity.sip_call_id();
        let now = clock.now();
        let soon = now.plus_ms(ROUND_TRIP_MS);
        let over = (now.plus_ms(LEFT_OVER_WATCH_MS), LeftOverEvent::Closed);
        let entry = book.entry(&sip_call_id);
        let copy_at = entry.as_ref().and_then(|entry| {
            let answered_at = entry.answered_at.filter(|_| entry.acknowledged_at.is_none())?;
            let mut copies = COPIES_AT_MS.iter().map(|ms| answered_at.plus_ms(*ms));
            copies.find(|at| *at >= soon)
        });
        let crosses =
            book.is_crossing(&sip_call_id) && entry.is_some_and(|entry| entry.answered_at.is_none());
        let answer = |at: Timestamp| {
            let dialog = dialog_of(&sip_call_id, &facts.callee);
            [
                (at, LeftOverEvent::LateAnswered(dialog)),
                (at.plus_ms(ROUND_TRIP_MS), LeftOverEvent::Closed),
            ]
        };
        let pending: Vec<(Timestamp, LeftOverEvent)> = match (&facts.answered, copy_at) {
            (Some(_), _) => vec![(soon, LeftOverEvent::Closed)],
            (None, Some(at)) => answer(at).into(),
            (None, None) if crosses => answer(soon).into(),
            (None, None) => vec![(soon, LeftOverEvent::Refused), over],
        };
        let was_answered = facts.answered.is_some();
        book.change(&sip_call_id, |entry| {
            entry.ended_left_over = true;
            // A leg that its own process hung up has had its BYE.
            if was_answered && entry.byes == 0 {
                entry.acknowledged_at.get_or_insert(soon);
                entry.byes += 1;
            }
            entry.ended_at.get_or_insert(soon);
        });
        Self {
            clock,
            book,
            sip_call_id,
            pending: pending.into(),
        }
    }

    fn note_late(&self, at: Timestamp) {
        self.book.change(&self.sip_call_id, |entry| {
            entry.replied = true;
            entry.answered_at.get_or_insert(at);
            entry.acknowledged_at.get_or_insert(at);
            entry.byes += 1;
        });
    }
}

#[async_trait]
impl LeftOverLeg for SimulatedLeftOverLeg {
    async fn next(&mut self) -> LeftOverEvent {
        let Some((at, _)) = self.pending.front() else {
            // No event follows `Closed`.
            return std::future::pending().await;
        };
        let at = *at;
        // Cancel-safe: no event is removed before the wait is over.
        self.clock.wait_until(at).await;
        let Some((_, event)) = self.pending.pop_front() else {
            return std::future::pending().await;
        };
        if matches!(event, LeftOverEvent::LateAnswered(_)) {
            self.note_late(at);
        }
        event
    }
}
