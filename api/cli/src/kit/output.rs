//! The only writer of standard output. A command that only shows data ends when its reader closes the pipe.

use crate::kit::failure::Failure;
pub(crate) use application::notice::notice;
use serde_json::Value;
use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};

/// True if this command ends when its output pipe is closed.
static ENDS_WITH_ITS_READER: AtomicBool = AtomicBool::new(false);

/// Makes this command end when its output pipe is closed, as in `live | head`. Called for commands that only
/// show data; a command that writes to the log or serves continues without a reader.
pub(crate) fn end_when_pipe_closes() {
    ENDS_WITH_ITS_READER.store(true, Ordering::Relaxed);
}

/// Prints one line and flushes it, so that a pipe sees progress.
pub(crate) fn line(text: &str) -> Result<(), Failure> {
    ended(write(text), ENDS_WITH_ITS_READER.load(Ordering::Relaxed))
}

/// Converts the result of a write. A closed pipe (`| head`) is no error: a command that only shows data ends,
/// others continue.
fn ended(written: io::Result<()>, with_the_reader: bool) -> Result<(), Failure> {
    match written {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => match with_the_reader {
            true => Err(Failure::reader_gone()),
            false => Ok(()),
        },
        other => other.map_err(|error| Failure::unavailable(format!("standard output: {error}"))),
    }
}

/// Prints one JSON value on one line, for programs.
pub(crate) fn json(value: &Value) -> Result<(), Failure> {
    line(&value.to_string())
}

/// Prints indented JSON, for people.
pub(crate) fn pretty(value: &Value) -> Result<(), Failure> {
    line(&format!("{value:#}"))
}

fn write(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{text}").and_then(|()| out.flush())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_only_shows_things_ends_with_the_reader_and_says_nothing() {
        let broken = || Err(io::Error::from(io::ErrorKind::BrokenPipe));
        let failure = ended(broken(), true).unwrap_err();
        assert!(failure.is_quiet());
        assert!(ended(broken(), false).is_ok(), "a server continues");
        let full = Err(io::Error::from(io::ErrorKind::StorageFull));
        assert!(!ended(full, true).unwrap_err().is_quiet());
    }
}
