//! The numbers of a customer: sealed, with the number's id, and with an id keyed with the customer for the
//! SQL views.

use super::NUMBERS;
use crate::database::Tx;
use crate::error::ProjectionError;
use crate::value::Val;
use crate::view::{ViewEvent, sealed_columns};
use domain::ids::{CustomerId, NumberId};
use domain::number_ids::keyed_number;
use domain::personal::Personal;

/// Adds a number of a customer.
pub(super) fn add_number(
    tx: &mut dyn Tx,
    event: &ViewEvent,
    number: &NumberId,
    phone: &Personal<String>,
) -> Result<(), ProjectionError> {
    let (phone, _) = sealed_columns(phone)?;
    let customer: CustomerId = event
        .envelope
        .stream
        .id()
        .parse()
        .map_err(|_no_id| ProjectionError::Fault("a customer's stream names no customer".to_owned()))?;
    let row = vec![
        Val::text(&customer),
        Val::text(number),
        Val::Text(phone),
        Val::text(event.envelope.id),
        Val::position(event.position),
        Val::text(keyed_number(number, &customer)),
    ];
    tx.put(&NUMBERS, row)
}
