//! Routes of API keys: list, create and revoke. A key's secret is only in the reply that creates it.

use crate::api_description::{ChangeReply, CreationReply, ReadReply};
use crate::endpoint::{Ctx, Endpoint, EndpointSubject, Input, Permission};
use crate::paging::{LONG, ListPage, PAGED_THEN, Paging};
use crate::reply::WriteResult;
use application::access::{ApiKeyRequest, KeyList, NewApiKeyResponse, create_key, keys, revoke_key};
use application::as_of::Moment;
use domain::api_key::LABEL_BYTES_MAX;
use domain::ids::KeyId;
use domain::problem::Problem;
use domain::stored_event::Position;
use intake::members::ApiRequest;
use schemars::JsonSchema;
use serde::Serialize;
use std::cmp::Reverse;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/api/v1/api-keys", "List API keys", list)
            .describe("Returns each key's user, scopes, campaigns and end. Secrets are never returned.")
            .needs(Permission::UsersRead, EndpointSubject::Everybody)
            .query(PAGED_THEN),
        Endpoint::post("/api/v1/api-keys", "Create an API key", make)
            .describe(
                "Creates a key for the signed-in user, with at most that user's permissions. The reply \
                 contains the secret once; only its digest is stored.",
            )
            .for_any_caller()
            .takes::<ApiKeyRequest>(),
        Endpoint::post("/api/v1/api-keys/{id}/revoke", "Revoke an API key", revoke)
            .describe(
                "Users revoke their own keys. Users with `users:write` revoke any key. The key is refused \
                 from then on.",
            )
            .for_any_caller()
            .takes::<KeyRevokeRequest>(),
    ]
}

/// The body that revokes an API key: the reason, which is stored permanently.
#[derive(ApiRequest, JsonSchema)]
struct KeyRevokeRequest {
    #[schemars(length(min = 1, max = LABEL_BYTES_MAX))]
    reason: String,
}

/// A revoked key.
#[derive(Debug, Serialize, JsonSchema)]
struct KeyRevokeResponse {
    id: KeyId,
    revoked: bool,
    #[serde(serialize_with = "Position::as_text")]
    #[schemars(with = "String")]
    position: Position,
}

async fn list(ctx: Ctx, input: Input) -> Result<ReadReply<ListPage<KeyList>>, Problem> {
    let paging = Paging::of(&ctx.installation, &input, LONG)?;
    let moment = Moment::of(input.query())?;
    let all = keys(&ctx.installation, moment).await?.items;
    let (items, next_cursor) = paging.cut(all, |key| (Reverse(key.created_at), key.id))?;
    Ok(ReadReply(ListPage {
        list: KeyList { items },
        next_cursor,
    }))
}

async fn make(ctx: Ctx, input: Input) -> Result<CreationReply<NewApiKeyResponse>, Problem> {
    let cause = input.cause(&ctx.installation, "api-keys")?;
    let caller = input.caller.clone();
    let order: ApiKeyRequest = input.order().await?;
    let made = create_key(&ctx.installation, order, &caller, cause).await?;
    Ok(CreationReply::Made(WriteResult {
        version: None,
        position: Some(made.position),
        body: made,
    }))
}

async fn revoke(ctx: Ctx, input: Input) -> Result<ChangeReply<KeyRevokeResponse>, Problem> {
    let id: KeyId = input.id(0, "this key")?;
    let cause = input.cause(&ctx.installation, "api-keys/revoke")?;
    let caller = input.caller.clone();
    let order: KeyRevokeRequest = input.order().await?;
    let position = revoke_key(&ctx.installation, id, order.reason, &caller, cause).await?;
    let body = KeyRevokeResponse {
        id,
        revoked: true,
        position,
    };
    Ok(ChangeReply(WriteResult {
        body,
        version: None,
        position: Some(position),
    }))
}
