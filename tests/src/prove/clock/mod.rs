//! Proof about the wall clock: it is set or stopped near the edge of the calling window. No call is dialed
//! outside the true window, and dialing resumes when the clock is right again.
//!
//! Each case has a server of its own under libfaketime, and a carrier that records the times of INVITEs by
//! the machine's own clock. Those times are compared with the window, not what the server reports.

mod edge;
mod fake_wall_clock;
mod restarts;
mod scenario;

use super::{Form, Proof, skipped};
use edge::Edge;
use fake_wall_clock::{FakeWallClock, WallClockChange};
use serde_json::{Value, json};
use std::path::Path;

const HOURS_6: i64 = 6 * 3_600;
const HOURS_2: i64 = 2 * 3_600;

/// The number of servers at a time: each uses a processor while it starts.
const AT_ONCE: usize = 3;

/// The result of a case, with what was wrong.
struct ClockCaseResult {
    line: Value,
    wrong: Vec<String>,
}

type Case = fn(&Path) -> ClockCaseResult;

const SHORT: &[Case] = &[
    |shim| edge::prove(Form::Short, shim, Edge::Opening, WallClockChange::SetBy(HOURS_6)),
    |shim| edge::prove(Form::Short, shim, Edge::Closing, WallClockChange::SetBy(-3)),
];

const LONG: &[Case] = &[
    |shim| edge::prove(Form::Long, shim, Edge::Opening, WallClockChange::SetBy(HOURS_6)),
    |shim| edge::prove(Form::Long, shim, Edge::Opening, WallClockChange::SetBy(-HOURS_6)),
    |shim| edge::prove(Form::Long, shim, Edge::Opening, WallClockChange::SetBy(3)),
    |shim| edge::prove(Form::Long, shim, Edge::Opening, WallClockChange::SetBy(-3)),
    |shim| edge::prove(Form::Long, shim, Edge::Opening, WallClockChange::Stopped),
    |shim| edge::prove(Form::Long, shim, Edge::Closing, WallClockChange::SetBy(HOURS_6)),
    |shim| edge::prove(Form::Long, shim, Edge::Closing, WallClockChange::SetBy(-HOURS_6)),
    |shim| edge::prove(Form::Long, shim, Edge::Closing, WallClockChange::SetBy(3)),
    |shim| edge::prove(Form::Long, shim, Edge::Closing, WallClockChange::SetBy(-3)),
    |shim| edge::prove(Form::Long, shim, Edge::Closing, WallClockChange::Stopped),
    restarts::restart_under_doubted_clock,
    restarts::restart_before_log_end,
    restarts::confirm_clock_by_user,
    restarts::restart_after_fast_clock,
];

pub(super) fn prove(form: Form) -> Proof {
    let Some(shim) = FakeWallClock::shim() else {
        return skipped("clock", "faketime is not installed (apt-get install faketime)");
    };
    let cases = match form {
        Form::Short => SHORT,
        Form::Long => LONG,
    };
    let mut found = Vec::new();
    for some in cases.chunks(AT_ONCE) {
        found.extend(std::thread::scope(|scope| {
            let running: Vec<_> = some.iter().map(|case| scope.spawn(|| case(&shim))).collect();
            let ended = running.into_iter().map(|case| case.join().unwrap_or_else(broken));
            ended.collect::<Vec<_>>()
        }));
    }
    let sum = |name: &str| {
        found
            .iter()
            .filter_map(|case| case.line.get(name)?.as_u64())
            .sum::<u64>()
    };
    let (dialed, outside) = (sum("dialed"), sum("outside"));
    let wrong: Vec<&String> = found.iter().flat_map(|case| &case.wrong).collect();
    let holds = wrong.is_empty() && outside == 0 && dialed > 0;
    let lines: Vec<&Value> = found.iter().map(|case| &case.line).collect();
    Proof {
        line: json!({"proof": "clock", "cases": lines.len(), "dialed": dialed, "outside": outside,
            "wrong": wrong, "found": lines}),
        holds,
    }
}

/// Returns the result of a case that could not run to its end. The reason is on standard error.
fn broken(_: Box<dyn std::any::Any + Send>) -> ClockCaseResult {
    ClockCaseResult {
        line: Value::Null,
        wrong: vec!["a case could not be played to its end".to_owned()],
    }
}
