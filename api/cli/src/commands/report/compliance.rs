//! `ledgerline report compliance`: creates and signs the compliance report and writes it to files.

use crate::commands::report::{PeriodArgs, write};
use crate::kit::api::{ApiArgs, post};
use crate::kit::failure::Failure;
use crate::kit::output;
use application::format_localized;
use application::language::localized;
use domain::stored_event::Position;
use evidence::compliance_report::figures_file;
use host::app::ReadOnlyLog;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::runtime::Runtime;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    period: PeriodArgs,
    /// Last log position that the report covers; default: the head of the log
    #[arg(long, value_name = "P")]
    position: Option<u64>,
    /// File for the report; its signed note is written to FILE.note. With a name that ends in .json only the
    /// figures are written; otherwise the page, and beside it the figures with all evidence, to which the
    /// page links, with the same note
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    api: ApiArgs,
}

/// The parts of a report: the issue, its files, and the number of violations.
struct ComplianceReportFiles {
    issue: Value,
    figures: String,
    page: String,
    note: String,
    violations: u64,
}

pub(super) async fn run(args: Args, runtime: Arc<Runtime>) -> Result<(), Failure> {
    let client = args.api.client(runtime).await?;
    if !client.is_this_process() {
        output::notice(localized(
            "服务端正在读取全部日志",
            "the server reads the whole log",
        ));
    }
    let body = json!({ "period": format!("{:?}", args.period.period).to_lowercase(),
        "at": args.period.at, "position": args.position.map(|position| position.to_string()) });
    let reply = post("/api/v1/compliance-reports", &body).ask(&client).await;
    client.close().await;
    let answer = ComplianceReportFiles::of(&reply?);
    let is_figures = args.out.extension().is_some_and(|ending| ending == "json");
    let body = if is_figures { &answer.figures } else { &answer.page };
    write(&args.out, body.as_bytes())?;
    if !is_figures && let Some(beside) = figures_beside(&args.out, &answer.issue) {
        write(&beside, answer.figures.as_bytes())?;
        // One note signs both files: a recipient of the figures checks them in the same way as the page.
        write(&note_file(&beside), answer.note.as_bytes())?;
    }
    let note = note_file(&args.out);
    write(&note, answer.note.as_bytes())?;
    if args.json {
        let mut summary = answer.issue;
        if let Some(members) = summary.as_object_mut() {
            members.insert("violations".to_owned(), json!(answer.violations));
            members.insert("out".to_owned(), json!(args.out.display().to_string()));
            members.insert("note".to_owned(), json!(note.display().to_string()));
        }
        return output::json(&summary);
    }
    let text = |name: &str| {
        answer
            .issue
            .get(name)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    output::line(&format_localized!(
        "合规报告 {}，截至位置 {}：违规 {} 处",
        "compliance {} up to position {}: {} violations",
        text("period"),
        answer.issue.get("position").unwrap_or(&Value::Null),
        answer.violations
    ))?;
    output::line(&format!("sha256 {}", text("sha256")))?;
    output::line(&format_localized!(
        "已写入 {} 和 {}",
        "written to {} and {}",
        args.out.display(),
        note.display()
    ))
}

/// Returns the name of a file's note: `FILE.note`.
pub(super) fn note_file(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".note");
    PathBuf::from(name)
}

/// Returns the name of the figures that the page links to, in the folder of the page.
fn figures_beside(page: &Path, issue: &Value) -> Option<PathBuf> {
    let period = issue.get("period")?.as_str()?;
    let position = issue.get("position")?;
    let position = position.as_u64().or_else(|| position.as_str()?.parse().ok())?;
    Some(page.with_file_name(figures_file(period, Position(position))))
}

impl ComplianceReportFiles {
    fn of(reply: &Value) -> Self {
        let text = |name: &str| {
            reply
                .get(name)
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned()
        };
        let figures = text("figures");
        Self {
            issue: reply.get("issue").cloned().unwrap_or_default(),
            violations: violations(&figures),
            figures,
            page: text("page"),
            note: text("note"),
        }
    }
}

fn violations(figures: &str) -> u64 {
    let figures: Value = serde_json::from_str(figures).unwrap_or_default();
    let counts = figures
        .get("violations")
        .and_then(Value::as_object)
        .into_iter()
        .flatten();
    counts.filter_map(|(_, count)| count.as_u64()).sum()
}

/// Opens the log read-only, for commands that write nothing.
pub(super) async fn open_log(log: &host::store_spec::LogArgs) -> Result<ReadOnlyLog, Failure> {
    Ok(ReadOnlyLog::of(&log.spec()?).await?)
}
