//! Any entity over HTTP, of whatever kind: what its stream says, now or as of a time, in one form for all.
//!
//! The last event of each kind says what was set last. Kinds of entities that this build has no page for are
//! asked here too.

use crate::comparisons::number_ids;
use crate::described::Read;
use crate::endpoint::{About, Ctx, Endpoint, Input, Permission};
use application::as_of::{Known, Moment, PARAMETERS, Then};
use application::cloud_event::CloudEvent;
use domain::ids::StreamId;
use domain::ports::event_store::PAGE_EVENTS_MAX;
use domain::problem::Problem;
use domain::stored_event::{StoredEvent, StreamVersion};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;

/// Longest stream that is read for one answer; a customer's or campaign's is far shorter.
const STREAM_EVENTS_MAX: u64 = 200_000;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get(
            "/api/v1/streams/{stream}",
            "One entity by its stream, such as call-… or flow-…: the last event of each kind, sealed as stored",
            show,
        )
.needs(Permission::EventsRead, About::Everybody)
        .query(PARAMETERS),
    ]
}

/// What was looked at of a stream.
#[derive(Default)]
struct Folded {
    version: StreamVersion,
    events: u64,
    latest: BTreeMap<String, CloudEvent>,
}

async fn show(ctx: Ctx, input: Input) -> Result<Read<StreamShown>, Problem> {
    let stream = StreamId::from_stored(input.param(0)?);
    let moment = Moment::of(input.query())?;
    let then = if moment.is_now() {
        None
    } else {
        Some(
            moment
                .resolve(ctx.installation.store(), ctx.installation.now())
                .await?,
        )
    };
    let ids = number_ids(&input.caller);
    let mut read = Folded::default();
    loop {
        let after = read.version;
        let page = ctx
            .installation
            .store()
            .read_stream(&stream, after, PAGE_EVENTS_MAX)
            .await?;
        let known = |event: &&StoredEvent| then.is_none_or(|then| then.knows(event));
        for event in page.iter().take_while(known) {
            take(&mut read, &ids.of_event(event), then.as_ref())?;
        }
        if read.version.0 < after.0 + PAGE_EVENTS_MAX as u64 {
            break;
        }
        if read.version.0 >= STREAM_EVENTS_MAX {
            let detail =
                format!("a stream with more than {STREAM_EVENTS_MAX} events cannot be replayed here");
            return Err(Problem::refused("stream-too-long", detail));
        }
    }
    if read.events == 0 {
        return Err(Problem::missing("this stream, at the time asked for,"));
    }
    Ok(Read(StreamShown {
        aggregate: stream.aggregate().to_owned(),
        stream,
        version: read.version,
        events: read.events,
        latest: read.latest,
        known: then.map(|then| then.describe()),
    }))
}

/// One entity by its stream.
#[derive(Debug, Serialize, JsonSchema)]
struct StreamShown {
    stream: StreamId,
    #[schemars(example = &"campaign")]
    aggregate: String,
    version: StreamVersion,
    events: u64,
    /// The last event of each kind.
    #[schemars(extend("examples" = [{}]))]
    latest: BTreeMap<String, CloudEvent>,
    /// Of the past: where the answer lies.
    #[serde(skip_serializing_if = "Option::is_none")]
    known: Option<Known>,
}

fn take(read: &mut Folded, event: &StoredEvent, then: Option<&Then>) -> Result<(), Problem> {
    let unreadable = |error: &dyn std::error::Error| Problem::fault(error.to_string());
    let envelope = event.envelope().map_err(|error| unreadable(&error))?;
    read.version = envelope.stream_version;
    let valid_at = then.and_then(Then::valid_at);
    if valid_at.is_some_and(|valid_at| envelope.at > valid_at) {
        return Ok(());
    }
    read.events += 1;
    let shown = CloudEvent::read(event).map_err(|error| unreadable(&error))?;
    read.latest.insert(envelope.kind, shown);
    Ok(())
}
