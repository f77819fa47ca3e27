//! A wall clock that a proof sets while a server runs: libfaketime fakes the time of day of that process only
//! and leaves its steady clocks unchanged.

use domain::ports::clock::Clock;
use domain::time::Timestamp;
use host::clock::SystemClock;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A change of the wall clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum WallClockChange {
    Right,
    /// Set by so many seconds; negative: back.
    SetBy(i64),
    /// Stopped at the present time.
    Stopped,
}

/// The faked clock of one server. The true time is the machine's clock plus a constant difference.
pub(super) struct FakeWallClock {
    file: PathBuf,
    ahead_s: i64,
}

impl FakeWallClock {
    /// Returns the path of the libfaketime library on Debian; `None` if it is not installed.
    pub(super) fn shim() -> Option<PathBuf> {
        let libraries = std::fs::read_dir("/usr/lib").ok()?;
        let named = libraries
            .flatten()
            .map(|place| place.path().join("faketime/libfaketimeMT.so.1"));
        named.into_iter().find(|shim| shim.exists())
    }

    /// Makes a clock that now shows `at`, rounded down to a second.
    pub(super) fn beginning_at(folder: &Path, at: Timestamp) -> Self {
        let ahead_us = at.micros().saturating_sub(SystemClock::default().now().micros());
        let wall = Self {
            file: folder.join("wall"),
            ahead_s: ahead_us.div_euclid(1_000_000),
        };
        wall.set(WallClockChange::Right);
        wall
    }

    /// Converts the machine's time to the true time of this server.
    pub(super) fn of_machine(&self, machine: Timestamp) -> Timestamp {
        Timestamp::from_micros(
            machine
                .micros()
                .saturating_add(self.ahead_s.saturating_mul(1_000_000)),
        )
    }

    /// Returns the true time of this server.
    pub(super) fn true_now(&self) -> Timestamp {
        self.of_machine(SystemClock::default().now())
    }

    /// Sets the clock that the server sees. The file is replaced atomically, because it is read at every
    /// look.
    pub(super) fn set(&self, wall: WallClockChange) {
        let text = match wall {
            WallClockChange::Right => format!("{:+}", self.ahead_s),
            WallClockChange::SetBy(seconds) => format!("{:+}", self.ahead_s.saturating_add(seconds)),
            WallClockChange::Stopped => {
                let now = self.true_now().to_string();
                now.get(..19).unwrap_or_default().replace('T', " ")
            }
        };
        let beside = self.file.with_extension("next");
        std::fs::write(&beside, text).expect("a temporary folder can be written");
        std::fs::rename(&beside, &self.file).expect("a file can be put in place");
    }

    /// Makes the program use this clock as its time of day.
    pub(super) fn fake(&self, program: &mut Command, shim: &Path) {
        program
            .env("LD_PRELOAD", shim)
            .env("FAKETIME_TIMESTAMP_FILE", &self.file)
            .env("FAKETIME_NO_CACHE", "1")
            .env("FAKETIME_DONT_FAKE_MONOTONIC", "1")
            .env("TZ", "UTC");
    }
}
