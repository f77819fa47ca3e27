//! `ledgerline customer consent`: give, withdraw and show one person's consents, by id or by phone number.

use crate::kit::api::{get, post};
use crate::kit::asking::{Asking, given};
use crate::kit::failure::Failure;
use crate::kit::reader::ReaderArgs;
use application::percent::encode;
use domain::time::Timestamp;
use serde_json::{Value, json};
use std::sync::Arc;
use tokio::runtime::Runtime;

/// Give, withdraw and show consents (同意).
///
/// A consent is for a scope: the campaign's purpose. A withdrawal holds before the next dial of its scope, in
/// every campaign; calls granted before are withdrawn or cancelled, and listed.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Record a consent (登记同意); refused without what makes it count, evidence above all
    ///
    /// Example: ledgerline customer consent give C001 --scope marketing --source branch --evidence "form 17"
    Give {
        #[command(flatten)]
        whose: Whose,
        #[command(flatten)]
        which: Which,
        /// When it was given (RFC 3339); default: now
        #[arg(long, value_name = "INSTANT")]
        given_at: Option<Timestamp>,
        /// Until when it holds; default: without an end
        #[arg(long, value_name = "INSTANT")]
        until: Option<Timestamp>,
        /// Where the evidence is kept, or what it is; stored sealed
        #[arg(long, value_name = "TEXT")]
        evidence: Option<String>,
    },
    /// Withdraw a consent (撤回同意): nobody is called for its scope from here on
    ///
    /// Example: ledgerline customer consent withdraw --number 13800138000 --scope marketing --source hotline
    Withdraw {
        #[command(flatten)]
        whose: Whose,
        #[command(flatten)]
        which: Which,
    },
    /// Show consents by scope; on record in the log
    ///
    /// Example: ledgerline customer consent show C001
    Show {
        #[command(flatten)]
        whose: Whose,
        #[command(flatten)]
        reader: ReaderArgs,
    },
}

#[derive(Debug, clap::Args)]
struct Whose {
    /// The institution's own customer_id, or our id
    #[arg(required_unless_present = "number", conflicts_with = "number")]
    id: Option<String>,
    /// Whoever has this phone number, in any usual form
    #[arg(long, value_name = "NUMBER")]
    number: Option<String>,
    #[command(flatten)]
    asking: Asking,
}

#[derive(Debug, clap::Args)]
struct Which {
    /// What it is for: the campaign's purpose, such as marketing
    #[arg(long, value_name = "TEXT")]
    scope: String,
    /// Where it came from, for the log; nothing personal
    #[arg(long, value_name = "TEXT")]
    source: String,
}

impl Whose {
    /// The route below `/api/v1`; a number goes into the body.
    fn path(&self, verb: &str) -> String {
        match &self.id {
            Some(id) => format!("/api/v1/customers/{}/consents{verb}", encode(id)),
            None => format!("/api/v1/consents{verb}"),
        }
    }

    async fn tell(&self, runtime: Arc<Runtime>, verb: &str, mut body: Value) -> Result<(), Failure> {
        if let Some(members) = body.as_object_mut() {
            members.insert("number".to_owned(), json!(self.number));
        }
        let path = self.path(verb);
        self.asking.show(runtime, post(&path, &given(body))).await
    }
}

pub(super) async fn run(args: Args, runtime: Arc<Runtime>) -> Result<(), Failure> {
    match args.action {
        Action::Give {
            whose,
            which,
            given_at,
            until,
            evidence,
        } => {
            let body = json!({
                "scope": which.scope, "source": which.source, "evidence": evidence,
                "given_at": given_at, "until": until,
            });
            whose.tell(runtime, "", body).await
        }
        Action::Withdraw { whose, which } => {
            let body = json!({ "scope": which.scope, "source": which.source });
            whose.tell(runtime, "/withdraw", body).await
        }
        Action::Show { whose, reader } => {
            if whose.id.is_some() {
                let path = reader.put(&whose.path(""));
                return whose.asking.show(runtime, get(&path)).await;
            }
            let body = json!({ "number": whose.number });
            let path = reader.put(&whose.path("/show"));
            whose.asking.show(runtime, post(&path, &body)).await
        }
    }
}
