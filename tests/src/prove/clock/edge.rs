//! The clock is set while a campaign runs beside the edge of its window: shortly before it opens, or shortly
//! before it closes.

use super::Found;
use super::faked_wall::Wall;
use super::stage::{DIALING, PAUSED, Stage, plus_s, window, word};
use std::path::Path;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Edge {
    Opening,
    Closing,
}

/// Seconds from the start of the server to the edge, tried in turn: a busy machine needs more to be ready.
const EARLIER_S: [i64; 3] = [11, 24, 60];

/// The clock is set so long before the edge: three seconds then reach over it.
const JUMP_S: i64 = 2;

/// One that stops, so long: it is 2 s behind, and looked at, before the window opens.
const STOP_S: i64 = 4;

/// It is looked so long after the edge, with the wall still wrong.
const AFTER_S: i64 = 2;

pub(super) fn prove(shim: &Path, edge: Edge, wall: Wall) -> Found {
    let name = format!("{edge:?} {}", word(wall));
    let late = |earlier| format!("{name}: not ready {JUMP_S} s before the edge, begun {earlier} s before it");
    let mut wrong = Vec::new();
    for earlier in EARLIER_S {
        let played = match edge {
            Edge::Opening => opening(shim, &name, (wall, earlier)),
            Edge::Closing => closing(shim, &name, (wall, earlier)),
        };
        match played {
            Some(found) => return found,
            None => wrong = vec![late(earlier)],
        }
    }
    Found {
        line: serde_json::json!({"case": name, "holds": false}),
        wrong,
    }
}

const DOUBTED: (&str, &str) = ("installation.clock_doubted", "wall_moved");
const AGREED: (&str, &str) = ("installation.clock_trusted", "agreed");
const ALERT: (&str, &str) = ("alert.raised", "clock_off");

/// The window opens while the wall is wrong: nobody is dialed until it is right.
fn opening(shim: &Path, name: &str, (wall, earlier): (Wall, i64)) -> Option<Found> {
    let edge = window().0;
    let mut stage = Stage::begin(shim, plus_s(edge, -earlier));
    stage.start_campaign();
    let before = if wall == Wall::Stopped { STOP_S } else { JUMP_S };
    let jump = plus_s(edge, -before);
    if stage.wall.true_now() >= jump {
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
    stage.wall.set(Wall::Right);
    let goes_on = stage.is_said(DIALING) && stage.is_dialed_again();
    stage.hold(goes_on, "nobody is dialed when the clock is right again");
    Some(stage.end(name, window(), &[DOUBTED, AGREED, ALERT]))
}

/// The clock is wrong for a while within the window, right again, and wrong again over its end.
fn closing(shim: &Path, name: &str, (wall, earlier): (Wall, i64)) -> Option<Found> {
    let edge = window().1;
    let mut stage = Stage::begin(shim, plus_s(edge, -earlier - 4));
    stage.start_campaign();
    let jump = plus_s(edge, -JUMP_S);
    let was_dialed = stage.is_dialed_again();
    stage.wall.set(wall);
    let is_paused = stage.is_said(PAUSED);
    let (from, before) = (stage.wall.true_now(), stage.invites().len());
    if from >= jump {
        return None;
    }
    stage.hold(was_dialed, "nobody is dialed within the window");
    stage.hold(is_paused, "readiness does not say that the clock is wrong");
    stage.wait_until(plus_s(from, 1));
    let under_it = stage.invites().len() - before;
    // One that was granted before may just be on its way.
    stage.hold(under_it <= 1, &format!("{under_it} dials under a wrong clock"));
    stage.wall.set(Wall::Right);
    let goes_on = stage.is_said(DIALING) && stage.is_dialed_again();
    if stage.wall.true_now() >= jump {
        return None;
    }
    stage.hold(goes_on, "nobody is dialed when the clock is right again");
    stage.wait_until(jump);
    stage.wall.set(wall);
    stage.wait_until(plus_s(edge, AFTER_S));
    Some(stage.end(name, window(), &[DOUBTED, AGREED, ALERT]))
}
