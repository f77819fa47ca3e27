//! Reads recordings with known words: a folder with a list, or with files named by their words.

use crate::kit::failure::Failure;
use serde::Deserialize;
use speech::clips::read_audio;
use std::path::Path;

/// Name of the list in the folder.
const LIST: &str = "utterances.jsonl";
/// Most recordings of one set: hours of speech.
const RECORDINGS_MAX: usize = 20_000;
/// Largest recording, in bytes: half a minute at 48 kHz.
const RECORDING_BYTES_MAX: u64 = 30 * 48_000 * 2 + 4_096;

/// A line of the list.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    file: String,
    text: String,
    #[serde(default)]
    dialect: Option<String>,
}

/// One recording, at 8 kHz, with its words.
pub(super) struct Recording {
    pub(super) text: String,
    pub(super) dialect: Option<String>,
    pub(super) samples: Vec<i16>,
}

/// Silence added on both sides, in samples: the detector measures the line before speech begins.
const AROUND_SAMPLES: usize = 4_800;

impl Recording {
    /// Returns the samples with silence before and after them.
    pub(super) fn around(&self) -> Vec<i16> {
        let quiet = vec![0; AROUND_SAMPLES];
        [quiet.as_slice(), &self.samples, &quiet].concat()
    }
}

pub(super) fn read(folder: &Path) -> Result<Vec<Recording>, Failure> {
    let lines = lines(folder)?;
    if lines.is_empty() {
        return Err(Failure::refused(format!(
            "{}: there are no recordings",
            folder.display()
        )));
    }
    if lines.len() > RECORDINGS_MAX {
        return Err(Failure::refused(format!("more than {RECORDINGS_MAX} recordings")));
    }
    lines.into_iter().map(|line| recording(folder, line)).collect()
}

fn recording(folder: &Path, line: Line) -> Result<Recording, Failure> {
    let path = folder.join(&line.file);
    let unread = |error: std::io::Error| Failure::unavailable(format!("{}: {error}", path.display()));
    if std::fs::metadata(&path).map_err(unread)?.len() > RECORDING_BYTES_MAX {
        return Err(Failure::refused(format!(
            "{}: longer than half a minute",
            path.display()
        )));
    }
    let wav = std::fs::read(&path).map_err(unread)?;
    let clip = read_audio(&wav).map_err(|error| Failure::refused(format!("{}: {error}", path.display())))?;
    Ok(Recording {
        text: line.text,
        dialect: line.dialect,
        samples: clip.samples,
    })
}

fn lines(folder: &Path) -> Result<Vec<Line>, Failure> {
    let list = folder.join(LIST);
    let unread = |error: std::io::Error| Failure::unavailable(format!("{}: {error}", folder.display()));
    if !list.exists() {
        let mut names = Vec::new();
        for entry in std::fs::read_dir(folder).map_err(unread)? {
            names.push(entry.map_err(unread)?.file_name().to_string_lossy().into_owned());
        }
        names.retain(|name| name.ends_with(".wav"));
        names.sort();
        let named = |file: String| Line {
            text: file.split('.').next().unwrap_or_default().to_owned(),
            file,
            dialect: None,
        };
        return Ok(names.into_iter().map(named).collect());
    }
    let text = std::fs::read_to_string(&list).map_err(unread)?;
    let mut lines = Vec::new();
    for (index, line) in text
        .lines()
        .enumerate()
        .filter(|(_, line)| !line.trim().is_empty())
    {
        let refused = |why: String| Failure::refused(format!("{}:{}: {why}", list.display(), index + 1));
        let line: Line = serde_json::from_str(line).map_err(|error| refused(error.to_string()))?;
        // Only file names are allowed: the recording must be in the folder itself.
        if line.file.contains(['/', '\\']) || line.file.starts_with('.') {
            return Err(refused(
                "`file` must be the name of a file in the folder".to_owned(),
            ));
        }
        lines.push(line);
    }
    Ok(lines)
}
