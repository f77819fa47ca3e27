//! The writing model of this process, and the limit of concurrent requests to it.

use domain::ports::writer::Writer;
use std::sync::{Arc, OnceLock};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Most concurrent requests. A local model answers few at a time, and users ask one after another.
const AT_ONCE_MAX: usize = 4;

/// The model that drafts are requested from; none unless the process was started with one.
pub struct WriterService {
    writer: OnceLock<Arc<dyn Writer>>,
    places: Arc<Semaphore>,
}

impl Default for WriterService {
    fn default() -> Self {
        Self {
            writer: OnceLock::new(),
            places: Arc::new(Semaphore::new(AT_ONCE_MAX)),
        }
    }
}

impl WriterService {
    /// Sets the model. If one is set already, it is kept.
    pub fn write_by(&self, writer: Arc<dyn Writer>) {
        let _first = self.writer.set(writer);
    }

    pub(super) fn writer(&self) -> Option<&Arc<dyn Writer>> {
        self.writer.get()
    }

    /// Returns a permit; `None` if the limit is reached.
    pub(super) fn place(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.places).try_acquire_owned().ok()
    }
}
