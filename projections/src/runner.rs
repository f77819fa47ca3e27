//! Feeds events to views: batches from one subscription, rows and checkpoints in one transaction, waiters
//! woken after it. A view that cannot take an event is parked before it and says so; the others go on.

use crate::database::{
    Checkpoint, ReadDb, Tx, prepare_schema, read_as, read_checkpoints, transact, write_checkpoints,
};
use crate::error::ProjectionError;
use crate::progress::Progress;
use crate::view::{View, ViewEvent};
use domain::ports::event_store::EventStore;
use domain::stored_event::{Position, StoredEvent, UnreadableRecord};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Events in one transaction: enough to spread its commit, few enough that readers see news at once.
pub const BATCH_EVENTS_MAX: usize = 512;

type Events = Arc<Vec<Result<ViewEvent, UnreadableRecord>>>;

/// Views with their database; applies batches. Everything that feeds views goes through here.
pub(crate) struct Feeder {
    db: Arc<dyn ReadDb>,
    views: Arc<[Arc<dyn View>]>,
    progress: Arc<Progress>,
    /// Views that stay before an event, for the life of this feeder: a restart tries again.
    parked: BTreeMap<&'static str, (Position, String)>,
}

impl Feeder {
    /// Makes or remakes tables and reads the checkpoints.
    pub(crate) async fn begin(
        db: Arc<dyn ReadDb>,
        views: Arc<[Arc<dyn View>]>,
    ) -> Result<Self, ProjectionError> {
        let prepared = Arc::clone(&views);
        transact(db.as_ref(), move |tx| prepare_schema(tx, &prepared)).await?;
        let feeder = Self {
            progress: Arc::new(Progress::new(own_checkpoints(db.as_ref(), &views).await?)),
            db,
            views,
            parked: BTreeMap::new(),
        };
        Ok(feeder)
    }

    pub(crate) fn progress(&self) -> Arc<Progress> {
        Arc::clone(&self.progress)
    }

    /// Where to read on: the least advanced view that is not parked; `None` when all are.
    pub(crate) fn after(&self) -> Option<Position> {
        self.progress.position()
    }

    /// Applies events in order to every view that has not seen them. Again is harmless.
    pub(crate) async fn feed(&mut self, stored: &[StoredEvent]) -> Result<(), ProjectionError> {
        for batch in stored.chunks(BATCH_EVENTS_MAX) {
            self.feed_batch(Arc::new(batch.iter().map(ViewEvent::read).collect()))
                .await?;
        }
        Ok(())
    }

    async fn feed_batch(&mut self, events: Events) -> Result<(), ProjectionError> {
        loop {
            match self.try_batch(Arc::clone(&events)).await {
                // The transaction was rolled back; without the parked view it is tried again. Each turn
                // parks one view more, so this ends.
                Err(ProjectionError::Parked { view, position, why }) => self.park(&view, position, why)?,
                Err(other) => return Err(other),
                Ok(checkpoints) => {
                    self.progress.publish(checkpoints);
                    return Ok(());
                }
            }
        }
    }

    async fn try_batch(&self, events: Events) -> Result<Vec<Checkpoint>, ProjectionError> {
        let views = Arc::clone(&self.views);
        let parked = self.parked.clone();
        transact(self.db.as_ref(), move |tx| {
            apply_batch(tx, &views, &events, &parked)
        })
        .await
    }

    fn park(&mut self, view: &str, position: Position, why: String) -> Result<(), ProjectionError> {
        let known = self.views.iter().find(|known| known.name() == view);
        let name = known
            .map(|known| known.name())
            .filter(|name| !self.parked.contains_key(name))
            .ok_or_else(|| ProjectionError::Fault(format!("view {view} was parked twice")))?;
        tracing::error!(
            view,
            position = position.0,
            why,
            "view parked before an event it cannot take"
        );
        self.parked.insert(name, (position, why));
        Ok(())
    }
}

async fn own_checkpoints(
    db: &dyn ReadDb,
    views: &[Arc<dyn View>],
) -> Result<Vec<Checkpoint>, ProjectionError> {
    let mut all = read_as(db, read_checkpoints).await?;
    all.retain(|row| views.iter().any(|view| view.name() == row.view));
    for row in &mut all {
        row.parked = None;
    }
    Ok(all)
}

