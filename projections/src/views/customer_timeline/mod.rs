//! A person over all campaigns: identity in sealed form, numbers, calls, and what happened when.
//!
//! A line of the timeline holds facts that are not personal; what was said or pressed stays in the record.

mod facts;
mod history;

pub use history::{CustomerCall, CustomerRow, LINES_MAX, NumberRow, TimelineLine, get};

use crate::database::{Table, Tx};
use crate::error::ProjectionError;
use crate::value::Val;
use crate::view::{AnyEvent, Handles, View, ViewEvent, erased_column, sealed_columns};
use domain::call::event::CallEvent;
use domain::customer::event::CustomerEvent;
use domain::disposition::Outcome;
use domain::ids::{CallId, CampaignId, CustomerId, NumberId};
use domain::personal::Personal;

/// The view's name, for `wait_for_view`.
pub const NAME: &str = "customer_timeline";

/// See the file's description.
pub struct CustomerTimeline;

const TABLES: &[Table] = &[
    Table {
        name: "customer_timeline_customer",
        ddl: &[
            "create table customer_timeline_customer (customer text primary key, external_id text not null,
            external_hash text, name text, sealed_in text not null, time_zone text,
            registered_at bigint not null, pos bigint not null)",
            "create index customer_timeline_external on customer_timeline_customer (external_hash)
            where external_hash is not null",
        ],
        key_columns: 1,
    },
    Table {
        name: "customer_timeline_number",
        ddl: &[
            "create table customer_timeline_number (customer text not null, number text not null,
            phone text not null, sealed_in text not null, pos bigint not null,
            primary key (customer, number))",
        ],
        key_columns: 2,
    },
    Table {
        name: "customer_timeline_call",
        ddl: &[
            "create table customer_timeline_call (call text primary key, customer text not null,
            campaign text not null, number text not null, attempt bigint not null,
            permitted_at bigint not null, answered_at bigint, ended_at bigint, disposition text,
            outcome text, talk_ms bigint, first_pos bigint not null, pos bigint not null)",
            "create index customer_timeline_call_of on customer_timeline_call (customer, first_pos)",
        ],
        key_columns: 1,
    },
    Table {
        name: "customer_timeline_line",
        ddl: &[
            "create table customer_timeline_line (customer text not null, position bigint not null,
            at bigint not null, kind text not null, campaign text, call text, facts text not null,
            primary key (customer, position))",
        ],
        key_columns: 2,
    },
];

const KINDS: &[&str] = &[
    "customer.registered",
    "customer.number_added",
    "customer.consent_recorded",
    "customer.consent_withdrawn",
    "customer.enrolled",
    "customer.dial_granted",
    "customer.dial_refused",
    "customer.dial_released",
    "customer.call_closed",
    "customer.enrolment_settled",
    "customer.held",
    "customer.hold_released",
    "customer.erasure_requested",
    "customer.erased",
    "customer.erasure_certified",
    "call.permitted",
    "call.dialing",
    "call.answered",
    "call.transfer_requested",
    "call.ended",
    "call.late_answered",
    "call.corrected",
];

impl View for CustomerTimeline {
    fn name(&self) -> &'static str {
        NAME
    }

    fn version(&self) -> u32 {
        3
    }

    fn tables(&self) -> &'static [Table] {
        TABLES
    }

    fn handles(&self) -> Handles {
        Handles::Kinds(KINDS)
    }

    fn apply(&self, tx: &mut dyn Tx, event: &ViewEvent) -> Result<(), ProjectionError> {
        match event.event()? {
            AnyEvent::Customer(fact) => apply_customer(tx, event, fact),
            AnyEvent::Call(fact) => apply_call(tx, event, fact),
            AnyEvent::Campaign(_) | AnyEvent::Number(_) | AnyEvent::Flow(_) => Ok(()),
        }
    }
}

/// What one line says.
struct Said<'a> {
    campaign: Option<&'a CampaignId>,
    call: Option<CallId>,
    facts: serde_json::Value,
}

fn say(
    tx: &mut dyn Tx,
    event: &ViewEvent,
    customer: &CustomerId,
    said: Said<'_>,
) -> Result<(), ProjectionError> {
    tx.exec(
        "insert into customer_timeline_line (customer, position, at, kind, campaign, call, facts)
         values ($1, $2, $3, $4, $5, $6, $7)",
        &[
            Val::text(customer),
            Val::position(event.position),
            Val::at(event.at()),
            Val::text(&event.envelope.kind),
            Val::maybe_text(said.campaign),
            Val::maybe_text(said.call),
            Val::text(said.facts),
        ],
    )?;
    Ok(())
}

fn apply_customer(tx: &mut dyn Tx, event: &ViewEvent, fact: &CustomerEvent) -> Result<(), ProjectionError> {
    let customer: CustomerId = event.stream_id()?;
    match fact {
        CustomerEvent::Registered {
            external_id,
            name,
            time_zone,
        } => registered(tx, event, (external_id, name.as_ref(), time_zone.as_deref()))?,
        CustomerEvent::NumberAdded { number, phone } => number_added(tx, event, number, phone)?,
        CustomerEvent::Erased { .. } => erased(tx, event)?,
        _ => {}
    }
    let (campaign, call) = facts::subject(fact);
    let said = Said {
        campaign,
        call,
        facts: facts::of_customer(fact),
    };
    say(tx, event, &customer, said)
}

