//! Whether this process dials, and with which drivers. The owner of the drivers sets it; other parts read
//! it.

use crate::format_localized;
use crate::language::{Language, localized};
use actors::DriversHandle;
use domain::dialing_pause::PauseCode;
use std::sync::{Mutex, PoisonError};
use tokio::sync::watch;

/// The state of dialing in this process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DialingState {
    /// No trunk is configured; the process does not ask for the driver lock.
    NoTrunk,
    /// The process holds the driver lock and dials.
    Dialing,
    /// The process holds the driver lock; the log was restored and waits for the dialing confirmation.
    Unconfirmed,
    /// The process holds the driver lock; the log has lost known history, and a user must confirm dialing.
    Lost,
    /// The process holds the driver lock; an event of the log cannot be read. Nothing is dialed, live calls
    /// finish.
    Damaged,
    /// Another process holds the driver lock.
    Waiting,
    /// The driver lock was lost: nothing is dialed, live calls finish.
    Draining,
}

impl DialingState {
    /// Returns true in the process that holds the driver lock, or that is the only one. Work that must be
    /// done once per log is done there.
    pub const fn is_the_one(self) -> bool {
        match self {
            Self::NoTrunk | Self::Dialing | Self::Unconfirmed | Self::Lost | Self::Damaged => true,
            Self::Waiting | Self::Draining => false,
        }
    }

    /// Returns the reason why this process does not dial in this state; `None` if it dials.
    pub const fn pause_code(self) -> Option<PauseCode> {
        match self {
            Self::NoTrunk => Some(PauseCode::NoTrunk),
            Self::Dialing => None,
            Self::Unconfirmed => Some(PauseCode::RestoreUnconfirmed),
            Self::Lost => Some(PauseCode::HistoryLost),
            Self::Damaged => Some(PauseCode::LogDamaged),
            Self::Waiting => Some(PauseCode::StandBy),
            Self::Draining => Some(PauseCode::Draining),
        }
    }

    /// Returns the word for replies and the status page.
    pub fn word(self) -> &'static str {
        dialing_word(self.pause_code())
    }
}

/// Returns the word for the state of dialing: that of the reason why this process does not dial.
pub fn dialing_word(code: Option<PauseCode>) -> &'static str {
    code.and_then(PauseCode::dialing_word).unwrap_or("dialing")
}

/// Returns the state of dialing as a sentence in the language of the process's output: the reason why this
/// process does not dial and what to do about it.
pub fn dialing_line(code: Option<PauseCode>) -> String {
    let Some(code) = code else {
        return localized("本进程正在拨号", "this process dials").to_owned();
    };
    let language = Language::current();
    let (text, action) = (language.pick(code.texts()), language.pick(code.actions()));
    format_localized!("{text}；{action}", "{text}; {action}")
}

/// The current state of dialing in this process, and its running drivers.
pub struct DialingControl {
    state: watch::Sender<DialingState>,
    drivers: Mutex<Option<DriversHandle>>,
}

impl Default for DialingControl {
    /// The state at the start of a process, which waits for the driver lock.
    fn default() -> Self {
        Self {
            state: watch::Sender::new(DialingState::Waiting),
            drivers: Mutex::new(None),
        }
    }
}

impl DialingControl {
    /// Sets the state of dialing and the running drivers; earlier ones are replaced.
    pub fn begin(&self, state: DialingState, drivers: Option<DriversHandle>) {
        *self.drivers.lock().unwrap_or_else(PoisonError::into_inner) = drivers;
        self.state.send_replace(state);
    }

    /// Returns a receiver of the state, which is notified of changes.
    pub fn state(&self) -> watch::Receiver<DialingState> {
        self.state.subscribe()
    }

    /// Returns the current state of dialing in this process.
    pub fn now(&self) -> DialingState {
        *self.state.borrow()
    }

    /// Returns the running drivers; `None` while this process is a standby or has no trunk.
    pub fn drivers(&self) -> Option<DriversHandle> {
        self.drivers
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}
