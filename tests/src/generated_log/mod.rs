//! A generated log: some days of two campaigns, call by call, from a seed, as stored events.
//!
//! Calls overlap, some stay open over midnight, some are corrected days later; customers are put under hold,
//! numbers opt out, campaigns pause. All personal values are erased from the start.

mod samples;
use domain::call::Finding;
use domain::call::event::{CallEvent, EndReason};
use domain::campaign::event::{CampaignEvent, PauseReason};
use domain::compliance::{CustomerGrant, Decision, NumberGrant, Verdict};
use domain::customer::event::CustomerEvent;
use domain::disposition::{Disposition, Outcome};
use domain::flow::{content_hash, event::FlowEvent, from_script};
use domain::ids::{
    CallId, CampaignId, CommandId, CustomerId, EnrolmentId, EventId, ListId, NumberId, StreamId,
};
use domain::number::{NumberEvent, OptOutSource};
use domain::stored_event::{Envelope, Position, StoredEvent, StreamVersion};
use domain::{calling_plan::Basis, decider::EventData, personal::Personal, time::Timestamp};
pub use samples::{FLOW, SeededGenerator};
use samples::{answered, campaign, flow_ref, list_closed, plan};
use std::collections::BTreeMap;

/// The begin of the log: Monday, 10:00 in Beijing.
const BEGAN_AT: &str = "2026-03-02T10:00:00+08:00";
/// A day in milliseconds.
const DAY_MS: u64 = 24 * 3_600_000;

/// The ids of the two campaigns.
pub const CAMPAIGNS: [&str; 2] = ["MADE_UP_A", "MADE_UP_B"];

/// A generated log, with the ids that queries can use.
pub struct GeneratedLog {
    pub events: Vec<StoredEvent>,
    pub calls: Vec<CallId>,
    pub customers: Vec<CustomerId>,
    pub numbers: Vec<NumberId>,
    now: Timestamp,
    versions: BTreeMap<StreamId, u64>,
    chance: SeededGenerator,
}

/// The ids of one call.
#[derive(Clone)]
struct CallIds {
    call: CallId,
    campaign: CampaignId,
    customer: CustomerId,
    number: NumberId,
}

impl GeneratedLog {
    /// Generates `days` with `calls_per_day` calls each, alternating between both campaigns.
    pub fn make(seed: u64, days: u32, calls_per_day: u32) -> Self {
        let mut log = Self {
            events: Vec::new(),
            calls: Vec::new(),
            customers: Vec::new(),
            numbers: Vec::new(),
            now: BEGAN_AT.parse().expect("it is an instant"),
            versions: BTreeMap::new(),
            chance: SeededGenerator::from_seed(seed),
        };
        log.begin();
        let morning = log.now;
        for day in 0..days {
            log.now = log.now.max(morning.plus_ms(u64::from(day) * DAY_MS));
            log.day(day, calls_per_day);
        }
        log
    }

    fn begin(&mut self) {
        self.publish(1, "您好,这里是客户服务中心。");
        for name in CAMPAIGNS {
            let created = CampaignEvent::Created {
                campaign: campaign(name),
                customer_segment: Some("overdue".to_owned()),
                flow: flow_ref(1),
                plan: plan(),
            };
            self.campaign(name, &created);
            self.campaign(name, &list_closed(name));
            self.campaign(name, &CampaignEvent::Started {});
        }
    }

    fn publish(&mut self, flow_version: u32, text: &str) {
        let id = flow_ref(1).flow;
        let definition = from_script(id.clone(), text).expect("it can be said").to_value();
        let published = FlowEvent::Published {
            flow: id.clone(),
            flow_version,
            content_hash: content_hash(&definition),
            definition,
            four_eyes: None,
        };
        self.put(StreamId::new("flow", &id), None, None, &published);
    }

    fn day(&mut self, day: u32, calls_count: u32) {
        let mut open: Vec<CallIds> = Vec::new();
        for index in 0..calls_count {
            let dial = self.dialed(day * 100_000 + index);
            open.push(dial);
            if open.len() > 3 {
                let over = usize::try_from(self.chance.below(4)).unwrap_or(0);
                let dial = open.swap_remove(over);
                self.ended(&dial);
            }
            self.now_and_then(day);
        }
        // One call lasts until after midnight.
        if let Some(last) = open.pop() {
            for dial in open {
                self.ended(&dial);
            }
            self.now = self.now.plus_ms(15 * 3_600_000);
            self.ended(&last);
        }
    }

