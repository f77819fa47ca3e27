//! A number that may have been given the wrong country: a user confirms that it is right.

use super::answering::{Decided, not_erased};
use super::event::CustomerEvent;
use super::refusal::CustomerRefusal;
use super::state::CustomerState;
use crate::compliance::PhoneCountry;
use values::ids::NumberId;

/// Longest reason kept: it is stored for ever and must hold nothing personal.
pub const CONFIRMATION_REASON_BYTES_MAX: usize = 256;

pub(super) fn confirm_number(state: &CustomerState, number: NumberId, reason: String) -> Decided {
    not_erased(state)?;
    if reason.trim().is_empty() || reason.len() > CONFIRMATION_REASON_BYTES_MAX {
        return Err(CustomerRefusal::ReasonNeeded {
            bytes_max: CONFIRMATION_REASON_BYTES_MAX,
        });
    }
    let known = state.numbers().iter().find(|known| known.number == number);
    let known = known.ok_or(CustomerRefusal::NotTheirNumber)?;
    if known.phone_country() == PhoneCountry::Known {
        return Ok(Vec::new());
    }
    Ok(vec![CustomerEvent::NumberConfirmed { number, reason }])
}
