//! Management of webhooks and alert channels: add, rotate the secret, test, replay, remove.

use super::addresses::check_order;
use super::courier::Address;
use super::kinds::{of_channels, refuse_others, usual};
use super::requests::WebhookRequest;
use super::signature::new_secret;
use crate::access::Caller;
use crate::installation::Installation;
use crate::owners::is_within;
use crate::sandbox_limits::admit_format;
use domain::call::event::CallEvent;
use domain::ids::{UserId, WebhookId};
use domain::permission::{AssigneeScope, CampaignScope, DataScope, Permission};
use domain::personal::Personal;
use domain::phone_number::PhoneNumber;
use domain::problem::{MemberError, Problem};
use domain::stored_event::{Cause, Position};
use domain::webhook::{WebhookCommand, WebhookFacts, WebhookFormat, WebhookState};
use schemars::JsonSchema;
use serde::Serialize;
use std::sync::Arc;

/// A webhook that was added, or got a new secret.
#[derive(Debug, Serialize, JsonSchema)]
pub struct NewWebhookResponse {
    pub id: WebhookId,
    pub format: WebhookFormat,
    /// The address, without the part that works as a secret.
    #[schemars(example = &"https://example.com/hooks")]
    pub target: String,
    #[schemars(example = [CallEvent::ENDED])]
    pub kinds: Vec<String>,
    /// The signing secret, shown only this time. Null for a repeated request and for formats without our
    /// signature.
    #[schemars(example = &"whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=")]
    pub secret: Option<String>,
    /// Log position after which events are sent.
    #[serde(serialize_with = "Position::as_text")]
    #[schemars(with = "String", example = &"42")]
    pub after: Position,
    #[serde(serialize_with = "Position::as_text")]
    #[schemars(with = "String")]
    pub position: Position,
}

/// The caller who adds, changes or takes over a webhook or channel.
#[derive(Clone, Copy)]
pub struct WebhookEditor<'a> {
    pub caller: &'a Caller,
    /// Data scope of the caller's permission.
    pub scope: &'a DataScope,
    /// True for an alert channel, false for a webhook.
    pub is_channel: bool,
}

impl WebhookEditor<'_> {
    /// Returns the user who is to own the webhook; `None` means the owner of the data directory.
    pub(super) fn owner(&self) -> Option<UserId> {
        self.caller.user().map(|known| known.user.clone())
    }

    /// Returns true if the caller may permit plain http and private addresses for a webhook.
    pub(super) fn may_be_private(&self) -> bool {
        self.caller.may(Permission::WebhooksPrivate)
    }

    /// Returns true if the caller may listen to the recordings of all customers, and so may give a receiver
    /// links to them. False for alert channels.
    pub(super) fn may_listen(&self) -> bool {
        let scope = self.caller.scope_for(Permission::RecordingsRead);
        !self.is_channel && scope.is_ok_and(|scope| scope.people == AssigneeScope::All)
    }
}

/// Adds a webhook or channel and returns it with its signing secret. It receives events from now on, or
/// after the position in the request. Fails if an address, secret or kind of event is not valid or the
/// caller lacks a permission.
pub async fn add_webhook(
    installation: &Installation,
    order: WebhookRequest,
    adding: WebhookEditor<'_>,
    cause: Cause,
) -> Result<NewWebhookResponse, Problem> {
    admit_format(installation, order.format)?;
    let facts = facts_of(installation, order, &adding).await?;
    let id = WebhookId::derive(cause.command);
    let secret = facts.secret.as_ref().and_then(Personal::value).cloned();
    let is_ours = facts.format.is_signed();
    let command = WebhookCommand::Add {
        facts: Box::new(facts),
    };
    let answer = installation.entities.webhooks.ask(&id, command, cause).await?;
    let made = active(&answer.state)?;
    Ok(NewWebhookResponse {
        id,
        format: made.format,
        target: made.shown.clone(),
        kinds: made.kinds.iter().cloned().collect(),
        secret: secret.filter(|_| is_ours && !answer.repeated),
        after: made.after,
        position: answer.position,
    })
}

