//! `ledgerline audit verify`: checks the whole log, event by event, against its Merkle tree and every
//! checkpoint.

use crate::commands::audit::{log_key, read_checkpoint, read_key};
use crate::kit::failure::Failure;
use crate::kit::output;
use crate::kit::progress::Progress;
use application::format_localized;
use application::language::localized;
use domain::ports::event_store::StoreError;
use domain::ports::tasks::Tasks;
use host::app::ReadOnlyLog;
use host::store_spec::{LogArgs, StoreSpec};
use serde_json::json;
use std::path::{Path, PathBuf};
use store::proof::whole_log::{LogFault, LogReport, VerifyPlan, forget_verify_state, verify_log};
use store::proof::{
    Checkpoint, FileCheckpointStore, PROOF_DIR, StampedCheckpoint, TimeStampStore, VerifierKey,
};
use store::{INDEX_FILE, LookupMismatch, find_misleading};
use tokio::sync::oneshot;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    log: LogArgs,
    /// Public key of the log, or a file with it; default: DATA/proof/log.vkey, which proves less
    #[arg(long, value_name = "VKEY")]
    key: Option<String>,
    /// A signed checkpoint that you kept: the log must still begin with it. May be repeated
    #[arg(long = "checkpoint", value_name = "FILE")]
    held: Vec<PathBuf>,
    /// Start at the first event, even if an earlier check was interrupted
    #[arg(long)]
    from_start: bool,
    /// What to compare the log with; `nothing` checks only records, versions and order
    #[arg(long, value_enum, default_value_t = VerificationBasis::Checkpoints)]
    against: VerificationBasis,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum VerificationBasis {
    /// The signed checkpoints beside the log and those of --checkpoint
    Checkpoints,
    /// No checkpoint: only records, versions and order are checked
    Nothing,
}

pub(super) async fn run(args: Args) -> Result<(), Failure> {
    let (report, stamps) = examine(&args).await?;
    show(&report, &stamps, args.json)
}

/// Checks the whole log from its first event, against the checkpoints beside it if there are any.
pub(super) async fn verify_from_start(log: &LogArgs) -> Result<LogReport, Failure> {
    let shelf = FileCheckpointStore::new(&log.directory()?.join(PROOF_DIR));
    let against = match shelf.read()? {
        Some(_) => VerificationBasis::Checkpoints,
        None => VerificationBasis::Nothing,
    };
    let args = Args {
        log: log.clone(),
        key: None,
        held: Vec::new(),
        from_start: true,
        against,
        json: false,
    };
    examine(&args).await.map(|(report, _)| report)
}

async fn examine(args: &Args) -> Result<(LogReport, Vec<StampedCheckpoint>), Failure> {
    let directory = args.log.directory()?.to_owned();
    let dir = directory.join(PROOF_DIR);
    let checkpoints = match args.against {
        VerificationBasis::Nothing => Vec::new(),
        VerificationBasis::Checkpoints => checkpoints(args, &directory, &dir)?,
    };
    if args.from_start {
        forget_verify_state(&dir)?;
    }
    let opened = ReadOnlyLog::of(&args.log.spec()?).await?;
    let plan = VerifyPlan {
        dir,
        dense: opened.log.capabilities().dense,
        checkpoints,
        resume: !args.from_start,
    };
    let events = opened.log.head().await?.0;
    let shown = Progress::counted(localized("校验事件", "verifying events"));
    let mut progress = |done: u64| shown.set(done, events);
    let columns = columns(&args.log.spec()?, opened.tasks());
    let report = verify_log(opened.log.as_ref(), opened.tasks(), plan, &mut progress).await;
    let columns = columns.await;
    let shared = opened.misleading_column().await.map(|wrong| wrong.map(named));
    drop(shown);
    opened.close().await;
    let mut report = report?;
    let stamps = stamps(args, &directory)?;
    let columns = columns.map_err(|_ended| Failure::fault("the check of columns ended"))??;
    for wrong in [columns, readable(shared)?].into_iter().flatten() {
        if first_of(report.wrong.as_ref(), &wrong) {
            report.wrong = Some(wrong);
        }
    }
    Ok((report, stamps))
}

