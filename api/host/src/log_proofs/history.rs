//! Checks at the start whether the log is the one known here: compares its events with all published
//! checkpoints, and records a loss. Dialing then stays off until a user confirms.
//!
//! A checkpoint is signed at most once a second. A tail that is lost within that second is only noticed by
//! the views; if their rows are lost too, it is not noticed.

use crate::data_dir::{Mode, signing_key_file};
use crate::open_settings::OpenSettings;
use crate::single_event::note;
use crate::store_spec::StoreSpec;
use actors::Environment;
use application::format_localized;
use application::notice::notice;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use domain::hex;
use domain::ids::LogId;
use domain::installation::{Installation, InstallationCommand, LossEvidence, LostHistory};
use domain::ports::event_store::whole_log;
use domain::problem::Problem;
use domain::stored_event::Position;
use std::path::Path;
use std::sync::Arc;
use store::proof::{
    Checkpoint, CheckpointStore, EARLIER_DIR, FileCheckpointStore, LogState, PROOF_DIR,
    PostgresCheckpointStore, SigningKey, compare, put_aside,
};

/// The number of random bytes at the end of a log's new origin, its name in checkpoints after a loss.
const SUFFIX_BYTES: usize = 8;

/// The most earlier histories that are compared: each was a loss that a user confirmed.
const EARLIER_MAX: usize = 1_000;

/// Compares a log that was just opened with the checkpoints published here, and records what it lacks. After
/// a loss, the proofs of the lost history are moved aside and the log's key gets the new origin.
pub async fn check_history(environment: &Environment, settings: &OpenSettings) -> Result<(), Problem> {
    let dir = settings.data.join(PROOF_DIR);
    let file = signing_key_file(&settings.data, settings.keys.as_ref());
    let before = actors::installation_now(environment.store.as_ref()).await?;
    for published in known(environment, settings, &dir, &file).await? {
        let root = BASE64_STANDARD.encode(published.root);
        if before.has_given_up(Position(published.size), Some(&root)) {
            continue;
        }
        if let Some(found) = compare(&dir, whole_log(&environment.store).as_ref(), &published).await? {
            note_lost(environment, signed(environment, &published, &found)).await?;
        }
    }
    let now = actors::installation_now(environment.store.as_ref()).await?;
    let Some(suffix) = now.origin_suffix() else {
        return Ok(());
    };
    let published = FileCheckpointStore::new(&dir).read()?;
    let other = |origin: &str| !origin.ends_with(&format!("/{suffix}"));
    if let Some(old) = published.filter(|one| other(&one.claimed().origin)) {
        let folder = put_aside(&dir, &old.claimed().origin)?;
        notice(&format_localized!(
            "已丢失历史的证明保留在 {}",
            "the proofs of the lost history are kept in {}",
            folder.display()
        ));
    }
    SigningKey::of_origin(&file, Some(suffix), environment.ids.as_ref())?;
    Ok(())
}

/// Returns all checkpoints published here: the last one, those moved aside, and the one in the database.
async fn known(
    environment: &Environment,
    settings: &OpenSettings,
    dir: &Path,
    key: &Path,
) -> Result<Vec<Checkpoint>, Problem> {
    let own = FileCheckpointStore::new(dir);
    let mut all: Vec<Checkpoint> = own.read()?.map(|one| one.claimed().clone()).into_iter().collect();
    if let Ok(folders) = std::fs::read_dir(dir.join(EARLIER_DIR)) {
        for folder in folders.filter_map(Result::ok).take(EARLIER_MAX) {
            all.extend(
                FileCheckpointStore::new(&folder.path())
                    .read()?
                    .map(|one| one.claimed().clone()),
            );
        }
    }
    if let (StoreSpec::Postgres(url), true) = (&settings.store, key.exists()) {
        let origin = SigningKey::read(key)?.name().to_owned();
        let shelf = PostgresCheckpointStore::new(url, &origin, own, Arc::clone(&environment.tasks));
        all.extend(shelf.published().await?.map(|one| one.claimed().clone()));
    }
    Ok(all)
}

fn signed(environment: &Environment, published: &Checkpoint, found: &LogState) -> LostHistory {
    let mut suffix = [0_u8; SUFFIX_BYTES];
    environment.ids.random(&mut suffix);
    LostHistory {
        known_by: LossEvidence::Checkpoint,
        known_head: Position(published.size),
        known_root: Some(BASE64_STANDARD.encode(published.root)),
        log_head: Position(found.size),
        log_root: Some(BASE64_STANDARD.encode(found.root)),
        origin_suffix: Some(hex::encode(&suffix)),
    }
}

/// Records the loss if the rows of a view are ahead of the log or were derived from other events.
pub(crate) async fn note_rows_ahead(environment: &Environment, known_head: Position) -> Result<(), Problem> {
    let lost = LostHistory {
        known_by: LossEvidence::View,
        known_head,
        known_root: None,
        log_head: environment.store.head().await?,
        log_root: None,
        origin_suffix: None,
    };
    note_lost(environment, lost).await
}

async fn note_lost(environment: &Environment, lost: LostHistory) -> Result<(), Problem> {
    let mode = Mode::of_rehearsal(environment.rehearsal);
    let (known, log) = (lost.known_head, lost.log_head);
    let command = InstallationCommand::NoteHistoryLost(lost);
    note::<Installation>(environment.store.as_ref(), mode, |_| LogId, command).await?;
    notice(&format_localized!(
        "历史丢失：本日志已知有 {known} 个事件，现仅有 {log} 个或内容不同；已停止拨号。请恢复完整日志后重新启动；\
         若没有，请核对其间可能已呼叫的客户，然后执行：ledgerline backup confirm --reason TEXT",
        "LOST HISTORY: {known} events of this log were known; it now contains {log}, or other events in \
         their place. Dialing is off. Put the complete log back and start again. If there is none, check \
         who may have been called since, then run: ledgerline backup confirm --reason TEXT"
    ));
    Ok(())
}

/// Returns the error text for a process that takes over dialing, or continues after an outage, and finds that
/// the log lacks events it has followed. `followed` is the position it had reached. In English: it becomes a
/// problem detail.
pub fn shorter(head: Position, followed: Position) -> String {
    format!(
        "the log ends at position {head}, but this process has followed it to {followed}: its tail is \
         lost. This is recorded, and dialing is off until ledgerline backup confirm; restart first"
    )
}