async fn facts_of(
    installation: &Installation,
    order: WebhookRequest,
    adding: &WebhookEditor<'_>,
) -> Result<WebhookFacts, Problem> {
    check_order(&order)?;
    let format = order.format;
    let allow_private = order.allow_private;
    if allow_private && !adding.may_be_private() {
        return Err(wrong(
            "/allow_private",
            "a private or plain address needs webhooks:private, which an administrator has".to_owned(),
        ));
    }
    let kinds = match order.events {
        _ if adding.is_channel => of_channels(),
        Some(events) => events.into_iter().collect(),
        None => usual(format),
    };
    refuse_others(&kinds, format).map_err(|why| wrong("/events", why))?;
    let to = match (format, &order.to) {
        (WebhookFormat::Sms, Some(to)) => {
            let country = installation.default_country().await?;
            let number = PhoneNumber::parse(to, country);
            let number = number.map_err(|error| wrong("/to", error.to_string()))?;
            Some(Personal::open(number.as_e164().to_owned()))
        }
        (WebhookFormat::Sms, None) => return Err(wrong("/to", "a short message needs a number".to_owned())),
        (_, Some(_)) => return Err(wrong("/to", "only short messages go to a number".to_owned())),
        (_, None) => None,
    };
    let address = match (format, order.smtp.as_deref()) {
        (WebhookFormat::Mail, Some(host)) => Address::Smtp { host, allow_private },
        (WebhookFormat::Mail, None) => return Err(wrong("/smtp", "a mail needs a mail server".to_owned())),
        (_, Some(_)) => return Err(wrong("/smtp", "only mails go by a mail server".to_owned())),
        (_, None) => Address::Url {
            url: &order.url,
            allow_private,
        },
    };
    let pointer = if format == WebhookFormat::Mail {
        "/smtp"
    } else {
        "/url"
    };
    let admitted = installation.courier.admits(address).await;
    admitted.map_err(|why| wrong(pointer, why))?;
    let shown = shown(format, &order.url).map_err(|why| wrong("/url", why))?;
    let ids = installation.environment.ids.as_ref();
    let secret = match format.is_signed() {
        true => Some(new_secret(ids)),
        false => order.secret,
    };
    let head = installation.store().head().await?;
    if let Some(base) = &order.recordings_from {
        recordings_from(base, format, adding).map_err(|why| wrong("/recordings_from", why))?;
    }
    Ok(WebhookFacts {
        format,
        target: Personal::open(order.url),
        shown,
        kinds,
        campaigns: narrowed(&adding.scope.campaigns, order.campaigns),
        allow_private,
        secret: secret.map(Personal::open),
        bearer: order.bearer.map(Personal::open),
        to,
        smtp: order.smtp,
        recordings_from: order.recordings_from,
        after: order.after.unwrap_or(head).min(head),
        is_channel: adding.is_channel,
        owner: adding.owner(),
    })
}

/// Fails if links to recordings are not possible for this format or base URL, or if the caller may not give
/// access to recordings.
fn recordings_from(base: &str, format: WebhookFormat, adding: &WebhookEditor<'_>) -> Result<(), String> {
    if !format.is_signed() {
        return Err(
            "links to recordings are sent only in the formats standard, call_ended and crm".to_owned(),
        );
    }
    if !adding.may_listen() {
        return Err("a link opens a recording: it needs recordings:read".to_owned());
    }
    let is_plain = base.strip_prefix("http://").is_some();
    let host = base.strip_prefix("https://").or(base.strip_prefix("http://"));
    let is_base =
        host.is_some_and(|host| !host.is_empty() && !host.contains(['?', '#', '@', ' ', '"', '\\']));
    if !is_base || base.chars().any(char::is_control) {
        return Err("is the https address of this server, as the receiver reaches it".to_owned());
    }
    if is_plain && !adding.may_be_private() {
        return Err("must be https: sound is not sent in the open".to_owned());
    }
    Ok(())
}

/// Returns the campaigns of the webhook: those that the request names, or all, as far as they are the
/// caller's own.
fn narrowed(own: &CampaignScope, asked: Option<Vec<domain::ids::CampaignId>>) -> CampaignScope {
    own.and(&CampaignScope::of(asked.unwrap_or_default()))
}

/// Returns the part of an address that may be shown: the host for group robots, the part after `@` for
/// mail, the URL without its query for all others. Fails if it has not the right form.
pub(super) fn shown(format: WebhookFormat, target: &str) -> Result<String, String> {
    if format == WebhookFormat::Mail {
        let (_, host) = target.rsplit_once('@').ok_or("a mail address has an @")?;
        return Ok(format!("***@{host}"));
    }
    let whole = target.split(['?', '#']).next().unwrap_or_default();
    if !format.is_address_secret() {
        return Ok(whole.to_owned());
    }
    let host: Vec<&str> = whole.splitn(4, '/').take(3).collect();
    Ok(format!("{}/…", host.join("/")))
}

