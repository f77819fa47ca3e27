//! Test fixtures: a story is built from events, as a store would return them; views then make rows of it.

mod corrections;
mod database_pair;
mod databases;
mod ports;
mod random_history;

pub(crate) use database_pair::both_databases;
pub(crate) use databases::{postgres_url, run_sql, secured_url};
pub(crate) use ports::{AdvancingClock, TestClock, TestLog, TestTasks, columns_of, rows_of};
pub(crate) use random_history::{steps, varied};

use crate::database::ReadDb;
use crate::runner::InlineRunner;
use crate::synthetic;
use crate::view::View;
use domain::alert::AlertEvent;
use domain::call::event::{CallEvent, EndReason};
use domain::calling_plan::{Basis, FlowRef};
use domain::campaign::event::CampaignEvent;
use domain::compliance::{CustomerGrant, Decision, NumberGrant, Verdict};
use domain::customer::event::CustomerEvent;
use domain::decider::EventData;
use domain::disposition::{Disposition, Outcome};
use domain::ids::{
    AlertId, CallId, CampaignId, CommandId, CustomerId, EnrolmentId, EventId, ListId, NumberId, StreamId,
};
use domain::number::event::NumberEvent;
use domain::personal::{LookupHash, Personal, Sealed};
use domain::ports::line::AnsweredDialog;
use domain::stored_event::{Position, StoredEvent};
use domain::time::Timestamp;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Returns the time at which stories begin: Monday, 2 March 2026, 10:00 in Beijing.
pub(crate) fn ten() -> Timestamp {
    "2026-03-02T10:00:00+08:00".parse().unwrap()
}

pub(crate) fn campaign(name: &str) -> CampaignId {
    name.parse().unwrap()
}

pub(crate) fn customer(number: u32) -> CustomerId {
    format!("{number:032x}").parse().unwrap()
}

pub(crate) fn number(number: u32) -> NumberId {
    format!("{number:032x}").parse().unwrap()
}

pub(crate) fn verdict(decision: Decision) -> Verdict {
    Verdict {
        rule: "calling_window".to_owned(),
        version: 1,
        effective_from: "2026-01-01".to_owned(),
        decision,
        facts: BTreeMap::new(),
    }
}

pub(crate) fn call(campaign_name: &str, customer_number: u32, attempt: u32) -> CallId {
    let enrolment = EnrolmentId {
        campaign: campaign(campaign_name),
        customer: customer(customer_number),
    };
    CallId::derive(&enrolment, attempt)
}

pub(crate) fn sealed(text: &str, hashed: bool) -> Personal<String> {
    Personal::Sealed(Box::new(Sealed {
        sealed: text.to_owned(),
        key: customer(0),
        transcript: None,
        hash: hashed.then(|| LookupHash(format!("hash of {text}"))),
    }))
}

pub(crate) fn flow_ref() -> FlowRef {
    FlowRef {
        flow: "greeting".parse().unwrap(),
        version: 1,
        content_hash: "00".to_owned(),
    }
}

/// Events in the order in which they were added, as a store would return them. `at` advances by one second
/// per event.
pub(crate) struct TestHistory {
    pub(crate) events: Vec<StoredEvent>,
    pub(crate) at: Timestamp,
    versions: BTreeMap<String, u64>,
    owners: BTreeMap<CallId, (CampaignId, CustomerId)>,
}

impl TestHistory {
    pub(crate) fn new() -> Self {
        Self {
            events: Vec::new(),
            at: ten(),
            versions: BTreeMap::new(),
            owners: BTreeMap::new(),
        }
    }

    pub(crate) fn head(&self) -> Position {
        Position(self.events.len() as u64)
    }

    fn tell<E: EventData>(
        &mut self,
        stream: StreamId,
        campaign: Option<CampaignId>,
        customer: Option<CustomerId>,
        event: &E,
    ) {
        let value = serde_json::to_value(event).unwrap();
        let envelope = serde_json::json!({
            "id": EventId::derive(CommandId::derive_from_text("told"), self.events.len()),
            "kind": event.kind(), "version": event.version(), "stream": stream,
            "stream_version": self.versions.get(stream.as_str()).unwrap_or(&0) + 1,
            "at": self.at, "campaign": campaign, "customer": customer,
            "command": CommandId::derive_from_text("told"), "data": value["data"],
        });
        self.tell_record(&stream, serde_json::to_vec(&envelope).unwrap());
    }

