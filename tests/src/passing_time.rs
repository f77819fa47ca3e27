//! Waits of real time that a test needs: a load at a fixed rate, and a retry after a refusal for now. All
//! other waits follow events.

use crate::program::{deadline, fail, instant};
use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create, timerfd_settime,
};
use std::time::{Duration, Instant};

/// Returns the time left until then; zero if it is over.
pub fn time_left(until: Instant) -> Duration {
    until.saturating_duration_since(instant())
}

/// The limit of a wait that only detects a hang: long enough on any loaded machine, because no verdict may
/// depend on elapsed time (decision 0217).
pub const HUNG_AFTER: Duration = Duration::from_secs(120);

/// The pause before a request that was refused for now is repeated: `Retry-After: 1` of a busy server.
pub const COME_AGAIN: Duration = Duration::from_secs(1);

/// Repeats `step` at the interval that a busy server asks for (429) until it returns something; `None` after
/// `within`. For what only the next response can show.
pub fn come_again<T>(within: Duration, mut step: impl FnMut() -> Option<T>) -> Option<T> {
    let until = deadline(within);
    loop {
        if let Some(granted) = step() {
            return Some(granted);
        }
        let pause = time_left(until).min(COME_AGAIN);
        if pause.is_zero() {
            return None;
        }
        rings_in(pause);
    }
}

/// Repeats `ask` without a pause until it returns something; `None` after `within`. For what changes by
/// itself soon, and only the next response can show.
pub fn ask_on<T>(within: Duration, mut ask: impl FnMut() -> Option<T>) -> Option<T> {
    let until = deadline(within);
    loop {
        let found = ask();
        if found.is_some() || time_left(until).is_zero() {
            return found;
        }
    }
}

/// The pause between two steps of a load, and between two measurements.
pub const BEAT: Duration = Duration::from_millis(20);

/// Calls `step` every [`BEAT`] for the time `lasts`, as long as it returns true. Between two steps `ends`
/// waits for up to a beat for something that ends the loop, and returns true if it happened.
pub fn at_each_beat(lasts: Duration, mut ends: impl FnMut(Duration) -> bool, mut step: impl FnMut() -> bool) {
    let until = deadline(lasts);
    while !time_left(until).is_zero() && step() && !ends(BEAT.min(time_left(until))) {}
}

/// Waits one beat; for [`at_each_beat`] without an early end.
pub fn wait_one_beat(beat: Duration) -> bool {
    rings_in(beat);
    false
}

/// Waits so long by a timer of the system.
fn rings_in(time: Duration) {
    // A timer set to zero is disarmed and never fires.
    if time.is_zero() {
        return;
    }
    let fail_with = |error: rustix::io::Errno| -> ! { fail(&format!("a timer of the system: {error}")) };
    let timer = timerfd_create(TimerfdClockId::Monotonic, TimerfdFlags::CLOEXEC);
    let timer = timer.unwrap_or_else(|error| fail_with(error));
    let once = Itimerspec {
        it_interval: Timespec::default(),
        it_value: Timespec::try_from(time).unwrap_or_else(|_| fail("a stretch of a story is no age")),
    };
    timerfd_settime(&timer, TimerfdTimerFlags::empty(), &once).unwrap_or_else(|error| fail_with(error));
    let mut rings = [0; size_of::<u64>()];
    rustix::io::retry_on_intr(|| rustix::io::read(&timer, &mut rings))
        .unwrap_or_else(|error| fail_with(error));
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
