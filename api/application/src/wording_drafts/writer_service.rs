//! The writing model of this process, and the limit of concurrent requests to it.

use domain::ports::writer::Writer;
use std::sync::{Arc, OnceLock};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Most concurrent requests to the model; a further one is refused. A local model answers few at a time.
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
    /// Sets the model. A second call changes nothing.
    pub fn write_by(&self, writer: Arc<dyn Writer>) {
        let _first = self.writer.set(writer);
    }

    pub(super) fn writer(&self) -> Option<&Arc<dyn Writer>> {
        self.writer.get()
    }

    /// Returns a permit for one request to the model; `None` if `AT_ONCE_MAX` are running.
    pub(super) fn place(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.places).try_acquire_owned().ok()
    }
}