    /// Appends a record with any bytes.
    pub(crate) fn tell_record(&mut self, stream: &StreamId, record: Vec<u8>) {
        *self.versions.entry(stream.as_str().to_owned()).or_default() += 1;
        self.events.push(StoredEvent::new(
            Position(self.events.len() as u64 + 1),
            self.at,
            record.into(),
        ));
        self.at = self.at.plus_ms(1_000);
    }

    pub(crate) fn campaign(&mut self, name: &str, event: CampaignEvent) -> &mut Self {
        let id = campaign(name);
        self.tell(StreamId::new("campaign", &id), Some(id), None, &event);
        self
    }

    pub(crate) fn customer(&mut self, of: u32, event: CustomerEvent) -> &mut Self {
        let id = customer(of);
        let scope = event.campaign().cloned();
        self.tell(StreamId::new("customer", &id), scope, Some(id), &event);
        self
    }

    pub(crate) fn number(&mut self, of: u32, event: NumberEvent) -> &mut Self {
        self.tell(StreamId::new("number", &number(of)), None, None, &event);
        self
    }

    /// Appends an event of an alert. `name` is both its rule and its subject.
    pub(crate) fn alert(&mut self, name: &str, event: &AlertEvent) -> &mut Self {
        let id = AlertId::derive("told", name);
        self.tell(StreamId::new("alert", &id), None, None, event);
        self
    }

    pub(crate) fn call(&mut self, id: CallId, event: CallEvent) -> &mut Self {
        if let CallEvent::Permitted { customer_grant, .. } = &event {
            let owner = (customer_grant.campaign.clone(), customer_grant.customer.clone());
            self.owners.insert(id, owner);
        }
        let (campaign, customer) = self.owners.get(&id).cloned().unzip();
        self.tell(StreamId::new("call", &id), campaign, customer, &event);
        self
    }

    // Shortcuts for frequent events.

    pub(crate) fn created(&mut self, name: &str) -> &mut Self {
        let created = CampaignEvent::Created {
            campaign: campaign(name),
            customer_segment: None,
            flow: flow_ref(),
            plan: synthetic::plan().unwrap(),
        };
        self.campaign(name, created)
    }

    pub(crate) fn enrolled(&mut self, name: &str, of: u32) -> &mut Self {
        let event = CustomerEvent::Enrolled {
            campaign: campaign(name),
            list: ListId::derive(&campaign(name), "00"),
            number: number(of),
            basis: Basis::Contract,
            due_at: self.at,
            variables: BTreeMap::new(),
            placing: None,
        };
        self.customer(of, event)
    }

    pub(crate) fn customer_grant(&self, name: &str, of: u32, attempt: u32) -> CustomerGrant {
        CustomerGrant {
            call: call(name, of, attempt),
            campaign: campaign(name),
            customer: customer(of),
            number: number(of),
            valid_until: self.at.plus_ms(2_000),
            legs_until: None,
            verdicts: Vec::new(),
        }
    }

    pub(crate) fn number_grant(&self, name: &str, of: u32, attempt: u32) -> NumberGrant {
        NumberGrant {
            call: call(name, of, attempt),
            campaign: campaign(name),
            number: number(of),
            valid_until: self.at.plus_ms(2_000),
            verdicts: Vec::new(),
        }
    }

    pub(crate) fn customer_granted(&mut self, name: &str, of: u32, attempt: u32) -> &mut Self {
        let grant = self.customer_grant(name, of, attempt);
        self.customer(of, CustomerEvent::DialGranted { attempt, grant })
    }

    pub(crate) fn number_granted(&mut self, name: &str, of: u32, attempt: u32) -> &mut Self {
        let grant = self.number_grant(name, of, attempt);
        self.number(of, NumberEvent::DialGranted { grant })
    }

    pub(crate) fn permitted(&mut self, name: &str, of: u32, attempt: u32) -> &mut Self {
        let event = CallEvent::Permitted {
            attempt,
            callee: sealed("callee", true),
            customer_grant: Box::new(self.customer_grant(name, of, attempt)),
            number_grant: Box::new(self.number_grant(name, of, attempt)),
            flow: flow_ref(),
        };
        self.call(call(name, of, attempt), event)
    }

    /// Appends both grants and the permit.
    pub(crate) fn granted(&mut self, name: &str, of: u32, attempt: u32) -> &mut Self {
        self.customer_granted(name, of, attempt)
            .number_granted(name, of, attempt)
            .permitted(name, of, attempt)
    }

