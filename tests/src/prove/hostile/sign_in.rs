//! Attack: an attacker guesses names and passwords (issue 51, B6). Responses, their cost and their count must
//! not show which names exist, and the user can still sign in from another address.
//!
//! Every kind of name is tried from an address of its own. Violations: a response that differs, a response
//! that costs less than half of another kind's, an address that never has to wait, and a user who cannot sign
//! in elsewhere.

use super::raw::{RawResponse, Request, send_from};
use super::tally::{PASSWORD, Tally, add_user, disable_user, long_form_only};
use super::{AttackContext, Verdict};
use crate::history::member;
use crate::prove::Form;
use serde_json::{Value, json};
use std::net::Ipv4Addr;

/// The user who is attacked, and one who is disabled.
const KNOWN: &str = "guessed-user";
const DISABLED: &str = "guessed-leaver";

/// The wrong passwords that lock a user at one address: `domain::user::WRONG_MAX`.
const LOCKS: usize = 5;

/// The most guesses from one address. The eleventh wrong one has to wait, and each further wait doubles.
const GUESSES_MAX: usize = 20;

/// How many times cheaper one refusal may be than another. Without the hash it costs a hundredth.
const COST_RATIO_MAX: u64 = 2;

/// Each kind of name, and the last byte of the address from which it is tried.
const KINDS: [(&str, &str, u8); 4] = [
    ("known", KNOWN, 1),
    ("unknown", "guessed-no-user", 2),
    ("disabled", DISABLED, 3),
    ("malformed", "no name at all!", 4),
];

/// The address from which the user signs in meanwhile.
const OWN_ADDRESS: u8 = 9;

/// The parts of a refusal that an attacker can compare.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Refusal {
    status: u16,
    code: String,
    detail: String,
    headers: Vec<String>,
}

impl Refusal {
    fn of(answer: &RawResponse) -> Self {
        Self {
            status: answer.status,
            code: answer.code().to_owned(),
            detail: member(&answer.body, "/detail")
                .as_str()
                .unwrap_or_default()
                .to_owned(),
            headers: answer.headers.clone(),
        }
    }
}

/// The guesses of one kind of name.
#[derive(Default)]
struct Guesses {
    refusals: Vec<Refusal>,
    /// The milliseconds of those after the user is locked.
    took_ms: Vec<u64>,
    waits: bool,
}

fn sign_in(stage: &AttackContext<'_>, from: u8, name: &str, password: &str) -> Result<RawResponse, String> {
    let body = json!({ "name": name, "password": password }).to_string();
    let request = Request::post("/api/v1/sign-in", "", body.as_bytes());
    let host = Ipv4Addr::new(127, 0, 61, from);
    send_from(host, &stage.server.url, &request)
}

/// Tries one kind of name until its address has to wait. After as many guesses as lock a user, the right
/// password is tried once: the response must look like that to a wrong one.
fn guess(stage: &AttackContext<'_>, tally: &mut Tally, name: &str, from: u8) -> Guesses {
    let mut guesses = Guesses::default();
    for attempt in 0..GUESSES_MAX {
        let password = match attempt {
            LOCKS => PASSWORD.to_owned(),
            _ => format!("wrong password {attempt}"),
        };
        match sign_in(stage, from, name, &password) {
            Ok(answer) if answer.status == 429 => {
                guesses.waits = true;
                break;
            }
            Ok(answer) => {
                if attempt >= LOCKS {
                    guesses.took_ms.push(answer.took_ms);
                }
                guesses.refusals.push(Refusal::of(&answer));
            }
            Err(error) => tally.holds(false, &error),
        }
    }
    guesses
}

/// Runs the attack.
pub(super) fn guesses(stage: &AttackContext<'_>) -> Verdict {
    if stage.form != Form::Long {
        return long_form_only();
    }
    let mut tally = Tally::default();
    for name in [KNOWN, DISABLED] {
        add_user(stage.server, name, &["viewer"]);
    }
    disable_user(stage.server, DISABLED);
    let found = KINDS.map(|(kind, name, from)| (kind, guess(stage, &mut tally, name, from)));
    compare(&mut tally, &found);
    let locked = stage.server.events("kind=user.locked");
    tally.holds(!locked.is_empty(), "five wrong passwords lock no user: no attack");
    let elsewhere = sign_in(stage, OWN_ADDRESS, KNOWN, PASSWORD);
    tally.holds(
        elsewhere.is_ok_and(|answer| answer.status == 200),
        "the attacker's guesses lock the user out at another address",
    );
    let measured: serde_json::Map<String, Value> = found
        .iter()
        .map(|(kind, guesses)| {
            let least = guesses.took_ms.iter().min();
            let said = json!({"refused": guesses.refusals.len(), "least_ms": least, "waits": guesses.waits});
            ((*kind).to_owned(), said)
        })
        .collect();
    tally.verdict(&Value::Object(measured))
}

/// Compares every response, its cost and the wait of each address with those of an unknown name.
fn compare(tally: &mut Tally, found: &[(&str, Guesses)]) {
    let expected = found.iter().find(|(kind, _)| *kind == "unknown");
    let expected = expected.and_then(|(_, guesses)| guesses.refusals.first().cloned());
    tally.holds(
        expected.as_ref().is_some_and(|refusal| refusal.status == 401),
        "a wrong name is not refused with 401",
    );
    for (kind, guesses) in found {
        for (attempt, refusal) in guesses.refusals.iter().enumerate() {
            let what = format!("guess {attempt} of the {kind} name differs: {refusal:?}");
            tally.holds(Some(refusal) == expected.as_ref(), &what);
        }
        let what = format!("{GUESSES_MAX} guesses of the {kind} name are not all counted for the address");
        tally.holds(guesses.waits, &what);
    }
    // The least of several: other work of the machine only adds to a cost.
    let least = found
        .iter()
        .map(|(_, guesses)| guesses.took_ms.iter().min().copied());
    let least: Vec<u64> = least.map(Option::unwrap_or_default).collect();
    let (cheapest, dearest) = (least.iter().min().copied(), least.iter().max().copied());
    let is_alike = cheapest
        .zip(dearest)
        .is_some_and(|(cheapest, dearest)| dearest <= cheapest.saturating_mul(COST_RATIO_MAX));
    tally.holds(
        is_alike,
        &format!("refusals cost {least:?} ms: names show by the time"),
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guesses(code: &str, took_ms: u64, waits: bool) -> Guesses {
        let refusal = Refusal {
            status: 401,
            code: code.to_owned(),
            detail: String::new(),
            headers: Vec::new(),
        };
        Guesses {
            refusals: vec![refusal],
            took_ms: vec![took_ms],
            waits,
        }
    }

    #[test]
    fn a_reply_a_cost_and_a_missing_wait_that_differ_are_violations() {
        let broken = |known: Guesses| {
            let mut tally = Tally::default();
            compare(
                &mut tally,
                &[("known", known), ("unknown", guesses("refused", 100, true))],
            );
            tally.verdict(&Value::Null).broken.len()
        };
        assert_eq!(broken(guesses("refused", 60, true)), 0);
        assert_eq!(broken(guesses("locked", 100, true)), 1);
        assert_eq!(broken(guesses("refused", 2, true)), 1);
        assert_eq!(broken(guesses("refused", 100, false)), 1);
    }
}
