//! What is wrong with a configuration: each fault with its source, such as `ledgerline.toml:12: …`.

use crate::configuration::origin::Origin;
use application::format_localized;
use domain::problem::Problem;
use std::fmt;

/// The most faults that are listed; a file with more is no configuration file.
const FAULTS_MAX: usize = 100;

/// One fault: its source and what is wrong. The text never contains a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigurationFault {
    origin: Origin,
    text: String,
}

impl ConfigurationFault {
    pub(crate) fn new(origin: &Origin, text: impl Into<String>) -> Self {
        Self {
            origin: origin.clone(),
            text: text.into(),
        }
    }
}

impl fmt::Display for ConfigurationFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.origin, self.text)
    }
}

/// All faults of a configuration, in the order of the file; at least one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct ConfigurationFaults(Vec<ConfigurationFault>);

impl ConfigurationFaults {
    /// Sorts the faults by source and line.
    pub(crate) fn of(mut faults: Vec<ConfigurationFault>) -> Self {
        faults.sort_by_key(|fault| (fault.origin.rank(), fault.origin.line()));
        faults.dedup();
        Self(faults)
    }

    /// Returns `value`, or the faults if there are any.
    pub(crate) fn or<T>(faults: Vec<ConfigurationFault>, value: T) -> Result<T, Self> {
        if faults.is_empty() {
            return Ok(value);
        }
        Err(Self::of(faults))
    }

    /// Returns one line for each fault.
    pub fn lines(&self) -> Vec<String> {
        let mut lines: Vec<String> = self.0.iter().take(FAULTS_MAX).map(ToString::to_string).collect();
        if let Some(more) = self.0.len().checked_sub(FAULTS_MAX).filter(|more| *more > 0) {
            lines.push(format_localized!("另有 {more} 处错误", "and {more} more errors"));
        }
        lines
    }
}

impl fmt::Display for ConfigurationFaults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.lines().join("\n"))
    }
}

impl From<ConfigurationFaults> for Problem {
    fn from(faults: ConfigurationFaults) -> Self {
        Self::invalid("setting-invalid", faults.to_string())
    }
}
