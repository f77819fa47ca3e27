//! `ledgerline import-history`: imports calls recorded by VICIdial or Asterisk, as facts that caps count.

use crate::commands::reconcile::{LogAndKeys, ReconcileInput, compare_with_our_calls};
use crate::kit::api::{ApiArgs, post};
use crate::kit::event_exports::{ExportRecordArgs, ExportedAmount};
use crate::kit::failure::Failure;
use crate::kit::output;
use crate::kit::words::word_of;
use application::format_localized;
use application::language::localized;
use application::past_calls::PAST_CALLS_OF_REQUEST_MAX;
use chrono::FixedOffset;
use domain::ids::NumberId;
use domain::past_call::{HistorySource, SAME_DIAL_MS};
use domain::ports::vault::Vault;
use evidence::reconcile::past_calls::{PastFiles, PastRow, read_past};
use evidence::reconcile::{LISTED_MAX, Matcher, ReconciliationResult, Rules};
use host::app::LookupVault;
use http::event_exports::{EventExport, EventExportKind};
use serde_json::{Map, Value, json};
use std::path::PathBuf;
use std::sync::Arc;
use tokio::runtime::Runtime;

/// Most bad rows listed in the output; all of them are counted.
const NAMED_MAX: usize = 100;

/// Difference in talk time between two systems, in milliseconds, up to which a comparison does not list a
/// call.
const TOLERANCE_MS: u64 = 1_000;

const SOURCES: &[(&str, &str)] = &[
    (
        "vicidial",
        "vicidial_log, vicidial_carrier_log and vicidial_list as CSV, with a header or named as the tables",
    ),
    (
        "asterisk",
        "Asterisk's cdr-csv (Master.csv): no header, 16 to 18 columns",
    ),
];

/// Import calls that another system made: caps count those that its records prove (历史导入)
///
/// The records become facts about numbers and their customers, each record once; they are never dials of ours
/// and never a consent. A record of a call that we dialed adds nothing. A time without a zone is refused
/// unless --utc-offset is given. Bad rows are listed; the others are imported. Import customers first: a
/// customer who gets a number later learns its past if the same files are imported again. Exit code 1 if rows
/// were not imported or if the comparison finds differences.
#[derive(Debug, clap::Args)]
#[command(after_help = crate::kit::failure::EXIT_CODES)]
pub(crate) struct Args {
    /// System that recorded the calls
    #[arg(value_parser = word_of(SOURCES, source_of))]
    source: HistorySource,
    /// Files, all from one system
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Time zone of its clock, for times without a zone, for example +08:00
    #[arg(long, value_name = "OFFSET")]
    utc_offset: Option<FixedOffset>,
    /// List differences: between its tables, and between its calls and ours in the log
    #[arg(long)]
    reconcile: bool,
    /// Print the report as one JSON object
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    api: ApiArgs,
    #[command(flatten)]
    taking: ExportRecordArgs,
}

fn source_of(word: &str) -> Option<HistorySource> {
    [HistorySource::Vicidial, HistorySource::Asterisk]
        .into_iter()
        .find(|source| source.code() == word)
}

/// Members of the reply to an import of past calls that are counts, in the order of
/// `HistoryImportTotals::counts`.
const COUNTS: [&str; 5] = ["stored", "known", "ours", "of_people", "people_refused"];

#[derive(Default)]
struct HistoryImportTotals {
    /// `None` if no reply had the count: the server sends it only to users who may see all numbers in clear.
    counts: [Option<u64>; 5],
    bad: Vec<Value>,
    bad_count: usize,
    position: u64,
}

pub(crate) async fn run(args: Args, runtime: Arc<Runtime>) -> Result<(), Failure> {
    let read = read_past(args.source, &args.files, args.utc_offset);
    let past = read.map_err(|error| Failure::refused(error.to_string()))?;
    let (sum, failed) = import(&args, runtime, &past).await?;
    let differences = match args.reconcile && failed.is_none() {
        true => Some(differences(&args, &past).await?),
        false => None,
    };
    let agrees = differences.as_ref().is_none_or(|found| found["agrees"] == true);
    let [stored, known, ours, of_people, people_refused] = sum.counts;
    let mut report = json!({
        "source": args.source, "rows": past.rows.len() + past.bad.len(), "stored": stored, "known": known,
        "ours": ours, "of_people": of_people, "people_refused": people_refused,
        "refused": sum.bad_count, "bad_rows": sum.bad,
        "proves_no_dial": past.rows.iter().filter(|row| !row.proves_dial).count(),
        "position": sum.position.to_string(),
    });
    if let (Some(differences), Some(members)) = (differences, report.as_object_mut()) {
        members.insert("differences".to_owned(), differences);
    }
    match args.json {
        true => output::json(&report)?,
        false => output::pretty(&report)?,
    }
    match failed {
        Some(failure) => Err(failure),
        None => found(&sum, agrees),
    }
}

