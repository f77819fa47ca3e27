//! Changes of a webhook: other event kinds, another format or another address, with the same checks as a
//! new webhook.

use super::addresses::check_change;
use super::courier::Address;
use super::kinds::{refuse_others, usual};
use super::management::{WebhookEditor, load_webhook, shown as shown_of, wrong};
use super::requests::WebhookChangeRequest;
use super::responses::{WebhookResponse, changed};
use crate::installation::Installation;
use crate::owners::lacked_permission;
use crate::sandbox_limits::admit_format;
use actors::AskError;
use domain::ids::{UserId, WebhookId};
use domain::personal::Personal;
use domain::problem::Problem;
use domain::stored_event::{Cause, Position, StreamVersion};
use domain::webhook::{NewAddress, WebhookChange, WebhookCommand, WebhookFacts, WebhookRefusal};
use std::collections::BTreeSet;

/// A webhook after a change.
pub struct WebhookReplaced {
    pub shown: WebhookResponse,
    /// Revision of the webhook, for `If-Match` of the next change.
    pub revision: StreamVersion,
    pub position: Position,
}

/// Changes a webhook; members that are absent in the request stay as they are. `cause` contains the
/// revision that the client read, for a conflict check; delivery events since then do not count as a
/// change.
pub async fn change_webhook(
    installation: &Installation,
    id: WebhookId,
    order: WebhookChangeRequest,
    adding: WebhookEditor<'_>,
    mut cause: Cause,
) -> Result<WebhookReplaced, Problem> {
    let state = load_webhook(installation, id, adding.scope, adding.is_channel).await?;
    let facts = state.active().ok_or_else(|| Problem::missing("this webhook"))?;
    let reason = order.reason.clone();
    let change = change_of(installation, facts, order, &adding).await?;
    let command = WebhookCommand::Change {
        change: Box::new(change),
        read: cause.request.expected.take().map(|version| version.0),
        reason,
    };
    let answer = match installation.entities.webhooks.ask(&id, command, cause).await {
        Err(AskError::Refused(WebhookRefusal::Stale { actual })) => {
            return Err(AskError::<WebhookRefusal>::Stale {
                actual: StreamVersion(actual),
            }
            .into());
        }
        other => other?,
    };
    Ok(WebhookReplaced {
        shown: changed(installation, id, &answer.state).await?,
        revision: StreamVersion(answer.state.revision()),
        position: answer.position,
    })
}

async fn change_of(
    installation: &Installation,
    facts: &WebhookFacts,
    order: WebhookChangeRequest,
    adding: &WebhookEditor<'_>,
) -> Result<WebhookChange, Problem> {
    let format = order.format.unwrap_or(facts.format);
    check_change(format, &order)?;
    admit_format(installation, format)?;
    let kinds: BTreeSet<String> = match order.events {
        Some(events) => events.into_iter().collect(),
        None if format != facts.format => usual(format),
        None => facts.kinds.clone(),
    };
    refuse_others(&kinds, format).map_err(|why| wrong("/events", why))?;
    let allow_private = order.allow_private.unwrap_or(facts.allow_private);
    let url = order.url.filter(|url| facts.target.value() != Some(url));
    let is_lifted = allow_private && (url.is_some() || !facts.allow_private);
    if is_lifted && !adding.may_be_private() {
        return Err(wrong(
            "/allow_private",
            "a private or plain address needs webhooks:private, which an administrator has".to_owned(),
        ));
    }
    if url.is_some() && facts.recordings_from.is_some() && !adding.may_listen() {
        let why = "it receives links that open recordings: changing the address needs recordings:read";
        return Err(wrong("/url", why.to_owned()));
    }
    let is_demanded = url.is_some() || allow_private != facts.allow_private;
    if is_demanded && let Some(url) = url.as_ref().or_else(|| facts.target.value()) {
        let admitted = installation
            .courier
            .admits(Address::Url { url, allow_private })
            .await;
        admitted.map_err(|why| wrong("/url", why))?;
    }
    let address = match url {
        Some(url) => Some(NewAddress {
            shown: shown_of(format, &url).map_err(|why| wrong("/url", why))?,
            target: Personal::open(url),
        }),
        None => None,
    };
    Ok(WebhookChange {
        format,
        kinds,
        allow_private,
        address,
        bearer: order.bearer.map(Personal::open),
        owner: owner_after(facts, allow_private, adding),
    })
}

/// Returns the owner after the change: the caller if the caller has all rights that the changed webhook
/// needs, otherwise the previous owner.
fn owner_after(facts: &WebhookFacts, allow_private: bool, adding: &WebhookEditor<'_>) -> Option<UserId> {
    let after = WebhookFacts {
        allow_private,
        ..facts.clone()
    };
    match lacked_permission(adding.caller, &after) {
        None => adding.owner(),
        Some(_) => facts.owner.clone(),
    }
}
