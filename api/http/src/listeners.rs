//! What a server listens on. Each address is taken before anything is opened: one in use is said before the
//! log is touched, and once HTTP answers that it is ready, every other door answers too.

use crate::console::Console;
use crate::kurrent::KurrentListener;
use tokio::net::TcpListener;

/// The doors of a server; without HTTP there are no routes (`trunk call`).
#[derive(Default)]
pub struct Listeners {
    pub(crate) http: Option<TcpListener>,
    pub(crate) kurrent: Option<KurrentListener>,
    pub(crate) console: Console,
}

impl Listeners {
    pub fn none() -> Self {
        Self::default()
    }

    pub fn http(listener: TcpListener) -> Self {
        Self {
            http: Some(listener),
            kurrent: None,
            console: Console::default(),
        }
    }

    /// Whether the console is shown beside the API.
    #[must_use]
    pub const fn and_console(mut self, console: Console) -> Self {
        self.console = console;
        self
    }

    /// The log over the KurrentDB protocol beside it.
    #[must_use]
    pub fn and_kurrent(mut self, listener: Option<KurrentListener>) -> Self {
        self.kurrent = listener;
        self
    }
}
