//! Webhooks over HTTP: added with their secret shown once, listed, changed, tested, replayed, rotated,
//! removed.

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
    vec![
        Endpoint::get(
            "/api/v1/webhooks",
            "Webhooks: where they tell of what, how far they are, and what waits",
            list,
        )
        .needs(Permission::WebhooksRead, About::Handler)
        .query(PAGED_THEN)
        .of_rows_as_they_are(),
        Endpoint::post(
            "/api/v1/webhooks",
            "Tell somebody of events from now on; what signs is shown in this reply, and never again",
            add,
        )
        .needs(Permission::WebhooksWrite, About::Handler)
        .takes::<WebhookOrder>(),
        Endpoint::get("/api/v1/webhooks/{id}", "One webhook", show)
            .needs(Permission::WebhooksRead, About::Handler)
            .query(PARAMETERS)
            .of_rows_as_they_are(),
        Endpoint::put(
            "/api/v1/webhooks/{id}",
            "Tell a webhook of other events, in another form or elsewhere; what is left out stays",
            change,
        )
        .needs(Permission::WebhooksWrite, About::Handler)
        .takes::<WebhookChangeOrder>(),
        Endpoint::get(
            "/api/v1/webhooks/{id}/dead-letters",
            "The events that it never took, the latest 1,000 by name",
            dead,
        )
        .needs(Permission::WebhooksRead, About::Handler)
        .query(PAGED_THEN)
        .of_rows_as_they_are(),
        Endpoint::post(
            "/api/v1/webhooks/{id}/test",
            "Send a message that tells of nothing, now, and see what comes back",
            try_it,
        )
        .needs(Permission::WebhooksWrite, About::Handler),
        Endpoint::post(
            "/api/v1/webhooks/{id}/replay",
            "Send everything behind a position again; a receiver that was gone is told again",
            again,
        )
        .needs(Permission::WebhooksWrite, About::Handler)
        .takes::<ReplayOrder>(),
        Endpoint::post(
            "/api/v1/webhooks/{id}/rotate",
            "Make another secret, shown in this reply and never again; the old one signs beside it for a day",
            rotate_it,
        )
        .needs(Permission::WebhooksWrite, About::Handler),
        Endpoint::post(
            "/api/v1/webhooks/{id}/take-over",
            "Become the owner of a webhook: it delivers by the caller's rights, and what waits is sent",
            take_it_over,
        )
        .needs(Permission::WebhooksWrite, About::Handler)
        .takes::<TakeOverOrder>(),
        Endpoint::post(
            "/api/v1/webhooks/{id}/remove",
            "Nothing is sent there any more",
            remove_it,
        )
        .needs(Permission::WebhooksWrite, About::Handler)
        .takes::<WebhookRemoval>(),
    ]
}

/// From where it is told again.
#[derive(JsonSchema)]
#[schemars(extend("examples" = [{ "after": "0" }]))]
struct ReplayOrder {
    /// A position of the log; 0 for everything.
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

/// Webhooks, as far as the caller's scope reaches.
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
            "webhooks are for whoever is held to campaigns, not to people",
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
