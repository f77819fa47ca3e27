//! `ledgerline call search`: finds calls by words of their transcripts, masked.

use crate::kit::api::post;
use crate::kit::failure::Failure;
use crate::kit::output;
use crate::kit::reader::ReaderArgs;
use crate::kit::request_args::RequestArgs;
use application::format_localized;
use application::language::localized;
use application::percent::encode;
use serde_json::{Value, json};
use std::sync::Arc;
use tokio::runtime::Runtime;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Words, or part of a word; numbers and names in the transcripts are masked before the search
    text: String,
    /// Only calls of this campaign
    #[arg(long, value_name = "ID")]
    campaign: Option<String>,
    /// Only calls permitted at or after this instant
    #[arg(long, value_name = "INSTANT")]
    from: Option<String>,
    /// Only calls permitted before this instant
    #[arg(long, value_name = "INSTANT")]
    to: Option<String>,
    #[command(flatten)]
    reader: ReaderArgs,
    #[command(flatten)]
    asking: RequestArgs,
}

pub(super) async fn run(args: Args, runtime: Arc<Runtime>) -> Result<(), Failure> {
    let mut path = "/api/v1/transcripts/search".to_owned();
    for (name, value) in [
        ("campaign", &args.campaign),
        ("from", &args.from),
        ("to", &args.to),
    ] {
        if let Some(value) = value {
            let joint = if path.contains('?') { '&' } else { '?' };
            path.push_str(&format!("{joint}{name}={}", encode(value)));
        }
    }
    let (path, body) = (args.reader.put(&path), json!({ "text": args.text }));
    let found = args.asking.reply(runtime, post(&path, &body)).await?;
    if args.asking.wants_json() {
        return output::json(&found);
    }
    for item in items(&found, "items") {
        output::line(&format!("{}  {}", text(item, "call"), text(item, "answered_at")))?;
        for said in items(item, "said") {
            output::line(&format!("    {}  {}", text(said, "node"), text(said, "text")))?;
        }
    }
    for item in items(&found, "anonymous") {
        output::line(&format_localized!(
            "-  {}（匿名）",
            "-  {} (anonymous)",
            text(item, "id")
        ))?;
        for said in items(item, "said").filter_map(Value::as_str) {
            output::line(&format!("    {said}"))?;
        }
    }
    let searched = found.get("searched_calls").and_then(Value::as_u64).unwrap_or(0);
    let more = found.get("truncated").and_then(Value::as_bool) == Some(true);
    let rest = if more {
        localized(
            "；还有更多，请缩短时间段",
            "; there are more: give a shorter period",
        )
    } else {
        ""
    };
    output::line(&format_localized!(
        "已检索 {searched} 通呼叫{rest}",
        "{searched} calls searched{rest}"
    ))
}

fn text<'a>(of: &'a Value, member: &str) -> &'a str {
    of.get(member).and_then(Value::as_str).unwrap_or("-")
}

fn items<'a>(of: &'a Value, member: &str) -> impl Iterator<Item = &'a Value> {
    of.get(member).and_then(Value::as_array).into_iter().flatten()
}
