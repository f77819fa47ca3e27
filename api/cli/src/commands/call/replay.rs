//! `ledgerline call replay`: replays a call with this build, from a bundle, a directory or a server,
//! optionally with another version of its flow.

use crate::commands::flow::Source;
use crate::kit::api::get;
use crate::kit::failure::Failure;
use crate::kit::output;
use crate::kit::reader::ReaderArgs;
use crate::kit::request_args::RequestArgs;
use application::format_localized;
use application::language::localized;
use application::percent::encode;
use application::reply_value::value;
use domain::flow::FlowSelector;
use domain::ids::CallId;
use evidence::bundle::{self, Bundle, BundleReplay};
use evidence::replaying::{CalleeWordsForm, ComparisonVersion, of_bundle, replay};
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;
use tokio::runtime::Runtime;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Bundle of `ledgerline call export`, or the id of a call of --data or --server
    #[arg(value_name = "FILE|CALL")]
    what: String,
    /// Another version of the flow, to show where the call would take another path. For a bundle, a file is
    /// possible too
    #[arg(long, value_name = "FLOW@V")]
    against: Option<String>,
    /// Show the callee's words in clear; needs the permission and --reason
    #[arg(long, requires = "reason")]
    clear: bool,
    #[command(flatten)]
    reader: ReaderArgs,
    #[command(flatten)]
    asking: RequestArgs,
}

pub(super) async fn run(args: Args, runtime: Arc<Runtime>) -> Result<(), Failure> {
    match args.what.parse::<CallId>() {
        Ok(call) if !Path::new(&args.what).exists() => of_call(&args, runtime, call).await,
        Ok(_) | Err(_) => of_file(&args, runtime).await,
    }
}

async fn of_call(args: &Args, runtime: Arc<Runtime>, call: CallId) -> Result<(), Failure> {
    let mut path = format!("/api/v1/calls/{call}/replay?clear={}", args.clear);
    if let Some(against) = &args.against {
        path.push_str(&format!("&against={}", encode(against)));
    }
    let reply = args.asking.reply(runtime, get(&args.reader.put(&path))).await?;
    if args.asking.wants_json() {
        output::json(&reply)?;
    } else {
        show(&reply)?;
    }
    verdict(&reply, args.against.is_some())
}

/// Replays a bundle: decides its events again one by one, and shows the path through the flow like that of a
/// stored call.
async fn of_file(args: &Args, runtime: Arc<Runtime>) -> Result<(), Failure> {
    let bundle = Bundle::read(Path::new(&args.what))?;
    let replayed = bundle::replay(&bundle)?;
    let against = match &args.against {
        Some(flow) => Some(against(args, runtime, flow).await?),
        None => None,
    };
    let path = match (of_bundle(&bundle), &against) {
        (Ok(conversation), _) => Some(value(&replay(
            &conversation,
            against.as_ref(),
            CalleeWordsForm::Masked,
        )?)),
        // A call that never started a flow has no path through one.
        (Err(_), None) => None,
        (Err(problem), Some(_)) => return Err(problem.into()),
    };
    let path = path.unwrap_or_else(|| json!({ "steps": [], "differences": [] }));
    if args.asking.wants_json() {
        output::json(&joined(&replayed, &path))?;
    } else {
        show_events(&replayed)?;
        show(&path)?;
    }
    if !replayed.agrees() {
        return Err(Failure::found(format_localized!(
            "本版本有 {} 步判断不同，共 {} 步",
            "this build decides {} of {} steps differently",
            replayed.differing_count(),
            replayed.steps.len()
        )));
    }
    verdict(&path, against.is_some())
}

async fn against(
    args: &Args,
    runtime: Arc<Runtime>,
    flow: &str,
) -> Result<ComparisonVersion<'static>, Failure> {
    let source = Source {
        runtime,
        asking: &args.asking,
    };
    Ok(ComparisonVersion {
        name: flow.to_owned(),
        flow: source.sound(flow).await?,
        version: flow.parse::<FlowSelector>().ok().and_then(|named| named.version),
        listener: None,
    })
}

/// Joins both results: the events as `events`, the path through the flow as `steps` and `differences`.
fn joined(replayed: &BundleReplay, path: &Value) -> Value {
    let mut joined = replayed.value();
    if let Some(members) = joined.as_object_mut() {
        let events = members.remove("steps").unwrap_or_default();
        members.insert("events".to_owned(), events);
        for name in ["steps", "differences", "against"] {
            members.insert(name.to_owned(), path.get(name).cloned().unwrap_or_default());
        }
    }
    joined
}

/// Fails if this build decides the call differently than recorded. Differences of another flow version are a
/// result, not a failure.
fn verdict(path: &Value, against: bool) -> Result<(), Failure> {
    let is_same = path.get("agrees").and_then(Value::as_bool) != Some(false);
    if is_same {
        return Ok(());
    }
    let beside = if against {
        localized("，用原话术版本也不同", ", with its own flow version too")
    } else {
        ""
    };
    Err(Failure::found(format_localized!(
        "本版本对该呼叫的判断与记录不同{beside}",
        "this build decides the call differently than recorded{beside}"
    )))
}

