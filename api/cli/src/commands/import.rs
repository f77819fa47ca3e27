//! `ledgerline import`: imports a customer file into a campaign and reports the result of its rows.

use super::import_query::{self, ImportQueryArgs};
use crate::jdbc::{Address, Statement};
use crate::kit::api::{ApiArgs, get};
use crate::kit::failure::Failure;
use crate::kit::output;
use crate::kit::progress::Progress;
use crate::kit::table_args::{HiddenRowsArg, TableArgs};
use crate::page::import_report::show;
use application::format_localized;
use application::lists::load::ImportReport;
use application::percent::encode;
use domain::ids::{ApprovalId, CampaignId};
use domain::ports::clock::Clock;
use domain::problem::{Problem, ProblemKind};
use host::clock::SystemClock;
use host::outbound::api_client::ApiClient;
use hyper::Method;
use intake::bounded_file::read;
use intake::mapping_file::{self, MAPPING_BYTES_MAX};
use intake::table::{HiddenRows, TableOptions};
use serde_json::Value;
use std::io::{Seek, SeekFrom};
use std::path::PathBuf;
use std::sync::Arc;
use tokio::runtime::Runtime;

/// Interval in milliseconds at which the server is asked for the progress of an import or for its approval.
const WATCH_MS: u64 = 1_000;

/// Import customers from a CSV or XLSX file, or a database, into a campaign
///
/// The header names the columns: 客户ID and 手机号 (or customer_id and phone) are recognized, others are mapped
/// with --map. Columns without a mapping become variables of the flow. Importing the same file again
/// continues where it stopped, and enrols no customer twice. Bad rows are listed with row, column and reason;
/// the others are imported.
///
/// For a database (jdbc:…) this command reads, not the server: one SELECT in a read-only session, with its
/// rows streamed. If it is interrupted, the same command continues the same list. The password is stored
/// nowhere.
#[derive(Debug, clap::Args)]
#[command(after_help = crate::kit::failure::EXIT_CODES)]
pub(crate) struct Args {
    /// File; or a database, as jdbc:mysql://HOST:PORT/DATABASE?user=U (also jdbc:postgresql://), with --query
    file: PathBuf,
    /// Id of the campaign (its task_id)
    #[arg(long, value_name = "ID")]
    campaign: CampaignId,
    #[command(flatten)]
    querying: ImportQueryArgs,
    /// Mapping of columns to members, for example 客户ID=customer_id,手机号=phone
    #[arg(long, value_name = "COLUMN=MEMBER,…")]
    map: Option<String>,
    /// File that holds the mapping in three columns, 系统字段, 导入列名 and 数据类型 (CSV, XLSX or YAML), instead of
    /// --map
    #[arg(long, value_name = "FILE", conflicts_with = "map")]
    mapping: Option<PathBuf>,
    /// Where duplicates are looked for: in the campaign, or everywhere (in any campaign)
    #[arg(long, value_name = "WHERE", default_value = "campaign")]
    dedupe: String,
    /// Country of numbers without a country code: CN, US or a calling code (44); default: the country of the
    /// campaign's preset
    #[arg(long, value_name = "COUNTRY")]
    country: Option<String>,
    /// How to treat rows that Excel hides in the file of --mapping; without it a file with hidden rows is
    /// refused
    #[arg(long, value_enum, value_name = "WHICH", requires = "mapping")]
    mapping_hidden_rows: Option<HiddenRowsArg>,
    #[command(flatten)]
    table: TableArgs,
    #[command(flatten)]
    approved: ImportApprovalArgs,
    /// Check every row, enrol no customer
    #[arg(long)]
    dry_run: bool,
    /// Print the report as one JSON object
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    api: ApiArgs,
}

/// Options for a campaign with lists that need another person's approval.
#[derive(Debug, clap::Args)]
struct ImportApprovalArgs {
    /// Id of the approval given by another person, if the campaign's lists need one
    #[arg(long, value_name = "APPROVAL", conflicts_with = "dry_run")]
    approval: Option<ApprovalId>,
    /// If the campaign's lists need an approval: wait for the decision of another person, then continue
    #[arg(long, conflicts_with = "dry_run")]
    wait: bool,
}

/// Returns the column mapping of `--mapping` (a file) or `--map` as text; empty without either.
fn mapping(args: &Args) -> Result<String, Failure> {
    let Some(path) = &args.mapping else {
        return Ok(args.map.clone().unwrap_or_default());
    };
    let named = |why: String| Failure::usage(format!("{}: {why}", path.display()));
    let bytes = read(path, MAPPING_BYTES_MAX).map_err(|error| named(error.to_string()))?;
    let options = TableOptions {
        hidden_rows: args
            .mapping_hidden_rows
            .map_or(HiddenRows::Refuse, HiddenRowsArg::choice),
        ..TableOptions::default()
    };
    let mapping = mapping_file::read(&bytes, options).map_err(|error| named(error.to_string()))?;
    Ok(mapping.as_text())
}

