//! Whether this process dials, and with which drivers. The owner of the drivers sets it; other parts read
//! it.

use crate::language::Language;
use actors::DriversHandle;
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

    /// Returns the word for replies and the status page.
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

    /// Returns the state as a sentence in the language of the process's output.
    pub fn line(self) -> &'static str {
        Language::current().pick(self.texts())
    }

    /// Returns the state as a sentence, in Chinese and in English.
    pub const fn texts(self) -> (&'static str, &'static str) {
        match self {
            Self::NoTrunk => (
                "未配置线路，本进程不拨号",
                "no trunk is given; nothing is dialed here",
            ),
            Self::Dialing => ("本进程正在拨号", "this process dials"),
            Self::Unconfirmed => (
                "已暂停：日志由备份恢复，备份之后可能已呼叫过客户；核对后请执行：ledgerline backup confirm --reason TEXT",
                "PAUSED: this log was restored from a backup, and people may have been called since. \
                 Look, then: ledgerline backup confirm --reason TEXT",
            ),
            Self::Lost => (
                "已暂停：日志缺少已知的事件，其间可能已呼叫过客户；详见 /readyz。请恢复完整日志，或核对后执行：\
                 ledgerline backup confirm --reason TEXT",
                "PAUSED: this log lacks events that were known, and people may have been called in them. \
                 See /readyz; put the whole log back, or look, then: ledgerline backup confirm --reason TEXT",
            ),
            Self::Damaged => (
                "已停止：日志有记录无法读取，不再拨号；详见 /readyz，然后执行：ledgerline audit verify",
                "STOPPED: a record of the log cannot be read; nothing is dialed. See /readyz, then run: \
                 ledgerline audit verify",
            ),
            Self::Waiting => (
                "待命：另一进程正在此日志上拨号，必要时由本进程接管",
                "standing by: another process dials on this log, and this one takes over",
            ),
            Self::Draining => (
                "拨号锁已丢失：不再拨号，进行中的通话继续到结束",
                "the driver lock is lost: nothing is dialed, live calls finish",
            ),
        }
    }
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
