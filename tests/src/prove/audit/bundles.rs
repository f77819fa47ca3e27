//! Proof of evidence bundles of a call, a customer, a campaign and one event: each is valid, and no altered
//! byte of one is accepted.

use super::{Rehearsal, Tally, audit, code, text};
use crate::history::{History, member};
use crate::prove::Form;
use serde_json::{Value, json};
use std::path::Path;
use store::proof::bundle::{TrustedKeys, check_bundle};

/// The altered bundles that are checked by the command line in the short form; the others are checked by the
/// library.
const BY_COMMAND: usize = 12;

pub(super) fn prove(rehearsal: &Rehearsal, form: Form) -> Value {
    let mut tally = Tally::default();
    let history = History::read(&rehearsal.data);
    for (subject, id) in subjects(&history) {
        let file = text(&rehearsal.path(&format!("{subject}.tar")));
        let made = audit(&[
            "prove",
            subject,
            &id,
            "--data",
            &text(&rehearsal.data),
            "--out",
            &file,
        ]);
        tally.expect(code(&made) == 0, || format!("prove {subject} {id}: {made:?}"));
        let held = audit(&["check", &file, "--key", &rehearsal.key]);
        tally.expect(code(&held) == 0, || format!("check {subject}: {held:?}"));
    }
    json!({"made": tally.value(), "altered": altered(rehearsal, form)})
}

/// Returns an answered call, its customer, its campaign, and the event that ended it.
fn subjects(history: &History) -> Vec<(&'static str, String)> {
    let Some(ended) = history.of("call.ended").next() else {
        return Vec::new();
    };
    let word = |pointer: &str| member(ended, pointer).as_str().unwrap_or("").to_owned();
    vec![
        ("call", word("/subject").trim_start_matches("call-").to_owned()),
        ("customer", word("/customer")),
        ("report", word("/campaign")),
        ("event", word("/id")),
    ]
}

/// Checks bundles with one changed bit in every byte of the smallest one; in every 17th byte in the short
/// form.
fn altered(rehearsal: &Rehearsal, form: Form) -> Value {
    let mut tally = Tally::default();
    let file = rehearsal.path("event.tar");
    let bytes = std::fs::read(&file).unwrap_or_default();
    let trust = TrustedKeys {
        key: rehearsal.key.parse().ok(),
        witness: None,
    };
    let (step, by_command) = match form {
        Form::Short => (17, bytes.len() / BY_COMMAND),
        Form::Long => (1, bytes.len() / BY_COMMAND / 8),
    };
    for at in (0..bytes.len()).step_by(step) {
        let changed = flip_lowest_bit(&bytes, at);
        tally.expect(check_bundle(&changed, &trust).is_err(), || {
            format!("byte {at} holds")
        });
    }
    for at in (0..bytes.len()).step_by(by_command.max(1)) {
        let path = rehearsal.path("altered.tar");
        write(&path, &flip_lowest_bit(&bytes, at));
        let said = audit(&["check", &text(&path), "--key", &rehearsal.key]);
        tally.expect(code(&said) == 1, || format!("byte {at} by command: {said:?}"));
    }
    tally.value()
}

/// Returns the same bytes with the lowest bit of one changed.
pub(super) fn flip_lowest_bit(bytes: &[u8], at: usize) -> Vec<u8> {
    let mut changed = bytes.to_vec();
    if let Some(byte) = changed.get_mut(at) {
        *byte ^= 1;
    }
    changed
}

pub(super) fn write(path: &Path, bytes: &[u8]) {
    let written = std::fs::write(path, bytes);
    assert!(written.is_ok(), "{}: {written:?}", path.display());
}