/// Checks the columns and the index of an embedded log against its records, on a thread of its own. Returns
/// the receiver of the result.
fn columns(spec: &StoreSpec, tasks: &dyn Tasks) -> oneshot::Receiver<Result<Option<LogFault>, StoreError>> {
    let (answer, answered) = oneshot::channel();
    let dir = match spec {
        StoreSpec::Sqlite(dir) => Some(dir.clone()),
        StoreSpec::Postgres(_) | StoreSpec::Kurrent(_) => None,
    };
    let look = move || {
        let found = dir.map_or(Ok(None), |dir| find_misleading(&dir));
        drop(answer.send(readable(found.map(|wrong| wrong.map(named)))));
    };
    tasks.thread("audit-columns", Box::new(look));
    answered
}

/// Turns damage that keeps rows from being read into no finding: the check of records reports it.
fn readable(found: Result<Option<LogFault>, StoreError>) -> Result<Option<LogFault>, StoreError> {
    match found {
        Err(StoreError::Damaged(_)) => Ok(None),
        other => other,
    }
}

fn named(misleading: LookupMismatch) -> LogFault {
    match misleading {
        LookupMismatch::Column(position, column) => LogFault {
            position: Some(position),
            what: format!("the column {column} differs from its record"),
        },
        LookupMismatch::Index(table) => LogFault {
            position: None,
            what: format!(
                "{INDEX_FILE}, the index of events, differs from the log ({table}): stop the server \
                 and delete the file; it is rebuilt from the log"
            ),
        },
    }
}

/// Returns true if `found` comes before `other` in the log. A finding without a position comes last.
fn first_of(other: Option<&LogFault>, found: &LogFault) -> bool {
    other.is_none_or(|other| match (other.position, found.position) {
        (Some(other), Some(found)) => found < other,
        _ => false,
    })
}

/// Returns every checkpoint to compare the log with, after checking its signature.
fn checkpoints(args: &Args, directory: &Path, dir: &Path) -> Result<Vec<Checkpoint>, Failure> {
    let (key, is_own) = match (&args.key, args.held.as_slice()) {
        (Some(given), _) => (read_key(given)?, false),
        (None, _) => log_key(None, directory)?,
    };
    if is_own {
        output::notice(&format_localized!(
            "使用日志旁的公钥：{key}",
            "trusting the key beside the log: {key}"
        ));
    }
    let shelf = FileCheckpointStore::new(dir);
    let mut signed = shelf.kept()?;
    signed.extend(shelf.read()?);
    // A time-stamped checkpoint is compared too.
    let stamped = TimeStampStore::new(dir)
        .kept()
        .map_err(|error| Failure::found(error.to_string()))?;
    signed.extend(stamped.into_iter().map(|stamped| stamped.checkpoint));
    for path in &args.held {
        signed.push(read_checkpoint(path)?);
    }
    if signed.is_empty() {
        return Err(Failure::found(localized(
            "没有可用于核对日志的检查点；请指定 --checkpoint FILE 或 --against nothing",
            "there is no checkpoint to compare the log with; give --checkpoint FILE, or --against nothing",
        )));
    }
    signed
        .iter()
        .map(|signed| verified(signed.verify(&key), &key, signed.claimed().size))
        .collect()
}

/// Returns the stored time stamps. Each is valid for exactly the checkpoint stored with it.
fn stamps(args: &Args, directory: &Path) -> Result<Vec<StampedCheckpoint>, Failure> {
    match args.against {
        VerificationBasis::Nothing => Ok(Vec::new()),
        VerificationBasis::Checkpoints => TimeStampStore::new(&directory.join(PROOF_DIR))
            .kept()
            .map_err(|error| Failure::found(error.to_string())),
    }
}

