//! The messenger of this process, set after the start.

use domain::ports::messenger::Messenger;
use std::sync::{Arc, OnceLock};

/// Holds the port that sends messages to customers; empty unless the server was started with one.
#[derive(Default)]
pub struct MessengerService {
    messenger: OnceLock<Arc<dyn Messenger>>,
}

impl MessengerService {
    /// Sets the messenger. A second call changes nothing.
    pub fn carry_by(&self, messenger: Arc<dyn Messenger>) {
        let _first = self.messenger.set(messenger);
    }

    pub(crate) fn messenger(&self) -> Option<&Arc<dyn Messenger>> {
        self.messenger.get()
    }
}
