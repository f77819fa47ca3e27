//! The output of a measurement: lines for a reader, one JSON value for programs.

use domain::problem::Problem;
use serde_json::Value;
use std::io::{self, Write};

/// Prints one line, flushed immediately. If a reader stops reading (`| head`), the measurement continues.
pub(crate) fn line(text: &str) -> Result<(), Problem> {
    let mut out = io::stdout().lock();
    match writeln!(out, "{text}").and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Problem::unavailable(format!("standard output: {error}")))
        }
        _ => Ok(()),
    }
}

/// Prints one JSON value on one line, for programs.
pub(crate) fn json(value: &Value) -> Result<(), Problem> {
    line(&value.to_string())
}

/// Prints indented JSON for a reader.
pub(crate) fn pretty(value: &Value) -> Result<(), Problem> {
    line(&format!("{value:#}"))
}
