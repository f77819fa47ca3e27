//! What a CRM is told of consents and opt-outs: whose they are, by the ids that the institution gave, for it
//! knows no other. The way back of `POST numbers/opt-out` and `POST customers/{id}/consents`.

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
use domain::webhook::Format;
use projections::views::customer_timeline::{HAVING_MAX, having};
use serde_json::{Value, json};

/// The kinds of which the personal forms tell beside the end of a call, where they are named.
pub(super) const KINDS: [&str; 4] = [
    CustomerEvent::CONSENT_RECORDED,
    CustomerEvent::CONSENT_WITHDRAWN,
    NumberEvent::OPTED_OUT,
    NumberEvent::SUPPRESSED,
];

/// Longest wait for the rows to know everybody who has the number.
const ROWS_WITHIN_MS: u64 = 5_000;

/// What happened, without whom it is about.
struct Change {
    /// As `event` says it.
    what: &'static str,
    scope: Option<String>,
    until: Option<Timestamp>,
}

/// What is sent of such an event, once each person it names is on record as disclosed. `None` where it is
/// another kind.
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
        // Whoever was erased has none.
        if let Some(id) = state.external_id().and_then(Personal::value) {
            disclose_of(installation, settings, envelope, customer).await?;
            external_ids.push(id.clone());
        }
    }
    let body = change.body(settings.facts.format, &external_ids, is_whole, envelope.at);
    Ok(body.map(|body| Content::Json(body.to_string())))
}

/// Whom it is about: the person whose event it is, or everybody who has the number; and whether that is all.
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
    let all = having(installation.rows.db().as_ref(), &number).await?;
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
    fn body(&self, format: Format, ids: &[String], is_whole: bool, at: Timestamp) -> Option<Value> {
        let until = self.until.map(|until| until.to_string());
        match format {
            Format::CallEnded => Some(json!({
                "event": self.what,
                "data": {
                    "customer_ids": ids, "complete": is_whole, "scope": self.scope, "until": until,
                    "at": at.to_string(),
                },
            })),
            Format::Crm => Some(json!({
                "event": self.what, "customerIds": ids, "complete": is_whole, "scope": self.scope,
                "until": until, "at": at.to_string(),
            })),
            Format::Standard
            | Format::Wecom
            | Format::Dingtalk
            | Format::Feishu
            | Format::Mail
            | Format::Sms => None,
        }
    }
}
