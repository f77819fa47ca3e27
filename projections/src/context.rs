//! The ports that views and their rebuilds use: event log, read database and clock.

use crate::database::ReadDb;
use domain::ports::clock::Clock;
use domain::ports::event_store::EventStore;
use std::sync::Arc;

/// The ports that running views and their rebuilds use.
#[derive(Clone)]
pub struct ProjectionContext {
    pub store: Arc<dyn EventStore>,
    pub db: Arc<dyn ReadDb>,
    pub clock: Arc<dyn Clock>,
}
