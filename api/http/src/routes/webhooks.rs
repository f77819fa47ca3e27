//! Routes of webhooks: add (the secret is shown once), list, change, test, replay, rotate the secret, take
//! over, remove.

use crate::api_description::{ChangeReply, CreationReply, ReadReply};
use crate::endpoint::{Ctx, Endpoint, EndpointSubject, Input, Permission};
use crate::guard::build_scope_problem;
use crate::paging::{LONG, ListPage, PAGED_THEN, Paging};
use crate::reply::WriteResult;
use application::as_of::{Moment, PARAMETERS};
use application::owners::TakeOverRequest;
use application::webhooks::{
    DeadLetters, NewWebhookResponse, WebhookChangeRequest, WebhookChanged, WebhookEditor, WebhookList,
    WebhookQuery, WebhookRemoval, WebhookRequest, WebhookResponse, WebhookTakenOver, WebhookTested,
    add_webhook, all, change_webhook, dead_letters, load_webhook, one, remove, replay, rotate, take_over,
    test,
};
use domain::ids::WebhookId;
use domain::permission::AssigneeScope;
use domain::problem::{MemberError, Problem};
use domain::stored_event::Position;
use domain::webhook::WebhookFormat;
use intake::members::ApiRequest;
use schemars::JsonSchema;
use serde::Serialize;

pub(super) fn endpoints() -> Vec<Endpoint> {
    let mut endpoints = vec![
        Endpoint::get("/api/v1/webhooks", "List webhooks", list)
            .describe(
                "Returns each webhook's URL, event filter, owner, delivery position and number of waiting \
                 events.",
            )
            .needs(Permission::WebhooksRead, EndpointSubject::Handler)
            .query(PAGED_THEN)
            .skip_view_wait(),
        Endpoint::post("/api/v1/webhooks", "Add a webhook", add)
            .describe("Delivers events from now on. The reply contains the signing secret once.")
            .needs(Permission::WebhooksWrite, EndpointSubject::Handler)
            .takes::<WebhookRequest>(),
        Endpoint::get("/api/v1/webhooks/{id}", "Get a webhook", show)
            .describe(
                "Returns the webhook with its delivery position, waiting events and last delivery, now or \
                 at a past moment.",
            )
            .needs(Permission::WebhooksRead, EndpointSubject::Handler)
            .query(PARAMETERS)
            .skip_view_wait(),
        Endpoint::put("/api/v1/webhooks/{id}", "Change a webhook", change)
            .describe("Changes the event filter, the format or the URL. Absent members stay as they are.")
            .needs(Permission::WebhooksWrite, EndpointSubject::Handler)
            .takes::<WebhookChangeRequest>(),
    ];
    endpoints.extend(of_deliveries());
    endpoints
}

/// Returns the endpoints of dead letters, test messages, replays, secrets, owners and removals.
fn of_deliveries() -> Vec<Endpoint> {
    vec![
        Endpoint::get(
            "/api/v1/webhooks/{id}/dead-letters",
            "List the dead letters of a webhook",
            dead,
        )
        .describe("Returns the latest 1,000 events that the receiver never accepted.")
        .needs(Permission::WebhooksRead, EndpointSubject::Handler)
        .query(PAGED_THEN)
        .skip_view_wait(),
        Endpoint::post(
            "/api/v1/webhooks/{id}/test",
            "Send a test message to a webhook",
            try_it,
        )
        .describe("Sends a message without content at once and returns the receiver's answer.")
        .needs(Permission::WebhooksWrite, EndpointSubject::Handler),
        Endpoint::post(
            "/api/v1/webhooks/{id}/replay",
            "Replay events to a webhook",
            again,
        )
        .describe(
            "Sends everything after a log position again, dead letters included. Also enables a webhook \
             again that was disabled because its receiver was gone.",
        )
        .needs(Permission::WebhooksWrite, EndpointSubject::Handler)
        .takes::<WebhookReplayRequest>(),
        Endpoint::post(
            "/api/v1/webhooks/{id}/rotate",
            "Rotate the secret of a webhook",
            rotate_it,
        )
        .describe(
            "Makes a new signing secret; the reply contains it once. The old secret signs as well for one \
             day.",
        )
        .needs(Permission::WebhooksWrite, EndpointSubject::Handler),
        Endpoint::post(
            "/api/v1/webhooks/{id}/take-over",
            "Become the owner of a webhook",
            take_it_over,
        )
        .describe(
            "The webhook delivers with the caller's rights from now on. Events that waited because the \
             previous owner was disabled or lost a right are sent.",
        )
        .needs(Permission::WebhooksWrite, EndpointSubject::Handler)
        .takes::<TakeOverRequest>(),
        Endpoint::post("/api/v1/webhooks/{id}/remove", "Remove a webhook", remove_it)
            .describe("Ends the delivery to this receiver.")
            .needs(Permission::WebhooksWrite, EndpointSubject::Handler)
            .takes::<WebhookRemoval>(),
    ]
}

