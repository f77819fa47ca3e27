//! A reader of server-sent events that is cut at random, and continues at its acknowledged position.

use super::again;
use crate::generated_log::SeededGenerator;
use crate::program::fail;
use crate::server::Server;
use serde_json::json;
use std::io::{BufRead, BufReader};
use std::sync::atomic::{AtomicU64, Ordering};

/// The initial value of the checksum over the received positions.
pub(super) const BEGUN: u64 = 0xcbf2_9ce4_8422_2325;

/// Adds a position to the checksum: other positions, or another order, give another value (FNV-1a).
pub(super) fn mix_checksum(sum: u64, position: u64) -> u64 {
    position.to_le_bytes().iter().fold(sum, |sum, byte| {
        (sum ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// When a reader's connection is cut.
pub(super) enum CutSchedule {
    None,
    /// After at most so many events, at random.
    Random {
        chance: SeededGenerator,
        longest: u64,
    },
}

/// The events that one reader received, each counted once.
pub(super) struct ReceivedEvents {
    pub(super) name: String,
    pub(super) count: u64,
    pub(super) sum: u64,
    pub(super) last: u64,
    /// How often the connection was cut.
    pub(super) cuts: u64,
    /// The events received again because they were not acknowledged.
    pub(super) repeated: u64,
    pub(super) wrong: Vec<String>,
    /// The positions received and not acknowledged: they come again, in this order.
    owed: Vec<u64>,
    /// How many of these have come again on this connection.
    paid: usize,
}

impl ReceivedEvents {
    pub(super) fn nothing(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            count: 0,
            sum: BEGUN,
            last: 0,
            cuts: 0,
            repeated: 0,
            wrong: Vec::new(),
            owed: Vec::new(),
            paid: 0,
        }
    }

    /// Begins a new connection, on which everything not acknowledged comes again.
    pub(super) fn begin(&mut self) {
        self.paid = 0;
    }

    /// Begins a new connection of a reader that has acknowledged up to `said`, with its first position: the
    /// last acknowledgement may have arrived or not, and nothing else may be missing.
    pub(super) fn begin_with(&mut self, position: u64, said: u64) {
        let heard = self.owed.partition_point(|owed| *owed < position);
        if heard > self.owed.partition_point(|owed| *owed <= said) {
            self.wrong(format!("{position} came first, only {said} was acknowledged"));
        }
        self.acknowledged(position.saturating_sub(1));
        self.begin();
    }

    /// Removes acknowledged positions.
    pub(super) fn acknowledged(&mut self, position: u64) {
        let kept = self.owed.partition_point(|owed| *owed <= position);
        self.owed.drain(..kept);
        self.paid = self.paid.saturating_sub(kept);
    }

    pub(super) fn hear(&mut self, position: u64) {
        if let Some(expected) = self.owed.get(self.paid) {
            if *expected == position {
                self.paid += 1;
                self.repeated += 1;
            } else {
                self.wrong(format!("{position} came, {expected} was owed"));
            }
            return;
        }
        if position <= self.last {
            self.wrong(format!("{position} came behind {}", self.last));
            return;
        }
        self.last = position;
        self.count += 1;
        self.sum = mix_checksum(self.sum, position);
        self.owed.push(position);
        self.paid = self.owed.len();
    }

    fn wrong(&mut self, what: String) {
        if self.wrong.len() < 10 {
            self.wrong.push(format!("{}: {what}", self.name));
        }
    }
}

/// Reads until the position `until`, which is not known at first.
pub(super) fn read_all(
    server: &Server,
    name: &str,
    mut cuts: CutSchedule,
    until: &AtomicU64,
) -> ReceivedEvents {
    let mut received = ReceivedEvents::nothing(name);
    while received.last < until.load(Ordering::Acquire) {
        let length = match &mut cuts {
            CutSchedule::None => u64::MAX,
            CutSchedule::Random { chance, longest } => 1 + chance.below(*longest),
        };
        received.begin();
        read_some(server, &mut received, length, until);
        let CutSchedule::Random { chance, .. } = &mut cuts else {
            break;
        };
        received.cuts += 1;
        // Some connections are cut before the acknowledgement.
        if chance.below(3) > 0 {
            acknowledge(server, &mut received);
        }
    }
    received
}

/// Reads on one connection, cut after `length` events.
fn read_some(server: &Server, received: &mut ReceivedEvents, length: u64, until: &AtomicU64) {
    let url = format!("{}/api/v1/events/stream?subscriber={}", server.url, received.name);
    let body = again(|| {
        let reply = ureq::get(&url).header("authorization", server.bearer()).call();
        reply.ok().map(ureq::http::Response::into_body)
    });
    let mut lines = BufReader::new(body.into_reader()).lines().map_while(Result::ok);
    let (mut heard, mut is_note) = (0, false);
    while heard < length && received.last < until.load(Ordering::Acquire) {
        let Some(line) = lines.next() else { return };
        if line.is_empty() {
            is_note = false;
        } else if line.starts_with("event:") {
            is_note = true;
        } else if let Some(id) = line.strip_prefix("id:").filter(|_| !is_note) {
            let position = id.trim().parse();
            received.hear(position.unwrap_or_else(|_| fail("an id is a position")));
            heard += 1;
        }
    }
}

fn acknowledge(server: &Server, received: &mut ReceivedEvents) {
    let path = format!("/api/v1/subscribers/{}/acknowledge", received.name);
    server.must_post(&path, &json!({ "position": received.last.to_string() }));
    received.acknowledged(received.last);
}
