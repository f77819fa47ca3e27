//! `ledgerline knowledge`: imports approved answers from a file, publishes versions, asks questions,
//! evaluates with labeled questions, and manages wording drafts.

mod drafts;
mod knowledge_evaluation;

use crate::kit::api::{get, post};
use crate::kit::failure::Failure;
use crate::kit::output;
use crate::kit::request_args::{RequestArgs, remove_nulls};
use application::format_localized;
use application::language::localized;
use domain::ids::{ApprovalId, CampaignId, KnowledgeId};
use domain::knowledge::{FILE_BYTES_MAX, KnowledgeFile, KnowledgeSelector};
use domain::time::Timestamp;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::runtime::Runtime;

/// Knowledge base (知识库): approved answers, objections and product facts from which calls answer questions
///
/// Import a file first: its good rows become a version that calls do not use yet; bad rows are listed. Calls
/// use a version once it is published, in campaigns that name NAME@V.
#[derive(Debug, clap::Args)]
#[command(after_help = crate::kit::failure::EXIT_CODES)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Import the good rows of a file as a version, and list the bad ones
    Import {
        /// Knowledge file, YAML or JSON
        file: PathBuf,
        #[command(flatten)]
        asking: RequestArgs,
    },
    /// Publish an imported version: make it current
    Publish {
        /// NAME@V, or NAME for the version imported last
        #[arg(value_name = "V")]
        version: KnowledgeSelector,
        /// From this version on, each version needs the approval of another person
        #[arg(long)]
        approvals: bool,
        #[command(flatten)]
        reasoned: KnowledgeChangeArgs,
        #[command(flatten)]
        asking: RequestArgs,
    },
    /// Make an earlier version current again; campaigns keep the version they were created with
    Rollback {
        /// Name of the knowledge base
        knowledge: KnowledgeId,
        /// Version to return to; default: the one that was current before
        #[arg(long, value_name = "V", value_parser = clap::value_parser!(u32).range(1..))]
        to: Option<u32>,
        #[command(flatten)]
        reasoned: KnowledgeChangeArgs,
        #[command(flatten)]
        asking: RequestArgs,
    },
    /// List the published knowledge bases
    List {
        #[command(flatten)]
        asking: RequestArgs,
    },
    /// Show one version in full, with the list of all versions
    Show {
        /// NAME, or NAME@V
        named: KnowledgeSelector,
        #[command(flatten)]
        asking: RequestArgs,
    },
    /// Ask a question as a callee would; nothing is stored
    Ask {
        /// NAME, or NAME@V
        named: KnowledgeSelector,
        /// The question
        text: String,
        /// Use the version that calls of this campaign use
        #[arg(long, value_name = "ID")]
        campaign: Option<CampaignId>,
        /// Time of the question; default: now
        #[arg(long, value_name = "RFC3339")]
        at: Option<Timestamp>,
        #[command(flatten)]
        asking: RequestArgs,
    },
    #[command(flatten)]
    Drafting(drafts::DraftAction),
    /// Evaluate a knowledge base with labeled questions: how often the right answer is first, or among the
    /// first three
    Eval {
        /// Knowledge file, or NAME@V
        base: String,
        /// JSON lines with text and answer: an id, or none
        questions: PathBuf,
        /// Time of the questions
        #[arg(long, value_name = "RFC3339", default_value = "2026-11-20T10:00:00+08:00")]
        at: Timestamp,
        /// Value that is known during the evaluation, for example terms=6; may be repeated
        #[arg(long = "value", value_name = "NAME=VALUE")]
        values: Vec<String>,
        #[command(flatten)]
        asking: RequestArgs,
    },
}

/// Reason and approval of a change.
#[derive(Debug, clap::Args)]
struct KnowledgeChangeArgs {
    /// Reason, for the approver and the log; name no person
    #[arg(long)]
    reason: Option<String>,
    /// Id of the approval given by another person
    #[arg(long, value_name = "ID")]
    approval: Option<ApprovalId>,
}

