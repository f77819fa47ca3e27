//! `ledgerline sample`: draws calls for an audit in a reproducible way, records findings, and signs the
//! sample off.

use crate::kit::api::{ApiArgs, get, post};
use crate::kit::failure::Failure;
use crate::kit::output;
use crate::kit::progress::Progress;
use application::format_localized;
use application::language::localized;
use application::private_file;
use domain::calendar::parse_day_or_instant;
use domain::ids::{CallId, CampaignId, SampleId};
use domain::sample::{Answer, StratificationKey};
use domain::time::Timestamp;
use evidence::log_walk::Log;
use evidence::sampling::{SampleParameters, draw, parse_draw};
use host::app::ReadOnlyLog;
use host::store_spec::LogArgs;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::runtime::Runtime;

/// Largest sample document read, in bytes.
const DOCUMENT_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// Samples (抽检): draw calls for an audit, record findings, sign off, and check a draw against the log
///
/// The draw is determined by the seed: the calls with the lowest SHA-256(seed, call id). Use a seed that no
/// one here can choose, for example figures published after the period ended. With --data the running server
/// of that directory draws, or this command if none runs.
#[derive(Debug, clap::Args)]
#[command(after_help = crate::kit::failure::EXIT_CODES)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Draw a sample (抽样); the draw is stored in the log
    Calls(SampleCallsArgs),
    /// Record the finding for one drawn call (抽检结论)
    Finding(FindingArgs),
    /// Sign off a sample; refused while calls lack findings (签核)
    SignOff(SampleSignOffArgs),
    /// Show a sample with its findings
    Show(SampleShowArgs),
    /// Repeat the draw of a document from the log and compare; needs no server and no key
    Check(SampleCheckArgs),
}

#[derive(Debug, clap::Args)]
struct SampleCallsArgs {
    /// Seed that determines the draw; any text
    #[arg(long, value_name = "S")]
    seed: String,
    /// Number of calls, at most 1000
    #[arg(long, value_name = "N")]
    size: u32,
    /// Draw proportionally from groups: disposition, campaign, trunk or flow_version
    #[arg(long, value_name = "BY", value_parser = parse_stratify)]
    stratify: Option<StratificationKey>,
    /// Only calls of this campaign
    #[arg(long, value_name = "ID")]
    campaign: Option<CampaignId>,
    /// Only calls that ended from this day (Beijing) or instant on
    #[arg(long, value_name = "WHEN", value_parser = parse_day_or_instant)]
    from: Option<Timestamp>,
    /// Only calls that ended before this day (Beijing) or instant
    #[arg(long, value_name = "WHEN", value_parser = parse_day_or_instant)]
    to: Option<Timestamp>,
    /// Last log position of the population; default: the head of the log
    #[arg(long, value_name = "P")]
    position: Option<u64>,
    /// File to write the document to
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    api: ApiArgs,
}

#[derive(Debug, clap::Args)]
struct FindingArgs {
    /// Id of the sample
    sample: SampleId,
    /// Id of the call
    call: CallId,
    /// Answer to an item of the checklist, ITEM=yes|no|n/a; repeat for every item, or give `all=yes` once
    #[arg(long = "answer", value_name = "ITEM=ANSWER", required = true, value_parser = parse_answer)]
    answers: Vec<(String, Answer)>,
    /// Remark, for the log; name no person
    #[arg(long, value_name = "TEXT")]
    remark: Option<String>,
    /// Your user name
    #[arg(long, value_name = "USER")]
    by: String,
    /// Print JSON on one line
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    api: ApiArgs,
}

#[derive(Debug, clap::Args)]
struct SampleSignOffArgs {
    /// Id of the sample
    sample: SampleId,
    /// Your user name
    #[arg(long, value_name = "USER")]
    by: String,
    /// Remark, for the log; name no person
    #[arg(long, value_name = "TEXT")]
    remark: Option<String>,
    /// Print JSON on one line
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    api: ApiArgs,
}

#[derive(Debug, clap::Args)]
struct SampleShowArgs {
    /// Id of the sample
    sample: SampleId,
    /// Also write the document to this file
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Print JSON on one line
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    api: ApiArgs,
}

