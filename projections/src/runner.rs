//! Feeds events to views: batches from one subscription, rows and checkpoints in one transaction, then
//! waiters are woken. A view that cannot apply an event is parked before it and logged; the other views go
//! on.

use crate::checkpoint::{Checkpoint, write_checkpoints};
use crate::database::{ReadDb, Tx, transact};
use crate::error::ProjectionError;
use crate::own_checkpoints::{own_checkpoints, stored_checkpoints};
use crate::progress::Progress;
use crate::read_ahead::{CATCH_UP_EVENTS_MAX, Events, Reader};
use crate::schema::{prepare_schema, restore_schema};
use crate::unit_of_work::{Keys, UnitOfWork};
use crate::view::{View, ViewEvent, into_parked_error};
use domain::ports::event_store::EventStore;
use domain::stored_event::{Position, StoredEvent, UnreadableRecord};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// When the buffered rows of a view are written to the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum FlushMode {
    /// At the end of the batch.
    Together,
    /// After each event. This is slow, but shows which event the database refused.
    EachEvent,
}

/// Applies batches of events to the views of a process and their database. Everything that feeds views uses
/// it.
pub(crate) struct Feeder {
    db: Arc<dyn ReadDb>,
    views: Arc<[Arc<dyn View>]>,
    progress: Arc<Progress>,
    /// Parked views with the position they stopped before and why. They stay parked for the life of this
    /// feeder; a restart tries again.
    parked: BTreeMap<&'static str, (Position, String)>,
}

impl Feeder {
    /// Creates or recreates the views' tables and reads their checkpoints.
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

    /// Returns the position from which to read on: that of the view that is furthest behind, without parked
    /// views; `None` if all are parked.
    pub(crate) fn after(&self) -> Option<Position> {
        self.progress.position()
    }

    /// Applies events in order to every view that has not seen them; a view skips those that it has. Stops
    /// early if another process moved rows back.
    pub(crate) async fn feed(&mut self, stored: &[StoredEvent]) -> Result<(), ProjectionError> {
        for batch in stored.chunks(CATCH_UP_EVENTS_MAX) {
            let events = self.reader().read(batch).await;
            self.feed_batch(events).await?;
            // Another process moved rows back: the caller reads on from their position.
            if self.after() < batch.last().map(|event| event.position) {
                break;
            }
        }
        Ok(())
    }

    /// Returns a reader that prepares events while others are applied.
    pub(crate) fn reader(&self) -> Reader {
        Reader::new(&self.views)
    }

    /// Lets these parked views try their event again, and reads all checkpoints, because a switch may have
    /// moved one. Does nothing without names.
    pub(crate) async fn retry(&mut self, views: &BTreeSet<String>) -> Result<(), ProjectionError> {
        if views.is_empty() {
            return Ok(());
        }
        self.parked.retain(|view, _| !views.contains(*view));
        self.look_again().await
    }

