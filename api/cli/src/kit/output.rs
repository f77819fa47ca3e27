//! The only writer of standard output, for people and programs; who only shows things ends with its reader.

use crate::kit::failure::Failure;
pub(crate) use application::notice::notice;
use serde_json::Value;
use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};

/// Whether this command ends when nobody reads its output any more.
static ENDS_WITH_ITS_READER: AtomicBool = AtomicBool::new(false);

/// Said by commands that only show things: `live | head` ends. One that writes to the log or serves goes on,
/// whoever reads what it prints.
pub(crate) fn end_with_the_reader() {
    ENDS_WITH_ITS_READER.store(true, Ordering::Relaxed);
}

/// One line for people, flushed at once so that a pipe sees progress.
pub(crate) fn line(text: &str) -> Result<(), Failure> {
    ended(write(text), ENDS_WITH_ITS_READER.load(Ordering::Relaxed))
}

/// The reader of a pipe (`| head`) has enough: no error, and for who only shows things the end.
fn ended(written: io::Result<()>, with_the_reader: bool) -> Result<(), Failure> {
    match written {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => match with_the_reader {
            true => Err(Failure::reader_gone()),
            false => Ok(()),
        },
        other => other.map_err(|error| Failure::unavailable(format!("standard output: {error}"))),
    }
}

/// One JSON value on one line, for programs.
pub(crate) fn json(value: &Value) -> Result<(), Failure> {
    line(&value.to_string())
}

/// JSON for people to read.
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
        assert!(ended(broken(), false).is_ok(), "a server goes on");
        let full = Err(io::Error::from(io::ErrorKind::StorageFull));
        assert!(!ended(full, true).unwrap_err().is_quiet());
    }
}
