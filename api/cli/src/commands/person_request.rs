//! `ledgerline person-request`: records, answers and lists requests of persons about their own data.

use crate::kit::api::{get, post};
use crate::kit::atomic_file::AtomicFile;
use crate::kit::failure::Failure;
use crate::kit::output;
use crate::kit::request_args::{RequestArgs, remove_nulls};
use application::language::localized;
use domain::ids::{ApprovalId, PersonRequestId};
use domain::person_request::Wish;
use domain::time::Timestamp;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::runtime::Runtime;

/// Person requests (个人信息主体请求): a copy, a correction, a restriction of use, an explanation, erasure
#[derive(Debug, clap::Args)]
#[command(after_help = crate::kit::failure::EXIT_CODES)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Record a request
    Open {
        /// Customer: your own customer_id, or our id
        customer: String,
        /// Request: copy, correct, restrict, explain or delete
        #[arg(long)]
        wish: Wish,
        /// Channel by which the request came; name no person
        #[arg(long)]
        channel: Option<String>,
        /// Note; stored permanently, so name no person
        #[arg(long)]
        note: Option<String>,
        /// Time of receipt; default: now
        #[arg(long, value_name = "T")]
        received_at: Option<Timestamp>,
        #[command(flatten)]
        asking: RequestArgs,
    },
    /// Answer a request: create the copy or explanation, correct values, restrict use by a hold, or erase
    Answer {
        /// Id of the request
        id: PersonRequestId,
        /// Answer given to the person; stored permanently, so name no person
        #[arg(long)]
        note: String,
        /// Refuse the request; the note states the reason
        #[arg(long)]
        refuse: bool,
        /// Id of the approval given by another person; needed for an erasure
        #[arg(long)]
        approval: Option<ApprovalId>,
        /// Corrected value: name for the person's name, otherwise a variable; may be repeated
        #[arg(long = "set", value_name = "NAME=VALUE", value_parser = right, conflicts_with = "refuse")]
        right: Vec<CorrectedValue>,
        /// File for the copy or the explanation, to give to the person
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
        #[command(flatten)]
        asking: RequestArgs,
    },
    /// Show one request
    Show {
        /// Id of the request
        id: PersonRequestId,
        #[command(flatten)]
        asking: RequestArgs,
    },
    /// List requests with their deadlines
    List {
        /// Only unanswered requests
        #[arg(long)]
        open: bool,
        #[command(flatten)]
        asking: RequestArgs,
    },
}

/// A corrected value and its name.
#[derive(Debug, Clone)]
struct CorrectedValue {
    name: String,
    value: String,
}

fn right(text: &str) -> Result<CorrectedValue, String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() && !value.is_empty() => Ok(CorrectedValue {
            name: name.to_owned(),
            value: value.to_owned(),
        }),
        Some(_) | None => Err("give NAME=VALUE".to_owned()),
    }
}

pub(crate) async fn run(args: Args, runtime: Arc<Runtime>) -> Result<(), Failure> {
    match args.action {
        Action::Open {
            customer,
            wish,
            channel,
            note,
            received_at,
            asking,
        } => {
            let body = remove_nulls(json!({
                "customer": customer, "wish": wish.code(), "channel": channel, "note": note,
                "received_at": received_at,
            }));
            asking.show(runtime, post("/api/v1/requests", &body)).await
        }
        Action::Answer {
            id,
            note,
            refuse,
            approval,
            right,
            out,
            asking,
        } => {
            let right: BTreeMap<String, String> =
                right.into_iter().map(|right| (right.name, right.value)).collect();
            let right = (!right.is_empty()).then_some(right);
            let body = json!({ "note": note, "refuse": refuse, "approval": approval, "set": right });
            let body = remove_nulls(body);
            answer(runtime, &asking, id, &body, out).await
        }
        Action::Show { id, asking } => asking.show(runtime, get(&format!("/api/v1/requests/{id}"))).await,
        Action::List { open, asking } => list(runtime, &asking, open).await,
    }
}

/// Sends the answer to a person request. The copy or explanation is written to `out` if given, instead of
/// to the terminal.
async fn answer(
    runtime: Arc<Runtime>,
    asking: &RequestArgs,
    id: PersonRequestId,
    body: &Value,
    out: Option<PathBuf>,
) -> Result<(), Failure> {
    let path = format!("/api/v1/requests/{id}/answer");
    let Some(out) = out else {
        return asking.show(runtime, post(&path, body)).await;
    };
    let part = AtomicFile::begin(&out)?;
    let mut reply = asking.reply(runtime, post(&path, body)).await?;
    let Some(members) = reply.as_object_mut() else {
        return Err(Failure::fault("the reply is not a JSON object"));
    };
    let taken = ["copy", "explanation"]
        .into_iter()
        .filter_map(|name| members.remove(name));
    let taken = taken.into_iter().find(|value| !value.is_null());
    if let Some(taken) = taken {
        part.file()?.write_all(format!("{taken:#}\n").as_bytes())?;
        part.finish()?;
    }
    output::pretty(&reply)
}

async fn list(runtime: Arc<Runtime>, asking: &RequestArgs, open: bool) -> Result<(), Failure> {
    let columns = [
        (localized("编号", "id"), "/id"),
        (localized("客户", "customer"), "/customer"),
        (localized("请求", "wish"), localized("/wish_zh", "/wish")),
        (localized("收到", "received"), "/received_at"),
        (localized("期限", "due"), "/deadline/due_at"),
        (localized("状态", "state"), "/state"),
    ];
    let path = format!("/api/v1/requests?open={open}");
    let none = localized("没有请求", "no request");
    asking.show_items(runtime, &path, described, &columns, none).await
}

/// Returns the person request with its state in words as `state`, for the table.
fn described(request: &Value) -> Value {
    let mut shown = request.clone();
    let answer = request.pointer("/answered/answer").and_then(Value::as_str);
    let is_overdue = request.get("overdue").and_then(Value::as_bool) == Some(true);
    let word = match (answer, is_overdue) {
        (Some("done"), _) => localized("已办", "done"),
        (Some(_), _) => localized("已拒绝", "refused"),
        (None, true) => localized("逾期", "overdue"),
        (None, false) => localized("待办", "open"),
    };
    if let Some(members) = shown.as_object_mut() {
        members.insert("state".to_owned(), json!(word));
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_right_is_a_name_and_a_value_which_may_hold_an_equals_sign() {
        let read = right("note=a=b").unwrap();
        assert_eq!((read.name.as_str(), read.value.as_str()), ("note", "a=b"));
        assert!(right("name=").is_err() && right("=x").is_err() && right("name").is_err());
    }

    #[test]
    fn the_state_of_a_request_is_one_word() {
        let state = |request: Value| described(&request)["state"].clone();
        assert_eq!(state(json!({ "overdue": true })), "overdue");
        assert_eq!(state(json!({ "overdue": false })), "open");
        assert_eq!(state(json!({ "answered": { "answer": "done" } })), "done");
        assert_eq!(state(json!({ "answered": { "answer": "refused" } })), "refused");
    }
}