/// The body that makes a webhook send events again: the position after which to begin.
#[derive(ApiRequest, JsonSchema)]
#[schemars(extend("examples" = [{ "after": "0" }]))]
struct WebhookReplayRequest {
    /// A log position; 0 for all events.
    #[schemars(with = "String")]
    #[member(parse)]
    after: Position,
}

/// Returns the filter for webhooks within the caller's data scope.
const fn sought(input: &Input) -> WebhookQuery<'_> {
    WebhookQuery {
        scope: &input.scope,
        is_channel: false,
    }
}

async fn list(ctx: Ctx, input: Input) -> Result<ReadReply<ListPage<WebhookList>>, Problem> {
    let paging = Paging::of(&ctx.installation, &input, LONG)?;
    let moment = Moment::of(input.query())?;
    let all = all(&ctx.installation, sought(&input), moment).await?.items;
    let (items, next_cursor) = paging.cut(all, |item| (item.since, item.id))?;
    Ok(ReadReply(ListPage {
        list: WebhookList { items },
        next_cursor,
    }))
}

async fn show(ctx: Ctx, input: Input) -> Result<ReadReply<WebhookResponse>, Problem> {
    let id: WebhookId = input.id(0, "this webhook")?;
    let moment = Moment::of(input.query())?;
    one(&ctx.installation, id, sought(&input), moment)
        .await
        .map(ReadReply)
}

async fn dead(ctx: Ctx, input: Input) -> Result<ReadReply<ListPage<DeadLetters>>, Problem> {
    let paging = Paging::of(&ctx.installation, &input, LONG)?;
    let id: WebhookId = input.id(0, "this webhook")?;
    let moment = Moment::of(input.query())?;
    let mut list = dead_letters(&ctx.installation, id, sought(&input), moment).await?;
    let (items, next_cursor) = paging.cut(list.items, |letter| letter.position.0)?;
    list.items = items;
    Ok(ReadReply(ListPage { list, next_cursor }))
}

async fn add(ctx: Ctx, input: Input) -> Result<CreationReply<NewWebhookResponse>, Problem> {
    let cause = input.cause(&ctx.installation, "webhooks")?;
    let (scope, caller) = (input.scope.clone(), input.caller.clone());
    if scope.people != AssigneeScope::All {
        return Err(build_scope_problem(
            "a webhook needs a scope over all customers of its campaigns",
        ));
    }
    let order: WebhookRequest = input.order().await?;
    if matches!(order.format, WebhookFormat::Mail | WebhookFormat::Sms) {
        return Err(Problem::members(vec![MemberError {
            pointer: "/format".to_owned(),
            detail: "mail and short messages are for alerts: add an alert channel (alerts/channels)"
                .to_owned(),
        }]));
    }
    let adding = WebhookEditor {
        caller: &caller,
        scope: &scope,
        is_channel: false,
    };
    let made = add_webhook(&ctx.installation, order, adding, cause).await?;
    Ok(made_of(made))
}

/// A webhook after a change.
#[derive(Debug, Serialize, JsonSchema)]
struct WebhookChangeResponse {
    #[serde(flatten)]
    webhook: WebhookResponse,
    position: String,
}

