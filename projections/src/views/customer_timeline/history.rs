//! Queries of the customer timeline: one customer with numbers, calls and lines.

use crate::database::{ReadDb, Tx, read_as};
use crate::error::ProjectionError;
use crate::value::{Row, Val};
use domain::disposition::{Disposition, Outcome};
use domain::ids::{CallId, CampaignId, CustomerId, EventId, NumberId};
use domain::personal::Personal;
use domain::stored_event::Position;
use domain::time::Timestamp;
use serde::Serialize;

/// Most lines, calls or numbers in one response; the latest ones are returned.
pub const LINES_MAX: usize = 500;

/// A customer as the view stores it. Personal values are sealed: `sealed_in` is the event that holds them,
/// in the stream `customer-<id>`, under `/external_id` and `/phone`; `name_in` holds `/name`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomerRow {
    pub customer: CustomerId,
    pub external_id: Personal<String>,
    pub name: Option<Personal<String>>,
    pub sealed_in: EventId,
    /// The event that holds the name: the registration, or the one that corrected it.
    pub name_in: Option<EventId>,
    pub time_zone: Option<String>,
    pub registered_at: Timestamp,
    pub numbers: Vec<NumberRow>,
    /// The latest `LINES_MAX` calls, oldest first.
    pub calls: Vec<CustomerCall>,
    /// The latest `LINES_MAX` lines, oldest first.
    pub timeline: Vec<TimelineLine>,
}

/// A phone number of a customer, sealed in the event `sealed_in`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NumberRow {
    pub number: NumberId,
    pub phone: Personal<String>,
    pub sealed_in: EventId,
}

/// A call of a customer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
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

/// One line of the timeline: an event of the customer or of one of their calls, conversations or messages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct TimelineLine {
    pub position: Position,
    pub at: Timestamp,
    pub kind: String,
    pub campaign: Option<CampaignId>,
    pub call: Option<CallId>,
    /// Facts of the event by name; never personal.
    #[schemars(
        with = "serde_json::Map<String, serde_json::Value>",
        extend("examples" = [{ "disposition": "busy" }])
    )]
    pub facts: serde_json::Value,
}

/// Most customers returned for one number: a family has a handful, a placeholder number in a file thousands.
pub const HAVING_MAX: usize = 1_000;

/// Returns a customer by internal id, or by the lookup hash of the external id; `None` if there is none.
pub async fn get(db: &dyn ReadDb, id_or_hash: &str) -> Result<Option<CustomerRow>, ProjectionError> {
    let wanted = Val::text(id_or_hash);
    read_as(db, move |tx| {
        let rows = tx.query(
            "select customer, external_id, name, sealed_in, name_in, time_zone, registered_at
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

/// Returns the customers with a phone number, by internal id, as far as the rows are complete; at most
/// `HAVING_MAX`.
pub async fn find_by_number(db: &dyn ReadDb, number: &NumberId) -> Result<Vec<CustomerId>, ProjectionError> {
    let wanted = [Val::text(number), Val::count(HAVING_MAX)];
    read_as(db, move |tx| {
        let rows = tx.query(
            "select customer from customer_timeline_number where number = $1 order by customer limit $2",
            &wanted,
        )?;
        rows.into_iter().map(|mut row| row.parse()).collect()
    })
    .await
}

/// Returns customers registered before an instant, ordered by internal id, after `behind`; at most `limit`.
pub async fn registered_before(
    db: &dyn ReadDb,
    before: Timestamp,
    behind: Option<&CustomerId>,
    limit: usize,
) -> Result<Vec<CustomerId>, ProjectionError> {
    let wanted = [
        Val::at(before),
        Val::text(behind.map_or("", CustomerId::as_str)),
        Val::count(limit),
    ];
    read_as(db, move |tx| {
        let rows = tx.query(
            "select customer from customer_timeline_customer where registered_at < $1 and customer > $2
             order by customer limit $3",
            &wanted,
        )?;
        rows.into_iter().map(|mut row| row.parse()).collect()
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
        name_in: row.maybe_parse()?,
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
    use super::super::CustomerTimeline;
    use super::*;
    use crate::testing::{TestHistory, call, customer, number, sealed};
    use domain::customer::event::CustomerEvent;

    fn registered_story() -> TestHistory {
        let mut story = TestHistory::new();
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
                country: None,
            },
        );
        story
    }

    async fn shown(story: &TestHistory, id: &str) -> Option<CustomerRow> {
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
    async fn a_corrected_name_is_shown_in_the_event_that_corrected_it() {
        let mut story = registered_story();
        let request = domain::ids::CommandId::derive_from_text("correct");
        story.customer(
            1,
            CustomerEvent::Corrected {
                request: domain::ids::PersonRequestId::derive(request),
                name: Some(sealed("another", false)),
                variables: std::collections::BTreeMap::new(),
            },
        );
        let row = shown(&story, customer(1).as_str()).await.unwrap();
        assert_eq!(row.name, Some(sealed("another", false)));
        assert_eq!(row.name_in, Some(story.events[2].envelope().unwrap().id));
        assert_eq!(row.sealed_in, story.events[0].envelope().unwrap().id);
    }

    #[tokio::test]
    async fn an_erased_person_is_found_by_the_hash_and_has_no_value() {
        let mut story = registered_story();
        story.whole_call("T", 1);
        let before = shown(&story, customer(1).as_str()).await.unwrap();
        story.customer(
            1,
            CustomerEvent::Erased {
                numbers_count: 1,
                enrolments_count: 1,
            },
        );
        let row = shown(&story, "hash of C001").await.unwrap();
        assert!(matches!(&row.external_id, Personal::Erased { hash: Some(_) }));
        assert!(matches!(row.name, Some(Personal::Erased { hash: None })));
        assert!(matches!(row.numbers[0].phone, Personal::Erased { hash: Some(_) }));
        assert_eq!(row.time_zone, None);
        assert_eq!(row.calls, before.calls);
        assert_eq!(row.timeline.len(), before.timeline.len() + 1);
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
    async fn a_correction_is_a_line_and_the_call_shows_what_is_known_now() {
        let mut story = registered_story();
        story.whole_call("T", 1);
        let rejected = (Disposition::Rejected, None);
        story.corrected(call("T", 1, 1), (Disposition::Busy, None), rejected);
        let row = shown(&story, customer(1).as_str()).await.unwrap();
        assert_eq!(row.calls[0].disposition, Some(Disposition::Rejected));
        let line = row.timeline.last().unwrap();
        assert_eq!(line.kind, "call.corrected");
        assert_eq!(
            (&line.facts["before"]["disposition"], &line.facts["by"]),
            (&"busy".into(), &"auditor-7".into())
        );
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
