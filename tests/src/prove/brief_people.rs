//! People who are brief: for short forms that wait until calls are over, and hold nothing of how long people
//! talk.
//!
//! They answer as others do, hear some of the robot, and hang up while it speaks. Which numbers are theirs
//! follows from the carrier's seed, by the carrier's own word. People who press keys talk for a quarter of a
//! minute; where keys matter they are called too.

use super::{Form, records};
use crate::carrier::CarrierProcess;
use carrier::{CarrierProfile, Manner, Persona};
use serde_json::{Value, json};
use std::path::Path;

/// About one number in nine is theirs; so many are looked at for each one wanted.
const LOOKED_AT: u32 = 40;

/// How long they listen in a short form: past the notice of a recording, at most.
const PATIENCE_MS: (u64, u64) = (1_500, 4_000);

/// A carrier of this form: in a short one whoever hangs up midway does so soon.
pub(super) fn carrier(form: Form, folder: &Path, seed: u64) -> CarrierProcess {
    if form == Form::Long {
        return CarrierProcess::start(folder, seed, &[]);
    }
    let (min, max) = PATIENCE_MS;
    let profile = folder.join("people.json");
    let text = json!({"patience_ms": {"min": min, "max": max}}).to_string();
    std::fs::write(&profile, text).expect("a profile can be written");
    CarrierProcess::start(folder, seed, &["--profile", &profile.to_string_lossy()])
}

/// So many brief people behind a carrier of this seed.
pub(super) fn brief_records(seed: u64, count: u32, salt: u32) -> Vec<Value> {
    let profile = CarrierProfile::default();
    let is_brief = |person: &Value| {
        let phone = person.get("phone").and_then(Value::as_str).unwrap_or_default();
        Persona::draw(&profile, seed, &format!("+86{phone}"), 1).manner == Manner::HangsUpMidway
    };
    let all = records(count * LOOKED_AT, salt).into_iter().filter(is_brief);
    let brief: Vec<Value> = all.take(count as usize).collect();
    assert_eq!(brief.len(), count as usize, "one number in nine is theirs");
    brief
}

/// The people of a form: brief ones in a short form.
pub(super) fn of_form(form: Form, seed: u64, count: u32, salt: u32) -> Vec<Value> {
    match form {
        Form::Short => brief_records(seed, count, salt),
        Form::Long => records(count, salt),
    }
}
