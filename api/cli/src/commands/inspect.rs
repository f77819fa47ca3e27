//! `ledgerline inspect`: writes one file about a customer, or a number and a time, that shows and proves what
//! was done.

use crate::kit::api::{ApiArgs, post};
use crate::kit::failure::Failure;
use crate::kit::output;
use crate::kit::request_args::{RequestArgs, remove_nulls};
use application::format_localized;
use domain::hex;
use domain::ids::{ApprovalId, KeyId};
use domain::time::Timestamp;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::sync::Arc;
use store::proof::bundle::BundleReport;
use tokio::runtime::Runtime;

/// Path of the recordings in a bundle.
const RECORDINGS: &str = "attached/recordings/";

/// Route that returns an inspection as a bundle.
const BUNDLE: &str = "/api/v1/inspections/bundle";

/// Route of the worksheet of a breach: the persons that a user or key had access to.
const SEEN: &str = "/api/v1/inspections/seen";

/// Inspection (号码查证): calls, lawful basis, decisions, recordings and operations of a customer or a number
///
/// FILE is a bundle: `tar xf FILE` gives attached/inspection.html to read (zh, en; times of the callee), the
/// recordings, and every event behind it with its proof. `ledgerline audit check FILE` checks it without this
/// log. It holds personal data: the reads are logged before the file is written.
#[derive(Debug, clap::Args)]
#[command(after_help = crate::kit::failure::EXIT_CODES)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Inspect one customer
    Customer {
        /// Your own customer_id, or our id
        value: String,
        #[command(flatten)]
        order: InspectionArgs,
    },
    /// Worksheet of a breach (泄露核查): persons that a user or key had access to, and who must be notified
    User(Worksheet),
    /// Inspect one phone number: the customers that have it, and each call to it
    Number {
        /// Number in any usual form, or our id of it
        value: String,
        #[command(flatten)]
        order: InspectionArgs,
    },
}

#[derive(Debug, clap::Args)]
struct Worksheet {
    /// User, as named in the audit trail; may be left out with --key
    #[arg(required_unless_present = "key")]
    name: Option<String>,
    /// Only accesses with this API key
    #[arg(long, value_name = "ID")]
    key: Option<KeyId>,
    /// Only from this time on (RFC 3339)
    #[arg(long, value_name = "T1")]
    from: Option<Timestamp>,
    /// Only before this time
    #[arg(long, value_name = "T2")]
    to: Option<Timestamp>,
    /// Also list how each person can be notified; this is logged for each person
    #[arg(long, requires = "reason")]
    notice: bool,
    /// Names and numbers in clear instead of masked
    #[arg(long, requires = "notice")]
    clear: bool,
    /// Reason, for the record; stored permanently, so name no person
    #[arg(long)]
    reason: Option<String>,
    /// Id of the approval given by another person
    #[arg(long, requires = "clear")]
    approval: Option<ApprovalId>,
    #[command(flatten)]
    asking: RequestArgs,
}

#[derive(Debug, clap::Args)]
struct InspectionArgs {
    /// Only calls and refusals around this time (RFC 3339)
    #[arg(long, value_name = "T")]
    at: Option<Timestamp>,
    /// Hours before and after --at
    #[arg(long, value_name = "H", requires = "at", value_parser = clap::value_parser!(u32).range(1..=744))]
    within_hours: Option<u32>,
    /// Reason, for the record; stored permanently, so name no person
    #[arg(long, default_value = "inspection / 检查")]
    reason: String,
    /// Names and numbers in clear instead of masked
    #[arg(long)]
    clear: bool,
    /// Id of the approval given by another person
    #[arg(long, requires = "clear")]
    approval: Option<ApprovalId>,
    /// File to write the bundle to
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
        let body = remove_nulls(json!({
            "user": self.name, "key": self.key, "from": self.from, "to": self.to, "notice": self.notice,
            "clear": self.clear, "reason": self.reason,
            "approval": self.approval,
        }));
        self.asking.show(runtime, post(SEEN, &body)).await
    }
}

impl InspectionArgs {
    async fn inspect(&self, mut body: Value, runtime: Arc<Runtime>) -> Result<(), Failure> {
        let more = remove_nulls(json!({
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
                "root": hex::encode(&report.checkpoint.root),
                "key": report.key.to_string(),
            }));
        }
        output::line(&format_localized!(
            "已证明 {calls} 通呼叫、{recordings} 段录音、{} 条事件：{}",
            "{calls} calls, {recordings} recordings, {} events proved: {}",
            report.index.events.len(),
            self.out.display()
        ))?;
        output::line(&format_localized!(
            "阅读   tar xf {} attached && open attached/inspection.html",
            "read   tar xf {} attached && open attached/inspection.html",
            self.out.display()
        ))?;
        output::line(&format_localized!(
            "核验   ledgerline audit check {} --key {}",
            "check  ledgerline audit check {} --key {}",
            self.out.display(),
            report.key
        ))
    }
}
