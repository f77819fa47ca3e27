//! `ledgerline customer attribute` and `customer tag`: shows and sets attributes and tags of customers.

use crate::commands::profile_import;
use crate::kit::api::{get, post};
use crate::kit::failure::Failure;
use crate::kit::request_args::RequestArgs;
use application::percent::encode;
use domain::problem::Problem;
use serde_json::{Map, Value, json};
use std::sync::Arc;
use tokio::runtime::Runtime;

#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(super) struct AttributeArgs {
    #[command(subcommand)]
    of_many: Option<BulkAction>,
    /// The institution's own customer_id, or our id
    #[arg(required = true)]
    id: Option<String>,
    /// Values to set, for example age=31 地域=浙江; without values and --clear, the attributes are shown in clear
    #[arg(value_name = "NAME=VALUE")]
    values: Vec<String>,
    /// Attribute to remove; may be repeated
    #[arg(long, value_name = "NAME")]
    clear: Vec<String>,
    #[command(flatten)]
    asking: RequestArgs,
}

/// Commands for many customers.
#[derive(Debug, clap::Subcommand)]
pub(super) enum BulkAction {
    /// Import attributes and tags of many customers from a CSV or XLSX file, one row per customer
    ///
    /// One column is customer_id (客户编号). Every other column is an attribute named by its title, or tags of a
    /// level (tags.business, 业务标签), several separated by ;. An empty cell changes nothing. Good rows are
    /// stored, bad ones are listed by row. Importing the same file again changes nothing: after an
    /// interruption import it again, or continue with --from-row.
    Import(profile_import::ImportArgs),
}

impl AttributeArgs {
    pub(super) const fn only_shows(&self) -> bool {
        self.of_many.is_none() && self.values.is_empty() && self.clear.is_empty()
    }

    pub(super) async fn run(self, runtime: Arc<Runtime>) -> Result<(), Failure> {
        let only_shows = self.only_shows();
        let id = match (self.of_many, self.id) {
            (Some(BulkAction::Import(args)), _) => return args.run(runtime).await,
            (None, Some(id)) => id,
            (None, None) => return Err(Failure::usage("the id of the customer is missing")),
        };
        let path = format!("/api/v1/customers/{}/attributes", encode(&id));
        if only_shows {
            return self.asking.show(runtime, get(&path)).await;
        }
        let body = json!({ "set": pairs(&self.values)?, "clear": self.clear });
        self.asking.show(runtime, post(&path, &body)).await
    }
}

/// Parses `NAME=VALUE` arguments into members of a body.
fn pairs(values: &[String]) -> Result<Map<String, Value>, Failure> {
    let mut members = Map::new();
    for given in values {
        let Some((name, value)) = given.split_once('=') else {
            // The argument may be personal, so the error does not repeat it.
            return Err(Problem::invalid("query-invalid", "values are given as NAME=VALUE").into());
        };
        members.insert(name.trim().to_owned(), value.into());
    }
    Ok(members)
}

#[derive(Debug, clap::Args)]
pub(super) struct TagArgs {
    /// The institution's own customer_id, or our id
    id: String,
    /// Tags to add
    #[arg(value_name = "TAG")]
    add: Vec<String>,
    /// Tags to remove
    #[arg(long, value_name = "TAG")]
    remove: Vec<String>,
    /// Level: basic, behavior or business
    #[arg(long, value_name = "LEVEL", default_value = "business")]
    level: String,
    #[command(flatten)]
    asking: RequestArgs,
}

impl TagArgs {
    pub(super) async fn run(self, runtime: Arc<Runtime>) -> Result<(), Failure> {
        let path = format!("/api/v1/customers/{}/tags", encode(&self.id));
        let body = json!({ "level": self.level, "add": self.add, "remove": self.remove });
        self.asking.show(runtime, post(&path, &body)).await
    }
}
