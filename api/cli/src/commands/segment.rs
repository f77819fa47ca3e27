//! `ledgerline segment`: checks, counts and previews a segment of customers (人群包), given as SQL.

use crate::commands::grades;
use crate::kit::api::{get, post};
use crate::kit::failure::Failure;
use crate::kit::request_args::{RequestArgs, remove_nulls};
use domain::time::Timestamp;
use serde_json::{Value, json};
use std::sync::Arc;
use tokio::runtime::Runtime;

/// Segments (人群包): select customers with SELECT * FROM customers WHERE …
///
/// Conditions are AND, OR, NOT, comparisons, BETWEEN, IN, LIKE and IS NULL over attributes and tags, with
/// NOW(), CURDATE(), DATE_SUB and DATE_ADD; then ORDER BY and LIMIT. `segment columns` lists the attributes.
/// Texts are compared without regard to case. Errors name line and column.
#[derive(Debug, clap::Args)]
#[command(after_help = crate::kit::failure::EXIT_CODES)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Check the syntax of a segment, without reading customers
    Check(SegmentQueryArgs),
    /// Count the customers of a segment
    Count(SegmentQueryArgs),
    /// Count the customers of a segment and show some of them by our ids
    Preview {
        #[command(flatten)]
        asked: SegmentQueryArgs,
        /// Number of customers to show, up to 100
        #[arg(long, value_name = "N")]
        sample: Option<u32>,
    },
    /// Cluster the answered customers (聚类) by what separates their conversion; best group first
    Groups(SegmentQueryArgs),
    /// Grade the customers by recency, frequency and money (RFM), by quintiles or given limits
    Rfm {
        #[command(flatten)]
        asked: SegmentQueryArgs,
        /// Limits as JSON: recency_days, orders_count, amount, four of each; default: quintiles
        #[arg(long, value_name = "JSON")]
        limits: Option<String>,
        /// Write the grades to the customers as rfm_grade; needs --reason
        #[arg(long, requires = "reason", conflicts_with = "as_of")]
        write: bool,
        /// With --write: store nothing, only report what would be stored
        #[arg(long, requires = "write")]
        dry_run: bool,
        /// Reason; stored permanently with each grade, so name no person
        #[arg(long, value_name = "TEXT")]
        reason: Option<String>,
        /// With --write: continue after this customer, if a run was interrupted
        #[arg(long, value_name = "CUSTOMER", requires = "write")]
        after: Option<String>,
    },
    /// List the attributes that a segment may use, with their types and names in both languages
    Columns {
        #[command(flatten)]
        asking: RequestArgs,
    },
}

#[derive(Debug, clap::Args)]
struct SegmentQueryArgs {
    /// Segment, as SQL
    sql: String,
    /// Use the data as known then: a log position, or an instant
    #[arg(long, value_name = "POSITION|RFC3339")]
    as_of: Option<String>,
    /// Meaning of NOW(); default: now, or the instant of --as-of
    #[arg(long, value_name = "RFC3339")]
    at: Option<Timestamp>,
    #[command(flatten)]
    asking: RequestArgs,
}

impl SegmentQueryArgs {
    async fn ask(self, runtime: Arc<Runtime>, verb: &str, sample: Option<u32>) -> Result<(), Failure> {
        let body =
            remove_nulls(json!({ "sql": self.sql, "as_of": self.as_of, "at": self.at, "sample": sample }));
        let path = format!("/api/v1/segments/{verb}");
        self.asking.show(runtime, post(&path, &body)).await
    }

    async fn grade(self, runtime: Arc<Runtime>, limits: Option<&str>) -> Result<(), Failure> {
        let limits = read_limits(limits)?;
        let body =
            remove_nulls(json!({ "sql": self.sql, "as_of": self.as_of, "at": self.at, "limits": limits }));
        self.asking
            .show(runtime, post("/api/v1/segments/rfm", &body))
            .await
    }
}

fn read_limits(limits: Option<&str>) -> Result<Option<Value>, Failure> {
    let read = |text: &str| {
        let read: Result<Value, _> = serde_json::from_str(text);
        read.map_err(|error| Failure::usage(format!("--limits: {error}")))
    };
    limits.map(read).transpose()
}

pub(crate) async fn run(args: Args, runtime: Arc<Runtime>) -> Result<(), Failure> {
    match args.action {
        Action::Check(asked) => asked.ask(runtime, "check", None).await,
        Action::Count(asked) => asked.ask(runtime, "count", None).await,
        Action::Preview { asked, sample } => asked.ask(runtime, "preview", sample).await,
        Action::Groups(asked) => asked.ask(runtime, "groups", None).await,
        Action::Rfm {
            asked,
            limits,
            write: true,
            dry_run,
            reason,
            after,
        } => {
            let limits = read_limits(limits.as_deref())?;
            let body = remove_nulls(json!({ "sql": asked.sql, "at": asked.at, "limits": limits,
                "reason": reason, "dry_run": dry_run, "after": after }));
            grades::write(&asked.asking, runtime, body).await
        }
        Action::Rfm { asked, limits, .. } => asked.grade(runtime, limits.as_deref()).await,
        Action::Columns { asking } => asking.show(runtime, get("/api/v1/segments/columns")).await,
    }
}
