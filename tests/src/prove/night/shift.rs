//! One server of the night, from its start to its end, and what its rehearsal clock says when the machine's
//! clock says something.
//!
//! An order that is given to it stands in the log with the time of that clock, and the machine's clock was
//! read before and behind: so much is known of how far they are apart, whatever it says of its dials.

use super::used::Used;
use crate::history::member;
use crate::program::{command, fail, ledgerline};
use crate::server::Server;
use domain::ports::clock::Clock;
use domain::time::Timestamp;
use host::clock::SystemClock;
use serde_json::json;
use std::path::PathBuf;
use std::time::Duration;

/// How long its calls may take that are open when it is to end.
const DRAINED: Duration = Duration::from_secs(60);

/// Where all servers of the night work.
pub(super) struct Place {
    pub(super) data: PathBuf,
    pub(super) trunk: String,
}

/// How far a rehearsal clock is ahead of the machine's, in microseconds: at least and at most.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ahead {
    pub(super) least: i64,
    pub(super) most: i64,
}

impl Ahead {
    /// The times that it may have been by the rehearsal's clock.
    pub(super) fn of_machine(&self, machine: Timestamp) -> (Timestamp, Timestamp) {
        let by = |ahead: i64| Timestamp::from_micros(machine.micros().saturating_add(ahead));
        (by(self.least), by(self.most))
    }
}

pub(super) struct Shift {
    pub(super) server: Server,
    pub(super) start_took: Duration,
    began: Timestamp,
    ahead: Ahead,
    first: Used,
}

/// A server that is gone.
pub(super) struct Ended {
    /// By the machine's clock.
    pub(super) began: Timestamp,
    pub(super) ended: Timestamp,
    pub(super) is_killed: bool,
    pub(super) is_dirty: bool,
    pub(super) ahead: Ahead,
    pub(super) used: Used,
}

impl Ended {
    pub(super) fn seconds(&self) -> u64 {
        self.ended.duration_since(self.began).as_secs()
    }
}

/// The instant of a text that stands in this proof.
pub(super) fn instant_of(text: &str) -> Timestamp {
    text.parse()
        .unwrap_or_else(|_| fail("the instants of a proof are RFC 3339"))
}

/// What the machine's clock says, and the carrier's: it is that one.
fn machine_now() -> Timestamp {
    SystemClock::default().now()
}

impl Shift {
    /// Starts a server whose clock begins at `at`, or goes on behind what is recorded later.
    pub(super) fn start(place: &Place, at: Timestamp) -> Self {
        let began = machine_now();
        let program =
            Server::rehearsing_at(command(ledgerline()), &place.data, &place.trunk, &at.to_string());
        let mut server = Server::of(program, &place.data);
        if !server.wait_ready() {
            fail("the server does not become ready");
        }
        let start_took = machine_now().duration_since(began);
        let ahead = ahead(&server);
        let first = Used::of(server.program.id());
        Self {
            server,
            start_took,
            began,
            ahead,
            first,
        }
    }

    /// Until its clock has come there; it must not end meanwhile.
    pub(super) fn wait_until(&self, at: Timestamp) {
        let (_, latest) = self.ahead.of_machine(machine_now());
        self.goes_on_for(at.duration_since(latest));
    }

    pub(super) fn goes_on_for(&self, time: Duration) {
        if self.server.program.ends(time).is_some() {
            fail("the server has ended by itself");
        }
    }

    /// Kill -9, wherever it is.
    pub(super) fn kill(mut self) -> Ended {
        let used = Used::of(self.server.program.id());
        self.server.program.kill();
        Ended {
            is_killed: true,
            ..self.ended(used)
        }
    }

    /// Lets its calls end.
    pub(super) fn end(mut self) -> Ended {
        let used = Used::of(self.server.program.id());
        let is_clean = self.server.program.drains(DRAINED);
        Ended {
            is_dirty: !is_clean,
            ..self.ended(used)
        }
    }

    fn ended(self, used: Used) -> Ended {
        Ended {
            began: self.began,
            ended: machine_now(),
            is_killed: false,
            is_dirty: false,
            ahead: self.ahead,
            used: used.since(self.first),
        }
    }
}

/// An order between two looks at the machine's clock, and the time under which it is stored.
fn ahead(server: &Server) -> Ahead {
    let before = machine_now();
    // Another number each time: what is suppressed already is no new event.
    let number = format!("139{:08}", before.micros().rem_euclid(100_000_000));
    let order = json!({"number": number, "reason": "what time is it"});
    let position = server.must_post("/api/v1/numbers/suppress", &order).position;
    let after = machine_now();
    let position = position.unwrap_or_else(|| fail("a write says where it stands"));
    let path = format!("/api/v1/events?after={}&limit=1", position - 1);
    let page = server.get(&path).unwrap_or_else(|error| fail(&error));
    let stored = member(&page.body, "/items/0/time").as_str().unwrap_or_default();
    let stored = stored.parse::<Timestamp>();
    let stored = stored.unwrap_or_else(|_| fail(&format!("an event has no time: {}", page.body)));
    Ahead {
        least: stored.micros() - after.micros(),
        most: stored.micros() - before.micros(),
    }
}
