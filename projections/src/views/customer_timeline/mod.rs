//! The view of customers over all campaigns: identity in sealed form, numbers, calls, and a timeline of
//! events.
//!
//! A line of the timeline holds facts that are not personal; spoken words and keypresses stay in the record.

mod facts;
mod history;
mod numbers;
mod text_lines;

pub use history::{
    CustomerCall, CustomerRow, HAVING_MAX, LINES_MAX, NumberRow, TimelineLine, find_by_number, get,
    registered_before,
};

use crate::cells::{Cells, blank, change_or_begin, columns};
use crate::database::{RowAction, Table, Tx};
use crate::error::ProjectionError;
use crate::value::{Row, Val};
use crate::view::{AnyEvent, HandledKinds, View, ViewDefinition, ViewEvent, erased_column, sealed_columns};
use domain::call::event::CallEvent;
use domain::compliance::CustomerGrant;
use domain::conversation::ConversationEvent;
use domain::customer::event::CustomerEvent;
use domain::disposition::Outcome;
use domain::ids::CustomerId;
use domain::message::MessageEvent;
use domain::personal::Personal;
use domain::voiceprint::VoiceprintEvent;

/// The view's name, for `wait_for_view`.
pub const NAME: &str = "customer_timeline";

/// The view of customers and their timelines.
pub struct CustomerTimeline;

const CUSTOMERS: Table = Table {
    name: "customer_timeline_customer",
    ddl: &[
        "create table customer_timeline_customer (customer text primary key, external_id text not null,
        external_hash text, name text, sealed_in text not null, name_in text, time_zone text,
        registered_at bigint not null, pos bigint not null)",
        "create index customer_timeline_external on customer_timeline_customer (external_hash)
        where external_hash is not null",
    ],
    key_columns: 1,
};

const NUMBERS: Table = Table {
    name: "customer_timeline_number",
    ddl: &[
        "create table customer_timeline_number (customer text not null, number text not null,
        phone text not null, sealed_in text not null, pos bigint not null, keyed text not null,
        primary key (customer, number))",
    ],
    key_columns: 2,
};

const CALLS: Table = Table {
    name: "customer_timeline_call",
    ddl: &[
        "create table customer_timeline_call (call text primary key, customer text not null,
        campaign text not null, number text not null, attempt bigint not null,
        permitted_at bigint not null, answered_at bigint, ended_at bigint, disposition text,
        outcome text, talk_ms bigint, first_pos bigint not null, pos bigint not null)",
        "create index customer_timeline_call_of on customer_timeline_call (customer, first_pos)",
    ],
    key_columns: 1,
};

const LINES: Table = Table {
    name: "customer_timeline_line",
    ddl: &[
        "create table customer_timeline_line (customer text not null, position bigint not null,
        at bigint not null, kind text not null, campaign text, call text, facts text not null,
        primary key (customer, position)) partition by hash (customer)",
    ],
    key_columns: 2,
};

const TABLES: &[Table] = &[CUSTOMERS, NUMBERS, CALLS, LINES];

columns! {
    enum CustomerColumn {
        Customer, ExternalId, ExternalHash, Name, SealedIn, NameIn, TimeZone, RegisteredAt, Pos,
    }
}

columns! {
    enum NumberColumn { Customer, Number, Phone, SealedIn, Pos, Keyed }
}

columns! {
    enum CallColumn {
        Call, Customer, Campaign, Number, Attempt, PermittedAt, AnsweredAt, EndedAt, Disposition, Outcome,
        TalkMs, FirstPos, Pos,
    }
}