    /// Does the same as `feed` with events that are already prepared. A view that cannot apply an event is
    /// parked before it.
    pub(crate) async fn feed_batch(&mut self, events: Events) -> Result<(), ProjectionError> {
        let mut pace = FlushMode::Together;
        loop {
            match self.try_batch(Arc::clone(&events), pace).await {
                // The transaction was rolled back. The slow pace finds out which event failed.
                Err(ProjectionError::Parked { .. }) if pace == FlushMode::Together => {
                    pace = FlushMode::EachEvent;
                }
                // The batch is tried again without the parked view. Each turn parks one more view, so the
                // loop ends.
                Err(ProjectionError::Parked { view, position, why }) => {
                    self.park(&view, position, why)?;
                    pace = FlushMode::Together;
                }
                // Rows that were moved back or lost are fed from their current position: the caller reads on
                // from there.
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

    async fn try_batch(&self, events: Events, pace: FlushMode) -> Result<Vec<Checkpoint>, ProjectionError> {
        let views = Arc::clone(&self.views);
        let parked = self.parked.clone();
        let believed = self.progress.checkpoints();
        transact(self.db.as_ref(), move |tx| {
            let stored = stored_checkpoints(tx, &views, &believed)?;
            apply_batch(tx, &views, stored, &events, pace, &parked)
        })
        .await
    }

    /// Creates tables that are missing and reads the checkpoints of all views, after the database lost
    /// them.
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

    /// Publishes the checkpoints of all views. If a view's rows are past the event that parked it, a
    /// switch or another process applied that event, and the view is no longer parked.
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
            "view parked before an event that it cannot apply"
        );
        self.parked.insert(name, (position, why));
        Ok(())
    }
}

/// Applies a batch to all views and moves their checkpoints, in the caller's transaction. The stored
/// checkpoints decide what is skipped, whatever the caller assumes.
fn apply_batch(
    tx: &mut dyn Tx,
    views: &[Arc<dyn View>],
    stored: Vec<Checkpoint>,
    events: &[Result<ViewEvent, UnreadableRecord>],
    pace: FlushMode,
    parked: &BTreeMap<&'static str, (Position, String)>,
) -> Result<Vec<Checkpoint>, ProjectionError> {
    tx.expect(events.len())?;
    let mut moved = Vec::with_capacity(views.len());
    let mut changed = Vec::with_capacity(views.len());
    for (view, mut checkpoint) in views.iter().zip(stored) {
        let before = checkpoint.clone();
        let parked = parked.get(view.name());
        // Rows past the parked event got it elsewhere. This batch may not continue them: it was not read for
        // their position, and the events in between would be missed.
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
    write_checkpoints(tx, &changed)?;
    Ok(moved)
}

fn position_of(event: &Result<ViewEvent, UnreadableRecord>) -> Position {
    match event {
        Ok(event) => event.position,
        Err(unreadable) => unreadable.position,
    }
}

/// Applies to one view the events that it has not seen, up to but not including `end`, and moves its
/// checkpoint. If the database refuses the buffered rows, the error names the batch's last event.
pub(crate) fn apply_view(
    tx: &mut dyn Tx,
    view: &dyn View,
    events: &[Result<ViewEvent, UnreadableRecord>],
    checkpoint: &mut Checkpoint,
    end: Option<Position>,
) -> Result<(), ProjectionError> {
    apply_at_pace(tx, view, events, FlushMode::Together, checkpoint, end)
}

fn apply_at_pace(
    tx: &mut dyn Tx,
    view: &dyn View,
    events: &[Result<ViewEvent, UnreadableRecord>],
    pace: FlushMode,
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
    let parked_at = |position| move |error| into_parked_error(view, position, error);
    let mut unit = UnitOfWork::new(tx, view.tables());
    if unit.reads_together() && pace == FlushMode::Together {
        unit.read_ahead(keys_of(view, fresh)).map_err(parked_at(last))?;
    }
    for event in fresh {
        let position = position_of(event);
        apply_event(&mut unit, view, event).map_err(parked_at(position))?;
        if pace == FlushMode::EachEvent {
            unit.hand_over().map_err(parked_at(position))?;
        }
    }
    unit.hand_over().map_err(parked_at(last))?;
    checkpoint.position = last;
    checkpoint.recorded_at = newest.as_ref().ok().map(|event| event.recorded_at);
    Ok(())
}

/// Returns the keys of the rows that a view will read for these events, so that they are read together.
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

/// Feeds views within the caller's task, for the simulation, `rebuild` and `verify`. It runs the same code
/// as the product, without tasks or waiting.
pub struct InlineRunner {
    feeder: Feeder,
}

impl InlineRunner {
    /// Creates or recreates the views' tables. Each view continues after its own checkpoint.
    pub async fn begin(db: Arc<dyn ReadDb>, views: Vec<Arc<dyn View>>) -> Result<Self, ProjectionError> {
        Feeder::begin(db, views.into())
            .await
            .map(|feeder| Self { feeder })
    }

    /// Applies a page of events; a view skips those that it has seen. Pages must come in order and without
    /// gaps, from `after()` on.
    pub async fn apply_page(&mut self, page: &[StoredEvent]) -> Result<(), ProjectionError> {
        self.feeder.feed(page).await
    }

    /// Returns a reader that prepares events for `apply_ready`, on another thread if needed.
    pub(crate) fn reader(&self) -> Reader {
        self.feeder.reader()
    }

    /// Does the same as `apply_page` with events that are already prepared.
    pub(crate) async fn apply_ready(&mut self, events: Events) -> Result<(), ProjectionError> {
        self.feeder.feed_batch(events).await
    }

    /// Reads and applies events to the end of the log. Returns the position of the view that is furthest
    /// behind.
    pub async fn catch_up(&mut self, store: &dyn EventStore) -> Result<Position, ProjectionError> {
        let end = Position(u64::MAX);
        let reached = self.after().unwrap_or_default();
        self.feed_to(store, end, &mut |_| {}).await?;
        Ok(self.after().unwrap_or(reached))
    }

    /// Applies events up to and including `end`; `progress` receives the position reached. The next events
    /// are read while a batch is written, so at most two batches are in memory.
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
            // A view that was parked may have been the furthest behind; the prefetched events are then not
            // the next ones.
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

    /// Returns the position from which to read on: that of the view that is furthest behind, without parked
    /// views; `None` if all are parked.
    pub fn after(&self) -> Option<Position> {
        self.feeder.after()
    }

    /// Returns the progress that `SqlWorklist` and `wait_for` use.
    pub fn progress(&self) -> Arc<Progress> {
        self.feeder.progress()
    }
}
