//! Writes a backup while the log's writer runs: all events up to the head at its beginning.
//!
//! If the folder holds a finished backup, its segments are checked and kept, and the log's newer events
//! are appended.

use super::container::{MANIFEST_FILE, TarWriter, refuse_existing, write_part};
use super::error::BackupError;
use super::manifest::{FORMAT_VERSION, Manifest, SegmentFacts, Source, base64, segment_name};
use super::reader::BackupReader;
use super::segment::SegmentBuilder;
use crate::proof::{RootFold, event_hash};
use domain::hex;
use domain::ports::event_store::EventStore;
use domain::stored_event::{Position, StoredEvent};
use domain::time::Timestamp;
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};

/// The number of events read from the log at a time. Read transactions stay short, so that the log's writer
/// can trim its write-ahead log.
const PAGE_EVENTS: usize = 1_024;

/// The destination of a backup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BackupDestination {
    /// One tar file, which must not exist.
    File(PathBuf),
    /// A folder that is new, empty, or holds a backup of the same log to continue.
    Folder(PathBuf),
}

impl BackupDestination {
    /// Returns an error if the destination is a file that exists. Accepts every folder: `create` checks its
    /// content.
    pub fn refuse_what_is_there(&self) -> Result<(), BackupError> {
        match self {
            Self::File(file) => refuse_existing(file),
            Self::Folder(_) => Ok(()),
        }
    }
}

/// The facts about a backup that its maker supplies.
#[derive(Debug, Clone)]
pub struct BackupFacts {
    pub at: Timestamp,
    /// Name and version of the program.
    pub by: String,
    pub source: Source,
    /// The log's latest signed checkpoint and the public key that verifies it, read before the backup
    /// began.
    pub checkpoint: Option<(String, String)>,
}

/// The result of a backup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackupResult {
    pub manifest: Manifest,
    /// Number of events that the folder already held.
    pub kept: u64,
}

