//! `ledgerline events`: reads, copies and checks the log of a directory, or follows the log of the running
//! server.

mod copy;
mod filter;
mod graph;

use crate::kit::failure::Failure;
use crate::kit::output;
use application::cloud_event::CloudEvent;
use application::local_time::local;
use domain::event_filter::EventFilter;
use domain::stored_event::Position;
use filter::FilterArgs;
use host::app::ReadOnlyLog;
use host::outbound::server_locator::{ServerArgs, ServerConnection};
use host::store_spec::{LogArgs, StoreSpec};
use serde_json::Value;

/// Events read from the store per page.
const PAGE_EVENTS: usize = 512;

/// Read or follow the event log. Personal values stay sealed; no key is needed
#[derive(Debug, clap::Args)]
#[command(after_help = crate::kit::failure::EXIT_CODES)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Print the events of a data directory, even while a server writes it
    Read {
        #[command(flatten)]
        log: LogArgs,
        /// Only events after this position
        #[arg(long, default_value_t = 0, value_name = "N")]
        after: u64,
        #[command(flatten)]
        filter: FilterArgs,
        /// Print one CloudEvents object per line
        #[arg(long)]
        json: bool,
    },
    /// Follow the events of the running server as they are stored
    Tail {
        /// Start after this position; 0 starts at the beginning
        #[arg(long, default_value_t = 0, value_name = "N")]
        after: u64,
        #[command(flatten)]
        filter: FilterArgs,
        /// Print one CloudEvents object per line
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Copy a whole log to another store, with its proofs; continues an earlier copy
    Copy(copy::Args),
    /// Show the causes of an event, a call or a customer's events, and their consequences (因果)
    Graph(graph::Args),
}

impl Args {
    /// Returns true if the command may end when the reader of its output ends. A copy writes a log, and a
    /// check continues to its verdict.
    pub(crate) const fn only_shows(&self) -> bool {
        match &self.action {
            Action::Read { .. } | Action::Tail { .. } => true,
            Action::Graph(args) => args.only_shows(),
            Action::Copy(_) => false,
        }
    }
}

pub(crate) async fn run(args: Args) -> Result<(), Failure> {
    match args.action {
        Action::Read {
            log,
            after,
            filter,
            json,
        } => read(&log.spec()?, Position(after), &filter.filter()?, json).await,
        Action::Tail {
            after,
            filter,
            json,
            server,
        } => tail(&server, &format!("after={after}{}", filter.query()), json).await,
        Action::Copy(args) => copy::run(args).await,
        Action::Graph(args) => graph::run(args).await,
    }
}

async fn read(spec: &StoreSpec, after: Position, filter: &EventFilter, json: bool) -> Result<(), Failure> {
    let opened = ReadOnlyLog::of(spec).await?;
    let mut after = after;
    loop {
        let page = opened.store.read_matching(filter, after, PAGE_EVENTS).await?;
        for stored in &page.events {
            let event = CloudEvent::read(stored).map_err(|error| Failure::fault(error.to_string()))?;
            show(&event.value(), &event.line(), json)?;
        }
        if page.reached == after {
            return Ok(());
        }
        after = page.reached;
    }
}

async fn tail(server: &ServerArgs, query: &str, json: bool) -> Result<(), Failure> {
    let path = format!("/api/v1/events/stream?{query}");
    ServerConnection::find(server)?
        .follow(&path, |name, data| {
            // Messages with a name report the position of the stream; events have no name.
            if !name.is_empty() {
                return Ok(());
            }
            let event: Value = serde_json::from_str(data).unwrap_or_default();
            show(&event, data, json)
        })
        .await
}

fn show(event: &Value, line: &str, json: bool) -> Result<(), Failure> {
    if json {
        return output::line(line);
    }
    output::line(&format_line(event))
}

/// Formats an event as one line for people.
fn format_line(event: &Value) -> String {
    let text = |name: &str| event.get(name).and_then(Value::as_str).unwrap_or("-").to_owned();
    format!(
        "{:>8}  {}  {:<28} {}  {}",
        text("position"),
        local(&text("time"), None),
        text("type"),
        text("subject"),
        event.get("data").map_or_else(String::new, Value::to_string)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_event_is_printed_in_local_time_with_its_offset() {
        let event = json!({ "position": "7", "time": "2026-03-02T02:00:00.000000Z", "type": "call.answered",
            "subject": "call-1", "data": {} });
        let line = format_line(&event);
        assert!(
            line.starts_with("       7  2026-03-02 10:00:00.000 +08:00  call.answered "),
            "{line}"
        );
    }
}
