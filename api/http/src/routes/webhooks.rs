//! Routes of webhooks: add (the secret is shown once), list, change, test, replay, rotate the secret, take
//! over, remove.

use crate::described::{Changed, MadeOrChanged, Read};
use crate::endpoint::{About, Ctx, Endpoint, Input, Permission};
use crate::guard::limited;
use crate::paging::{LONG, PAGED_THEN, Paged, Paging};
use crate::reply::Written;
use application::as_of::{Moment, PARAMETERS};
use application::owners::TakeOverOrder;
use application::webhooks::{
    Adding, DeadLetters, Sought, WebhookChangeOrder, WebhookChanged, WebhookList, WebhookMade, WebhookOrder,
    WebhookRemoval, WebhookShown, WebhookTakenOver, WebhookTested, add_webhook, all, change_webhook,
    dead_letters, one, reached, remove, replay, rotate, take_over, test,
};
use domain::ids::WebhookId;
use domain::permission::People;
use domain::problem::{MemberError, Problem};
use domain::stored_event::Position;
use domain::webhook::Format;
use intake::members::{Members, Order};
use schemars::JsonSchema;
use serde::Serialize;

pub(super) fn endpoints() -> Vec<Endpoint> {
    let mut endpoints = vec![
        Endpoint::get("/api/v1/webhooks", "List webhooks", list)
            .describe(
                "Returns each webhook's URL, event filter, owner, delivery position and number of waiting \
                 events.",
            )
            .needs(Permission::WebhooksRead, About::Handler)
            .query(PAGED_THEN)
            .of_rows_as_they_are(),
        Endpoint::post("/api/v1/webhooks", "Add a webhook", add)
            .describe("Delivers events from now on. The reply contains the signing secret once.")
            .needs(Permission::WebhooksWrite, About::Handler)
            .takes::<WebhookOrder>(),
        Endpoint::get("/api/v1/webhooks/{id}", "Get a webhook", show)
            .describe(
                "Returns the webhook with its delivery position, waiting events and last delivery, now or \
                 at a past moment.",
            )
            .needs(Permission::WebhooksRead, About::Handler)
            .query(PARAMETERS)
            .of_rows_as_they_are(),
        Endpoint::put("/api/v1/webhooks/{id}", "Change a webhook", change)
            .describe("Changes the event filter, the format or the URL. Absent members stay as they are.")
            .needs(Permission::WebhooksWrite, About::Handler)
            .takes::<WebhookChangeOrder>(),
    ];
    endpoints.extend(of_deliveries());
    endpoints
}

/// Dead letters, test messages, replays, secrets, owners and removals.
fn of_deliveries() -> Vec<Endpoint> {
    vec![
        Endpoint::get(
            "/api/v1/webhooks/{id}/dead-letters",
            "List the dead letters of a webhook",
            dead,
        )
        .describe("Returns the latest 1,000 events that the receiver never accepted.")
        .needs(Permission::WebhooksRead, About::Handler)
        .query(PAGED_THEN)
        .of_rows_as_they_are(),
        Endpoint::post(
            "/api/v1/webhooks/{id}/test",
            "Send a test message to a webhook",
            try_it,
        )
        .describe("Sends a message without content at once and returns the receiver's answer.")
        .needs(Permission::WebhooksWrite, About::Handler),
        Endpoint::post(
            "/api/v1/webhooks/{id}/replay",
            "Replay events to a webhook",
            again,
        )
        .describe(
            "Sends everything after a log position again, dead letters included. Also enables a webhook \
             again that was disabled because its receiver was gone.",
        )
        .needs(Permission::WebhooksWrite, About::Handler)
        .takes::<ReplayOrder>(),
        Endpoint::post(
            "/api/v1/webhooks/{id}/rotate",
            "Rotate the secret of a webhook",
            rotate_it,
        )
        .describe(
            "Makes a new signing secret; the reply contains it once. The old secret signs as well for one \
             day.",
        )
        .needs(Permission::WebhooksWrite, About::Handler),
        Endpoint::post(
            "/api/v1/webhooks/{id}/take-over",
            "Become the owner of a webhook",
            take_it_over,
        )
        .describe(
            "The webhook delivers with the caller's rights from now on. Events that waited because the \
             previous owner was disabled or lost a right are sent.",
        )
        .needs(Permission::WebhooksWrite, About::Handler)
        .takes::<TakeOverOrder>(),
        Endpoint::post("/api/v1/webhooks/{id}/remove", "Remove a webhook", remove_it)
            .describe("Ends the delivery to this receiver.")
            .needs(Permission::WebhooksWrite, About::Handler)
            .takes::<WebhookRemoval>(),
    ]
}

