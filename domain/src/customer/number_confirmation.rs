//! Confirmation by a user that a number with a guessed country is right.

use super::decider_support::{DecideResult, check_not_erased};
use super::event::CustomerEvent;
use super::refusal::CustomerRefusal;
use super::state::CustomerState;
use crate::compliance::PhoneCountry;
use values::ids::NumberId;

/// The most bytes of a confirmation's reason; a longer one is refused. It is stored permanently and must
/// not contain personal data.
pub const CONFIRMATION_REASON_BYTES_MAX: usize = 256;

pub(super) fn confirm_number(state: &CustomerState, number: NumberId, reason: String) -> DecideResult {
    check_not_erased(state)?;
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
