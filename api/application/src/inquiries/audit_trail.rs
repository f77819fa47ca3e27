//! The audit trail (审计日志): every event by time, actor, kind and subject.

use crate::cloud_event::EventData;
use crate::cloud_event::EventParts;
use crate::installation::Installation;
use crate::percent::encode;
use domain::access::event::AccessEvent;
use domain::ids::{CampaignId, CustomerId, StreamId};
use domain::inquiry::event::InquiryEvent;
use domain::number_ids::NumberIdForm;
use domain::problem::Problem;
use domain::stored_event::Position;
use domain::time::Timestamp;
use domain::user::UserEvent;
use projections::views::audit_trail::{AuditFilter, AuditRow, EVENTS_MAX, events};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::value::RawValue;

/// Default number of events per page.
const PAGE_EVENTS: usize = 100;

/// Event kinds of refused attempts, for which the trail includes the event's content although they have no
/// known actor.
const REFUSED: &[&str] = &[
    AccessEvent::REFUSED,
    UserEvent::SIGN_IN_REFUSED,
    UserEvent::LOCKED,
    InquiryEvent::REFUSED,
];

/// A filter of the audit trail. All given conditions must hold.
#[derive(Debug, Clone, Default)]
pub struct AuditTrailFilter {
    /// Who acted: the name in the event; `token`, `directory` or `keys` for a reader without a name
    pub by: Option<String>,
    /// Only events of this kind, for example inquiry.personal_data_read
    pub kind: Option<String>,
    /// Only events at or after this instant (RFC 3339)
    pub from: Option<Timestamp>,
    /// Only events before this instant
    pub to: Option<Timestamp>,
    /// Only events about this campaign
    pub campaign: Option<CampaignId>,
    /// Only events about this customer: the institution's own customer_id, or our id
    pub customer: Option<String>,
    /// Only events of this stream, for example call-…
    pub stream: Option<String>,
    /// Only events after this position: the `next` of the previous page
    pub after: Option<u64>,
    /// Most events to return; default 100, at most 1000
    pub limit: Option<usize>,
}

impl AuditTrailFilter {
    /// Returns the filter as the query string of the API route: empty, or `?by=…`.
    pub fn query(&self) -> String {
        let given = [
            ("by", self.by.clone()),
            ("kind", self.kind.clone()),
            ("from", self.from.map(|at| at.to_string())),
            ("to", self.to.map(|at| at.to_string())),
            ("campaign", self.campaign.as_ref().map(ToString::to_string)),
            ("customer", self.customer.clone()),
            ("stream", self.stream.clone()),
            ("after", self.after.map(|after| after.to_string())),
            ("limit", self.limit.map(|limit| limit.to_string())),
        ];
        let given = given.into_iter().filter_map(|(name, value)| {
            let value = value?;
            Some(format!("{name}={}", encode(&value)))
        });
        let query = given.collect::<Vec<_>>().join("&");
        if query.is_empty() {
            query
        } else {
            format!("?{query}")
        }
    }
}

/// Returns one page of the audit trail that matches the filter, in log order. Fails if the filter is
/// invalid.
pub async fn trail(installation: &Installation, ask: AuditTrailFilter) -> Result<AuditTrailPage, Problem> {
    let customer = match ask.customer {
        Some(text) => Some(customer_of(installation, &text).await?),
        None => None,
    };
    let filter = AuditFilter {
        kind: ask.kind,
        stream: ask.stream.map(StreamId::from_stored),
        campaign: ask.campaign,
        customer,
        by_whom: ask.by,
        from: ask.from,
        until: ask.to,
        ..AuditFilter::default()
    };
    let limit = ask.limit.unwrap_or(PAGE_EVENTS).clamp(1, EVENTS_MAX);
    let after = Position(ask.after.unwrap_or(0));
    let rows = events(installation.rows.db().as_ref(), &filter, after, limit).await?;
    let next = (rows.len() == limit)
        .then(|| rows.last().map(|row| row.position.to_string()))
        .flatten();
    let mut items = Vec::with_capacity(rows.len());
    for row in rows {
        items.push(described(installation, row).await?);
    }
    Ok(AuditTrailPage { items, next })
}

/// A page of the audit trail.
#[derive(Debug, Serialize, JsonSchema)]
pub struct AuditTrailPage {
    items: Vec<TrailItem>,
    /// Position of the last event if there are more: the `after` of the next page.
    pub next: Option<String>,
}

impl AuditTrailPage {
    /// Returns the number of events on the page.
    pub const fn len(&self) -> usize {
        self.items.len()
    }

    /// Returns true if the page has no events.
    pub const fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Returns the page with ids of phone numbers in the form that this reader gets.
    #[must_use]
    pub fn showing(mut self, ids: NumberIdForm) -> Self {
        self.items = self.items.into_iter().map(|item| item.showing(ids)).collect();
        self
    }
}

impl TrailItem {
    fn showing(mut self, ids: NumberIdForm) -> Self {
        let shown = EventParts {
            id: self.row.id,
            customer: self.row.customer.as_ref(),
            stream: self.row.stream,
            data: self.data,
        };
        (self.row.stream, self.data) = shown.with(ids);
        self
    }
}

/// An event of the audit trail. An event with an actor and a refused attempt include the event's content,
/// sealed as stored.
#[derive(Debug, Serialize, JsonSchema)]
struct TrailItem {
    #[serde(flatten)]
    row: AuditRow,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<EventData>")]
    data: Option<Box<RawValue>>,
}

async fn described(installation: &Installation, row: AuditRow) -> Result<TrailItem, Problem> {
    let mut item = TrailItem { row, data: None };
    if item.row.by_whom.is_none() && !REFUSED.contains(&item.row.kind.as_str()) {
        return Ok(item);
    }
    if let Some(stored) = installation.store().find(item.row.id).await? {
        let envelope = stored.envelope();
        let envelope = envelope.map_err(|error| Problem::fault(error.to_string()))?;
        item.data = Some(envelope.data);
    }
    Ok(item)
}

/// Returns our customer id: the text itself if it has the form of one, otherwise the id derived from it as
/// an external id. The customer need not exist.
pub async fn customer_of(installation: &Installation, text: &str) -> Result<CustomerId, Problem> {
    match text.parse() {
        Ok(ours) => Ok(ours),
        Err(_) => installation.customer_of_external(text).await,
    }
}
