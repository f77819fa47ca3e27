//! `ledgerline backup restore`: loads a backup into an empty directory or database.
//!
//! For a directory, the log is loaded in `restoring/` and moved into place when it is complete and has its
//! `installation.restored`. What an aborted restore leaves can therefore never be served, and the next
//! restore starts from the beginning.

use crate::commands::backup::{BackupCheckArgs, event_progress, show_events};
use crate::kit::failure::Failure;
use crate::kit::output;
use application::format_localized;
use application::language::localized;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use domain::ids::LogId;
use domain::installation::event::RestoreFacts;
use domain::installation::{Installation, InstallationCommand};
use domain::ports::event_store::EventStore;
use domain::stored_event::Position;
use host::app::{AppError, WritableLog};
use host::data_dir::{self, KEYS_DIR, Mode};
use host::single_event::note;
use host::store_spec::{LogArgs, StoreSpec};
use serde_json::json;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use store::backup::{BackupReader, RestoreResult, check_cut, load_into};
use store::{DataLock, EVENTS_FILE, INDEX_FILE, LOCK_FILE, MASTER_KEY_FILE};

/// Subdirectory in which the log is loaded before it is moved into place.
const ASIDE_DIR: &str = "restoring";

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Backup file or folder
    #[arg(value_name = "FILE")]
    backup: PathBuf,
    #[command(flatten)]
    log: LogArgs,
    /// Restore only the events up to this position
    #[arg(long, value_name = "N")]
    to_position: Option<u64>,
    #[command(flatten)]
    against: BackupCheckArgs,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// A verified backup, the number of events to restore, and the mode of its log.
struct Plan {
    reader: BackupReader,
    to: u64,
    mode: Mode,
}

pub(super) async fn run(args: Args) -> Result<(), Failure> {
    let spec = args.log.spec()?;
    let demands = args.against.demands()?;
    let reader = BackupReader::open(&args.backup)?;
    let progress = event_progress();
    let verified = store::backup::verify(&reader, &demands, &mut show_events(&progress));
    drop(progress);
    let size = verified?.size;
    if let Some(position) = args.to_position {
        check_cut(&reader, position)?;
    }
    let plan = Plan {
        to: args.to_position.unwrap_or(size),
        mode: mode_of(&reader)?,
        reader,
    };
    let loaded = match &spec {
        StoreSpec::Sqlite(directory) => into_directory(&plan, directory).await?,
        StoreSpec::Postgres(_) | StoreSpec::Kurrent(_) => {
            if let Some(directory) = &args.log.data {
                hold_directory(directory, plan.mode)?;
            }
            into_log(&plan, &spec).await?
        }
    };
    show(&args, &spec, &plan, &loaded)
}

fn mode_of(reader: &BackupReader) -> Result<Mode, Failure> {
    match &reader.manifest().source.mode {
        None => Ok(Mode::Real),
        Some(word) => Mode::of_word(word).ok_or_else(|| {
            Failure::found(format!(
                "the backup is of a log in mode {word}, which this build does not know"
            ))
        }),
    }
}

/// Loads the log in a subdirectory and moves it into place with one rename.
async fn into_directory(plan: &Plan, directory: &Path) -> Result<RestoreResult, Failure> {
    let lock = DataLock::acquire(directory).map_err(AppError::from)?;
    refuse_what_is_there(directory)?;
    let aside = directory.join(ASIDE_DIR);
    if aside.exists() {
        output::notice(localized(
            "此前对该目录的恢复被中断，现从头开始",
            "an earlier restore into this directory was interrupted; restarting from the beginning",
        ));
        fs::remove_dir_all(&aside)?;
    }
    fs::create_dir_all(&aside)?;
    let loaded = into_log(plan, &StoreSpec::Sqlite(aside.clone())).await?;
    hold_directory(directory, plan.mode)?;
    put_in_place(&aside, directory)?;
    drop(lock);
    Ok(loaded)
}

/// Marks the directory with the mode of the log: rows and recordings belong to one mode too.
fn hold_directory(directory: &Path, mode: Mode) -> Result<(), Failure> {
    fs::create_dir_all(directory)?;
    data_dir::hold_to_mode(directory, mode).map_err(AppError::from)?;
    Ok(())
}

/// Refuses a directory that contains anything but keys, the lock, and the remains of an aborted restore.
fn refuse_what_is_there(directory: &Path) -> Result<(), Failure> {
    for found in fs::read_dir(directory)? {
        let name = found?.file_name();
        let name = name.to_string_lossy();
        if ![KEYS_DIR, LOCK_FILE, ASIDE_DIR, data_dir::MODE_FILE].contains(&name.as_ref()) {
            return Err(Failure::refused(format!(
                "{} is not empty: it holds {name}. Restore into a new directory (keys/ may already be there)",
                directory.display()
            )));
        }
    }
    Ok(())
}

