//! `ledgerline reconcile`: compares a carrier's bill or a switch's records with the log (对账); a server may be
//! running.

use crate::kit::event_exports::{ExportRecordArgs, ExportedAmount};
use crate::kit::failure::Failure;
use crate::kit::output;
use crate::kit::table_args::TableArgs;
use crate::kit::words::word_of;
use application::countries::default_country_of_log;
use application::format_localized;
use application::language::localized;
use chrono::FixedOffset;
use domain::calendar::parse_day_or_instant;
use domain::calling_code::DefaultCountry;
use domain::ids::NumberId;
use domain::ports::vault::Vault;
use domain::time::Timestamp;
use evidence::reconcile::{
    CallFileOptions, Columns, Format, LISTED_MAX, Matcher, OurCalls, ReconciliationResult, Rules, Sums,
};
use host::app::{AppError, ReadOnlyLog, lookup_vault};
use host::keys_spec::KeysSpec;
use host::store_spec::{LogArgs, StoreSpec};
use http::event_exports::{EventExport, EventExportKind};
use intake::table::HiddenRows;
use serde_json::json;
use std::path::PathBuf;
use std::sync::Arc;

/// Largest file of `--map`, in bytes: six pairs, and room for comments.
const MAP_BYTES_MAX: u64 = 16_384;

/// Largest window and tolerance, in seconds: an hour.
const SECONDS_MAX: u64 = 3_600;

/// Compare a carrier's bill (CSV or XLSX) or Asterisk's records with our calls: matched, missing, disputed
/// (对账)
///
/// A row is matched with a call by SIP Call-ID if it has one (Asterisk: userfield or uniqueid), else by the
/// callee and the nearest dial within --window-seconds. Bad rows are listed; the others count. Exit code 1 if
/// the sides differ. Columns of a csv are recognized by name: 被叫号码/callee, 开始时间/start_time,
/// 通话时长/talk_seconds, 计费分钟/billed_minutes, 话单号/record_id, 呼叫标识/sip_call_id.
#[derive(Debug, clap::Args)]
#[command(after_help = crate::kit::failure::EXIT_CODES)]
pub(crate) struct Args {
    /// Bill or records
    file: PathBuf,
    /// Format of the file
    #[arg(long, value_parser = word_of(Format::WORDS, Format::of_word))]
    format: Format,
    #[command(flatten)]
    table: TableArgs,
    /// Meaning of columns with other titles in a csv, for example 接收方=callee,秒=talk_seconds; names are
    /// callee, start_time, talk_seconds, billed_minutes, record_id, sip_call_id
    #[arg(long, value_name = "TITLE=NAME,…")]
    columns: Option<Columns>,
    /// The same from a file, one pair per line
    #[arg(long, value_name = "FILE", conflicts_with = "columns")]
    map: Option<PathBuf>,
    #[command(flatten)]
    log: LogArgs,
    #[command(flatten)]
    keys: KeysSpec,
    /// Difference in talk time that counts as equal, in seconds
    #[arg(long, value_name = "S", default_value_t = 1, value_parser = clap::value_parser!(u64).range(0..=SECONDS_MAX))]
    tolerance_seconds: u64,
    /// Largest distance of a row without Call-ID from our dial, in seconds
    #[arg(long, value_name = "S", default_value_t = 60, value_parser = clap::value_parser!(u64).range(0..=SECONDS_MAX))]
    window_seconds: u64,
    /// Only from this day (Beijing) or instant on; default: the period of the file
    #[arg(long, value_name = "WHEN", value_parser = parse_day_or_instant)]
    from: Option<Timestamp>,
    /// Only before this day (Beijing) or instant
    #[arg(long, value_name = "WHEN", value_parser = parse_day_or_instant)]
    to: Option<Timestamp>,
    /// The file lists answered calls only
    #[arg(long)]
    answered_only: bool,
    /// Time zone of the file, for times without a zone
    #[arg(long, value_name = "OFFSET", default_value = "+08:00")]
    utc_offset: FixedOffset,
    /// Print one JSON object, with the rows that differ
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    taking: ExportRecordArgs,
}