/// Rows of all views and their checkpoints, in the caller's transaction. The checkpoints are read inside
/// it, so events that were applied before are skipped whatever the caller believes.
fn apply_batch(
    tx: &mut dyn Tx,
    views: &[Arc<dyn View>],
    events: &[Result<ViewEvent, UnreadableRecord>],
    parked: &BTreeMap<&'static str, (Position, String)>,
) -> Result<Vec<Checkpoint>, ProjectionError> {
    let stored = read_checkpoints(tx)?;
    let mut moved = Vec::with_capacity(views.len());
    let mut changed = Vec::with_capacity(views.len());
    for view in views {
        let mut checkpoint = stored
            .iter()
            .find(|row| row.view == view.name())
            .cloned()
            .ok_or_else(|| ProjectionError::Fault(format!("view {} has no checkpoint", view.name())))?;
        let before = checkpoint.clone();
        // Rows that are past the event were given it elsewhere: by a switch, or another process.
        let parked = parked
            .get(view.name())
            .filter(|parked| parked.0 > checkpoint.position);
        checkpoint.parked = parked.cloned();
        let end = checkpoint.parked.as_ref().map(|(position, _)| *position);
        apply_view(tx, view.as_ref(), events, (&mut checkpoint, end))?;
        if checkpoint != before {
            changed.push(checkpoint.clone());
        }
        moved.push(checkpoint);
    }
    write_checkpoints(tx, &changed)?;
    Ok(moved)
}

/// Applies to one view what it has not seen yet, up to before `end`, and moves its checkpoint along.
pub(crate) fn apply_view(
    tx: &mut dyn Tx,
    view: &dyn View,
    events: &[Result<ViewEvent, UnreadableRecord>],
    (checkpoint, end): (&mut Checkpoint, Option<Position>),
) -> Result<(), ProjectionError> {
    for event in events {
        let position = match event {
            Ok(event) => event.position,
            Err(unreadable) => unreadable.position,
        };
        if position <= checkpoint.position {
            continue;
        }
        if end.is_some_and(|end| position >= end) {
            return Ok(());
        }
        apply_event(tx, view, event).map_err(|error| match error {
            ProjectionError::Unavailable(_) => error,
            other => ProjectionError::Parked {
                view: view.name().to_owned(),
                position,
                why: other.to_string(),
            },
        })?;
        checkpoint.position = position;
        checkpoint.recorded_at = event.as_ref().ok().map(|event| event.recorded_at);
    }
    Ok(())
}

fn apply_event(
    tx: &mut dyn Tx,
    view: &dyn View,
    event: &Result<ViewEvent, UnreadableRecord>,
) -> Result<(), ProjectionError> {
    match event {
        Err(unreadable) => Err(ProjectionError::Corrupt(unreadable.to_string())),
        Ok(event) if view.handles().takes(&event.envelope.kind) => view.apply(tx, event),
        Ok(_) => Ok(()),
    }
}

/// Feeds views within the caller's task: for the simulation, for `rebuild` and for `verify`. The same code as
/// the running product, without tasks or waiting.
pub struct InlineRunner {
    feeder: Feeder,
}

impl InlineRunner {
    /// Makes or remakes tables; goes on after each view's own checkpoint.
    pub async fn begin(db: Arc<dyn ReadDb>, views: Vec<Arc<dyn View>>) -> Result<Self, ProjectionError> {
        Feeder::begin(db, views.into())
            .await
            .map(|feeder| Self { feeder })
    }

    /// Applies a page; events that a view has seen already are skipped. In order, without gaps, from
    /// `after()`.
    pub async fn apply_page(&mut self, page: &[StoredEvent]) -> Result<(), ProjectionError> {
        self.feeder.feed(page).await
    }

    /// Reads and applies until a page comes back empty; answers how far the views are.
    pub async fn catch_up(&mut self, store: &dyn EventStore) -> Result<Position, ProjectionError> {
        let mut reached = Position(0);
        while let Some(after) = self.after() {
            reached = after;
            let page = store
                .read_all(after, BATCH_EVENTS_MAX)
                .await
                .map_err(|error| ProjectionError::Unavailable(error.to_string()))?;
            if page.is_empty() {
                break;
            }
            self.feeder.feed(&page).await?;
        }
        Ok(reached)
    }

    /// Where to read on: the least advanced view that is not parked; `None` when all are.
    pub fn after(&self) -> Option<Position> {
        self.feeder.after()
    }

    /// What `SqlWorklist` and `wait_for` look at.
    pub fn progress(&self) -> Arc<Progress> {
        self.feeder.progress()
    }
}
