//! `ledgerline audit verify`: the whole log, event by event, against its tree and every checkpoint.

use super::{log_key, read_checkpoint, read_key};
use crate::app::ReadOnly;
use crate::cli::failure::Failure;
use crate::cli::output;
use crate::store_spec::LogArgs;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;
use std::path::{Path, PathBuf};
use store::proof::whole_log::{LogReport, VerifyPlan, forget_verify_state, verify_log};
use store::proof::{Checkpoint, FileShelf, PROOF_DIR, VerifierKey};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    log: LogArgs,
    /// The log's public key, or a file with it; default: DATA/proof/log.vkey, which proves less
    #[arg(long, value_name = "VKEY")]
    key: Option<String>,
    /// A signed checkpoint that you kept: the log must still begin with it. May be given several times
    #[arg(long = "checkpoint", value_name = "FILE")]
    held: Vec<PathBuf>,
    /// Begin at the first event, also when an earlier check was interrupted
    #[arg(long)]
    from_start: bool,
    /// What the log is held to; `nothing` checks records, versions and order only
    #[arg(long, value_enum, default_value_t = Against::Checkpoints)]
    against: Against,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Against {
    Checkpoints,
    Nothing,
}

pub(super) async fn run(args: Args) -> Result<(), Failure> {
    let directory = args.log.directory()?.to_owned();
    let dir = directory.join(PROOF_DIR);
    let checkpoints = match args.against {
        Against::Nothing => Vec::new(),
        Against::Checkpoints => checkpoints(&args, &directory, &dir)?,
    };
    if args.from_start {
        forget_verify_state(&dir)?;
    }
    let opened = ReadOnly::of(&args.log.spec()?).await?;
    let plan = VerifyPlan {
        dir,
        dense: opened.store.capabilities().dense,
        checkpoints,
        resume: !args.from_start,
    };
    let bar = progress_bar(opened.store.head().await?.0);
    let mut progress = |done: u64| bar.set_position(done);
    let report = verify_log(opened.store.as_ref(), opened.tasks(), plan, &mut progress).await;
    bar.finish_and_clear();
    opened.close().await;
    show(&report?, args.json)
}

/// Every checkpoint to hold the log to, with its signature checked.
fn checkpoints(args: &Args, directory: &Path, dir: &Path) -> Result<Vec<Checkpoint>, Failure> {
    let (key, is_own) = match (&args.key, args.held.as_slice()) {
        (Some(given), _) => (read_key(given)?, false),
        (None, _) => log_key(None, directory)?,
    };
    if is_own {
        output::notice(&format!("trusting the key beside the log: {key}"));
    }
    let shelf = FileShelf::new(dir);
    let mut signed = shelf.kept()?;
    signed.extend(shelf.read()?);
    for path in &args.held {
        signed.push(read_checkpoint(path)?);
    }
    if signed.is_empty() {
        return Err(Failure::found(
            "there is no checkpoint to hold the log to; give --checkpoint FILE, or --against nothing",
        ));
    }
    signed
        .iter()
        .map(|signed| verified(signed.verify(&key), &key, signed.claimed().size))
        .collect()
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

fn progress_bar(events: u64) -> ProgressBar {
    // Silent when standard error is not a terminal.
    let style = ProgressStyle::with_template("{bar:40} {human_pos}/{human_len} events  {per_sec}  {eta}");
    ProgressBar::new(events).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

fn show(report: &LogReport, as_json: bool) -> Result<(), Failure> {
    let wrong = report.wrong.as_ref();
    if as_json {
        output::json(&json!({
            "holds": wrong.is_none(),
            "events": report.events,
            "streams": report.streams,
            "checkpoints": report.checkpoints,
            "covered_by_checkpoint": report.covered,
            "resumed_from": report.resumed_from,
            "ids_compared": report.ids,
            "causes_missing": report.causes_missing,
            "first_cause_missing": report.first_cause_missing.map(|position| position.to_string()),
            "position": wrong.and_then(|wrong| wrong.position).map(|position| position.to_string()),
            "what": wrong.map(|wrong| wrong.what.as_str()),
        }))?;
    } else {
        show_lines(report)?;
    }
    match wrong {
        None => Ok(()),
        Some(wrong) => Err(Failure::found(match wrong.position {
            Some(position) => format!("position {position}: {}", wrong.what),
            None => wrong.what.clone(),
        })),
    }
}

fn show_lines(report: &LogReport) -> Result<(), Failure> {
    output::line(&format!(
        "{} events of {} streams hold; {} checkpoints agree, the largest covers {}",
        report.events, report.streams, report.checkpoints, report.covered
    ))?;
    if report.resumed_from > 0 {
        output::line(&format!(
            "the first {} were checked before an interruption; --from-start checks them again",
            report.resumed_from
        ))?;
    }
    if report.ids < report.events {
        output::line(&format!(
            "ids were compared among the first {} events only",
            report.ids
        ))?;
    }
    if let Some(first) = report.first_cause_missing {
        output::line(&format!(
            "{} events name a cause that is not before them in this log, the first at position {first}",
            report.causes_missing
        ))?;
    }
    Ok(())
}
