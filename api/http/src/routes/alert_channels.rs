//! Channels of alerts over HTTP: mails, short messages, group robots and webhooks that are told of what is
//! raised, escalated and cleared.

use crate::described::{Changed, MadeOrChanged, Read};
use crate::endpoint::{About, Ctx, Endpoint, Input, Permission};
use crate::paging::{LONG, PAGED_THEN, Paged, Paging};
use crate::reply::Written;
use application::as_of::Moment;
use application::owners::TakeOverOrder;
use application::webhooks::{
    Adding, Sought, WebhookChanged, WebhookList, WebhookMade, WebhookOrder, WebhookRemoval, WebhookTakenOver,
    WebhookTested, add_webhook, all, reached, remove, take_over, test,
};
use domain::ids::WebhookId;
use domain::problem::{MemberError, Problem};

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get(
            "/api/v1/alerts/channels",
            "Channels of alerts: who is told, and how far",
            list,
        )
        .needs(Permission::AlertsRead, About::Everybody)
        .query(PAGED_THEN)
        .of_rows_as_they_are(),
        Endpoint::post(
            "/api/v1/alerts/channels",
            "Tell somebody of alerts: by mail, short message, group robot or webhook",
            add,
        )
        .needs(Permission::AlertsChannels, About::Everybody)
        .takes::<WebhookOrder>(),
        Endpoint::post(
            "/api/v1/alerts/channels/{id}/test",
            "Send a test message, now, and see what comes back",
            try_it,
        )
        .needs(Permission::AlertsChannels, About::Everybody),
        Endpoint::post(
            "/api/v1/alerts/channels/{id}/take-over",
            "Become the owner of a channel: it delivers by the caller's rights, and what waits is sent",
            take_it_over,
        )
        .needs(Permission::AlertsChannels, About::Everybody)
        .takes::<TakeOverOrder>(),
        Endpoint::post(
            "/api/v1/alerts/channels/{id}/remove",
            "Nobody is told of alerts there any more",
            remove_it,
        )
        .needs(Permission::AlertsChannels, About::Everybody)
        .takes::<WebhookRemoval>(),
    ]
}

async fn list(ctx: Ctx, input: Input) -> Result<Read<Paged<WebhookList>>, Problem> {
    let paging = Paging::of(&ctx.installation, &input, LONG)?;
    let moment = Moment::of(input.query())?;
    let sought = Sought {
        scope: &input.scope,
        is_channel: true,
    };
    let all = all(&ctx.installation, sought, moment).await?.items;
    let (items, next_cursor) = paging.cut(all, |item| (item.since, item.id))?;
    Ok(Read(Paged {
        list: WebhookList { items },
        next_cursor,
    }))
}

async fn add(ctx: Ctx, input: Input) -> Result<MadeOrChanged<WebhookMade>, Problem> {
    let cause = input.cause(&ctx.installation, "alerts/channels")?;
    let (scope, caller) = (input.scope.clone(), input.caller.clone());
    let order: WebhookOrder = input.order().await?;
    if order.format.is_personal() {
        return Err(Problem::members(vec![MemberError {
            pointer: "/format".to_owned(),
            detail: format!("{} is for calls, not for alerts", order.format.code()),
        }]));
    }
    let adding = Adding {
        caller: &caller,
        scope: &scope,
        is_channel: true,
    };
    let made = add_webhook(&ctx.installation, order, adding, cause).await?;
    Ok(MadeOrChanged::Made(Written {
        version: None,
        position: Some(made.position),
        body: made,
    }))
}

async fn try_it(ctx: Ctx, input: Input) -> Result<Changed<WebhookTested>, Problem> {
    let id: WebhookId = input.id(0, "this channel")?;
    let cause = input.cause(&ctx.installation, "alerts/channels/test")?;
    reached(&ctx.installation, id, &input.scope, true).await?;
    let tested = test(&ctx.installation, id, cause).await?;
    Ok(Changed(Written {
        version: None,
        position: Some(tested.position),
        body: tested,
    }))
}

async fn take_it_over(ctx: Ctx, input: Input) -> Result<Changed<WebhookTakenOver>, Problem> {
    let id: WebhookId = input.id(0, "this channel")?;
    let cause = input.cause(&ctx.installation, "alerts/channels/take-over")?;
    let (scope, caller) = (input.scope.clone(), input.caller.clone());
    let order: TakeOverOrder = input.order().await?;
    let by = Adding {
        caller: &caller,
        scope: &scope,
        is_channel: true,
    };
    let taken = take_over(&ctx.installation, id, by, order.reason, cause).await?;
    Ok(Changed(Written {
        version: None,
        position: Some(taken.position),
        body: taken,
    }))
}

async fn remove_it(ctx: Ctx, input: Input) -> Result<Changed<WebhookChanged>, Problem> {
    let id: WebhookId = input.id(0, "this channel")?;
    let cause = input.cause(&ctx.installation, "alerts/channels/remove")?;
    reached(&ctx.installation, id, &input.scope, true).await?;
    let order: WebhookRemoval = input.order().await?;
    let changed = remove(&ctx.installation, id, order.reason, cause).await?;
    Ok(Changed(Written {
        version: None,
        position: Some(changed.position),
        body: changed,
    }))
}
