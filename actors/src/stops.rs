//! The emergency stops that are engaged, as far as this process has read its log; checked before each dial.
//!
//! The stops for everything, for a compliance rule set or for one of our lines are read before any dial; a
//! campaign's own stop when that campaign is first served. After that a reader of the log applies new events.
//! While that reader cannot read the log, no new call is dialed, because a stop may be engaged that is
//! unknown here.

use domain::actor::Actor;
use domain::calling_plan::Preset;
use domain::decider::Decider;
use domain::ids::CampaignId;
use domain::ports::event_store::{EventStore, StoreError};
use domain::stop::{Stop, StopEvent, StopId, StopState};
use domain::stored_event::{Envelope, StoredEvent, StreamVersion, read_event};
use domain::time::Timestamp;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Events of one emergency stop that are read per page; most have a handful in their life.
const PAGE_EVENTS_MAX: usize = 256;

/// An emergency stop that is engaged now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EngagedStop {
    pub stop: StopId,
    pub since: Timestamp,
    /// The user who engaged it last; `None` if the key of the data directory was used without a user name.
    pub by: Option<Actor>,
    pub reason: String,
    pub hang_up: bool,
}

/// The emergency stops that this process knows, engaged or not: one for each scope that it dials for.
#[derive(Default)]
pub(crate) struct Stops {
    known: Mutex<KnownStops>,
}

#[derive(Default)]
struct KnownStops {
    stops: BTreeMap<StopId, (StreamVersion, StopState)>,
    is_behind: bool,
}

impl Stops {
    /// Reads a stop that is not known yet.
    pub(crate) async fn learn(&self, store: &dyn EventStore, stop: &StopId) -> Result<(), StoreError> {
        if self.lock().stops.contains_key(stop) {
            return Ok(());
        }
        let read = read(store, stop, |_, _| true).await?;
        let mut known = self.lock();
        // What was followed meanwhile is newer.
        let held = known.stops.entry(stop.clone()).or_default();
        if held.0 <= read.version {
            *held = (read.version, read.state);
        }
        Ok(())
    }

    /// Applies an event of a stop, once. Returns whether the stop hangs up conversations if it is engaged
    /// now; otherwise `None`.
    pub(crate) fn take_in(&self, stop: &StopId, event: &StopEvent, envelope: &Envelope) -> Option<bool> {
        let mut known = self.lock();
        let (version, state) = known.stops.entry(stop.clone()).or_default();
        if *version < envelope.stream_version {
            *version = envelope.stream_version;
            Stop::evolve(state, event, envelope.at);
        }
        state.engaged().map(|engaged| engaged.hang_up)
    }

    /// Returns true if an engaged stop forbids calls of this campaign on every line.
    pub(crate) fn stops_campaign(
        &self,
        campaign: &CampaignId,
        mut presets: impl Iterator<Item = Preset>,
    ) -> bool {
        let known = self.lock();
        known.is_engaged(&StopId::All)
            || known.is_engaged(&StopId::Campaign(campaign.clone()))
            || presets.any(|preset| known.is_engaged(&StopId::Preset(preset)))
    }

    /// Returns true if an engaged stop forbids calls on this line.
    pub(crate) fn stops_trunk(&self, trunk: &str) -> bool {
        self.lock().is_engaged(&StopId::Trunk(trunk.to_owned()))
    }

    /// Returns the engaged stops.
    pub(crate) fn engaged(&self) -> Vec<StopId> {
        let known = self.lock();
        let engaged = known.stops.iter().filter(|(_, held)| held.1.engaged().is_some());
        engaged.map(|(stop, _)| stop.clone()).collect()
    }

    /// Records whether the log is not read up to its head, and logs a change.
    pub(crate) fn set_behind(&self, is_behind: bool) {
        let before = std::mem::replace(&mut self.lock().is_behind, is_behind);
        if before != is_behind {
            if is_behind {
                tracing::warn!(
                    "the log cannot be followed: no new call is dialed, because a stop may be engaged"
                );
            } else {
                tracing::warn!("the log is followed again: dialing resumes");
            }
        }
    }

    /// Returns true while a stop may be engaged that is not known here, because the log is not read up to
    /// its head.
    pub(crate) fn is_behind(&self) -> bool {
        self.lock().is_behind
    }

    fn lock(&self) -> MutexGuard<'_, KnownStops> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl KnownStops {
    fn is_engaged(&self, stop: &StopId) -> bool {
        self.stops
            .get(stop)
            .is_some_and(|(_, state)| state.engaged().is_some())
    }
}

/// The state of a stop, read from its stream.
#[derive(Default)]
struct ReadStop {
    version: StreamVersion,
    state: StopState,
    engaged_by: Option<Actor>,
    engaged_at: Option<Timestamp>,
}

/// Returns when the stop was last engaged, also if it was lifted since; `None` if it never was.
pub(crate) async fn last_engaged_at(
    store: &dyn EventStore,
    stop: &StopId,
) -> Result<Option<Timestamp>, StoreError> {
    Ok(read(store, stop, |_, _| true).await?.engaged_at)
}

/// Reads from the log whether a stop is engaged; `None` if it is not.
pub async fn engaged_now(store: &dyn EventStore, stop: &StopId) -> Result<Option<EngagedStop>, StoreError> {
    engaged_by(store, stop, |_, _| true).await
}

/// The same by those of the stop's events that `counts` accepts.
pub async fn engaged_by(
    store: &dyn EventStore,
    stop: &StopId,
    counts: impl Fn(&StoredEvent, &Envelope) -> bool + Send,
) -> Result<Option<EngagedStop>, StoreError> {
    let read = read(store, stop, counts).await?;
    Ok(read.state.engaged().map(|engaged| EngagedStop {
        stop: stop.clone(),
        since: engaged.since,
        by: read.engaged_by,
        reason: engaged.reason.clone(),
        hang_up: engaged.hang_up,
    }))
}

async fn read(
    store: &dyn EventStore,
    stop: &StopId,
    counts: impl Fn(&StoredEvent, &Envelope) -> bool + Send,
) -> Result<ReadStop, StoreError> {
    let stream = Stop::stream(stop);
    let damaged = |why: String| StoreError::Damaged(why);
    let mut read = ReadStop::default();
    loop {
        let page = store.read_stream(&stream, read.version, PAGE_EVENTS_MAX).await?;
        for stored in &page {
            let envelope = stored.envelope().map_err(|error| damaged(error.to_string()))?;
            read.version = envelope.stream_version;
            if !counts(stored, &envelope) {
                continue;
            }
            let event = read_event::<Stop>(&envelope).map_err(|error| damaged(error.to_string()))?;
            Stop::evolve(&mut read.state, &event, envelope.at);
            if matches!(event, StopEvent::Engaged { .. }) {
                (read.engaged_by, read.engaged_at) = (envelope.by, Some(envelope.at));
            }
        }
        if page.len() < PAGE_EVENTS_MAX {
            return Ok(read);
        }
    }
}
