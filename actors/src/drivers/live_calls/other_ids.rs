//! Work for a person who has several ids: events under another id, or of a number of that id, reach the call
//! that is made under the kept id (decision 0132).
//!
//! An id is noted before its record is read, and a number before its own record is. An event after the read
//! then finds the work; an earlier one was read.

use super::{EnrolmentLease, LiveCalls, WorkerOrder};
use domain::ids::{CustomerId, NumberId};

/// The other ids of the person that a worker calls, their numbers, and the purpose of the call.
#[derive(Debug, Default)]
pub(super) struct OtherIds {
    /// The purpose of the campaign's calls. A consent is withdrawn for one purpose.
    purpose: String,
    customers: Vec<CustomerId>,
    numbers: Vec<NumberId>,
}

impl LiveCalls {
    /// Sends an order to the workers that call the person of this id under another id.
    pub(crate) fn order_under_other_id(&self, customer: &CustomerId, order: WorkerOrder) {
        self.order_others(order, |others| others.customers.contains(customer));
    }

    /// Sends an order to the workers that call the person of this id under another id, if their calls have
    /// this purpose.
    pub(crate) fn order_purpose_under_other_id(
        &self,
        customer: &CustomerId,
        purpose: &str,
        order: WorkerOrder,
    ) {
        self.order_others(order, |others| {
            others.purpose == purpose && others.customers.contains(customer)
        });
    }

    /// Sends an order to the workers that call a person who has this number under another id.
    pub(crate) fn order_number_under_other_id(&self, number: &NumberId, order: WorkerOrder) {
        self.order_others(order, |others| others.numbers.contains(number));
    }

    fn order_others(&self, order: WorkerOrder, concerns: impl Fn(&OtherIds) -> bool) {
        self.order(order, |_, work| work.others.as_deref().is_some_and(&concerns));
    }
}

impl EnrolmentLease {
    /// Stores the person's other ids and the purpose of the calls, so that orders about them reach this
    /// worker.
    pub(crate) fn note_other_ids(&self, customers: &[CustomerId], purpose: &str) {
        if let Some(work) = self.calls.lock().work.get_mut(&self.enrolment) {
            work.others = Some(Box::new(OtherIds {
                purpose: purpose.to_owned(),
                customers: customers.to_vec(),
                numbers: Vec::new(),
            }));
        }
    }

    /// Stores a number of one of the person's other ids.
    pub(crate) fn note_number_of_other_id(&self, number: &NumberId) {
        let mut book = self.calls.lock();
        let work = book.work.get_mut(&self.enrolment);
        if let Some(others) = work.and_then(|work| work.others.as_deref_mut()) {
            others.numbers.push(number.clone());
        }
    }
}
