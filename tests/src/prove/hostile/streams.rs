//! Attack: viewers open every stream they can (issue 51, B7). One user has at most sixteen, and slots for
//! event streams and for users who may stop dialing stay free.

use super::raw::{RawResponse, Request, send_from};
use super::tally::{Tally, add_key, add_user, long_form_only};
use super::{AttackContext, Verdict};
use crate::prove::Form;
use serde_json::json;
use std::net::Ipv4Addr;

/// The most streams of one user, with all keys.
const OF_USER_MAX: usize = 16;

/// The streams that the first viewer tries to open, with two keys alternately.
const TRIED: usize = 24;

/// The number of further viewers: with the first one, more than fill the slots.
const VIEWERS: usize = 12;

/// All slots without those reserved for event streams and for users who may stop dialing: 256 - 64 - 16.
const OF_VIEWERS_MAX: usize = 176;

const LIVE: &str = "/api/v1/live/stream";
const EVENTS: &str = "/api/v1/events/stream?kind=campaign.completed";

/// The first of the opt-outs here: no other attack opts the same numbers out.
const SALT: u32 = 910_000;

fn open(stage: &AttackContext<'_>, bearer: &str, path: &str) -> Result<RawResponse, String> {
    let request = Request::get(path, bearer);
    send_from(Ipv4Addr::LOCALHOST, &stage.server.url, &request)
}

/// Opens one more stream of a viewer and holds it; a refusal must state the reason.
fn open_more(stage: &AttackContext<'_>, tally: &mut Tally, held: &mut Vec<RawResponse>, bearer: &str) {
    match open(stage, bearer, LIVE) {
        Ok(answer) if answer.status == 200 => held.push(answer),
        Ok(answer) => {
            let is_limit =
                answer.status == 429 && matches!(answer.code(), "streams-of-user" | "streams-busy");
            let what = format!("a stream is refused with {} {}", answer.status, answer.code());
            tally.holds(is_limit, &what);
        }
        Err(error) => tally.holds(false, &error),
    }
}

/// Runs the attack.
pub(super) fn exhaust(stage: &AttackContext<'_>) -> Verdict {
    if stage.form != Form::Long {
        return long_form_only();
    }
    let mut tally = Tally::default();
    let mut held = Vec::new();
    let keys = [
        add_user(stage.server, "stream-viewer", &["viewer"]),
        add_key(stage.server, "stream-viewer"),
    ];
    for key in keys.iter().cycle().take(TRIED) {
        open_more(stage, &mut tally, &mut held, key);
    }
    let of_one = held.len();
    tally.holds(
        of_one == OF_USER_MAX,
        &format!("one viewer holds {of_one} streams with two keys, not {OF_USER_MAX}"),
    );
    for index in 0..VIEWERS {
        let key = add_user(stage.server, &format!("stream-viewer-{index}"), &["viewer"]);
        for _ in 0..OF_USER_MAX {
            open_more(stage, &mut tally, &mut held, &key);
        }
    }
    let of_viewers = held.len();
    tally.holds(
        of_viewers == OF_VIEWERS_MAX,
        &format!("viewers hold {of_viewers} streams, not {OF_VIEWERS_MAX}"),
    );
    // While viewers hold all that they may.
    for (name, role, path) in [
        ("stream-follower", "integrator", EVENTS),
        ("stream-stopper", "operator", LIVE),
    ] {
        let key = add_user(stage.server, name, &[role]);
        let opened = open(stage, &key, path);
        let is_open = opened.as_ref().is_ok_and(|answer| answer.status == 200);
        tally.holds(is_open, &format!("viewers leave no stream to the {role}"));
        held.extend(opened.ok());
    }
    let (broken, slowest) = stage.must_pass(SALT);
    tally.add_broken(broken);
    drop(held);
    tally.verdict(&json!({"of_one_viewer": of_one, "of_viewers": of_viewers,
        "slowest_ms": u64::try_from(slowest).unwrap_or(u64::MAX)}))
}