pub(crate) async fn run(args: Args, runtime: Arc<Runtime>) -> Result<(), Failure> {
    // Checked before the first request: without a readable file there is nothing to import.
    let database = import_query::parse_query(&args.file, &args.querying)?;
    if database.is_none() {
        drop(Rows::InFile(args.file.clone()).opened().await?);
    }
    let mapping = mapping(&args)?;
    let client = args.api.client(runtime).await?;
    let reply = imported(&client, &args, &mapping, database).await;
    client.close().await;
    let reply = reply?;
    if args.json {
        output::json(&reply)?;
    }
    let report: ImportReport = serde_json::from_value(reply)
        .map_err(|error| Failure::fault(format!("the server's report cannot be read: {error}")))?;
    if !args.json {
        show(&report)?;
    }
    any_good(&report)
}

async fn imported(
    client: &ApiClient,
    args: &Args,
    mapping: &str,
    database: Option<(Address, Statement)>,
) -> Result<Value, Failure> {
    let waiting = Progress::spinner();
    let (name, parameters, rows) = match database {
        Some((address, statement)) => {
            waiting.say(format_localized!("正在读取 {}", "reading {}", address.shown()));
            let asked = import_query::run_query(&address, statement, &args.campaign, client).await?;
            (asked.name, asked.parameters, Rows::Read(asked.file))
        }
        None => {
            let name = args
                .file
                .file_name()
                .map(|name| name.to_string_lossy().into_owned());
            (
                name.unwrap_or_default(),
                String::new(),
                Rows::InFile(args.file.clone()),
            )
        }
    };
    waiting.say(format_localized!("正在导入 {name}", "importing {name}"));
    let mut path = format!(
        "/api/v1/campaigns/{}/lists?dry_run={}&source={}&map={}&dedupe={}{}{parameters}",
        encode(args.campaign.as_str()),
        args.dry_run,
        encode(&name),
        encode(mapping),
        encode(&args.dedupe),
        args.table.query(),
    );
    if let Some(country) = &args.country {
        path.push_str(&format!("&country={}", encode(country)));
    }
    if let Some(approval) = &args.approved.approval {
        path.push_str(&format!("&approval={approval}"));
    }
    let reply = sent(client, args, &rows, &path, &waiting).await;
    drop(waiting);
    reply
}

/// The rows to send. They may have to be sent twice.
enum Rows {
    /// The file named by the user.
    InFile(PathBuf),
    /// A temporary file with the rows read from a database.
    Read(std::fs::File),
}

impl Rows {
    /// Opens the rows at their first byte.
    async fn opened(&self) -> Result<tokio::fs::File, Failure> {
        match self {
            Self::InFile(path) => {
                let file = tokio::fs::File::open(path).await;
                file.map_err(|error| Failure::usage(format!("{}: {error}", path.display())))
            }
            Self::Read(file) => {
                let again = file.try_clone().and_then(|mut file| {
                    file.seek(SeekFrom::Start(0))?;
                    Ok(file)
                });
                let again = again.map_err(|error| Failure::unavailable(format!("the rows: {error}")))?;
                Ok(tokio::fs::File::from_std(again))
            }
        }
    }
}

/// Sends the rows and returns the report. If an approval is needed and `--wait` is given, sends the file
/// again after the approval: the server does not keep customers that were not approved.
async fn sent(
    client: &ApiClient,
    args: &Args,
    rows: &Rows,
    path: &str,
    waiting: &Progress,
) -> Result<Value, Failure> {
    let first = upload(client, args, rows, path, waiting).await?;
    let needed = match first {
        Ok(report) => return Ok(report),
        Err(problem) => problem,
    };
    let Some(approval) = needed.approval.filter(|_| args.approved.wait) else {
        return Err(needed.into());
    };
    output::notice(&format_localized!(
        "等待审批 {approval}：请由另一人执行 `ledgerline approval approve {approval}`，之后本命令继续；也可停止本命令，\
         之后加 --approval {approval} 重新执行",
        "waiting for approval {approval}: another person runs `ledgerline approval approve {approval}`; \
         this command then continues, or stop it and run it again with --approval {approval}"
    ));
    approved(client, approval, waiting).await?;
    let path = format!("{path}&approval={approval}");
    Ok(upload(client, args, rows, &path, waiting).await??)
}

async fn upload(
    client: &ApiClient,
    args: &Args,
    rows: &Rows,
    path: &str,
    waiting: &Progress,
) -> Result<Result<Value, Problem>, Failure> {
    let file = rows.opened().await?;
    Ok(tokio::select! {
        biased;
        reply = client.upload(path, file) => reply,
        never = watch(client, args, waiting) => match never {},
    })
}

