//! `ledgerline report check`: checks a report against its signed note and the log's key; with the log,
//! rebuilds it too.

use crate::commands::report::compliance::{note_file, open_log};
use crate::kit::failure::Failure;
use crate::kit::output;
use crate::kit::progress::Progress;
use crate::kit::table::pad;
use application::format_localized;
use application::language::localized;
use chrono::NaiveDate;
use domain::calendar::{CalendarPeriod, PeriodLength};
use evidence::compliance_report::{check, check_against};
use evidence::log_walk::Log;
use host::log_proofs::log_key_file;
use host::store_spec::{LogArgs, StoreSpec};
use serde_json::json;
use std::path::{Path, PathBuf};
use store::proof::VerifierKey;

/// Width of the labels before the printed values, in columns.
const LABEL_COLUMNS: usize = 10;

/// Largest report or note read, in bytes.
const FILE_BYTES_MAX: u64 = 64 * 1024 * 1024;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Report: page or figures
    file: PathBuf,
    /// Signed note of the report; default: FILE.note
    #[arg(long, value_name = "FILE")]
    note: Option<PathBuf>,
    /// Public key of the log as you know it, or a file with it; default: the one in the data directory
    #[arg(long, value_name = "VKEY")]
    key: Option<String>,
    /// Rebuild the report from the log of this directory
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Rebuild the report from this log
    #[arg(long, value_name = "URL")]
    store: Option<StoreSpec>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(args: Args) -> Result<(), Failure> {
    let key = key_of(&args)?;
    let file = read(&args.file)?;
    let note_path = args.note.clone().unwrap_or_else(|| note_file(&args.file));
    let note = String::from_utf8(read(&note_path)?).or(Err(Failure::found("the note is not text")))?;
    let checked = check(&file, &note, &key);
    let mut checked = checked.map_err(|why| failed(&args, &why))?;
    if args.data.is_some() || args.store.is_some() {
        let log = LogArgs {
            data: args.data.clone(),
            store: args.store.clone(),
        };
        let period = period_of(&checked.subject)
            .ok_or_else(|| failed(&args, "its period is not a calendar period"))?;
        let opened = open_log(&log).await?;
        let progress = Progress::of_log();
        let hears = |reached, last| progress.reach(reached, last);
        let log = Log::heard(opened.store.as_ref(), &hears);
        let against = check_against(log, &note, &key, period).await;
        drop(progress);
        opened.close().await;
        against?.map_err(|why| failed(&args, why))?;
        checked.rebuilt = true;
    }
    if args.json {
        return output::json(&json!({ "holds": true, "subject": checked.subject,
            "position": checked.position.to_string(), "log_size": checked.log_size,
            "log_root": checked.log_root, "key": key.to_string(), "rebuilt_from_log": checked.rebuilt }));
    }
    let label = |zh, en| pad(localized(zh, en), LABEL_COLUMNS);
    output::line(&format!("{}{}", label("报告成立", "holds"), checked.subject))?;
    output::line(&format_localized!(
        "{}{} 个事件，截至位置 {}，根哈希 {}",
        "{}{} events up to position {}, root {}",
        label("日志", "log"),
        checked.log_size,
        checked.position,
        checked.log_root
    ))?;
    output::line(&format!("{}{key}", label("验证密钥", "key")))?;
    let rebuilt = match checked.rebuilt {
        true => localized(
            "由日志重建的数字一致，日志包含该签发记录",
            "the log gives the same figures, and contains the issue",
        ),
        false => localized(
            "未重建：给出 --data 或 --store 即可由日志重建",
            "no: give --data or --store to rebuild it from the log",
        ),
    };
    output::line(&format!("{}{rebuilt}", label("重建", "rebuilt")))
}

fn failed(args: &Args, why: &str) -> Failure {
    if args.json
        && let Err(failure) = output::json(&json!({ "holds": false, "what": why }))
    {
        return failure;
    }
    Failure::found(format_localized!(
        "报告不成立：{why}",
        "the report does not hold: {why}"
    ))
}

fn key_of(args: &Args) -> Result<VerifierKey, Failure> {
    let from_file = |path: &Path| -> Result<String, Failure> {
        let bytes = read(path)?;
        Ok(String::from_utf8_lossy(&bytes).trim().to_owned())
    };
    let text = match (&args.key, &args.data) {
        (Some(given), _) if Path::new(given).exists() => from_file(Path::new(given))?,
        (Some(given), _) => given.clone(),
        (None, Some(data)) => from_file(&log_key_file(data))?,
        (None, None) => return Err(Failure::usage("give --key, or --data for the key beside the log")),
    };
    text.parse()
        .map_err(|error| Failure::usage(format!("--key: {error}")))
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let unread = |why: &dyn std::fmt::Display| Failure::unavailable(format!("{}: {why}", path.display()));
    let length = std::fs::metadata(path).map_err(|error| unread(&error))?.len();
    if length > FILE_BYTES_MAX {
        return Err(unread(&format!("it has more than {FILE_BYTES_MAX} bytes")));
    }
    std::fs::read(path).map_err(|error| unread(&error))
}

/// Parses the period of a report's subject, for example `compliance 2026-11`; `None` for another form.
fn period_of(subject: &str) -> Option<CalendarPeriod> {
    let (_, label) = subject.split_once(' ')?;
    let year = |text: &str| text.parse::<i32>().ok();
    let (length, day) = if let Ok(day) = label.parse::<NaiveDate>() {
        (PeriodLength::Day, Some(day))
    } else if let Some((of, week)) = label.split_once("-W") {
        let day = NaiveDate::from_isoywd_opt(year(of)?, week.parse().ok()?, chrono::Weekday::Mon);
        (PeriodLength::Week, day)
    } else if let Some((of, quarter)) = label.split_once("-Q") {
        let first: u32 = quarter.parse::<u32>().ok()?.checked_sub(1)?.checked_mul(3)? + 1;
        (
            PeriodLength::Quarter,
            NaiveDate::from_ymd_opt(year(of)?, first, 1),
        )
    } else if let Some((of, month)) = label.split_once('-') {
        let day = NaiveDate::from_ymd_opt(year(of)?, month.parse().ok()?, 1);
        (PeriodLength::Month, day)
    } else {
        (PeriodLength::Year, NaiveDate::from_ymd_opt(year(label)?, 1, 1))
    };
    let span = length.of(day?);
    (span.label == label).then_some(span)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_is_found_by_its_label_and_by_no_other_text() {
        let day: NaiveDate = "2026-11-20".parse().unwrap();
        for length in [
            PeriodLength::Day,
            PeriodLength::Week,
            PeriodLength::Month,
            PeriodLength::Quarter,
            PeriodLength::Year,
        ] {
            let span = length.of(day);
            assert_eq!(period_of(&format!("compliance {}", span.label)), Some(span));
        }
        for wrong in ["2026-13", "2026-Q0", "2026-Q5", "2026-W54", "x", "2026-1", ""] {
            assert_eq!(period_of(&format!("compliance {wrong}")), None, "{wrong}");
        }
    }
}
