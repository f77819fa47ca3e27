//! `ledgerline call show`: one call, from the running server or from a directory.

use super::failure::Failure;
use super::output;
use crate::app::ReadOnly;
use crate::outbound::own_server::{OwnServer, ServerArgs};
use crate::routes::calls::{describe, stream_of};
use domain::call::{Call, CallState};
use domain::decider::Decider;
use domain::ids::CallId;
use domain::stored_event::read_event;
use hyper::Method;
use serde_json::{Value, json};
use std::path::Path;

/// Look at calls.
#[derive(Debug, clap::Args)]
#[command(after_help = super::failure::EXIT_CODES)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Show one call with its events; with --data alone the directory is read, also while a server writes it
    Show {
        /// The call's id
        id: CallId,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        server: ServerArgs,
    },
}

pub(crate) async fn run(args: Args) -> Result<(), Failure> {
    let Action::Show { id, json, server } = args.action;
    let shown = match (&server.server, &server.data) {
        (None, Some(directory)) => from_directory(directory, id).await?,
        (Some(_), _) | (None, None) => from_server(&server, id).await?,
    };
    if json {
        return output::json(&shown);
    }
    output::pretty(&shown)
}

async fn from_server(server: &ServerArgs, call: CallId) -> Result<Value, Failure> {
    let server = OwnServer::find(server)?;
    let mut shown = server
        .ask(Method::GET, &format!("/api/v1/calls/{call}"), None)
        .await?;
    let events = server
        .ask(Method::GET, &format!("/api/v1/calls/{call}/events"), None)
        .await?;
    if let (Some(members), Some(items)) = (shown.as_object_mut(), events.get("items")) {
        members.insert("events".to_owned(), items.clone());
    }
    Ok(shown)
}

/// Without keys: the number stays sealed.
async fn from_directory(directory: &Path, call: CallId) -> Result<Value, Failure> {
    let opened = ReadOnly::open(directory)?;
    let stored = stream_of(opened.store.as_ref(), call).await;
    opened.close().await;
    let stored = stored?;
    if stored.is_empty() {
        return Err(Failure::refused(format!("call {call} does not exist")));
    }
    let mut state = CallState::default();
    let mut events = Vec::new();
    for one in &stored {
        let unreadable = |error: String| Failure::fault(format!("position {}: {error}", one.position));
        let envelope = one.envelope().map_err(|error| unreadable(error.to_string()))?;
        let event = read_event::<Call>(&envelope).map_err(|error| unreadable(error.to_string()))?;
        Call::evolve(&mut state, &event, envelope.at);
        let shown =
            crate::cloud_event::CloudEvent::read(one).map_err(|error| unreadable(error.to_string()))?;
        events.push(shown.value());
    }
    let mut shown = describe(call, &state);
    if let Some(members) = shown.as_object_mut() {
        members.insert("events".to_owned(), json!(events));
    }
    Ok(shown)
}
