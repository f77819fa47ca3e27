//! `ledgerline backup verify`: every byte of a backup, its order, its root, and checkpoints.

use crate::commands::backup::{Against, bar, moving};
use crate::kit::failure::Failure;
use crate::kit::output;
use serde_json::json;
use std::path::PathBuf;
use store::backup::{BackupReader, Verified};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The backup, a file or a folder
    #[arg(value_name = "FILE")]
    backup: PathBuf,
    #[command(flatten)]
    against: Against,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let checked = check(args);
    if args.json
        && let Err(failure) = &checked
    {
        output::json(&json!({ "holds": false, "why": failure.to_string() }))?;
    }
    let (reader, verified) = checked?;
    if args.json {
        return output::json(&value(&reader, &verified));
    }
    let manifest = reader.manifest();
    output::line(&format!(
        "holds     {} events up to position {}, made at {}",
        verified.size, manifest.head, manifest.made_at
    ))?;
    output::line(&format!("root      {}", manifest.root))?;
    output::line(&format!("proof     {}", proof_line(&verified)))
}

fn check(args: &Args) -> Result<(BackupReader, Verified), Failure> {
    let demands = args.against.demands()?;
    let reader = BackupReader::open(&args.backup)?;
    let bar = bar();
    let verified = store::backup::verify(&reader, &demands, &mut moving(&bar));
    bar.finish_and_clear();
    Ok((reader, verified?))
}

/// Honest about what was not checked.
fn proof_line(verified: &Verified) -> String {
    let by = if verified.by_outside_key {
        "by the key given"
    } else {
        "by the key that the backup names, which proves less than one from elsewhere"
    };
    match (verified.outside_checkpoint, verified.own_checkpoint) {
        (Some(size), _) => format!("agrees with the checkpoint given, over {size} events, signed {by}"),
        (None, Some(size)) => format!("agrees with its own checkpoint, over {size} events, signed {by}"),
        (None, None) => "whole in itself; no signed checkpoint was there to hold it against".to_owned(),
    }
}

fn value(reader: &BackupReader, verified: &Verified) -> serde_json::Value {
    let manifest = reader.manifest();
    json!({
        "holds": true,
        "size": verified.size,
        "head": manifest.head.to_string(),
        "made_at": manifest.made_at,
        "root": manifest.root,
        "own_checkpoint": verified.own_checkpoint,
        "outside_checkpoint": verified.outside_checkpoint,
        "by_outside_key": verified.by_outside_key,
    })
}