/// The body of a replay: the position after which to send again.
#[derive(JsonSchema)]
#[schemars(extend("examples" = [{ "after": "0" }]))]
struct ReplayOrder {
    /// A log position; 0 for all events.
    #[schemars(with = "String")]
    after: Position,
}

impl Order for ReplayOrder {
    fn read(body: &mut Members) -> Self {
        if body.is_absent("after") {
            body.wrong("after", "is missing");
        }
        Self {
            after: Position(body.parsed("after").unwrap_or_default()),
        }
    }
}

/// Returns the filter for webhooks within the caller's data scope.
const fn sought(input: &Input) -> Sought<'_> {
    Sought {
        scope: &input.scope,
        is_channel: false,
    }
}

async fn list(ctx: Ctx, input: Input) -> Result<Read<Paged<WebhookList>>, Problem> {
    let paging = Paging::of(&ctx.installation, &input, LONG)?;
    let moment = Moment::of(input.query())?;
    let all = all(&ctx.installation, sought(&input), moment).await?.items;
    let (items, next_cursor) = paging.cut(all, |item| (item.since, item.id))?;
    Ok(Read(Paged {
        list: WebhookList { items },
        next_cursor,
    }))
}

async fn show(ctx: Ctx, input: Input) -> Result<Read<WebhookShown>, Problem> {
    let id: WebhookId = input.id(0, "this webhook")?;
    let moment = Moment::of(input.query())?;
    one(&ctx.installation, id, sought(&input), moment).await.map(Read)
}

async fn dead(ctx: Ctx, input: Input) -> Result<Read<Paged<DeadLetters>>, Problem> {
    let paging = Paging::of(&ctx.installation, &input, LONG)?;
    let id: WebhookId = input.id(0, "this webhook")?;
    let moment = Moment::of(input.query())?;
    let mut list = dead_letters(&ctx.installation, id, sought(&input), moment).await?;
    let (items, next_cursor) = paging.cut(list.items, |letter| letter.position.0)?;
    list.items = items;
    Ok(Read(Paged { list, next_cursor }))
}

async fn add(ctx: Ctx, input: Input) -> Result<MadeOrChanged<WebhookMade>, Problem> {
    let cause = input.cause(&ctx.installation, "webhooks")?;
    let (scope, caller) = (input.scope.clone(), input.caller.clone());
    if scope.people != People::All {
        return Err(limited(
            "a webhook needs a scope over all customers of its campaigns",
        ));
    }
    let order: WebhookOrder = input.order().await?;
    if matches!(order.format, Format::Mail | Format::Sms) {
        return Err(Problem::members(vec![MemberError {
            pointer: "/format".to_owned(),
            detail: "mail and short messages are for alerts: add an alert channel (alerts/channels)"
                .to_owned(),
        }]));
    }
    let adding = Adding {
        caller: &caller,
        scope: &scope,
        is_channel: false,
    };
    let made = add_webhook(&ctx.installation, order, adding, cause).await?;
    Ok(made_of(made))
}

/// A webhook after a change.
#[derive(Debug, Serialize, JsonSchema)]
struct WebhookWritten {
    #[serde(flatten)]
    webhook: WebhookShown,
    position: String,
}

