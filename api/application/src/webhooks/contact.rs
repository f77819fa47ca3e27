//! Messages to a CRM about consents and opt-outs. They name customers by the institution's own ids, because
//! the CRM knows no others. They are the reverse of `POST numbers/opt-out` and `POST
//! customers/{id}/consents`.

use super::attempt::{Settings, disclose_of};
use super::letter::Content;
use crate::installation::Installation;
use domain::customer::event::CustomerEvent;
use domain::decider::EventData;
use domain::ids::{CustomerId, NumberId};
use domain::number::event::NumberEvent;
use domain::personal::Personal;
use domain::problem::Problem;
use domain::stored_event::Envelope;
use domain::time::Timestamp;
use domain::webhook::WebhookFormat;
use projections::views::customer_timeline::{HAVING_MAX, find_by_number};
use serde_json::{Value, json};

/// Event kinds that the personal formats can send in addition to the end of a call, if the webhook names
/// them.
pub(super) const KINDS: [&str; 4] = [
    CustomerEvent::CONSENT_RECORDED,
    CustomerEvent::CONSENT_WITHDRAWN,
    NumberEvent::OPTED_OUT,
    NumberEvent::SUPPRESSED,
];

/// Longest wait until the read model lists all customers who have the number, in milliseconds.
const ROWS_WITHIN_MS: u64 = 5_000;

/// A change of consent or opt-out, without the customers concerned.
struct Change {
    /// Value of the member `event`.
    what: &'static str,
    scope: Option<String>,
    until: Option<Timestamp>,
}

/// Builds the message about a consent or opt-out, and logs the disclosure of each customer that it names.
/// `None` for other kinds of events.
pub(super) async fn contact_changed(
    installation: &Installation,
    settings: &Settings,
    envelope: &Envelope,
) -> Result<Option<Content>, Problem> {
    let Some(change) = of_number(envelope).or_else(|| of_customer(envelope)) else {
        return Ok(None);
    };
    let (customers, is_whole) = concerned(installation, envelope).await?;
    let mut external_ids = Vec::with_capacity(customers.len());
    for customer in customers {
        let state = installation.entities.customers.state(&customer).await?.state;
        // An erased customer has no external id.
        if let Some(id) = state.external_id().and_then(Personal::value) {
            disclose_of(installation, settings, envelope, customer).await?;
            external_ids.push(id.clone());
        }
    }
    let body = change.body(settings.facts.format, &external_ids, is_whole, envelope.at);
    Ok(body.map(|body| Content::Json(body.to_string())))
}

/// Returns the customers that the event concerns: its own customer, or all who have its number; and true if
/// that list is complete.
async fn concerned(
    installation: &Installation,
    envelope: &Envelope,
) -> Result<(Vec<CustomerId>, bool), Problem> {
    if let Some(customer) = &envelope.customer {
        return Ok((vec![customer.clone()], true));
    }
    let number: NumberId = envelope.stream.id().parse().map_err(|error| {
        Problem::fault(format!("an event about a number is on a stream of none: {error}"))
    })?;
    let head = installation.store().head().await?;
    installation.rows_at(head, ROWS_WITHIN_MS).await?;
    let all = find_by_number(installation.rows.db().as_ref(), &number).await?;
    let is_whole = all.len() < HAVING_MAX;
    Ok((all, is_whole))
}

fn of_number(envelope: &Envelope) -> Option<Change> {
    let change = |what, until| Change {
        what,
        scope: None,
        until,
    };
    match NumberEvent::read(&envelope.kind, envelope.version, &envelope.data).ok()? {
        NumberEvent::OptedOut { .. } => Some(change("opted_out", None)),
        NumberEvent::Suppressed { until, .. } => Some(change("suppressed", until)),
        _ => None,
    }
}

fn of_customer(envelope: &Envelope) -> Option<Change> {
    let change = |what, scope, until| Change {
        what,
        scope: Some(scope),
        until,
    };
    match CustomerEvent::read(&envelope.kind, envelope.version, &envelope.data).ok()? {
        CustomerEvent::ConsentRecorded { scope, until, .. } => Some(change("consent_recorded", scope, until)),
        CustomerEvent::ConsentWithdrawn { scope, .. } => Some(change("consent_withdrawn", scope, None)),
        _ => None,
    }
}

impl Change {
    fn body(&self, format: WebhookFormat, ids: &[String], is_whole: bool, at: Timestamp) -> Option<Value> {
        let until = self.until.map(|until| until.to_string());
        match format {
            WebhookFormat::CallEnded => Some(json!({
                "event": self.what,
                "data": {
                    "customer_ids": ids, "complete": is_whole, "scope": self.scope, "until": until,
                    "at": at.to_string(),
                },
            })),
            WebhookFormat::Crm => Some(json!({
                "event": self.what, "customerIds": ids, "complete": is_whole, "scope": self.scope,
                "until": until, "at": at.to_string(),
            })),
            WebhookFormat::Standard
            | WebhookFormat::Wecom
            | WebhookFormat::Dingtalk
            | WebhookFormat::Feishu
            | WebhookFormat::Mail
            | WebhookFormat::Sms => None,
        }
    }
}
