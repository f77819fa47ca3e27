//! Routes of alert channels: mail addresses, SMS numbers, group chat robots and webhooks that are notified
//! when an alert is raised, escalated or cleared.

use crate::api_description::{ChangeReply, CreationReply, ReadReply};
use crate::endpoint::{Ctx, Endpoint, EndpointSubject, Input, Permission};
use crate::paging::{LONG, ListPage, PAGED_THEN, Paging};
use crate::reply::WriteResult;
use application::as_of::Moment;
use application::owners::TakeOverRequest;
use application::webhooks::{
    NewWebhookResponse, WebhookChanged, WebhookEditor, WebhookList, WebhookQuery, WebhookRemoval,
    WebhookRequest, WebhookTakenOver, WebhookTested, add_webhook, all, load_webhook, remove, take_over, test,
};
use domain::ids::WebhookId;
use domain::problem::{MemberError, Problem};

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/api/v1/alerts/channels", "List alert channels", list)
            .describe(
                "Returns each channel's receiver, owner and delivery position: the last event of an alert \
                 that was delivered there. Secrets are never returned.",
            )
            .needs(Permission::AlertsRead, EndpointSubject::Everybody)
            .query(PAGED_THEN)
            .skip_view_wait(),
        Endpoint::post("/api/v1/alerts/channels", "Add an alert channel", add)
            .describe(
                "The receiver is a mail address, an SMS number, a group chat robot or a webhook. It is \
                 notified when an alert is raised, escalated or cleared. The channel delivers with the \
                 rights of its owner, the caller.",
            )
            .needs(Permission::AlertsChannels, EndpointSubject::Everybody)
            .takes::<WebhookRequest>(),
        Endpoint::post(
            "/api/v1/alerts/channels/{id}/test",
            "Send a test message to an alert channel",
            try_it,
        )
        .describe("Sends one message at once and returns the receiver's answer.")
        .needs(Permission::AlertsChannels, EndpointSubject::Everybody),
        Endpoint::post(
            "/api/v1/alerts/channels/{id}/take-over",
            "Become the owner of an alert channel",
            take_it_over,
        )
        .describe(
            "The channel delivers with the caller's rights from now on. Messages that waited because the \
             previous owner was disabled or lost a right are sent.",
        )
        .needs(Permission::AlertsChannels, EndpointSubject::Everybody)
        .takes::<TakeOverRequest>(),
        Endpoint::post(
            "/api/v1/alerts/channels/{id}/remove",
            "Remove an alert channel",
            remove_it,
        )
        .describe("Ends the delivery of alerts to this channel. The reason is stored.")
        .needs(Permission::AlertsChannels, EndpointSubject::Everybody)
        .takes::<WebhookRemoval>(),
    ]
}

async fn list(ctx: Ctx, input: Input) -> Result<ReadReply<ListPage<WebhookList>>, Problem> {
    let paging = Paging::of(&ctx.installation, &input, LONG)?;
    let moment = Moment::of(input.query())?;
    let sought = WebhookQuery {
        scope: &input.scope,
        is_channel: true,
    };
    let all = all(&ctx.installation, sought, moment).await?.items;
    let (items, next_cursor) = paging.cut(all, |item| (item.since, item.id))?;
    Ok(ReadReply(ListPage {
        list: WebhookList { items },
        next_cursor,
    }))
}

async fn add(ctx: Ctx, input: Input) -> Result<CreationReply<NewWebhookResponse>, Problem> {
    let cause = input.cause(&ctx.installation, "alerts/channels")?;
    let (scope, caller) = (input.scope.clone(), input.caller.clone());
    let order: WebhookRequest = input.order().await?;
    if order.format.is_personal() {
        return Err(Problem::members(vec![MemberError {
            pointer: "/format".to_owned(),
            detail: format!("{} is for calls, not for alerts", order.format.code()),
        }]));
    }
    let adding = WebhookEditor {
        caller: &caller,
        scope: &scope,
        is_channel: true,
    };
    let made = add_webhook(&ctx.installation, order, adding, cause).await?;
    Ok(CreationReply::Made(WriteResult {
        version: None,
        position: Some(made.position),
        body: made,
    }))
}

async fn try_it(ctx: Ctx, input: Input) -> Result<ChangeReply<WebhookTested>, Problem> {
    let id: WebhookId = input.id(0, "this channel")?;
    let cause = input.cause(&ctx.installation, "alerts/channels/test")?;
    load_webhook(&ctx.installation, id, &input.scope, true).await?;
    let tested = test(&ctx.installation, id, cause).await?;
    Ok(ChangeReply(WriteResult {
        version: None,
        position: Some(tested.position),
        body: tested,
    }))
}

async fn take_it_over(ctx: Ctx, input: Input) -> Result<ChangeReply<WebhookTakenOver>, Problem> {
    let id: WebhookId = input.id(0, "this channel")?;
    let cause = input.cause(&ctx.installation, "alerts/channels/take-over")?;
    let (scope, caller) = (input.scope.clone(), input.caller.clone());
    let order: TakeOverRequest = input.order().await?;
    let by = WebhookEditor {
        caller: &caller,
        scope: &scope,
        is_channel: true,
    };
    let taken = take_over(&ctx.installation, id, by, order.reason, cause).await?;
    Ok(ChangeReply(WriteResult {
        version: None,
        position: Some(taken.position),
        body: taken,
    }))
}

async fn remove_it(ctx: Ctx, input: Input) -> Result<ChangeReply<WebhookChanged>, Problem> {
    let id: WebhookId = input.id(0, "this channel")?;
    let cause = input.cause(&ctx.installation, "alerts/channels/remove")?;
    load_webhook(&ctx.installation, id, &input.scope, true).await?;
    let order: WebhookRemoval = input.order().await?;
    let changed = remove(&ctx.installation, id, order.reason, cause).await?;
    Ok(ChangeReply(WriteResult {
        version: None,
        position: Some(changed.position),
        body: changed,
    }))
}