async fn change(ctx: Ctx, input: Input) -> Result<Changed<WebhookWritten>, Problem> {
    let id: WebhookId = input.id(0, "this webhook")?;
    let cause = input.cause(&ctx.installation, "webhooks/change")?;
    let (scope, caller) = (input.scope.clone(), input.caller.clone());
    let order: WebhookChangeOrder = input.order().await?;
    let adding = Adding {
        caller: &caller,
        scope: &scope,
        is_channel: false,
    };
    let replaced = change_webhook(&ctx.installation, id, order, adding, cause).await?;
    Ok(Changed(Written {
        version: Some(replaced.revision),
        position: Some(replaced.position),
        body: WebhookWritten {
            webhook: replaced.shown,
            position: replaced.position.to_string(),
        },
    }))
}

fn made_of(made: WebhookMade) -> MadeOrChanged<WebhookMade> {
    MadeOrChanged::Made(Written {
        version: None,
        position: Some(made.position),
        body: made,
    })
}

async fn try_it(ctx: Ctx, input: Input) -> Result<Changed<WebhookTested>, Problem> {
    let id: WebhookId = input.id(0, "this webhook")?;
    let cause = input.cause(&ctx.installation, "webhooks/test")?;
    reached(&ctx.installation, id, &input.scope, false).await?;
    let tested = test(&ctx.installation, id, cause).await?;
    Ok(tested_of(tested))
}

const fn tested_of(tested: WebhookTested) -> Changed<WebhookTested> {
    Changed(Written {
        version: None,
        position: Some(tested.position),
        body: tested,
    })
}

async fn again(ctx: Ctx, input: Input) -> Result<Changed<WebhookChanged>, Problem> {
    let id: WebhookId = input.id(0, "this webhook")?;
    let cause = input.cause(&ctx.installation, "webhooks/replay")?;
    reached(&ctx.installation, id, &input.scope, false).await?;
    let order: ReplayOrder = input.order().await?;
    replay(&ctx.installation, id, order.after, cause)
        .await
        .map(changed_of)
}

async fn rotate_it(ctx: Ctx, input: Input) -> Result<Changed<WebhookMade>, Problem> {
    let id: WebhookId = input.id(0, "this webhook")?;
    let cause = input.cause(&ctx.installation, "webhooks/rotate")?;
    reached(&ctx.installation, id, &input.scope, false).await?;
    let made = rotate(&ctx.installation, id, cause).await?;
    Ok(Changed(Written {
        version: None,
        position: Some(made.position),
        body: made,
    }))
}

async fn take_it_over(ctx: Ctx, input: Input) -> Result<Changed<WebhookTakenOver>, Problem> {
    let id: WebhookId = input.id(0, "this webhook")?;
    let cause = input.cause(&ctx.installation, "webhooks/take-over")?;
    let (scope, caller) = (input.scope.clone(), input.caller.clone());
    let order: TakeOverOrder = input.order().await?;
    let by = Adding {
        caller: &caller,
        scope: &scope,
        is_channel: false,
    };
    let taken = take_over(&ctx.installation, id, by, order.reason, cause).await?;
    Ok(Changed(Written {
        version: None,
        position: Some(taken.position),
        body: taken,
    }))
}

async fn remove_it(ctx: Ctx, input: Input) -> Result<Changed<WebhookChanged>, Problem> {
    let id: WebhookId = input.id(0, "this webhook")?;
    let cause = input.cause(&ctx.installation, "webhooks/remove")?;
    reached(&ctx.installation, id, &input.scope, false).await?;
    let order: WebhookRemoval = input.order().await?;
    remove(&ctx.installation, id, order.reason, cause)
        .await
        .map(changed_of)
}

const fn changed_of(changed: WebhookChanged) -> Changed<WebhookChanged> {
    Changed(Written {
        version: None,
        position: Some(changed.position),
        body: changed,
    })
}
