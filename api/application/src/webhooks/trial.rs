//! Test of a webhook: a message without content is sent at once and the receiver's answer is returned. A
//! repeated request gets the answer of the first one; nothing is sent twice.

use super::attempt::{Settings, send};
use super::letter::{Content, made_up_call, test_event};
use super::text::BilingualText;
use crate::installation::Installation;
use domain::decider::Decider;
use domain::ids::{EventId, WebhookId};
use domain::problem::Problem;
use domain::stored_event::{Cause, Position};
use domain::webhook::{DeliveryAttempt, DeliveryFault, Webhook, WebhookCommand, WebhookEvent, WebhookFormat};
use schemars::JsonSchema;
use serde::Serialize;

/// The result of a test.
#[derive(Debug, Serialize, JsonSchema)]
pub struct WebhookTested {
    pub id: WebhookId,
    pub delivered: bool,
    /// Why the message was not accepted, if it was not.
    pub fault: Option<DeliveryFault>,
    /// HTTP status, or reply code of a mail server.
    #[schemars(example = &204)]
    pub status: Option<u16>,
    pub elapsed_ms: u64,
    /// The receiver's answer, cut to a limited length.
    #[schemars(example = &"{\"ok\":true}")]
    pub answer: Option<String>,
    #[serde(serialize_with = "Position::as_text")]
    #[schemars(with = "String")]
    pub position: Position,
}

/// Sends a test message to the webhook's receiver now and returns the answer. A repeated request returns
/// the first answer and sends nothing.
pub async fn test(
    installation: &Installation,
    id: WebhookId,
    cause: Cause,
) -> Result<WebhookTested, Problem> {
    let attempt = match was_sent(installation, id, cause).await? {
        // The result is in the log and is returned from there.
        true => NOTHING_SENT,
        false => sent(installation, id, cause).await?,
    };
    let command = WebhookCommand::Test { attempt };
    let answer = installation.entities.webhooks.ask(&id, command, cause).await?;
    let attempt = answer.events.iter().find_map(tested);
    let attempt = attempt.ok_or_else(|| Problem::fault("a test of a webhook is not in its stream"))?;
    Ok(WebhookTested {
        id,
        delivered: attempt.fault.is_none(),
        fault: attempt.fault,
        status: attempt.status,
        elapsed_ms: attempt.elapsed_ms,
        answer: attempt.answer.as_ref().and_then(|answer| answer.value().cloned()),
        position: answer.position,
    })
}

/// Placeholder for a repeated command, which returns its stored event and does not use this.
const NOTHING_SENT: DeliveryAttempt = DeliveryAttempt {
    fault: None,
    status: None,
    elapsed_ms: 0,
    answer: None,
    answer_bytes: 0,
};

/// Returns true if this request was answered before, by an event of this webhook.
async fn was_sent(installation: &Installation, id: WebhookId, cause: Cause) -> Result<bool, Problem> {
    let event = EventId::derive(cause.command, 0);
    let Some(found) = installation.store().find(event).await? else {
        return Ok(false);
    };
    let envelope = found.envelope();
    let envelope = envelope.map_err(|error| Problem::fault(error.to_string()))?;
    Ok(envelope.stream == Webhook::stream(&id))
}

async fn sent(installation: &Installation, id: WebhookId, cause: Cause) -> Result<DeliveryAttempt, Problem> {
    let loaded = installation.entities.webhooks.state(&id).await?;
    let settings = Settings::of(id, &loaded.state).ok_or_else(|| Problem::missing("this webhook"))?;
    let message = format!("test_{}", cause.command);
    let now = installation.now();
    let content = match settings.facts.format {
        WebhookFormat::Standard => Some(test_event(&message, now)),
        format @ (WebhookFormat::CallEnded | WebhookFormat::Crm) => made_up_call(format, now),
        WebhookFormat::Wecom
        | WebhookFormat::Dingtalk
        | WebhookFormat::Feishu
        | WebhookFormat::Mail
        | WebhookFormat::Sms => Some(Content::Text(BilingualText::test())),
    };
    Ok(send(installation, &settings, content, message).await.attempt)
}

const fn tested(event: &WebhookEvent) -> Option<&DeliveryAttempt> {
    match event {
        WebhookEvent::Tested { attempt } => Some(attempt),
        WebhookEvent::Added { .. }
        | WebhookEvent::Changed { .. }
        | WebhookEvent::Rotated { .. }
        | WebhookEvent::Removed { .. }
        | WebhookEvent::Disabled { .. }
        | WebhookEvent::TakenOver { .. }
        | WebhookEvent::ReplayAsked { .. }
        | WebhookEvent::Delivered { .. }
        | WebhookEvent::DeliveryFailed { .. }
        | WebhookEvent::DeliveryDeferred { .. }
        | WebhookEvent::DeadLettered { .. } => None,
    }
}
