//! Progress of long work, on standard error: one updating line on a terminal, elsewhere one line every ten
//! seconds.

use crate::kit::output;
use application::format_localized;
use application::language::localized;
use domain::ports::clock::Clock;
use domain::stored_event::Position;
use domain::time::Timestamp;
use host::clock::SystemClock;
use indicatif::{ProgressBar, ProgressStyle};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Time in milliseconds between two lines where standard error is no terminal.
const LINE_STEP_MS: u64 = 10_000;

const SPINNER_STEP: Duration = Duration::from_millis(100);

/// The progress of one piece of work. Dropping it clears the line on a terminal.
pub(crate) struct Progress {
    bar: ProgressBar,
    label: &'static str,
    clock: SystemClock,
    /// When the last line was printed where there is no terminal; at first, when the work began.
    printed_at: Mutex<Timestamp>,
}

impl Progress {
    /// Of work that has a known size.
    pub(crate) fn counted(label: &'static str) -> Self {
        let style = ProgressStyle::with_template("{msg} [{bar:32}] {human_pos}/{human_len} {eta}");
        let style = style.unwrap_or_else(|_| ProgressStyle::default_bar());
        let bar = ProgressBar::new(0).with_style(style).with_message(label);
        Self::begin(bar, label)
    }

    /// Starts the progress of a command that reads the whole log, counted in log positions.
    pub(crate) fn of_log() -> Self {
        Self::counted(localized("读取日志", "reading the log"))
    }

    /// Starts the progress of work without a known size: `say` shows a message.
    pub(crate) fn spinner() -> Self {
        let bar = ProgressBar::new_spinner();
        bar.enable_steady_tick(SPINNER_STEP);
        Self::begin(bar, "")
    }

    fn begin(bar: ProgressBar, label: &'static str) -> Self {
        let clock = SystemClock::default();
        let printed_at = Mutex::new(clock.now());
        Self {
            bar,
            label,
            clock,
            printed_at,
        }
    }

    /// Sets how much is done (`done`) and the size of the work (`all`).
    pub(crate) fn set(&self, done: u64, all: u64) {
        self.bar.set_length(all);
        self.bar.set_position(done);
        if self.is_line_due() {
            let label = self.label;
            output::notice(&format_localized!(
                "{label}：{done} / {all}",
                "{label}: {done} of {all}"
            ));
        }
    }

    /// Sets the log position that has been reached, and the last one of the log.
    pub(crate) fn reach(&self, reached: Position, last: Position) {
        self.set(reached.0, last.0);
    }

    /// Sets the message of work without a known size.
    pub(crate) fn say(&self, message: String) {
        if self.is_line_due() {
            output::notice(&message);
        }
        self.bar.set_message(message);
    }

    fn is_line_due(&self) -> bool {
        if !self.bar.is_hidden() {
            return false;
        }
        let now = self.clock.now();
        let mut printed_at = self.printed_at.lock().unwrap_or_else(PoisonError::into_inner);
        let is_due = is_due(*printed_at, now);
        if is_due {
            *printed_at = now;
        }
        is_due
    }
}

fn is_due(printed_at: Timestamp, now: Timestamp) -> bool {
    now >= printed_at.plus_ms(LINE_STEP_MS)
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pipe_gets_a_line_every_ten_seconds() {
        let began = SystemClock::default().now();
        assert!(!is_due(began, began.plus_ms(9_999)));
        assert!(is_due(began, began.plus_ms(10_000)));
    }
}
