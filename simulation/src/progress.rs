//! How far a long run is, in a file of lines: who is stopped after hours goes on where they were.
//!
//! Worlds know nothing of each other, so that which of them were run before changes no finding. The first
//! line says whose they are, program and plan: what another found is not taken for this one's.

use crate::Found;
use serde::{Deserialize, Serialize};
use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;

/// A world that was run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RanWorld {
    pub index: u64,
    pub found: Found,
    /// Whether a second run of it gave the same log; absent where it was run once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub same_again: Option<bool>,
}

/// Why nothing can be gone on with.
#[derive(Debug, thiserror::Error)]
pub enum ProgressFault {
    #[error("how far it is cannot be read or kept: {0}")]
    Io(#[from] std::io::Error),
    #[error("it is of another program or plan ({0}); delete it to begin anew, or name another file")]
    OfAnother(String),
    #[error("its line {line} is none of ours: {why}")]
    Garbled { line: usize, why: serde_json::Error },
}

#[derive(Debug, Serialize, Deserialize)]
struct Header {
    of: String,
}

/// The file, open at its end.
#[derive(Debug)]
pub struct Progress {
    file: File,
}

impl Progress {
    /// Opens or begins the file of a run; what is in it was run before. A last line that was cut off is
    /// forgotten.
    pub fn resume(path: &Path, of: &str) -> Result<(Self, Vec<RanWorld>), ProgressFault> {
        let mut options = OpenOptions::new();
        let mut file = options
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)?;
        let mut text = String::new();
        file.read_to_string(&mut text)?;
        let whole = text.rfind('\n').map_or(0, |last| last + 1);
        let kept = text.get(..whole).unwrap_or_default();
        file.set_len(kept.len() as u64)?;
        file.seek(SeekFrom::End(0))?;
        let mut progress = Self { file };
        let mut lines = kept.lines();
        match lines.next() {
            None => progress.write(&Header { of: of.to_owned() })?,
            Some(first) => {
                let header: Header = parsed(1, first)?;
                if header.of != of {
                    return Err(ProgressFault::OfAnother(header.of));
                }
            }
        }
        let worlds = (2..).zip(lines).map(|(line, text)| parsed(line, text));
        Ok((progress, worlds.collect::<Result<_, _>>()?))
    }

    /// Keeps what a world found, before it counts.
    pub fn keep(&mut self, ran: &RanWorld) -> Result<(), ProgressFault> {
        self.write(ran)
    }

    fn write(&mut self, what: &impl Serialize) -> Result<(), ProgressFault> {
        let mut line = serde_json::to_string(what).map_err(std::io::Error::from)?;
        line.push('\n');
        Ok(self.file.write_all(line.as_bytes())?)
    }
}

fn parsed<T: serde::de::DeserializeOwned>(line: usize, text: &str) -> Result<T, ProgressFault> {
    serde_json::from_str(text).map_err(|why| ProgressFault::Garbled { line, why })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Plan, Views, put_together, simulate_world};

    /// A day of a few people: what is kept of a world does not depend on how long it was.
    fn ran(index: u64) -> RanWorld {
        let plan = Plan {
            days: 1,
            calls_per_day: 3,
            seed: 5 + index,
            views: Views::Worklist,
            ..Plan::default()
        };
        RanWorld {
            index,
            found: simulate_world(plan, 0).unwrap(),
            same_again: (index == 0).then_some(true),
        }
    }

    #[test]
    fn a_run_that_was_stopped_finds_what_one_in_one_piece_finds() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("days.jsonl");
        let worlds = vec![ran(0), ran(1)];
        let (mut progress, before) = Progress::resume(&path, "ours").unwrap();
        assert_eq!(before, vec![]);
        progress.keep(&worlds[0]).unwrap();
        // Stopped while it wrote of the next.
        let mut file = OpenOptions::new().append(true).open(&path).unwrap();
        file.write_all(b"{\"index\":1,\"fou").unwrap();
        let (mut progress, before) = Progress::resume(&path, "ours").unwrap();
        assert_eq!(before, worlds[..1]);
        progress.keep(&worlds[1]).unwrap();
        let (_, all) = Progress::resume(&path, "ours").unwrap();
        assert_eq!(all, worlds);
        let report = |worlds: Vec<RanWorld>| {
            let founds = worlds.into_iter().map(|ran| ran.found).collect();
            put_together(Plan::default(), founds)
        };
        let whole = report(worlds);
        assert!(whole.events > 0 && whole.invariants.len() > 5, "{whole:?}");
        assert_eq!(report(all), whole);
    }

    #[test]
    fn what_another_found_is_not_taken_for_ours() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("days.jsonl");
        Progress::resume(&path, "another").unwrap();
        let refused = Progress::resume(&path, "ours").unwrap_err();
        assert!(matches!(refused, ProgressFault::OfAnother(of) if of == "another"));
        std::fs::write(&path, "{\"of\":\"ours\"}\n{}\n").unwrap();
        let garbled = Progress::resume(&path, "ours").unwrap_err();
        assert!(matches!(garbled, ProgressFault::Garbled { line: 2, .. }));
    }
}