pub(crate) async fn run(args: Args) -> Result<(), Failure> {
    if args.from.zip(args.to).is_some_and(|(from, to)| from >= to) {
        return Err(Failure::usage("--to must be after --from"));
    }
    let said = columns(&args)?;
    let spec = args.log.spec()?;
    let taking = EventExport::all(EventExportKind::Comparison);
    let on_record = args.taking.put_on_record(&spec, taking).await?;
    let outcome = on_record.end(outcome(&args, &said, &spec).await, compared).await;
    show(&args, &outcome?)
}

/// Returns the amount for the record of this export: the rows compared. No bytes are written.
fn compared(outcome: &ReconciliationResult) -> ExportedAmount {
    ExportedAmount {
        events: outcome.rows,
        bytes: 0,
    }
}

async fn outcome(args: &Args, said: &Columns, spec: &StoreSpec) -> Result<ReconciliationResult, Failure> {
    let window_ms = args.window_seconds * 1_000;
    let around = (
        args.from.map(|from| from.minus_ms(window_ms)),
        args.to.map(|to| to.plus_ms(window_ms)),
    );
    let place = LogAndKeys {
        spec,
        log: &args.log,
        keys: &args.keys,
    };
    compare_with_our_calls(place, around, |beside| compare(args, said, &beside)).await
}

/// The log to compare with, and the place of its keys.
pub(crate) struct LogAndKeys<'a> {
    pub(crate) spec: &'a StoreSpec,
    pub(crate) log: &'a LogArgs,
    pub(crate) keys: &'a KeysSpec,
}

/// The data to compare with: our calls, the keys if available, and the default country of numbers.
pub(crate) struct ReconcileInput<'a> {
    pub(crate) ours: &'a OurCalls,
    pub(crate) vault: Option<&'a host::app::LookupVault>,
    pub(crate) country: DefaultCountry,
}

