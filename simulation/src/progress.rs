//! The progress of a long run, in a file of lines: an interrupted run continues from it.
//!
//! Worlds are independent, so it does not matter which of them ran before. The first line identifies the
//! program and the plan; results of another program or plan are not used.

use crate::WorldResult;
use serde::{Deserialize, Serialize};
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

/// A world that was run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CompletedWorld {
    pub index: u64,
    pub found: WorldResult,
    /// Whether a second run gave the same log; `None` if it ran once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub same_again: Option<bool>,
}

/// Why a run cannot be resumed.
#[derive(Debug, thiserror::Error)]
pub enum ProgressFault {
    #[error("the progress cannot be read or stored: {0}")]
    Io(#[from] io::Error),
    #[error("the file is of another program or plan ({0}); delete it to start over, or name another file")]
    OfAnother(String),
    #[error("line {line} is not a line of a progress file, and nothing was changed: {why}")]
    Garbled { line: usize, why: serde_json::Error },
    #[error("another process has the file open")]
    Busy,
}

#[derive(Debug, Serialize, Deserialize)]
struct Header {
    of: String,
}

/// The progress file, locked and positioned at its end.
#[derive(Debug)]
pub struct Progress {
    file: File,
    /// Bytes of complete lines.
    whole: u64,
}

impl Progress {
    /// Opens or creates the progress file of the run `of` and locks it. Returns the worlds that it
    /// contains. A last line that was cut off is removed; a file of another run is left unchanged, and
    /// fails.
    pub fn resume(path: &Path, of: &str) -> Result<(Self, Vec<CompletedWorld>), ProgressFault> {
        let mut options = OpenOptions::new();
        let mut file = options
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)?;
        file.try_lock().map_err(|refused| match refused {
            TryLockError::WouldBlock => ProgressFault::Busy,
            TryLockError::Error(error) => ProgressFault::Io(error),
        })?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        let ours = line_of(&Header { of: of.to_owned() })?;
        // Empty, or cut off while it was created.
        if bytes.len() < ours.len() && ours.as_bytes().starts_with(&bytes) {
            let mut progress = Self { file, whole: 0 };
            progress.forget_what_was_cut_off()?;
            progress.write(&ours)?;
            return Ok((progress, Vec::new()));
        }
        // A last line that was cut off may end within a character.
        let whole = bytes
            .iter()
            .rposition(|byte| *byte == b'\n')
            .map_or(0, |last| last + 1);
        bytes.truncate(whole);
        let text =
            String::from_utf8(bytes).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
        let mut lines = text.lines();
        let header: Header = parsed(1, lines.next().unwrap_or_default())?;
        if header.of != of {
            return Err(ProgressFault::OfAnother(header.of));
        }
        let worlds = (2..).zip(lines).map(|(line, text)| parsed(line, text));
        let worlds = worlds.collect::<Result<_, _>>()?;
        let whole = text.len() as u64;
        let mut progress = Self { file, whole };
        progress.forget_what_was_cut_off()?;
        Ok((progress, worlds))
    }

    /// Stores the result of a world, before it is counted.
    pub fn keep(&mut self, ran: &CompletedWorld) -> Result<(), ProgressFault> {
        self.write(&line_of(ran)?)
    }

    fn write(&mut self, line: &str) -> Result<(), ProgressFault> {
        if let Err(error) = self.file.write_all(line.as_bytes()) {
            // On a full disk a part of the line may be written: the next line would not begin on a line of
            // its own.
            self.forget_what_was_cut_off()?;
            return Err(error.into());
        }
        self.whole += line.len() as u64;
        Ok(())
    }

    fn forget_what_was_cut_off(&mut self) -> Result<(), ProgressFault> {
        self.file.set_len(self.whole)?;
        self.file.seek(SeekFrom::Start(self.whole))?;
        Ok(())
    }
}

fn line_of(what: &impl Serialize) -> Result<String, ProgressFault> {
    let mut line = serde_json::to_string(what).map_err(io::Error::from)?;
    line.push('\n');
    Ok(line)
}

fn parsed<T: serde::de::DeserializeOwned>(line: usize, text: &str) -> Result<T, ProgressFault> {
    serde_json::from_str(text).map_err(|why| ProgressFault::Garbled { line, why })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Plan, Views, combine_report, simulate_world};

    /// A world of a day with a few customers: what is stored of a world does not depend on its length.
    fn ran(index: u64) -> CompletedWorld {
        let plan = Plan {
            days: 1,
            calls_per_day: 3,
            seed: 5 + index,
            views: Views::Worklist,
            ..Plan::default()
        };
        CompletedWorld {
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
        let second = Progress::resume(&path, "ours").unwrap_err();
        assert!(matches!(second, ProgressFault::Busy), "one process at a time");
        drop(progress);
        // Stopped while it wrote the next world.
        let mut file = OpenOptions::new().append(true).open(&path).unwrap();
        file.write_all(
            "{\"index\":1,\"fou\":\"中"
                .as_bytes()
                .strip_suffix(b"\xad")
                .unwrap(),
        )
        .unwrap();
        let (mut progress, before) = Progress::resume(&path, "ours").unwrap();
        assert_eq!(before, worlds[..1]);
        progress.keep(&worlds[1]).unwrap();
        drop(progress);
        let (_, all) = Progress::resume(&path, "ours").unwrap();
        assert_eq!(all, worlds);
        let report = |worlds: Vec<CompletedWorld>| {
            let founds = worlds.into_iter().map(|ran| ran.found).collect();
            combine_report(Plan::default(), founds)
        };
        let whole = report(worlds);
        assert!(whole.events > 0 && whole.invariants.len() > 5, "{whole:?}");
        assert_eq!(report(all), whole);
    }

    #[test]
    fn a_run_that_was_stopped_while_it_began_restarts() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("days.jsonl");
        for cut in ["", "{\"of\":\"ou", "{\"of\":\"ours\"}"] {
            std::fs::write(&path, cut).unwrap();
            drop(Progress::resume(&path, "ours").unwrap());
            assert_eq!(
                std::fs::read_to_string(&path).unwrap(),
                "{\"of\":\"ours\"}\n",
                "{cut}"
            );
        }
    }

    #[test]
    fn what_another_found_is_not_taken_for_ours() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("days.jsonl");
        drop(Progress::resume(&path, "another").unwrap());
        let refused = Progress::resume(&path, "ours").unwrap_err();
        assert!(matches!(refused, ProgressFault::OfAnother(of) if of == "another"));
        std::fs::write(&path, "{\"of\":\"ours\"}\n{}\n").unwrap();
        let garbled = Progress::resume(&path, "ours").unwrap_err();
        assert!(matches!(garbled, ProgressFault::Garbled { line: 2, .. }));
        for foreign in [
            "notes of a user",
            "notes\nof a user",
            "{\"of\":\"an",
            "{\"of\": \"ours\"}",
        ] {
            std::fs::write(&path, foreign).unwrap();
            let refused = Progress::resume(&path, "ours").unwrap_err();
            assert!(
                matches!(refused, ProgressFault::Garbled { line: 1, .. }),
                "{foreign}"
            );
            assert_eq!(
                std::fs::read_to_string(&path).unwrap(),
                foreign,
                "it is left as it is"
            );
        }
    }
}
