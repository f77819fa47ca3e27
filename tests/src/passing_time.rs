//! Stretches of real time that a story needs for themselves: what must not happen meanwhile, a moment drawn
//! at random, a load of so many a second. Whoever waits for something is told of it instead.

use crate::program::{deadline, instant};
use std::time::{Duration, Instant};

/// What is left until then; nothing once it is over.
pub fn left(until: Instant) -> Duration {
    until.saturating_duration_since(instant())
}

/// When whoever was refused for now comes again: what a busy server's own answer asks for (`Retry-After: 1`).
pub const COME_AGAIN: Duration = Duration::from_secs(1);

/// Tries until it is granted, coming again as often as a busy server asks for; `None` when it is not
/// `within`. For what is refused for now and told by nothing but the next answer.
pub fn come_again<T>(within: Duration, mut step: impl FnMut() -> Option<T>) -> Option<T> {
    let until = deadline(within);
    loop {
        if let Some(granted) = step() {
            return Some(granted);
        }
        let pause = left(until).min(COME_AGAIN);
        if pause.is_zero() {
            return None;
        }
        let_pass(pause, "what a busy server asks for");
    }
}

/// Lets a stretch of time pass in which nothing is waited for; `why` says what it is for.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place where a story lets time pass; it waits for nothing"
)]
pub fn let_pass(time: Duration, why: &str) {
    assert!(!why.is_empty(), "time passes for a reason");
    std::thread::sleep(time);
}

/// Between two steps of a load, and two looks that measure.
pub const BEAT: Duration = Duration::from_millis(20);

/// Does something at each beat for so long, and as long as it says so: a load, or a look that measures.
pub fn at_each_beat(lasts: Duration, mut step: impl FnMut() -> bool) {
    let until = deadline(lasts);
    while !left(until).is_zero() && step() {
        let_pass(BEAT.min(left(until)), "the beat of a load");
    }
}
