//! Who carries messages to persons in this process, once that is known.

use domain::ports::messenger::Messenger;
use std::sync::{Arc, OnceLock};

/// Who carries messages in this process; nobody unless it was started so.
#[derive(Default)]
pub struct MessageRoom {
    messenger: OnceLock<Arc<dyn Messenger>>,
}

impl MessageRoom {
    /// From now on they leave by this one; the first that is named stays.
    pub fn carry_by(&self, messenger: Arc<dyn Messenger>) {
        let _first = self.messenger.set(messenger);
    }

    pub(crate) fn messenger(&self) -> Option<&Arc<dyn Messenger>> {
        self.messenger.get()
    }
}
