//! Cases in which the clock is set while a campaign runs, shortly before its calling window opens or closes.

use super::fake_wall_clock::WallClockChange;
use super::scenario::{ClockScenario, DIALING, PAUSED, plus_s, window, word};
use super::{ClockCaseResult, Form};
use std::path::Path;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Edge {
    Opening,
    Closing,
}

/// How long before the window opens the campaign is created, by a server that then ends.
const MADE_EARLIER_S: i64 = 3_600;

/// The server under test starts shortly before the edge of the window. It gets so many times the start time
/// of the first server, and the next value if that is too little on a busy machine. A case in which something
/// was wrong is not repeated.
const TIMES: [u64; 3] = [2, 4, 12];

/// The clock is set so long before the edge: a jump of three seconds then crosses it.
const JUMP_S: i64 = 2;

/// A clock is stopped so long before the edge: it is 2 s behind, and that is noticed, before the window
/// opens.
const STOP_S: i64 = 4;

/// The time until a clock that was wrong is right again and trusted, and a call is dialed: twice two seconds
/// of doubt, and two comparisons.
const BELIEVED_S: i64 = 9;

/// The result is read so long after the edge, with the wall clock still wrong.
const AFTER_S: i64 = 2;

pub(super) fn prove(form: Form, shim: &Path, edge: Edge, wall: WallClockChange) -> ClockCaseResult {
    let name = format!("{edge:?} {}", word(wall));
    let late = |times| format!("{name}: too late before the edge, with {times} times the first start's time");
    let mut wrong = Vec::new();
    for times in TIMES {
        let stage = ClockScenario::begin(form, shim, plus_s(window().0, -MADE_EARLIER_S));
        stage.start_campaign();
        let ready_s = i64::try_from((stage.ready_ms * times).div_ceil(1_000)).unwrap_or(i64::MAX);
        let played = match edge {
            Edge::Opening => opening(stage, &name, wall, ready_s),
            Edge::Closing => closing(stage, &name, wall, ready_s),
        };
        match played {
            Some(found) => return found,
            None => wrong = vec![late(times)],
        }
    }
    ClockCaseResult {
        line: serde_json::json!({"case": name, "holds": false}),
        wrong,
    }
}

const DOUBTED: (&str, &str) = ("installation.clock_doubted", "wall_moved");
const AGREED: (&str, &str) = ("installation.clock_trusted", "agreed");
const ALERT: (&str, &str) = ("alert.raised", "clock_off");

/// The window opens while the wall clock is wrong: no call is dialed until it is right.
fn opening(
    mut stage: ClockScenario,
    name: &str,
    wall: WallClockChange,
    ready_s: i64,
) -> Option<ClockCaseResult> {
    let edge = window().0;
    let before = if wall == WallClockChange::Stopped {
        STOP_S
    } else {
        JUMP_S
    };
    let jump = plus_s(edge, -before);
    stage.begin_again(plus_s(jump, -ready_s));
    if stage.is_late(jump) {
        return None;
    }
    stage.wait_until(jump);
    stage.wall.set(wall);
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
    Some(stage.end(name, window(), &[DOUBTED, AGREED, ALERT]))
}

/// The clock is wrong for a while within the window, then right, and wrong again at its end.
fn closing(
    mut stage: ClockScenario,
    name: &str,
    wall: WallClockChange,
    ready_s: i64,
) -> Option<ClockCaseResult> {
    let edge = window().1;
    let jump = plus_s(edge, -JUMP_S);
    stage.begin_again(plus_s(jump, -ready_s - BELIEVED_S));
    let was_dialed = stage.is_dialed_again();
    stage.wall.set(wall);
    let is_paused = stage.is_said(PAUSED);
    stage.hold(is_paused, "readiness does not say that the clock is wrong");
    let (from, before) = (stage.wall.true_now(), stage.invites().len());
    if stage.is_late(jump) {
        return None;
    }
    stage.hold(was_dialed, "no call is dialed within the window");
    stage.wait_until(plus_s(from, 1));
    let under_it = stage.invites().len() - before;
    // A call that was permitted before may just be on its way.
    stage.hold(under_it <= 1, &format!("{under_it} dials under a wrong clock"));
    stage.wall.set(WallClockChange::Right);
    let goes_on = stage.is_said(DIALING) && stage.is_dialed_again();
    if stage.is_late(jump) {
        return None;
    }
    stage.hold(goes_on, "no call is dialed when the clock is right again");
    stage.wait_until(jump);
    stage.wall.set(wall);
    stage.wait_until(plus_s(edge, AFTER_S));
    Some(stage.end(name, window(), &[DOUBTED, AGREED, ALERT]))
}
