//! The realm of a stored event, and how records of the sandbox go into the log and come out of it: the name
//! of their stream has a prefix there (decision 0232).

use domain::realm::{RealmName, SANDBOX_PREFIX};
use domain::stored_event::{Position, Record, StoredEvent, UnreadableRecord, stream_in};
use std::sync::Arc;

/// Returns the realm of a stored event. An event that cannot be read counts as real, so that readers of the
/// real realm find the damage.
pub fn realm_of(event: &StoredEvent) -> RealmName {
    match stream_in(&event.record) {
        Some(range) => match event.record.get(range) {
            Some(stream) if stream.starts_with(SANDBOX_PREFIX.as_bytes()) => RealmName::Sandbox,
            Some(_) | None => RealmName::Real,
        },
        None => event.envelope().map_or(RealmName::Real, |envelope| {
            RealmName::of_stream(envelope.stream.as_str())
        }),
    }
}

/// Returns a record of the sandbox as the log stores it: with the prefix before its stream's name.
pub(crate) fn to_sandbox_log(record: &Record) -> Result<Record, UnreadableRecord> {
    let Some(range) = stream_in(record.bytes()) else {
        return Err(not_ours(Position(0)));
    };
    let (before, rest) = record.bytes().split_at(range.start);
    Record::from_stored([before, SANDBOX_PREFIX.as_bytes(), rest].concat().into())
}

/// Returns an event of the sandbox as its readers see it: without the prefix before its stream's name.
/// Fails for an event of the real realm.
pub(crate) fn from_sandbox_log(event: &StoredEvent) -> Result<StoredEvent, UnreadableRecord> {
    let range = stream_in(&event.record).ok_or_else(|| not_ours(event.position))?;
    let (before, rest) = event.record.split_at(range.start);
    let Some(rest) = rest.strip_prefix(SANDBOX_PREFIX.as_bytes()) else {
        return Err(not_ours(event.position));
    };
    let record: Arc<[u8]> = [before, rest].concat().into();
    Ok(StoredEvent::shared(event.position, event.recorded_at, record))
}

fn not_ours(position: Position) -> UnreadableRecord {
    UnreadableRecord {
        position,
        why: "it is not a record of the sandbox in the form that this program writes".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(stream: &str) -> StoredEvent {
        let record = format!(
            r#"{{"id":"ed3d61ec-947c-5bf5-9545-8d15472b078a","kind":"number.dial_released","version":1,"stream":"{stream}","stream_version":1,"at":"2026-03-02T02:00:00.000001Z","command":"17142e13-aa3b-551b-9a1d-8c5058843c15","data":{{"x":"\"stream\":\"sandbox.a"}}}}"#
        );
        let at = "2026-03-02T02:00:00Z".parse().unwrap();
        StoredEvent::new(Position(7), at, record.into_bytes().into())
    }

    #[test]
    fn the_stream_s_name_says_the_realm() {
        for (stream, realm) in [
            ("number-a", RealmName::Real),
            ("sandbox.number-a", RealmName::Sandbox),
            ("sandbox-a", RealmName::Real),
            ("campaign-sandbox.a", RealmName::Real),
        ] {
            assert_eq!(realm_of(&event(stream)), realm, "{stream}");
            assert_eq!(RealmName::of_stream(stream), realm, "{stream}");
        }
        let spaced = String::from_utf8(event("sandbox.a").record.to_vec()).unwrap();
        let spaced = spaced.replacen(",\"version\"", ", \"version\"", 1);
        let spaced = StoredEvent::new(Position(7), event("a").recorded_at, spaced.into_bytes().into());
        assert_eq!(realm_of(&spaced), RealmName::Sandbox, "read by the parser");
    }

    #[test]
    fn a_record_goes_into_the_log_with_the_prefix_and_comes_back_as_it_was() {
        let own = event("number-a");
        let record = Record::from_stored(Arc::clone(&own.record)).unwrap();
        let stored = to_sandbox_log(&record).unwrap();
        assert_eq!(stored.stream().as_str(), "sandbox.number-a");
        let in_log = StoredEvent::new(own.position, own.recorded_at, Arc::clone(stored.bytes()));
        assert_eq!(in_log, event("sandbox.number-a"));
        assert_eq!(from_sandbox_log(&in_log).unwrap(), own);
        assert!(from_sandbox_log(&own).is_err(), "an event of the real realm");
    }
}