    fn dialed(&mut self, of: u32) -> CallIds {
        let customer: CustomerId = format!("{:032x}", of + 1).parse().expect("it is an id");
        let number: NumberId = format!("{:032x}", u64::from(of) + (1 << 40))
            .parse()
            .expect("it is an id");
        let name = CAMPAIGNS.get(of as usize % 2).copied().unwrap_or(FLOW);
        let enrolment = EnrolmentId {
            campaign: campaign(name),
            customer: customer.clone(),
        };
        let dial = CallIds {
            call: CallId::derive(&enrolment, 1),
            campaign: campaign(name),
            customer,
            number,
        };
        let erased = || Personal::Erased { hash: None };
        let registered = CustomerEvent::Registered {
            external_id: erased(),
            name: None,
            time_zone: None,
        };
        let (number, phone, country) = (dial.number.clone(), erased(), None);
        let added = CustomerEvent::NumberAdded {
            number,
            phone,
            country,
        };
        let enrolled = CustomerEvent::Enrolled {
            campaign: dial.campaign.clone(),
            list: ListId::derive(&dial.campaign, "00"),
            number: dial.number.clone(),
            basis: Basis::Contract,
            due_at: self.now,
            variables: BTreeMap::new(),
            placing: None,
        };
        self.customer(&dial, &registered, false);
        self.customer(&dial, &added, false);
        self.customer(&dial, &enrolled, true);
        self.granted(&dial);
        let dialing = |leg: u8| CallEvent::Dialing {
            leg,
            trunk: format!("trunk-{leg}"),
            sip_call_id: format!("{}-{leg}", dial.call),
            local: "127.0.0.1:5060".to_owned(),
            caller: None,
            hold_off_ms: 5_000,
        };
        self.call(&dial, &dialing(1));
        if self.chance.below(8) == 0 {
            self.call(&dial, &dialing(2));
        }
        if self.chance.below(3) > 0 {
            self.call(&dial, &answered());
        }
        self.calls.push(dial.call);
        self.customers.push(dial.customer.clone());
        self.numbers.push(dial.number.clone());
        dial
    }

    fn granted(&mut self, dial: &CallIds) {
        let verdicts = |rule: &str| {
            vec![Verdict {
                rule: rule.to_owned(),
                version: 1,
                effective_from: "2026-01-01".to_owned(),
                decision: Decision::Allow,
                facts: BTreeMap::new(),
            }]
        };
        let customer_grant = CustomerGrant {
            call: dial.call,
            campaign: dial.campaign.clone(),
            customer: dial.customer.clone(),
            number: dial.number.clone(),
            valid_until: self.now.plus_ms(2_000),
            legs_until: None,
            verdicts: verdicts("calling_window"),
        };
        let number_grant = NumberGrant {
            call: dial.call,
            campaign: dial.campaign.clone(),
            number: dial.number.clone(),
            valid_until: self.now.plus_ms(2_000),
            verdicts: verdicts("frequency_cap"),
        };
        let granted = CustomerEvent::DialGranted {
            attempt: 1,
            grant: customer_grant.clone(),
        };
        self.customer(dial, &granted, true);
        let grant = number_grant.clone();
        let granted = NumberEvent::DialGranted { grant };
        self.number(dial, &granted, true);
        let permitted = CallEvent::Permitted {
            attempt: 1,
            callee: Personal::Erased { hash: None },
            customer_grant: Box::new(customer_grant),
            number_grant: Box::new(number_grant),
            flow: flow_ref(1),
        };
        self.call(dial, &permitted);
    }

