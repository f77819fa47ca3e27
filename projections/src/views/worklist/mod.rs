//! The view of open work: enrolments with their due times, granted dials, open calls, and calls that have
//! ended and are not closed.
//!
//! A call has a row from its first grant until both its customer and its number have recorded the end. Events
//! of different streams come in any order; each side of a row is changed by events of its own stream only.

mod calls;
mod closings;
mod enrolments;
mod not_dialed_reason;
mod port;
mod requested_calls;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod waiting_tests;

pub use port::SqlWorklist;
pub use requested_calls::find_requested_enrolment;

use crate::cells::{Cells, Column, columns};
use crate::database::{RowAction, Table, Tx};
use crate::error::ProjectionError;
use crate::value::Val;
use crate::view::{AnyEvent, HandledKinds, View, ViewDefinition, ViewEvent};
use domain::call::event::CallEvent;
use domain::callback::CallbackEnd;
use domain::campaign::event::CampaignEvent;
use domain::customer::event::CustomerEvent;
use domain::ids::{CallId, CampaignId, CustomerId};
use domain::number::event::NumberEvent;

/// The view's name, for `wait_for_view`.
pub const NAME: &str = "worklist";

/// The table of window closings, which the documented SQL views also read.
pub(crate) const CLOSINGS_TABLE: &str = "worklist_closing";

/// The view of open work.
pub struct Worklist;

// start_scheduled: 1 while the campaign waits for its automatic start, at a time or after another campaign
const CAMPAIGNS: Table = Table {
    name: "worklist_campaign",
    ddl: &[
        "create table worklist_campaign (campaign text primary key, status text not null,
        enrolled bigint not null, settled bigint not null, start_scheduled bigint not null,
        pos bigint not null)",
    ],
    key_columns: 1,
};

// callback: 1 while an agreed callback waits
// call_value: the value of the customer, in a campaign with an order; null in others
// not_called_…: why it was not dialed at the last try, with facts as a JSON object
// asked_call: the id of the enrolment's next call, from its request until its grant
// in_list: 0 if a call was requested or a callback agreed; these are dialed before those with 1
// state: waiting, open (a grant or call is open), closed (neither due nor settled yet), settled
const ENROLMENTS: Table = Table {
    name: "worklist_enrolment",
    ddl: &[
        "create table worklist_enrolment (campaign text not null, customer text not null,
        number text not null, due_at bigint not null, state text not null, call text,
        not_called_rule text, not_called_facts text, not_called_zh text, not_called_en text,
        in_list bigint not null, attempts bigint not null, asked_call text, callback bigint not null,
        call_value bigint, pos bigint not null,
        primary key (campaign, customer))",
        "create index worklist_enrolment_due on worklist_enrolment (campaign, in_list, due_at, customer)
        where state = 'waiting'",
        "create index worklist_enrolment_value on worklist_enrolment
        (campaign, call_value, in_list, due_at, customer) where state = 'waiting' and call_value is not null",
        "create index worklist_enrolment_asked on worklist_enrolment (asked_call)
        where asked_call is not null",
        "create index worklist_enrolment_callback on worklist_enrolment (campaign, customer)
        where callback = 1",
    ],
    key_columns: 2,
};

// customer_side, number_side: `none`, `granted`, `refused`, `told` (released or closed)
const CALLS: Table = Table {
    name: "worklist_call",
    ddl: &[
        "create table worklist_call (call text primary key, campaign text, customer text, number text,
        customer_side text not null, number_side text not null, permitted bigint not null,
        dialed_at bigint, ended_pos bigint, pos bigint not null)",
    ],
    key_columns: 1,
};

// The last closing of each campaign's window that kept enrolments waiting: those with an earlier due time
// wait for its end. Its column names are unique, so that it can be joined to enrolments.
const CLOSINGS: Table = Table {
    name: CLOSINGS_TABLE,
    ddl: &[
        "create table worklist_closing (closed_campaign text primary key, closed_until bigint not null,
        closed_rule text not null, closed_facts text not null, closed_zh text not null,
        closed_en text not null, closed_pos bigint not null)",
    ],
    key_columns: 1,
};

const TABLES: &[Table] = &[CAMPAIGNS, ENROLMENTS, CALLS, CLOSINGS];

columns! {
    enum CampaignColumn { Campaign, Status, Enrolled, Settled, StartScheduled, Pos }
}