    pub(crate) fn dialing(&mut self, id: CallId, leg: u8, trunk: &str) -> &mut Self {
        let event = CallEvent::Dialing {
            leg,
            trunk: trunk.to_owned(),
            sip_call_id: format!("sip-{leg}"),
            local: "127.0.0.1:5060".to_owned(),
            caller: None,
            hold_off_ms: 5_000,
        };
        self.call(id, event)
    }

    pub(crate) fn answered(&mut self, id: CallId, leg: u8) -> &mut Self {
        self.call(
            id,
            CallEvent::Answered {
                leg,
                dialog: dialog(),
                key_rule: None,
            },
        )
    }

    pub(crate) fn ended(
        &mut self,
        id: CallId,
        disposition: Disposition,
        outcome: Option<Outcome>,
        talk_ms: u64,
    ) -> &mut Self {
        let event = CallEvent::Ended {
            disposition,
            disposition_version: 1,
            outcome,
            talk_ms,
            charged: true,
            reason: EndReason::FlowEnded,
            sip_code: None,
            reason_header: None,
            q850: None,
            late_answer: false,
            recording_sha256: outcome.map(|_| "ab".repeat(32)),
            recording_bytes: outcome.map(|_| 44),
            cause: None,
            recording_ms: None,
            callee_audio_from_ms: None,
        };
        self.call(id, event)
    }

    pub(crate) fn customer_closed(
        &mut self,
        name: &str,
        of: u32,
        attempt: u32,
        disposition: Disposition,
        next_due_at: Option<Timestamp>,
    ) -> &mut Self {
        let event = CustomerEvent::CallClosed {
            campaign: campaign(name),
            call: call(name, of, attempt),
            number: number(of),
            disposition,
            outcome: None,
            charged: true,
            answered: disposition == Disposition::Answered,
            dialed_at: self.at,
            next_due_at,
            next_number: None,
            round: None,
            policy_due_at: None,
            timing: None,
        };
        self.customer(of, event)
    }

    pub(crate) fn number_closed(&mut self, name: &str, of: u32, attempt: u32) -> &mut Self {
        let event = NumberEvent::CallClosed {
            call: call(name, of, attempt),
            disposition: Disposition::Answered,
            answered: true,
            dialed_at: self.at,
        };
        self.number(of, event)
    }

    pub(crate) fn settled(&mut self, name: &str, of: u32, disposition: Disposition) -> &mut Self {
        let event = CustomerEvent::EnrolmentSettled {
            campaign: campaign(name),
            disposition,
            outcome: None,
            calls_count: 1,
            rule: None,
            facts: BTreeMap::new(),
        };
        self.customer(of, event)
    }

    /// Appends a first call from enrolment to settlement: answered and successful for even customers,
    /// otherwise busy.
    pub(crate) fn whole_call(&mut self, name: &str, of: u32) -> &mut Self {
        let id = call(name, of, 1);
        self.enrolled(name, of)
            .granted(name, of, 1)
            .dialing(id, 1, "first");
        let disposition = if of.is_multiple_of(2) {
            self.answered(id, 1)
                .ended(id, Disposition::Answered, Some(Outcome::Success), 4_000);
            Disposition::Answered
        } else {
            self.ended(id, Disposition::Busy, None, 0);
            Disposition::Busy
        };
        self.customer_closed(name, of, 1, disposition, None)
            .number_closed(name, of, 1)
            .settled(name, of, disposition)
    }

    /// Applies the story to one view on a new database. Returns the database and the runner.
    pub(crate) async fn shown_by(&self, view: impl View + 'static) -> (Arc<dyn ReadDb>, InlineRunner) {
        let db = both_databases().await;
        let mut runner = InlineRunner::begin(Arc::clone(&db), vec![Arc::new(view)])
            .await
            .unwrap();
        runner.apply_page(&self.events).await.unwrap();
        assert!(
            runner
                .progress()
                .checkpoints()
                .iter()
                .all(|row| row.parked.is_none()),
            "{:?}",
            runner.progress().checkpoints()
        );
        (db, runner)
    }
}

pub(crate) fn dialog() -> AnsweredDialog {
    AnsweredDialog {
        to_tag: "tag".to_owned(),
        remote_target: "sip:127.0.0.1:5070".to_owned(),
        route_set: Vec::new(),
        cseq: 1,
        key_paths: None,
    }
}