const DEFINITION: ViewDefinition = ViewDefinition {
    name: NAME,
    version: 11,
    tables: TABLES,
    handles: HandledKinds::Kinds(&[
        CustomerEvent::REGISTERED,
        CustomerEvent::NUMBER_ADDED,
        CustomerEvent::CONSENT_RECORDED,
        CustomerEvent::CONSENT_WITHDRAWN,
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
        CustomerEvent::ENROLMENT_WITHDRAWN,
        CustomerEvent::ENROLMENT_SETTLED,
        CustomerEvent::HELD,
        CustomerEvent::HOLD_RELEASED,
        CustomerEvent::ASSIGNED,
        CustomerEvent::UNASSIGNED,
        CustomerEvent::DEAL_REPORTED,
        CustomerEvent::HISTORY_IMPORTED,
        CustomerEvent::MERGED,
        CustomerEvent::UNMERGED,
        CustomerEvent::CORRECTED,
        CustomerEvent::ATTRIBUTES_SET,
        CustomerEvent::TAGGED,
        CustomerEvent::CAPS_SET,
        CustomerEvent::PREFERRED_TIMES_SET,
        CustomerEvent::ERASURE_REQUESTED,
        CustomerEvent::ERASED,
        CustomerEvent::ERASURE_CERTIFIED,
        CallEvent::PERMITTED,
        CallEvent::DIALING,
        CallEvent::ANSWERED,
        CallEvent::TRANSFER_REQUESTED,
        CallEvent::ENDED,
        CallEvent::LATE_ANSWERED,
        CallEvent::CORRECTED,
        VoiceprintEvent::CONSENTED,
        VoiceprintEvent::ENROLLED,
        VoiceprintEvent::COMPARED,
        VoiceprintEvent::WITHDRAWN,
        VoiceprintEvent::DELETED,
        ConversationEvent::OPENED,
        ConversationEvent::CLOSED,
        ConversationEvent::TRANSCRIPT_DISPOSED,
        MessageEvent::ORDERED,
        MessageEvent::SENT,
        MessageEvent::FAILED,
        MessageEvent::REPLIED,
    ]),
};

impl View for CustomerTimeline {
    fn definition(&self) -> ViewDefinition {
        DEFINITION
    }

    fn apply(&self, tx: &mut dyn Tx, event: &ViewEvent) -> Result<(), ProjectionError> {
        if text_lines::append_line(tx, event)? {
            return Ok(());
        }
        match event.event()? {
            AnyEvent::Customer(fact) => apply_customer(tx, event, fact),
            AnyEvent::Call(fact) => apply_call(tx, event, fact),
            AnyEvent::Campaign(_) | AnyEvent::Number(_) | AnyEvent::Flow(_) => Ok(()),
        }
    }

    fn reads(&self, event: &ViewEvent, keys: &mut Vec<(&'static Table, Vec<Val>)>) {
        let stream = &event.envelope.stream;
        match (stream.aggregate(), event.envelope.kind.as_str()) {
            ("call", _) => keys.push((&CALLS, vec![Val::text(stream.id())])),
            (_, CustomerEvent::REGISTERED | CustomerEvent::CORRECTED) => {
                keys.push((&CUSTOMERS, vec![Val::text(stream.id())]));
            }
            _ => {}
        }
    }
}

/// Appends a line to a customer's timeline. `campaign` and `call` are null for events outside of them.
fn say(
    tx: &mut dyn Tx,
    event: &ViewEvent,
    customer: Val,
    campaign: Val,
    call: Val,
    facts: &serde_json::Value,
) -> Result<(), ProjectionError> {
    let row = vec![
        customer,
        Val::position(event.position),
        Val::at(event.at()),
        Val::text(&event.envelope.kind),
        campaign,
        call,
        Val::text(facts),
    ];
    tx.append_row(&LINES, row)
}

fn apply_customer(tx: &mut dyn Tx, event: &ViewEvent, fact: &CustomerEvent) -> Result<(), ProjectionError> {
    let customer: CustomerId = event.stream_id()?;
    match fact {
        CustomerEvent::Registered {
            external_id,
            name,
            time_zone,
        } => registered(tx, event, external_id, name.as_ref(), time_zone.as_deref())?,
        CustomerEvent::NumberAdded { number, phone, .. } => numbers::add_number(tx, event, number, phone)?,
        CustomerEvent::Corrected { name: Some(name), .. } => renamed(tx, event, name)?,
        CustomerEvent::Erased { .. } => erased(tx, event)?,
        _ => {}
    }
    let (campaign, call) = (fact.campaign(), fact.call());
    let (campaign, call) = (Val::maybe_text(campaign), Val::maybe_text(call));
    let facts = facts::of_customer(fact);
    say(tx, event, Val::text(&customer), campaign, call, &facts)
}

fn registered(
    tx: &mut dyn Tx,
    event: &ViewEvent,
    external_id: &Personal<String>,
    name: Option<&Personal<String>>,
    time_zone: Option<&str>,
) -> Result<(), ProjectionError> {
    let (external_id, hash) = sealed_columns(external_id)?;
    let name = name.map(sealed_columns).transpose()?.map(|(name, _)| name);
    let customer = Val::text(event.envelope.stream.id());
    let tell = |cells: &mut Cells<'_>| {
        cells.set(CustomerColumn::ExternalId, Val::text(&external_id));
        cells.set(CustomerColumn::ExternalHash, Val::maybe_text(hash.as_ref()));
        cells.set(CustomerColumn::Name, Val::maybe_text(name.as_ref()));
        cells.set(CustomerColumn::SealedIn, Val::text(event.envelope.id));
        cells.set(CustomerColumn::NameIn, Val::text(event.envelope.id));
        cells.set(CustomerColumn::TimeZone, Val::maybe_text(time_zone));
        cells.set(CustomerColumn::Pos, Val::position(event.position));
    };
    let new = || {
        let mut row = blank::<CustomerColumn>();
        let mut cells = Cells(&mut row);
        cells.set(CustomerColumn::Customer, customer.clone());
        cells.set(CustomerColumn::RegisteredAt, Val::at(event.at()));
        row
    };
    change_or_begin(tx, &CUSTOMERS, std::slice::from_ref(&customer), &new, &tell)
}

