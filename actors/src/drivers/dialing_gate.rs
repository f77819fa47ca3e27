//! The dialing gate: after a restore, or a loss of history, no call is dialed until a person confirms, in
//! this or another process.
//!
//! It reads the log and not an entity, because with a shared log another process may store the confirmation.

use super::begin;
use super::driver_context::DriverContext;
use super::event_follower::EventFollower;
use crate::log_damage::Damage;
use crate::timers::wake_at;
use domain::decider::Decider;
use domain::ids::LogId;
use domain::installation::event::RestoreFacts;
use domain::installation::{Installation, InstallationEvent, InstallationState};
use domain::ports::event_store::{EventStore, StoreError};
use domain::stored_event::{Position, StreamVersion, read_event};
use std::sync::Arc;

/// Events of restores and confirmations read per page; an installation has a handful in its life.
const PAGE_EVENTS_MAX: usize = 256;
/// Wait before the drivers are started again if they could not start after the confirmation, in
/// milliseconds.
const AGAIN_MS: u64 = 5_000;

/// What the log records about restores, losses of history and confirmations.
#[derive(Debug, Default)]
pub(crate) struct RestoredPast {
    state: InstallationState,
    /// Position of the last `installation.restored` or `installation.history_lost`. Legs of earlier events
    /// belonged to another process.
    pub(crate) up_to: Position,
}

impl RestoredPast {
    pub(crate) async fn read(store: &dyn EventStore) -> Result<Self, StoreError> {
        let stream = Installation::stream(&LogId);
        let mut past = Self::default();
        let mut after = StreamVersion(0);
        loop {
            let page = store.read_stream(&stream, after, PAGE_EVENTS_MAX).await?;
            for stored in &page {
                let damaged = |why: String| StoreError::Damaged(why);
                let envelope = stored.envelope().map_err(|error| damaged(error.to_string()))?;
                let event =
                    read_event::<Installation>(&envelope).map_err(|error| damaged(error.to_string()))?;
                if matches!(
                    event,
                    InstallationEvent::Restored { .. } | InstallationEvent::HistoryLost { .. }
                ) {
                    past.up_to = stored.position;
                }
                Installation::evolve(&mut past.state, &event, envelope.at);
                after = envelope.stream_version;
            }
            if page.len() < PAGE_EVENTS_MAX {
                return Ok(past);
            }
        }
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.state.is_dialing_paused()
    }
}

/// Reads the installation's state from the log.
pub async fn installation_now(store: &dyn EventStore) -> Result<InstallationState, StoreError> {
    Ok(RestoredPast::read(store).await?.state)
}

/// Reads from the log the restore that waits for a user's confirmation; `None` if there is none. While
/// there is one, no call is dialed.
pub async fn unconfirmed_restore(store: &dyn EventStore) -> Result<Option<RestoreFacts>, StoreError> {
    let past = RestoredPast::read(store).await?;
    Ok(past.state.unconfirmed_restore().cloned())
}

/// Waits until a user confirms dialing, then starts the drivers; tries again if they cannot start. Ends
/// without starting them on a drain, a stop, or a log that cannot be read.
pub(crate) async fn wait_and_begin(kit: Arc<DriverContext>, head: Position) {
    let stop = kit.environment.tasks.stop_signal();
    tokio::select! {
        biased;
        () = stop.stopping() => return,
        () = kit.draining() => return,
        confirmed = confirmed(&kit, head) => if confirmed.is_err() { return },
    }
    while let Err(error) = begin(&kit).await {
        tracing::warn!(%error, "dialing is confirmed, but the drivers cannot start yet");
        let again_at = kit.now().plus_ms(AGAIN_MS);
        tokio::select! {
            biased;
            () = stop.stopping() => return,
            () = kit.draining() => return,
            () = wake_at(kit.environment.clock.as_ref(), Some(again_at)) => {}
        }
    }
    tracing::warn!("a person confirmed that dialing may go on after the restore");
}

/// Waits until the log contains a confirmation after its last restore. `head`: a position read before the
/// gate was found closed, so that no confirmation in between is missed.
async fn confirmed(kit: &DriverContext, head: Position) -> Result<(), Damage> {
    let mut follow = EventFollower::new(&kit.environment, head);
    loop {
        let page = follow.next().await?;
        let aggregate = Installation::AGGREGATE;
        if !page
            .iter()
            .any(|(_, event)| event.stream.aggregate() == aggregate)
        {
            continue;
        }
        if is_open_by_now(kit).await {
            return Ok(());
        }
    }
}

/// Returns true if the log contains a confirmation after its last restore. If the log cannot be read, tries
/// again every `AGAIN_MS` until it can.
async fn is_open_by_now(kit: &DriverContext) -> bool {
    loop {
        match RestoredPast::read(kit.environment.store.as_ref()).await {
            Ok(past) => return !past.is_closed(),
            Err(error) => tracing::warn!(%error, "the confirmation of dialing cannot be read"),
        }
        kit.environment
            .clock
            .wait_until(kit.now().plus_ms(AGAIN_MS))
            .await;
    }
}
