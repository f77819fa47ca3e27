//! The listeners of a server. Each address is bound before anything is opened: an address in use is reported
//! before the log is touched, and once HTTP reports ready, every other listener answers too.

use crate::console::ConsoleMode;
use crate::kurrent::KurrentListener;
use crate::proxies::Proxies;
use crate::redirect::RedirectListener;
use tokio::net::TcpListener;

/// The bound listeners of a server; without HTTP there are no routes (`trunk call`).
#[derive(Default)]
pub struct Listeners {
    pub(crate) http: Option<TcpListener>,
    pub(crate) kurrent: Option<KurrentListener>,
    pub(crate) console: ConsoleMode,
    pub(crate) proxies: Proxies,
    pub(crate) redirect: Option<RedirectListener>,
}

impl Listeners {
    /// Returns no listeners: for a process without HTTP (`trunk call`).
    pub fn none() -> Self {
        Self::default()
    }

    /// Returns an HTTP listener alone, without console, KurrentDB endpoint and trusted proxies.
    pub fn http(listener: TcpListener) -> Self {
        Self {
            http: Some(listener),
            ..Self::default()
        }
    }

    /// Sets whether the console is served next to the API.
    #[must_use]
    pub const fn and_console(mut self, console: ConsoleMode) -> Self {
        self.console = console;
        self
    }

    /// Sets the proxies that are trusted to name the client's address.
    #[must_use]
    pub fn and_proxies(mut self, proxies: Proxies) -> Self {
        self.proxies = proxies;
        self
    }

    /// Adds the listener that redirects plain HTTP to the public URL.
    #[must_use]
    pub fn and_redirect(mut self, listener: Option<RedirectListener>) -> Self {
        self.redirect = listener;
        self
    }

    /// Adds the listener of the KurrentDB protocol.
    #[must_use]
    pub fn and_kurrent(mut self, listener: Option<KurrentListener>) -> Self {
        self.kurrent = listener;
        self
    }
}
