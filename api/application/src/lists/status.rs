//! The status of one list, from the events of its campaign: its customers, and how many are settled or
//! withdrawn.

use crate::installation::Installation;
use domain::campaign::event::CampaignEvent;
use domain::customer::event::CustomerEvent;
use domain::decider::EventData;
use domain::event_filter::EventFilter;
use domain::ids::{CampaignId, CustomerId, ListId};
use domain::ports::event_store::PAGE_EVENTS_MAX;
use domain::problem::Problem;
use domain::stored_event::{Envelope, Position};
use domain::time::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeSet;

/// A contact list, with the counts of its customers.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ContactListResponse {
    pub list: ListId,
    pub campaign: CampaignId,
    /// Where the list came from: a file name, or `tasks/data`.
    pub source: String,
    pub opened_at: Timestamp,
    /// Absent during the import, or if an import stopped half-way.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub closed_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub undone: Option<ListUndoResponse>,
    /// Customers enrolled by this list.
    pub enrolled: u64,
    /// Enrolled customers who get no further calls, for any reason.
    pub settled: u64,
    /// Enrolled customers who were withdrawn.
    pub withdrawn: u64,
    /// Enrolled customers who may still be called: neither settled nor withdrawn.
    pub waiting: u64,
    #[serde(serialize_with = "Position::as_text")]
    #[schemars(with = "String")]
    pub position: Position,
}

/// Time, reason and user of the undo of a list.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ListUndoResponse {
    pub at: Timestamp,
    pub reason: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
}

/// Returns the campaign that opened this list. Fails with `Missing` if there is none.
pub async fn campaign_of(installation: &Installation, list: ListId) -> Result<CampaignId, Problem> {
    let filter = EventFilter {
        kinds: vec![CampaignEvent::LIST_OPENED.to_owned()],
        ..EventFilter::default()
    };
    let mut found = None;
    each(installation, &filter, |envelope, _| {
        let event = campaign_event(envelope)?;
        if matches!(event, CampaignEvent::ListOpened { list: opened, .. } if opened == list) {
            found = envelope.stream.id().parse().ok();
        }
        Ok(found.is_none())
    })
    .await?;
    found.ok_or_else(|| Problem::missing("this list"))
}

/// Returns a list with the counts of its customers, counted from the log and not from views. Fails with
/// `Missing` if the campaign has no list with this id.
pub async fn show(
    installation: &Installation,
    campaign: &CampaignId,
    list: ListId,
) -> Result<ContactListResponse, Problem> {
    let filter = EventFilter {
        kinds: [
            CampaignEvent::LIST_OPENED,
            CampaignEvent::LIST_CLOSED,
            CampaignEvent::LIST_UNDONE,
            CustomerEvent::ENROLLED,
            CustomerEvent::ENROLMENT_WITHDRAWN,
            CustomerEvent::ENROLMENT_SETTLED,
        ]
        .map(str::to_owned)
        .to_vec(),
        campaign: Some(campaign.clone()),
        ..EventFilter::default()
    };
    let mut fold = Fold::of(campaign, list);
    let reached = each(installation, &filter, |envelope, _| {
        fold.take(envelope).map(|()| true)
    })
    .await?;
    let mut shown = fold.shown;
    shown.waiting = fold.waiting.len() as u64;
    shown.position = reached;
    Ok(shown)
}

struct Fold {
    shown: ContactListResponse,
    /// Customers who wait for calls, each by the first 128 bits of the id: 16 bytes.
    waiting: BTreeSet<u128>,
    /// Withdrawn customers with a call that runs to its normal end and settles them.
    in_calls: BTreeSet<u128>,
}

impl Fold {
    fn of(campaign: &CampaignId, list: ListId) -> Self {
        Self {
            shown: ContactListResponse {
                list,
                campaign: campaign.clone(),
                source: String::new(),
                opened_at: Timestamp::EPOCH,
                closed_at: None,
                undone: None,
                enrolled: 0,
                settled: 0,
                withdrawn: 0,
                waiting: 0,
                position: Position(0),
            },
            waiting: BTreeSet::new(),
            in_calls: BTreeSet::new(),
        }
    }

    fn take(&mut self, envelope: &Envelope) -> Result<(), Problem> {
        match envelope.stream.aggregate() {
            "campaign" => self.take_campaign(envelope),
            _ => self.take_customer(envelope),
        }
    }

    fn take_campaign(&mut self, envelope: &Envelope) -> Result<(), Problem> {
        let own = self.shown.list;
        match campaign_event(envelope)? {
            CampaignEvent::ListOpened { list, source, .. } if list == own => {
                self.shown.source = source;
                self.shown.opened_at = envelope.at;
            }
            CampaignEvent::ListClosed { list, .. } if list == own => {
                self.shown.closed_at = Some(envelope.at);
            }
            CampaignEvent::ListUndone { list, reason, by } if list == own => {
                let at = envelope.at;
                self.shown.undone = Some(ListUndoResponse { at, reason, by });
            }
            _ => {}
        }
        Ok(())
    }

