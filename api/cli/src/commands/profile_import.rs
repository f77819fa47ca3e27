//! `ledgerline customer attribute import`: imports attributes and tags of many customers from a CSV or XLSX
//! file.

use crate::kit::api::post;
use crate::kit::failure::Failure;
use crate::kit::output;
use crate::kit::request_args::RequestArgs;
use crate::kit::table_args::TableArgs;
use application::bulk_profiles::PROFILES_OF_REQUEST_MAX;
use application::format_localized;
use application::language::localized;
use host::outbound::api_client::ApiClient;
use intake::profile_file::{ProfileColumns, ProfileLine, each_of_file};
use intake::table::{HiddenRows, WorkbookReport};
use intake::{BadRow, ImportError};
use serde_json::{Value, json};
use std::path::PathBuf;
use std::sync::Arc;
use tokio::runtime::Runtime;

/// Most bad rows listed in the output; all of them are counted.
const NAMED_MAX: usize = 100;

/// Largest request, in bytes of text: half of the largest body.
const REQUEST_BYTES_MAX: usize = 4 * 1024 * 1024;

#[derive(Debug, clap::Args)]
pub(super) struct ImportArgs {
    /// CSV or XLSX file
    file: PathBuf,
    /// Meaning of a column: an attribute, customer_id, tags.basic, tags.behavior, tags.business, or - to skip
    /// it; may be repeated
    #[arg(long = "map", value_name = "COLUMN=NAME")]
    maps: Vec<String>,
    #[command(flatten)]
    table: TableArgs,
    /// First row to import; continues an interrupted import
    #[arg(long, value_name = "ROW", default_value_t = 0)]
    from_row: u64,
    /// Store nothing: only report what would be stored
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    asking: RequestArgs,
}

/// The result of an import.
#[derive(Default)]
struct ProfileImportTotals {
    rows: u64,
    changed: u64,
    unchanged: u64,
    bad: Vec<Value>,
    bad_count: u64,
    workbook: Option<WorkbookReport>,
    /// Row at which to continue, if the import was interrupted.
    stopped_at: Option<u64>,
}

impl ImportArgs {
    pub(super) async fn run(self, runtime: Arc<Runtime>) -> Result<(), Failure> {
        let mut sum = ProfileImportTotals::default();
        let requests = self.requests(&mut sum)?;
        let client = self.asking.client(runtime).await?;
        let sent = self.send(&client, requests, &mut sum).await;
        client.close().await;
        self.asking.tell(&json!({
            "rows": sum.rows, "changed": sum.changed, "unchanged": sum.unchanged, "refused": sum.bad_count,
            "bad_rows": sum.bad, "dry_run": self.dry_run, "goes_on_from_row": sum.stopped_at,
            "workbook": sum.workbook,
        }))?;
        sent?;
        match sum.bad_count {
            0 => Ok(()),
            count => Err(Failure::found(format_localized!(
                "{count} 行未导入，其余已计入",
                "{count} rows were not imported; the others count"
            ))),
        }
    }

    /// Reads the file. Returns the good rows grouped into requests and notes the bad ones.
    fn requests(&self, sum: &mut ProfileImportTotals) -> Result<Vec<Vec<ProfileLine>>, Failure> {
        let usage =
            |error: &dyn std::fmt::Display| Failure::usage(format!("{}: {error}", self.file.display()));
        let columns = ProfileColumns::read(&self.maps).map_err(|error| usage(&error))?;
        let options = self
            .table
            .options(HiddenRows::Refuse)
            .map_err(|error| usage(&error))?;
        let mut requests = Requests::default();
        let mut take = |read: Result<ProfileLine, BadRow>| {
            let row = read.as_ref().map_or_else(|bad| bad.row, |line| line.row);
            if row >= self.from_row {
                sum.rows += 1;
                match read {
                    Ok(line) => requests.push(line),
                    Err(bad) => sum.note_bad(bad.row, &bad.reason, &json!([])),
                }
            }
            Ok::<(), ImportError>(())
        };
        let report = each_of_file(&self.file, options, &columns, &mut take).map_err(|error| usage(&error))?;
        sum.workbook = report.workbook;
        Ok(requests.all)
    }

    async fn send(
        &self,
        client: &ApiClient,
        requests: Vec<Vec<ProfileLine>>,
        sum: &mut ProfileImportTotals,
    ) -> Result<(), Failure> {
        for part in requests {
            let customers: Vec<&Value> = part.iter().map(|line| &line.customer).collect();
            let body = json!({ "customers": customers, "dry_run": self.dry_run });
            match post("/api/v1/customers/attributes", &body).ask(client).await {
                Ok(reply) => sum.add(&part, &reply),
                Err(failure) => {
                    sum.stopped_at = part.first().map(|line| line.row);
                    output::notice(localized(
                        "导入中断，重新导入同一文件即可继续",
                        "the import stopped; import the same file again to continue",
                    ));
                    return Err(failure);
                }
            }
        }
        Ok(())
    }
}

/// Groups of rows, each within the limits of one request.
#[derive(Default)]
struct Requests {
    all: Vec<Vec<ProfileLine>>,
    /// Bytes of the last group.
    bytes: usize,
}

impl Requests {
    fn push(&mut self, line: ProfileLine) {
        let more = line.customer.to_string().len();
        match self.all.last_mut() {
            Some(last) if last.len() < PROFILES_OF_REQUEST_MAX && self.bytes + more <= REQUEST_BYTES_MAX => {
                self.bytes += more;
                last.push(line);
            }
            _ => {
                self.bytes = more;
                self.all.push(vec![line]);
            }
        }
    }
}

impl ProfileImportTotals {
    fn note_bad(&mut self, row: u64, why: &str, columns: &Value) {
        self.bad_count += 1;
        if self.bad.len() < NAMED_MAX {
            self.bad
                .push(json!({ "row": row, "why": why, "columns": columns }));
        }
    }

    fn add(&mut self, part: &[ProfileLine], reply: &Value) {
        self.changed += reply["changed"].as_u64().unwrap_or(0);
        self.unchanged += reply["unchanged"].as_u64().unwrap_or(0);
        for refused in reply["refused"].as_array().into_iter().flatten() {
            let row = refused["row"].as_u64().and_then(|row| usize::try_from(row).ok());
            let row = row.and_then(|row| part.get(row)).map_or(0, |line| line.row);
            let why = refused["why"].as_str().unwrap_or_default();
            self.note_bad(row, why, &refused["columns"]);
        }
    }
}