/// Replaces a customer's name by the one of this event, in which it is sealed.
fn renamed(tx: &mut dyn Tx, event: &ViewEvent, name: &Personal<String>) -> Result<(), ProjectionError> {
    let (name, _) = sealed_columns(name)?;
    let customer = Val::text(event.envelope.stream.id());
    tx.edit(&CUSTOMERS, &[customer], &mut |row| {
        let mut cells = Cells(row);
        cells.set(CustomerColumn::Name, Val::text(&name));
        cells.set(CustomerColumn::NameIn, Val::text(event.envelope.id));
        cells.set(CustomerColumn::Pos, Val::position(event.position));
        Ok(RowAction::Write)
    })?;
    Ok(())
}

/// Replaces the sealed values of an erased customer by the erased form, also of the numbers. Lookup hashes
/// stay.
fn erased(tx: &mut dyn Tx, event: &ViewEvent) -> Result<(), ProjectionError> {
    let customer = Val::text(event.envelope.stream.id());
    let pos = Val::position(event.position);
    let key = [customer.clone()];
    tx.edit(&CUSTOMERS, &key, &mut |row| {
        let mut row = Cells(row);
        let erased = |cell: &Val| match Row::new(vec![cell.clone()]).maybe_personal()? {
            Some(value) => erased_column(&value).map(Val::Text),
            None => Ok(Val::Null),
        };
        let (external_id, name) = (row.get(CustomerColumn::ExternalId), row.get(CustomerColumn::Name));
        let (external_id, name) = (erased(external_id)?, erased(name)?);
        row.set(CustomerColumn::ExternalId, external_id);
        row.set(CustomerColumn::Name, name);
        row.set(CustomerColumn::TimeZone, Val::Null);
        row.set(CustomerColumn::Pos, pos.clone());
        Ok(RowAction::Write)
    })?;
    let numbers = tx.query(
        "select number, phone from customer_timeline_number where customer = $1 order by number",
        &key,
    )?;
    for mut row in numbers {
        let number = Val::Text(row.text()?);
        let phone = erased_column(&row.personal()?)?;
        tx.edit(&NUMBERS, &[customer.clone(), number], &mut |row| {
            let mut cells = Cells(row);
            cells.set(NumberColumn::Phone, Val::text(&phone));
            cells.set(NumberColumn::Pos, pos.clone());
            Ok(RowAction::Write)
        })?;
    }
    tx.exec(
        "update customer_timeline_line set facts = '{}' where customer = $1 and kind = 'customer.registered'",
        &key,
    )?;
    Ok(())
}

