//! The rows that segments use, one set for the process. Questions are answered one at a time, on a separate
//! thread. A question about the past has rows of its own.

use super::row_updates::PositionedRows;
use crate::as_of::replays::ReplayService;
use crate::as_of::slot_queue::SlotQueue;
use actors::Environment;
use domain::attribute::BuiltInAttribute;
use domain::ids::CustomerId;
use domain::ports::clock::Clock;
use domain::problem::{MemberError, Problem, ProblemKind};
use domain::segment::Segment;
use domain::stored_event::Position;
use domain::time::Timestamp;
use projections::CustomerAttributes;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::OwnedSemaphorePermit;

/// Most customers with all their facts in memory at once (about 400 MB); a question about more is refused.
pub(super) const KNOWN_MAX: u64 = 500_000;

/// Most questions that wait for the rows; a further one is refused. Each takes some milliseconds once the
/// rows are read, so that all of them are answered within `WAIT_MS_MAX`.
const WAITING_MAX: usize = 64;

/// Longest wait, in milliseconds: as long as one question may read the log (`as_of::replays`).
const WAIT_MS_MAX: u64 = 30_000;

/// Answers questions about segments from the rows of this process, one at a time.
pub struct SegmentService {
    line: SlotQueue,
    held: Arc<Mutex<Option<PositionedRows>>>,
}

impl Default for SegmentService {
    fn default() -> Self {
        Self {
            line: SlotQueue::new(1, WAITING_MAX, WAIT_MS_MAX),
            held: Arc::default(),
        }
    }
}

/// What is needed from a segment besides its count.
pub(super) struct SegmentQuery {
    pub(super) segment: Segment,
    pub(super) until: Position,
    pub(super) at: Timestamp,
    pub(super) is_past: bool,
    /// True if it was evaluated and recorded before: its columns then exist.
    pub(super) is_frozen: bool,
    pub(super) named_max: u64,
    /// Facts of all customers that it selects.
    pub(super) known: Vec<&'static BuiltInAttribute>,
}

pub(super) struct SegmentAnswer {
    pub(super) count: u64,
    pub(super) members: Vec<CustomerId>,
    pub(super) known: Vec<CustomerAttributes>,
}

impl SegmentService {
    pub(super) async fn ask(
        &self,
        environment: &Environment,
        past: &ReplayService,
        asked: SegmentQuery,
    ) -> Result<SegmentAnswer, Problem> {
        let place = self.place(environment.clock.as_ref()).await?;
        let (held, vault) = (Arc::clone(&self.held), Arc::clone(&environment.vault));
        let answered = past.apart(environment, move |on| {
            let answer = on.runtime.block_on(async {
                let kept = match asked.is_past {
                    true => None,
                    false => held.lock().unwrap_or_else(PoisonError::into_inner).take(),
                };
                let mut rows = match kept {
                    Some(rows) => rows,
                    None => PositionedRows::begin().await?,
                };
                let followed = rows
                    .follow(on.store, vault.as_ref(), asked.until, on.goes_on)
                    .await;
                let answer = match followed {
                    Ok(()) => answer_of(&rows, &asked).await,
                    Err(problem) => Err(problem),
                };
                if !asked.is_past {
                    *held.lock().unwrap_or_else(PoisonError::into_inner) = Some(rows);
                }
                answer
            });
            drop(place);
            answer
        });
        answered
            .await?
            .unwrap_or_else(|| Err(Problem::unavailable("the server stops")))
    }

    async fn place(&self, clock: &dyn Clock) -> Result<OwnedSemaphorePermit, Problem> {
        let busy = || {
            let detail = "another segment query is running; try again";
            Problem::new(ProblemKind::Unavailable, "segments-busy", detail)
        };
        self.line.place(clock, busy).await
    }
}

async fn answer_of(held: &PositionedRows, asked: &SegmentQuery) -> Result<SegmentAnswer, Problem> {
    if !asked.is_frozen
        && let Some(name) = held
            .rows
            .find_unused_attribute(asked.segment.list_custom_attributes())
            .await?
    {
        return Err(Problem::members(vec![MemberError {
            pointer: "/sql".to_owned(),
            detail: format!("{name} is neither a column nor a customer attribute: see `segment columns`"),
        }]));
    }
    let count = held.rows.count(&asked.segment, asked.at).await?;
    let members = match asked.named_max {
        0 => Vec::new(),
        named_max => held.rows.members(&asked.segment, asked.at, named_max).await?,
    };
    let known = match asked.known.is_empty() {
        true => Vec::new(),
        false => {
            let most = KNOWN_MAX + 1;
            held.rows
                .known(&asked.segment, asked.at, &asked.known, most)
                .await?
        }
    };
    Ok(SegmentAnswer {
        count,
        members,
        known,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use store::test_ports::{ElapsedClock, StoppedClock};

    #[tokio::test]
    async fn the_line_before_the_rows_has_an_end_and_a_longest_wait() {
        let room = SegmentService::default();
        let held = room.place(&StoppedClock::default()).await.unwrap();
        assert_eq!(room.place(&ElapsedClock).await.unwrap_err().code, "segments-busy");
        let clock = StoppedClock::default();
        let mut line: Vec<_> = (0..WAITING_MAX).map(|_| Box::pin(room.place(&clock))).collect();
        for asker in &mut line {
            assert!(futures_util::poll!(asker).is_pending());
        }
        let beyond = room.place(&StoppedClock::default()).await.unwrap_err();
        assert_eq!(beyond.code, "segments-busy");
        drop(held);
        assert!(line.remove(0).await.is_ok());
    }
}
