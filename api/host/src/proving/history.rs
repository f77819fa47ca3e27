//! Whether the log is the one that was known here: its head and root against published checkpoints, and what
//! is put on record where it is not. Nobody is dialed behind such a record until a person confirms.
//!
//! A checkpoint is signed once a second at most: a tail that is lost within that second is known by the rows
//! of views alone, and where those went with it, by nobody.

use crate::data_dir::{Mode, signing_key_file};
use crate::lone_event::note;
use crate::open_settings::OpenSettings;
use crate::store_spec::StoreSpec;
use actors::Environment;
use application::notice::notice;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use domain::ids::LogId;
use domain::installation::{Installation, InstallationCommand, KnownBy, LostHistory};
use domain::problem::Problem;
use domain::stored_event::Position;
use std::path::Path;
use std::sync::Arc;
use store::proof::{
    Checkpoint, CheckpointShelf, EARLIER_DIR, FileShelf, Found, PROOF_DIR, PostgresShelf, SigningKey,
    compare, hex, put_aside,
};

/// Random bytes of the new end of an origin.
const SUFFIX_BYTES: usize = 8;

/// Most earlier histories looked at: each was a loss, and a person confirmed it.
const EARLIER_MAX: usize = 1_000;

/// Holds a log that was just opened to what was published of it, and puts on record what it lacks. What was
/// signed of a lost history is put aside, and the log's key gets the name of the new origin.
pub async fn hold(environment: &Environment, settings: &OpenSettings) -> Result<(), Problem> {
    let dir = settings.data.join(PROOF_DIR);
    let file = signing_key_file(&settings.data, settings.keys.as_ref());
    let before = actors::installation_now(environment.store.as_ref()).await?;
    for published in known(environment, settings, &dir, &file).await? {
        let root = BASE64_STANDARD.encode(published.root);
        if before.has_given_up(Position(published.size), Some(&root)) {
            continue;
        }
        if let Some(found) = compare(&dir, environment.store.as_ref(), &published).await? {
            note_lost(environment, signed(environment, &published, &found)).await?;
        }
    }
    let now = actors::installation_now(environment.store.as_ref()).await?;
    let Some(suffix) = now.origin_suffix() else {
        return Ok(());
    };
    let published = FileShelf::new(&dir).read()?;
    let other = |origin: &str| !origin.ends_with(&format!("/{suffix}"));
    if let Some(old) = published.filter(|one| other(&one.claimed().origin)) {
        let folder = put_aside(&dir, &old.claimed().origin)?;
        notice(&format!(
            "the proofs of the lost history are kept in {} / 已丢失历史的证明保留在该目录",
            folder.display()
        ));
    }
    SigningKey::of_origin(&file, Some(suffix), environment.ids.as_ref())?;
    Ok(())
}

/// Every history that was published here: the last one, those put aside, and the database's.
async fn known(
    environment: &Environment,
    settings: &OpenSettings,
    dir: &Path,
    key: &Path,
) -> Result<Vec<Checkpoint>, Problem> {
    let own = FileShelf::new(dir);
    let mut all: Vec<Checkpoint> = own.read()?.map(|one| one.claimed().clone()).into_iter().collect();
    if let Ok(folders) = std::fs::read_dir(dir.join(EARLIER_DIR)) {
        for folder in folders.filter_map(Result::ok).take(EARLIER_MAX) {
            all.extend(
                FileShelf::new(&folder.path())
                    .read()?
                    .map(|one| one.claimed().clone()),
            );
        }
    }
    if let (StoreSpec::Postgres(url), true) = (&settings.store, key.exists()) {
        let origin = SigningKey::read(key)?.name().to_owned();
        let shelf = PostgresShelf::new(url, &origin, own, Arc::clone(&environment.tasks));
        all.extend(shelf.published().await?.map(|one| one.claimed().clone()));
    }
    Ok(all)
}

fn signed(environment: &Environment, published: &Checkpoint, found: &Found) -> LostHistory {
    let mut suffix = [0_u8; SUFFIX_BYTES];
    environment.ids.random(&mut suffix);
    LostHistory {
        known_by: KnownBy::Checkpoint,
        known_head: Position(published.size),
        known_root: Some(BASE64_STANDARD.encode(published.root)),
        log_head: Position(found.size),
        log_root: Some(BASE64_STANDARD.encode(found.root)),
        origin_suffix: Some(hex(&suffix)),
    }
}

/// Rows of a view are further on than the log, or were made of other events.
pub(crate) async fn note_rows_ahead(environment: &Environment, known_head: Position) -> Result<(), Problem> {
    let lost = LostHistory {
        known_by: KnownBy::View,
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
    notice(&format!(
        "LOST HISTORY: {known} events of this log were known, and it holds {log} of them or others in their place. \
         Nobody is dialed. Put the whole log back and start again; or, when there is none, look whom it \
         may have \
         called since, then: ledgerline backup confirm --reason TEXT / 历史丢失：本日志已知有 {known} 个事件，现仅有 \
         {log} 个或内容不同；已停止拨号。请恢复完整日志后重新启动；若没有，核对后执行上述命令"
    ));
    Ok(())
}

/// What a process is told that begins to dial behind another, or goes on behind an outage, where what it had
/// followed is not there. `followed` is how far it was.
pub fn shorter(head: Position, followed: Position) -> String {
    format!(
        "it ends at position {head}, and this process has followed it to {followed}: it lost its tail. That is on \
         record, and nobody is dialed until ledgerline backup confirm; start again first / 日志末尾丢失，已记录在案：请重新启动并核对"
    )
}
