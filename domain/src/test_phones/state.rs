//! The state of the test phones, folded from their events: the current list.

use super::event::{TestPhone, TestPhonesEvent};
use values::ids::NumberId;

/// The state of the list of our own test phones.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TestPhonesState {
    phones: Vec<TestPhone>,
}

impl TestPhonesState {
    /// Returns the test phones in the order in which they were added.
    pub fn phones(&self) -> &[TestPhone] {
        &self.phones
    }
    pub fn holds(&self, number: &NumberId) -> bool {
        self.phones.iter().any(|one| one.number == *number)
    }

    pub(super) fn apply(&mut self, event: &TestPhonesEvent) {
        let TestPhonesEvent::Changed { after, .. } = event;
        self.phones.clone_from(after);
    }
}
