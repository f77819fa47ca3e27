//! What the list's events add up to: the phones on it now.

use super::event::{TestPhone, TestPhonesEvent};
use values::ids::NumberId;

/// State of the list.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TestPhonesState {
    phones: Vec<TestPhone>,
}

impl TestPhonesState {
    /// In the order in which they were told.
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
