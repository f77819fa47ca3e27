//! Comparison of an order for a single call with what the campaign stores about the customer. An order
//! changes no stored value: each of its values must equal the stored one, or the order is refused before a
//! call uses values that the sender did not mean.

use super::CallNowRequest;
use domain::customer::{CustomerState, EnrolmentState};
use domain::personal::Personal;
use domain::problem::{MemberError, Problem};
use intake::body::BodySource;
use intake::list_country::ListCountry;
use intake::mapping::Member;
use intake::source::{NamedRow, ReadRow, RowSource};
use serde_json::{Map, Value};
use std::ops::ControlFlow;

/// Fails, naming every member of the order (phone, name, variables) that differs from the campaign's stored
/// value.
pub(super) fn check_known_values(
    order: &CallNowRequest,
    state: &CustomerState,
    enrolment: &EnrolmentState,
    country: ListCountry,
) -> Result<(), Problem> {
    let row = read(order)?;
    let mut others = Vec::new();
    if let Some(phone) = row.members.get(&Member::Phone) {
        let called = state.phone(&enrolment.number).and_then(Personal::value);
        let asked = country.read(phone).ok().map(|(phone, _)| phone);
        let is_it = asked.is_some_and(|asked| called.is_some_and(|called| called == asked.as_e164()));
        others.extend((!is_it).then(|| "/phone".to_owned()));
    }
    if let Some(name) = row.members.get(&Member::Name) {
        let is_it = state.name().and_then(Personal::value) == Some(name);
        others.extend((!is_it).then(|| "/name".to_owned()));
    }
    for (name, value) in &row.variables {
        let has = enrolment.variables.get(name).and_then(Personal::value);
        if has != Some(value) {
            others.push(format!("/variables/{name}"));
        }
    }
    if others.is_empty() {
        return Ok(());
    }
    let member_error = |pointer| MemberError {
        pointer,
        detail: format!(
            "differs from the value that campaign {} has for this customer and uses in calls: leave it out, \
             or have the value corrected first by a data subject request",
            order.campaign
        ),
    };
    Err(Problem::members(others.into_iter().map(member_error).collect()))
}

/// Returns the order's phone, name and variables in the form of a list row: texts, trimmed.
fn read(order: &CallNowRequest) -> Result<NamedRow, Problem> {
    let mut record = Map::new();
    let members = [("phone", &order.phone), ("name", &order.name)];
    for (name, value) in members {
        record.extend(value.clone().map(|value| (name.to_owned(), Value::from(value))));
    }
    record.insert("variables".to_owned(), Value::Object(order.variables.clone()));
    let mut row: Option<ReadRow> = None;
    let mut sink = |read: ReadRow| {
        row = Some(read);
        ControlFlow::Break(())
    };
    BodySource::new(vec![record])
        .read_rows(&mut sink)
        .map_err(|error| Problem::fault(error.to_string()))?;
    row.unwrap_or_else(|| Ok(NamedRow::default()))
        .map_err(|bad| super::wrong(&format!("/variables/{}", bad.column), &bad.reason))
}
