//! References to published content: `NAME` is its current version, `NAME@V` is version V.
//!
//! Flows, models and knowledge bases use this format; each has its own reference type.

use std::fmt;
use std::str::FromStr;

/// Reads `NAME` or `NAME@V` as name and version. The version is `None` for `NAME` (the current one). `None`
/// if the name is not valid or V is not a canonical number from 1 (`@0`, `@01`).
pub fn read<I: FromStr>(text: &str) -> Option<(I, Option<u32>)> {
    let (name, version) = match text.split_once('@') {
        None => (text, None),
        Some((name, version)) => {
            let number: Option<u32> = version.parse().ok();
            // Only one form is accepted: no sign, no leading zero.
            let canonical = number.filter(|one| *one > 0 && one.to_string() == version);
            (name, Some(canonical?))
        }
    };
    Some((name.parse().ok()?, version))
}

/// Writes `NAME` or, with a version, `NAME@V`: the form that `read` accepts.
pub fn write(to: &mut fmt::Formatter<'_>, name: &impl fmt::Display, version: Option<u32>) -> fmt::Result {
    match version {
        Some(version) => write!(to, "{name}@{version}"),
        None => write!(to, "{name}"),
    }
}
