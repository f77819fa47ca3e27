//! One delivery attempt of one event: builds the message, logs what it discloses, and sends it.

use super::contact;
use super::courier::{Courier, DeliveryResponse};
use super::letter::{Content, MessageStamp, call_ended, cloud_event, is_declined, of_sandbox};
use super::text::said;
use crate::inquiries::{ReadContent, Reader, put_on_record};
use crate::installation::Installation;
use crate::recordings::{Link, link};
use domain::call::Call;
use domain::call::event::CallEvent;
use domain::decider::{Decider, EventData};
use domain::ids::{CallId, CustomerId, WebhookId};
use domain::inquiry::ReadForm;
use domain::personal::Personal;
use domain::problem::Problem;
use domain::realm::RealmName;
use domain::stored_event::{Envelope, Position, StoredEvent};
use domain::webhook::{
    ANSWER_KEPT_BYTES_MAX, DeliveryAttempt, DeliveryFault, OldSecret, WebhookFacts, WebhookFormat,
    WebhookState,
};
use std::sync::Arc;

/// The personal field that the formats of INT-1 and INT-2 disclose.
const EXTERNAL_ID: &[&str] = &["external_id"];

/// The current state of a webhook, as far as sending needs it.
#[derive(Clone)]
pub(super) struct Settings {
    pub(super) id: WebhookId,
    pub(super) facts: Arc<WebhookFacts>,
    /// Revision of the webhook at which its owner is judged.
    pub(super) revision: u64,
    old_secret: Option<OldSecret>,
}

impl Settings {
    /// Returns the settings of a webhook; `None` if it was removed or never added.
    pub(super) fn of(id: WebhookId, state: &WebhookState) -> Option<Self> {
        let facts = Arc::new(state.active()?.clone());
        Some(Self {
            id,
            facts,
            revision: state.revision(),
            old_secret: state.old_secret().cloned(),
        })
    }

    pub(super) fn stamp(&self, installation: &Installation, message: String) -> MessageStamp<'_> {
        let now = installation.now();
        let old = self.old_secret.as_ref().filter(|old| now < old.until);
        let secrets = self.facts.secret.as_ref().into_iter();
        let secrets = secrets.chain(old.map(|old| &old.secret));
        MessageStamp {
            facts: &self.facts,
            secrets: secrets.filter_map(|secret| secret.value().cloned()).collect(),
            id: message,
            sent_at: installation.courier.wall_time(),
        }
    }
}

/// The result of an attempt.
pub(super) struct AttemptResult {
    pub(super) attempt: DeliveryAttempt,
    pub(super) retry_after_ms: Option<u64>,
}

/// Makes one attempt to deliver the event at `position`. `held`: the event, if it is in memory. Fails if
/// the log could not be read or the disclosure could not be logged: then nothing was sent, and it does not
/// count as an attempt.
pub(super) async fn attempt(
    installation: &Installation,
    settings: &Settings,
    position: Position,
    held: Option<StoredEvent>,
) -> Result<AttemptResult, Problem> {
    let stored = match held {
        Some(stored) => stored,
        None => read_at(installation, position).await?,
    };
    let envelope = stored.envelope();
    let envelope = envelope.map_err(|error| Problem::fault(error.to_string()))?;
    let content = content(installation, settings, &stored, &envelope).await?;
    let message = envelope.id.to_string();
    Ok(send(installation, settings, content, message).await)
}

/// Returns the event at a position of the log. Fails if there is none.
pub(super) async fn read_at(installation: &Installation, position: Position) -> Result<StoredEvent, Problem> {
    let before = Position(position.0.saturating_sub(1));
    let page = installation.store().read_all(before, 1).await?;
    let found = page
        .into_iter()
        .next()
        .filter(|stored| stored.position == position);
    found.ok_or_else(|| Problem::fault(format!("the event at {position} is not in the log any more")))
}

