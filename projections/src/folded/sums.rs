//! The sums of all views that are folded, fed event by event, and handed over once with their checkpoints.

use crate::checkpoint::{Checkpoint, write_checkpoints};
use crate::database::Tx;
use crate::error::ProjectionError;
use crate::in_place::{InMemory, InPlace};
use crate::table::Begun;
use crate::view::{Handles, View, parked_before};
use domain::ids::StreamId;
use domain::stored_event::{Position, StoredEvent};
use domain::time::Timestamp;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A view and its sums.
type Summed = (Arc<dyn View>, Box<dyn InMemory>);

/// The sums of several views, and where the last event stands.
pub(crate) struct SumsOf {
    views: Vec<Summed>,
    /// By kind: whether each of the views takes it.
    takers: BTreeMap<&'static str, Vec<bool>>,
    last: Option<(Position, Timestamp)>,
    /// What came before the first event is in rows that were begun with.
    has_past: bool,
}

impl SumsOf {
    /// `None` unless every view has sums, of kinds it names.
    pub(crate) fn begin(views: &[Arc<dyn View>]) -> Option<Self> {
        let mut takers = BTreeMap::new();
        for view in views {
            let Handles::Kinds(kinds) = view.handles() else {
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

    /// Begins with rows of what came before; `false` where a view cannot.
    pub(crate) fn begin_with(&mut self, begun: &Begun) -> Result<bool, ProjectionError> {
        for (_, sums) in &mut self.views {
            if !sums.begin_with(begun)? {
                return Ok(false);
            }
        }
        self.has_past = !begun.is_empty();
        Ok(true)
    }

    /// Takes the events of a page behind so many; stops before one of an entity whose past is to be recalled
    /// first, and answers how many are taken and which stream that is. The first of those left is not asked
    /// for its past when that was just `recalled`.
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
                    .map_err(|error| parked_before(view.as_ref(), stored.position, error))?;
            }
            self.last = Some((stored.position, stored.recorded_at));
        }
        Ok(None)
    }

    /// Tells of an entity what the rows begun with have counted of it.
    pub(crate) fn recall(&mut self, past: &[StoredEvent]) -> Result<(), ProjectionError> {
        for stored in past {
            let event = self.read(stored)?;
            for (view, sums) in takers(&mut self.views, &self.takers, &event) {
                sums.recall(&event)
                    .map_err(|error| parked_before(view.as_ref(), stored.position, error))?;
            }
        }
        Ok(())
    }

    fn read<'a>(&self, stored: &'a StoredEvent) -> Result<InPlace<'a>, ProjectionError> {
        InPlace::read(stored).map_err(|unreadable| {
            let error = ProjectionError::Corrupt(unreadable.to_string());
            match self.views.first() {
                Some((view, _)) => parked_before(view.as_ref(), stored.position, error),
                None => error,
            }
        })
    }

    /// Whether a view is one of these.
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

/// The views that take an event of its kind.
fn takers<'a>(
    views: &'a mut [Summed],
    takers: &'a BTreeMap<&'static str, Vec<bool>>,
    event: &InPlace<'_>,
) -> impl Iterator<Item = &'a mut Summed> {
    let taken = takers.get(event.kind()).into_iter().flatten();
    views
        .iter_mut()
        .zip(taken)
        .filter_map(|(summed, is_taken)| is_taken.then_some(summed))
}
