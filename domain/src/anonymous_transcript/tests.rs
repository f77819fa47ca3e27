//! Tests of the anonymous transcript decider: what it keeps, refuses and destroys.

use super::*;
use crate::record::sample_values::campaign;
use serde_json::json;

fn kept(words: String) -> AnonymousTranscriptFact {
    AnonymousTranscriptFact::new(campaign(), AnonymousTranscriptSource::Call, words)
}

fn check(given: &[AnonymousTranscriptEvent], words: String, then: Result<usize, AnonymousTranscriptRefusal>) {
    let now = "2026-03-02T10:00:00Z".parse().unwrap();
    let mut state = AnonymousTranscriptState::default();
    for event in given {
        AnonymousTranscript::evolve(&mut state, event, now);
    }
    let command = AnonymousTranscriptCommand::Keep(Box::new(kept(words)));
    let decided = AnonymousTranscript::decide(&state, command, Context { now });
    assert_eq!(decided.map(|events| events.len()), then);
}

#[test]
fn it_is_kept_once_with_words_and_about_no_person() {
    let nothing = Err(AnonymousTranscriptRefusal::NoOrTooManyWords);
    check(&[], "[\"太贵了\"]".to_owned(), Ok(1));
    check(&[], String::new(), nothing);
    check(&[], " ".repeat(ANONYMOUS_WORDS_BYTES_MAX), Ok(1));
    check(&[], " ".repeat(ANONYMOUS_WORDS_BYTES_MAX + 1), nothing);
    let event = AnonymousTranscriptEvent::Kept(Box::new(kept("[]".to_owned())));
    check(std::slice::from_ref(&event), "[]".to_owned(), Ok(0));

    let id: AnonymousTranscriptId = "0a1b2c3d4e5f60718293a4b5c6d7e8f9".parse().unwrap();
    let state = AnonymousTranscriptState {
        campaign: Some(campaign()),
    };
    let scope = AnonymousTranscript::scope(&id, &state, &event);
    assert_eq!(
        (scope.campaign.clone(), scope.customer.clone()),
        (Some(campaign()), None)
    );
    assert_eq!(AnonymousTranscript::sealed_under(&id, &scope), Some(id.key()));
}

#[test]
fn the_secret_of_an_order_has_a_name_that_never_changes_and_goes_with_its_end() {
    let begun: EventId = "00000000-0000-0000-0000-000000000001".parse().unwrap();
    // Lists of destroyed keys contain this name.
    assert_eq!(secret_name(begun).as_str(), "b784048108b55f7d8f0763c339130afd");
    let anonymized = |causation: Option<EventId>| -> Envelope {
        let record = json!({ "id": begun, "kind": "campaign.anonymized", "version": 1, "stream": "campaign-T",
            "stream_version": 2, "at": "2026-03-02T10:00:00Z", "command": begun, "causation": causation,
            "data": {} });
        serde_json::from_value(record).unwrap()
    };
    let destroyed = secret_destroyed_by(&anonymized(Some(begun)));
    assert_eq!(destroyed, Some(secret_name(begun)));
    assert_eq!(secret_destroyed_by(&anonymized(None)), None);
}
