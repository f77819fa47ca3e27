//! Tests of the chart note decider: an author, limits, past times, and each note once.

use super::*;

pub(super) fn note(text: &str, about_at: Timestamp) -> ChartNoteContent {
    ChartNoteContent {
        campaign: None,
        about_at,
        text: text.to_owned(),
    }
}

fn now() -> Timestamp {
    "2026-03-02T10:00:00Z".parse().unwrap()
}

fn when(
    state: &ChartNoteState,
    note: ChartNoteContent,
    by: &str,
) -> Result<Vec<ChartNoteEvent>, ChartNoteRefusal> {
    let by = by.to_owned();
    ChartNote::decide(state, ChartNoteCommand::Add { note, by }, Context { now: now() })
}

fn with(count: usize) -> ChartNoteState {
    let mut state = ChartNoteState::default();
    for number in 0..count {
        let event = ChartNoteEvent::Added {
            note: note(&number.to_string(), now()),
            by: "wang".to_owned(),
        };
        ChartNote::evolve(&mut state, &event, now());
    }
    state
}

#[test]
fn a_note_is_kept_once_and_another_person_may_say_the_same() {
    let state = with(1);
    assert_eq!(when(&state, note("0", now()), "wang"), Ok(vec![]));
    assert_eq!(
        when(&state, note("0", now()), "li").map(|events| events.len()),
        Ok(1)
    );
}

#[test]
fn what_is_empty_too_long_unsigned_to_come_or_too_much_is_refused() {
    let refused = |note, by| when(&with(0), note, by).unwrap_err();
    assert_eq!(refused(note(" ", now()), "wang"), ChartNoteRefusal::Text);
    let long = "x".repeat(TEXT_BYTES_MAX);
    assert!(when(&with(0), note(&long, now()), "wang").is_ok());
    assert_eq!(
        refused(note(&format!("{long}x"), now()), "wang"),
        ChartNoteRefusal::Text
    );
    assert_eq!(refused(note("x", now()), ""), ChartNoteRefusal::NoAuthor);
    assert_eq!(
        refused(note("x", now().plus_ms(1)), "wang"),
        ChartNoteRefusal::ToCome
    );
    assert!(when(&with(NOTES_MAX - 1), note("x", now()), "wang").is_ok());
    assert_eq!(
        when(&with(NOTES_MAX), note("x", now()), "wang"),
        Err(ChartNoteRefusal::Full)
    );
}