columns! {
    enum EnrolmentColumn {
        Campaign, Customer, Number, DueAt, State, Call, NotCalledRule, NotCalledFacts, NotCalledZh,
        NotCalledEn, InList, Attempts, AskedCall, Callback, CallValue, Pos,
    }
}

columns! {
    enum CallColumn {
        Call, Campaign, Customer, Number, CustomerSide, NumberSide, Permitted, DialedAt, EndedPos, Pos,
    }
}

const DEFINITION: ViewDefinition = ViewDefinition {
    name: NAME,
    version: 9,
    tables: TABLES,
    handles: HandledKinds::Kinds(&[
        CampaignEvent::CREATED,
        CampaignEvent::START_SCHEDULED,
        CampaignEvent::STARTED,
        CampaignEvent::PAUSED,
        CampaignEvent::RESUMED,
        CampaignEvent::STOPPED,
        CampaignEvent::COMPLETED,
        CampaignEvent::REOPENED,
        CampaignEvent::WINDOW_CLOSED,
        CustomerEvent::ENROLLED,
        CustomerEvent::DIAL_GRANTED,
        CustomerEvent::DIAL_REFUSED,
        CustomerEvent::DIAL_RELEASED,
        CustomerEvent::CALL_CLOSED,
        CustomerEvent::CALL_BACK_ORDERED,
        CustomerEvent::LATE_ANSWERED,
        CustomerEvent::CALL_ASKED,
        CustomerEvent::PREVIEW_SKIPPED,
        CustomerEvent::CALLBACK_REQUESTED,
        CustomerEvent::CALLBACK_ENDED,
        CustomerEvent::ENROLMENT_SETTLED,
        NumberEvent::DIAL_GRANTED,
        NumberEvent::DIAL_REFUSED,
        NumberEvent::DIAL_RELEASED,
        NumberEvent::CALL_CLOSED,
        CallEvent::PERMITTED,
        CallEvent::DIALING,
        CallEvent::ENDED,
    ]),
};