fn verified(
    checked: Result<&Checkpoint, store::proof::ProofError>,
    key: &VerifierKey,
    size: u64,
) -> Result<Checkpoint, Failure> {
    match checked {
        Ok(checkpoint) => Ok(checkpoint.clone()),
        Err(error) => Err(Failure::found(format!(
            "the checkpoint that claims {size} events: {error} (fingerprint {})",
            key.fingerprint()
        ))),
    }
}

fn show(report: &LogReport, stamps: &[StampedCheckpoint], as_json: bool) -> Result<(), Failure> {
    let wrong = report.wrong.as_ref();
    if as_json {
        output::json(&json!({
            "holds": wrong.is_none(),
            "events": report.events,
            "streams": report.streams,
            "checkpoints": report.checkpoints,
            "covered_by_checkpoint": report.covered,
            "time_stamps": stamps.len(),
            "last_time_stamp": stamps.last().map(stamp_value),
            "resumed_from": report.resumed_from,
            "ids_compared": report.ids,
            "causes_missing": report.causes_missing,
            "first_cause_missing": report.first_cause_missing.map(|position| position.to_string()),
            "position": wrong.and_then(|wrong| wrong.position).map(|position| position.to_string()),
            "what": wrong.map(|wrong| wrong.what.as_str()),
        }))?;
    } else {
        show_lines(report)?;
        show_stamps(stamps)?;
    }
    match wrong {
        None => Ok(()),
        Some(wrong) => Err(Failure::found(match wrong.position {
            Some(position) => format_localized!("位置 {position}：{}", "position {position}: {}", wrong.what),
            None => wrong.what.clone(),
        })),
    }
}

fn stamp_value(stamped: &StampedCheckpoint) -> serde_json::Value {
    json!({
        "size": stamped.checkpoint.claimed().size,
        "at": stamped.stamp.at,
        "serial": stamped.stamp.serial,
        "file": stamped.file,
        "signature_checked": false,
    })
}

fn show_stamps(stamps: &[StampedCheckpoint]) -> Result<(), Failure> {
    let Some(last) = stamps.last() else { return Ok(()) };
    let (size, file) = (last.checkpoint.claimed().size, last.file.display());
    output::line(&format_localized!(
        "{} 个时间戳与检查点一致；最新一个证明 {size} 条事件在 {} 已存在。此处未验证其签名，请执行 openssl ts \
         -verify -data {} -in {file} -CAfile CA",
        "{} time stamps match their checkpoints; the last states that {size} events existed at {}. Their \
         signatures are not checked here; use openssl ts -verify -data {} -in {file} -CAfile CA",
        stamps.len(),
        last.stamp.at,
        last.file.with_extension("").display()
    ))
}

fn show_lines(report: &LogReport) -> Result<(), Failure> {
    output::line(&format_localized!(
        "{} 条事件（{} 个流）有效；{} 个检查点一致，最大的覆盖 {} 条",
        "{} events of {} streams are valid; {} checkpoints match, the largest covers {}",
        report.events,
        report.streams,
        report.checkpoints,
        report.covered
    ))?;
    if report.resumed_from > 0 {
        output::line(&format_localized!(
            "前 {} 条已在中断前校验；--from-start 可重新校验",
            "the first {} were checked before an interruption; --from-start checks them again",
            report.resumed_from
        ))?;
    }
    if report.ids < report.events {
        output::line(&format_localized!(
            "仅对前 {} 条事件检查了编号是否重复",
            "ids were checked for duplicates among the first {} events only",
            report.ids
        ))?;
    }
    if let Some(first) = report.first_cause_missing {
        output::line(&format_localized!(
            "{} 条事件的起因不在其之前，首条在位置 {first}",
            "{} events name a cause that does not precede them in this log, the first at position {first}",
            report.causes_missing
        ))?;
    }
    Ok(())
}
