//! Numbers the kinds of events, so that a search for few kinds parses few records.

use domain::event_filter::EventFilter;
use std::collections::BTreeMap;

/// The number of a kind in this process. 0 if only a parser can determine the kind.
pub(super) type KindNumber = u16;

/// The kinds seen so far, numbered from 1 in the order of their first event.
#[derive(Default)]
pub(super) struct Kinds {
    numbers: BTreeMap<Box<str>, KindNumber>,
}

/// For each kind number, whether a filter may match events of this kind. A kind without a number may match.
pub(super) struct KindFilter(Vec<bool>);

impl KindFilter {
    pub(super) fn holds(&self, kind: KindNumber) -> bool {
        kind == 0 || self.0.get(usize::from(kind)).copied().unwrap_or(true)
    }
}

impl Kinds {
    pub(super) fn of(&mut self, record: &[u8]) -> KindNumber {
        let Some(kind) = written(record) else { return 0 };
        if let Some(number) = self.numbers.get(kind) {
            return *number;
        }
        // There are some hundred kinds. If the numbers run out, the parser determines the kind.
        let Ok(number) = KindNumber::try_from(self.numbers.len() + 1) else {
            return 0;
        };
        self.numbers.insert(kind.into(), number);
        number
    }

    pub(super) fn wanted(&self, filter: &EventFilter) -> KindFilter {
        let mut wanted = vec![true; self.numbers.len() + 1];
        for (kind, number) in &self.numbers {
            if let Some(wanted) = wanted.get_mut(usize::from(*number)) {
                *wanted = filter.wants_kind(kind);
            }
        }
        KindFilter(wanted)
    }
}

/// Reads the kind from the beginning of a record that starts with `id` and `kind`, as our own records do.
/// `None` for any other record, which must be parsed.
fn written(record: &[u8]) -> Option<&str> {
    let rest = record.strip_prefix(b"{\"id\":\"")?.get(ID_BYTES..)?;
    let rest = rest.strip_prefix(b"\",\"kind\":\"")?;
    let end = rest.iter().position(|byte| matches!(byte, b'"' | b'\\'))?;
    let (kind, rest) = rest.split_at_checked(end)?;
    rest.starts_with(b"\"").then_some(())?;
    std::str::from_utf8(kind).ok()
}

/// The length of an id as text, in bytes.
const ID_BYTES: usize = 36;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_records::{make_batch, stream};
    use domain::event_filter::EventFacts;
    use domain::stored_event::{Position, StoredEvent};
    use domain::time::Timestamp;
    use std::sync::Arc;

    #[test]
    fn a_kind_that_is_read_is_what_a_parser_reads_whatever_byte_is_changed() {
        let records = make_batch(&stream("a"), 0, "c", 1);
        let bytes = records[0].bytes();
        assert_eq!(written(bytes), Some(records[0].kind.as_str()));
        for at in 0..bytes.len() {
            for byte in [b'"', b'\\', b'x', b' ', 0xff] {
                let mut changed = bytes.to_vec();
                changed[at] = byte;
                let event = StoredEvent::new(Position(1), Timestamp::EPOCH, Arc::from(changed));
                let (Some(kind), Ok(facts)) = (written(&event.record), EventFacts::of(&event)) else {
                    continue;
                };
                assert_eq!(kind, facts.kind, "byte {at} is {byte}");
            }
        }
    }

    #[test]
    fn only_kinds_that_a_filter_cannot_want_are_passed_over() {
        let mut kinds = Kinds::default();
        let record = |kind: &str| format!("{{\"id\":\"{}\",\"kind\":\"{kind}\"}}", "0".repeat(ID_BYTES));
        let numbers: Vec<KindNumber> = ["call.ended", "call.dialing", "customer.erased", "call.ended"]
            .iter()
            .map(|kind| kinds.of(record(kind).as_bytes()))
            .collect();
        assert_eq!(numbers, [1, 2, 3, 1]);
        assert_eq!(kinds.of(b"{\"kind\":\"call.ended\"}"), 0);
        let wanted = |of: &[&str]| {
            let kinds_of = of.iter().map(|kind| (*kind).to_owned()).collect();
            let filter = EventFilter {
                kinds: kinds_of,
                ..EventFilter::default()
            };
            let wanted = kinds.wanted(&filter);
            [0, 1, 2, 3, 4].map(|number| wanted.holds(number))
        };
        assert_eq!(wanted(&[]), [true; 5]);
        assert_eq!(wanted(&["call."]), [true, true, true, false, true]);
        assert_eq!(wanted(&["customer.erased"]), [true, false, false, true, true]);
    }
}
