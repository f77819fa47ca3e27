//! A person over all campaigns: identity in sealed form, numbers, calls, and what happened when.
//!
//! A line of the timeline holds facts that are not personal; what was said or pressed stays in the record.

use crate::database::{ReadDb, Table, Tx, read_as};
use crate::error::ProjectionError;
use crate::value::{Row, Val};
use crate::view::{AnyEvent, Handles, View, ViewEvent, code_of, sealed_columns};
use domain::call::event::CallEvent;
use domain::customer::event::CustomerEvent;
use domain::disposition::{Disposition, Outcome};
use domain::ids::{CallId, CampaignId, CustomerId, EventId, NumberId};
use domain::personal::Personal;
use domain::stored_event::Position;
use domain::time::Timestamp;
use serde::Serialize;
use serde_json::json;

/// The view's name, for `wait_for_view`.
pub const NAME: &str = "customer_timeline";

/// Most lines, calls or numbers in one answer: the latest ones.
pub const LINES_MAX: usize = 500;

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
    "call.permitted",
    "call.dialing",
    "call.answered",
    "call.transfer_requested",
    "call.ended",
    "call.late_answered",
];

impl View for CustomerTimeline {
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
        _ => {}
    }
    say(tx, event, &customer, customer_facts(fact))
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

/// The facts of a customer's event that are not personal.
fn customer_facts(fact: &CustomerEvent) -> Said<'_> {
    let (campaign, call, facts) = match fact {
        CustomerEvent::Registered { time_zone, .. } => (None, None, json!({ "time_zone": time_zone })),
        CustomerEvent::NumberAdded { number, .. } => (None, None, json!({ "number": number })),
        CustomerEvent::ConsentRecorded {
            scope,
            source,
            given_at,
            until,
            ..
        } => (
            None,
            None,
            json!({ "scope": scope, "source": source, "given_at": given_at, "until": until }),
        ),
        CustomerEvent::ConsentWithdrawn { scope, source } => {
            (None, None, json!({ "scope": scope, "source": source }))
        }
        CustomerEvent::Enrolled {
            campaign,
            list,
            number,
            due_at,
            ..
        } => (
            Some(campaign),
            None,
            json!({ "list": list, "number": number, "due_at": due_at }),
        ),
        CustomerEvent::DialGranted { attempt, grant } => (
            Some(&grant.campaign),
            Some(grant.call),
            json!({ "attempt": attempt, "number": grant.number }),
        ),
        CustomerEvent::DialRefused {
            campaign,
            call,
            verdict,
            not_before,
        } => (
            Some(campaign),
            Some(*call),
            json!({ "rule": verdict.rule, "decision": verdict.decision, "facts": verdict.facts,
                "not_before": not_before }),
        ),
        CustomerEvent::DialReleased {
            campaign,
            call,
            reason,
            not_before,
        } => (
            Some(campaign),
            Some(*call),
            json!({ "reason": reason, "not_before": not_before }),
        ),
        CustomerEvent::CallClosed {
            campaign,
            call,
            disposition,
            outcome,
            charged,
            next_due_at,
            ..
        } => (
            Some(campaign),
            Some(*call),
            json!({ "disposition": disposition, "outcome": outcome, "charged": charged,
                "next_due_at": next_due_at }),
        ),
        CustomerEvent::EnrolmentSettled {
            campaign,
            disposition,
            outcome,
            calls_count,
            rule,
            facts,
        } => (
            Some(campaign),
            None,
            json!({ "disposition": disposition, "outcome": outcome, "calls": calls_count,
                "rule": rule, "facts": facts }),
        ),
    };
    Said {
        campaign,
        call,
        facts: without_nulls(facts),
    }
}

fn without_nulls(mut facts: serde_json::Value) -> serde_json::Value {
    if let Some(members) = facts.as_object_mut() {
        members.retain(|_, value| !value.is_null());
    }
    facts
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
        facts: without_nulls(call_facts(fact)),
    };
    say(tx, event, &customer, said)
}

