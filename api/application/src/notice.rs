//! What a process says beside its output, to whoever started it: on standard error, a line at a time.

use std::io::{self, Write};

/// A line of its own. Nothing can be done when even that fails.
pub fn notice(text: &str) {
    drop(writeln!(io::stderr(), "{text}"));
}
