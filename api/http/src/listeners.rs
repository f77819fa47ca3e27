//! What a server listens on. Each address is taken before anything is opened: one in use is said before the
//! log is touched, and once HTTP answers that it is ready, every other door answers too.

use crate::kurrent::KurrentListener;
use tokio::net::TcpListener;

/// The doors of a server; without HTTP there are no routes (`trunk call`).
#[derive(Default)]
pub struct Listeners {
    pub(crate) http: Option<TcpListener>,
    pub(crate) kurrent: Option<KurrentListener>,
}

impl Listeners {
    pub fn none() -> Self {
        Self::default()
    }

    pub fn http(listener: TcpListener) -> Self {
        Self {
            http: Some(listener),
            kurrent: None,
        }
    }

    /// The log over the KurrentDB protocol beside it.
    #[must_use]
    pub fn and_kurrent(mut self, listener: Option<KurrentListener>) -> Self {
        self.kurrent = listener;
        self
    }
}
