//! Routes of named subscribers to the event stream: list, acknowledge, reset, remove. A subscriber is created
//! when it first follows the stream.

use crate::api_description::{ChangeReply, ReadReply};
use crate::endpoint::{Ctx, Endpoint, EndpointSubject, Input, Permission};
use crate::paging::{LONG, ListPage, PAGED, Paging};
use crate::reply::WriteResult;
use application::subscribers::{
    SubscriberChanged, SubscriberList, SubscriberResponse, acknowledge, all, one, remove, reset,
    resolve_subscriber,
};
use domain::problem::Problem;
use domain::stored_event::Position;
use domain::subscriber::{REASON_BYTES_MAX, SubscriberId};
use intake::members::ApiRequest;
use schemars::JsonSchema;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/api/v1/subscribers", "List subscribers", list)
            .describe("For each: its filter, the acknowledged position, and how far it is behind.")
            .needs(Permission::EventsRead, EndpointSubject::Handler)
            .query(PAGED)
            .skip_view_wait(),
        Endpoint::get("/api/v1/subscribers/{name}", "Get a subscriber", show)
            .describe("Returns one subscriber with how far it is behind.")
            .needs(Permission::EventsRead, EndpointSubject::Handler),
        Endpoint::post(
            "/api/v1/subscribers/{name}/acknowledge",
            "Acknowledge events",
            taken,
        )
        .describe(
            "Declares that the subscriber has processed everything up to a position. The reply is sent \
             when that is stored.",
        )
        .needs(Permission::EventsRead, EndpointSubject::Handler)
        .takes::<AcknowledgmentRequest>(),
        Endpoint::post(
            "/api/v1/subscribers/{name}/reset",
            "Reset a subscriber",
            send_back,
        )
        .describe("Moves the subscriber back or forward: it continues after the given position.")
        .needs(Permission::EventsRead, EndpointSubject::Handler)
        .takes::<SubscriberReset>(),
        Endpoint::post("/api/v1/subscribers/{name}/remove", "Remove a subscriber", leave)
            .describe("Deletes the name and its position. Open connections of the subscriber end.")
            .needs(Permission::EventsRead, EndpointSubject::Handler)
            .takes::<SubscriberRemoval>(),
    ]
}

/// The body of a subscriber's acknowledgment: the position up to which it has processed events.
#[derive(ApiRequest, JsonSchema)]
#[schemars(extend("examples" = [{ "position": "142", "turn": 1 }]))]
struct AcknowledgmentRequest {
    /// Position of the last processed event, or of a `position` message.
    #[schemars(with = "String")]
    #[member(parse)]
    position: Position,
    /// The `turn` of the subscriber when it received the event. A reset starts another turn; an
    /// acknowledgment of an earlier turn does not undo it.
    #[schemars(range(min = 1, max = u32::MAX))]
    turn: Option<u32>,
}

/// The body that resets a subscriber: the position after which it continues.
#[derive(ApiRequest, JsonSchema)]
#[schemars(extend("examples" = [{ "after": "0", "reason": "the warehouse was restored" }]))]
struct SubscriberReset {
    /// A log position; 0 for all events.
    #[schemars(with = "String")]
    #[member(parse)]
    after: Position,
    /// Stored permanently; must not name a person.
    #[schemars(length(max = REASON_BYTES_MAX))]
    reason: Option<String>,
}

/// The body that removes a subscriber: an optional reason.
#[derive(ApiRequest, JsonSchema)]
#[schemars(extend("examples" = [{ "reason": "moved to a webhook" }]))]
struct SubscriberRemoval {
    /// Stored permanently; must not name a person.
    #[schemars(length(max = REASON_BYTES_MAX))]
    reason: Option<String>,
}

async fn list(ctx: Ctx, input: Input) -> Result<ReadReply<ListPage<SubscriberList>>, Problem> {
    let paging = Paging::of(&ctx.installation, &input, LONG)?;
    let mut list = all(&ctx.installation, &input.caller).await?;
    let (items, next_cursor) = paging.cut(list.items, |shown| shown.name.clone())?;
    list.items = items;
    Ok(ReadReply(ListPage { list, next_cursor }))
}

async fn show(ctx: Ctx, input: Input) -> Result<ReadReply<SubscriberResponse>, Problem> {
    let name = named(&input)?;
    one(&ctx.installation, &name).await.map(ReadReply)
}

async fn taken(ctx: Ctx, input: Input) -> Result<ChangeReply<SubscriberChanged>, Problem> {
    let name = named(&input)?;
    let cause = input.cause(&ctx.installation, "subscribers/acknowledge")?;
    let order: AcknowledgmentRequest = input.order().await?;
    let changed = acknowledge(&ctx.installation, &name, order.position, order.turn, cause);
    changed.await.map(changed_of)
}

async fn send_back(ctx: Ctx, input: Input) -> Result<ChangeReply<SubscriberChanged>, Problem> {
    let name = named(&input)?;
    let cause = input.cause(&ctx.installation, "subscribers/reset")?;
    let order: SubscriberReset = input.order().await?;
    let changed = reset(&ctx.installation, &name, order.after, order.reason, cause);
    changed.await.map(changed_of)
}

async fn leave(ctx: Ctx, input: Input) -> Result<ChangeReply<SubscriberChanged>, Problem> {
    let name = named(&input)?;
    let cause = input.cause(&ctx.installation, "subscribers/remove")?;
    let order: SubscriberRemoval = input.order().await?;
    let changed = remove(&ctx.installation, &name, order.reason, cause);
    changed.await.map(changed_of)
}

/// Returns the subscriber in the path, if the caller may use it.
fn named(input: &Input) -> Result<SubscriberId, Problem> {
    resolve_subscriber(&input.caller, &input.param(0)?)
}

const fn changed_of(changed: SubscriberChanged) -> ChangeReply<SubscriberChanged> {
    ChangeReply(WriteResult {
        version: None,
        position: Some(changed.position),
        body: changed,
    })
}
