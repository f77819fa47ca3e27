//! A worklist folded from the fake store at each question: always complete, never fast.

use super::FakeStore;
use async_trait::async_trait;
use domain::call::event::CallEvent;
use domain::callback::CallbackEnd;
use domain::campaign::event::CampaignEvent;
use domain::compliance::CustomerGrant;
use domain::customer::event::CustomerEvent;
use domain::decider::EventData;
use domain::disposition::Disposition;
use domain::ids::{CallId, CampaignId, CustomerId, NumberId};
use domain::number::event::NumberEvent;
use domain::ports::event_store::EventStore;
use domain::ports::worklist::{
    CampaignWork, DueEnrolment, OpenCall, OpenGrant, RankedDue, UnclosedCall, Worklist, WorklistError,
};
use domain::ranking::{CallValue, Standing};
use domain::stored_event::{Envelope, Position};
use domain::time::Timestamp;
use std::collections::BTreeMap;
use std::sync::Arc;

pub(crate) struct FakeWorklist(pub(crate) Arc<FakeStore>);

#[derive(Default)]
struct Rows {
    enrolments: BTreeMap<(CampaignId, CustomerId), Enrolled>,
    calls: BTreeMap<CallId, Dialed>,
    campaigns: BTreeMap<CampaignId, Stands>,
}

/// Where a campaign stands.
#[derive(Default, Clone, Copy, PartialEq, Eq)]
enum Stands {
    #[default]
    Ready,
    Scheduled,
    Running,
    Paused,
    Stopped,
    Completed,
}

#[expect(clippy::struct_excessive_bools, reason = "what a row says, not states")]
struct Enrolled {
    number: NumberId,
    due_at: Option<Timestamp>,
    settled: bool,
    callback: bool,
    asked: bool,
    value: CallValue,
}

struct Dialed {
    grant: OpenGrant,
    released: bool,
    dialed_at: Option<Timestamp>,
    ended: Option<(Position, Disposition)>,
    closed: Closed,
}

/// Who was told of the end.
#[derive(Default, Clone, Copy)]
struct Closed {
    customer: bool,
    number: bool,
}

impl FakeWorklist {
    fn rows(&self) -> Rows {
        let mut rows = Rows::default();
        for (index, envelope) in self.0.envelopes().iter().enumerate() {
            rows.apply(Position(index as u64 + 1), envelope);
        }
        rows
    }
}

fn read<E: EventData>(envelope: &Envelope) -> E {
    E::read(&envelope.kind, envelope.version, &envelope.data).expect("an event we wrote")
}

