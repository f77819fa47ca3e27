//! `ledgerline inspect`: one file from a person, or a number and a time, that shows and proves what was done.

use crate::kit::api::{ApiArgs, post};
use crate::kit::asking::{Asking, given};
use crate::kit::failure::Failure;
use crate::kit::output;
use domain::ids::{ApprovalId, KeyId};
use domain::time::Timestamp;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::sync::Arc;
use store::proof::bundle::BundleReport;
use store::proof::hex;
use tokio::runtime::Runtime;

/// Where recordings stand in a bundle.
const RECORDINGS: &str = "attached/recordings/";

/// Where the answer is asked for as a file.
const BUNDLE: &str = "/api/v1/inspections/bundle";

/// Whose data somebody saw.
const SEEN: &str = "/api/v1/inspections/seen";

/// Inspection (检查): calls, lawful basis, decisions, recordings and operations of a person or a number.
///
/// FILE is a bundle: `tar xf FILE` gives attached/inspection.html to read (zh, en; times of the callee), the
/// recordings, and every event it rests on with its proof. `ledgerline audit check FILE` checks it without
/// this log. It holds personal data: the reads are on record before the file is written.
#[derive(Debug, clap::Args)]
#[command(after_help = crate::kit::failure::EXIT_CODES)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Everything of one person: your own customer_id, or our id
    Customer {
        /// Who
        value: String,
        #[command(flatten)]
        order: InspectionOrder,
    },
    /// Whose data a user or a key saw, and whom to tell: the worksheet of a breach
    User(Worksheet),
    /// Everything about one phone number: whoever has it, and each call to it
    Number {
        /// In any usual form, or our id of it
        value: String,
        #[command(flatten)]
        order: InspectionOrder,
    },
}

#[derive(Debug, clap::Args)]
struct Worksheet {
    /// The user, as the audit trail names them; or only --key
    #[arg(required_unless_present = "key")]
    name: Option<String>,
    /// Only by this key
    #[arg(long, value_name = "ID")]
    key: Option<KeyId>,
    /// Only from this time on (RFC 3339)
    #[arg(long, value_name = "T1")]
    from: Option<Timestamp>,
    /// Only before this time
    #[arg(long, value_name = "T2")]
    to: Option<Timestamp>,
    /// Also how each person can be told: on record for each of them
    #[arg(long, requires = "reason")]
    notice: bool,
    /// Names and numbers as they are, instead of masked
    #[arg(long, requires = "notice")]
    clear: bool,
    /// Why, for the record; stored for ever, so name no person
    #[arg(long)]
    reason: Option<String>,
    /// The approval that another person gave
    #[arg(long, requires = "clear")]
    approval: Option<ApprovalId>,
    #[command(flatten)]
    asking: Asking,
}

#[derive(Debug, clap::Args)]
struct InspectionOrder {
    /// Only calls and refusals around this time (RFC 3339)
    #[arg(long, value_name = "T")]
    at: Option<Timestamp>,
    /// Hours before and after it
    #[arg(long, value_name = "H", requires = "at", value_parser = clap::value_parser!(u32).range(1..=744))]
    within_hours: Option<u32>,
    /// Why, for the record; stored for ever, so name no person
    #[arg(long, default_value = "inspection / 检查")]
    reason: String,
    /// Names and numbers as they are, instead of masked
    #[arg(long)]
    clear: bool,
    /// The approval that another person gave
    #[arg(long, requires = "clear")]
    approval: Option<ApprovalId>,
    /// The bundle that is written
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    api: ApiArgs,
}

pub(crate) async fn run(args: Args, runtime: Arc<Runtime>) -> Result<(), Failure> {
    match args.action {
        Action::User(worksheet) => worksheet.show(runtime).await,
        Action::Customer { value, order } => order.inspect(json!({ "customer": value }), runtime).await,
        Action::Number { value, order } => order.inspect(json!({ "number": value }), runtime).await,
    }
}

impl Worksheet {
    async fn show(&self, runtime: Arc<Runtime>) -> Result<(), Failure> {
        let body = given(json!({
            "user": self.name, "key": self.key, "from": self.from, "to": self.to, "notice": self.notice,
            "clear": self.clear, "reason": self.reason,
            "approval": self.approval,
        }));
        self.asking.show(runtime, post(SEEN, &body)).await
    }
}

impl InspectionOrder {
    async fn inspect(&self, mut body: Value, runtime: Arc<Runtime>) -> Result<(), Failure> {
        let more = given(json!({
            "at": self.at, "within_hours": self.within_hours, "clear": self.clear, "reason": self.reason,
            "approval": self.approval,
        }));
        if let (Some(body), Value::Object(more)) = (body.as_object_mut(), more) {
            body.extend(more);
        }
        let report = self.api.bundle(runtime, BUNDLE, &body, &self.out).await?;
        self.show(&report)
    }

    fn show(&self, report: &BundleReport) -> Result<(), Failure> {
        let recordings = report
            .attached
            .iter()
            .filter(|name| name.starts_with(RECORDINGS))
            .count();
        let streams = &report.index.whole_streams;
        let calls = streams
            .iter()
            .filter(|stream| stream.stream.starts_with("call-"))
            .count();
        if self.json {
            return output::json(&json!({
                "file": self.out.display().to_string(),
                "inspection": report.index.subject.id,
                "calls": calls,
                "recordings": recordings,
                "events": report.index.events.len(),
                "size": report.checkpoint.size,
                "root": hex(&report.checkpoint.root),
                "key": report.key.to_string(),
            }));
        }
        output::line(&format!(
            "{calls} calls 呼叫, {recordings} recordings 录音, {} events 事件 proved: {}",
            report.index.events.len(),
            self.out.display()
        ))?;
        output::line(&format!(
            "read 阅读   tar xf {} attached && open attached/inspection.html",
            self.out.display()
        ))?;
        output::line(&format!(
            "check 核验  ledgerline audit check {} --key {}",
            self.out.display(),
            report.key
        ))
    }
}
