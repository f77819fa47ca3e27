//! Named subscribers over HTTP: how far each is, acknowledged, sent back, removed. They begin by following.

use crate::described::{Changed, Read};
use crate::endpoint::{About, Ctx, Endpoint, Input, Permission};
use crate::paging::{LONG, PAGED, Paged, Paging};
use crate::reply::Written;
use application::subscribers::{
    SubscriberChanged, SubscriberList, SubscriberShown, acknowledge, all, one, reached, remove, reset,
};
use domain::problem::Problem;
use domain::stored_event::Position;
use domain::subscriber::{REASON_BYTES_MAX, SubscriberId};
use intake::members::{Members, Order};
use schemars::JsonSchema;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get(
            "/api/v1/subscribers",
            "Named subscribers: what each follows, up to where it has acknowledged, and how far it is behind",
            list,
        )
        .needs(Permission::EventsRead, About::Handler)
        .query(PAGED)
        .of_rows_as_they_are(),
        Endpoint::get(
            "/api/v1/subscribers/{name}",
            "One subscriber, with how far it is behind",
            show,
        )
        .needs(Permission::EventsRead, About::Handler),
        Endpoint::post(
            "/api/v1/subscribers/{name}/acknowledge",
            "The reader has everything up to a position; answered when that is stored",
            taken,
        )
        .needs(Permission::EventsRead, About::Handler)
        .takes::<Acknowledged>(),
        Endpoint::post(
            "/api/v1/subscribers/{name}/reset",
            "Send a subscriber back, or forward: it is told what comes after a position",
            send_back,
        )
        .needs(Permission::EventsRead, About::Handler)
        .takes::<SubscriberReset>(),
        Endpoint::post(
            "/api/v1/subscribers/{name}/remove",
            "Nobody follows under this name any more; its position is forgotten",
            leave,
        )
        .needs(Permission::EventsRead, About::Handler)
        .takes::<SubscriberRemoval>(),
    ]
}

/// Up to where the reader has it.
#[derive(JsonSchema)]
#[schemars(extend("examples" = [{ "position": "142", "turn": 1 }]))]
struct Acknowledged {
    /// Of the last event that was taken, or of a note `position`.
    #[schemars(with = "String")]
    position: Position,
    /// The `turn` that the subscriber showed when it was told this; a reset begins another one, which this
    /// then does not undo.
    turn: Option<u32>,
}

impl Order for Acknowledged {
    fn read(body: &mut Members) -> Self {
        Self {
            position: position(body, "position"),
            turn: body.count("turn", 1, u32::MAX),
        }
    }
}

/// Where it goes on.
#[derive(JsonSchema)]
#[schemars(extend("examples" = [{ "after": "0", "reason": "the warehouse was restored" }]))]
struct SubscriberReset {
    /// A position of the log; 0 for everything.
    #[schemars(with = "String")]
    after: Position,
    /// Stored for ever; name no person.
    #[schemars(length(max = REASON_BYTES_MAX))]
    reason: Option<String>,
}

impl Order for SubscriberReset {
    fn read(body: &mut Members) -> Self {
        Self {
            after: position(body, "after"),
            reason: body.short_text("reason", REASON_BYTES_MAX),
        }
    }
}

/// Why it is removed.
#[derive(JsonSchema)]
#[schemars(extend("examples" = [{ "reason": "moved to a webhook" }]))]
struct SubscriberRemoval {
    /// Stored for ever; name no person.
    #[schemars(length(max = REASON_BYTES_MAX))]
    reason: Option<String>,
}

impl Order for SubscriberRemoval {
    fn read(body: &mut Members) -> Self {
        Self {
            reason: body.short_text("reason", REASON_BYTES_MAX),
        }
    }
}

fn position(body: &mut Members, name: &str) -> Position {
    if body.is_absent(name) {
        body.wrong(name, "is missing");
    }
    Position(body.parsed(name).unwrap_or_default())
}

async fn list(ctx: Ctx, input: Input) -> Result<Read<Paged<SubscriberList>>, Problem> {
    let paging = Paging::of(&ctx.installation, &input, LONG)?;
    let mut list = all(&ctx.installation, &input.caller).await?;
    let (items, next_cursor) = paging.cut(list.items, |shown| shown.name.clone())?;
    list.items = items;
    Ok(Read(Paged { list, next_cursor }))
}

async fn show(ctx: Ctx, input: Input) -> Result<Read<SubscriberShown>, Problem> {
    let name = named(&input)?;
    one(&ctx.installation, &name).await.map(Read)
}

async fn taken(ctx: Ctx, input: Input) -> Result<Changed<SubscriberChanged>, Problem> {
    let name = named(&input)?;
    let cause = input.cause(&ctx.installation, "subscribers/acknowledge")?;
    let order: Acknowledged = input.order().await?;
    let changed = acknowledge(&ctx.installation, &name, order.position, order.turn, cause);
    changed.await.map(changed_of)
}

async fn send_back(ctx: Ctx, input: Input) -> Result<Changed<SubscriberChanged>, Problem> {
    let name = named(&input)?;
    let cause = input.cause(&ctx.installation, "subscribers/reset")?;
    let order: SubscriberReset = input.order().await?;
    let changed = reset(&ctx.installation, &name, order.after, order.reason, cause);
    changed.await.map(changed_of)
}

async fn leave(ctx: Ctx, input: Input) -> Result<Changed<SubscriberChanged>, Problem> {
    let name = named(&input)?;
    let cause = input.cause(&ctx.installation, "subscribers/remove")?;
    let order: SubscriberRemoval = input.order().await?;
    let changed = remove(&ctx.installation, &name, order.reason, cause);
    changed.await.map(changed_of)
}

/// Whose subscriber the path means.
fn named(input: &Input) -> Result<SubscriberId, Problem> {
    reached(&input.caller, &input.param(0)?)
}

const fn changed_of(changed: SubscriberChanged) -> Changed<SubscriberChanged> {
    Changed(Written {
        version: None,
        position: Some(changed.position),
        body: changed,
    })
}
