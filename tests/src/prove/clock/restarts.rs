//! Cases in which a process starts under a wrong clock: what the new process cannot know, the log still
//! contains: a doubt from before, and a recorded time that is in the future.

use super::fake_wall_clock::WallClockChange;
use super::scenario::{ClockScenario, DIALING, PAUSED, plus_s, window};
use super::{ClockCaseResult, Form, HOURS_2, HOURS_6};
use std::path::Path;

/// How long no call may be dialed: longer than the clock is behind the log in these cases.
const WATCHED_S: i64 = 15;

/// How far the clock is behind the log.
const BEHIND_S: i64 = 10;

const DOUBT: &str = "installation.clock_doubted";
const TRUST: &str = "installation.clock_trusted";

/// Checks that no call is dialed for `WATCHED_S`, and that readiness then says why.
fn watch(stage: &mut ClockScenario) {
    let (from, before) = (stage.wall.true_now(), stage.invites().len());
    stage.wait_until(plus_s(from, WATCHED_S));
    let is_paused = stage.is_said(PAUSED);
    stage.hold(is_paused, "readiness does not say that the clock is wrong");
    let under_it = stage.invites().len() - before;
    stage.hold(under_it == 0, &format!("{under_it} dials under a wrong clock"));
}

/// The clock is set forward past the opening of the window, and the server restarted under it: for the new
/// process this clock agrees with itself.
pub(super) fn restart_under_doubted_clock(shim: &Path) -> ClockCaseResult {
    let closed = plus_s(window().0, -3_600);
    let mut stage = ClockScenario::begin(Form::Long, shim, closed);
    stage.start_campaign();
    stage.wall.set(WallClockChange::SetBy(HOURS_6));
    let is_paused = stage.is_said(PAUSED);
    stage.hold(is_paused, "readiness does not say that the clock is wrong");
    stage.start_again();
    watch(&mut stage);
    stage.times_are_not_held();
    stage.end(
        "started again under a doubted clock",
        window(),
        &[(DOUBT, "wall_moved")],
    )
}

/// The server is restarted under a clock that is behind the recorded times. It does not become right by
/// running for as long. It is set right, and dialing resumes.
pub(super) fn restart_before_log_end(shim: &Path) -> ClockCaseResult {
    let open = plus_s(window().0, 3_600);
    let mut stage = ClockScenario::begin(Form::Long, shim, open);
    stage.start_campaign();
    let was_dialed = stage.is_dialed_again();
    stage.hold(was_dialed, "no call is dialed within the window");
    stage.wall.set(WallClockChange::SetBy(-BEHIND_S));
    stage.start_again();
    watch(&mut stage);
    stage.wall.set(WallClockChange::Right);
    let goes_on = stage.is_said(DIALING) && stage.is_dialed_again();
    stage.hold(goes_on, "no call is dialed when the clock is right again");
    let kinds = [(DOUBT, "before_log"), (TRUST, "agreed")];
    stage.times_are_not_held();
    stage.end("before the end of the log", window(), &kinds)
}

/// The server started under a clock that was behind, and the clock was set right. Only a user can tell, and
/// confirms it; time continues from there.
pub(super) fn confirm_clock_by_user(shim: &Path) -> ClockCaseResult {
    let open = plus_s(window().0, 3_600);
    let mut stage = ClockScenario::begin(Form::Long, shim, plus_s(open, -HOURS_6));
    stage.start_campaign();
    let from = stage.wall.true_now();
    stage.wall.set(WallClockChange::SetBy(HOURS_6));
    watch(&mut stage);
    stage.ask(&["clock", "confirm", "--reason", "compared with the telephone's"]);
    let goes_on = stage.is_said(DIALING) && stage.is_dialed_again();
    stage.hold(goes_on, "no call is dialed after a user has confirmed the clock");
    stage.times_are_not_held();
    // The true time of this stage is six hours behind the confirmed clock.
    let confirmed = (from, plus_s(window().1, -HOURS_6));
    stage.end(
        "confirmed by a person",
        confirmed,
        &[(DOUBT, "wall_moved"), (TRUST, "confirmed")],
    )
}

/// A server ran under a fast clock, and the clock was set right: the recorded times are in the future, which
/// a user accepts once. The next start does not doubt again, although events are still recorded at the time
/// of the log's end.
pub(super) fn restart_after_fast_clock(shim: &Path) -> ClockCaseResult {
    let fast = plus_s(window().0, 3_600 + HOURS_2);
    let mut stage = ClockScenario::begin(Form::Long, shim, fast);
    let from = stage.wall.true_now();
    stage.wall.set(WallClockChange::SetBy(-HOURS_2));
    stage.start_again();
    watch(&mut stage);
    stage.ask(&[
        "clock",
        "confirm",
        "--reason",
        "the clock was two hours fast until now",
    ]);
    stage.start_campaign();
    let goes_on = stage.is_said(DIALING) && stage.is_dialed_again();
    stage.hold(goes_on, "no call is dialed after a user has confirmed the clock");
    stage.start_again();
    let goes_on = stage.is_said(DIALING) && stage.is_dialed_again();
    stage.hold(
        goes_on,
        "what a user has accepted is doubted again at the next start",
    );
    stage.times_are_not_held();
    // The true time of this stage is two hours before the confirmed clock.
    let confirmed = (from, plus_s(window().1, HOURS_2));
    let kinds = [(DOUBT, "before_log"), (TRUST, "confirmed")];
    stage.end("behind the tail of a fast clock", confirmed, &kinds)
}