fn call_facts(fact: &CallEvent) -> serde_json::Value {
    match fact {
        CallEvent::Permitted { attempt, flow, .. } => {
            json!({ "attempt": attempt, "flow": flow.flow, "flow_version": flow.version })
        }
        CallEvent::Dialing { leg, trunk, .. } => json!({ "leg": leg, "trunk": trunk }),
        CallEvent::TransferRequested { node } => json!({ "node": node }),
        CallEvent::Ended {
            disposition,
            outcome,
            talk_ms,
            reason,
            ..
        } => json!({ "disposition": disposition, "outcome": outcome, "talk_ms": talk_ms,
            "reason": code_of(reason) }),
        _ => json!({}),
    }
}

/// A person, with everything known of them. Personal values are sealed: `sealed_in` is the event that holds
/// them, in the stream `customer-<id>`, under the pointers `/external_id`, `/name` and `/phone`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomerRow {
    pub customer: CustomerId,
    pub external_id: Personal<String>,
    pub name: Option<Personal<String>>,
    pub sealed_in: EventId,
    pub time_zone: Option<String>,
    pub registered_at: Timestamp,
    pub numbers: Vec<NumberRow>,
    /// The latest `LINES_MAX`, oldest first.
    pub calls: Vec<CustomerCall>,
    /// The latest `LINES_MAX`, oldest first.
    pub timeline: Vec<TimelineLine>,
}

/// A phone of a person, sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NumberRow {
    pub number: NumberId,
    pub phone: Personal<String>,
    pub sealed_in: EventId,
}

/// A call of a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CustomerCall {
    pub call: CallId,
    pub campaign: CampaignId,
    pub number: NumberId,
    pub attempt: u64,
    pub permitted_at: Timestamp,
    pub answered_at: Option<Timestamp>,
    pub ended_at: Option<Timestamp>,
    pub disposition: Option<Disposition>,
    pub outcome: Option<Outcome>,
    pub talk_ms: Option<u64>,
}

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TimelineLine {
    pub position: Position,
    pub at: Timestamp,
    pub kind: String,
    pub campaign: Option<CampaignId>,
    pub call: Option<CallId>,
    /// By name; never personal.
    pub facts: serde_json::Value,
}

/// A person by internal id, or by the lookup hash of the external id; `None` when unknown.
pub async fn get(db: &dyn ReadDb, id_or_hash: &str) -> Result<Option<CustomerRow>, ProjectionError> {
    let wanted = Val::text(id_or_hash);
    read_as(db, move |tx| {
        let rows = tx.query(
            "select customer, external_id, name, sealed_in, time_zone, registered_at
             from customer_timeline_customer where customer = $1 or external_hash = $1
             order by case when customer = $1 then 0 else 1 end limit 1",
            &[wanted],
        )?;
        rows.into_iter()
            .next()
            .map(|row| read_customer(tx, row))
            .transpose()
    })
    .await
}

fn read_customer(tx: &mut dyn Tx, mut row: Row) -> Result<CustomerRow, ProjectionError> {
    let customer: CustomerId = row.parse()?;
    let key = [Val::text(&customer), Val::count(LINES_MAX)];
    Ok(CustomerRow {
        customer,
        external_id: row.personal()?,
        name: row.maybe_personal()?,
        sealed_in: row.parse()?,
        time_zone: row.maybe_text()?,
        registered_at: row.at()?,
        numbers: read_numbers(tx, &key)?,
        calls: read_calls(tx, &key)?,
        timeline: read_lines(tx, &key)?,
    })
}

fn read_numbers(tx: &mut dyn Tx, key: &[Val; 2]) -> Result<Vec<NumberRow>, ProjectionError> {
    let rows = tx.query(
        "select number, phone, sealed_in from customer_timeline_number where customer = $1
         order by pos limit $2",
        key,
    )?;
    let read = |mut row: Row| {
        Ok(NumberRow {
            number: row.parse()?,
            phone: row.personal()?,
            sealed_in: row.parse()?,
        })
    };
    rows.into_iter().map(read).collect()
}