impl View for Worklist {
    fn definition(&self) -> ViewDefinition {
        DEFINITION
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

    fn reads(&self, event: &ViewEvent, keys: &mut Vec<(&'static Table, Vec<Val>)>) {
        let envelope = &event.envelope;
        match (envelope.stream.aggregate(), &envelope.campaign) {
            ("call", _) => keys.push((&CALLS, vec![Val::text(envelope.stream.id())])),
            ("customer", Some(campaign)) => {
                let key = vec![Val::text(campaign), Val::text(envelope.stream.id())];
                keys.push((&ENROLMENTS, key));
                keys.extend(call_of(event).map(|call| (&CALLS, vec![Val::text(call)])));
            }
            _ => keys.extend(call_of(event).map(|call| (&CALLS, vec![Val::text(call)]))),
        }
    }
}

/// Returns the call that an event of a customer or number concerns.
fn call_of(event: &ViewEvent) -> Option<CallId> {
    match event.event().ok()? {
        AnyEvent::Customer(CustomerEvent::DialGranted { grant, .. }) => Some(grant.call),
        AnyEvent::Customer(
            CustomerEvent::DialReleased { call, .. } | CustomerEvent::CallClosed { call, .. },
        )
        | AnyEvent::Number(
            NumberEvent::DialRefused { call, .. }
            | NumberEvent::DialReleased { call, .. }
            | NumberEvent::CallClosed { call, .. },
        ) => Some(*call),
        AnyEvent::Number(NumberEvent::DialGranted { grant }) => Some(grant.call),
        _ => None,
    }
}

/// The view's tables while one event is applied.
struct Rows<'a> {
    tx: &'a mut dyn Tx,
    pos: Val,
}

impl Rows<'_> {
    /// Changes a row if `change` returns true. Returns whether it did; `None` if there is no row.
    fn change(
        &mut self,
        table: &'static Table,
        key: &[Val],
        pos: impl Column,
        change: &mut dyn FnMut(&mut Cells<'_>) -> bool,
    ) -> Result<Option<bool>, ProjectionError> {
        let now = self.pos.clone();
        let done = self.tx.edit(table, key, &mut |row| {
            let mut cells = Cells(row);
            if !change(&mut cells) {
                return Ok(RowAction::Keep);
            }
            cells.set(pos, now.clone());
            Ok(RowAction::Write)
        })?;
        Ok(done.map(|done| done == RowAction::Write))
    }

    fn campaign(&mut self, event: &ViewEvent, fact: &CampaignEvent) -> Result<(), ProjectionError> {
        let campaign = Val::text(event.envelope.stream.id());
        let status = match fact {
            CampaignEvent::Created { .. } => "draft",
            CampaignEvent::Started {} | CampaignEvent::Resumed {} | CampaignEvent::Reopened { .. } => {
                "running"
            }
            CampaignEvent::Paused { .. } => "paused",
            CampaignEvent::Stopped { .. } => "stopped",
            CampaignEvent::Completed { .. } => "completed",
            CampaignEvent::StartScheduled { .. } => {
                return self.of_campaign(campaign, &|cells| {
                    cells.set(CampaignColumn::StartScheduled, Val::count(1));
                });
            }
            CampaignEvent::WindowClosed { verdict, until } => {
                return self.window_closed(event, verdict, *until);
            }
            _ => return Ok(()),
        };
        self.of_campaign(campaign, &|cells| {
            cells.set(CampaignColumn::Status, Val::text(status));
            cells.set(CampaignColumn::StartScheduled, Val::count(0));
        })
    }

    /// Adds to a campaign's counts; creates its row if the campaign's own events come later.
    fn count(&mut self, campaign: &CampaignId, enrolled: i64, settled: i64) -> Result<(), ProjectionError> {
        self.of_campaign(Val::text(campaign), &|cells| {
            cells.add(CampaignColumn::Enrolled, enrolled);
            cells.add(CampaignColumn::Settled, settled);
        })
    }

    fn of_campaign(&mut self, campaign: Val, change: &dyn Fn(&mut Cells<'_>)) -> Result<(), ProjectionError> {
        let key = std::slice::from_ref(&campaign);
        let known = self.change(&CAMPAIGNS, key, CampaignColumn::Pos, &mut |cells| {
            change(cells);
            true
        })?;
        if known.is_some() {
            return Ok(());
        }
        let draft = Val::text("draft");
        let none = Val::Int(0);
        let mut row = vec![
            campaign,
            draft,
            none.clone(),
            none.clone(),
            none,
            self.pos.clone(),
        ];
        change(&mut Cells(&mut row));
        self.tx.append_row(&CAMPAIGNS, row)
    }

    fn customer(&mut self, event: &ViewEvent, fact: &CustomerEvent) -> Result<(), ProjectionError> {
        let customer: CustomerId = event.stream_id()?;
        match fact {
            CustomerEvent::Enrolled {
                campaign,
                number,
                due_at,
                placing,
                ..
            } => self.enrolled(campaign, &customer, number, *due_at, placing.as_deref()),
            CustomerEvent::DialGranted { attempt, grant } => self.customer_granted(grant, *attempt),
            CustomerEvent::DialRefused {
                campaign,
                verdict,
                not_before,
                ..
            } => self.customer_refused(campaign, &customer, verdict, *not_before),
            CustomerEvent::DialReleased {
                campaign,
                call,
                reason,
                not_before,
            } => self.customer_released(campaign, &customer, *call, reason, *not_before),
            CustomerEvent::CallClosed {
                campaign,
                call,
                next_due_at,
                next_number,
                ..
            } => {
                self.next_attempt(campaign, &customer, *next_due_at, next_number.as_ref())?;
                self.close_customer_side(*call)
            }
            CustomerEvent::CallBackOrdered { campaign, due_at, .. }
            | CustomerEvent::PreviewSkipped { campaign, due_at, .. } => {
                self.called_back(campaign, &customer, *due_at)
            }
            CustomerEvent::LateAnswered(late) => self.answered_late(&late.campaign, &customer, late.due_at),
            CustomerEvent::CallAsked { campaign, due_at, .. } => {
                self.call_asked(campaign, &customer, *due_at)
            }
            CustomerEvent::CallbackRequested {
                campaign,
                callback_at,
                ..
            } => self.callback_named(campaign, &customer, *callback_at),
            CustomerEvent::CallbackEnded {
                campaign,
                how,
                due_at,
                ..
            } if *how != CallbackEnd::Refused => self.callback_over(campaign, &customer, *due_at),
            CustomerEvent::EnrolmentSettled {
                campaign,
                rule,
                facts,
                ..
            } => {
                let why = rule.as_deref().map(|rule| (rule, facts));
                self.settled(campaign, &customer, why)
            }
            _ => Ok(()),
        }
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
}
