//! Cases in which the clock is set while a campaign runs, shortly before its calling window opens or closes.

use super::fake_wall_clock::WallClockChange;
use super::scenario::{ClockScenario, DIALING, PAUSED, instant_of, plus_s, window, word};
use super::{ClockCaseResult, Form};
use std::path::Path;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Edge {
    Opening,
    Closing,
}

/// The server starts at this time: at 11:00 in Beijing, and a while before a whole minute, at which the edge
/// can then be. A slower machine gets a later edge.
const STARTS_AT: &str = "2026-03-02T03:00:25Z";

/// The server starts at this time if the window closes in the case: a clock that is six hours slow then shows
/// a time within the window.
const STARTS_IN_WINDOW_AT: &str = "2026-03-02T08:00:30Z";

/// The hours of the campaign before its window opens.
const LATER: &str = "17:00";

/// The edge of the window is set so long before the clock changes.
const SETTING_S: i64 = 15;

/// A clock is set by seconds so long before the edge: a jump of three seconds then crosses it.
const JUMP_S: i64 = 2;

/// A clock is set by hours so long before the edge.
const HOURS_JUMP_S: i64 = 10;

/// A clock is stopped so long before the edge: it is 2 s behind, and that is noticed, before the window
/// opens.
const STOP_S: i64 = 4;

/// The result is read so long after the edge, with the wall clock still wrong.
const AFTER_S: i64 = 2;

pub(super) fn prove(form: Form, shim: &Path, edge: Edge, wall: WallClockChange) -> ClockCaseResult {
    let name = format!("{edge:?} {}", word(wall));
    match edge {
        Edge::Opening => opening(form, shim, &name, wall),
        Edge::Closing => closing(form, shim, &name, wall),
    }
}

/// Returns how long before the edge the clock changes, in seconds.
const fn before_edge_s(wall: WallClockChange) -> i64 {
    match wall {
        WallClockChange::Stopped => STOP_S,
        WallClockChange::SetBy(seconds) if seconds.unsigned_abs() > 60 => HOURS_JUMP_S,
        WallClockChange::SetBy(_) | WallClockChange::Right => JUMP_S,
    }
}

const DOUBTED: (&str, &str) = ("installation.clock_doubted", "wall_moved");
const AGREED: (&str, &str) = ("installation.clock_trusted", "agreed");
const ALERT: (&str, &str) = ("alert.raised", "clock_off");

/// The window opens while the wall clock is wrong: no call is dialed until it is right.
fn opening(form: Form, shim: &Path, name: &str, wall: WallClockChange) -> ClockCaseResult {
    let mut stage = ClockScenario::begin(form, shim, instant_of(STARTS_AT));
    stage.start_campaign_from(LATER);
    let before_s = before_edge_s(wall);
    let edge = stage.move_hours("start_time", SETTING_S + before_s);
    stage.wait_until(plus_s(edge, -before_s));
    stage.wall.set(wall);
    let is_early = stage.wall.true_now() < edge;
    stage.hold(is_early, "the clock was set after the window opened");
    let is_paused = stage.is_said(PAUSED);
    stage.hold(is_paused, "readiness does not say that the clock is wrong");
    let why = stage.readiness("/dialing_refused");
    stage.hold(
        why.as_str().is_some_and(|why| why.contains("clock")),
        "readiness does not say why",
    );
    stage.wait_until(plus_s(edge, AFTER_S));
    let under_it = stage.invites().len();
    stage.hold(under_it == 0, &format!("{under_it} dials under a wrong clock"));
    stage.wall.set(WallClockChange::Right);
    let goes_on = stage.is_said(DIALING) && stage.is_dialed_again();
    stage.hold(goes_on, "no call is dialed when the clock is right again");
    stage.end(name, (edge, window().1), &[DOUBTED, AGREED, ALERT])
}

/// The clock is wrong for a while within the window, then right, and wrong again at its end.
fn closing(form: Form, shim: &Path, name: &str, wall: WallClockChange) -> ClockCaseResult {
    let mut stage = ClockScenario::begin(form, shim, instant_of(STARTS_IN_WINDOW_AT));
    stage.start_campaign();
    let was_dialed = stage.is_dialed_again();
    stage.hold(was_dialed, "no call is dialed within the window");
    stage.wall.set(wall);
    let is_paused = stage.is_said(PAUSED);
    stage.hold(is_paused, "readiness does not say that the clock is wrong");
    let (from, before) = (stage.wall.true_now(), stage.invites().len());
    stage.wait_until(plus_s(from, 1));
    let under_it = stage.invites().len() - before;
    // A call that was permitted before may just be on its way.
    stage.hold(under_it <= 1, &format!("{under_it} dials under a wrong clock"));
    stage.wall.set(WallClockChange::Right);
    let goes_on = stage.is_said(DIALING) && stage.is_dialed_again();
    stage.hold(goes_on, "no call is dialed when the clock is right again");
    let before_s = before_edge_s(wall);
    let edge = stage.move_hours("end_time", SETTING_S + before_s);
    stage.wait_until(plus_s(edge, -before_s));
    stage.wall.set(wall);
    stage.wait_until(plus_s(edge, AFTER_S));
    stage.end(name, (window().0, edge), &[DOUBTED, AGREED, ALERT])
}