/// Builds the content of the message about an event and logs what it discloses; `None` if the event has no
/// content in this format.
async fn content(
    installation: &Installation,
    settings: &Settings,
    stored: &StoredEvent,
    envelope: &Envelope,
) -> Result<Option<Content>, Problem> {
    let link = recording_link(installation, settings, envelope);
    match settings.facts.format {
        WebhookFormat::Standard => Ok(cloud_event(stored, link.as_ref())),
        format @ (WebhookFormat::CallEnded | WebhookFormat::Crm) => {
            if contact::KINDS.contains(&envelope.kind.as_str()) {
                return contact::contact_changed(installation, settings, envelope).await;
            }
            let Some(customer) = &envelope.customer else {
                return Ok(None);
            };
            disclose_of(installation, settings, envelope, customer.clone()).await?;
            let customer = installation.entities.customers.state(customer).await?.state;
            let external = customer.external_id().and_then(Personal::value);
            let external = external.map(String::as_str);
            Ok(call_ended(format, envelope, external, link.as_ref()))
        }
        WebhookFormat::Wecom
        | WebhookFormat::Dingtalk
        | WebhookFormat::Feishu
        | WebhookFormat::Mail
        | WebhookFormat::Sms => {
            let said = said(installation, envelope).await?;
            Ok(said.map(Content::Text))
        }
    }
}

/// Returns a link to the recording of an ended call, if there is a recording and the webhook receives
/// links. It is built for each attempt, so that it is fresh when it arrives.
fn recording_link(installation: &Installation, settings: &Settings, envelope: &Envelope) -> Option<Link> {
    let base = settings.facts.recordings_from.as_ref()?;
    if envelope.kind != CallEvent::ENDED {
        return None;
    }
    let read = CallEvent::read(&envelope.kind, envelope.version, &envelope.data);
    let Ok(CallEvent::Ended {
        recording_sha256: Some(_),
        ..
    }) = read
    else {
        return None;
    };
    let call = envelope.stream.id().parse::<CallId>().ok()?;
    let now = installation.courier.wall_time();
    Some(link(installation.vault(), base, call, settings.id, now))
}

/// Logs that the receiver of a webhook learns a customer's external id. Returns after the log entry is
/// stored; only then may the message be sent.
pub(super) async fn disclose_of(
    installation: &Installation,
    settings: &Settings,
    envelope: &Envelope,
    customer: CustomerId,
) -> Result<(), Problem> {
    let reader = Reader::of_program(format!("webhook {}", settings.id), "webhook");
    let person = installation.entities.customers.state(&customer).await?.state;
    let ids_count = usize::from(person.external_id().and_then(Personal::value).is_some());
    let mut shown = ReadContent::of(EXTERNAL_ID, ReadForm::Clear);
    shown.customer = Some(customer);
    shown.campaign.clone_from(&envelope.campaign);
    if envelope.stream.aggregate() == Call::AGGREGATE {
        shown.calls.extend(envelope.stream.id().parse::<CallId>().ok());
    }
    put_on_record(installation, reader, shown.with_values(ids_count))
        .await
        .map(drop)
}

/// Sends a message and returns the result. If there is no content or no message can be made of it, nothing
/// is sent and the result is the fault `Unmade`.
pub(super) async fn send(
    installation: &Installation,
    settings: &Settings,
    content: Option<Content>,
    message: String,
) -> AttemptResult {
    let stamp = settings.stamp(installation, message);
    let content = match installation.store().realm() {
        RealmName::Real => content,
        RealmName::Sandbox => content.map(of_sandbox),
    };
    let Some(letter) = content.and_then(|content| stamp.letter(content)) else {
        return tried(DeliveryResponse::nothing(DeliveryFault::Unmade), 0);
    };
    let began = installation.now();
    let courier: &dyn Courier = installation.courier.as_ref();
    let mut answered = courier.deliver(letter).await;
    let elapsed_ms = installation.now().ms_since(began);
    if answered.fault.is_none() && is_declined(settings.facts.format, &answered.body) {
        answered.fault = Some(DeliveryFault::Declined);
    }
    tried(answered, elapsed_ms)
}

fn tried(answered: DeliveryResponse, elapsed_ms: u64) -> AttemptResult {
    let kept = answered
        .body
        .get(..ANSWER_KEPT_BYTES_MAX)
        .unwrap_or(&answered.body);
    let kept = String::from_utf8_lossy(kept);
    let answer = (!kept.is_empty()).then(|| Personal::open(kept.into_owned()));
    AttemptResult {
        attempt: DeliveryAttempt {
            fault: answered.fault,
            status: answered.status,
            elapsed_ms,
            answer,
            answer_bytes: answered.body.len() as u64,
        },
        retry_after_ms: answered.retry_after_ms,
    }
}
