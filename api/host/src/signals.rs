//! Waits for SIGTERM and SIGINT. The first signal requests an orderly end, a second one an immediate exit.

use std::io;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Receives both signals from its creation on.
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
