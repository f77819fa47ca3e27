//! One customer of the generated log: registered, enrolled, called once or twice, and settled.

use super::{SyntheticEvent, SyntheticLogError, campaign_of, data, flow};
use domain::call::event::{CallEvent, EndReason, Notice};
use domain::calling_plan::Basis;
use domain::compliance::{CustomerGrant, Decision, NumberGrant, Verdict};
use domain::customer::event::CustomerEvent;
use domain::decider::EventData;
use domain::disposition::{Disposition, Outcome};
use domain::ids::{CallId, CampaignId, CustomerId, EnrolmentId, ListId, NumberId, StreamId};
use domain::number::event::NumberEvent;
use domain::personal::{LookupHash, Personal, Sealed};
use domain::ports::line::AnsweredDialog;
use domain::time::Timestamp;
use std::collections::BTreeMap;

/// One customer of the generated log, with one number.
pub(super) struct Person {
    campaign: CampaignId,
    customer: CustomerId,
    number: NumberId,
    index: u64,
}

impl Person {
    pub(super) fn of(index: u64, campaign: u64) -> Result<Self, SyntheticLogError> {
        Ok(Self {
            campaign: campaign_of(campaign)?,
            customer: Self::customer_of(index)?,
            number: format!("{:032x}", spread(index) ^ 0xff).parse()?,
            index,
        })
    }

    pub(super) fn customer_of(index: u64) -> Result<CustomerId, SyntheticLogError> {
        Ok(format!("{:032x}", spread(index)).parse()?)
    }

    /// Returns all events of the customer: registered, enrolled, called and settled. Every third customer
    /// is busy at the first call and called again.
    pub(super) fn story(&self, at: Timestamp) -> Result<Vec<SyntheticEvent>, SyntheticLogError> {
        let mut story = Vec::new();
        let is_busy_first = self.index.is_multiple_of(3);
        self.registered(&mut story, at)?;
        if is_busy_first {
            self.called(&mut story, 1, Disposition::Busy, at)?;
        }
        let attempt = 1 + u32::from(is_busy_first);
        self.called(&mut story, attempt, Disposition::Answered, at)?;
        self.customer(
            &mut story,
            &CustomerEvent::EnrolmentSettled {
                campaign: self.campaign.clone(),
                disposition: Disposition::Answered,
                outcome: Some(self.outcome()),
                calls_count: attempt,
                rule: None,
                facts: BTreeMap::new(),
            },
        )?;
        Ok(story)
    }

    fn outcome(&self) -> Outcome {
        match self.index % 4 {
            0 => Outcome::Success,
            _ => Outcome::Callback,
        }
    }

    fn tell(
        &self,
        story: &mut Vec<SyntheticEvent>,
        stream: StreamId,
        event: &impl EventData,
    ) -> Result<(), SyntheticLogError> {
        let (kind, data) = data(event)?;
        story.push(SyntheticEvent {
            stream,
            campaign: self.campaign.clone(),
            customer: (!kind.starts_with("number.")).then(|| self.customer.clone()),
            kind,
            data,
        });
        Ok(())
    }

    fn customer(
        &self,
        story: &mut Vec<SyntheticEvent>,
        event: &CustomerEvent,
    ) -> Result<(), SyntheticLogError> {
        self.tell(story, StreamId::new("customer", &self.customer), event)
    }

    fn sealed(&self, what: &str) -> Personal<String> {
        Personal::Sealed(Box::new(Sealed {
            sealed: format!("c3ludGhldGljIGFuZCBuZXZlciBvcGVuZWQ{what}{:08}", self.index),
            key: self.customer.clone(),
            transcript: None,
            hash: Some(LookupHash(format!("{:064x}", self.index))),
        }))
    }

    fn registered(&self, story: &mut Vec<SyntheticEvent>, at: Timestamp) -> Result<(), SyntheticLogError> {
        let events = [
            CustomerEvent::Registered {
                external_id: self.sealed("id"),
                name: Some(self.sealed("name")),
                time_zone: None,
            },
            CustomerEvent::NumberAdded {
                number: self.number.clone(),
                phone: self.sealed("phone"),
                country: None,
            },
            CustomerEvent::Enrolled {
                campaign: self.campaign.clone(),
                list: ListId::derive(&self.campaign, "00"),
                number: self.number.clone(),
                basis: Basis::Contract,
                due_at: at,
                variables: BTreeMap::from([("name".to_owned(), self.sealed("variable"))]),
                placing: None,
            },
        ];
        events.iter().try_for_each(|event| self.customer(story, event))
    }

    fn called(
        &self,
        story: &mut Vec<SyntheticEvent>,
        attempt: u32,
        disposition: Disposition,
        at: Timestamp,
    ) -> Result<(), SyntheticLogError> {
        let call = self.call_id(attempt);
        self.permitted(story, call, attempt, at)?;
        let is_answered = disposition == Disposition::Answered;
        let mut events = vec![
            CallEvent::Dialing {
                leg: 1,
                trunk: "first".to_owned(),
                sip_call_id: format!("{call}@trunk.example"),
                local: "127.0.0.1:5060".to_owned(),
                caller: Some("13800138000".to_owned()),
                hold_off_ms: 5_000,
            },
            CallEvent::Ringing {
                leg: 1,
                sip_code: 180,
                early_media: false,
            },
        ];
        if is_answered {
            events.extend(conversation());
        }
        events.push(self.ended(disposition));
        let stream = || StreamId::new("call", &call);
        events
            .iter()
            .try_for_each(|event| self.tell(story, stream(), event))?;
        self.closed(story, call, disposition, at)
    }

