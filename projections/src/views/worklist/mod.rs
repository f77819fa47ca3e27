//! Open work: enrolments with their due times, dials granted, calls open, calls ended and not yet closed.
//!
//! A call has a row from its first grant until both its customer and its number are told how it went.
//! Events of different streams come in any order; each side of a row is moved only by its own stream's
//! events.

mod port;
#[cfg(test)]
mod tests;

pub use port::SqlWorklist;

use crate::database::{Table, Tx};
use crate::error::ProjectionError;
use crate::value::Val;
use crate::view::{AnyEvent, Handles, View, ViewEvent};
use domain::call::event::CallEvent;
use domain::campaign::event::CampaignEvent;
use domain::compliance::{CustomerGrant, Decision, NumberGrant, Verdict};
use domain::customer::event::CustomerEvent;
use domain::ids::{CallId, CampaignId, CustomerId, NumberId};
use domain::number::event::NumberEvent;
use domain::time::Timestamp;

/// The view's name, for `wait_for_view`.
pub const NAME: &str = "worklist";

/// See the file's description.
pub struct Worklist;

const TABLES: &[Table] = &[
    Table {
        name: "worklist_campaign",
        ddl: &[
            "create table worklist_campaign (campaign text primary key, status text not null,
            enrolled bigint not null, settled bigint not null, pos bigint not null)",
        ],
        key_columns: 1,
    },
    // state: waiting, open (a grant or call is open), closed (neither due nor settled yet), settled
    Table {
        name: "worklist_enrolment",
        ddl: &[
            "create table worklist_enrolment (campaign text not null, customer text not null,
            number text not null, due_at bigint not null, state text not null, call text,
            pos bigint not null, primary key (campaign, customer))",
            "create index worklist_enrolment_due on worklist_enrolment (campaign, due_at, customer)
            where state = 'waiting'",
        ],
        key_columns: 2,
    },
    // customer_side, number_side: none, granted, refused, told (released or closed)
    Table {
        name: "worklist_call",
        ddl: &[
            "create table worklist_call (call text primary key, campaign text, customer text, number text,
            customer_side text not null, number_side text not null, permitted bigint not null,
            dialed_at bigint, ended_pos bigint, pos bigint not null)",
        ],
        key_columns: 1,
    },
];

const KINDS: &[&str] = &[
    "campaign.created",
    "campaign.started",
    "campaign.paused",
    "campaign.resumed",
    "campaign.stopped",
    "campaign.completed",
    "campaign.reopened",
    "customer.enrolled",
    "customer.dial_granted",
    "customer.dial_refused",
    "customer.dial_released",
    "customer.call_closed",
    "customer.enrolment_settled",
    "number.dial_granted",
    "number.dial_refused",
    "number.dial_released",
    "number.call_closed",
    "call.permitted",
    "call.dialing",
    "call.ended",
];

impl View for Worklist {
    fn name(&self) -> &'static str {
        NAME
    }

    fn version(&self) -> u32 {
        1
    }

    fn tables(&self) -> &'static [Table] {
        TABLES
    }

    fn handles(&self) -> Handles {
        Handles::Kinds(KINDS)
    }

    fn apply(&self, tx: &mut dyn Tx, event: &ViewEvent) -> Result<(), ProjectionError> {
        let mut rows = Rows {
            tx,
            pos: Val::position(event.position),
        };
        match event.event()? {
            AnyEvent::Campaign(fact) => rows.campaign(event, fact),
            AnyEvent::Customer(fact) => rows.customer(event, fact),
            AnyEvent::Number(fact) => rows.number(fact),
            AnyEvent::Call(fact) => rows.call(event, fact),
            AnyEvent::Flow(_) => Ok(()),
        }
    }
}

/// The tables, at one event.
struct Rows<'a> {
    tx: &'a mut dyn Tx,
    pos: Val,
}