/// Reads our calls of a period, opens the keys if possible, runs the comparison, and closes both.
pub(crate) async fn compare_with_our_calls<T>(
    place: LogAndKeys<'_>,
    around: (Option<Timestamp>, Option<Timestamp>),
    compare: impl FnOnce(ReconcileInput<'_>) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let opened = ReadOnlyLog::of(place.spec).await?;
    let vault = match place.log.directory() {
        Ok(data) => match lookup_vault(place.keys, data, &opened).await {
            Ok((vault, _)) => Ok(vault),
            // Other or older keys would derive other number ids from the same digits, so the result would be
            // wrong.
            Err(error @ (AppError::OtherKeys | AppError::OlderKeys { .. })) => return Err(error.into()),
            Err(error) => Err(error.to_string()),
        },
        Err(failure) => Err(failure.to_string()),
    };
    if let Err(why) = &vault {
        output::notice(&format_localized!(
            "没有密钥，只能按 Call-ID 匹配，不能按号码匹配：{why}",
            "without keys only Call-IDs match, not numbers: {why}"
        ));
    }
    let read = OurCalls::read(opened.store.as_ref(), around).await;
    let country = default_country_of_log(opened.store.as_ref()).await;
    let outcome = match read.and_then(|ours| Ok((ours, country?))) {
        Ok((ours, country)) => compare(ReconcileInput {
            ours: &ours,
            vault: vault.as_ref().ok(),
            country,
        }),
        Err(problem) => Err(problem.into()),
    };
    if let Ok(vault) = vault {
        vault.close().await;
    }
    opened.close().await;
    outcome
}

/// Returns the column mapping that the user gave.
fn columns(args: &Args) -> Result<Columns, Failure> {
    let is_said = args.columns.is_some() || args.map.is_some();
    if is_said && args.format != Format::Csv {
        return Err(Failure::usage(
            "asterisk has a fixed order of columns: --columns and --map apply only to csv",
        ));
    }
    let Some(file) = &args.map else {
        return Ok(args.columns.clone().unwrap_or_default());
    };
    let said = |why: &dyn std::fmt::Display| Failure::usage(format!("--map {}: {why}", file.display()));
    let length = std::fs::metadata(file).map_err(|error| said(&error))?.len();
    if length > MAP_BYTES_MAX {
        return Err(said(&format!("it has more than {MAP_BYTES_MAX} bytes")));
    }
    let text = std::fs::read_to_string(file).map_err(|error| said(&error))?;
    text.parse().map_err(|why: String| said(&why))
}

fn sums(name: &str, sums: &Sums) -> Result<(), Failure> {
    output::line(&format_localized!(
        "{name}  {} 行：对方分钟 {}，我方 {}，争议 {:+}，无据 {}",
        "{name}  {} rows: their minutes {} / ours {} / disputed {:+} / unfounded {}",
        sums.their_rows,
        sums.their_minutes,
        sums.our_minutes,
        sums.disputed_minutes,
        sums.unfounded_minutes
    ))
}

fn compare(
    args: &Args,
    said: &Columns,
    beside: &ReconcileInput<'_>,
) -> Result<ReconciliationResult, Failure> {
    let rules = Rules {
        tolerance_ms: args.tolerance_seconds * 1_000,
        window_ms: args.window_seconds * 1_000,
        answered_only: args.answered_only,
        country: beside.country,
        from: args.from,
        to: args.to,
    };
    let vault: Option<Arc<dyn Vault>> = beside.vault.map(host::app::LookupVault::vault);
    let derive = vault.map(|vault| move |e164: &str| vault.derive_number(e164));
    let derive = derive.as_ref().map(|derive| derive as &dyn Fn(&str) -> NumberId);
    let mut matcher = Matcher::new(beside.ours, derive, rules);
    let refused =
        |error: &dyn std::fmt::Display| Failure::refused(format!("{}: {error}", args.file.display()));
    let reading = CallFileOptions {
        offset: args.utc_offset,
        table: args
            .table
            .options(HiddenRows::Refuse)
            .map_err(|error| refused(&error))?,
    };
    args.format
        .read_file(&args.file, said, &reading, &mut |row| matcher.take(row))
        .map_err(|error| refused(&error))?;
    Ok(matcher.finish())
}

fn show(args: &Args, outcome: &ReconciliationResult) -> Result<(), Failure> {
    if args.json {
        output::json(&json!({ "agrees": outcome.agrees(), "listed_max": LISTED_MAX, "outcome": outcome }))?;
    } else {
        tell(outcome)?;
    }
    match outcome.agrees() {
        true => Ok(()),
        false => Err(Failure::found(localized("双方不一致", "the sides differ"))),
    }
}

fn tell(outcome: &ReconciliationResult) -> Result<(), Failure> {
    for (label, count) in [
        (localized("话单行数", "rows"), outcome.rows),
        (localized("一致或已匹配", "matched"), outcome.matched),
        (localized("有争议", "disputed"), outcome.disputed),
        (
            localized("对方缺失", "missing on their side"),
            outcome.missing_on_their_side,
        ),
        (
            localized("我方缺失", "missing on our side"),
            outcome.missing_on_our_side,
        ),
        (localized("重复", "duplicates"), outcome.duplicates),
        (localized("无法读取", "bad rows"), outcome.bad_rows),
        (localized("期外", "outside"), outcome.outside),
    ] {
        output::line(&format!("{count:>10}  {label}"))?;
    }
    for (name, month) in &outcome.months {
        sums(name, &month.whole)?;
        for (trunk, of_trunk) in &month.trunks {
            sums(&format!("  {name} {trunk}"), of_trunk)?;
        }
    }
    for (name, day) in &outcome.days {
        sums(name, day)?;
    }
    for bad in outcome.bad.iter().take(20) {
        output::line(&format_localized!(
            "第 {} 行：{}",
            "line {}: {}",
            bad.line,
            bad.why
        ))?;
    }
    Ok(())
}