impl Rows {
    fn apply(&mut self, position: Position, envelope: &Envelope) {
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
                let value = placing.and_then(|placing| placing.value);
                let enrolled = Enrolled {
                    number,
                    due_at: Some(due_at),
                    settled: false,
                    callback: false,
                    asked: false,
                    value: value.unwrap_or_default(),
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
            CustomerEvent::CallBackOrdered { campaign, due_at, .. } => {
                self.set_due(&campaign, customer, Some(due_at));
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
                // While a call is open its end says when.
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
        let dialed = Dialed {
            grant: open,
            released: false,
            dialed_at: None,
            ended: None,
            closed: Closed::default(),
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
            CampaignEvent::START_SCHEDULED => *row = Stands::Scheduled,
            CampaignEvent::STARTED | CampaignEvent::RESUMED | CampaignEvent::REOPENED => {
                *row = Stands::Running;
            }
            CampaignEvent::PAUSED => *row = Stands::Paused,
            CampaignEvent::STOPPED => *row = Stands::Stopped,
            CampaignEvent::COMPLETED => *row = Stands::Completed,
            _ => {}
        }
    }
}

#[async_trait]
impl Worklist for FakeWorklist {
    async fn position(&self) -> Result<Position, WorklistError> {
        Ok(self.0.head().await.expect("the fake store has a head"))
    }
    async fn wait_for(&self, _: Position) -> Result<(), WorklistError> {
        Ok(())
    }
    async fn due(
        &self,
        campaign: &CampaignId,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<DueEnrolment>, WorklistError> {
        let rows = self.rows();
        let mut due: Vec<_> = rows
            .enrolments
            .into_iter()
            .filter(|((of, _), _)| of == campaign)
            .filter_map(|((campaign, customer), row)| {
                let due_at = row.due_at.filter(|at| *at <= now && !row.settled)?;
                Some(DueEnrolment {
                    campaign,
                    customer,
                    number: row.number,
                    due_at,
                })
            })
            .collect();
        due.sort_by(|one, other| (one.due_at, &one.customer).cmp(&(other.due_at, &other.customer)));
        due.truncate(limit);
        Ok(due)
    }
    async fn due_ranked(
        &self,
        campaign: &CampaignId,
        values: &[CallValue],
        now: Timestamp,
        _: usize,
    ) -> Result<Vec<RankedDue>, WorklistError> {
        let rows = self.rows();
        let ranked = rows.enrolments.into_iter().filter(|((of, _), _)| of == campaign);
        let ranked = ranked.filter_map(|((campaign, customer), row)| {
            let due_at = row.due_at.filter(|at| *at <= now && !row.settled)?;
            let standing = Standing {
                asked: row.asked || row.callback,
                due_at,
                value: row.value,
            };
            let due = DueEnrolment {
                campaign,
                customer,
                number: row.number,
                due_at,
            };
            let is_named = standing.asked || values.contains(&row.value);
            is_named.then_some(RankedDue { due, standing })
        });
        Ok(ranked.collect())
    }
    async fn due_of(
        &self,
        campaign: &CampaignId,
        customers: &[CustomerId],
        now: Timestamp,
    ) -> Result<Vec<DueEnrolment>, WorklistError> {
        let mut due = self.due(campaign, now, usize::MAX).await?;
        due.retain(|one| customers.contains(&one.customer));
        Ok(due)
    }
    async fn open_grants(&self, limit: usize) -> Result<Vec<OpenGrant>, WorklistError> {
        let open = self
            .rows()
            .calls
            .into_values()
            .filter(|one| one.dialed_at.is_none() && !one.released);
        Ok(open.map(|one| one.grant).take(limit).collect())
    }
    async fn open_calls(&self, limit: usize) -> Result<Vec<OpenCall>, WorklistError> {
        let open = self.rows().calls.into_values().filter(|one| one.ended.is_none());
        let row = |one: Dialed| {
            let dialed_at = one.dialed_at?;
            let OpenGrant {
                call,
                campaign,
                customer,
                number,
                ..
            } = one.grant;
            Some(OpenCall {
                call,
                campaign,
                customer,
                number,
                dialed_at,
            })
        };
        Ok(open.filter_map(row).take(limit).collect())
    }
    async fn unclosed_calls(&self, limit: usize) -> Result<Vec<UnclosedCall>, WorklistError> {
        let unclosed = self.rows().calls.into_values().filter_map(|one| {
            let (ended, disposition) = one.ended?;
            if disposition == Disposition::Withdrawn || (one.closed.customer && one.closed.number) {
                return None;
            }
            Some(UnclosedCall {
                call: one.grant.call,
                customer: one.grant.customer,
                number: one.grant.number,
                ended,
                customer_closed: one.closed.customer,
                number_closed: one.closed.number,
            })
        });
        Ok(unclosed.take(limit).collect())
    }
    async fn unfinished_campaigns(&self) -> Result<Vec<CampaignWork>, WorklistError> {
        let rows = self.rows();
        let is_over = |stands: &Stands| matches!(stands, Stands::Stopped | Stands::Completed);
        let unfinished = rows.campaigns.iter().filter(|(_, stands)| !is_over(stands));
        let row = |(campaign, stands): (&CampaignId, &Stands)| {
            let of_campaign = || {
                rows.enrolments
                    .iter()
                    .filter(|((of, _), _)| of == campaign)
                    .map(|(_, row)| row)
            };
            let open = |one: &&Dialed| {
                &one.grant.campaign == campaign
                    && !one.released
                    && !(one.ended.is_some() && one.closed.customer)
            };
            CampaignWork {
                campaign: campaign.clone(),
                running: *stands == Stands::Running,
                enrolled_count: of_campaign().count() as u64,
                settled_count: of_campaign().filter(|row| row.settled).count() as u64,
                open_count: rows.calls.values().filter(open).count() as u64,
                next_due_at: of_campaign().filter_map(|row| row.due_at).min(),
                start_scheduled: *stands == Stands::Scheduled,
            }
        };
        Ok(unfinished.map(row).collect())
    }
    async fn callbacks_of_stopped(&self, limit: usize) -> Result<Vec<DueEnrolment>, WorklistError> {
        let rows = self.rows();
        let is_stopped = |campaign: &CampaignId| rows.campaigns.get(campaign) == Some(&Stands::Stopped);
        let waiting = rows
            .enrolments
            .iter()
            .filter(|((campaign, _), one)| one.callback && is_stopped(campaign));
        let due = waiting.filter_map(|((campaign, customer), one)| {
            Some(DueEnrolment {
                campaign: campaign.clone(),
                customer: customer.clone(),
                number: one.number.clone(),
                due_at: one.due_at?,
            })
        });
        Ok(due.take(limit).collect())
    }
}
