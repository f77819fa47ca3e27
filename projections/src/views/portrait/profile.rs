//! A customer's profile for display: every value with the call that it came from, and the hours of the day.

use super::profile_calls::{self, OfferTaken, Style};
use crate::database::{ReadDb, read_as};
use crate::error::ProjectionError;
use crate::value::{Row, Val};
use domain::ids::{CallId, CustomerId};
use domain::time::Timestamp;
use serde::Serialize;

/// A value with the call that it came from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[schemars(rename = "Sourced_{T}", inline)]
pub struct SourcedValue<T> {
    pub value: T,
    pub call: CallId,
}

/// The profile of one customer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Portrait {
    pub customer: CustomerId,
    pub calls: u64,
    pub answered: u64,
    pub talk_ms: u64,
    /// Number of keypresses and of requests for an agent, over all calls.
    pub engaged: u64,
    pub conversions: u64,
    pub declines: u64,
    pub first_call_at: Option<SourcedValue<Timestamp>>,
    pub last_call_at: Option<SourcedValue<Timestamp>>,
    pub last_answered_at: Option<SourcedValue<Timestamp>>,
    pub longest_talk_ms: Option<SourcedValue<u64>>,
    #[schemars(with = "Option<SourcedValue<domain::disposition::Outcome>>")]
    pub last_outcome: Option<SourcedValue<String>>,
    pub converted_at: Option<SourcedValue<Timestamp>>,
    /// 决策周期: milliseconds from the first call to the last one that converted.
    pub decision_ms: Option<u64>,
    /// 购买偏好: what calls offered, the best received first.
    pub buying: Vec<OfferTaken>,
    /// 沟通风格; absent until the customer has spoken or pressed a key.
    pub style: Option<Style>,
    /// The hours of the day in Beijing in which there were calls, in order.
    pub hours: Vec<HourOfDay>,
}

/// Calls dialed and answered in one hour of the day, over all days.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct HourOfDay {
    pub hour: u64,
    pub calls: u64,
    pub answered: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_answered_call: Option<CallId>,
}

/// Returns a customer's profile; `None` before the first call and after an erasure.
pub async fn get(db: &dyn ReadDb, customer: &CustomerId) -> Result<Option<Portrait>, ProjectionError> {
    let key = vec![Val::text(customer)];
    read_as(db, move |tx| {
        let rows = tx.query(
            "select customer, calls, answered, talk_ms, engaged, conversions, declines, first_call,
             first_call_at, last_call, last_call_at, last_answered_call, last_answered_at, longest_call,
             longest_ms, last_outcome_call, last_outcome, converted_call, converted_at
             from portrait where customer = $1",
            &key,
        )?;
        let Some(row) = rows.into_iter().next() else {
            return Ok(None);
        };
        let mut portrait = read_portrait(row)?;
        let hours = tx.query(
            "select hour, calls, answered, last_answered_call from portrait_hour where customer = $1
             order by hour",
            &key,
        )?;
        (portrait.buying, portrait.style) = profile_calls::read(tx, &key)?;
        portrait.hours = hours.into_iter().map(read_hour).collect::<Result<_, _>>()?;
        Ok(Some(portrait))
    })
    .await
}

fn read_portrait(mut row: Row) -> Result<Portrait, ProjectionError> {
    let mut portrait = Portrait {
        customer: row.parse()?,
        calls: row.count()?,
        answered: row.count()?,
        talk_ms: row.count()?,
        engaged: row.count()?,
        conversions: row.count()?,
        declines: row.count()?,
        first_call_at: sourced(&mut row, Row::maybe_at)?,
        last_call_at: sourced(&mut row, Row::maybe_at)?,
        last_answered_at: sourced(&mut row, Row::maybe_at)?,
        longest_talk_ms: sourced(&mut row, Row::maybe_count)?,
        last_outcome: sourced(&mut row, Row::maybe_text)?,
        converted_at: sourced(&mut row, Row::maybe_at)?,
        decision_ms: None,
        buying: Vec::new(),
        style: None,
        hours: Vec::new(),
    };
    if let (Some(first), Some(converted)) = (&portrait.first_call_at, &portrait.converted_at) {
        portrait.decision_ms = Some(converted.value.ms_since(first.value));
    }
    Ok(portrait)
}

/// Reads a call's id, then the value that came from it.
fn sourced<T>(
    row: &mut Row,
    value: impl Fn(&mut Row) -> Result<Option<T>, ProjectionError>,
) -> Result<Option<SourcedValue<T>>, ProjectionError> {
    let call: Option<CallId> = row.maybe_parse()?;
    let value = value(row)?;
    Ok(call.zip(value).map(|(call, value)| SourcedValue { value, call }))
}

fn read_hour(mut row: Row) -> Result<HourOfDay, ProjectionError> {
    Ok(HourOfDay {
        hour: row.count()?,
        calls: row.count()?,
        answered: row.count()?,
        last_answered_call: row.maybe_parse()?,
    })
}
