//! `ledgerline customer consent`: records, withdraws and shows the consents of one customer, by id or phone
//! number.

use crate::kit::api::{get, post};
use crate::kit::failure::Failure;
use crate::kit::reader::ReaderArgs;
use crate::kit::request_args::{RequestArgs, remove_nulls};
use application::percent::encode;
use domain::time::Timestamp;
use serde_json::{Value, json};
use std::sync::Arc;
use tokio::runtime::Runtime;

/// Record, withdraw and show consents (同意)
///
/// A consent is given for a scope: the campaign's purpose. A withdrawal applies before the next dial of its
/// scope, in every campaign; calls already granted are withdrawn or canceled, and listed.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Record a consent (登记同意); refused if a required detail is missing, above all the evidence
    ///
    /// Example: ledgerline customer consent give C001 --scope marketing --source branch --evidence "form 17"
    Give {
        #[command(flatten)]
        customer: ConsentCustomerArgs,
        #[command(flatten)]
        which: ConsentScopeArgs,
        /// Time at which it was given (RFC 3339); default: now
        #[arg(long, value_name = "INSTANT")]
        given_at: Option<Timestamp>,
        /// End of the consent; default: no end
        #[arg(long, value_name = "INSTANT")]
        until: Option<Timestamp>,
        /// Evidence, or where it is kept; stored sealed
        #[arg(long, value_name = "TEXT")]
        evidence: Option<String>,
    },
    /// Withdraw a consent (撤回同意): the customer is no longer called for its scope
    ///
    /// Example: ledgerline customer consent withdraw --number 13800138000 --scope marketing --source hotline
    Withdraw {
        #[command(flatten)]
        customer: ConsentCustomerArgs,
        #[command(flatten)]
        which: ConsentScopeArgs,
    },
    /// Show consents by scope; the read is logged
    ///
    /// Example: ledgerline customer consent show C001
    Show {
        #[command(flatten)]
        customer: ConsentCustomerArgs,
        #[command(flatten)]
        reader: ReaderArgs,
    },
}

#[derive(Debug, clap::Args)]
struct ConsentCustomerArgs {
    /// The institution's own customer_id, or our id
    #[arg(required_unless_present = "number", conflicts_with = "number")]
    id: Option<String>,
    /// Phone number of the customer, in any usual form
    #[arg(long, value_name = "NUMBER")]
    number: Option<String>,
    #[command(flatten)]
    asking: RequestArgs,
}

#[derive(Debug, clap::Args)]
struct ConsentScopeArgs {
    /// Scope: the campaign's purpose, for example marketing
    #[arg(long, value_name = "TEXT")]
    scope: String,
    /// Source, for the log; no personal data
    #[arg(long, value_name = "TEXT")]
    source: String,
}

impl ConsentCustomerArgs {
    /// Returns the route for the customer. A phone number is sent in the body instead.
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
        self.asking.show(runtime, post(&path, &remove_nulls(body))).await
    }
}

pub(super) async fn run(args: Args, runtime: Arc<Runtime>) -> Result<(), Failure> {
    match args.action {
        Action::Give {
            customer,
            which,
            given_at,
            until,
            evidence,
        } => {
            let body = json!({
                "scope": which.scope, "source": which.source, "evidence": evidence,
                "given_at": given_at, "until": until,
            });
            customer.tell(runtime, "", body).await
        }
        Action::Withdraw { customer, which } => {
            let body = json!({ "scope": which.scope, "source": which.source });
            customer.tell(runtime, "/withdraw", body).await
        }
        Action::Show { customer, reader } => {
            if customer.id.is_some() {
                let path = reader.put(&customer.path(""));
                return customer.asking.show(runtime, get(&path)).await;
            }
            let body = json!({ "number": customer.number });
            let path = reader.put(&customer.path("/show"));
            customer.asking.show(runtime, post(&path, &body)).await
        }
    }
}