fn put_in_place(aside: &Path, directory: &Path) -> Result<(), Failure> {
    let unfolded = aside.join(format!("{EVENTS_FILE}-wal"));
    if fs::metadata(&unfolded).is_ok_and(|wal| wal.len() > 0) {
        return Err(Failure::fault(format!(
            "{} was not merged into the log when it was closed",
            unfolded.display()
        )));
    }
    let log = aside.join(EVENTS_FILE);
    File::open(&log)?.sync_all()?;
    fs::rename(&log, directory.join(EVENTS_FILE))?;
    // The index is moved after the log. If the restore is killed in between, no index is left alone, which
    // would block the next restore. A missing or incomplete index is rebuilt from the log.
    let index = aside.join(INDEX_FILE);
    if index.exists() && !aside.join(format!("{INDEX_FILE}-wal")).exists() {
        fs::rename(&index, directory.join(INDEX_FILE))?;
    }
    File::open(directory)?.sync_all()?;
    fs::remove_dir_all(aside)?;
    Ok(())
}

/// Loads the backup into an empty log and stores the restore as the last event.
async fn into_log(plan: &Plan, spec: &StoreSpec) -> Result<RestoreResult, Failure> {
    let log = WritableLog::open(spec).await?;
    log.hold_to_mode(plan.mode).await?;
    let filled = match refuse_filled(spec, log.store.as_ref()).await {
        Ok(()) => log.fill("backup restore", fill(plan, log.store.as_ref())).await,
        Err(refused) => Err(refused),
    };
    log.close().await;
    filled
}

/// Refuses a log that has events. Called before the log is marked as being filled: a complete log must never
/// be marked so.
async fn refuse_filled(spec: &StoreSpec, store: &dyn EventStore) -> Result<(), Failure> {
    let head = store.head().await?;
    if head == Position(0) {
        return Ok(());
    }
    Err(Failure::refused(format!(
        "{spec} is not empty: it holds events up to position {head}. Restore into a new database. If this is left from a \
         restore that was interrupted, drop it first and do not serve it"
    )))
}

async fn fill(plan: &Plan, store: &dyn EventStore) -> Result<RestoreResult, Failure> {
    let progress = event_progress();
    let loaded = load_into(&plan.reader, plan.to, store, &mut show_events(&progress)).await;
    drop(progress);
    let mut loaded = loaded?;
    loaded.head = note_restore(plan, &loaded, store).await?;
    Ok(loaded)
}

/// Stores `installation.restored` as the next event.
async fn note_restore(
    plan: &Plan,
    loaded: &RestoreResult,
    store: &dyn EventStore,
) -> Result<Position, Failure> {
    let manifest = plan.reader.manifest();
    let facts = RestoreFacts {
        source_head: manifest.head,
        to_position: Position(loaded.size),
        backup_made_at: manifest.made_at,
        log_root: Some(BASE64_STANDARD.encode(loaded.root)),
    };
    let command = InstallationCommand::Restore(facts);
    Ok(note::<Installation>(store, plan.mode, |_| LogId, command).await?)
}

fn show(args: &Args, spec: &StoreSpec, plan: &Plan, loaded: &RestoreResult) -> Result<(), Failure> {
    let root = BASE64_STANDARD.encode(loaded.root);
    if args.json {
        return output::json(&json!({
            "restored": loaded.size,
            "of": plan.reader.manifest().size,
            "root": root,
            "head": loaded.head.to_string(),
            "mode": plan.mode.word(),
            "dialing_paused": true,
        }));
    }
    output::line(&format_localized!(
        "已恢复    {} / {} 条事件到 {spec}（{}）",
        "restored  {} of {} events into {spec} ({})",
        loaded.size,
        plan.reader.manifest().size,
        plan.mode.word()
    ))?;
    output::line(&format_localized!("根哈希    {root}", "root      {root}"))?;
    output::line(&format_localized!(
        "密钥      {}",
        "keys      {}",
        keys_line(spec)
    ))?;
    output::line(&format_localized!(
        "拨号      已暂停，待确认：{} 之后可能已呼叫过客户。请执行 ledgerline serve 启动服务、核对记录，再执行 \
         ledgerline backup confirm --reason TEXT",
        "dialing   paused until confirmed: customers may have been called since {}. \
         Start ledgerline serve, check the records, then run: ledgerline backup confirm --reason TEXT",
        plan.reader.manifest().made_at
    ))
}

