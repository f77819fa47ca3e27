//! `ledgerline backup verify`: checks every byte of a backup, its order, its Merkle root, and checkpoints.

use crate::commands::backup::{BackupCheckArgs, event_progress, show_events};
use crate::kit::failure::Failure;
use crate::kit::output;
use application::format_localized;
use application::language::localized;
use serde_json::json;
use std::path::PathBuf;
use store::backup::{BackupReader, VerifyResult};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Backup file or folder
    #[arg(value_name = "FILE")]
    backup: PathBuf,
    #[command(flatten)]
    against: BackupCheckArgs,
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
    output::line(&format_localized!(
        "有效      {} 条事件，至位置 {}，备份于 {}",
        "holds     {} events up to position {}, made at {}",
        verified.size,
        manifest.head,
        manifest.made_at
    ))?;
    output::line(&format_localized!("根哈希    {}", "root      {}", manifest.root))?;
    output::line(&format_localized!(
        "证明      {}",
        "proof     {}",
        proof_line(&verified)
    ))
}

fn check(args: &Args) -> Result<(BackupReader, VerifyResult), Failure> {
    let demands = args.against.demands()?;
    let reader = BackupReader::open(&args.backup)?;
    let progress = event_progress();
    let verified = store::backup::verify(&reader, &demands, &mut show_events(&progress));
    drop(progress);
    Ok((reader, verified?))
}

/// Returns the printed line about a backup's checkpoints and their signatures. It also states what was not
/// checked.
fn proof_line(verified: &VerifyResult) -> String {
    let by = if verified.by_outside_key {
        localized("给定的公钥", "by the key given")
    } else {
        localized(
            "备份自带的公钥，证明力弱于其他来源的公钥",
            "by the key named in the backup, which proves less than a key from another source",
        )
    };
    match (verified.outside_checkpoint, verified.own_checkpoint) {
        (Some(size), _) => format_localized!(
            "与给定的检查点（{size} 条事件）一致，签名公钥：{by}",
            "matches the given checkpoint of {size} events, signed {by}"
        ),
        (None, Some(size)) => format_localized!(
            "与备份自带的检查点（{size} 条事件）一致，签名公钥：{by}",
            "matches its own checkpoint of {size} events, signed {by}"
        ),
        (None, None) => localized(
            "备份自身一致；没有签名检查点可核对",
            "consistent in itself; there was no signed checkpoint to compare it with",
        )
        .to_owned(),
    }
}

fn value(reader: &BackupReader, verified: &VerifyResult) -> serde_json::Value {
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
