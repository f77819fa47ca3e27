//! Figures of this moment: one picture, or a stream of pictures, each with the position and age it stands
//! at (REP-3).

use crate::endpoint::{Ctx, Endpoint, Input};
use crate::event_stream::{self, MESSAGE_BYTES_MAX};
use crate::live::{self, Watching};
use crate::reply::Done;
use domain::problem::Problem;
use std::sync::Arc;
use warp::Reply;

pub(crate) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get(
            "/api/v1/live",
            "Figures of this moment: open calls, the last five minutes and hour, by campaign and trunk",
            |ctx, _| Box::pin(std::future::ready(show(&ctx))),
        ),
        Endpoint::get(
            "/api/v1/live/stream",
            "The same as server-sent events named `figures`: when something changed, and every 5 s",
            |ctx, _| Box::pin(std::future::ready(follow(&ctx))),
        ),
        Endpoint::get(
            "/api/v1/live/ws",
            "The same as a WebSocket: one text message a picture",
            |ctx, input| Box::pin(std::future::ready(follow_by_web_socket(&ctx, input))),
        ),
    ]
}

fn show(ctx: &Ctx) -> Result<Done, Problem> {
    let figures = ctx.live().latest()?;
    let clock = ctx.opened.environment.clock.as_ref();
    Ok(Done::Read(live::shown(&figures, clock)))
}

fn follow(ctx: &Ctx) -> Result<Done, Problem> {
    Ok(Done::Stream(live::sse(watching(ctx)?)))
}

fn follow_by_web_socket(ctx: &Ctx, mut input: Input) -> Result<Done, Problem> {
    let upgrade = input.take_upgrade()?;
    let watching = watching(ctx)?;
    let ctx = Arc::clone(ctx);
    let response = upgrade
        .max_message_size(MESSAGE_BYTES_MAX)
        .max_frame_size(MESSAGE_BYTES_MAX)
        .on_upgrade(async move |socket| {
            let following = live::web_socket(socket, watching);
            ctx.tasks().spawn("live-socket", Box::pin(following));
        });
    Ok(Done::Stream(response.into_response()))
}

fn watching(ctx: &Ctx) -> Result<Watching, Problem> {
    let environment = &ctx.opened.environment;
    Ok(Watching {
        pictures: ctx.live().watch(),
        clock: Arc::clone(&environment.clock),
        stop: environment.tasks.stop_signal(),
        _place: event_stream::place()?,
    })
}