    fn call_id(&self, attempt: u32) -> CallId {
        let enrolment = EnrolmentId {
            campaign: self.campaign.clone(),
            customer: self.customer.clone(),
        };
        CallId::derive(&enrolment, attempt)
    }

    fn permitted(
        &self,
        story: &mut Vec<SyntheticEvent>,
        call: CallId,
        attempt: u32,
        at: Timestamp,
    ) -> Result<(), SyntheticLogError> {
        let grant = CustomerGrant {
            call,
            campaign: self.campaign.clone(),
            customer: self.customer.clone(),
            number: self.number.clone(),
            valid_until: at.plus_ms(2_000),
            legs_until: None,
            verdicts: verdicts(),
        };
        let number_grant = NumberGrant {
            call,
            campaign: self.campaign.clone(),
            number: self.number.clone(),
            valid_until: at.plus_ms(2_000),
            verdicts: verdicts(),
        };
        self.customer(
            story,
            &CustomerEvent::DialGranted {
                attempt,
                grant: grant.clone(),
            },
        )?;
        let granted = NumberEvent::DialGranted {
            grant: number_grant.clone(),
        };
        self.tell(story, StreamId::new("number", &self.number), &granted)?;
        let permitted = CallEvent::Permitted {
            attempt,
            callee: self.sealed("callee"),
            customer_grant: Box::new(grant),
            number_grant: Box::new(number_grant),
            flow: flow()?,
        };
        self.tell(story, StreamId::new("call", &call), &permitted)
    }

    fn ended(&self, disposition: Disposition) -> CallEvent {
        let is_answered = disposition == Disposition::Answered;
        CallEvent::Ended {
            disposition,
            disposition_version: 1,
            outcome: is_answered.then(|| self.outcome()),
            talk_ms: if is_answered {
                20_000 + self.index % 60_000
            } else {
                0
            },
            charged: true,
            reason: if is_answered {
                EndReason::FlowEnded
            } else {
                EndReason::Network
            },
            sip_code: (!is_answered).then_some(486),
            reason_header: None,
            q850: None,
            late_answer: false,
            recording_sha256: is_answered.then(|| format!("{:064x}", self.index)),
            recording_bytes: is_answered.then_some(320_044),
            cause: None,
            recording_ms: None,
            callee_audio_from_ms: None,
        }
    }

    fn closed(
        &self,
        story: &mut Vec<SyntheticEvent>,
        call: CallId,
        disposition: Disposition,
        at: Timestamp,
    ) -> Result<(), SyntheticLogError> {
        let is_answered = disposition == Disposition::Answered;
        let closed = CustomerEvent::CallClosed {
            campaign: self.campaign.clone(),
            call,
            number: self.number.clone(),
            disposition,
            outcome: is_answered.then(|| self.outcome()),
            charged: true,
            answered: is_answered,
            dialed_at: at,
            next_due_at: (!is_answered).then(|| at.plus_ms(2_000)),
            next_number: None,
            round: None,
            policy_due_at: None,
            timing: None,
        };
        self.customer(story, &closed)?;
        let closed = NumberEvent::CallClosed {
            call,
            disposition,
            answered: is_answered,
            dialed_at: at,
        };
        self.tell(story, StreamId::new("number", &self.number), &closed)
    }
}

/// Spreads ids over their range as the product's hashes are; otherwise every index would grow at its end
/// only.
fn spread(index: u64) -> u128 {
    u128::from(index.wrapping_mul(0x9e37_79b9_7f4a_7c15)) << 64 | u128::from(index)
}

fn conversation() -> [CallEvent; 5] {
    let node = |name: &str| CallEvent::NodeEntered {
        node: name.to_owned(),
    };
    [
        CallEvent::Answered {
            leg: 1,
            dialog: AnsweredDialog {
                to_tag: "tag".to_owned(),
                remote_target: "sip:127.0.0.1:5070".to_owned(),
                route_set: Vec::new(),
                cseq: 1,
                key_paths: None,
            },
            key_rule: None,
        },
        CallEvent::NoticePlayed {
            leg: 1,
            notice: Notice::Recording,
            recorded_ms: None,
        },
        node("greeting"),
        node("farewell"),
        CallEvent::HangupRequested {
            leg: 1,
            reason: EndReason::FlowEnded,
        },
    ]
}

fn verdicts() -> Vec<Verdict> {
    let of = |rule: &str| Verdict {
        rule: rule.to_owned(),
        version: 1,
        effective_from: "2026-01-01".to_owned(),
        decision: Decision::Allow,
        facts: BTreeMap::from([("zone".to_owned(), "Asia/Shanghai".to_owned())]),
    };
    vec![of("calling_window"), of("frequency_cap")]
}
