//! Damage: a part of the log that this process could not read. The reader that meets it reports it once, and
//! everything that acts on the log sees it.
//!
//! A reader returns the events before it and ends. No later event is acted on, because the unreadable one may
//! have been an opt-out. Damage does not heal by itself: only a restart looks again.

use domain::stored_event::Position;
use tokio::sync::watch;

/// A place of the log that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the log cannot be read {}: {why}", place(*.position, *.after))]
pub struct Damage {
    /// The damaged position, if known.
    pub position: Option<Position>,
    /// The last position before the damage that was read.
    pub after: Position,
    pub why: String,
}

fn place(position: Option<Position>, after: Position) -> String {
    position.map_or_else(
        || format!("after position {after}"),
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
    /// Reports damage to everything that waits for it. Only the first report is kept, because no later
    /// event counts.
    pub fn report(&self, damage: Damage) {
        tracing::error!(%damage, "the log is damaged: later events have no effect, and no call is dialed");
        self.0.send_if_modified(|first| {
            let is_first = first.is_none();
            if is_first {
                *first = Some(damage);
            }
            is_first
        });
    }

    /// Returns the first damage that was reported; `None` if there was none.
    pub fn first(&self) -> Option<Damage> {
        self.0.borrow().clone()
    }

    /// Waits until damage is reported; returns at once if it was. Cancel-safe.
    pub async fn met(&self) {
        // The sender lives as long as `self`.
        drop(self.0.subscribe().wait_for(Option::is_some).await);
    }
}
