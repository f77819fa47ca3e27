//! One server of the night, from its start to its end, and the relation of its rehearsal clock to the
//! machine's clock.
//!
//! A command is stored with the time of the rehearsal clock, and the machine's clock is read before and after
//! it: this bounds the difference of the two clocks, independent of what the server reports about its dials.

use super::process_usage::ProcessUsage;
use crate::history::member;
use crate::passing_time::HUNG_AFTER;
use crate::program::{command, fail, ledgerline};
use crate::server::Server;
use domain::ports::clock::Clock;
use domain::time::Timestamp;
use host::clock::SystemClock;
use serde_json::json;
use std::path::PathBuf;
use std::time::Duration;

/// The directory and trunk of all servers of the night.
pub(super) struct NightSetup {
    pub(super) data: PathBuf,
    pub(super) trunk: String,
}

/// How far a rehearsal clock is ahead of the machine's clock, in microseconds: at least and at most.
#[derive(Debug, Clone, Copy)]
pub(super) struct ClockLead {
    pub(super) least: i64,
    pub(super) most: i64,
}

impl ClockLead {
    /// Returns the earliest and the latest time by the rehearsal's clock for a machine time.
    pub(super) fn of_machine(&self, machine: Timestamp) -> (Timestamp, Timestamp) {
        let by = |ahead: i64| Timestamp::from_micros(machine.micros().saturating_add(ahead));
        (by(self.least), by(self.most))
    }
}

pub(super) struct NightServer {
    pub(super) server: Server,
    pub(super) start_took: Duration,
    began: Timestamp,
    ahead: ClockLead,
    first: ProcessUsage,
}

/// A server that has ended.
pub(super) struct EndedServer {
    /// The start by the machine's clock.
    pub(super) began: Timestamp,
    pub(super) ended: Timestamp,
    pub(super) is_killed: bool,
    pub(super) is_dirty: bool,
    pub(super) ahead: ClockLead,
    pub(super) used: ProcessUsage,
}

impl EndedServer {
    pub(super) fn seconds(&self) -> u64 {
        self.ended.duration_since(self.began).as_secs()
    }
}

/// Parses an instant that is written in this proof.
pub(super) fn instant_of(text: &str) -> Timestamp {
    text.parse()
        .unwrap_or_else(|_| fail("the instants of a proof are RFC 3339"))
}

/// Returns the machine's time, which the carrier uses too.
fn machine_now() -> Timestamp {
    SystemClock::default().now()
}

impl NightServer {
    /// Starts a server with a clock that begins at `at`, or after the last recorded event if that is later.
    pub(super) fn start(place: &NightSetup, at: Timestamp) -> Self {
        let began = machine_now();
        let program =
            Server::rehearsing_at(command(ledgerline()), &place.data, &place.trunk, &at.to_string());
        let mut server = Server::of(program, &place.data);
        if !server.wait_ready() {
            fail("the server does not become ready");
        }
        let start_took = machine_now().duration_since(began);
        let ahead = ahead(&server);
        let first = ProcessUsage::of(server.program.id());
        Self {
            server,
            start_took,
            began,
            ahead,
            first,
        }
    }

    /// Waits until its clock has reached `at`. Fails if the server ends meanwhile.
    pub(super) fn wait_until(&self, at: Timestamp) {
        let (_, latest) = self.ahead.of_machine(machine_now());
        self.goes_on_for(at.duration_since(latest));
    }

    pub(super) fn goes_on_for(&self, time: Duration) {
        if self.server.program.ends(time).is_some() {
            fail("the server has ended by itself");
        }
    }

    /// Kills the server with SIGKILL.
    pub(super) fn kill(mut self) -> EndedServer {
        let used = ProcessUsage::of(self.server.program.id());
        self.server.program.kill();
        EndedServer {
            is_killed: true,
            ..self.ended(used)
        }
    }

    /// Drains the server: its calls may end.
    pub(super) fn end(mut self) -> EndedServer {
        let used = ProcessUsage::of(self.server.program.id());
        let is_clean = self.server.program.drains(HUNG_AFTER);
        EndedServer {
            is_dirty: !is_clean,
            ..self.ended(used)
        }
    }

    fn ended(self, used: ProcessUsage) -> EndedServer {
        EndedServer {
            began: self.began,
            ended: machine_now(),
            is_killed: false,
            is_dirty: false,
            ahead: self.ahead,
            used: used.since(self.first),
        }
    }
}

/// Sends a command between two readings of the machine's clock, and compares them with its stored time.
fn ahead(server: &Server) -> ClockLead {
    let before = machine_now();
    // A different number each time: suppressing one again stores no event.
    let number = format!("139{:08}", before.micros().rem_euclid(100_000_000));
    let order = json!({"number": number, "reason": "what time is it"});
    let position = server.must_post("/api/v1/numbers/suppress", &order).position;
    let after = machine_now();
    let position = position.unwrap_or_else(|| fail("a write returns its position"));
    let path = format!("/api/v1/events?after={}&limit=1", position - 1);
    let page = server.get(&path).unwrap_or_else(|error| fail(&error));
    let stored = member(&page.body, "/items/0/time").as_str().unwrap_or_default();
    let stored = stored.parse::<Timestamp>();
    let stored = stored.unwrap_or_else(|_| fail(&format!("an event has no time: {}", page.body)));
    ClockLead {
        least: stored.micros() - after.micros(),
        most: stored.micros() - before.micros(),
    }
}