impl Rows<'_> {
    fn exec(&mut self, sql: &str, values: &[Val]) -> Result<u64, ProjectionError> {
        self.tx.exec(sql, values)
    }

    fn campaign(&mut self, event: &ViewEvent, fact: &CampaignEvent) -> Result<(), ProjectionError> {
        let status = match fact {
            CampaignEvent::Created { .. } => "draft",
            CampaignEvent::Started {} | CampaignEvent::Resumed {} | CampaignEvent::Reopened { .. } => {
                "running"
            }
            CampaignEvent::Paused { .. } => "paused",
            CampaignEvent::Stopped { .. } => "stopped",
            CampaignEvent::Completed { .. } => "completed",
            _ => return Ok(()),
        };
        self.exec(
            "insert into worklist_campaign (campaign, status, enrolled, settled, pos)
             values ($1, $2, 0, 0, $3)
             on conflict (campaign) do update set status = excluded.status, pos = excluded.pos",
            &[
                Val::text(event.envelope.stream.id()),
                Val::text(status),
                self.pos.clone(),
            ],
        )?;
        Ok(())
    }

    fn customer(&mut self, event: &ViewEvent, fact: &CustomerEvent) -> Result<(), ProjectionError> {
        let customer: CustomerId = event.stream_id()?;
        match fact {
            CustomerEvent::Enrolled {
                campaign,
                number,
                due_at,
                ..
            } => self.enrolled((campaign, &customer), number, *due_at),
            CustomerEvent::DialGranted { grant, .. } => self.customer_granted(grant),
            CustomerEvent::DialRefused {
                campaign,
                verdict,
                not_before,
                ..
            } => self.customer_refused((campaign, &customer), verdict, *not_before),
            CustomerEvent::DialReleased {
                campaign,
                call,
                not_before,
                ..
            } => self.customer_released((campaign, &customer), *call, *not_before),
            CustomerEvent::CallClosed {
                campaign,
                call,
                next_due_at,
                next_number,
                ..
            } => {
                self.next_attempt((campaign, &customer), *next_due_at, next_number.as_ref())?;
                self.customer_told(*call)
            }
            CustomerEvent::EnrolmentSettled { campaign, .. } => self.settled((campaign, &customer)),
            _ => Ok(()),
        }
    }

    fn enrolled(
        &mut self,
        (campaign, customer): (&CampaignId, &CustomerId),
        number: &NumberId,
        due_at: Timestamp,
    ) -> Result<(), ProjectionError> {
        let added = self.exec(
            "insert into worklist_enrolment (campaign, customer, number, due_at, state, pos)
             values ($1, $2, $3, $4, 'waiting', $5) on conflict (campaign, customer) do nothing",
            &[
                Val::text(campaign),
                Val::text(customer),
                Val::text(number),
                Val::at(due_at),
                self.pos.clone(),
            ],
        )?;
        self.count(campaign, (added, 0))
    }

    /// Adds to a campaign's counts; its own stream's events may come later.
    fn count(
        &mut self,
        campaign: &CampaignId,
        (enrolled, settled): (u64, u64),
    ) -> Result<(), ProjectionError> {
        if enrolled + settled == 0 {
            return Ok(());
        }
        self.exec(
            "insert into worklist_campaign (campaign, status, enrolled, settled, pos)
             values ($1, 'draft', $2, $3, $4)
             on conflict (campaign) do update set enrolled = worklist_campaign.enrolled + excluded.enrolled,
             settled = worklist_campaign.settled + excluded.settled, pos = excluded.pos",
            &[
                Val::text(campaign),
                Val::count(enrolled),
                Val::count(settled),
                self.pos.clone(),
            ],
        )?;
        Ok(())
    }

    fn customer_granted(&mut self, grant: &CustomerGrant) -> Result<(), ProjectionError> {
        // What a crash left of an earlier attempt that never reached the number has no news to come any more.
        self.exec(
            "delete from worklist_call where campaign = $1 and customer = $2 and customer_side = 'told'
             and number_side = 'none' and permitted = 0 and call <> $3",
            &[
                Val::text(&grant.campaign),
                Val::text(&grant.customer),
                Val::text(grant.call),
            ],
        )?;
        self.exec(
            "insert into worklist_call
             (call, campaign, customer, number, customer_side, number_side, permitted, pos)
             values ($1, $2, $3, $4, 'granted', 'none', 0, $5)
             on conflict (call) do update set campaign = excluded.campaign, customer = excluded.customer,
             number = excluded.number, customer_side = 'granted', pos = excluded.pos",
            &[
                Val::text(grant.call),
                Val::text(&grant.campaign),
                Val::text(&grant.customer),
                Val::text(&grant.number),
                self.pos.clone(),
            ],
        )?;
        self.exec(
            "update worklist_enrolment set state = 'open', call = $3, number = $4, pos = $5
             where campaign = $1 and customer = $2 and state <> 'settled'",
            &[
                Val::text(&grant.campaign),
                Val::text(&grant.customer),
                Val::text(grant.call),
                Val::text(&grant.number),
                self.pos.clone(),
            ],
        )?;
        Ok(())
    }

    fn customer_refused(
        &mut self,
        (campaign, customer): (&CampaignId, &CustomerId),
        verdict: &Verdict,
        not_before: Option<Timestamp>,
    ) -> Result<(), ProjectionError> {
        let deferred = match verdict.decision {
            Decision::DeferUntil(until) => Some(until),
            Decision::Allow | Decision::Forbid => None,
        };
        let due_at = not_before.or(deferred);
        // Refused for good: nothing is due until `customer.enrolment_settled`, which follows.
        let forbidden = due_at.is_none() && verdict.decision == Decision::Forbid;
        self.exec(
            "update worklist_enrolment set state = $3, due_at = coalesce($4, due_at), pos = $5
             where campaign = $1 and customer = $2 and state = 'waiting'",
            &[
                Val::text(campaign),
                Val::text(customer),
                Val::text(if forbidden { "closed" } else { "waiting" }),
                Val::maybe_at(due_at),
                self.pos.clone(),
            ],
        )?;
        Ok(())
    }

    fn customer_released(
        &mut self,
        (campaign, customer): (&CampaignId, &CustomerId),
        call: CallId,
        not_before: Option<Timestamp>,
    ) -> Result<(), ProjectionError> {
        self.exec(
            "update worklist_enrolment set state = 'waiting', call = null, due_at = coalesce($4, due_at),
             pos = $5 where campaign = $1 and customer = $2 and call = $3 and state = 'open'",
            &[
                Val::text(campaign),
                Val::text(customer),
                Val::text(call),
                Val::maybe_at(not_before),
                self.pos.clone(),
            ],
        )?;
        self.customer_told(call)
    }

    fn next_attempt(
        &mut self,
        (campaign, customer): (&CampaignId, &CustomerId),
        next_due_at: Option<Timestamp>,
        next_number: Option<&NumberId>,
    ) -> Result<(), ProjectionError> {
        let state = if next_due_at.is_some() {
            "waiting"
        } else {
            "closed"
        };
        self.exec(
            "update worklist_enrolment set state = $3, call = null, due_at = coalesce($4, due_at),
             number = coalesce($5, number), pos = $6
             where campaign = $1 and customer = $2 and state <> 'settled'",
            &[
                Val::text(campaign),
                Val::text(customer),
                Val::text(state),
                Val::maybe_at(next_due_at),
                Val::maybe_text(next_number),
                self.pos.clone(),
            ],
        )?;
        Ok(())
    }

    fn settled(&mut self, (campaign, customer): (&CampaignId, &CustomerId)) -> Result<(), ProjectionError> {
        let changed = self.exec(
            "update worklist_enrolment set state = 'settled', call = null, pos = $3
             where campaign = $1 and customer = $2 and state <> 'settled'",
            &[Val::text(campaign), Val::text(customer), self.pos.clone()],
        )?;
        self.count(campaign, (0, changed))
    }

    fn number(&mut self, fact: &NumberEvent) -> Result<(), ProjectionError> {
        match fact {
            NumberEvent::DialGranted { grant } => self.number_granted(grant),
            NumberEvent::DialRefused { call, .. } => self.number_side(*call, "refused"),
            NumberEvent::DialReleased { call, .. } | NumberEvent::CallClosed { call, .. } => {
                self.number_side(*call, "told")
            }
            _ => Ok(()),
        }
    }

    fn number_granted(&mut self, grant: &NumberGrant) -> Result<(), ProjectionError> {
        self.exec(
            "insert into worklist_call (call, campaign, number, customer_side, number_side, permitted, pos)
             values ($1, $2, $3, 'none', 'granted', 0, $4)
             on conflict (call) do update set number_side = 'granted', pos = excluded.pos",
            &[
                Val::text(grant.call),
                Val::text(&grant.campaign),
                Val::text(&grant.number),
                self.pos.clone(),
            ],
        )?;
        Ok(())
    }

    fn number_side(&mut self, call: CallId, side: &str) -> Result<(), ProjectionError> {
        self.exec(
            "update worklist_call set number_side = $2, pos = $3 where call = $1",
            &[Val::text(call), Val::text(side), self.pos.clone()],
        )?;
        self.forget_when_done(call)
    }

    fn customer_told(&mut self, call: CallId) -> Result<(), ProjectionError> {
        self.exec(
            "update worklist_call set customer_side = 'told', pos = $2 where call = $1",
            &[Val::text(call), self.pos.clone()],
        )?;
        self.forget_when_done(call)
    }

    /// A dialed call is done when it has ended and both sides are told. One that was not dialed is done
    /// when no side holds a grant, the number was asked (its grant may still be on its way after a crash
    /// between the two, and must then be found), and a permitted one has ended, so that it can never be
    /// dialed any more.
    fn forget_when_done(&mut self, call: CallId) -> Result<(), ProjectionError> {
        self.exec(
            "delete from worklist_call where call = $1 and customer_side = 'told' and (
             (dialed_at is null and number_side in ('told', 'refused')
              and (permitted = 0 or ended_pos is not null))
             or (ended_pos is not null and number_side = 'told'))",
            &[Val::text(call)],
        )?;
        Ok(())
    }

    fn call(&mut self, event: &ViewEvent, fact: &CallEvent) -> Result<(), ProjectionError> {
        let call = event.call()?;
        match fact {
            CallEvent::Permitted { customer_grant, .. } => {
                self.known(call, customer_grant)?;
                self.exec(
                    "update worklist_call set permitted = 1, pos = $2 where call = $1",
                    &[Val::text(call), self.pos.clone()],
                )?;
                Ok(())
            }
            // A second leg is the same call: the first dialing counts.
            CallEvent::Dialing { .. } => {
                self.exec(
                    "update worklist_call set dialed_at = coalesce(dialed_at, $2), pos = $3 where call = $1",
                    &[Val::text(call), Val::at(event.at()), self.pos.clone()],
                )?;
                Ok(())
            }
            CallEvent::Ended { .. } => {
                self.exec(
                    "update worklist_call set ended_pos = $2, pos = $2 where call = $1",
                    &[Val::text(call), self.pos.clone()],
                )?;
                self.forget_when_done(call)
            }
            _ => Ok(()),
        }
    }

    /// `call.permitted` names everything, whatever came before it.
    fn known(&mut self, call: CallId, grant: &CustomerGrant) -> Result<(), ProjectionError> {
        self.exec(
            "insert into worklist_call
             (call, campaign, customer, number, customer_side, number_side, permitted, pos)
             values ($1, $2, $3, $4, 'granted', 'granted', 0, $5) on conflict (call) do nothing",
            &[
                Val::text(call),
                Val::text(&grant.campaign),
                Val::text(&grant.customer),
                Val::text(&grant.number),
                self.pos.clone(),
            ],
        )?;
        Ok(())
    }
}
