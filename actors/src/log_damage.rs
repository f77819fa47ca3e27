//! What of the log this process could not read: said once by whoever meets it, seen by all who act on the
//! log.
//!
//! A follower that meets it hands on what stands before it and ends; nothing behind it is acted on, because
//! what cannot be read may have been an opt-out. It does not heal by itself: a restart looks again.

use domain::stored_event::Position;
use tokio::sync::watch;

/// One place of the log that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the log cannot be read {}: {why}", place(*.position, *.after))]
pub struct Damage {
    /// Where it is known.
    pub position: Option<Position>,
    /// The last position before it that was read.
    pub after: Position,
    pub why: String,
}

fn place(position: Option<Position>, after: Position) -> String {
    position.map_or_else(
        || format!("behind position {after}"),
        |position| format!("at position {position}"),
    )
}

/// The first damage met in this process, shared by everything that follows its log.
#[derive(Debug)]
pub struct LogDamage(watch::Sender<Option<Damage>>);

impl Default for LogDamage {
    fn default() -> Self {
        Self(watch::Sender::new(None))
    }
}

impl LogDamage {
    /// Says it to all; the first damage stands, because nothing behind it counts.
    pub fn report(&self, damage: Damage) {
        tracing::error!(%damage, "the log is damaged: nothing behind this is acted on, and nothing is dialed");
        self.0.send_if_modified(|first| {
            let is_first = first.is_none();
            if is_first {
                *first = Some(damage);
            }
            is_first
        });
    }

    /// The first that was met, if any.
    pub fn first(&self) -> Option<Damage> {
        self.0.borrow().clone()
    }

    /// Returns once damage was met. Cancel-safe.
    pub async fn met(&self) {
        // The sender lives as long as `self`.
        drop(self.0.subscribe().wait_for(Option::is_some).await);
    }
}
