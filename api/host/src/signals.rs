//! Waits for signals. The first SIGTERM or SIGINT requests an orderly end, a second one an immediate exit;
//! SIGHUP requests to read the configuration again.

use std::io;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Receives the two signals that end the process, from its creation on.
pub struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    /// Starts to receive SIGTERM and SIGINT in place of their default actions.
    pub fn listen() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    /// Returns when the next of the two signals arrives. Cancel-safe.
    pub async fn next(&mut self) {
        tokio::select! {
            biased;
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// Receives SIGHUP from its creation on.
pub struct ReloadSignal(Signal);

impl ReloadSignal {
    /// Starts to receive SIGHUP in place of its default action, which ends the process.
    pub fn listen() -> io::Result<Self> {
        Ok(Self(signal(SignalKind::hangup())?))
    }

    /// Returns when the next SIGHUP arrives. Cancel-safe.
    pub async fn next(&mut self) {
        self.0.recv().await;
    }
}
