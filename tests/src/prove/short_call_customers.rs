//! Customers with short calls, for short forms that wait until calls are over and do not depend on their
//! length.
//!
//! They answer like others, hear a part of the robot's text, and hang up while it speaks. The carrier's seed
//! determines their numbers, and the carrier's code is used to find them. Customers that press keys talk for
//! a quarter of a minute; where keys matter they are called too.

use super::{Form, records};
use crate::carrier::CarrierProcess;
use carrier::{CalleeBehavior, CarrierProfile, Persona};
use serde_json::{Value, json};
use std::path::Path;

/// How many numbers are tried for each one needed: about one in nine belongs to such a customer.
const LOOKED_AT: u32 = 40;

/// How long these customers listen in a short form, in milliseconds: at most until after the recording
/// notice.
const PATIENCE_MS: (u64, u64) = (1_500, 4_000);

/// Starts a carrier for this form: in a short one callees that hang up midway do so early.
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

/// Returns so many customers with short calls, for a carrier with this seed.
pub(super) fn brief_records(seed: u64, count: u32, salt: u32) -> Vec<Value> {
    let profile = CarrierProfile::default();
    let is_brief = |person: &Value| {
        let phone = person.get("phone").and_then(Value::as_str).unwrap_or_default();
        Persona::draw(&profile, seed, &format!("+86{phone}"), 1).manner == CalleeBehavior::HangsUpMidway
    };
    let all = records(count * LOOKED_AT, salt).into_iter().filter(is_brief);
    let brief: Vec<Value> = all.take(count as usize).collect();
    assert_eq!(brief.len(), count as usize, "one number in nine is theirs");
    brief
}

/// Returns the customers of a form: those with short calls in a short form.
pub(super) fn records_for_form(form: Form, seed: u64, count: u32, salt: u32) -> Vec<Value> {
    match form {
        Form::Short => brief_records(seed, count, salt),
        Form::Long => records(count, salt),
    }
}
