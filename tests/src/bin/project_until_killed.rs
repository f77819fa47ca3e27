//! `project_until_killed LOG ROWS`: applies all events of a log to all views, from where they are, until it
//! is done or killed. Prints `at POSITION` after every batch, then `done`.
//!
//! `LOG` is `sqlite:DIR` or `postgres://…`; `ROWS` likewise.

use domain::ports::event_store::EventStore;
use projections::{InlineRunner, views};
use std::io::Write;
use tests::direct_log::{open, open_rows};
use tests::program::fail;

#[tokio::main(worker_threads = 2)]
async fn main() {
    let mut args = std::env::args().skip(1);
    let (log, rows) = (args.next().unwrap_or_default(), args.next().unwrap_or_default());
    let store = open(&log).await;
    if let Err(error) = project(store.as_ref(), &rows).await {
        fail(&error.to_string());
    }
    say("done");
}

async fn project(store: &dyn EventStore, rows: &str) -> Result<(), projections::ProjectionError> {
    let (db, _tasks) = open_rows(rows).await;
    let mut runner = InlineRunner::begin(db, views::all()).await?;
    say(&format!("from {}", runner.after().unwrap_or_default()));
    let head = store
        .head()
        .await
        .unwrap_or_else(|error| fail(&error.to_string()));
    let mut heard = |position| say(&format!("at {position}"));
    runner.feed_to(store, head, &mut heard).await
}

fn say(line: &str) {
    let mut out = std::io::stdout();
    // The parent may have ended; the work continues until the kill.
    drop(writeln!(out, "{line}").and_then(|()| out.flush()));
}
