//! Checks a whole log: every event must name an earlier cause, or its kind may begin a chain of causes.

use super::cause_origins::beginning_of;
use domain::event_filter::EventFacts;
use domain::ids::EventId;
use domain::ports::event_store::{EventStore, PAGE_EVENTS_MAX};
use domain::problem::Problem;
use domain::stored_event::Position;
use std::collections::BTreeSet;

/// Most events listed one by one; the others are counted.
const NAMED_MAX: usize = 50;

/// Most ids of earlier events that are remembered, 16 bytes each. Above it, whether a cause exists is not
/// checked any more.
const IDS_MAX: usize = 10_000_000;

/// The result of a check of the whole log.
#[derive(Debug, Default)]
pub struct CausationCheck {
    pub events: u64,
    pub count: u64,
    /// The first `NAMED_MAX` events without a cause, in words.
    pub lines: Vec<String>,
}

/// Checks every event of the log. Returns the count of those that name no earlier cause although their kind
/// must, and the first of them.
pub async fn check_causation(store: &dyn EventStore) -> Result<CausationCheck, Problem> {
    let mut found = CausationCheck::default();
    let mut seen: BTreeSet<EventId> = BTreeSet::new();
    let mut after = Position(0);
    loop {
        let page = store.read_all(after, PAGE_EVENTS_MAX).await?;
        let Some(last) = page.last() else { return Ok(found) };
        after = last.position;
        for stored in &page {
            let unreadable =
                |error: domain::stored_event::UnreadableRecord| Problem::fault(error.to_string());
            let facts = EventFacts::of(stored).map_err(unreadable)?;
            let causation = stored.envelope().map_err(unreadable)?.causation;
            let wrong = match causation {
                None if beginning_of(&facts.kind).is_none() => Some("names no cause"),
                Some(cause) if seen.len() < IDS_MAX && !seen.contains(&cause) => {
                    Some("names a cause that is not stored before it")
                }
                None | Some(_) => None,
            };
            found.events += 1;
            if let Some(wrong) = wrong {
                found.count += 1;
                if found.lines.len() < NAMED_MAX {
                    let (position, kind) = (stored.position, &facts.kind);
                    found.lines.push(format!("{position:>8}  {kind:<28} {wrong}"));
                }
            }
            if seen.len() < IDS_MAX {
                seen.insert(facts.id);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::ids::{CommandId, StreamId};
    use domain::stored_event::{Record, StreamVersion};
    use serde_json::json;
    use std::sync::Arc;
    use store::test_ports::StepClock;
    use store::{MemoryDisk, MemoryEventStore};

    fn id(n: usize) -> EventId {
        EventId::derive(CommandId::derive_from_text("told"), n)
    }

    /// Checks a log of one stream: kinds, each with the number of its cause.
    async fn checked(events: &[(&str, Option<usize>)]) -> CausationCheck {
        let clock = Arc::new(StepClock::default());
        let store = MemoryEventStore::new(clock, Arc::new(MemoryDisk::new())).unwrap();
        let stream = StreamId::new("call", &"told");
        for (version, (kind, cause)) in (0_u64..).zip(events) {
            let record = json!({
                "id": id(usize::try_from(version).unwrap()), "kind": kind, "version": 1, "stream": stream,
                "stream_version": version + 1, "at": "2026-03-02T02:00:00Z", "causation": cause.map(id),
                "command": CommandId::derive_from_text("told"), "data": {},
            });
            let record = Record::from_stored(record.to_string().into_bytes().into()).unwrap();
            let expected = StreamVersion(version);
            store.append(&stream, expected, vec![record]).await.unwrap();
        }
        check_causation(&store).await.unwrap()
    }

    /// Kinds of ordinary logs that begin with an outside request, or are stored in the same request.
    #[tokio::test]
    async fn audits_reports_labels_and_imports_of_queries_begin_outside() {
        let ordinary = [
            ("sample.drawn", None),
            ("sample.finding_recorded", None),
            ("sample.signed_off", None),
            ("report.issued", None),
            ("label.settled", None),
            ("campaign.query_read", None),
        ];
        let found = checked(&ordinary).await;
        assert_eq!((found.count, found.events), (0, 6), "{:?}", found.lines);
    }

    #[tokio::test]
    async fn a_driver_that_forgets_its_cause_or_names_a_later_one_is_caught() {
        let good = [
            ("campaign.dials_granted", None),
            ("customer.dial_granted", Some(0)),
            ("call.permitted", Some(1)),
        ];
        assert_eq!(checked(&good).await.count, 0);
        let forgotten = checked(&[good[0], ("customer.dial_granted", None)]).await;
        assert_eq!((forgotten.count, forgotten.events), (1, 2));
        assert!(
            forgotten.lines[0].contains("customer.dial_granted"),
            "{:?}",
            forgotten.lines
        );
        let unstored = checked(&[good[0], ("call.permitted", Some(7))]).await;
        assert!(
            unstored.lines[0].contains("not stored before"),
            "{:?}",
            unstored.lines
        );
        let itself = checked(&[("call.permitted", Some(0))]).await;
        assert_eq!(itself.count, 1);
    }
}
