//! `ledgerline audit check`: checks an evidence bundle offline, without database, server or clock.

use crate::commands::audit::read_key;
use crate::kit::failure::Failure;
use crate::kit::output;
use application::format_localized;
use application::language::localized;
use domain::hex;
use domain::time::Timestamp;
use intake::bounded_file;
use serde_json::json;
use std::path::PathBuf;
use store::proof::bundle::{BUNDLE_BYTES_MAX, BundleReport, TrustedKeys, check_bundle};

/// Command that verifies the signature of a bundle's time stamp, after `tar xf BUNDLE`.
const STAMP_CHECK: &str = "openssl ts -verify -data checkpoint -in checkpoint.tsr -CAfile CA";

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Bundle file
    file: PathBuf,
    /// Public key of the log as you know it, or a file with it; without it the key in the bundle is trusted
    #[arg(long, value_name = "VKEY")]
    key: Option<String>,
    /// Public key of a witness that must have cosigned the checkpoint, or a file with it
    #[arg(long, value_name = "VKEY")]
    witness: Option<String>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let unread = |why: String| Failure::unavailable(format!("{}: {why}", args.file.display()));
    let bytes =
        bounded_file::read(&args.file, BUNDLE_BYTES_MAX).map_err(|error| unread(error.to_string()))?;
    let trust = TrustedKeys {
        key: args.key.as_deref().map(read_key).transpose()?,
        witness: args.witness.as_deref().map(read_key).transpose()?,
    };
    match check_bundle(&bytes, &trust) {
        Ok(report) if args.json => output::json(&value(&report)),
        Ok(report) => show(&report),
        Err(error) => {
            if args.json {
                output::json(&json!({ "holds": false, "what": error.to_string() }))?;
            }
            Err(Failure::found(format_localized!(
                "证据包不成立：{error}",
                "the bundle does not hold: {error}"
            )))
        }
    }
}

fn value(report: &BundleReport) -> serde_json::Value {
    json!({
        "holds": true,
        "subject": report.index.subject,
        "events": report.index.events.len(),
        "whole_streams": report.index.whole_streams,
        "origin": report.checkpoint.origin,
        "size": report.checkpoint.size,
        "root": hex::encode(&report.checkpoint.root),
        "key": report.key.to_string(),
        "key_fingerprint": report.key.fingerprint(),
        "key_from_bundle": report.key_from_bundle,
        "cosigned_at": report.cosigned_seconds.map(cosigned_at),
        "stamped_at": report.stamp.as_ref().map(|stamp| stamp.at),
        "stamp_serial": report.stamp.as_ref().map(|stamp| &stamp.serial),
        "stamp_checked_by": report.stamp.as_ref().map(|_| STAMP_CHECK),
        "attached": report.attached,
        "reading_copy_follows": report.reading_copy_follows,
    })
}

fn show(report: &BundleReport) -> Result<(), Failure> {
    let subject = &report.index.subject;
    output::line(&format_localized!(
        "成立      {} {}",
        "holds     {} {}",
        subject.kind,
        subject.id
    ))?;
    output::line(&format_localized!(
        "事件      {} 条，均与日志中的事件一致",
        "events    {}, each identical to the event in the log",
        report.index.events.len()
    ))?;
    for stream in &report.index.whole_streams {
        output::line(&format_localized!(
            "完整      {} 第 1 至 {} 条；之后可能还有事件",
            "complete  {} from 1 to {}; later events may exist",
            stream.stream,
            stream.last_version.0
        ))?;
    }
    output::line(&format_localized!(
        "日志      {}，{} 条事件，根哈希 {}",
        "log       {} at {} events, root {}",
        report.checkpoint.origin,
        report.checkpoint.size,
        hex::encode(&report.checkpoint.root)
    ))?;
    output::line(&format_localized!("公钥      {}", "key       {}", report.key))?;
    if report.key_from_bundle {
        output::line(&format_localized!(
            "未核实    公钥来自证据包本身，请向日志运营方核对其指纹：\n          {}",
            "TRUSTED   the key came with the bundle; ask the log's operator to confirm its fingerprint:\n          {}",
            report.key.fingerprint()
        ))?;
    }
    match report.cosigned_seconds {
        Some(seconds) => output::line(&format_localized!(
            "见证人    已于 {} 联署此检查点",
            "witness   cosigned this checkpoint at {}",
            cosigned_at(seconds)
        ))?,
        None => {
            output::line(localized(
                "见证人    未核验：没有见证人，运营方可能改写日志后重新签名",
                "witness   not checked: without one, the operator could have rewritten the log and signed again",
            ))?;
        }
    }
    show_stamp(report)?;
    for name in &report.attached {
        output::line(&format_localized!(
            "附件      {name}，签名后未改动",
            "attached  {name}, unchanged since it was signed"
        ))?;
    }
    if !report.reading_copy_follows {
        output::line(localized(
            "注意      index.html 已签名，但与本版本根据记录生成的内容不同",
            "note      index.html is signed, but differs from what this version generates from the records",
        ))?;
    }
    Ok(())
}

/// Prints the time stamp, and how to verify its signature.
fn show_stamp(report: &BundleReport) -> Result<(), Failure> {
    match &report.stamp {
        Some(stamp) => {
            let (at, serial) = (stamp.at, &stamp.serial);
            output::line(&format_localized!(
                "时间戳    {at}，编号 {serial}，对应此检查点",
                "stamp     {at}, number {serial}, for exactly this checkpoint"
            ))?;
            output::line(localized(
                "          请用 openssl 验证其签名（CA 为时间戳机构的证书）：",
                "          verify its signature with openssl (CA: the authority's certificate):",
            ))?;
            output::line(&format!("          {STAMP_CHECK}"))
        }
        None => output::line(localized(
            "时间戳    无：没有时间戳机构为此检查点签发时间戳",
            "stamp     none: no time stamping authority has stamped this checkpoint",
        )),
    }
}

fn cosigned_at(seconds: u64) -> String {
    let millis = i64::try_from(seconds.saturating_mul(1_000)).unwrap_or(i64::MAX);
    Timestamp::from_millis(millis).to_string()
}
