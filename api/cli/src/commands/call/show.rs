//! `ledgerline call show`: shows one call, now or at a past moment, from the running server or from a log.

use crate::commands::call::callee::CallReadContext;
use crate::kit::failure::Failure;
use crate::kit::output;
use crate::kit::reader::ReaderArgs;
use crate::page::{self, Language};
use application::as_of::{Moment, describe_at};
use application::calls::stream_of;
use application::cloud_event::CloudEvent;
use application::format_localized;
use application::language::localized;
use application::logged_recording::read_logged_recording;
use application::percent::encode;
use application::reply_value::value;
use domain::ids::CallId;
use domain::ports::clock::Clock;
use domain::stored_event::StoredEvent;
use host::app::ReadOnlyLog;
use host::clock::SystemClock;
use host::keys_spec::KeysSpec;
use host::outbound::server_locator::{ServerArgs, ServerConnection};
use host::store_spec::StoreSpec;
use hyper::Method;
use serde_json::{Value, json};
use store::KEYS_FILE;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Id of the call
    id: CallId,
    /// As known then: events up to this position, or recorded up to this instant (RFC 3339)
    #[arg(long, value_name = "POSITION|INSTANT")]
    as_of: Option<String>,
    /// Also as true at this instant, with later corrections applied
    #[arg(long, value_name = "INSTANT")]
    valid_at: Option<String>,
    #[command(flatten)]
    reader: ReaderArgs,
    /// Do not record this read in the log; the number called then stays sealed
    #[arg(long, conflicts_with = "server")]
    unrecorded: bool,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    /// Read this log directly instead of asking a server: sqlite:DIR or postgres://…
    #[arg(long, value_name = "URL", conflicts_with = "server")]
    store: Option<StoreSpec>,
    #[command(flatten)]
    keys: KeysSpec,
    #[command(flatten)]
    server: ServerArgs,
}

pub(super) async fn run(args: Args) -> Result<(), Failure> {
    let embedded = || args.server.data.clone().map(StoreSpec::Sqlite);
    let shown = match (&args.server.server, args.store.clone().or_else(embedded)) {
        (None, Some(spec)) => from_log(&spec, &args).await?,
        (Some(_), _) | (None, None) => from_server(&args).await?,
    };
    if args.json {
        return output::json(&shown);
    }
    page::show(&page::call(&shown, Language::current()))
}

async fn from_server(args: &Args) -> Result<Value, Failure> {
    let (server, call) = (ServerConnection::find(&args.server)?, args.id);
    let mut query = Vec::new();
    for (name, value) in [("as_of", &args.as_of), ("valid_at", &args.valid_at)] {
        query.extend(value.as_ref().map(|value| format!("{name}={}", encode(value))));
    }
    let path = format!("/api/v1/calls/{call}?{}", query.join("&"));
    let mut shown = server.ask(Method::GET, &args.reader.put(&path), None).await?;
    let events = server
        .ask(Method::GET, &format!("/api/v1/calls/{call}/events"), None)
        .await?;
    if let (Some(members), Some(items)) = (shown.as_object_mut(), events.get("items")) {
        members.insert("events".to_owned(), items.clone());
    }
    Ok(shown)
}

/// Reads the call from the log. Without keys, or if the read cannot be recorded, the number stays sealed.
async fn from_log(spec: &StoreSpec, args: &Args) -> Result<Value, Failure> {
    let moment = Moment::parse(args.as_of.as_deref(), args.valid_at.as_deref())?;
    let opened = ReadOnlyLog::of(spec).await?;
    let read = async {
        let stored = stream_of(opened.store.as_ref(), args.id).await?;
        let now = SystemClock::default().now();
        let then = moment.resolve(opened.store.as_ref(), now).await;
        let callee = callee(spec, args, &opened, &stored).await;
        Ok::<_, Failure>((stored, then, callee))
    };
    let read = read.await;
    opened.close().await;
    let (stored, then, callee) = read?;
    if stored.is_empty() {
        return Err(Failure::refused(format_localized!(
            "呼叫 {} 不存在",
            "call {} does not exist",
            args.id
        )));
    }
    let mut described = describe_at(args.id, &stored, &then?)?;
    if moment.is_now() {
        described.recording = read_logged_recording(&stored)?;
    }
    let mut shown = value(&described);
    let mut events = Vec::with_capacity(stored.len());
    for one in &stored {
        let event = CloudEvent::read(one).map_err(|error| Failure::fault(error.to_string()))?;
        events.push(event.value());
    }
    if let Some(members) = shown.as_object_mut() {
        members.insert("events".to_owned(), json!(events));
        members.insert("callee".to_owned(), json!(callee));
    }
    Ok(shown)
}

/// Returns the masked number if the keys are available. Otherwise returns `None`; a notice states the reason
/// unless there are no keys.
async fn callee(spec: &StoreSpec, args: &Args, log: &ReadOnlyLog, stored: &[StoredEvent]) -> Option<String> {
    let data = match (&args.server.data, spec) {
        (Some(data), _) | (None, StoreSpec::Sqlite(data)) => data,
        (None, StoreSpec::Postgres(_) | StoreSpec::Kurrent(_)) => return None,
    };
    let at_hand = args.keys.url().is_some() || args.keys.directory(data).join(KEYS_FILE).exists();
    if stored.is_empty() || !at_hand {
        return None;
    }
    if args.unrecorded {
        output::notice(localized(
            "按要求不记录本次查看，被叫号码保持加密",
            "not recorded, as requested: the callee stays sealed",
        ));
        return None;
    }
    let reading = CallReadContext {
        spec,
        data,
        keys: &args.keys,
        reader: &args.reader,
    };
    reading
        .masked(args.id, log, stored)
        .await
        .unwrap_or_else(|failure| {
            output::notice(&format_localized!(
                "被叫号码保持加密：{failure}",
                "the callee stays sealed: {failure}"
            ));
            None
        })
}
