//! The signed compliance report of the day, as an auditor has it made: by the command, into a file.

use crate::program::{read, run_json};
use serde_json::Value;
use std::path::Path;

/// A report that was issued.
pub struct DayReport {
    /// Where it stands.
    pub file: String,
    /// What the command said of it.
    pub issued: Value,
    /// What stands in it.
    pub compliance: Value,
}

impl DayReport {
    /// Issues the report of the log's day into `folder`.
    ///
    /// # Errors
    /// What the command said where it issued none, or why its file is not readable.
    pub fn issue(folder: &Path, data: &str) -> Result<Self, String> {
        let file = folder.join("compliance.json");
        let out = file.to_string_lossy().into_owned();
        let order = ["report", "compliance", "--data", data, "--period", "day"];
        let (status, issued) = run_json(&[&order[..], &["--out", &out, "--json"]].concat())?;
        if !status.success() {
            return Err(format!("no report was issued: {issued}"));
        }
        let compliance = serde_json::from_str(&read(&file)).map_err(|error| error.to_string())?;
        Ok(Self {
            file: out,
            issued,
            compliance,
        })
    }
}
