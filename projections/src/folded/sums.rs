//! The sums of all views that are folded, fed event by event, and handed over once with their checkpoints.

use crate::checkpoint::{Checkpoint, write_checkpoints};
use crate::database::Tx;
use crate::error::ProjectionError;
use crate::in_place::{InMemory, InPlace};
use crate::view::{Handles, View, parked_before};
use domain::stored_event::{Position, StoredEvent};
use domain::time::Timestamp;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The sums of several views, and where the last event stands.
pub(crate) struct SumsOf {
    views: Vec<(Arc<dyn View>, Box<dyn InMemory>)>,
    /// By kind: whether each of the views takes it.
    takers: BTreeMap<&'static str, Vec<bool>>,
    last: Option<(Position, Timestamp)>,
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
        })
    }

    pub(crate) fn take(&mut self, page: &[StoredEvent]) -> Result<(), ProjectionError> {
        for stored in page {
            let event = InPlace::read(stored).map_err(|unreadable| {
                let (view, _) = self.views.first()?;
                let error = ProjectionError::Corrupt(unreadable.to_string());
                Some(parked_before(view.as_ref(), stored.position, error))
            });
            let event = match event {
                Ok(event) => event,
                Err(Some(error)) => return Err(error),
                Err(None) => return Ok(()),
            };
            let taken = self.takers.get(event.kind()).into_iter().flatten();
            for ((view, sums), is_taken) in self.views.iter_mut().zip(taken) {
                if *is_taken {
                    sums.take(&event)
                        .map_err(|error| parked_before(view.as_ref(), stored.position, error))?;
                }
            }
            self.last = Some((stored.position, stored.recorded_at));
        }
        Ok(())
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
