//! `ledgerline customer attribute` and `customer tag`: what is known of one person.

use crate::commands::profile_import;
use crate::kit::api::{get, post};
use crate::kit::asking::Asking;
use crate::kit::failure::Failure;
use application::percent::encode;
use domain::problem::Problem;
use serde_json::{Map, Value, json};
use std::sync::Arc;
use tokio::runtime::Runtime;

#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(super) struct AttributeArgs {
    #[command(subcommand)]
    of_many: Option<OfMany>,
    /// The institution's own customer_id, or ours
    #[arg(required = true)]
    id: Option<String>,
    /// Values to set, such as age=31 地域=浙江; without any, and without --clear, they are shown in clear
    #[arg(value_name = "NAME=VALUE")]
    values: Vec<String>,
    /// Not known any more
    #[arg(long, value_name = "NAME")]
    clear: Vec<String>,
    #[command(flatten)]
    asking: Asking,
}

/// What is known of many.
#[derive(Debug, clap::Subcommand)]
pub(super) enum OfMany {
    /// Set attributes and tags of many customers from a CSV file, one row a customer
    ///
    /// One column is customer_id (客户编号); every other one is an attribute by its title, or tags of a
    /// level (tags.business, 业务标签), several with ; between. An empty cell says nothing. Good rows count,
    /// bad ones are told by row. The same file again changes nothing: whoever was stopped imports it again,
    /// or goes on with --from-row.
    Import(profile_import::ImportArgs),
}

impl AttributeArgs {
    pub(super) const fn only_shows(&self) -> bool {
        self.of_many.is_none() && self.values.is_empty() && self.clear.is_empty()
    }

    pub(super) async fn run(self, runtime: Arc<Runtime>) -> Result<(), Failure> {
        let only_shows = self.only_shows();
        let id = match (self.of_many, self.id) {
            (Some(OfMany::Import(args)), _) => return args.run(runtime).await,
            (None, Some(id)) => id,
            (None, None) => return Err(Failure::usage("a customer's id is missing")),
        };
        let path = format!("/api/v1/customers/{}/attributes", encode(&id));
        if only_shows {
            return self.asking.show(runtime, get(&path)).await;
        }
        let body = json!({ "set": pairs(&self.values)?, "clear": self.clear });
        self.asking.show(runtime, post(&path, &body)).await
    }
}

/// `NAME=VALUE` as members of a body.
fn pairs(values: &[String]) -> Result<Map<String, Value>, Failure> {
    let mut members = Map::new();
    for given in values {
        let Some((name, value)) = given.split_once('=') else {
            // What was given may be personal: it is not repeated.
            return Err(Problem::invalid("query-invalid", "values are given as NAME=VALUE").into());
        };
        members.insert(name.trim().to_owned(), value.into());
    }
    Ok(members)
}

#[derive(Debug, clap::Args)]
pub(super) struct TagArgs {
    /// The institution's own customer_id, or ours
    id: String,
    /// Tags to give
    #[arg(value_name = "TAG")]
    add: Vec<String>,
    /// Tags to take away
    #[arg(long, value_name = "TAG")]
    remove: Vec<String>,
    /// basic, behavior or business
    #[arg(long, value_name = "LEVEL", default_value = "business")]
    level: String,
    #[command(flatten)]
    asking: Asking,
}

impl TagArgs {
    pub(super) async fn run(self, runtime: Arc<Runtime>) -> Result<(), Failure> {
        let path = format!("/api/v1/customers/{}/tags", encode(&self.id));
        let body = json!({ "level": self.level, "add": self.add, "remove": self.remove });
        self.asking.show(runtime, post(&path, &body)).await
    }
}
