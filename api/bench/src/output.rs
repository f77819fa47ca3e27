//! What a measurement prints: lines for people, one JSON value for programs.

use domain::problem::Problem;
use serde_json::Value;
use std::io::{self, Write};

/// One line, flushed at once. A reader who has enough (`| head`) ends nothing: the measurement goes on.
pub(crate) fn line(text: &str) -> Result<(), Problem> {
    let mut out = io::stdout().lock();
    match writeln!(out, "{text}").and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Problem::unavailable(format!("standard output: {error}")))
        }
        _ => Ok(()),
    }
}

/// One JSON value on one line, for programs.
pub(crate) fn json(value: &Value) -> Result<(), Problem> {
    line(&value.to_string())
}

/// JSON for people to read.
pub(crate) fn pretty(value: &Value) -> Result<(), Problem> {
    line(&format!("{value:#}"))
}
