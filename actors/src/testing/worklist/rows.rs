//! Applies the events of the fake store to the rows of its worklist.

use super::{CampaignRowStatus, ClosedSides, FakeCallRow, FakeEnrolmentRow, Rows};
use domain::call::event::CallEvent;
use domain::callback::CallbackEnd;
use domain::campaign::event::CampaignEvent;
use domain::compliance::CustomerGrant;
use domain::customer::event::CustomerEvent;
use domain::decider::EventData;
use domain::ids::{CallId, CampaignId, CustomerId};
use domain::number::event::NumberEvent;
use domain::ports::worklist::OpenGrant;
use domain::stored_event::{Envelope, Position};
use domain::time::Timestamp;

pub(super) fn read<E: EventData>(envelope: &Envelope) -> E {
    E::read(&envelope.kind, envelope.version, &envelope.data).expect("an event we wrote")
}

impl Rows {
    pub(super) fn apply(&mut self, position: Position, envelope: &Envelope) {
        match envelope.stream.aggregate() {
            "customer" => {
                let customer: CustomerId = envelope.stream.id().parse().expect("a customer's stream");
                self.apply_customer(&customer, read(envelope));
            }
            "number" => self.apply_number(read(envelope)),
            "call" => {
                let call: CallId = envelope.stream.id().parse().expect("a call's stream");
                self.apply_call(position, call, read(envelope), envelope.at);
            }
            "campaign" => {
                let campaign: CampaignId = envelope.stream.id().parse().expect("a campaign's stream");
                self.apply_campaign(campaign, &read(envelope));
            }
            _ => {}
        }
    }

    #[expect(clippy::too_many_lines, reason = "a fold of a test: an arm for each event")]
    fn apply_customer(&mut self, customer: &CustomerId, event: CustomerEvent) {
        match event {
            CustomerEvent::Enrolled {
                campaign,
                number,
                due_at,
                placing,
                ..
            } => {
                let rung = placing.map(|placing| placing.rung());
                let enrolled = FakeEnrolmentRow {
                    number,
                    due_at: Some(due_at),
                    settled: false,
                    callback: false,
                    asked: false,
                    rung: rung.unwrap_or_default(),
                };
                self.enrolments.insert((campaign, customer.clone()), enrolled);
            }
            CustomerEvent::DialGranted { grant, .. } => self.grant(grant),
            CustomerEvent::DialRefused {
                campaign, not_before, ..
            } => {
                self.set_due(&campaign, customer, not_before);
            }
            CustomerEvent::DialReleased {
                campaign,
                call,
                not_before,
                ..
            } => {
                if let Some(dialed) = self.calls.get_mut(&call) {
                    dialed.released = true;
                }
                self.set_due(&campaign, customer, Some(not_before.unwrap_or(Timestamp::EPOCH)));
            }
            CustomerEvent::CallClosed {
                campaign,
                call,
                next_due_at,
                ..
            } => {
                if let Some(dialed) = self.calls.get_mut(&call) {
                    dialed.closed.customer = true;
                }
                self.set_due(&campaign, customer, next_due_at);
            }
            CustomerEvent::CallBackOrdered { campaign, due_at, .. }
            | CustomerEvent::PreviewSkipped { campaign, due_at, .. } => {
                self.set_due(&campaign, customer, Some(due_at));
            }
            CustomerEvent::LateAnswered(late) => {
                let key = (late.campaign.clone(), customer.clone());
                let due_at = self.enrolments.get(&key).and_then(|one| one.due_at);
                if let Some(due_at) = due_at {
                    self.set_due(&late.campaign, customer, Some(due_at.max(late.due_at)));
                }
            }
            CustomerEvent::CallAsked { campaign, due_at, .. } => {
                self.set_asked(&campaign, customer, true);
                self.set_due(&campaign, customer, Some(due_at));
            }
            CustomerEvent::CallbackRequested {
                campaign,
                callback_at,
                ..
            } => {
                // While a call is open, its end sets the due time.
                let key = (campaign.clone(), customer.clone());
                let waits = self.enrolments.get_mut(&key).is_some_and(|one| {
                    one.callback = true;
                    one.due_at.is_some()
                });
                if waits {
                    self.set_due(&campaign, customer, Some(callback_at));
                }
            }
            CustomerEvent::CallbackEnded {
                campaign,
                how,
                due_at,
                ..
            } if how != CallbackEnd::Refused => {
                if let Some(enrolled) = self.enrolments.get_mut(&(campaign, customer.clone())) {
                    enrolled.callback = false;
                    enrolled.due_at = due_at.or(enrolled.due_at);
                }
            }
            CustomerEvent::EnrolmentSettled { campaign, .. } => {
                if let Some(enrolled) = self.enrolments.get_mut(&(campaign, customer.clone())) {
                    enrolled.settled = true;
                    enrolled.callback = false;
                    enrolled.due_at = None;
                }
            }
            _ => {}
        }
    }