async fn change(ctx: Ctx, input: Input) -> Result<ChangeReply<WebhookChangeResponse>, Problem> {
    let id: WebhookId = input.id(0, "this webhook")?;
    let cause = input.cause(&ctx.installation, "webhooks/change")?;
    let (scope, caller) = (input.scope.clone(), input.caller.clone());
    let order: WebhookChangeRequest = input.order().await?;
    let adding = WebhookEditor {
        caller: &caller,
        scope: &scope,
        is_channel: false,
    };
    let replaced = change_webhook(&ctx.installation, id, order, adding, cause).await?;
    Ok(ChangeReply(WriteResult {
        version: Some(replaced.revision),
        position: Some(replaced.position),
        body: WebhookChangeResponse {
            webhook: replaced.shown,
            position: replaced.position.to_string(),
        },
    }))
}

fn made_of(made: NewWebhookResponse) -> CreationReply<NewWebhookResponse> {
    CreationReply::Made(WriteResult {
        version: None,
        position: Some(made.position),
        body: made,
    })
}

async fn try_it(ctx: Ctx, input: Input) -> Result<ChangeReply<WebhookTested>, Problem> {
    let id: WebhookId = input.id(0, "this webhook")?;
    let cause = input.cause(&ctx.installation, "webhooks/test")?;
    load_webhook(&ctx.installation, id, &input.scope, false).await?;
    let tested = test(&ctx.installation, id, cause).await?;
    Ok(tested_of(tested))
}

const fn tested_of(tested: WebhookTested) -> ChangeReply<WebhookTested> {
    ChangeReply(WriteResult {
        version: None,
        position: Some(tested.position),
        body: tested,
    })
}

async fn again(ctx: Ctx, input: Input) -> Result<ChangeReply<WebhookChanged>, Problem> {
    let id: WebhookId = input.id(0, "this webhook")?;
    let cause = input.cause(&ctx.installation, "webhooks/replay")?;
    load_webhook(&ctx.installation, id, &input.scope, false).await?;
    let order: WebhookReplayRequest = input.order().await?;
    replay(&ctx.installation, id, order.after, cause)
        .await
        .map(changed_of)
}

async fn rotate_it(ctx: Ctx, input: Input) -> Result<ChangeReply<NewWebhookResponse>, Problem> {
    let id: WebhookId = input.id(0, "this webhook")?;
    let cause = input.cause(&ctx.installation, "webhooks/rotate")?;
    load_webhook(&ctx.installation, id, &input.scope, false).await?;
    let made = rotate(&ctx.installation, id, cause).await?;
    Ok(ChangeReply(WriteResult {
        version: None,
        position: Some(made.position),
        body: made,
    }))
}

async fn take_it_over(ctx: Ctx, input: Input) -> Result<ChangeReply<WebhookTakenOver>, Problem> {
    let id: WebhookId = input.id(0, "this webhook")?;
    let cause = input.cause(&ctx.installation, "webhooks/take-over")?;
    let (scope, caller) = (input.scope.clone(), input.caller.clone());
    let order: TakeOverRequest = input.order().await?;
    let by = WebhookEditor {
        caller: &caller,
        scope: &scope,
        is_channel: false,
    };
    let taken = take_over(&ctx.installation, id, by, order.reason, cause).await?;
    Ok(ChangeReply(WriteResult {
        version: None,
        position: Some(taken.position),
        body: taken,
    }))
}

async fn remove_it(ctx: Ctx, input: Input) -> Result<ChangeReply<WebhookChanged>, Problem> {
    let id: WebhookId = input.id(0, "this webhook")?;
    let cause = input.cause(&ctx.installation, "webhooks/remove")?;
    load_webhook(&ctx.installation, id, &input.scope, false).await?;
    let order: WebhookRemoval = input.order().await?;
    remove(&ctx.installation, id, order.reason, cause)
        .await
        .map(changed_of)
}

const fn changed_of(changed: WebhookChanged) -> ChangeReply<WebhookChanged> {
    ChangeReply(WriteResult {
        version: None,
        position: Some(changed.position),
        body: changed,
    })
}
