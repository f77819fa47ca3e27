//! What running views and their rebuilds stand on: the log, the rows, and the time.

use crate::database::ReadDb;
use domain::ports::clock::Clock;
use domain::ports::event_store::EventStore;
use std::sync::Arc;

/// What the views stand on.
#[derive(Clone)]
pub struct Grounds {
    pub store: Arc<dyn EventStore>,
    pub db: Arc<dyn ReadDb>,
    pub clock: Arc<dyn Clock>,
}
