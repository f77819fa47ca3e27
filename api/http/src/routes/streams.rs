//! The route that shows any entity by its stream, now or at a past moment, in one format for all kinds.
//!
//! The last event of each kind shows what was set last. It works also for kinds of entities that have no
//! route of their own.

use crate::api_description::ReadReply;
use crate::comparisons::number_ids;
use crate::endpoint::{Ctx, Endpoint, EndpointSubject, Input, Permission};
use application::as_of::{Moment, PARAMETERS, PastMomentInfo, ResolvedMoment};
use application::cloud_event::CloudEvent;
use domain::ids::StreamId;
use domain::ports::event_store::PAGE_EVENTS_MAX;
use domain::problem::Problem;
use domain::stored_event::{StoredEvent, StreamVersion};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;

/// Maximum events of a stream that are read for a reply, a longer one is refused; streams of customers and
/// campaigns are far shorter.
const STREAM_EVENTS_MAX: u64 = 200_000;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/api/v1/streams/{stream}", "Get an entity by its stream", show)
            .describe(
                "For example call-… or flow-…. Returns the last event of each kind, sealed as stored, now \
                 or at a past moment.",
            )
            .needs(Permission::EventsRead, EndpointSubject::Everybody)
            .query(PARAMETERS),
    ]
}

/// The part of a stream that was read so far: its version, number of events, and the last event of each
/// kind.
#[derive(Default)]
struct StreamSummary {
    version: StreamVersion,
    events: u64,
    latest: BTreeMap<String, CloudEvent>,
}

async fn show(ctx: Ctx, input: Input) -> Result<ReadReply<StreamResponse>, Problem> {
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
    let mut read = StreamSummary::default();
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
    Ok(ReadReply(StreamResponse {
        aggregate: stream.aggregate().to_owned(),
        stream,
        version: read.version,
        events: read.events,
        latest: read.latest,
        known: then.map(|then| then.describe()),
    }))
}

/// An entity by its stream.
#[derive(Debug, Serialize, JsonSchema)]
struct StreamResponse {
    stream: StreamId,
    #[schemars(example = &"campaign")]
    aggregate: String,
    version: StreamVersion,
    events: u64,
    /// The last event of each kind.
    #[schemars(extend("examples" = [{}]))]
    latest: BTreeMap<String, CloudEvent>,
    /// For a past moment: what the reply is based on.
    #[serde(skip_serializing_if = "Option::is_none")]
    known: Option<PastMomentInfo>,
}

fn take(read: &mut StreamSummary, event: &StoredEvent, then: Option<&ResolvedMoment>) -> Result<(), Problem> {
    let unreadable = |error: &dyn std::error::Error| Problem::fault(error.to_string());
    let envelope = event.envelope().map_err(|error| unreadable(&error))?;
    read.version = envelope.stream_version;
    let valid_at = then.and_then(ResolvedMoment::valid_at);
    if valid_at.is_some_and(|valid_at| envelope.at > valid_at) {
        return Ok(());
    }
    read.events += 1;
    let shown = CloudEvent::read(event).map_err(|error| unreadable(&error))?;
    read.latest.insert(envelope.kind, shown);
    Ok(())
}