fn registered(
    tx: &mut dyn Tx,
    event: &ViewEvent,
    (external_id, name, time_zone): (&Personal<String>, Option<&Personal<String>>, Option<&str>),
) -> Result<(), ProjectionError> {
    let (external_id, hash) = sealed_columns(external_id)?;
    let name = name.map(sealed_columns).transpose()?.map(|(name, _)| name);
    tx.exec(
        "insert into customer_timeline_customer
         (customer, external_id, external_hash, name, sealed_in, time_zone, registered_at, pos)
         values ($1, $2, $3, $4, $5, $6, $7, $8)
         on conflict (customer) do update set external_id = excluded.external_id,
         external_hash = excluded.external_hash, name = excluded.name, sealed_in = excluded.sealed_in,
         time_zone = excluded.time_zone, pos = excluded.pos",
        &[
            Val::text(event.envelope.stream.id()),
            Val::Text(external_id),
            Val::maybe_text(hash),
            Val::maybe_text(name),
            Val::text(event.envelope.id),
            Val::maybe_text(time_zone),
            Val::at(event.at()),
            Val::position(event.position),
        ],
    )?;
    Ok(())
}

/// The sealed values give way to erased ones; lookup hashes stay.
fn erased(tx: &mut dyn Tx, event: &ViewEvent) -> Result<(), ProjectionError> {
    let customer = Val::text(event.envelope.stream.id());
    let pos = Val::position(event.position);
    let key = [customer.clone()];
    let people = tx.query(
        "select external_id, name from customer_timeline_customer where customer = $1",
        &key,
    )?;
    for mut row in people {
        let external_id = erased_column(&row.personal()?)?;
        let name = row.maybe_personal()?.as_ref().map(erased_column).transpose()?;
        tx.exec(
            "update customer_timeline_customer set external_id = $2, name = $3, time_zone = null, pos = $4
             where customer = $1",
            &[
                customer.clone(),
                Val::Text(external_id),
                Val::maybe_text(name),
                pos.clone(),
            ],
        )?;
    }
    let numbers = tx.query(
        "select number, phone from customer_timeline_number where customer = $1 order by number",
        &key,
    )?;
    for mut row in numbers {
        let number: NumberId = row.parse()?;
        let phone = erased_column(&row.personal()?)?;
        tx.exec(
            "update customer_timeline_number set phone = $3, pos = $4 where customer = $1 and number = $2",
            &[customer.clone(), Val::text(number), Val::Text(phone), pos.clone()],
        )?;
    }
    tx.exec(
        "update customer_timeline_line set facts = '{}' where customer = $1 and kind = 'customer.registered'",
        &key,
    )?;
    Ok(())
}

fn number_added(
    tx: &mut dyn Tx,
    event: &ViewEvent,
    number: &NumberId,
    phone: &Personal<String>,
) -> Result<(), ProjectionError> {
    let (phone, _) = sealed_columns(phone)?;
    tx.exec(
        "insert into customer_timeline_number (customer, number, phone, sealed_in, pos)
         values ($1, $2, $3, $4, $5) on conflict (customer, number)
         do update set phone = excluded.phone, sealed_in = excluded.sealed_in, pos = excluded.pos",
        &[
            Val::text(event.envelope.stream.id()),
            Val::text(number),
            Val::Text(phone),
            Val::text(event.envelope.id),
            Val::position(event.position),
        ],
    )?;
    Ok(())
}

fn apply_call(tx: &mut dyn Tx, event: &ViewEvent, fact: &CallEvent) -> Result<(), ProjectionError> {
    let call = event.call()?;
    let key = Val::text(call);
    let pos = Val::position(event.position);
    match fact {
        CallEvent::Permitted {
            attempt,
            customer_grant,
            ..
        } => {
            tx.exec(
                "insert into customer_timeline_call
                 (call, customer, campaign, number, attempt, permitted_at, first_pos, pos)
                 values ($1, $2, $3, $4, $5, $6, $7, $7) on conflict (call) do nothing",
                &[
                    key.clone(),
                    Val::text(&customer_grant.customer),
                    Val::text(&customer_grant.campaign),
                    Val::text(&customer_grant.number),
                    Val::count(*attempt),
                    Val::at(event.at()),
                    pos,
                ],
            )?;
        }
        CallEvent::Answered { .. } => {
            tx.exec(
                "update customer_timeline_call set answered_at = coalesce(answered_at, $2), pos = $3
                 where call = $1",
                &[key.clone(), Val::at(event.at()), pos],
            )?;
        }
        CallEvent::Ended {
            disposition,
            outcome,
            talk_ms,
            ..
        } => {
            tx.exec(
                "update customer_timeline_call set ended_at = $2, disposition = $3, outcome = $4,
                 talk_ms = $5, pos = $6 where call = $1",
                &[
                    key.clone(),
                    Val::at(event.at()),
                    Val::text(disposition.code()),
                    Val::maybe_text(outcome.map(Outcome::code)),
                    Val::count(*talk_ms),
                    pos,
                ],
            )?;
        }
        CallEvent::Corrected { after, .. } => {
            tx.exec(
                "update customer_timeline_call set disposition = $2, outcome = $3, pos = $4 where call = $1",
                &[
                    key.clone(),
                    Val::text(after.disposition.code()),
                    Val::maybe_text(after.outcome.map(Outcome::code)),
                    pos,
                ],
            )?;
        }
        _ => {}
    }
    say_call(tx, event, fact, key)
}

/// A line about a call goes to the customer it was permitted for.
fn say_call(tx: &mut dyn Tx, event: &ViewEvent, fact: &CallEvent, key: Val) -> Result<(), ProjectionError> {
    let rows = tx.query(
        "select customer, campaign from customer_timeline_call where call = $1",
        &[key],
    )?;
    let Some(mut row) = rows.into_iter().next() else {
        return Ok(());
    };
    let customer: CustomerId = row.parse()?;
    let campaign: CampaignId = row.parse()?;
    let said = Said {
        campaign: Some(&campaign),
        call: Some(event.call()?),
        facts: facts::of_call(fact),
    };
    say(tx, event, &customer, said)
}
