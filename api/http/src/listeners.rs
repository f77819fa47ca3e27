//! What a server listens on. Each address is taken before anything is opened: one in use is said before the
//! log is touched, and once HTTP answers that it is ready, every other door answers too.

use crate::console::Console;
use crate::kurrent::KurrentListener;
use crate::proxies::Proxies;
use tokio::net::TcpListener;

/// The doors of a server; without HTTP there are no routes (`trunk call`).
#[derive(Default)]
pub struct Listeners {
    pub(crate) http: Option<TcpListener>,
    pub(crate) kurrent: Option<KurrentListener>,
    pub(crate) console: Console,
    pub(crate) proxies: Proxies,
}

impl Listeners {
    pub fn none() -> Self {
        Self::default()
    }

    pub fn http(listener: TcpListener) -> Self {
        Self {
            http: Some(listener),
            ..Self::default()
        }
    }

    /// Whether the console is shown beside the API.
    #[must_use]
    pub const fn and_console(mut self, console: Console) -> Self {
        self.console = console;
        self
    }

    /// Who is believed when they say for whom they ask.
    #[must_use]
    pub fn and_proxies(mut self, proxies: Proxies) -> Self {
        self.proxies = proxies;
        self
    }

    /// The log over the KurrentDB protocol beside it.
    #[must_use]
    pub fn and_kurrent(mut self, listener: Option<KurrentListener>) -> Self {
        self.kurrent = listener;
        self
    }
}
