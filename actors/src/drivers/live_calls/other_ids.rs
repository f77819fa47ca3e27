//! Work for a person who has several ids: what is said under another id, or of a number of that id, reaches
//! the call that is made under the kept one (decision 0132).
//!
//! An id is noted before its record is read, and a number before its own is: what comes behind the reading
//! then finds the work, and what came before it was read.

use super::{LiveCalls, Order, Working};
use domain::ids::{CustomerId, NumberId};

/// Under which other ids the person of a call is known, for what the call is, and their numbers.
#[derive(Debug, Default)]
pub(super) struct OtherIds {
    /// What the campaign's calls are for: a consent is withdrawn for one purpose.
    purpose: String,
    customers: Vec<CustomerId>,
    numbers: Vec<NumberId>,
}

impl LiveCalls {
    /// Work for whoever is this person under another id.
    pub(crate) fn order_under_other_id(&self, customer: &CustomerId, order: Order) {
        self.order_others(order, |others| others.customers.contains(customer));
    }

    /// The same, where the calls are for this purpose.
    pub(crate) fn order_purpose_under_other_id(&self, customer: &CustomerId, purpose: &str, order: Order) {
        self.order_others(order, |others| {
            others.purpose == purpose && others.customers.contains(customer)
        });
    }

    /// Work for whoever has this number under another id.
    pub(crate) fn order_number_under_other_id(&self, number: &NumberId, order: Order) {
        self.order_others(order, |others| others.numbers.contains(number));
    }

    fn order_others(&self, order: Order, concerns: impl Fn(&OtherIds) -> bool) {
        self.order(order, |_, work| work.others.as_deref().is_some_and(&concerns));
    }
}

impl Working {
    /// The person has these ids besides; the calls are for this purpose.
    pub(crate) fn note_other_ids(&self, customers: &[CustomerId], purpose: &str) {
        if let Some(work) = self.calls.lock().work.get_mut(&self.enrolment) {
            work.others = Some(Box::new(OtherIds {
                purpose: purpose.to_owned(),
                customers: customers.to_vec(),
                numbers: Vec::new(),
            }));
        }
    }

    /// One of those ids has this number.
    pub(crate) fn note_number_of_other_id(&self, number: &NumberId) {
        let mut book = self.calls.lock();
        let work = book.work.get_mut(&self.enrolment);
        if let Some(others) = work.and_then(|work| work.others.as_deref_mut()) {
            others.numbers.push(number.clone());
        }
    }
}
