//! What binds of another id of the same person: two ids that were merged are one person to every rule.

use super::ContactHistory;
use super::facts::{ConsentFacts, Suppressed};
use crate::call_caps::CallCap;
use crate::ids::CustomerId;
use crate::preferred_times::PreferredTime;
use std::collections::BTreeMap;

/// What another id of the person brings to a dial.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JoinedFacts {
    pub customer: CustomerId,
    /// By scope.
    pub consents: BTreeMap<String, ConsentFacts>,
    pub history: ContactHistory,
    pub caps: Vec<CallCap>,
    pub preferred: Vec<PreferredTime>,
    pub erasing: bool,
    pub held: bool,
    /// A number of theirs that must not be dialed: the longest that any holds.
    pub silenced: Option<Suppressed>,
}

impl JoinedFacts {
    /// What one of their numbers says of being called.
    pub fn note_number(&mut self, opted_out: bool, suppressed: Option<Suppressed>) {
        let said = match opted_out {
            true => Some(Suppressed::ForGood),
            false => suppressed,
        };
        self.silenced = match (self.silenced, said) {
            (Some(Suppressed::ForGood), _) | (_, Some(Suppressed::ForGood)) => Some(Suppressed::ForGood),
            (Some(Suppressed::Until(one)), Some(Suppressed::Until(other))) => {
                Some(Suppressed::Until(one.max(other)))
            }
            (one, None) => one,
            (None, other) => other,
        };
    }
}
