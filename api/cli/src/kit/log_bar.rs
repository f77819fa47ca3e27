//! A progress bar for commands that read the whole log, on a terminal's error stream; prints nothing
//! elsewhere.

use domain::stored_event::Position;
use indicatif::{ProgressBar, ProgressStyle};

/// A progress bar by log position. Dropping it clears it.
pub(crate) struct LogBar(ProgressBar);

impl LogBar {
    pub(crate) fn begin() -> Self {
        let style = ProgressStyle::with_template("reading the log 读取日志 [{bar:32}] {pos}/{len} {eta}");
        let style = style.unwrap_or_else(|_| ProgressStyle::default_bar());
        Self(ProgressBar::new(0).with_style(style))
    }

    pub(crate) fn show(&self, reached: Position, last: Position) {
        self.0.set_length(last.0);
        self.0.set_position(reached.0);
    }
}

impl Drop for LogBar {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