    fn take_customer(&mut self, envelope: &Envelope) -> Result<(), Problem> {
        let Some(person) = envelope.customer.as_ref().and_then(key) else {
            return Ok(());
        };
        match envelope.kind.as_str() {
            CustomerEvent::ENROLLED => {
                if list_of(envelope)? == Some(self.shown.list) {
                    self.shown.enrolled += 1;
                    self.waiting.insert(person);
                }
            }
            CustomerEvent::ENROLMENT_WITHDRAWN => {
                if list_of(envelope)? == Some(self.shown.list) {
                    self.shown.withdrawn += 1;
                    self.waiting.remove(&person);
                    self.in_calls.insert(person);
                }
            }
            // The filter limits these events to the campaign. The customer belongs to the list unless
            // settled before.
            _ => {
                let is_ours = self.waiting.remove(&person) || self.in_calls.remove(&person);
                self.shown.settled += u64::from(is_ours);
            }
        }
        Ok(())
    }
}

fn key(customer: &CustomerId) -> Option<u128> {
    u128::from_str_radix(customer.as_str(), 16).ok()
}

fn campaign_event(envelope: &Envelope) -> Result<CampaignEvent, Problem> {
    CampaignEvent::read(&envelope.kind, envelope.version, &envelope.data)
        .map_err(|error| Problem::fault(error.to_string()))
}

/// Returns the list that a customer's event names; `None` if it names none. Nothing is decrypted.
pub(super) fn list_of(envelope: &Envelope) -> Result<Option<ListId>, Problem> {
    #[derive(serde::Deserialize)]
    struct ListData {
        list: Option<ListId>,
    }
    let read: ListData = serde_json::from_str(envelope.data.get())
        .map_err(|error| Problem::fault(format!("{}: {error}", envelope.kind)))?;
    Ok(read.list)
}

/// Calls `take` for every event that matches the filter, until the end of the log or until `take` returns
/// false. Returns the position reached.
pub(super) async fn each(
    installation: &Installation,
    filter: &EventFilter,
    mut take: impl FnMut(&Envelope, Position) -> Result<bool, Problem> + Send,
) -> Result<Position, Problem> {
    let mut after = Position(0);
    loop {
        let page = installation
            .store()
            .read_matching(filter, after, PAGE_EVENTS_MAX)
            .await?;
        for stored in &page.events {
            let envelope = stored.envelope();
            let envelope = envelope.map_err(|error| Problem::fault(error.to_string()))?;
            if !take(&envelope, stored.position)? {
                return Ok(stored.position);
            }
        }
        if page.reached == after {
            return Ok(after);
        }
        after = page.reached;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn envelope(kind: &str, customer: &str, data: &Value) -> Envelope {
        let record = json!({
            "id": "00000000-0000-5000-8000-000000000001", "kind": kind, "version": 1,
            "stream": format!("customer-{customer}"), "stream_version": 1, "at": "2026-03-02T10:00:00Z",
            "command": "00000000-0000-5000-8000-000000000002", "customer": customer, "data": data,
        });
        serde_json::from_value(record).unwrap()
    }

    #[test]
    fn a_customer_withdrawn_with_an_open_call_waits_for_nothing_and_settles_once() {
        let campaign: CampaignId = "T".parse().unwrap();
        let list = ListId::derive(&campaign, "aa");
        let mut fold = Fold::of(&campaign, list);
        let of_list = json!({ "list": list });
        let (calling, idle) = (
            "00112233445566778899aabbccddeeff",
            "ffeeddccbbaa99887766554433221100",
        );
        let mut take = |kind: &str, customer: &str, data: &Value| {
            fold.take(&envelope(kind, customer, data)).unwrap();
            let shown = &fold.shown;
            (fold.waiting.len(), shown.withdrawn, shown.settled)
        };
        take(CustomerEvent::ENROLLED, calling, &of_list);
        assert_eq!(take(CustomerEvent::ENROLLED, idle, &of_list), (2, 0, 0));
        let withdrawn = take(CustomerEvent::ENROLMENT_WITHDRAWN, calling, &of_list);
        assert_eq!(withdrawn, (1, 1, 0), "the customer gets no further call");
        let settled = json!({});
        assert_eq!(
            take(CustomerEvent::ENROLMENT_SETTLED, calling, &settled),
            (1, 1, 1)
        );
        assert_eq!(take(CustomerEvent::ENROLMENT_SETTLED, idle, &settled), (0, 1, 2));
        assert_eq!(take(CustomerEvent::ENROLMENT_SETTLED, idle, &settled), (0, 1, 2));
    }
}
