//! The audit trail: every event by time, by who acted, by kind, and by whom or what it is about.

use crate::cloud_event::EventData;
use crate::cloud_event::ShownParts;
use crate::installation::Installation;
use crate::percent::encode;
use domain::access::event::AccessEvent;
use domain::ids::{CampaignId, CustomerId, StreamId};
use domain::inquiry::event::InquiryEvent;
use domain::number_ids::NumberIds;
use domain::problem::Problem;
use domain::stored_event::Position;
use domain::time::Timestamp;
use domain::user::UserEvent;
use projections::views::audit_trail::{AuditFilter, AuditRow, EVENTS_MAX, events};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::value::RawValue;

/// Events on a page unless asked otherwise.
const PAGE_EVENTS: usize = 100;

/// Attempts that were refused: nobody is known to have acted, and what was tried is to be read.
const REFUSED: &[&str] = &[
    AccessEvent::REFUSED,
    UserEvent::SIGN_IN_REFUSED,
    UserEvent::LOCKED,
    InquiryEvent::REFUSED,
];

/// What is looked for; everything given must hold.
#[derive(Debug, Clone, Default)]
pub struct TrailAsk {
    /// Who acted: the name an event holds; the door (`token`, `directory`, `keys`) for a reader who gave none
    pub by: Option<String>,
    /// Only of this kind, such as inquiry.personal_data_read
    pub kind: Option<String>,
    /// Only from this instant on (RFC 3339)
    pub from: Option<Timestamp>,
    /// Only before this instant
    pub to: Option<Timestamp>,
    /// Only about this campaign
    pub campaign: Option<CampaignId>,
    /// Only about this customer: the institution's own customer_id, or our id
    pub customer: Option<String>,
    /// Only of this stream, such as call-…
    pub stream: Option<String>,
    /// Only behind this position: the `next` of the page before
    pub after: Option<u64>,
    /// At most so many; default 100, at most 1000
    pub limit: Option<usize>,
}

impl TrailAsk {
    /// The same as a query of the route: empty, or `?by=…`.
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

/// One page of the trail, in the log's order.
pub async fn trail(installation: &Installation, ask: TrailAsk) -> Result<Trail, Problem> {
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
    Ok(Trail { items, next })
}

/// A page of the trail.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Trail {
    items: Vec<TrailItem>,
    /// The position of the last one where there are more: `after` of the following page.
    pub next: Option<String>,
}

impl Trail {
    /// How many events it shows.
    pub const fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether it shows none.
    pub const fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// The same for a reader who gets ids of phone numbers in this form.
    #[must_use]
    pub fn showing(mut self, ids: NumberIds) -> Self {
        self.items = self.items.into_iter().map(|item| item.showing(ids)).collect();
        self
    }
}

impl TrailItem {
    fn showing(mut self, ids: NumberIds) -> Self {
        let shown = ShownParts {
            id: self.row.id,
            customer: self.row.customer.as_ref(),
            stream: self.row.stream,
            data: self.data,
        };
        (self.row.stream, self.data) = shown.with(ids);
        self
    }
}

/// An event in the trail; of what a person did also what the event says of it, sealed as stored.
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

/// Our id where it is one, else the one that theirs has here.
pub async fn customer_of(installation: &Installation, text: &str) -> Result<CustomerId, Problem> {
    match text.parse() {
        Ok(ours) => Ok(ours),
        Err(_) => installation.customer_of_external(text).await,
    }
}
