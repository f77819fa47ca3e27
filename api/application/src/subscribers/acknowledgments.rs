//! The positions that a reader acknowledges on its own connection: collected, and stored every few seconds
//! and at the end.
//!
//! Each stored position is an event. A reader that acknowledges every event would otherwise write as much
//! as it reads.

use super::management::acknowledge;
use crate::installation::Installation;
use domain::actor::Actor;
use domain::problem::{Problem, ProblemKind};
use domain::stored_event::{Cause, Position};
use domain::subscriber::SubscriberId;
use domain::time::Timestamp;
use serde::Deserialize;
use std::sync::Arc;

/// Longest time until an acknowledged position is stored, in milliseconds. After a crash, a reader receives
/// the events of that time again.
const GATHER_MS: u64 = 5_000;

/// A message of the reader: `{"acknowledge": "142"}`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Acknowledgment {
    acknowledge: String,
}

/// The result of a reader's message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AcknowledgmentResult {
    /// The acknowledgment was accepted.
    Taken,
    /// Invalid, with the reason. The connection ends.
    Wrong(String),
}

/// Collects the positions that one reader acknowledges, and stores the latest at intervals.
pub struct AcknowledgmentBuffer {
    installation: Arc<Installation>,
    name: SubscriberId,
    turn: u32,
    by: Option<Actor>,
    waiting: Option<Position>,
    store_at: Timestamp,
}

impl AcknowledgmentBuffer {
    /// Creates a buffer for a reader that follows under this name in this turn.
    pub fn new(installation: Arc<Installation>, name: SubscriberId, turn: u32, by: Option<Actor>) -> Self {
        Self {
            installation,
            name,
            turn,
            by,
            waiting: None,
            store_at: Timestamp::from_millis(0),
        }
    }

    /// Reads one message of the reader, to which everything up to `sent` was sent; acknowledging more is
    /// wrong.
    pub fn hear(&mut self, text: &str, sent: Position) -> AcknowledgmentResult {
        let position = match serde_json::from_str::<Acknowledgment>(text) {
            Ok(said) => said.acknowledge.parse().map(Position).ok(),
            Err(_) => None,
        };
        let Some(position) = position else {
            return AcknowledgmentResult::Wrong("a message is {\"acknowledge\":\"POSITION\"}".to_owned());
        };
        if position > sent {
            return AcknowledgmentResult::Wrong(format!(
                "{position} was not sent yet, only positions up to {sent}"
            ));
        }
        if self.waiting.is_none() {
            self.store_at = self.installation.now().plus_ms(GATHER_MS);
        }
        self.waiting = self.waiting.max(Some(position));
        AcknowledgmentResult::Taken
    }

    /// Waits until the collected position is due to be stored; forever if there is none. Cancel-safe.
    pub async fn due(&self) {
        match self.waiting {
            Some(_) => {
                let clock = &self.installation.environment.clock;
                clock.wait_until(self.store_at).await;
            }
            None => std::future::pending().await,
        }
    }

    /// Stores the collected position, if there is one. If it cannot be stored now, it is kept for the next
    /// attempt. Returns false if the subscriber no longer exists.
    pub async fn store(&mut self) -> bool {
        let Some(position) = self.waiting.take() else {
            return true;
        };
        let cause = Cause::outside(self.installation.new_command()).asked_by(self.by);
        let turn = Some(self.turn);
        match acknowledge(&self.installation, &self.name, position, turn, cause).await {
            Ok(_) => true,
            Err(problem) => self.again(position, &problem),
        }
    }

    fn again(&mut self, position: Position, problem: &Problem) -> bool {
        tracing::warn!(subscriber = %self.name, %position, code = problem.code, "a position is not stored");
        self.waiting = Some(position);
        self.store_at = self.installation.now().plus_ms(GATHER_MS);
        !matches!(problem.kind, ProblemKind::Missing | ProblemKind::Refused)
    }
}
