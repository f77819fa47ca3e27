//! A telephone number of a person, as the person's own events leave it.

use crate::personal::Personal;
use values::ids::NumberId;

/// A phone of this person, in the order they were added.
#[derive(Debug, Clone)]
pub struct KnownNumber {
    pub number: NumberId,
    pub phone: Personal<String>,
    /// The network said that it does not exist.
    pub invalid: bool,
}
