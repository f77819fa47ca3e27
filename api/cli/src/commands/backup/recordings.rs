//! `ledgerline backup recordings`: restores copies of recordings into a directory, except those of erased
//! persons.
//!
//! A recording is a plain file, so destroying a key does not make its copies unreadable. A copy is therefore
//! restored only if the log names its call with exactly this hash, and neither the log nor the list of
//! destroyed keys names its person.

use crate::kit::failure::Failure;
use crate::kit::output;
use domain::call::event::CallEvent;
use domain::customer::event::CustomerEvent;
use domain::hex;
use domain::ids::CustomerId;
use domain::ports::event_store::EventStore;
use domain::stored_event::Envelope;
use evidence::log_walk::each_of_kinds;
use host::app::ReadOnlyLog;
use host::data_dir::RECORDINGS_DIR;
use host::keys_spec::{KeysPlace, KeysSpec};
use host::store_spec::LogArgs;
use serde_json::json;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// Most files read from the folder, further ones are left out; a larger folder is restored in parts.
const FILES_MAX: usize = 10_000_000;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Folder with the copies, named CALL.wav
    #[arg(value_name = "FOLDER")]
    from: PathBuf,
    #[command(flatten)]
    log: LogArgs,
    /// Key store, with its list of destroyed keys; default: DATA/keys
    #[arg(long, value_name = "DIR|URL")]
    keys: Option<KeysPlace>,
}

/// Hash and customer of a recording, as the log has them.
#[derive(Debug, Clone, PartialEq, Eq)]
struct LoggedRecordingHash {
    sha256: String,
    customer: Option<CustomerId>,
}

/// The result for one copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum RecordingCopyResult {
    /// Copied into the directory.
    Brought,
    /// The directory already has this recording.
    ThereAlready,
    /// The person is erased, or the log names no person; not copied.
    Erased,
    /// The hash differs from the one in the log; not copied.
    Altered,
    /// The log has no recording of this call; not copied.
    Unknown,
}

impl RecordingCopyResult {
    const ALL: [Self; 5] = [
        Self::Brought,
        Self::ThereAlready,
        Self::Erased,
        Self::Altered,
        Self::Unknown,
    ];

    const fn word(self) -> &'static str {
        match self {
            Self::Brought => "brought",
            Self::ThereAlready => "there_already",
            Self::Erased => "erased_left_out",
            Self::Altered => "altered_left_out",
            Self::Unknown => "not_of_this_log",
        }
    }
}

pub(super) async fn run(args: Args) -> Result<(), Failure> {
    let data = args.log.directory()?.to_owned();
    let keys = KeysSpec {
        keys: args.keys.clone(),
        master_key: None,
    };
    let destroyed = store::destroyed_keys(&keys.place(&data)).await;
    let destroyed =
        destroyed.map_err(|error| Failure::refused(format!("{error}; restore the keys first")))?;
    let files = copies(&args.from)?;
    let opened = ReadOnlyLog::of(&args.log.spec()?).await?;
    let read = read_log(opened.store.as_ref(), &files).await;
    opened.close().await;
    let (logged, mut erased) = read?;
    erased.extend(destroyed.into_keys());
    let folder = data.join(RECORDINGS_DIR);
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(&folder)?;
    let mut counts: BTreeMap<RecordingCopyResult, u64> = BTreeMap::new();
    for (call, file) in &files {
        let verdict = bring(
            file,
            &folder.join(format!("{call}.wav")),
            logged.get(call),
            &erased,
        )?;
        *counts.entry(verdict).or_default() += 1;
    }
    File::open(&folder)?.sync_all()?;
    let found = RecordingCopyResult::ALL.map(|one| (one.word(), counts.get(&one).copied().unwrap_or(0)));
    output::json(&json!(BTreeMap::from(found)))?;
    match counts.get(&RecordingCopyResult::Altered) {
        Some(altered) => Err(Failure::found(format!(
            "{altered} copies differ from the hashes in the log"
        ))),
        None => Ok(()),
    }
}

/// Returns the `.wav` files of the folder by call id.
fn copies(folder: &Path) -> Result<BTreeMap<String, PathBuf>, Failure> {
    let unread = |error: io::Error| Failure::unavailable(format!("{}: {error}", folder.display()));
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(folder).map_err(unread)?.take(FILES_MAX) {
        let file = entry.map_err(unread)?.path();
        let is_sound = file.extension().is_some_and(|ending| ending == "wav");
        if let (true, Some(call)) = (is_sound, file.file_stem().and_then(|name| name.to_str())) {
            files.insert(call.to_owned(), file.clone());
        }
    }
    Ok(files)
}

