//! `ledgerline complaint`: complaints about calls, with their source, deadline, owner and outcome.

use crate::kit::api::get;
use crate::kit::failure::Failure;
use crate::kit::request_args::RequestArgs;
use application::format_localized;
use application::language::localized;
use application::percent::encode;
use domain::complaint::{ComplaintOutcome, ComplaintSource};
use domain::ids::{CallId, ComplaintId};
use domain::time::Timestamp;
use http::routes::complaints::{ComplaintAssignment, ComplaintOpening, ComplaintResolution};
use serde_json::{Value, json};
use std::sync::Arc;
use tokio::runtime::Runtime;

/// Complaints (投诉): record them with a source that sets the deadline, assign an owner, resolve them with an
/// outcome
#[derive(Debug, clap::Args)]
#[command(after_help = crate::kit::failure::EXIT_CODES)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Record a complaint about a number (and the call nearest to a time), a customer, or a call
    Open(ComplaintOpenArgs),
    /// Show one complaint
    Show {
        /// Id of the complaint
        id: ComplaintId,
        #[command(flatten)]
        asking: RequestArgs,
    },
    /// List complaints with their deadlines
    List(ComplaintListArgs),
    /// Show totals: received, open, overdue, by source and outcome
    Report(ComplaintListArgs),
    /// Assign an owner
    Assign {
        /// Id of the complaint
        id: ComplaintId,
        /// Name of the user
        #[arg(long)]
        to: String,
        #[command(flatten)]
        asking: RequestArgs,
    },
    /// Resolve a complaint
    Resolve {
        /// Id of the complaint
        id: ComplaintId,
        /// Outcome: upheld, partly_upheld, unfounded, withdrawn or not_ours
        #[arg(long)]
        outcome: ComplaintOutcome,
        /// What was found and answered; stored permanently, so name no person
        #[arg(long)]
        note: String,
        /// Also suppress the number permanently
        #[arg(long)]
        suppress: bool,
        #[command(flatten)]
        asking: RequestArgs,
    },
}

#[derive(Debug, clap::Args)]
struct ComplaintOpenArgs {
    /// Source: 12321, 12378, regulator or own
    #[arg(long)]
    source: ComplaintSource,
    /// Number that was called, in any usual form
    #[arg(long, required_unless_present_any = ["customer", "call"])]
    number: Option<String>,
    /// Customer: your own customer_id, or our id
    #[arg(long)]
    customer: Option<String>,
    /// Id of the call
    #[arg(long)]
    call: Option<CallId>,
    /// Approximate time of the call: the nearest call to the number within a day is used
    #[arg(long, value_name = "T", requires = "number")]
    at: Option<Timestamp>,
    /// The complaint in a few words; stored permanently, so name no person
    #[arg(long)]
    what: String,
    /// Reference number at the source
    #[arg(long)]
    reference: Option<String>,
    /// Time of receipt; default: now
    #[arg(long, value_name = "T")]
    received_at: Option<Timestamp>,
    /// Deadline set by the source; default: depends on the source
    #[arg(long, value_name = "T")]
    due_at: Option<Timestamp>,
    /// Owner: name of a user
    #[arg(long)]
    owner: Option<String>,
    /// Also suppress the number permanently
    #[arg(long)]
    suppress: bool,
    #[command(flatten)]
    asking: RequestArgs,
}

#[derive(Debug, clap::Args)]
struct ComplaintListArgs {
    /// Only complaints received from this time on
    #[arg(long, value_name = "T")]
    from: Option<Timestamp>,
    /// Only complaints received before this time
    #[arg(long, value_name = "T")]
    to: Option<Timestamp>,
    /// Only complaints from this source
    #[arg(long)]
    source: Option<ComplaintSource>,
    /// Only unresolved complaints
    #[arg(long)]
    open: bool,
    #[command(flatten)]
    asking: RequestArgs,
}

