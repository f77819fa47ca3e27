//! Take-over of a webhook or channel: another user who holds all rights required to add it becomes its
//! owner, and waiting events are sent.

use super::management::{WebhookEditor, load_webhook};
use super::responses::{WebhookResponse, changed};
use crate::installation::Installation;
use crate::owners::{lacked_permission, refuse_take_over};
use domain::ids::WebhookId;
use domain::problem::Problem;
use domain::stored_event::{Cause, Position};
use domain::webhook::WebhookCommand;
use schemars::JsonSchema;
use serde::Serialize;

/// A webhook or channel with its new owner.
#[derive(Debug, Serialize, JsonSchema)]
pub struct WebhookTakenOver {
    #[serde(flatten)]
    pub webhook: WebhookResponse,
    #[serde(serialize_with = "Position::as_text")]
    #[schemars(with = "String", example = &"42")]
    pub position: Position,
}

/// Makes the caller the owner of a webhook or channel. One that was disabled because the previous owner
/// lost a right delivers again; one with a receiver that is gone waits for a replay. Fails if the caller
/// lacks a right that adding it needs.
pub async fn take_over(
    installation: &Installation,
    id: WebhookId,
    by: WebhookEditor<'_>,
    reason: String,
    cause: Cause,
) -> Result<WebhookTakenOver, Problem> {
    let state = load_webhook(installation, id, by.scope, by.is_channel).await?;
    let facts = state.active().ok_or_else(|| Problem::missing("this webhook"))?;
    if let Some(lacked) = lacked_permission(by.caller, facts) {
        return Err(refuse_take_over(lacked.code()));
    }
    let command = WebhookCommand::TakeOver {
        owner: by.owner(),
        reason,
    };
    let answer = installation.entities.webhooks.ask(&id, command, cause).await?;
    Ok(WebhookTakenOver {
        webhook: changed(installation, id, &answer.state).await?,
        position: answer.position,
    })
}