/// Updates the row of a call and appends a line to the timeline of its customer.
fn apply_call(tx: &mut dyn Tx, event: &ViewEvent, fact: &CallEvent) -> Result<(), ProjectionError> {
    let call = Val::text(event.call()?);
    let mut about = None;
    let mut look = |row: &mut [Val]| {
        let mut cells = Cells(row);
        let customer = cells.get(CallColumn::Customer).clone();
        about = Some((customer, cells.get(CallColumn::Campaign).clone()));
        Ok(tell(&mut cells, event, fact))
    };
    let known = tx.edit(&CALLS, std::slice::from_ref(&call), &mut look)?;
    if known.is_none()
        && let CallEvent::Permitted {
            attempt,
            customer_grant,
            ..
        } = fact
    {
        let mut row = permitted(event, customer_grant, *attempt, &call);
        look(&mut row)?;
        tx.append_row(&CALLS, row)?;
    }
    let Some((customer, campaign)) = about else {
        return Ok(());
    };
    say(tx, event, customer, campaign, call, &facts::of_call(fact))
}

fn permitted(event: &ViewEvent, grant: &CustomerGrant, attempt: u32, call: &Val) -> Vec<Val> {
    let mut row = blank::<CallColumn>();
    let mut cells = Cells(&mut row);
    cells.set(CallColumn::Call, call.clone());
    cells.set(CallColumn::Customer, Val::text(&grant.customer));
    cells.set(CallColumn::Campaign, Val::text(&grant.campaign));
    cells.set(CallColumn::Number, Val::text(&grant.number));
    cells.set(CallColumn::Attempt, Val::count(attempt));
    cells.set(CallColumn::PermittedAt, Val::at(event.at()));
    cells.set(CallColumn::FirstPos, Val::position(event.position));
    cells.set(CallColumn::Pos, Val::position(event.position));
    row
}

/// Updates the row of a call with an event. Returns whether the row changed.
fn tell(cells: &mut Cells<'_>, event: &ViewEvent, fact: &CallEvent) -> RowAction {
    match fact {
        CallEvent::Answered { .. } => cells.set_first(CallColumn::AnsweredAt, Val::at(event.at())),
        CallEvent::Ended {
            disposition,
            outcome,
            talk_ms,
            ..
        } => {
            cells.set(CallColumn::EndedAt, Val::at(event.at()));
            cells.set(CallColumn::Disposition, Val::text(disposition.code()));
            cells.set(CallColumn::Outcome, Val::maybe_text(outcome.map(Outcome::code)));
            cells.set(CallColumn::TalkMs, Val::count(*talk_ms));
        }
        CallEvent::Corrected { after, .. } => {
            cells.set(CallColumn::Disposition, Val::text(after.disposition.code()));
            cells.set(
                CallColumn::Outcome,
                Val::maybe_text(after.outcome.map(Outcome::code)),
            );
        }
        _ => return RowAction::Keep,
    }
    cells.set(CallColumn::Pos, Val::position(event.position));
    RowAction::Write
}

#[cfg(test)]
mod tests {
    use super::{CALLS, CUSTOMERS, CallColumn, CustomerColumn, CustomerTimeline, NUMBERS, NumberColumn};
    use crate::cells::names;
    use crate::testing::{TestHistory, columns_of};

    #[tokio::test]
    async fn columns_stand_as_named() {
        let (db, _runner) = TestHistory::new().shown_by(CustomerTimeline).await;
        assert_eq!(
            columns_of(db.as_ref(), &CUSTOMERS).await,
            names::<CustomerColumn>()
        );
        assert_eq!(columns_of(db.as_ref(), &NUMBERS).await, names::<NumberColumn>());
        assert_eq!(columns_of(db.as_ref(), &CALLS).await, names::<CallColumn>());
    }
}
