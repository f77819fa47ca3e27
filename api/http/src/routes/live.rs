//! Routes of the live figures: one snapshot, or a stream of snapshots. Each has its log position and age
//! (REP-3).

use crate::api_description::{EventStreamReply, ReadReply, WebSocketReply};
use crate::endpoint::{Endpoint, EndpointSubject, Input, Permission};
use crate::event_stream::web_socket::MESSAGE_BYTES_MAX;
use crate::live::{self, LiveSnapshotFilter, LiveSnapshotResponse, LiveStreamContext};
use application::access::{AccessStopSignal, Caller};
use application::event_stream::{self, StreamUse};
use application::installation::Installation;
use domain::permission::DataScope;
use domain::problem::Problem;
use std::sync::Arc;
use warp::Reply;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/api/v1/live", "Get the live figures", |ctx, input| {
            std::future::ready(show(&ctx.installation, input))
        })
        .describe(
            "Open calls, the last five minutes and the last hour, by campaign and trunk, and the load of \
             the lines with its limit, within the caller's data scope.",
        )
        .needs(Permission::FiguresRead, EndpointSubject::Handler),
        Endpoint::get(
            "/api/v1/live/stream",
            "Follow the live figures as server-sent events",
            |ctx, input| std::future::ready(follow(&ctx.installation, input)),
        )
        .describe("Sends an event `figures` when something changed, and every 5 s.")
        .needs(Permission::FiguresRead, EndpointSubject::Handler),
        Endpoint::get(
            "/api/v1/live/ws",
            "Follow the live figures over a WebSocket",
            |ctx, input| std::future::ready(follow_by_web_socket(&ctx.installation, input)),
        )
        .describe("Sends one text message per snapshot, when something changed and every 5 s.")
        .needs(Permission::FiguresRead, EndpointSubject::Handler),
    ]
}

fn show(installation: &Installation, input: Input) -> Result<ReadReply<LiveSnapshotResponse>, Problem> {
    let figures = installation.live.latest()?;
    Ok(ReadReply(watcher(installation, input.scope).shown(&figures)))
}

/// Builds the watcher of a caller. It shows only campaigns in the caller's data scope.
fn watcher(installation: &Installation, scope: DataScope) -> LiveSnapshotFilter {
    LiveSnapshotFilter {
        scope,
        clock: Arc::clone(&installation.environment.clock),
        dialing: Arc::clone(&installation.dialing),
    }
}

fn follow(installation: &Arc<Installation>, input: Input) -> Result<EventStreamReply, Problem> {
    Ok(EventStreamReply(live::sse(watching(
        installation,
        input.caller,
        input.scope,
    )?)))
}

fn follow_by_web_socket(
    installation: &Arc<Installation>,
    mut input: Input,
) -> Result<WebSocketReply, Problem> {
    let upgrade = input.take_upgrade()?;
    let watching = watching(installation, input.caller, input.scope)?;
    let installation = Arc::clone(installation);
    let response = upgrade
        .max_message_size(MESSAGE_BYTES_MAX)
        .max_frame_size(MESSAGE_BYTES_MAX)
        .on_upgrade(async move |socket| {
            let following = live::web_socket(socket, watching);
            installation.tasks().spawn("live-socket", Box::pin(following));
        });
    Ok(WebSocketReply(response.into_response()))
}

fn watching(
    installation: &Arc<Installation>,
    caller: Caller,
    scope: DataScope,
) -> Result<LiveStreamContext, Problem> {
    let place = event_stream::place(&caller, StreamUse::of_live(&caller))?;
    Ok(LiveStreamContext {
        pictures: installation.live.watch(),
        watcher: watcher(installation, scope),
        stop: AccessStopSignal::of(installation, caller),
        _place: place,
    })
}
