//! Events read where their records lie, nothing copied, and the sums a view keeps of them in memory: for
//! folds, whose rows are made once at the end instead of changed with each event.

use crate::database::{Checkpoint, Tx, write_checkpoints};
use crate::error::ProjectionError;
use crate::runner::parked_before;
use crate::view::{Handles, View, ViewEvent};
use domain::stored_event::{Position, StoredEvent, UnreadableRecord};
use domain::time::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What surrounds an event's data, as far as sums need it.
#[derive(Debug, Deserialize)]
struct Around<'a> {
    #[serde(borrow)]
    kind: Cow<'a, str>,
    version: u16,
    #[serde(borrow)]
    stream: Cow<'a, str>,
    at: Timestamp,
    // Ids have no character that JSON escapes.
    #[serde(borrow, default)]
    campaign: Option<&'a str>,
    #[serde(borrow, default)]
    customer: Option<&'a str>,
    #[serde(borrow)]
    data: &'a RawValue,
}

/// A stored event that is looked at and not kept.
#[derive(Debug)]
pub struct InPlace<'a> {
    stored: &'a StoredEvent,
    around: Around<'a>,
}

impl<'a> InPlace<'a> {
    pub(crate) fn read(stored: &'a StoredEvent) -> Result<Self, UnreadableRecord> {
        let around = serde_json::from_slice(&stored.record).map_err(|error| UnreadableRecord {
            position: stored.position,
            why: error.to_string(),
        })?;
        Ok(Self { stored, around })
    }

    pub(crate) const fn stored(&self) -> &'a StoredEvent {
        self.stored
    }

    pub(crate) fn kind(&self) -> &str {
        &self.around.kind
    }

    pub(crate) const fn version(&self) -> u16 {
        self.around.version
    }

    pub(crate) const fn at(&self) -> Timestamp {
        self.around.at
    }

    pub(crate) const fn campaign(&self) -> Option<&'a str> {
        self.around.campaign
    }

    pub(crate) const fn customer(&self) -> Option<&'a str> {
        self.around.customer
    }

    pub(crate) const fn data(&self) -> &'a RawValue {
        self.around.data
    }

    /// The id of the entity in whose stream it stands.
    pub(crate) fn stream_id(&self) -> &str {
        self.around.stream.split_once('-').map_or("", |(_, id)| id)
    }

    /// Some members of the data; the others are passed over.
    pub(crate) fn members<T: Deserialize<'a>>(&self) -> Result<T, ProjectionError> {
        serde_json::from_str(self.around.data.get())
            .map_err(|error| ProjectionError::Fault(format!("{}: {error}", self.around.kind)))
    }

    /// The event with everything, as `View::apply` takes it.
    pub(crate) fn whole(&self) -> Result<ViewEvent, ProjectionError> {
        ViewEvent::read(self.stored).map_err(|error| ProjectionError::Corrupt(error.to_string()))
    }
}

/// What a view makes of events in memory: the rows that `View::apply` makes of the same events, or those of
/// them that are asked for, written once.
pub trait InMemory: Send {
    /// Takes the next event, of a kind that the view handles.
    fn take(&mut self, event: &InPlace<'_>) -> Result<(), ProjectionError>;

    /// Adds all rows to tables that have none.
    fn hand_over(self: Box<Self>, tx: &mut dyn Tx) -> Result<(), ProjectionError>;
}

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
