//! Feeds events to views: batches from one subscription, rows and checkpoints in one transaction, waiters
//! woken after it. A view that cannot take an event is parked before it and says so; the others go on.

use crate::checkpoint::{Checkpoint, write_checkpoints};
use crate::database::{ReadDb, Tx, transact};
use crate::error::ProjectionError;
use crate::own_checkpoints::{own_checkpoints, stored_checkpoints};
use crate::progress::Progress;
use crate::read_ahead::{CATCH_UP_EVENTS_MAX, Events, Reader};
use crate::schema::{prepare_schema, restore_schema};
use crate::unit_of_work::{Keys, UnitOfWork};
use crate::view::{View, ViewEvent, parked_before};
use domain::planted::{Bug, planted};
use domain::ports::event_store::EventStore;
use domain::stored_event::{Position, StoredEvent, UnreadableRecord};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// When what a view wrote is handed to the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Pace {
    /// With the batch.
    Together,
    /// After each event: slow, and tells which event it was that the database refused.
    EachEvent,
}

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
        let dialect = db.dialect();
        transact(db.as_ref(), move |tx| prepare_schema(tx, dialect, &prepared)).await?;
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
        for batch in stored.chunks(CATCH_UP_EVENTS_MAX) {
            let events = self.reader().read(batch).await;
            self.feed_batch(events).await?;
            // Rows that were moved elsewhere are behind: the caller reads on from where they are.
            if self.after() < batch.last().map(|event| event.position) {
                break;
            }
        }
        Ok(())
    }

    /// Makes events ready while others are applied.
    pub(crate) fn reader(&self) -> Reader {
        Reader::new(&self.views)
    }

    /// Lets parked views try again, and looks where all views stand: a switch may have moved one.
    pub(crate) async fn retry(&mut self, views: &BTreeSet<String>) -> Result<(), ProjectionError> {
        if views.is_empty() {
            return Ok(());
        }
        self.parked.retain(|view, _| !views.contains(*view));
        self.look_again().await
    }

    /// As `feed`, for events made ready before.
    pub(crate) async fn feed_batch(&mut self, events: Events) -> Result<(), ProjectionError> {
        let mut pace = Pace::Together;
        loop {
            match self.try_batch(Arc::clone(&events), pace).await {
                // The transaction was rolled back. Once more slowly, to learn which event it was.
                Err(ProjectionError::Parked { .. }) if pace == Pace::Together => pace = Pace::EachEvent,
                // Without the parked view it is tried again. Each turn parks one view more, so this ends.
                Err(ProjectionError::Parked { view, position, why }) => {
                    self.park(&view, position, why)?;
                    pace = Pace::Together;
                }
                // Rows that went back, or are gone, are fed from where they are now: the caller reads on from
                // there.
                Err(error @ (ProjectionError::Late { .. } | ProjectionError::Unavailable(_))) => {
                    self.begin_again().await?;
                    return Err(ProjectionError::Unavailable(error.to_string()));
                }
                Err(other) => return Err(other),
                Ok(checkpoints) => {
                    self.hear(checkpoints);
                    return Ok(());
                }
            }
        }
    }

    async fn try_batch(&self, events: Events, pace: Pace) -> Result<Vec<Checkpoint>, ProjectionError> {
        let views = Arc::clone(&self.views);
        let parked = self.parked.clone();
        let believed = self.progress.checkpoints();
        transact(self.db.as_ref(), move |tx| {
            let stored = stored_checkpoints(tx, &views, &believed)?;
            apply_batch(tx, &views, stored, &events, pace, &parked)
        })
        .await
    }

    /// Looks where the rows stand, and makes those that are gone.
    async fn begin_again(&mut self) -> Result<(), ProjectionError> {
        let (views, dialect) = (Arc::clone(&self.views), self.db.dialect());
        transact(self.db.as_ref(), move |tx| restore_schema(tx, dialect, &views)).await?;
        self.look_again().await
    }

    async fn look_again(&mut self) -> Result<(), ProjectionError> {
        let mut stored = own_checkpoints(self.db.as_ref(), &self.views).await?;
        for row in &mut stored {
            let parked = self.parked.get(row.view.as_str());
            row.parked = parked.filter(|parked| parked.0 > row.position).cloned();
        }
        self.hear(stored);
        Ok(())
    }

    /// Where all views are now. Rows that are past the event that kept them were given it elsewhere, by a
    /// switch or another process: nothing keeps them any more.
    fn hear(&mut self, checkpoints: Vec<Checkpoint>) {
        self.parked.retain(|view, (position, _)| {
            let mut rows = checkpoints.iter();
            !rows.any(|row| row.view == *view && row.position >= *position)
        });
        self.progress.publish(checkpoints);
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

/// Rows of all views and their checkpoints, in the caller's transaction. The checkpoints are read inside
/// it, so events that were applied before are skipped whatever the caller believes.
fn apply_batch(
    tx: &mut dyn Tx,
    views: &[Arc<dyn View>],
    stored: Vec<Checkpoint>,
    events: &[Result<ViewEvent, UnreadableRecord>],
    pace: Pace,
    parked: &BTreeMap<&'static str, (Position, String)>,
) -> Result<Vec<Checkpoint>, ProjectionError> {
    tx.expect(events.len())?;
    let mut moved = Vec::with_capacity(views.len());
    let mut changed = Vec::with_capacity(views.len());
    for (view, mut checkpoint) in views.iter().zip(stored) {
        let before = checkpoint.clone();
        let parked = parked.get(view.name());
        // Rows that are past the event were given it elsewhere. They stand where no batch of ours was read
        // for: this one need not follow on them, and what lies between would be missed.
        let elsewhere = parked.is_some_and(|parked| parked.0 <= checkpoint.position);
        checkpoint.parked = parked.filter(|_| !elsewhere).cloned();
        if !elsewhere {
            let end = checkpoint.parked.as_ref().map(|(position, _)| *position);
            apply_at_pace(tx, view.as_ref(), events, pace, &mut checkpoint, end)?;
        }
        if checkpoint != before {
            changed.push(checkpoint.clone());
        }
        moved.push(checkpoint);
    }
    if !planted(Bug::CheckpointNotStored) {
        write_checkpoints(tx, &changed)?;
    }
    Ok(moved)
}

fn position_of(event: &Result<ViewEvent, UnreadableRecord>) -> Position {
    match event {
        Ok(event) => event.position,
        Err(unreadable) => unreadable.position,
    }
}

/// Applies to one view what it has not seen yet, up to before `end`, and moves its checkpoint along. The
/// event named by an error is the batch's last where the database refused what was kept.
pub(crate) fn apply_view(
    tx: &mut dyn Tx,
    view: &dyn View,
    events: &[Result<ViewEvent, UnreadableRecord>],
    checkpoint: &mut Checkpoint,
    end: Option<Position>,
) -> Result<(), ProjectionError> {
    apply_at_pace(tx, view, events, Pace::Together, checkpoint, end)
}

fn apply_at_pace(
    tx: &mut dyn Tx,
    view: &dyn View,
    events: &[Result<ViewEvent, UnreadableRecord>],
    pace: Pace,
    checkpoint: &mut Checkpoint,
    end: Option<Position>,
) -> Result<(), ProjectionError> {
    let from = events.partition_point(|event| position_of(event) <= checkpoint.position);
    let until = end.map_or(events.len(), |end| {
        events.partition_point(|event| position_of(event) < end)
    });
    let fresh = events.get(from..until).unwrap_or_default();
    let Some(newest) = fresh.last() else {
        return Ok(());
    };
    let last = position_of(newest);
    let parked_at = |position| move |error| parked_before(view, position, error);
    let mut unit = UnitOfWork::new(tx, view.tables());
    if unit.reads_together() && pace == Pace::Together {
        unit.read_ahead(keys_of(view, fresh)).map_err(parked_at(last))?;
    }
    for event in fresh {
        let position = position_of(event);
        apply_event(&mut unit, view, event).map_err(parked_at(position))?;
        if pace == Pace::EachEvent {
            unit.hand_over().map_err(parked_at(position))?;
        }
    }
    unit.hand_over().map_err(parked_at(last))?;
    checkpoint.position = last;
    checkpoint.recorded_at = newest.as_ref().ok().map(|event| event.recorded_at);
    Ok(())
}

/// The rows a view will ask for.
fn keys_of(view: &dyn View, events: &[Result<ViewEvent, UnreadableRecord>]) -> Keys {
    let mut keys = Vec::new();
    for event in events.iter().flatten() {
        if view.handles().takes(&event.envelope.kind) {
            view.reads(event, &mut keys);
        }
    }
    keys
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

    /// Makes events ready for `apply_ready`, on another thread if need be.
    pub(crate) fn reader(&self) -> Reader {
        self.feeder.reader()
    }

    /// As `apply_page`, for events made ready before.
    pub(crate) async fn apply_ready(&mut self, events: Events) -> Result<(), ProjectionError> {
        self.feeder.feed_batch(events).await
    }

    /// Reads and applies until the log has no more; answers how far the views are.
    pub async fn catch_up(&mut self, store: &dyn EventStore) -> Result<Position, ProjectionError> {
        let end = Position(u64::MAX);
        let reached = self.after().unwrap_or_default();
        self.feed_to(store, end, &mut |_| {}).await?;
        Ok(self.after().unwrap_or(reached))
    }

    /// Feeds events up to and including `end`; `progress` hears the position reached. The next events are
    /// read while a batch is being written: two batches are in memory, never more.
    pub async fn feed_to(
        &mut self,
        store: &dyn EventStore,
        end: Position,
        progress: &mut (dyn FnMut(Position) + Send),
    ) -> Result<(), ProjectionError> {
        let reader = self.feeder.reader();
        let mut ahead: Option<(Events, Position)> = None;
        let mut read_to = None;
        while let Some(after) = self.after().filter(|after| *after < end) {
            // A view that parked may have been the least advanced: what was read ahead is then not next.
            if read_to != Some(after) {
                ahead = reader.next(store, after, end).await?;
            }
            let Some((events, last)) = ahead.take() else {
                return Ok(());
            };
            let (fed, next) = tokio::join!(
                biased;
                self.feeder.feed_batch(events),
                reader.next(store, last, end),
            );
            fed?;
            ahead = next?;
            read_to = Some(last);
            progress(self.after().unwrap_or(end));
        }
        Ok(())
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
