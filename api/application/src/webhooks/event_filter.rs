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

/// Returns the kinds of events that the sender of a webhook reads: those that the webhook asked for, and
/// sent reports, which name their webhooks and channels.
pub(super) fn kinds_to_read(facts: &WebhookFacts) -> Vec<String> {
    let mut kinds: Vec<String> = facts.kinds.iter().cloned().collect();
    if !facts.format.is_personal() {
        kinds.push(SavedReportEvent::SENT.to_owned());
    }
    kinds
}

/// Returns true if the event is to be sent to the webhook: of its campaigns, or a saved report that names
/// the webhook. The kind was checked by the read.
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

/// Returns false if the event belongs to an alert that is muted now and the webhook is a channel or has a
/// text format.
pub(super) async fn is_unmuted(
    installation: &Installation,
    facts: &WebhookFacts,
    envelope: &Envelope,
) -> Result<bool, Problem> {
    if !facts.is_channel && !facts.format.is_text() {
        return Ok(true);
    }
    Ok(said(installation, envelope).await?.is_some())
}
