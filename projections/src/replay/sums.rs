//! The in-memory views of a fold: they are fed event by event and write their rows and checkpoints once at
//! the end.

use crate::borrowed_event::{BorrowedEvent, InMemoryView};
use crate::checkpoint::{Checkpoint, write_checkpoints};
use crate::database::Tx;
use crate::error::ProjectionError;
use crate::table::InitialRows;
use crate::view::{HandledKinds, View, into_parked_error};
use domain::ids::StreamId;
use domain::stored_event::{Position, StoredEvent};
use domain::time::Timestamp;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A view with its in-memory state.
type SummedView = (Arc<dyn View>, Box<dyn InMemoryView>);

/// The in-memory states of several views during a fold, and the position of the last event.
pub(crate) struct ViewSums {
    views: Vec<SummedView>,
    /// For each event kind, which of the views handle it, by index.
    takers: BTreeMap<&'static str, Vec<bool>>,
    last: Option<(Position, Timestamp)>,
    /// True if loaded rows hold the events before the first one.
    has_past: bool,
}

impl ViewSums {
    /// Starts all views in memory, without rows. `None` unless every view has an in-memory implementation
    /// and names its kinds.
    pub(crate) fn begin(views: &[Arc<dyn View>]) -> Option<Self> {
        let mut takers = BTreeMap::new();
        for view in views {
            let HandledKinds::Kinds(kinds) = view.handles() else {
                return None;
            };
            takers.extend(kinds.iter().map(|kind| (*kind, Vec::new())));
        }
        for (kind, taken) in &mut takers {
            taken.extend(views.iter().map(|view| view.handles().takes(kind)));
        }
        let with_sums = |view: &Arc<dyn View>| Some((Arc::clone(view), view.in_memory()?));
        Some(Self {
            views: views.iter().map(with_sums).collect::<Option<_>>()?,
            takers,
            last: None,
            has_past: false,
        })
    }

    /// Loads rows of earlier events into all views. Returns false if a view cannot start from rows.
    pub(crate) fn begin_with(&mut self, begun: &InitialRows) -> Result<bool, ProjectionError> {
        for (_, sums) in &mut self.views {
            if !sums.begin_with(begun)? {
                return Ok(false);
            }
        }
        self.has_past = !begun.is_empty();
        Ok(true)
    }

    /// Applies the events of a page from index `behind` on. Stops before an event of an entity of which
    /// earlier events must be replayed first, and returns the index and the entity's stream; `None` when
    /// the page is done. `recalled`: the earlier events of the first one have just been replayed.
    pub(crate) fn take(
        &mut self,
        page: &[StoredEvent],
        behind: usize,
        recalled: bool,
    ) -> Result<Option<(usize, StreamId)>, ProjectionError> {
        for (index, stored) in page.iter().enumerate().skip(behind) {
            let event = self.read(stored)?;
            let asks = self.has_past && !(recalled && index == behind);
            if asks && takers(&mut self.views, &self.takers, &event).any(|(_, sums)| sums.lacks_past(&event))
            {
                return Ok(Some((index, event.stream())));
            }
            for (view, sums) in takers(&mut self.views, &self.takers, &event) {
                sums.take(&event)
                    .map_err(|error| into_parked_error(view.as_ref(), stored.position, error))?;
            }
            self.last = Some((stored.position, stored.recorded_at));
        }
        Ok(None)
    }

    /// Replays earlier events of an entity, which the loaded rows have counted already.
    pub(crate) fn recall(&mut self, past: &[StoredEvent]) -> Result<(), ProjectionError> {
        for stored in past {
            let event = self.read(stored)?;
            for (view, sums) in takers(&mut self.views, &self.takers, &event) {
                sums.recall(&event)
                    .map_err(|error| into_parked_error(view.as_ref(), stored.position, error))?;
            }
        }
        Ok(())
    }

    fn read<'a>(&self, stored: &'a StoredEvent) -> Result<BorrowedEvent<'a>, ProjectionError> {
        BorrowedEvent::read(stored).map_err(|unreadable| {
            let error = ProjectionError::Corrupt(unreadable.to_string());
            match self.views.first() {
                Some((view, _)) => into_parked_error(view.as_ref(), stored.position, error),
                None => error,
            }
        })
    }

    /// Returns true if the view with this name is among these.
    pub(crate) fn is_of(&self, view: &str) -> bool {
        self.views.iter().any(|(own, _)| own.name() == view)
    }

    pub(crate) fn hand_over(
        self,
        tx: &mut dyn Tx,
        mut checkpoints: Vec<Checkpoint>,
    ) -> Result<(), ProjectionError> {
        for (_, sums) in self.views {
            sums.hand_over(tx)?;
        }
        let Some((position, recorded_at)) = self.last else {
            return Ok(());
        };
        for checkpoint in &mut checkpoints {
            (checkpoint.position, checkpoint.recorded_at) = (position, Some(recorded_at));
        }
        write_checkpoints(tx, &checkpoints)
    }
}

/// Returns the in-memory views that handle the event's kind.
fn takers<'a>(
    views: &'a mut [SummedView],
    takers: &'a BTreeMap<&'static str, Vec<bool>>,
    event: &BorrowedEvent<'_>,
) -> impl Iterator<Item = &'a mut SummedView> {
    let taken = takers.get(event.kind()).into_iter().flatten();
    views
        .iter_mut()
        .zip(taken)
        .filter_map(|(summed, is_taken)| is_taken.then_some(summed))
}
