//! `ledgerline approval`: lists commands that wait for a second person, and approves or rejects them.

use crate::kit::api::{get, post};
use crate::kit::failure::Failure;
use crate::kit::request_args::{RequestArgs, remove_nulls};
use crate::kit::session::SignIn;
use application::language::localized;
use domain::ids::ApprovalId;
use serde_json::{Value, json};
use std::sync::Arc;
use tokio::runtime::Runtime;

/// Approvals (审批、双人复核) of commands that need a second person
///
/// A command that needs approval prints the id of its approval. Another person signs in and approves it. Then
/// the first user repeats the command with --approval.
#[derive(Debug, clap::Args)]
#[command(after_help = crate::kit::failure::EXIT_CODES)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// List the approvals that you requested or may decide
    List {
        /// Only those that wait for a decision or for use
        #[arg(long)]
        open: bool,
        #[command(flatten)]
        asking: RequestArgs,
    },
    /// Show one approval
    Show {
        /// Id of the approval
        id: ApprovalId,
        #[command(flatten)]
        asking: RequestArgs,
    },
    /// Approve a request of another user. You sign in with your password; an API key cannot approve
    Approve {
        /// Id of the approval
        id: ApprovalId,
        /// Your user name
        #[arg(long, value_name = "NAME")]
        user: String,
        /// Environment variable that holds your password
        #[arg(long, value_name = "V")]
        password_env: String,
        /// Code of your authenticator app, or a recovery code; needed if you have a second factor
        #[arg(long, value_name = "CODE")]
        code: Option<String>,
        /// Reason, for the log; stored permanently, so name no person
        #[arg(long)]
        reason: Option<String>,
        #[command(flatten)]
        asking: RequestArgs,
    },
    /// Reject a request, or withdraw your own
    Reject {
        /// Id of the approval
        id: ApprovalId,
        /// Reason, for the log; stored permanently, so name no person
        #[arg(long)]
        reason: String,
        #[command(flatten)]
        asking: RequestArgs,
    },
}

pub(crate) async fn run(args: Args, runtime: Arc<Runtime>) -> Result<(), Failure> {
    match args.action {
        Action::List { open, asking } => list(runtime, &asking, open).await,
        Action::Show { id, asking } => {
            let path = format!("/api/v1/approvals/{id}");
            asking.show(runtime, get(&path)).await
        }
        Action::Approve {
            id,
            user,
            password_env,
            code,
            reason,
            asking,
        } => {
            let path = format!("/api/v1/approvals/{id}/approve");
            let body = remove_nulls(json!({ "reason": reason }));
            let sign_in = SignIn {
                user: &user,
                password_env: &password_env,
                code: code.as_deref(),
            };
            asking.tell(&sign_in.ask(&asking, runtime, post(&path, &body)).await?)
        }
        Action::Reject { id, reason, asking } => {
            let path = format!("/api/v1/approvals/{id}/reject");
            asking
                .show(runtime, post(&path, &json!({ "reason": reason })))
                .await
        }
    }
}

async fn list(runtime: Arc<Runtime>, asking: &RequestArgs, open: bool) -> Result<(), Failure> {
    let columns = [
        (localized("编号", "id"), "/id"),
        (localized("事项", "act"), localized("/act_zh", "/act")),
        (localized("申请人", "by"), "/requested_by"),
        (localized("事由", "reason"), "/reason"),
        (localized("有效至", "until"), "/expires_at"),
        (localized("状态", "state"), "/state"),
    ];
    let path = format!("/api/v1/approvals?open={open}");
    let none = localized("没有审批", "no approvals");
    asking.show_items(runtime, &path, described, &columns, none).await
}

/// Returns the approval with its state in words as `state`, for the table.
fn described(approval: &Value) -> Value {
    let mut shown = approval.clone();
    let standing = approval
        .get("standing")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let state = match standing {
        "waiting" => localized("待批准", "waiting"),
        "approved" => localized("已批准", "approved"),
        "rejected" => localized("已驳回", "rejected"),
        "used" => localized("已使用", "used"),
        _ => localized("已过期", "expired"),
    };
    if let Some(members) = shown.as_object_mut() {
        members.insert("state".to_owned(), json!(state));
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_state_of_an_approval_is_one_word() {
        let state = |standing: &str| described(&json!({ "standing": standing }))["state"].clone();
        assert_eq!(state("waiting"), "waiting");
        assert_eq!(state("expired"), "expired");
    }
}
