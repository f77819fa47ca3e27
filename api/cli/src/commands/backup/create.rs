//! `ledgerline backup create`: writes the log up to its present head to a file or folder.

use crate::commands::backup::{event_progress, show_events, store_kind};
use crate::kit::event_exports::{ExportRecordArgs, ExportedAmount};
use crate::kit::failure::Failure;
use crate::kit::output;
use application::format_localized;
use application::language::localized;
use domain::ports::clock::Clock;
use host::app::ReadOnlyLog;
use host::clock::SystemClock;
use host::single_event::mode_of;
use host::store_spec::{LogArgs, StoreSpec};
use http::event_exports::{EventExport, EventExportKind};
use serde_json::json;
use std::path::{Path, PathBuf};
use store::backup::{BackupDestination, BackupFacts, BackupResult, Source};
use store::proof::{CHECKPOINT_FILE, LOG_KEY_FILE, PROOF_DIR};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    log: LogArgs,
    /// File to write, or folder (one that exists, or a name ending in /). A folder with an earlier backup of
    /// this log is continued
    #[arg(long, value_name = "FILE|DIR")]
    out: PathBuf,
    #[command(flatten)]
    taking: ExportRecordArgs,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(args: Args) -> Result<(), Failure> {
    let spec = args.log.spec()?;
    let out = out_of(&args.out);
    out.refuse_what_is_there()?;
    let taking = EventExport::all(EventExportKind::Backup);
    let on_record = args.taking.put_on_record(&spec, taking).await?;
    let written = on_record.end(write(&args, &spec, &out).await, amount).await;
    show(&args, &written?)
}

fn amount(written: &BackupResult) -> ExportedAmount {
    ExportedAmount {
        events: written.manifest.size,
        bytes: written
            .manifest
            .segments
            .iter()
            .map(|segment| segment.bytes)
            .sum(),
    }
}

async fn write(args: &Args, spec: &StoreSpec, out: &BackupDestination) -> Result<BackupResult, Failure> {
    // Read before the head of the log: a later checkpoint could cover more events than the backup contains.
    let checkpoint = args.log.directory().ok().and_then(published);
    let opened = ReadOnlyLog::of(spec).await?;
    let mode = mode_of(opened.log.as_ref()).await?;
    let made = BackupFacts {
        at: SystemClock::default().now(),
        by: format!("ledgerline {}", env!("CARGO_PKG_VERSION")),
        source: Source {
            store: store_kind(spec).to_owned(),
            dense: opened.log.capabilities().dense,
            mode: mode.map(|mode| mode.word().to_owned()),
        },
        checkpoint,
    };
    let progress = event_progress();
    let written = store::backup::create(opened.log.as_ref(), out, made, &mut show_events(&progress)).await;
    drop(progress);
    opened.close().await;
    Ok(written?)
}

fn out_of(path: &Path) -> BackupDestination {
    let is_folder = path.is_dir() || path.as_os_str().to_string_lossy().ends_with('/');
    if is_folder {
        BackupDestination::Folder(path.to_owned())
    } else {
        BackupDestination::File(path.to_owned())
    }
}

/// Returns the latest checkpoint published beside this log, and its public key; `None` if one of them
/// cannot be read.
fn published(directory: &Path) -> Option<(String, String)> {
    let proof = directory.join(PROOF_DIR);
    let checkpoint = std::fs::read_to_string(proof.join(CHECKPOINT_FILE)).ok()?;
    let key = std::fs::read_to_string(proof.join(LOG_KEY_FILE)).ok()?;
    Some((checkpoint, key.trim().to_owned()))
}

fn show(args: &Args, written: &BackupResult) -> Result<(), Failure> {
    let manifest = &written.manifest;
    if args.json {
        return output::json(&json!({
            "out": args.out.display().to_string(),
            "size": manifest.size,
            "kept": written.kept,
            "head": manifest.head.to_string(),
            "root": manifest.root,
            "checkpointed": manifest.checkpoint.is_some(),
            "segments": manifest.segments.len(),
        }));
    }
    output::line(&format_localized!(
        "备份      {}：{} 条事件（文件夹中已有 {} 条），至位置 {}",
        "backup    {}: {} events ({} already in the folder), up to position {}",
        args.out.display(),
        manifest.size,
        written.kept,
        manifest.head
    ))?;
    output::line(&format_localized!("根哈希    {}", "root      {}", manifest.root))?;
    if manifest.checkpoint.is_none() {
        output::line(localized(
            "证明      不含签名检查点：此日志尚未发布检查点",
            "proof     no signed checkpoint included: none was published for this log",
        ))?;
    }
    output::line(localized(
        "密钥      不含密钥，请另行备份（ledgerline keys backup）",
        "keys      not included: back them up separately (ledgerline keys backup)",
    ))?;
    output::line(localized(
        "录音      不含录音：cp -a DIR/recordings FOLDER；恢复：ledgerline backup recordings FOLDER --data DIR",
        "recordings  not included: cp -a DIR/recordings FOLDER; to restore: \
         ledgerline backup recordings FOLDER --data DIR",
    ))
}
