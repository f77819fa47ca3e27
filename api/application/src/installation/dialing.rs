//! What this process does about dialing, and by which drivers: told by whoever drives, asked by others.

use actors::DriversHandle;
use std::sync::{Mutex, PoisonError};
use tokio::sync::watch;

/// What this process does about dialing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DialingState {
    /// It has no trunk and asks for no lock.
    NoTrunk,
    /// It holds the lock and dials.
    Dialing,
    /// It holds the lock, and the restored log waits for a person's confirmation.
    Unconfirmed,
    /// It holds the lock, and the log lost history that was known: a person has yet to confirm.
    Lost,
    /// It holds the lock, and what it met in the log cannot be read: nothing is dialed, live calls finish.
    Damaged,
    /// Another process holds the lock.
    Waiting,
    /// The lock is lost: nothing is dialed, live calls finish.
    Draining,
}

impl DialingState {
    /// True in the one process that holds the driver lock, or the only one there is: what must be done once
    /// for a log is done there.
    pub const fn is_the_one(self) -> bool {
        match self {
            Self::NoTrunk | Self::Dialing | Self::Unconfirmed | Self::Lost | Self::Damaged => true,
            Self::Waiting | Self::Draining => false,
        }
    }

    /// The word in replies and on the status page.
    pub const fn word(self) -> &'static str {
        match self {
            Self::NoTrunk => "no-trunk",
            Self::Dialing => "dialing",
            Self::Unconfirmed => "paused-after-restore",
            Self::Lost => "paused-history-lost",
            Self::Damaged => "stopped-damaged-log",
            Self::Waiting => "standing-by",
            Self::Draining => "draining",
        }
    }

    /// The line a server prints.
    pub const fn line(self) -> &'static str {
        match self {
            Self::NoTrunk => "no trunk is given; nothing is dialed here",
            Self::Dialing => "this process dials",
            Self::Unconfirmed => {
                "PAUSED: this log was restored from a backup, and people may have been called since. Look, then: \
                 ledgerline backup confirm --reason TEXT / 已暂停：日志由备份恢复，备份之后可能已呼叫过客户；核对后请执行上述命令"
            }
            Self::Lost => {
                "PAUSED: this log lacks events that were known, and people may have been called in them. See /readyz; \
                 put the whole log back, or look, then: ledgerline backup confirm --reason TEXT / 已暂停：日志缺少已知的\
                 事件，其间可能已呼叫过客户；请恢复完整日志，或核对后执行上述命令"
            }
            Self::Damaged => {
                "STOPPED: a record of the log cannot be read; nothing is dialed. See /readyz, then run: ledgerline audit \
                 verify / 已停止：日志有记录无法读取，不再拨号；详见 /readyz，并执行上述命令"
            }
            Self::Waiting => "standing by: another process dials on this log, and this one takes over",
            Self::Draining => "the driver lock is lost: nothing is dialed, live calls finish",
        }
    }
}

/// The present state, and the drivers that run in it.
pub struct Dialing {
    state: watch::Sender<DialingState>,
    drivers: Mutex<Option<DriversHandle>>,
}

impl Default for Dialing {
    /// As a process begins: it asks for the lock.
    fn default() -> Self {
        Self {
            state: watch::Sender::new(DialingState::Waiting),
            drivers: Mutex::new(None),
        }
    }
}

impl Dialing {
    /// From now on it is so, by these drivers.
    pub fn begin(&self, state: DialingState, drivers: Option<DriversHandle>) {
        *self.drivers.lock().unwrap_or_else(PoisonError::into_inner) = drivers;
        self.state.send_replace(state);
    }

    /// The state; the receiver hears of changes.
    pub fn state(&self) -> watch::Receiver<DialingState> {
        self.state.subscribe()
    }

    /// The state at this moment.
    pub fn now(&self) -> DialingState {
        *self.state.borrow()
    }

    /// The drivers that run now; `None` while this process stands by or has no trunk.
    pub fn drivers(&self) -> Option<DriversHandle> {
        self.drivers
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}
