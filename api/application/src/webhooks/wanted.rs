//! Which events of the log one webhook or channel is sent.

use super::attempt::Settings;
use super::text::said;
use crate::installation::Installation;
use domain::decider::EventData;
use domain::ids::WebhookId;
use domain::problem::Problem;
use domain::saved_report::SavedReportEvent;
use domain::stored_event::Envelope;
use domain::webhook::WebhookFacts;

/// The kinds that it asked for, and saved reports, which name the webhooks and channels they go to.
pub(super) fn told_kinds(facts: &WebhookFacts) -> Vec<String> {
    let mut kinds: Vec<String> = facts.kinds.iter().cloned().collect();
    if !facts.format.is_personal() {
        kinds.push(SavedReportEvent::SENT.to_owned());
    }
    kinds
}

/// A webhook that is held to campaigns is sent events of those, and none that is about no campaign.
/// A saved report goes to those that it names: the sender of the report checked whether they may receive it.
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

/// Channels, and formats of sentences, are sent nothing of an alert that is muted.
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