/// Writes a backup of the events of `store` up to its head at the start. Continues a backup that is in the
/// folder. Calls `progress` after each page with the number of events done and the total. If the process is
/// killed, an earlier backup in the folder stays valid; an unfinished one has no manifest.
pub async fn create(
    store: &dyn EventStore,
    out: &BackupDestination,
    made: BackupFacts,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<BackupResult, BackupError> {
    let head = store.head().await?;
    let mut writer = Writer::begin(out)?;
    if let Some(last) = &writer.last {
        check_same_log(store, last, writer.source_head).await?;
    }
    let kept = writer.fold.size();
    let mut after = writer.source_head;
    while after < head {
        let page = store.read_all(after, PAGE_EVENTS).await?;
        let Some(last) = page.last() else { break };
        after = last.position;
        for event in page.into_iter().filter(|event| event.position <= head) {
            writer.push(event, made.source.dense)?;
        }
        progress(writer.fold.size(), head.0.max(writer.fold.size()));
    }
    let manifest = writer.finish(made)?;
    Ok(BackupResult { manifest, kept })
}

/// Returns an error unless the log still holds the backup's last event, at the same position.
async fn check_same_log(
    store: &dyn EventStore,
    last: &StoredEvent,
    source_head: Position,
) -> Result<(), BackupError> {
    let before = Position(source_head.0.saturating_sub(1));
    let found = store.read_all(before, 1).await?;
    let same = found.first().is_some_and(|found| {
        found.position == source_head && found.record == last.record && found.recorded_at == last.recorded_at
    });
    if same {
        return Ok(());
    }
    Err(BackupError::OtherLog(format!(
        "it does not hold the backup's last event at position {source_head}"
    )))
}

enum Target {
    Tar(TarWriter),
    Folder(PathBuf),
}

struct Writer {
    target: Target,
    fold: RootFold,
    segments: Vec<SegmentFacts>,
    building: SegmentBuilder,
    /// Position in the log of the last event written.
    source_head: Position,
    last: Option<StoredEvent>,
    /// The manifest of the backup that is continued.
    former: Option<Manifest>,
}

impl Writer {
    fn begin(out: &BackupDestination) -> Result<Self, BackupError> {
        let empty = |target| Self {
            target,
            fold: RootFold::new(),
            segments: Vec::new(),
            building: SegmentBuilder::starting_at(1),
            source_head: Position(0),
            last: None,
            former: None,
        };
        match out {
            BackupDestination::File(path) => Ok(empty(Target::Tar(TarWriter::begin(path)?))),
            BackupDestination::Folder(folder) if folder.join(MANIFEST_FILE).exists() => Self::go_on(folder),
            BackupDestination::Folder(folder) => {
                prepare(folder)?;
                Ok(empty(Target::Folder(folder.clone())))
            }
        }
    }

    /// Opens the finished backup in the folder to continue it: reads and checks all its segments.
    fn go_on(folder: &Path) -> Result<Self, BackupError> {
        let reader = BackupReader::open(folder)?;
        let mut fold = RootFold::new();
        let mut last = None;
        for facts in &reader.manifest().segments {
            for event in reader.segment(facts)? {
                fold.push(&event_hash(&event));
                last = Some(event);
            }
        }
        let manifest = reader.manifest().clone();
        if fold.root() != manifest.root_hash()? {
            let why = "its root is not the one of its events";
            return Err(BackupError::altered(MANIFEST_FILE, None, why));
        }
        Ok(Self {
            target: Target::Folder(folder.to_owned()),
            building: SegmentBuilder::starting_at(fold.size() + 1),
            fold,
            segments: manifest.segments.clone(),
            source_head: manifest.head,
            last,
            former: Some(manifest),
        })
    }

    fn push(&mut self, event: StoredEvent, dense: bool) -> Result<(), BackupError> {
        if dense && event.position.0 != self.fold.size() + 1 {
            let damaged = format!("position {} follows {}", event.position, self.fold.size());
            return Err(domain::ports::event_store::StoreError::Damaged(damaged).into());
        }
        if self.building.is_full() {
            self.close_segment()?;
        }
        let leaf = self.building.push(&event);
        self.fold.push(&leaf);
        self.source_head = event.position;
        self.last = Some(event);
        Ok(())
    }

    fn close_segment(&mut self) -> Result<(), BackupError> {
        let next = SegmentBuilder::starting_at(self.fold.size() + 1);
        let full = std::mem::replace(&mut self.building, next);
        let count = full.count();
        let name = segment_name(self.segments.len() + 1);
        let bytes = full.finish();
        self.add(&name, &bytes)?;
        self.segments.push(SegmentFacts {
            name,
            first: self.fold.size() + 1 - u64::from(count),
            count,
            bytes: bytes.len() as u64,
            sha256: hex::encode(&Sha256::digest(&bytes)),
        });
        Ok(())
    }

    fn add(&mut self, name: &str, bytes: &[u8]) -> Result<(), BackupError> {
        match &mut self.target {
            Target::Tar(tar) => tar.add(name, bytes),
            Target::Folder(folder) => write_part(folder, name, bytes),
        }
    }

    fn finish(mut self, made: BackupFacts) -> Result<Manifest, BackupError> {
        if self.building.count() > 0 {
            self.close_segment()?;
        }
        let (checkpoint, vkey) = made.checkpoint.unzip();
        let manifest = Manifest {
            format: Manifest::format_name(),
            version: FORMAT_VERSION,
            made_at: made.at,
            made_by: made.by,
            source: made.source,
            head: self.source_head,
            size: self.fold.size(),
            last_recorded_at: self.last.as_ref().map(|event| event.recorded_at),
            root: base64(&self.fold.root()),
            checkpoint,
            vkey,
            segments: std::mem::take(&mut self.segments),
        };
        self.refuse_another_source(&manifest)?;
        self.add(MANIFEST_FILE, &manifest.to_bytes())?;
        if let Target::Tar(tar) = self.target {
            tar.finish()?;
        }
        Ok(manifest)
    }

    fn refuse_another_source(&self, manifest: &Manifest) -> Result<(), BackupError> {
        match &self.former {
            Some(former) if former.source.mode != manifest.source.mode => Err(BackupError::OtherLog(
                "one of them is a rehearsal and the other is not".to_owned(),
            )),
            Some(_) | None => Ok(()),
        }
    }
}

/// Creates the folder if needed. Returns an error if it holds other files than segments and partial files,
/// which a killed backup leaves.
fn prepare(folder: &Path) -> Result<(), BackupError> {
    let disk = |error: &std::io::Error| BackupError::disk(folder, error);
    std::fs::create_dir_all(folder).map_err(|error| disk(&error))?;
    for found in std::fs::read_dir(folder).map_err(|error| disk(&error))? {
        let name = found.map_err(|error| disk(&error))?.file_name();
        let name = name.to_string_lossy();
        if !name.ends_with(".events") && !name.ends_with(".partial") {
            let why = format!("the folder holds {name}, which is no part of a backup");
            return Err(BackupError::Exists {
                path: folder.to_owned(),
                why,
            });
        }
    }
    Ok(())
}
