//! The test phones aggregate: the operator's own phones (自有测试号码) for test calls. A change records the old
//! list, the new list and the reason.
//!
//! Guarantees: only phones that a user added are on the list, each once, at most `TEST_PHONES_MAX`. One
//! stream for the installation, `test_phones-own`; the numbers are sealed under a key of their own.

pub mod event;
mod refusal;
mod state;

#[cfg(test)]
mod tests;

pub use event::{TestPhone, TestPhonesEvent};
pub use refusal::TestPhonesRefusal;
pub use state::TestPhonesState;

use crate::compliance::test_stand_in;
use crate::decider::{Context, Decider, Scope};
use crate::time::Timestamp;
use std::collections::BTreeSet;
use std::fmt;
use values::ids::{CustomerId, NumberId};

/// Most phones: those of the people who create and review campaigns.
pub const TEST_PHONES_MAX: usize = 20;
/// Longest reason, in bytes. It is stored forever and must not contain personal data.
pub const REASON_BYTES_MAX: usize = 512;
/// Longest label of a phone, in characters.
pub const LABEL_CHARS_MAX: usize = 40;

/// The id of the one stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct TestPhonesId;

impl fmt::Display for TestPhonesId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("own")
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TestPhonesCommand {
    /// Adds a phone. If it is on the list with the same label, no event is stored.
    Add {
        phone: TestPhone,
        reason: String,
    },
    Remove {
        number: NumberId,
        reason: String,
    },
}

/// The decider of the test phones aggregate.
#[derive(Debug)]
pub struct TestPhones;

impl Decider for TestPhones {
    type Id = TestPhonesId;
    type Command = TestPhonesCommand;
    type Event = TestPhonesEvent;
    type State = TestPhonesState;
    type Refusal = TestPhonesRefusal;

    const AGGREGATE: &'static str = "test_phones";

    fn command_kind(command: &TestPhonesCommand) -> &'static str {
        match command {
            TestPhonesCommand::Add { .. } => "test_phones.add",
            TestPhonesCommand::Remove { .. } => "test_phones.remove",
        }
    }

    fn decide(
        state: &TestPhonesState,
        command: TestPhonesCommand,
        _: Context,
    ) -> Result<Vec<TestPhonesEvent>, TestPhonesRefusal> {
        let before = state.phones();
        let (after, reason) = match command {
            TestPhonesCommand::Add { phone, reason } => (with(before, phone)?, reason),
            TestPhonesCommand::Remove { number, reason } => {
                if !state.holds(&number) {
                    return Err(TestPhonesRefusal::NotListed);
                }
                let kept = before.iter().filter(|one| one.number != number);
                (kept.cloned().collect(), reason)
            }
        };
        if reason.trim().is_empty() {
            return Err(TestPhonesRefusal::NoReason);
        }
        if reason.len() > REASON_BYTES_MAX {
            return Err(TestPhonesRefusal::TooLong);
        }
        if numbers_and_labels(before) == numbers_and_labels(&after) {
            return Ok(Vec::new());
        }
        let before = before.iter().map(|one| one.number.clone()).collect();
        Ok(vec![TestPhonesEvent::Changed {
            before,
            after,
            reason,
        }])
    }

    fn evolve(state: &mut TestPhonesState, event: &TestPhonesEvent, _: Timestamp) {
        state.apply(event);
    }

    fn is_underway(_: &TestPhonesState) -> bool {
        false
    }

    /// Returns an empty scope: the list concerns no customer.
    fn scope(_: &TestPhonesId, _: &TestPhonesState, _: &TestPhonesEvent) -> Scope {
        Scope::default()
    }

    fn sealed_under(_: &TestPhonesId, _: &Scope) -> Option<CustomerId> {
        Some(test_stand_in())
    }
}

fn with(before: &[TestPhone], phone: TestPhone) -> Result<Vec<TestPhone>, TestPhonesRefusal> {
    if phone.label.chars().count() > LABEL_CHARS_MAX {
        return Err(TestPhonesRefusal::TooLong);
    }
    let mut after: Vec<_> = before
        .iter()
        .filter(|one| one.number != phone.number)
        .cloned()
        .collect();
    after.push(phone);
    if after.len() > TEST_PHONES_MAX {
        return Err(TestPhonesRefusal::TooMany {
            phones_max: TEST_PHONES_MAX,
        });
    }
    Ok(after)
}

/// Returns the phones with their labels, for a comparison that ignores the order.
fn numbers_and_labels(phones: &[TestPhone]) -> BTreeSet<(&NumberId, &str)> {
    phones
        .iter()
        .map(|one| (&one.number, one.label.as_str()))
        .collect()
}