pub(crate) async fn run(args: Args, runtime: Arc<Runtime>) -> Result<(), Failure> {
    match args.action {
        Action::Open(opening) => opening.open(runtime).await,
        Action::Show { id, asking } => {
            asking
                .show(runtime, get(&format!("/api/v1/complaints/{id}")))
                .await
        }
        Action::List(listing) => listing.list(runtime).await,
        Action::Report(listing) => listing.report(runtime).await,
        Action::Assign { id, to, asking } => {
            let path = format!("/api/v1/complaints/{id}/assign");
            asking.send(runtime, &path, &ComplaintAssignment { to }).await
        }
        Action::Resolve {
            id,
            outcome,
            note,
            suppress,
            asking,
        } => {
            let path = format!("/api/v1/complaints/{id}/resolve");
            let request = ComplaintResolution {
                outcome,
                note,
                suppress: Some(suppress),
            };
            asking.send(runtime, &path, &request).await
        }
    }
}

impl ComplaintOpenArgs {
    async fn open(self, runtime: Arc<Runtime>) -> Result<(), Failure> {
        let request = ComplaintOpening {
            source: self.source,
            number: self.number,
            customer: self.customer,
            call: self.call,
            at: self.at,
            reference: self.reference,
            what: self.what,
            received_at: self.received_at,
            due_at: self.due_at,
            owner: self.owner,
            suppress: Some(self.suppress),
        };
        self.asking.send(runtime, "/api/v1/complaints", &request).await
    }
}

impl ComplaintListArgs {
    fn path(&self) -> String {
        let mut path = format!("/api/v1/complaints?open={}", self.open);
        let given = [
            ("from", self.from.map(|at| at.to_string())),
            ("to", self.to.map(|at| at.to_string())),
            ("source", self.source.map(|source| source.code().to_owned())),
        ];
        for (name, value) in given {
            if let Some(value) = value {
                path.push_str(&format!("&{name}={}", encode(&value)));
            }
        }
        path
    }

    async fn list(&self, runtime: Arc<Runtime>) -> Result<(), Failure> {
        let columns = [
            (localized("编号", "id"), "/id"),
            (localized("来源", "source"), "/source"),
            (localized("收到", "received"), "/received_at"),
            (localized("期限", "due"), "/deadline/due_at"),
            (localized("负责人", "owner"), "/owner"),
            (localized("状态", "state"), "/state"),
            (localized("事项", "what"), "/what"),
        ];
        let none = localized("没有投诉", "no complaints");
        self.asking
            .show_items(runtime, &self.path(), described, &columns, none)
            .await
    }

    async fn report(&self, runtime: Arc<Runtime>) -> Result<(), Failure> {
        let Some(reply) = self.asking.ask(runtime, get(&self.path())).await? else {
            return Ok(());
        };
        crate::kit::output::pretty(reply.get("report").unwrap_or(&Value::Null))
    }
}

/// Returns the complaint with its state in words as `state`, for the table: the outcome, or whether it is
/// open or overdue.
fn described(complaint: &Value) -> Value {
    let mut shown = complaint.clone();
    let outcome = complaint
        .pointer(localized("/resolved/outcome_zh", "/resolved/outcome"))
        .and_then(Value::as_str);
    let is_overdue = complaint.get("overdue").and_then(Value::as_bool) == Some(true);
    let word = match (outcome, is_overdue) {
        (Some(outcome), true) => format_localized!("{outcome}（逾期）", "{outcome} (late)"),
        (Some(outcome), false) => outcome.to_owned(),
        (None, true) => localized("逾期", "overdue").to_owned(),
        (None, false) => localized("处理中", "open").to_owned(),
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
    fn the_state_of_a_complaint_is_one_word() {
        let state = |complaint: Value| described(&complaint)["state"].clone();
        assert_eq!(state(json!({ "overdue": true })), "overdue");
        assert_eq!(state(json!({ "overdue": false })), "open");
        let resolved = json!({ "overdue": true, "resolved": { "outcome": "upheld", "outcome_zh": "属实" } });
        assert_eq!(state(resolved), "upheld (late)");
    }
}
