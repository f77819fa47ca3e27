//! Proof about the wall clock: it is set or stopped near the edge of the calling window. No call is dialed
//! outside the true window, and dialing resumes when the clock is right again.
//!
//! Each case has a server of its own under libfaketime, and a carrier that records the times of INVITEs by
//! the machine's own clock. Those times are compared with the window, not what the server reports.

mod edge;
mod faked_wall;
mod restarts;
mod stage;

use super::{Form, Proof, skipped};
use edge::Edge;
use faked_wall::{FakedWall, Wall};
use serde_json::{Value, json};
use std::path::Path;

const HOURS_6: i64 = 6 * 3_600;
const HOURS_2: i64 = 2 * 3_600;

/// The number of servers at a time: each uses a processor while it starts.
const AT_ONCE: usize = 3;

/// The result of a case, with what was wrong.
struct Found {
    line: Value,
    wrong: Vec<String>,
}

type Case = fn(&Path) -> Found;

const SHORT: &[Case] = &[
    |shim| edge::prove(shim, Edge::Opening, Wall::SetBy(HOURS_6)),
    |shim| edge::prove(shim, Edge::Closing, Wall::SetBy(-3)),
];

const LONG: &[Case] = &[
    |shim| edge::prove(shim, Edge::Opening, Wall::SetBy(HOURS_6)),
    |shim| edge::prove(shim, Edge::Opening, Wall::SetBy(-HOURS_6)),
    |shim| edge::prove(shim, Edge::Opening, Wall::SetBy(3)),
    |shim| edge::prove(shim, Edge::Opening, Wall::SetBy(-3)),
    |shim| edge::prove(shim, Edge::Opening, Wall::Stopped),
    |shim| edge::prove(shim, Edge::Closing, Wall::SetBy(HOURS_6)),
    |shim| edge::prove(shim, Edge::Closing, Wall::SetBy(-HOURS_6)),
    |shim| edge::prove(shim, Edge::Closing, Wall::SetBy(3)),
    |shim| edge::prove(shim, Edge::Closing, Wall::SetBy(-3)),
    |shim| edge::prove(shim, Edge::Closing, Wall::Stopped),
    restarts::under_a_clock_that_was_doubted,
    restarts::before_the_end_of_the_log,
    restarts::confirmed_by_a_person,
    restarts::behind_the_tail_of_a_fast_clock,
];

pub(super) fn prove(form: Form) -> Proof {
    let Some(shim) = FakedWall::shim() else {
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
fn broken(_: Box<dyn std::any::Any + Send>) -> Found {
    Found {
        line: Value::Null,
        wrong: vec!["a case could not be played to its end".to_owned()],
    }
}