/// Waits until the approval is given; fails if it is rejected or expires. An unavailable or busy server is
/// asked again.
async fn approved(client: &ApiClient, id: ApprovalId, waiting: &Progress) -> Result<(), Failure> {
    let clock = SystemClock::default();
    let path = format!("/api/v1/approvals/{id}");
    loop {
        match client.ask(Method::GET, &path, None).await {
            Ok(shown) => match said_by(&shown) {
                ApprovalDecision::Approved => return Ok(()),
                ApprovalDecision::Not(why) => return Err(Failure::refused(why)),
                ApprovalDecision::Open => {
                    waiting.say(format_localized!("等待审批 {id}", "waiting for approval {id}"));
                }
            },
            Err(problem) if matches!(problem.kind, ProblemKind::Busy | ProblemKind::Unavailable) => {}
            Err(problem) => return Err(problem.into()),
        }
        clock.wait_until(clock.now().plus_ms(WATCH_MS)).await;
    }
}

/// The state of an approval, for a command that waits for it.
#[derive(Debug, PartialEq, Eq)]
enum ApprovalDecision {
    /// Not decided yet.
    Open,
    /// Approved; the import continues.
    Approved,
    /// Rejected, used or expired, with the text for the user.
    Not(String),
}

fn said_by(approval: &Value) -> ApprovalDecision {
    let text = |pointer: &str| {
        approval
            .pointer(pointer)
            .and_then(Value::as_str)
            .unwrap_or_default()
    };
    match text("/standing") {
        "waiting" => ApprovalDecision::Open,
        "approved" => ApprovalDecision::Approved,
        "rejected" => ApprovalDecision::Not(format_localized!(
            "名单审批被驳回：{}",
            "the list was rejected: {}",
            text("/decision/reason")
        )),
        standing => ApprovalDecision::Not(format_localized!(
            "审批已失效（{standing}）：请重新导入名单",
            "the approval is {standing}: import the list again"
        )),
    }
}

/// Fails if no row was good, so that a script does not start a campaign without customers.
fn any_good(report: &ImportReport) -> Result<(), Failure> {
    if report.repeated || report.rows > report.bad_count {
        return Ok(());
    }
    Err(Failure::found(format_localized!(
        "{} 行中没有一行可用，未导入任何客户",
        "none of the {} rows is good: no customer was enrolled",
        report.rows
    )))
}

/// Shows the progress that the server reports; a request without a reply is repeated.
async fn watch(client: &ApiClient, args: &Args, waiting: &Progress) -> std::convert::Infallible {
    let clock = SystemClock::default();
    loop {
        clock.wait_until(clock.now().plus_ms(WATCH_MS)).await;
        let Ok(running) = get("/api/v1/imports").ask(client).await else {
            continue;
        };
        let items = running.get("items").and_then(Value::as_array);
        let own = items
            .into_iter()
            .flatten()
            .find(|item| item.get("campaign").and_then(Value::as_str) == Some(args.campaign.as_str()));
        if let Some(own) = own {
            waiting.say(said_of(own));
        }
    }
}

fn said_of(import: &Value) -> String {
    let number = |name: &str| import.get(name).and_then(Value::as_u64).unwrap_or(0);
    format_localized!(
        "已读 {} 行，已导入 {} 行，每秒 {} 行",
        "{} rows read, {} enrolled, {} rows per second",
        number("rows"),
        number("enrolled"),
        number("rows_per_second")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_waiting_import_goes_on_by_an_approval_alone_and_names_a_refusal() {
        let standing = |word: &str| {
            said_by(&serde_json::json!({ "standing": word, "decision": { "reason": "not this one" } }))
        };
        assert_eq!(standing("waiting"), ApprovalDecision::Open);
        assert_eq!(standing("approved"), ApprovalDecision::Approved);
        let rejected = standing("rejected");
        assert!(matches!(rejected, ApprovalDecision::Not(why) if why.ends_with("not this one")));
        for over in ["used", "expired", ""] {
            assert!(matches!(standing(over), ApprovalDecision::Not(_)), "{over}");
        }
    }

    #[test]
    fn no_good_row_is_no_success() {
        let of = |enrolled, duplicates, repeated| ImportReport {
            rows: 3,
            enrolled,
            duplicates,
            repeated,
            ..ImportReport::default()
        };
        assert!(
            any_good(&ImportReport {
                bad_count: 3,
                ..of(0, 0, false)
            })
            .is_err()
        );
        assert!(any_good(&of(1, 0, false)).is_ok());
        assert!(
            any_good(&of(0, 3, false)).is_ok(),
            "they are in the campaign already"
        );
        assert!(
            any_good(&of(0, 0, true)).is_ok(),
            "the same file was imported before"
        );
    }
}
