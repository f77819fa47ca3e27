//! The rows that segments ask, one set for the process: who asks comes one after another, on a thread beside
//! the others; a question about the past has rows of its own.

use super::following::Held;
use crate::as_of::past::Past;
use actors::Environment;
use domain::attribute::Known;
use domain::ids::CustomerId;
use domain::problem::{MemberError, Problem};
use domain::segment::Segment;
use domain::stored_event::Position;
use domain::time::Timestamp;
use projections::KnownOf;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::Semaphore;

/// Most people of whom all that is known is in memory at once: some 400 MB.
pub(super) const KNOWN_MAX: u64 = 500_000;

/// The rows of this process; one question at a time.
pub struct SegmentRoom {
    place: Arc<Semaphore>,
    held: Arc<Mutex<Option<Held>>>,
}

impl Default for SegmentRoom {
    fn default() -> Self {
        Self {
            place: Arc::new(Semaphore::new(1)),
            held: Arc::default(),
        }
    }
}

/// What is wanted of a segment besides its count.
pub(super) struct Asked {
    pub(super) segment: Segment,
    pub(super) until: Position,
    pub(super) at: Timestamp,
    pub(super) is_past: bool,
    pub(super) named_max: u64,
    /// Of everybody whom it means.
    pub(super) known: Vec<&'static Known>,
}

pub(super) struct Answer {
    pub(super) count: u64,
    pub(super) members: Vec<CustomerId>,
    pub(super) known: Vec<KnownOf>,
}

impl SegmentRoom {
    pub(super) async fn ask(
        &self,
        environment: &Environment,
        past: &Past,
        asked: Asked,
    ) -> Result<Answer, Problem> {
        let place = Arc::clone(&self.place).acquire_owned().await;
        let place = place.map_err(|_closed| Problem::unavailable("segments"))?;
        let (held, vault) = (Arc::clone(&self.held), Arc::clone(&environment.vault));
        let answered = past.apart(environment, move |on| {
            let answer = on.runtime.block_on(async {
                let kept = match asked.is_past {
                    true => None,
                    false => held.lock().unwrap_or_else(PoisonError::into_inner).take(),
                };
                let mut rows = match kept {
                    Some(rows) => rows,
                    None => Held::begin().await?,
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
            .unwrap_or_else(|| Err(Problem::unavailable("the process stops")))
    }
}

async fn answer_of(held: &Held, asked: &Asked) -> Result<Answer, Problem> {
    if let Some(name) = held.rows.first_of_nobody(asked.segment.further()).await? {
        return Err(Problem::members(vec![MemberError {
            pointer: "/sql".to_owned(),
            detail: format!(
                "{name} is no column, and nobody has an attribute of that name: see `segment columns`"
            ),
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
    Ok(Answer {
        count,
        members,
        known,
    })
}