type RecordingsAndErasures = (BTreeMap<String, LoggedRecordingHash>, BTreeSet<CustomerId>);

/// Reads the log. Returns the recordings of these calls and the erased customers.
async fn read_log(
    store: &dyn EventStore,
    files: &BTreeMap<String, PathBuf>,
) -> Result<RecordingsAndErasures, Failure> {
    let (mut logged, mut erased) = (BTreeMap::new(), BTreeSet::new());
    each_of_kinds(store, &[CallEvent::ENDED, CustomerEvent::ERASED], |envelope| {
        if envelope.kind == CustomerEvent::ERASED {
            erased.extend(envelope.stream.id().parse::<CustomerId>());
        } else if let Some(one) = logged_of(envelope)
            && files.contains_key(envelope.stream.id())
        {
            logged.insert(envelope.stream.id().to_owned(), one);
        }
    })
    .await?;
    Ok((logged, erased))
}

fn logged_of(envelope: &Envelope) -> Option<LoggedRecordingHash> {
    let data: serde_json::Value = serde_json::from_str(envelope.data.get()).ok()?;
    Some(LoggedRecordingHash {
        sha256: data.get("recording_sha256")?.as_str()?.to_owned(),
        customer: envelope.customer.clone(),
    })
}

/// Copies one recording to `to` if the log names its call with the copy's hash and the person is not
/// erased. Returns what was done, or why not.
fn bring(
    copy: &Path,
    to: &Path,
    logged: Option<&LoggedRecordingHash>,
    erased: &BTreeSet<CustomerId>,
) -> Result<RecordingCopyResult, Failure> {
    let Some(logged) = logged else {
        return Ok(RecordingCopyResult::Unknown);
    };
    // Without a customer it cannot be checked whether the person is erased.
    if logged
        .customer
        .as_ref()
        .is_none_or(|person| erased.contains(person))
    {
        return Ok(RecordingCopyResult::Erased);
    }
    if to.exists() {
        return Ok(RecordingCopyResult::ThereAlready);
    }
    let bytes = fs::read(copy)?;
    if hex::encode(&Sha256::digest(&bytes)) != logged.sha256 {
        return Ok(RecordingCopyResult::Altered);
    }
    let making = to.with_extension("wav.part");
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    let mut file = options.open(&making)?;
    io::Write::write_all(&mut file, &bytes)?;
    file.sync_all()?;
    fs::rename(&making, to)?;
    Ok(RecordingCopyResult::Brought)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_comes_back_only_whole_and_of_a_customer_who_is_not_erased() {
        let folder = tempfile::tempdir().unwrap();
        let copy = folder.path().join("copy.wav");
        fs::write(&copy, b"sound").unwrap();
        let person = |number: u32| -> CustomerId { format!("{number:032x}").parse().unwrap() };
        let logged = |sha256: String, number: Option<u32>| LoggedRecordingHash {
            sha256,
            customer: number.map(person),
        };
        let right = hex::encode(&Sha256::digest(b"sound"));
        let erased = BTreeSet::from([person(2)]);
        let to = folder.path().join("to.wav");
        for (entry, expected) in [
            (None, RecordingCopyResult::Unknown),
            (Some(logged(right.clone(), Some(2))), RecordingCopyResult::Erased),
            (Some(logged(right.clone(), None)), RecordingCopyResult::Erased),
            (
                Some(logged("00".repeat(32), Some(1))),
                RecordingCopyResult::Altered,
            ),
        ] {
            assert_eq!(bring(&copy, &to, entry.as_ref(), &erased).unwrap(), expected);
            assert!(!to.exists(), "{expected:?}");
        }
        let entry = logged(right, Some(1));
        assert_eq!(
            bring(&copy, &to, Some(&entry), &erased).unwrap(),
            RecordingCopyResult::Brought
        );
        assert_eq!(fs::read(&to).unwrap(), b"sound");
        assert_eq!(
            bring(&copy, &to, Some(&entry), &erased).unwrap(),
            RecordingCopyResult::ThereAlready
        );
    }
}
