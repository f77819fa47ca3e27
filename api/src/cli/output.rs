//! The only writer of standard output and standard error.

use super::failure::Failure;
use serde_json::Value;
use std::io::{self, Write};

/// One line for people, flushed at once so that a pipe sees progress.
pub(crate) fn line(text: &str) -> Result<(), Failure> {
    write(text).map_err(|error| Failure::unavailable(format!("standard output: {error}")))
}

/// One JSON value on one line, for programs.
pub(crate) fn json(value: &Value) -> Result<(), Failure> {
    line(&value.to_string())
}

/// JSON for people to read.
pub(crate) fn pretty(value: &Value) -> Result<(), Failure> {
    line(&format!("{value:#}"))
}

/// A line beside the output: notices and errors. Nothing can be done when even that fails.
pub(crate) fn notice(text: &str) {
    drop(writeln!(io::stderr(), "{text}"));
}

fn write(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    match writeln!(out, "{text}").and_then(|()| out.flush()) {
        // The reader of a pipe (`| head`) has enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}
