//! `ledgerline events graph`: shows the causes and consequences of an event, a call or a customer's events.

use crate::kit::failure::Failure;
use crate::kit::output;
use crate::kit::own_ids::OwnIds;
use application::format_localized;
use application::reply_value::value;
use evidence::causes::{CausationCheck, Graph, check_causation};
use host::app::ReadOnlyLog;
use host::store_spec::LogArgs;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Id of an event, a call, or a customer (ours, or your own customer_id); alternatively --campaign and
    /// --customer
    #[arg(required_unless_present_any = ["check", "customer"], conflicts_with = "customer")]
    id: Option<String>,
    /// Check the whole log instead: every event must name an earlier cause or come from outside
    #[arg(long, conflicts_with_all = ["id", "customer"])]
    check: bool,
    /// Output format
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    #[command(flatten)]
    own: OwnIds,
    #[command(flatten)]
    log: LogArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// Indented tree
    Text,
    /// Graphviz
    Dot,
    /// One JSON object with nodes and edges
    Json,
}

impl Args {
    pub(super) const fn only_shows(&self) -> bool {
        !self.check
    }
}

pub(super) async fn run(args: Args) -> Result<(), Failure> {
    let opened = ReadOnlyLog::of(&args.log.spec()?).await?;
    let done = async {
        if args.check {
            return print_check(&check_causation(opened.store.as_ref()).await?);
        }
        let log = &args.log;
        let id = match (args.own.call(log, &opened).await?, &args.id) {
            (Some(call), _) => call.to_string(),
            (None, Some(id)) => args.own.resolve_any_id(id, log, &opened).await?,
            (None, None) => return Err(Failure::usage("give an id, or --campaign and --customer")),
        };
        show(&Graph::of(opened.store.as_ref(), &id).await?, args.format)
    };
    let done = done.await;
    opened.close().await;
    done
}

fn show(graph: &Graph, format: Format) -> Result<(), Failure> {
    match format {
        Format::Text => graph.tree().iter().try_for_each(|line| output::line(line)),
        Format::Dot => graph.dot().iter().try_for_each(|line| output::line(line)),
        Format::Json => output::json(&value(&graph.shown())),
    }
}

fn print_check(found: &CausationCheck) -> Result<(), Failure> {
    for line in &found.lines {
        output::line(line)?;
    }
    if found.count == 0 {
        return output::line(&format_localized!(
            "{} 条事件：均注明起因或来自外部",
            "{} events: each names a cause or comes from outside",
            found.events
        ));
    }
    Err(Failure::found(format!(
        "{} of {} events name no cause, and their kind does not come from outside",
        found.count, found.events
    )))
}