fn read_calls(tx: &mut dyn Tx, key: &[Val; 2]) -> Result<Vec<CustomerCall>, ProjectionError> {
    let rows = tx.query(
        "select call, campaign, number, attempt, permitted_at, answered_at, ended_at, disposition, outcome,
         talk_ms from customer_timeline_call where customer = $1 order by first_pos desc limit $2",
        key,
    )?;
    let read = |mut row: Row| {
        Ok(CustomerCall {
            call: row.parse()?,
            campaign: row.parse()?,
            number: row.parse()?,
            attempt: row.count()?,
            permitted_at: row.at()?,
            answered_at: row.maybe_at()?,
            ended_at: row.maybe_at()?,
            disposition: row.maybe_text()?.as_deref().and_then(Disposition::from_code),
            outcome: row.maybe_text()?.as_deref().and_then(Outcome::from_code),
            talk_ms: row.maybe_count()?,
        })
    };
    rows.into_iter().rev().map(read).collect()
}

fn read_lines(tx: &mut dyn Tx, key: &[Val; 2]) -> Result<Vec<TimelineLine>, ProjectionError> {
    let rows = tx.query(
        "select position, at, kind, campaign, call, facts from customer_timeline_line where customer = $1
         order by position desc limit $2",
        key,
    )?;
    let read = |mut row: Row| {
        Ok(TimelineLine {
            position: row.position()?,
            at: row.at()?,
            kind: row.text()?,
            campaign: row.maybe_parse()?,
            call: row.maybe_parse()?,
            facts: row.parse()?,
        })
    };
    rows.into_iter().rev().map(read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Story, call, customer, number, sealed};

    fn registered_story() -> Story {
        let mut story = Story::new();
        let registered = CustomerEvent::Registered {
            external_id: sealed("C001", true),
            name: Some(sealed("name", false)),
            time_zone: None,
        };
        let phone = sealed("phone", true);
        story.customer(1, registered).customer(
            1,
            CustomerEvent::NumberAdded {
                number: number(1),
                phone,
            },
        );
        story
    }

    async fn shown(story: &Story, id: &str) -> Option<CustomerRow> {
        let (db, _runner) = story.shown_by(CustomerTimeline).await;
        get(db.as_ref(), id).await.unwrap()
    }

    #[tokio::test]
    async fn a_person_is_found_by_id_and_by_the_hash_of_the_external_id() {
        let story = registered_story();
        let row = shown(&story, customer(1).as_str()).await.unwrap();
        assert_eq!(shown(&story, "hash of C001").await, Some(row.clone()));
        assert_eq!(shown(&story, "C001").await, None);
        assert_eq!(
            (row.external_id, row.name),
            (sealed("C001", true), Some(sealed("name", false)))
        );
        assert_eq!(row.sealed_in, story.events[0].envelope().unwrap().id);
        assert_eq!(row.numbers[0].phone, sealed("phone", true));
        assert_eq!(row.numbers[0].sealed_in, story.events[1].envelope().unwrap().id);
    }

    #[tokio::test]
    async fn calls_over_all_campaigns_and_the_lines_between_them_come_in_order() {
        let mut story = registered_story();
        story.whole_call("T", 1).whole_call("U", 1).whole_call("T", 2);
        let row = shown(&story, customer(1).as_str()).await.unwrap();
        let calls: Vec<_> = row.calls.iter().map(|one| (one.call, one.disposition)).collect();
        let busy = Some(Disposition::Busy);
        assert_eq!(calls, [(call("T", 1, 1), busy), (call("U", 1, 1), busy)]);
        let kinds: Vec<_> = row.timeline.iter().map(|line| line.kind.as_str()).collect();
        let expected = [
            "customer.registered",
            "customer.number_added",
            "customer.enrolled",
            "customer.dial_granted",
            "call.permitted",
            "call.dialing",
            "call.ended",
            "customer.call_closed",
            "customer.enrolment_settled",
        ];
        assert_eq!(kinds[..9], expected);
        assert_eq!(kinds.len(), 2 + 2 * 7);
        assert_eq!(row.timeline[6].facts["disposition"], "busy");
        assert_eq!(row.timeline[6].call, Some(call("T", 1, 1)));
    }

    #[tokio::test]
    async fn no_line_holds_a_personal_value() {
        let mut story = registered_story();
        story.whole_call("T", 1);
        let row = shown(&story, customer(1).as_str()).await.unwrap();
        for line in &row.timeline {
            let text = line.facts.to_string();
            assert!(!text.contains("sealed") && !text.contains("hash"), "{text}");
        }
    }
}
