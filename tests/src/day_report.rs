//! Issues the signed compliance report of a day by the command line, as an auditor does.

use crate::program::{read, run_json};
use serde_json::Value;
use std::path::Path;

/// An issued compliance report.
pub struct DayReport {
    /// The path of the file.
    pub file: String,
    /// The output of the command.
    pub issued: Value,
    /// The content of the file.
    pub compliance: Value,
}

impl DayReport {
    /// Issues the report about the day of the log into `folder`.
    ///
    /// # Errors
    ///
    /// The output of the command if it issued no report, or why its file cannot be read.
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
