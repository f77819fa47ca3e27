//! Who writes in this process, once that is known, and how many may ask at once.

use domain::ports::writer::Writer;
use std::sync::{Arc, OnceLock};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Asked at once: a model of one's own answers few at a time, and people ask one after the other.
const AT_ONCE_MAX: usize = 4;

/// Who is asked for words; nobody unless the process was started so.
pub struct WritingRoom {
    writer: OnceLock<Arc<dyn Writer>>,
    places: Arc<Semaphore>,
}

impl Default for WritingRoom {
    fn default() -> Self {
        Self {
            writer: OnceLock::new(),
            places: Arc::new(Semaphore::new(AT_ONCE_MAX)),
        }
    }
}

impl WritingRoom {
    /// From now on this one is asked; the first that is named stays.
    pub fn write_by(&self, writer: Arc<dyn Writer>) {
        let _first = self.writer.set(writer);
    }

    pub(super) fn writer(&self) -> Option<&Arc<dyn Writer>> {
        self.writer.get()
    }

    /// `None` while as many are asked as may be.
    pub(super) fn place(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.places).try_acquire_owned().ok()
    }
}
