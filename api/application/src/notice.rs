//! Messages to the operator on standard error, one line each, apart from the program's output.

use std::io::{self, Write};

/// Writes one line to standard error. A failure is ignored, because it cannot be reported.
pub fn notice(text: &str) {
    drop(writeln!(io::stderr(), "{text}"));
}