    fn ended(&mut self, dial: &CallIds) {
        let (disposition, outcome, talk_ms) = match self.chance.below(4) {
            0 => (Disposition::Busy, None, 0),
            1 => (Disposition::NoAnswer, None, 0),
            2 => (Disposition::Answered, Some(Outcome::Declined), 9_000),
            _ => (Disposition::Answered, Some(Outcome::Success), 31_000),
        };
        let ended = CallEvent::Ended {
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
            recording_sha256: None,
            recording_bytes: None,
            cause: None,
            recording_ms: None,
            callee_audio_from_ms: None,
        };
        let ended_id = self.call(dial, &ended);
        let closed = CustomerEvent::CallClosed {
            campaign: dial.campaign.clone(),
            call: dial.call,
            number: dial.number.clone(),
            disposition,
            outcome,
            charged: true,
            answered: talk_ms > 0,
            dialed_at: self.now,
            next_due_at: None,
            next_number: None,
            round: None,
            policy_due_at: None,
            timing: None,
        };
        self.customer(dial, &closed, true);
        let closed = NumberEvent::CallClosed {
            call: dial.call,
            disposition,
            answered: talk_ms > 0,
            dialed_at: self.now,
        };
        self.number(dial, &closed, true);
        let settled = CustomerEvent::EnrolmentSettled {
            campaign: dial.campaign.clone(),
            disposition,
            outcome,
            rule: None,
            calls_count: 1,
            facts: BTreeMap::new(),
        };
        self.customer(dial, &settled, true);
        if outcome.is_some() && self.chance.below(5) == 0 {
            let corrected = CallEvent::Corrected {
                corrects: ended_id,
                before: Finding { disposition, outcome },
                after: Finding {
                    disposition: Disposition::Machine,
                    outcome: None,
                },
                reason: "the recording says so".to_owned(),
                by: None,
            };
            self.now = self.now.plus_ms(600_000);
            self.call(dial, &corrected);
        }
    }

    /// Adds an event that does not belong to a call, in some cases.
    fn now_and_then(&mut self, day: u32) {
        match self.chance.below(40) {
            0 => self.campaign(
                CAMPAIGNS[0],
                &CampaignEvent::Paused {
                    reason: PauseReason::Requested,
                },
            ),
            1 => self.campaign(CAMPAIGNS[0], &CampaignEvent::Resumed {}),
            2 => {
                let alert = CampaignEvent::AlertRaised {
                    alert: "answer_ratio_low".to_owned(),
                    detail: format!("day {day}"),
                };
                self.campaign(CAMPAIGNS[1], &alert);
            }
            3 => self.publish(day + 2, &format!("您好,第{day}天。")),
            4 => {
                let number = self.numbers.last().cloned();
                let opted_out = NumberEvent::OptedOut {
                    reason: "asked".to_owned(),
                    source: OptOutSource::Import,
                    call: None,
                    open_calls: Vec::new(),
                };
                if let Some(number) = number {
                    self.put(StreamId::new("number", &number), None, None, &opted_out);
                }
            }
            _ => {}
        }
    }

    fn campaign(&mut self, name: &str, event: &CampaignEvent) {
        let id = campaign(name);
        self.put(StreamId::new("campaign", &id), Some(id), None, event);
    }

    fn customer(&mut self, dial: &CallIds, event: &CustomerEvent, of_campaign: bool) {
        let scope = of_campaign.then(|| dial.campaign.clone());
        let stream = StreamId::new("customer", &dial.customer);
        self.put(stream, scope, Some(dial.customer.clone()), event);
    }

    fn number(&mut self, dial: &CallIds, event: &NumberEvent, of_campaign: bool) {
        let scope = of_campaign.then(|| dial.campaign.clone());
        self.put(StreamId::new("number", &dial.number), scope, None, event);
    }

    fn call(&mut self, dial: &CallIds, event: &CallEvent) -> EventId {
        let (campaign, customer) = (Some(dial.campaign.clone()), Some(dial.customer.clone()));
        self.put(StreamId::new("call", &dial.call), campaign, customer, event)
    }

    /// Appends an event. It is recorded up to three seconds after it happened; some events share a commit.
    fn put<E: EventData>(
        &mut self,
        stream: StreamId,
        campaign: Option<CampaignId>,
        customer: Option<CustomerId>,
        event: &E,
    ) -> EventId {
        let version = self.versions.entry(stream.clone()).or_default();
        *version += 1;
        let position = self.events.len() as u64 + 1;
        let command = CommandId::derive_from_text(&format!("made up {position}"));
        let tagged = serde_json::to_value(event).expect("it can be written");
        let data = tagged.get("data").cloned().unwrap_or_default();
        let envelope = Envelope {
            id: EventId::derive(command, 0),
            by: None,
            request: None,
            traceparent: None,
            kind: event.kind().to_owned(),
            version: event.version(),
            stream,
            stream_version: StreamVersion(*version),
            at: self.now,
            causation: None,
            correlation: None,
            campaign,
            customer,
            command,
            rehearsal: false,
            data: serde_json::value::to_raw_value(&data).expect("it can be written"),
        };
        self.events.push(StoredEvent::new(
            Position(position),
            self.now.plus_ms(3_000),
            serde_json::to_vec(&envelope).expect("it can be written").into(),
        ));
        self.now = self.now.plus_ms(self.chance.below(4) * 250);
        envelope.id
    }
}
