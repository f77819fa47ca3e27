//! Attack: bodies that nest without end, four at a time, sent with the permission to read rules. Health, an
//! emergency stop and opt-outs must succeed meanwhile.

use super::{AttackContext, Verdict, ask_each, timed};
use crate::prove::Form;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicBool, Ordering};

/// The number of concurrent bodies: when this was found, two of four stopped the process.
const AT_ONCE: usize = 4;

/// The bytes of a source: the most that is read of a flow file.
const SOURCE_BYTES: usize = 256 * 1024;

/// The longest time until a body's response: the deadline of the work, and the transfer. Judged in the long
/// form.
const ANSWERED_MS: u128 = 10_000;

/// The first of the opt-outs here: no other attack opts the same numbers out.
const SALT: u32 = 900_000;

/// The scope of a stop without effect on calls: a preset that no campaign uses.
const STOP: &str = "us-tsr";

/// The parts that are repeated up to the limit of a source: nested maps, lists, entries and keys; a
/// staircase; quotes, tags, anchors, aliases and long lines.
const REPEATED: [&str; 12] = [
    "{\"a\":", "[", "- ", "? ", "a:\n ", "\"", "!a ", "&a ", "*a, ", "[}", "a: |\n", "a ",
];

pub(super) fn send_nested_bodies(stage: &AttackContext<'_>) -> Verdict {
    let rounds = match stage.form {
        Form::Short => 1,
        Form::Long => 10,
    };
    let url = stage.server.url.as_str();
    let is_over = AtomicBool::new(false);
    let (mut broken, mut slowest_body, mut slowest_ms, mut asked) = (Vec::new(), 0, 0, 0_u32);
    std::thread::scope(|scope| {
        let senders: Vec<_> = (0..AT_ONCE)
            .map(|first| scope.spawn(move || send_all(stage.form, url, first, rounds)))
            .collect();
        let passes = scope.spawn(|| {
            let (mut broken, mut slowest, mut rounds) = (Vec::new(), 0, 0);
            while !is_over.load(Ordering::SeqCst) {
                let (wrong, ms) = must_pass(stage, SALT + rounds);
                broken.extend(wrong);
                slowest = slowest.max(ms);
                rounds += 1;
            }
            (broken, slowest, rounds)
        });
        for sender in senders {
            let (wrong, ms) = sender.join().expect("a sender ends");
            broken.extend(wrong);
            slowest_body = slowest_body.max(ms);
        }
        is_over.store(true, Ordering::SeqCst);
        let (wrong, ms, rounds) = passes.join().expect("the asker ends");
        broken.extend(wrong);
        (slowest_ms, asked) = (ms, rounds);
    });
    if asked == 0 {
        broken.push("nothing was asked while bodies were sent".to_owned());
    }
    let ms = |ms: u128| u64::try_from(ms).unwrap_or(u64::MAX);
    Verdict {
        broken,
        measured: json!({"at_once": AT_ONCE, "rounds_of_what_must_pass": asked, "slowest_ms": ms(slowest_ms),
            "slowest_body_ms": ms(slowest_body)}),
    }
}

/// Sends the requests that must always succeed, and an emergency stop and its lift.
fn must_pass(stage: &AttackContext<'_>, salt: u32) -> (Vec<String>, u128) {
    let (mut broken, slowest) = stage.must_pass(salt);
    let order = json!({"scope": "preset", "id": STOP, "reason": "asked under attack"});
    let asked = [
        ("POST", "/api/v1/stop".to_owned(), order.clone()),
        ("POST", "/api/v1/stop/lift".to_owned(), order),
    ];
    let (wrong, ms) = ask_each(stage.form, &stage.server.url, &asked);
    broken.extend(wrong);
    (broken, slowest.max(ms))
}

/// Sends every kind of body, each sender beginning at another one. Returns what was wrong, and the slowest
/// response.
fn send_all(form: Form, url: &str, first: usize, rounds: usize) -> (Vec<String>, u128) {
    let (mut broken, mut slowest, mut checked) = (Vec::new(), 0, 0_u32);
    for round in 0..rounds * REPEATED.len() {
        let part = REPEATED
            .get((first * 3 + round) % REPEATED.len())
            .copied()
            .unwrap_or_default();
        let source = part.repeat(SOURCE_BYTES / part.len());
        let (reply, ms) = timed(
            url,
            "POST",
            "/api/v1/flow-files/check",
            &json!({ "source": source }),
        );
        slowest = slowest.max(ms);
        match reply {
            Ok(reply)
                if reply.status == 200
                    && !is_publishable(&reply.body)
                    && (ms <= ANSWERED_MS || !form.judges_time()) =>
            {
                checked += 1;
            }
            // Too many at once are refused; no other request waits for them.
            Ok(reply) if matches!(reply.status, 429 | 503) => {}
            Ok(reply) => broken.push(format!("{part:?}: {} after {ms} ms", reply.status)),
            Err(error) => broken.push(format!("{part:?}: {error} after {ms} ms")),
        }
    }
    if checked == 0 {
        broken.push("every body was refused, none was checked".to_owned());
    }
    (broken, slowest)
}

fn is_publishable(body: &Value) -> bool {
    body.get("publishable").and_then(Value::as_bool).unwrap_or(true)
}