/// Returns the verdict for the exit code: fails if rows were refused or the comparison found differences.
fn found(sum: &HistoryImportTotals, agrees: bool) -> Result<(), Failure> {
    match sum.bad_count {
        0 if agrees => Ok(()),
        0 => Err(Failure::found(localized("双方不一致", "the sides differ"))),
        count => Err(Failure::found(format_localized!(
            "{count} 行未导入，其余已计入",
            "{count} rows were not imported; the others count"
        ))),
    }
}

/// Sends the calls of the other system. Returns what was stored, and the failure if a request failed before
/// the end.
async fn import(
    args: &Args,
    runtime: Arc<Runtime>,
    past: &PastFiles,
) -> Result<(HistoryImportTotals, Option<Failure>), Failure> {
    let mut sum = HistoryImportTotals::default();
    for bad in &past.bad {
        sum.note_bad(args, bad.file, bad.line, &bad.why);
    }
    if past.rows.is_empty() {
        return Ok((sum, None));
    }
    let client = args.api.client(runtime).await?;
    let mut failed = None;
    for part in past.rows.chunks(PAST_CALLS_OF_REQUEST_MAX) {
        let calls: Vec<Value> = part.iter().map(to_json).collect();
        let body = json!({ "source": args.source, "calls": calls });
        match post("/api/v1/history", &body).ask(&client).await {
            Ok(reply) => sum.add(args, part, &reply),
            Err(failure) => {
                failed = Some(failure);
                break;
            }
        }
    }
    client.close().await;
    Ok((sum, failed))
}

fn to_json(row: &PastRow) -> Value {
    let mut call = Map::new();
    let theirs = &row.theirs;
    call.insert("phone".to_owned(), json!(theirs.callee));
    call.insert("key".to_owned(), json!(theirs.key));
    if let Some(former) = &row.former_key {
        call.insert("former_key".to_owned(), json!(former));
    }
    call.insert("dialed_at".to_owned(), json!(theirs.start));
    call.insert("proves_dial".to_owned(), json!(row.proves_dial));
    if let Some(answered) = row.answered {
        call.insert("answered".to_owned(), json!(answered));
    }
    call.insert("status".to_owned(), json!(row.status));
    call.insert("talk_ms".to_owned(), json!(theirs.talk_s.saturating_mul(1_000)));
    Value::Object(call)
}

impl HistoryImportTotals {
    fn note_bad(&mut self, args: &Args, file: usize, line: u64, why: &str) {
        self.bad_count += 1;
        if self.bad.len() < NAMED_MAX {
            let file = args.files.get(file).map(|file| file.display().to_string());
            self.bad.push(json!({ "file": file, "line": line, "why": why }));
        }
    }

    fn add(&mut self, args: &Args, part: &[PastRow], reply: &Value) {
        for (count, name) in self.counts.iter_mut().zip(COUNTS) {
            if let Some(more) = reply[name].as_u64() {
                *count = Some(count.unwrap_or(0) + more);
            }
        }
        let position = reply["position"].as_str().and_then(|text| text.parse().ok());
        self.position = self.position.max(position.unwrap_or(0));
        for refused in reply["refused"].as_array().into_iter().flatten() {
            let row = refused["row"].as_u64().and_then(|row| usize::try_from(row).ok());
            if let Some(row) = row.and_then(|row| part.get(row)) {
                let why = refused["why"].as_str().unwrap_or_default();
                self.note_bad(args, row.file, row.theirs.line, why);
            }
        }
    }
}

/// Compares the tables of the other system with each other, and its calls with ours. The comparison is
/// recorded like each export.
async fn differences(args: &Args, past: &PastFiles) -> Result<Value, Failure> {
    let (log, keys) = args.api.log_and_keys();
    let spec = log.spec()?;
    let taking = EventExport::all(EventExportKind::Comparison);
    let on_record = args.taking.put_on_record(&spec, taking).await?;
    let place = LogAndKeys {
        spec: &spec,
        log: &log,
        keys,
    };
    let compared = compare_with_our_calls(place, (None, None), |beside| Ok(compare(past, &beside))).await;
    let amount = |outcome: &ReconciliationResult| ExportedAmount {
        events: outcome.rows,
        bytes: 0,
    };
    let outcome = on_record.end(compared, amount).await?;
    Ok(json!({
        "tables": past.differences, "agrees": outcome.agrees(), "listed_max": LISTED_MAX, "outcome": outcome,
    }))
}

fn compare(past: &PastFiles, beside: &ReconcileInput<'_>) -> ReconciliationResult {
    let vault: Option<Arc<dyn Vault>> = beside.vault.map(LookupVault::vault);
    let derive = vault.map(|vault| move |e164: &str| vault.derive_number(e164));
    let derive = derive.as_ref().map(|derive| derive as &dyn Fn(&str) -> NumberId);
    let rules = Rules {
        tolerance_ms: TOLERANCE_MS,
        window_ms: SAME_DIAL_MS,
        answered_only: false,
        country: beside.country,
        from: None,
        to: None,
    };
    let mut matcher = Matcher::new(beside.ours, derive, rules);
    for row in past.rows.iter().filter(|row| row.proves_dial) {
        matcher.take(Ok(row.theirs.clone()));
    }
    for bad in &past.bad {
        matcher.take(Err((bad.line, bad.why.clone())));
    }
    matcher.finish()
}
