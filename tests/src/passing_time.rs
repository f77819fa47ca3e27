//! Stretches of real time that a story needs for themselves: a load of so many a second, and who was refused
//! for now and comes again. Whoever waits for something is told of it instead.

use crate::program::{deadline, fail, instant};
use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create, timerfd_settime,
};
use std::time::{Duration, Instant};

/// What is left until then; nothing once it is over.
pub fn left(until: Instant) -> Duration {
    until.saturating_duration_since(instant())
}

/// When whoever was refused for now comes again: what a busy server's own answer asks for (`Retry-After: 1`).
pub const COME_AGAIN: Duration = Duration::from_secs(1);

/// Tries until it is granted, coming again as often as a busy server asks for; `None` when it is not
/// `within`. For what is refused for now (429) and told by nothing but the next answer.
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
        rings_in(pause);
    }
}

/// Asks again as soon as it was answered; `None` when what is asked for does not come `within`. For what
/// changes by itself at once, and is told by nothing but the next answer.
pub fn ask_on<T>(within: Duration, mut ask: impl FnMut() -> Option<T>) -> Option<T> {
    let until = deadline(within);
    loop {
        let found = ask();
        if found.is_some() || left(until).is_zero() {
            return found;
        }
    }
}

/// Between two steps of a load, and two looks that measure.
pub const BEAT: Duration = Duration::from_millis(20);

/// Does something at each beat for so long, and as long as it says so: a load, or a look that measures.
/// Between two steps `ends` waits for what ends it all the same, up to a beat, and says whether that came.
pub fn at_each_beat(lasts: Duration, mut ends: impl FnMut(Duration) -> bool, mut step: impl FnMut() -> bool) {
    let until = deadline(lasts);
    while !left(until).is_zero() && step() && !ends(BEAT.min(left(until))) {}
}

/// A beat of what goes on until its time is over.
pub fn nothing_ends_it(beat: Duration) -> bool {
    rings_in(beat);
    false
}

/// Until the system's timer rings, which is set for so much later.
fn rings_in(time: Duration) {
    // One that is set for now is one that is not set.
    if time.is_zero() {
        return;
    }
    let told = |error: rustix::io::Errno| -> ! { fail(&format!("a timer of the system: {error}")) };
    let timer = timerfd_create(TimerfdClockId::Monotonic, TimerfdFlags::CLOEXEC);
    let timer = timer.unwrap_or_else(|error| told(error));
    let once = Itimerspec {
        it_interval: Timespec::default(),
        it_value: Timespec::try_from(time).unwrap_or_else(|_| fail("a stretch of a story is no age")),
    };
    timerfd_settime(&timer, TimerfdTimerFlags::empty(), &once).unwrap_or_else(|error| told(error));
    let mut rings = [0; size_of::<u64>()];
    rustix::io::retry_on_intr(|| rustix::io::read(&timer, &mut rings)).unwrap_or_else(|error| told(error));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timer_rings_when_its_time_is_over_and_not_before() {
        let began = instant();
        rings_in(BEAT);
        assert!(instant() - began >= BEAT);
        rings_in(Duration::ZERO);
    }

    #[test]
    fn what_ends_a_load_ends_it_before_its_time() {
        let mut steps = 0;
        at_each_beat(
            Duration::from_secs(600),
            |_| true,
            || {
                steps += 1;
                true
            },
        );
        assert_eq!(steps, 1);
    }
}
