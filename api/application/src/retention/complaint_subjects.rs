//! The subjects of open complaints: nothing of theirs is disposed of until the complaint is resolved.

use crate::cases::ids_of;
use crate::installation::Installation;
use domain::complaint::event::ComplaintEvent;
use domain::customer::CustomerState;
use domain::ids::{CallId, ComplaintId, CustomerId, NumberId};
use domain::problem::Problem;
use std::collections::BTreeSet;

/// The customers, numbers and calls of open complaints.
#[derive(Debug, Default)]
pub(super) struct ComplaintSubjects {
    customers: BTreeSet<CustomerId>,
    numbers: BTreeSet<NumberId>,
    calls: BTreeSet<CallId>,
}

impl ComplaintSubjects {
    /// Reads the subjects of all complaints that are open now, from the complaints' own events.
    pub(super) async fn now(installation: &Installation) -> Result<Self, Problem> {
        let mut all = Self::default();
        for id in ids_of::<ComplaintId>(installation, ComplaintEvent::OPENED).await? {
            let state = installation.entities.complaints.state(&id).await?.state;
            let (Some(opened), None) = (state.opened(), state.resolved()) else {
                continue;
            };
            all.customers.extend(opened.about.customer.clone());
            all.numbers.extend(opened.about.number.clone());
            all.calls.extend(opened.about.call);
        }
        Ok(all)
    }

    /// Returns true if an open complaint is about the customer or one of the customer's numbers.
    pub(super) fn names(&self, customer: &CustomerId, person: &CustomerState) -> bool {
        let mut numbers = person.numbers().iter();
        self.customers.contains(customer) || numbers.any(|known| self.numbers.contains(&known.number))
    }

    /// Returns true if an open complaint is about the call or the customer who was called.
    pub(super) fn names_call(&self, call: CallId, customer: &CustomerId, person: &CustomerState) -> bool {
        self.calls.contains(&call) || self.names(customer, person)
    }
}