fn show_events(replayed: &BundleReplay) -> Result<(), Failure> {
    for step in &replayed.steps {
        output::line(&format!(
            "{:>4}  {:>9} ms  {:<26} {:<15} {:<12} {}",
            step.n,
            step.after_ms,
            step.kind,
            step.phase,
            step.state,
            step.otherwise.as_deref().unwrap_or(localized("相同", "same"))
        ))?;
    }
    for line in &replayed.elsewhere {
        output::line(&format!("      {line}"))?;
    }
    output::line(&replayed.ending)
}

fn text<'a>(of: &'a Value, member: &str) -> &'a str {
    of.get(member).and_then(Value::as_str).unwrap_or_default()
}

fn list<'a>(of: &'a Value, member: &str) -> impl Iterator<Item = &'a Value> {
    of.get(member).and_then(Value::as_array).into_iter().flatten()
}

fn show(path: &Value) -> Result<(), Failure> {
    for step in list(path, "steps") {
        let after_ms = step.get("after_ms").and_then(Value::as_u64).unwrap_or_default();
        let n = step.get("n").and_then(Value::as_u64).unwrap_or_default();
        output::line(&format!(
            "{n:>4}  {after_ms:>9} ms  {} @ {}",
            text(step, "input"),
            text(step, "node")
        ))?;
        if let Some(heard) = step.get("heard").filter(|heard| heard.is_object()) {
            let words = heard.get("text").and_then(Value::as_str).unwrap_or("***");
            output::line(&format_localized!(
                "        听到    {words}（{}）",
                "        heard       {words}  ({})",
                text(heard, "engine")
            ))?;
        }
        if let Some(key) = step.get("key").and_then(Value::as_str) {
            output::line(&format_localized!(
                "        按键    {key}",
                "        key         {key}"
            ))?;
        }
        if let Some(understood) = step.get("understood").filter(|understood| understood.is_object()) {
            output::line(&format_localized!(
                "        理解    {}",
                "        understood  {}",
                understood_in_words(understood)
            ))?;
        }
        show_side(step)?;
    }
    for difference in list(path, "differences") {
        let step = difference.get("step").and_then(Value::as_u64).unwrap_or_default();
        let (flow, node, what) = (
            text(difference, "flow"),
            text(difference, "node"),
            text(difference, "what"),
        );
        output::line(&format_localized!(
            "第 {step} 步不同，{node}（{what}）",
            "difference at step {step}, {node} ({what})"
        ))?;
        output::line(localized("      记录", "      recorded"))?;
        show_side(difference.get("recorded").unwrap_or(&Value::Null))?;
        output::line(&format!("      {flow}"))?;
        show_side(difference.get("other").unwrap_or(&Value::Null))?;
    }
    Ok(())
}

fn show_side(side: &Value) -> Result<(), Failure> {
    for decided in list(side, "decided") {
        let explanation = decided
            .get("explanation")
            .map(ToString::to_string)
            .unwrap_or_default();
        output::line(&format_localized!(
            "        决定    {}  {explanation}",
            "        decided     {}  {explanation}",
            text(decided, "rule")
        ))?;
    }
    for node in list(side, "entered").filter_map(Value::as_str) {
        output::line(&format_localized!(
            "        进入    {node}",
            "        entered     {node}"
        ))?;
    }
    for said in list(side, "said") {
        let words = said.get("words").and_then(Value::as_str);
        output::line(&format_localized!(
            "        播报    {}  {}",
            "        said        {}  {}",
            text(said, "prompt"),
            words.unwrap_or_else(|| text(said, "text"))
        ))?;
    }
    match side.get("outcome").and_then(Value::as_str) {
        Some(outcome) => output::line(&format_localized!(
            "        结果    {outcome}",
            "        outcome     {outcome}"
        )),
        None => Ok(()),
    }
}

/// Formats candidates with scores, thresholds and slots.
fn understood_in_words(understood: &Value) -> String {
    let score = |of: &Value, member: &str| of.get(member).and_then(Value::as_u64);
    let candidates = list(understood, "candidates").map(|one| {
        let permille = score(one, "score_permille").unwrap_or_default();
        format!("{} {permille}‰", text(one, "intent"))
    });
    let mut parts: Vec<String> = candidates.collect();
    parts.push(format_localized!(
        "{}，依据 {}",
        "{} by {}",
        text(understood, "certainty"),
        text(understood, "read_by")
    ));
    for (member, label) in [
        ("accept_permille", localized("采纳 ≥", "accept ≥")),
        ("confirm_permille", localized("确认 ≥", "confirm ≥")),
    ] {
        parts.extend(score(understood, member).map(|permille| format!("{label} {permille}‰")));
    }
    let slots = understood.get("slots").and_then(Value::as_object);
    for (name, value) in slots.into_iter().flatten() {
        parts.push(format!("{name}={}", value.as_str().unwrap_or("***")));
    }
    parts.join(", ")
}
