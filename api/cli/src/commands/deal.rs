//! `ledgerline deal import`: reports deals of another system from a file.

use crate::kit::api::post;
use crate::kit::failure::Failure;
use crate::kit::output;
use crate::kit::request_args::RequestArgs;
use crate::kit::table_args::TableArgs;
use application::deals::DEALS_OF_REQUEST_MAX;
use domain::deal::ATTRIBUTION_DAYS_DEFAULT;
use intake::deal_file::{self, DealLine};
use intake::table::HiddenRows;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::sync::Arc;
use tokio::runtime::Runtime;

/// Largest file of deals, in bytes: twice the maximum number of rows at two hundred bytes each.
const FILE_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// Most bad rows listed in the output; all of them are counted.
const NAMED_MAX: usize = 100;

/// Deals (成交, 还款): sales and repayments after calls, reported by other systems
#[derive(Debug, clap::Args)]
#[command(after_help = crate::kit::failure::EXIT_CODES)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Import deals from a CSV or XLSX file: customer_id, reference, type, amount, currency, happened_at, and
    /// call or campaign
    ///
    /// A deal with a known reference replaces the earlier one; amount 0 revokes it. Good rows are stored, bad
    /// ones are listed by line. A file with rows that Excel hides is refused until --hidden-rows decides
    /// about them.
    Import {
        /// CSV or XLSX file
        file: PathBuf,
        #[command(flatten)]
        table: TableArgs,
        /// Attribution window: a deal is attributed to a call up to this many days before it
        #[arg(long, value_name = "DAYS", default_value_t = ATTRIBUTION_DAYS_DEFAULT)]
        window_days: u32,
        /// Store nothing: only report what would be stored
        #[arg(long)]
        dry_run: bool,
        #[command(flatten)]
        asking: RequestArgs,
    },
}

/// The result of an import.
#[derive(Default)]
struct DealImportTotals {
    counts: [u64; 4],
    bad: Vec<Value>,
    bad_count: u64,
}

/// Members of the reply to a request with deals that are counts, in the order of
/// `DealImportTotals::counts`.
const COUNTS: [&str; 4] = ["stored", "corrected", "unchanged", "unattributed"];

pub(crate) async fn run(args: Args, runtime: Arc<Runtime>) -> Result<(), Failure> {
    let Action::Import {
        file,
        table,
        window_days,
        dry_run,
        asking,
    } = args.action;
    let usage = |error: &dyn std::fmt::Display| Failure::usage(format!("{}: {error}", file.display()));
    let length = std::fs::metadata(&file).map_err(|error| usage(&error))?.len();
    if length > FILE_BYTES_MAX {
        return Err(usage(&format!(
            "it has more than the {FILE_BYTES_MAX} bytes allowed"
        )));
    }
    let options = table.options(HiddenRows::Refuse).map_err(|error| usage(&error))?;
    let (lines, report) = deal_file::read(&file, options).map_err(|error| usage(&error))?;
    let mut sum = DealImportTotals::default();
    let mut good = Vec::new();
    for DealLine { line, row } in &lines {
        match row {
            Ok(row) => good.push((*line, row.clone())),
            Err(why) => sum.note_bad(*line, why),
        }
    }
    for part in good.chunks(DEALS_OF_REQUEST_MAX) {
        let rows: Vec<&Value> = part.iter().map(|(_, row)| row).collect();
        let body = json!({"deals": rows, "window_days": window_days, "dry_run": dry_run});
        let reply = asking
            .reply(Arc::clone(&runtime), post("/api/v1/deals", &body))
            .await?;
        sum.add(part, &reply);
    }
    let [stored, corrected, unchanged, unattributed] = sum.counts;
    output::json(&json!({
        "rows": lines.len(), "stored": stored, "corrected": corrected, "unchanged": unchanged,
        "unattributed": unattributed, "refused": sum.bad_count, "bad_rows": sum.bad, "dry_run": dry_run,
        "workbook": report.workbook,
    }))
}

impl DealImportTotals {
    fn note_bad(&mut self, line: u64, why: &str) {
        self.bad_count += 1;
        if self.bad.len() < NAMED_MAX {
            self.bad.push(json!({"line": line, "why": why}));
        }
    }

    fn add(&mut self, part: &[(u64, Value)], reply: &Value) {
        for (count, name) in self.counts.iter_mut().zip(COUNTS) {
            *count += reply[name].as_u64().unwrap_or(0);
        }
        for refused in reply["refused"].as_array().into_iter().flatten() {
            let row = refused["row"].as_u64().and_then(|row| usize::try_from(row).ok());
            let line = row.and_then(|row| part.get(row)).map_or(0, |(line, _)| *line);
            self.note_bad(line, refused["why"].as_str().unwrap_or_default());
        }
    }
}