fn keys_line(spec: &StoreSpec) -> String {
    if let StoreSpec::Sqlite(directory) = spec
        && directory.join(KEYS_DIR).join(MASTER_KEY_FILE).exists()
    {
        return format_localized!(
            "{} 已存在；若其中是本日志的密钥，姓名与号码可读",
            "{} exists; names and phones are readable if it holds the keys of this log",
            directory.join(KEYS_DIR).display()
        );
    }
    localized(
        "此处没有：请用 serve --keys 指定本日志的密钥（主密钥、密钥及已销毁密钥的清单）；没有密钥，服务无法启动",
        "none here: give the keys of this log (master key and keys, with the list of destroyed ones) with \
         serve --keys; without them the server does not start",
    )
    .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::stored_event::StreamVersion;
    use domain::time::Timestamp;
    use host::app::ReadOnlyLog;
    use std::sync::Arc;
    use store::backup::{BackupDestination, BackupFacts, Source};
    use store::test_ports::StepClock;
    use store::test_records::{make_batch, stream};
    use store::{MemoryDisk, MemoryEventStore};

    async fn plan(folder: &Path, to: u64) -> Plan {
        let clock = Arc::new(StepClock::default());
        let log = MemoryEventStore::new(clock, Arc::new(MemoryDisk::new())).unwrap();
        for expected in [0, 3] {
            let batch = make_batch(&stream("a"), expected, &format!("c{expected}"), 3);
            log.append(&stream("a"), StreamVersion(expected), batch)
                .await
                .unwrap();
        }
        plan_of(&log, folder.join("log.backup"), to).await
    }

    async fn plan_of(log: &dyn EventStore, out: PathBuf, to: u64) -> Plan {
        let made = BackupFacts {
            at: Timestamp::from_millis(1_772_416_800_000),
            by: "a test".to_owned(),
            source: Source {
                store: "sqlite".to_owned(),
                dense: true,
                mode: Some("rehearsal".to_owned()),
            },
            checkpoint: None,
        };
        store::backup::create(log, &BackupDestination::File(out.clone()), made, &mut |_, _| {})
            .await
            .unwrap();
        let reader = BackupReader::open(&out).unwrap();
        Plan {
            to,
            mode: mode_of(&reader).unwrap(),
            reader,
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_restore_starts_over_after_a_kill_and_never_overwrites() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        fs::create_dir_all(data.join(ASIDE_DIR)).unwrap();
        fs::write(data.join(ASIDE_DIR).join(EVENTS_FILE), b"half of a log").unwrap();
        fs::create_dir_all(data.join(KEYS_DIR)).unwrap();
        let plan = plan(folder.path(), 3).await;
        let loaded = into_directory(&plan, &data).await.unwrap();
        assert_eq!((loaded.size, loaded.head), (3, Position(4)));
        assert!(!data.join(ASIDE_DIR).exists());
        assert_eq!(data_dir::mode(&data), Some(Mode::Rehearsal));
        let why = into_directory(&plan, &data).await.unwrap_err().to_string();
        assert!(why.contains("is not empty"), "{why}");
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_restored_rehearsal_keeps_its_own_time_and_a_second_restore_is_noted_behind_the_first() {
        let folder = tempfile::tempdir().unwrap();
        let first = folder.path().join("first");
        into_directory(&plan(folder.path(), 6).await, &first)
            .await
            .unwrap();
        let opened = ReadOnlyLog::open(&first).unwrap();
        let events = opened.store.read_all(Position(0), 100).await.unwrap();
        assert_eq!(events[6].recorded_at, events[5].recorded_at);
        let out = folder.path().join("of-the-restored.backup");
        let again = plan_of(opened.store.as_ref(), out, 7).await;
        opened.close().await;

        let second = folder.path().join("second");
        into_directory(&again, &second).await.unwrap();
        let opened = ReadOnlyLog::open(&second).unwrap();
        let events = opened.store.read_all(Position(6), 100).await.unwrap();
        let noted: Vec<_> = events.iter().map(|event| event.envelope().unwrap()).collect();
        assert!(noted.iter().all(|event| event.kind == "installation.restored"));
        let versions: Vec<u64> = noted.iter().map(|event| event.stream_version.0).collect();
        assert_eq!(versions, [1, 2]);
        let paused = actors::unconfirmed_restore(opened.store.as_ref()).await.unwrap();
        assert_eq!(paused.map(|facts| facts.to_position), Some(Position(7)));
        opened.close().await;
    }
}