pub(crate) async fn run(args: Args, runtime: Arc<Runtime>) -> Result<(), Failure> {
    match &args.action {
        Action::Import { file, asking } => import(runtime, asking, file).await,
        Action::Publish {
            version,
            approvals,
            reasoned,
            asking,
        } => {
            let path = format!("/api/v1/knowledge/{}/publish", version.knowledge);
            let body = json!({ "version": version.version, "approvals": approvals.then_some(true),
                "reason": reasoned.reason, "approval": reasoned.approval });
            changed(runtime, asking, &path, body).await
        }
        Action::Rollback {
            knowledge,
            to,
            reasoned,
            asking,
        } => {
            let path = format!("/api/v1/knowledge/{knowledge}/rollback");
            let body = json!({ "to": to, "reason": reasoned.reason, "approval": reasoned.approval });
            changed(runtime, asking, &path, body).await
        }
        Action::List { asking } => asking.tell(&asking.whole(runtime, "/api/v1/knowledge").await?),
        Action::Show { named, asking } => show(runtime, asking, named).await,
        Action::Ask {
            named,
            text,
            campaign,
            at,
            asking,
        } => {
            let path = format!("/api/v1/knowledge/{}/ask", named.knowledge);
            let body = remove_nulls(
                json!({ "text": text, "version": named.version, "campaign": campaign, "at": at }),
            );
            asking.tell(&asking.reply(runtime, post(&path, &body)).await?)
        }
        Action::Drafting(action) => drafts::run(action, runtime).await,
        Action::Eval {
            base,
            questions,
            at,
            values,
            asking,
        } => {
            let holding = knowledge_evaluation::KnowledgeEvaluationOptions {
                base,
                questions,
                at: *at,
                values,
            };
            knowledge_evaluation::evaluate(runtime, asking, &holding).await
        }
    }
}

async fn import(runtime: Arc<Runtime>, asking: &RequestArgs, file: &Path) -> Result<(), Failure> {
    let value = read_file(file)?;
    let reply = asking
        .reply(runtime, post("/api/v1/knowledge", &json!({ "file": value })))
        .await?;
    if asking.wants_json() {
        return output::json(&reply);
    }
    let faults = reply.get("faults").and_then(Value::as_array);
    for fault in faults.into_iter().flatten() {
        let word = |member: &str| fault.get(member).and_then(Value::as_str).unwrap_or_default();
        output::line(&format!("{}: {}", word("place"), word("what")))?;
    }
    let number = |member: &str| reply.get(member).and_then(Value::as_u64).unwrap_or_default();
    let state = match reply.get("changed").and_then(Value::as_bool) {
        Some(true) => localized("已导入", "imported"),
        _ => localized("已有此版本", "already imported"),
    };
    let named = reply.get("named").and_then(Value::as_str).unwrap_or_default();
    output::line(&format_localized!(
        "{state}：{named}，{} 条答案，{} 条异议，{} 条事实，{} 行有误；尚未发布",
        "{state}: {named}, {} answers, {} objections, {} facts, {} bad rows; not published yet",
        number("answers"),
        number("objections"),
        number("facts"),
        number("faults_count"),
    ))
}

async fn changed(
    runtime: Arc<Runtime>,
    asking: &RequestArgs,
    path: &str,
    body: Value,
) -> Result<(), Failure> {
    let reply = asking.reply(runtime, post(path, &remove_nulls(body))).await?;
    if asking.wants_json() {
        return output::json(&reply);
    }
    let word = |member: &str| reply.get(member).and_then(Value::as_str).unwrap_or_default();
    let state = match reply.get("changed").and_then(Value::as_bool) {
        Some(true) => localized("已发布", "published"),
        _ => localized("已是当前版本", "already current"),
    };
    output::line(&format_localized!(
        "{state}：{} {}",
        "{state}: {} {}",
        word("named"),
        word("content_hash")
    ))
}

async fn show(runtime: Arc<Runtime>, asking: &RequestArgs, named: &KnowledgeSelector) -> Result<(), Failure> {
    let mut shown = published(Arc::clone(&runtime), asking, named).await?;
    let path = format!("/api/v1/knowledge/{}/versions", named.knowledge);
    let versions = asking.whole(runtime, &path).await?;
    if let (Some(members), Some(items)) = (shown.as_object_mut(), versions.get("items")) {
        members.insert("versions".to_owned(), items.clone());
    }
    asking.tell(&shown)
}

/// Returns a published version of a knowledge base as the API shows it.
async fn published(
    runtime: Arc<Runtime>,
    asking: &RequestArgs,
    named: &KnowledgeSelector,
) -> Result<Value, Failure> {
    let mut path = format!("/api/v1/knowledge/{}", named.knowledge);
    if let Some(version) = named.version {
        path.push_str(&format!("?version={version}"));
    }
    asking.reply(runtime, get(&path)).await
}

/// Reads a knowledge file as JSON, without checking its content. Refuses one that is too large.
fn read_file(file: &Path) -> Result<Value, Failure> {
    let unavailable = |error: std::io::Error| Failure::unavailable(format!("{}: {error}", file.display()));
    let refused = |why: String| Failure::refused(format!("{}: {why}", file.display()));
    let bytes = std::fs::metadata(file).map_err(unavailable)?.len();
    if usize::try_from(bytes).map_or(true, |bytes| bytes > FILE_BYTES_MAX) {
        return Err(refused(format!("has more than {FILE_BYTES_MAX} bytes")));
    }
    let text = std::fs::read_to_string(file).map_err(unavailable)?;
    KnowledgeFile::yaml_value(&text).map_err(|fault| refused(fault.to_string()))
}