#[derive(Debug, clap::Args)]
struct SampleCheckArgs {
    /// Document written by `sample calls` or `sample show`
    file: PathBuf,
    #[command(flatten)]
    log: LogArgs,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(args: Args, runtime: Arc<Runtime>) -> Result<(), Failure> {
    match args.action {
        Action::Calls(calls) => draw_calls(&calls, runtime).await,
        Action::Finding(finding) => record_finding(finding, runtime).await,
        Action::SignOff(sign) => sign_off(sign, runtime).await,
        Action::Show(shown) => show(&shown, runtime).await,
        Action::Check(checked) => check(&checked).await,
    }
}

fn parse_stratify(text: &str) -> Result<StratificationKey, String> {
    let value = Value::String(text.replace('-', "_"));
    serde_json::from_value(value).or(Err("disposition, campaign, trunk or flow_version".to_owned()))
}

fn parse_answer(text: &str) -> Result<(String, Answer), String> {
    let (item, answer) = text
        .split_once('=')
        .ok_or("an answer is ITEM=yes, ITEM=no or ITEM=n/a")?;
    let answer = match answer {
        "yes" => Answer::Yes,
        "no" => Answer::No,
        "n/a" | "not_applicable" => Answer::NotApplicable,
        other => return Err(format!("{other:?} is not yes, no or n/a")),
    };
    Ok((item.to_owned(), answer))
}

async fn draw_calls(args: &SampleCallsArgs, runtime: Arc<Runtime>) -> Result<(), Failure> {
    let body = json!({ "seed": args.seed, "size": args.size, "stratify": args.stratify,
        "campaign": args.campaign, "from": args.from, "to": args.to,
        "position": args.position.map(|position| position.to_string()) });
    let document = args.api.ask(runtime, post("/api/v1/samples", &body)).await?;
    write(&args.out, &document)?;
    let member = |pointer: &str| document.pointer(pointer).cloned().unwrap_or_default();
    let summary = json!({ "sample": member("/sample"), "population": member("/drawn/population"),
        "calls": member("/calls").as_array().map_or(0, Vec::len), "position": member("/drawn/position"),
        "log_root": member("/drawn/log_root"), "out": args.out.display().to_string() });
    if args.json {
        return output::json(&summary);
    }
    let shown = |name: &str| summary.get(name).cloned().unwrap_or_default();
    output::line(&format_localized!(
        "已抽检 {} 个呼叫，总体 {} 个，截至位置 {}",
        "drawn {} of {} calls up to position {}",
        shown("calls"),
        shown("population"),
        shown("position")
    ))?;
    output::line(&format_localized!(
        "抽检 {}",
        "sample {}",
        shown("sample").as_str().unwrap_or_default()
    ))?;
    output::line(&format_localized!(
        "已写入 {}",
        "written to {}",
        args.out.display()
    ))
}

fn write(path: &Path, document: &Value) -> Result<(), Failure> {
    let text = format!("{document:#}\n");
    private_file::write(path, text.as_bytes())
        .map_err(|error| Failure::unavailable(format!("{}: {error}", path.display())))
}

async fn record_finding(args: FindingArgs, runtime: Arc<Runtime>) -> Result<(), Failure> {
    let mut answers: BTreeMap<String, Answer> = BTreeMap::new();
    for (item, answer) in args.answers {
        if item == "all" {
            let every = domain::sample::CHECKLIST.iter();
            answers.extend(every.map(|item| (item.code.to_owned(), answer)));
        } else {
            answers.insert(item, answer);
        }
    }
    let body = json!({ "call": args.call, "answers": answers, "remark": args.remark, "by": args.by });
    let path = format!("/api/v1/samples/{}/findings", args.sample);
    let changed = args.api.ask(runtime, post(&path, &body)).await?;
    show_changed(&changed, args.json)
}

async fn sign_off(args: SampleSignOffArgs, runtime: Arc<Runtime>) -> Result<(), Failure> {
    let body = json!({ "by": args.by, "remark": args.remark });
    let path = format!("/api/v1/samples/{}/sign-off", args.sample);
    let changed = args.api.ask(runtime, post(&path, &body)).await?;
    show_changed(&changed, args.json)
}

/// Prints how many calls still lack a finding, or that the sample is signed off.
fn show_changed(reply: &Value, as_json: bool) -> Result<(), Failure> {
    if as_json {
        return output::json(reply);
    }
    let lacking = reply.get("lacking").and_then(Value::as_u64).unwrap_or(0);
    match reply.get("signed_off").is_none_or(Value::is_null) {
        true => output::line(&format_localized!(
            "已记录，尚余 {lacking} 个呼叫未检",
            "recorded; {lacking} calls lack a finding"
        )),
        false => output::line(localized("已签核", "signed off")),
    }
}

async fn show(args: &SampleShowArgs, runtime: Arc<Runtime>) -> Result<(), Failure> {
    let path = format!("/api/v1/samples/{}", args.sample);
    let shown = args.api.ask(runtime, get(&path)).await?;
    if let Some(out) = &args.out {
        write(out, &shown)?;
    }
    match args.json {
        true => output::json(&shown),
        false => output::pretty(&shown),
    }
}

async fn check(args: &SampleCheckArgs) -> Result<(), Failure> {
    let unread =
        |why: &dyn std::fmt::Display| Failure::unavailable(format!("{}: {why}", args.file.display()));
    let length = std::fs::metadata(&args.file)
        .map_err(|error| unread(&error))?
        .len();
    if length > DOCUMENT_BYTES_MAX {
        return Err(unread(&format!(
            "a sample has at most {DOCUMENT_BYTES_MAX} bytes"
        )));
    }
    let bytes = std::fs::read(&args.file).map_err(|error| unread(&error))?;
    let found = |why: String| {
        Failure::found(format_localized!(
            "抽样不能复现：{why}",
            "the sample is not confirmed: {why}"
        ))
    };
    let document: Value = serde_json::from_slice(&bytes).map_err(|error| found(error.to_string()))?;
    let (id, claimed) = parse_draw(&document).map_err(found)?;
    let opened = ReadOnlyLog::of(&args.log.spec()?).await?;
    let progress = Progress::of_log();
    let hears = |reached, last| progress.reach(reached, last);
    let redone = draw(
        Log::heard(opened.store.as_ref(), &hears),
        &SampleParameters::of(&claimed.facts),
        Some(claimed.facts.position),
    )
    .await;
    drop(progress);
    opened.close().await;
    let redone = redone?;
    let differs = if redone.facts.log_root != claimed.facts.log_root {
        Some("the log up to that position differs")
    } else if redone.population_sha256 != claimed.population_sha256 {
        Some("the population differs")
    } else if redone != claimed {
        Some("these facts draw other calls")
    } else {
        None
    };
    if args.json {
        output::json(&json!({ "holds": differs.is_none(), "sample": id, "what": differs }))?;
    }
    if let Some(why) = differs {
        return Err(found(why.to_owned()));
    }
    if args.json {
        return Ok(());
    }
    output::line(&format_localized!(
        "抽样可复现：由日志重新抽取，{} 个呼叫，总体 {} 个",
        "confirmed: {} of {} calls, drawn again from the log",
        redone.calls.len(),
        redone.population
    ))
}