/// Gives a webhook a new signing secret and returns it. Messages are signed with both; the old one remains
/// valid for a day.
pub async fn rotate(
    installation: &Installation,
    id: WebhookId,
    cause: Cause,
) -> Result<NewWebhookResponse, Problem> {
    let secret = new_secret(installation.environment.ids.as_ref());
    let command = WebhookCommand::Rotate {
        secret: Personal::open(secret.clone()),
    };
    let answer = installation.entities.webhooks.ask(&id, command, cause).await?;
    let made = active(&answer.state)?;
    Ok(NewWebhookResponse {
        id,
        format: made.format,
        target: made.shown.clone(),
        kinds: made.kinds.iter().cloned().collect(),
        secret: (!answer.repeated).then_some(secret),
        after: made.after,
        position: answer.position,
    })
}

/// A webhook after a command.
#[derive(Debug, Serialize, JsonSchema)]
pub struct WebhookChanged {
    pub id: WebhookId,
    pub removed: bool,
    /// Log position up to which everything is settled, apart from events that wait for another attempt.
    #[serde(serialize_with = "Position::as_text")]
    #[schemars(with = "String", example = &"42")]
    pub through: Position,
    #[serde(serialize_with = "Position::as_text")]
    #[schemars(with = "String")]
    pub position: Position,
}

/// Removes a webhook. Nothing more is sent to it, also no waiting events.
pub async fn remove(
    installation: &Installation,
    id: WebhookId,
    reason: String,
    cause: Cause,
) -> Result<WebhookChanged, Problem> {
    ask(installation, id, WebhookCommand::Remove { reason }, cause).await
}

/// Sends all events after a position to the webhook again. A webhook disabled because its receiver is gone
/// delivers again. Fails for a position beyond the log's end, and if the owner lost a right.
pub async fn replay(
    installation: &Installation,
    id: WebhookId,
    after: Position,
    cause: Cause,
) -> Result<WebhookChanged, Problem> {
    let head = installation.store().head().await?;
    if after > head {
        return Err(wrong("/after", format!("the log ends at {head}")));
    }
    ask(installation, id, WebhookCommand::Replay { after }, cause).await
}

async fn ask(
    installation: &Installation,
    id: WebhookId,
    command: WebhookCommand,
    cause: Cause,
) -> Result<WebhookChanged, Problem> {
    let answer = installation.entities.webhooks.ask(&id, command, cause).await?;
    Ok(WebhookChanged {
        id,
        removed: answer.state.is_removed(),
        through: answer.state.through(),
        position: answer.position,
    })
}

/// Returns the state of a webhook within this scope. Fails with `Missing` if it does not exist, is removed,
/// or is outside.
pub async fn load_webhook(
    installation: &Installation,
    id: WebhookId,
    scope: &DataScope,
    is_channel: bool,
) -> Result<Arc<WebhookState>, Problem> {
    let loaded = installation.entities.webhooks.state(&id).await?;
    let facts = loaded.state.active();
    let is_reached = facts.is_some_and(|facts| facts.is_channel == is_channel && is_within(facts, scope));
    if !is_reached {
        return Err(Problem::missing(if is_channel {
            "this channel"
        } else {
            "this webhook"
        }));
    }
    Ok(loaded.state)
}

fn active(state: &WebhookState) -> Result<&WebhookFacts, Problem> {
    let facts = state.active();
    facts.ok_or_else(|| Problem::fault("a webhook that was changed is not there"))
}

pub(super) fn wrong(pointer: &str, detail: String) -> Problem {
    Problem::members(vec![MemberError {
        pointer: pointer.to_owned(),
        detail,
    }])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_an_address_that_opens_a_door_or_names_a_person_is_shown() {
        for (format, target, expected) in [
            (
                WebhookFormat::Standard,
                "https://a.example/hooks?key=1#x",
                "https://a.example/hooks",
            ),
            (
                WebhookFormat::Wecom,
                "https://qyapi.example/cgi-bin/send?key=1",
                "https://qyapi.example/…",
            ),
            (
                WebhookFormat::Feishu,
                "https://open.example:8443/hook/abc",
                "https://open.example:8443/…",
            ),
            (WebhookFormat::Mail, "wang@example.com", "***@example.com"),
        ] {
            assert_eq!(shown(format, target).as_deref(), Ok(expected));
        }
        assert!(shown(WebhookFormat::Mail, "wang").is_err());
    }
}
