//! The messages that the log requires, and what it says about those that were sent.

use crate::direct_log::read_whole_log;
use crate::history::member;
use domain::stored_event::Envelope;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// An event that must be delivered.
pub(super) struct RequiredDelivery {
    pub(super) position: u64,
    /// The person or thing that it is about: events of one lane are delivered in order.
    pub(super) lane: String,
}

/// What the log contains about deliveries.
#[derive(Default)]
pub(super) struct DeliveryLog {
    /// The events to be delivered, by id.
    pub(super) wanted: BTreeMap<String, RequiredDelivery>,
    /// The ids of the events that ended calls.
    pub(super) ended: BTreeSet<String>,
    /// The call of each event that ended one.
    call_of: BTreeMap<String, String>,
    /// The position of the first disclosure of a call to a webhook.
    disclosed: BTreeMap<(String, String), u64>,
    /// The deliveries by webhook: the event, and the position of its delivery.
    delivered: BTreeMap<String, Vec<(String, u64)>>,
    /// The ids of alerts raised before the replay.
    pub(super) alerts: BTreeSet<String>,
    is_replayed: bool,
    pub(super) broken: Vec<String>,
}

impl DeliveryLog {
    pub(super) fn read(data: &Path, kinds: &[&str], campaign: &str) -> Self {
        let mut log = Self::default();
        for stored in read_whole_log(data) {
            let envelope = stored.envelope().expect("a record of ours");
            log.take(stored.position.0, &envelope, kinds, campaign);
        }
        if log.wanted.is_empty() {
            log.broken.push("nothing had to be delivered".to_owned());
        }
        log
    }

    fn take(&mut self, position: u64, envelope: &Envelope, kinds: &[&str], campaign: &str) {
        let data: Value = serde_json::from_str(envelope.data.get()).expect("data is JSON");
        let stream = envelope.stream.to_string();
        if kinds.contains(&envelope.kind.as_str()) {
            let lane = envelope
                .customer
                .as_ref()
                .map_or_else(|| stream.clone(), ToString::to_string);
            self.wanted
                .insert(envelope.id.to_string(), RequiredDelivery { position, lane });
        }
        let text = |pointer: &str| member(&data, pointer).as_str().unwrap_or_default().to_owned();
        match envelope.kind.as_str() {
            "call.ended"
                if envelope
                    .campaign
                    .as_ref()
                    .is_some_and(|of| of.as_str() == campaign) =>
            {
                self.ended.insert(envelope.id.to_string());
                self.call_of
                    .insert(envelope.id.to_string(), envelope.stream.id().to_owned());
            }
            "inquiry.personal_data_read" if text("/door") == "webhook" => {
                let webhook = text("/route").trim_start_matches("webhook ").to_owned();
                // Nothing is disclosed about an erased person.
                let is_form = ["clear", "nothing"].contains(&text("/form").as_str());
                let is_disclosure = is_form && member(&data, "/fields") == &json!(["external_id"]);
                if !is_disclosure || envelope.customer.is_none() {
                    self.broken.push(format!("a disclosure says {data}"));
                }
                self.disclosed
                    .entry((webhook, text("/calls/0")))
                    .or_insert(position);
            }
            "webhook.delivered" => {
                let webhook = envelope.stream.id().to_owned();
                self.delivered
                    .entry(webhook)
                    .or_default()
                    .push((text("/event"), position));
            }
            "alert.raised" if !self.is_replayed => {
                self.alerts.insert(envelope.id.to_string());
            }
            "webhook.replay_asked" => self.is_replayed = true,
            "webhook.dead_lettered" => self.broken.push(format!("a dead letter: {data}")),
            _ => {}
        }
    }

    /// Returns the number of deliveries to a webhook without an earlier disclosure.
    pub(super) fn undisclosed(&self, webhook: &str) -> usize {
        let delivered = self.delivered.get(webhook).map_or(&[][..], Vec::as_slice);
        let is_disclosed = |(event, position): &&(String, u64)| {
            let call = self.call_of.get(event).cloned().unwrap_or_default();
            let on_record = self.disclosed.get(&(webhook.to_owned(), call));
            on_record.is_some_and(|record| record < position)
        };
        let missing = delivered.iter().filter(|one| !is_disclosed(one)).count();
        if delivered.is_empty() { 1 } else { missing }
    }
}
