//! How a published content is named: `NAME` is its current version, `NAME@V` one version for ever.
//!
//! Flows, models and knowledge are named alike; each says with a type of its own what it names.

use std::fmt;
use std::str::FromStr;

/// A name and the version behind it; `None` for what names nothing.
pub fn read<I: FromStr>(text: &str) -> Option<(I, Option<u32>)> {
    let (name, version) = match text.split_once('@') {
        None => (text, None),
        Some((name, version)) => {
            let number: Option<u32> = version.parse().ok();
            // One way of writing it: no sign, no zero in front.
            let canonical = number.filter(|one| *one > 0 && one.to_string() == version);
            (name, Some(canonical?))
        }
    };
    Some((name.parse().ok()?, version))
}

/// As it is read.
pub fn write(to: &mut fmt::Formatter<'_>, name: &impl fmt::Display, version: Option<u32>) -> fmt::Result {
    match version {
        Some(version) => write!(to, "{name}@{version}"),
        None => write!(to, "{name}"),
    }
}
