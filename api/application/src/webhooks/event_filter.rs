//! Selects the events of the log that a webhook or channel is sent.

use super::attempt::Settings;
use super::text::said;
use crate::installation::Installation;
use domain::decider::EventData;
use domain::ids::WebhookId;
use domain::problem::Problem;
use domain::saved_report::SavedReportEvent;
use domain::stored_event::Envelope;
use domain::webhook::WebhookFacts;

/// Returns the event kinds to read: those that the webhook asked for, and saved reports, which name their
/// webhooks and channels.
pub(super) fn told_kinds(facts: &WebhookFacts) -> Vec<String> {
    let mut kinds: Vec<String> = facts.kinds.iter().cloned().collect();
    if !facts.format.is_personal() {
        kinds.push(SavedReportEvent::SENT.to_owned());
    }
    kinds
}

/// Returns true if the webhook is sent this event. If it is limited to campaigns, only their events count.
/// A saved report goes to the webhooks it names; the report's sender checked that they may receive it.
pub(super) fn is_wanted(settings: &Settings, envelope: &Envelope) -> bool {
    let facts = &settings.facts;
    if envelope.kind == SavedReportEvent::SENT {
        return names(envelope, settings.id);
    }
    match &envelope.campaign {
        Some(campaign) => facts.campaigns.admits(campaign),
        None => facts.campaigns.is_all(),
    }
}

fn names(envelope: &Envelope, id: WebhookId) -> bool {
    let read = SavedReportEvent::read(&envelope.kind, envelope.version, &envelope.data);
    let sending = read.as_ref().ok().and_then(SavedReportEvent::sending);
    sending.is_some_and(|sending| sending.channels.contains(&id))
}

/// Returns true unless the event belongs to a muted alert and the webhook is a channel or has a text
/// format.
pub(super) async fn is_told(
    installation: &Installation,
    facts: &WebhookFacts,
    envelope: &Envelope,
) -> Result<bool, Problem> {
    if !facts.is_channel && !facts.format.is_text() {
        return Ok(true);
    }
    Ok(said(installation, envelope).await?.is_some())
}