    fn grant(&mut self, grant: CustomerGrant) {
        self.set_asked(&grant.campaign, &grant.customer, false);
        self.set_due(&grant.campaign, &grant.customer, None);
        let open = OpenGrant {
            call: grant.call,
            campaign: grant.campaign,
            customer: grant.customer,
            number: grant.number,
            permitted: false,
            number_granted: false,
        };
        let dialed = FakeCallRow {
            grant: open,
            released: false,
            dialed_at: None,
            ended: None,
            closed: ClosedSides::default(),
        };
        self.calls.insert(grant.call, dialed);
    }

    fn set_due(&mut self, campaign: &CampaignId, customer: &CustomerId, due_at: Option<Timestamp>) {
        if let Some(enrolled) = self.enrolments.get_mut(&(campaign.clone(), customer.clone())) {
            enrolled.due_at = due_at;
        }
    }

    fn set_asked(&mut self, campaign: &CampaignId, customer: &CustomerId, asked: bool) {
        if let Some(enrolled) = self.enrolments.get_mut(&(campaign.clone(), customer.clone())) {
            enrolled.asked = asked;
        }
    }

    fn apply_number(&mut self, event: NumberEvent) {
        match event {
            NumberEvent::DialGranted { grant } => {
                if let Some(dialed) = self.calls.get_mut(&grant.call) {
                    dialed.grant.number_granted = true;
                }
            }
            NumberEvent::CallClosed { call, .. } => {
                if let Some(dialed) = self.calls.get_mut(&call) {
                    dialed.closed.number = true;
                }
            }
            _ => {}
        }
    }

    fn apply_call(&mut self, position: Position, call: CallId, event: CallEvent, at: Timestamp) {
        let Some(dialed) = self.calls.get_mut(&call) else {
            return;
        };
        if let CallEvent::Ended { disposition, .. } = &event {
            dialed.ended = Some((position, *disposition));
        }
        match event.kind() {
            "call.permitted" => dialed.grant.permitted = true,
            "call.dialing" => {
                dialed.dialed_at.get_or_insert(at);
            }
            _ => {}
        }
    }

    fn apply_campaign(&mut self, campaign: CampaignId, event: &CampaignEvent) {
        let row = self.campaigns.entry(campaign).or_default();
        match event.kind() {
            CampaignEvent::START_SCHEDULED => *row = CampaignRowStatus::Scheduled,
            CampaignEvent::STARTED | CampaignEvent::RESUMED | CampaignEvent::REOPENED => {
                *row = CampaignRowStatus::Running;
            }
            CampaignEvent::PAUSED => *row = CampaignRowStatus::Paused,
            CampaignEvent::STOPPED => *row = CampaignRowStatus::Stopped,
            CampaignEvent::COMPLETED => *row = CampaignRowStatus::Completed,
            _ => {}
        }
    }
}
