//! `ledgerline sample`: draw calls for an audit so that anybody can redo it, record findings, sign off.

use crate::kit::api::{ApiArgs, get, post};
use crate::kit::failure::Failure;
use crate::kit::log_bar::LogBar;
use crate::kit::output;
use application::private_file;
use domain::calendar::parse_day_or_instant;
use domain::ids::{CallId, CampaignId, SampleId};
use domain::sample::{Answer, Stratify};
use domain::time::Timestamp;
use evidence::log_walk::Log;
use evidence::sampling::{Ask, draw, drawn_of};
use host::app::ReadOnly;
use host::store_spec::LogArgs;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::runtime::Runtime;

/// Largest sample document read back.
const DOCUMENT_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// Draw calls for an audit, record what was found, sign off, and check a draw against the log.
///
/// The draw decides itself: the calls with the lowest SHA-256(seed, call id). Take a seed that nobody here
/// can choose, such as figures published after the period ended. With --data the running server of that
/// directory draws, or this command where none runs.
#[derive(Debug, clap::Args)]
#[command(after_help = crate::kit::failure::EXIT_CODES)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Draw a sample (抽样); the draw is an event of the log
    Calls(Calls),
    /// Record what was found in one drawn call (抽检结论)
    Finding(FindingArgs),
    /// Close a sample; refused while calls lack findings (签核)
    SignOff(SignOff),
    /// Show a sample with its findings
    Show(Show),
    /// Redo the draw of a document from the log and compare; needs no server and no key
    Check(Check),
}

#[derive(Debug, clap::Args)]
struct Calls {
    /// What decides the draw; any text
    #[arg(long, value_name = "S")]
    seed: String,
    /// How many calls, at most 1000
    #[arg(long, value_name = "N")]
    size: u32,
    /// Draw from each part in proportion: disposition, campaign, trunk or flow_version
    #[arg(long, value_name = "BY", value_parser = parse_stratify)]
    stratify: Option<Stratify>,
    /// Only calls of this campaign
    #[arg(long, value_name = "ID")]
    campaign: Option<CampaignId>,
    /// Only calls that ended from this day (Beijing) or instant on
    #[arg(long, value_name = "WHEN", value_parser = parse_day_or_instant)]
    from: Option<Timestamp>,
    /// Only calls that ended before this day (Beijing) or instant
    #[arg(long, value_name = "WHEN", value_parser = parse_day_or_instant)]
    to: Option<Timestamp>,
    /// The population is what the log says up to here; default: its head
    #[arg(long, value_name = "P")]
    position: Option<u64>,
    /// Where the document goes
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
    /// The sample's id
    sample: SampleId,
    /// The call's id
    call: CallId,
    /// ITEM=yes|no|n/a for every item of the checklist; several times, or once as `all=yes`
    #[arg(long = "answer", value_name = "ITEM=ANSWER", required = true, value_parser = parse_answer)]
    answers: Vec<(String, Answer)>,
    /// For the log; names no person
    #[arg(long, value_name = "TEXT")]
    remark: Option<String>,
    /// Who found it
    #[arg(long, value_name = "USER")]
    by: String,
    /// Print JSON on one line
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    api: ApiArgs,
}

#[derive(Debug, clap::Args)]
struct SignOff {
    /// The sample's id
    sample: SampleId,
    /// Who signs
    #[arg(long, value_name = "USER")]
    by: String,
    /// For the log; names no person
    #[arg(long, value_name = "TEXT")]
    remark: Option<String>,
    /// Print JSON on one line
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    api: ApiArgs,
}

#[derive(Debug, clap::Args)]
struct Show {
    /// The sample's id
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
struct Check {
    /// The document that `sample calls` or `sample show` wrote
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

fn parse_stratify(text: &str) -> Result<Stratify, String> {
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
        other => return Err(format!("{other:?} is none of yes, no, n/a")),
    };
    Ok((item.to_owned(), answer))
}

async fn draw_calls(args: &Calls, runtime: Arc<Runtime>) -> Result<(), Failure> {
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
    output::line(&format!(
        "drawn {} of {} calls up to position {} / 自 {} 个呼叫中抽取 {} 个",
        shown("calls"),
        shown("population"),
        shown("position"),
        shown("population"),
        shown("calls")
    ))?;
    output::line(&format!(
        "sample {}",
        shown("sample").as_str().unwrap_or_default()
    ))?;
    output::line(&format!("written to {}", args.out.display()))
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

async fn sign_off(args: SignOff, runtime: Arc<Runtime>) -> Result<(), Failure> {
    let body = json!({ "by": args.by, "remark": args.remark });
    let path = format!("/api/v1/samples/{}/sign-off", args.sample);
    let changed = args.api.ask(runtime, post(&path, &body)).await?;
    show_changed(&changed, args.json)
}

/// Says how many calls still lack a finding.
fn show_changed(reply: &Value, as_json: bool) -> Result<(), Failure> {
    if as_json {
        return output::json(reply);
    }
    let lacking = reply.get("lacking").and_then(Value::as_u64).unwrap_or(0);
    match reply.get("signed_off").is_none_or(Value::is_null) {
        true => output::line(&format!(
            "recorded; {lacking} calls lack a finding / 已记录，尚余 {lacking} 个呼叫未检"
        )),
        false => output::line("signed off / 已签核"),
    }
}

async fn show(args: &Show, runtime: Arc<Runtime>) -> Result<(), Failure> {
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

async fn check(args: &Check) -> Result<(), Failure> {
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
    let found = |why: String| Failure::found(format!("the sample does not hold: {why}"));
    let document: Value = serde_json::from_slice(&bytes).map_err(|error| found(error.to_string()))?;
    let (id, claimed) = drawn_of(&document).map_err(found)?;
    let opened = ReadOnly::of(&args.log.spec()?).await?;
    let bar = LogBar::begin();
    let hears = |reached, last| bar.show(reached, last);
    let redone = draw(
        Log::heard(opened.store.as_ref(), &hears),
        &Ask::of(&claimed.facts),
        Some(claimed.facts.position),
    )
    .await;
    drop(bar);
    opened.close().await;
    let redone = redone?;
    let differs = if redone.facts.log_root != claimed.facts.log_root {
        Some("the log up to that position is another one")
    } else if redone.population_sha256 != claimed.population_sha256 {
        Some("the population is another one")
    } else if redone != claimed {
        Some("other calls are drawn by these facts")
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
    output::line(&format!(
        "holds: {} of {} calls, redone from the log / 抽样可复现",
        redone.calls.len(),
        redone.population
    ))
}
