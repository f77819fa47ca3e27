//! One server under a faked wall clock, with its carrier and its campaign, and the checks of its dials.

use super::fake_wall_clock::{FakeWallClock, WallClockChange};
use super::{ClockCaseResult, Form};
use crate::busy_carrier::BusyCarrier;
use crate::history::{History, member};
use crate::passing_time::HUNG_AFTER;
use crate::program::{command, instant, ledgerline};
use crate::prove::{BUNDLED_TEXT, records};
use crate::server::Server;
use domain::time::Timestamp;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::TempDir;

/// The word of readiness while the clock is wrong and dialing is paused.
pub(super) const PAUSED: &str = "paused-clock-wrong";
/// The word of readiness otherwise.
pub(super) const DIALING: &str = "dialing";

/// The number of customers: more than a case has the time to dial at the trunk's rate.
const PEOPLE: u32 = 600;
/// The most dials that the trunk starts per second.
const DIALS_PER_SECOND: u32 = 2;

/// The longest wait for a word of readiness: a stopped clock is off after two seconds. Judged in the long
/// form.
pub(super) const SAID: Duration = Duration::from_secs(5);

/// The time within which an idle server obeys SIGTERM, whatever its clock shows. Judged in the long form.
const OBEYED_MS: u64 = 5_000;

/// How far stored times may differ from the true time: two seconds are adopted slowly.
const STORED_OFF_US: i64 = 2_000_000;

/// A minute in microseconds, a day in minutes, and the offset of Beijing from UTC in minutes.
const MINUTE_US: i64 = 60_000_000;
const DAY_MINUTES: i64 = 24 * 60;
const BEIJING_MINUTES: i64 = 8 * 60;

/// Parses an instant that is written in this proof.
pub(super) fn instant_of(text: &str) -> Timestamp {
    text.parse().expect("the instants of a proof are RFC 3339")
}

pub(super) struct ClockScenario {
    form: Form,
    folder: TempDir,
    shim: PathBuf,
    began: Timestamp,
    pub(super) wall: FakeWallClock,
    pub(super) carrier: BusyCarrier,
    pub(super) server: Server,
    wrong: Vec<String>,
    /// True if stored times must be the true times.
    holds_times: bool,
}

impl ClockScenario {
    /// Starts a server with `at` as the time of day, and waits until it is ready.
    pub(super) fn begin(form: Form, shim: &Path, at: Timestamp) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let wall = FakeWallClock::beginning_at(folder.path(), at);
        let carrier = BusyCarrier::start();
        let began = wall.true_now();
        let server = serve(folder.path(), &carrier, &wall, shim);
        let mut stage = Self {
            form,
            folder,
            shim: shim.to_owned(),
            began,
            wall,
            carrier,
            server,
            wrong: Vec::new(),
            holds_times: true,
        };
        stage.wait_ready();
        stage
    }

    fn wait_ready(&mut self) {
        let is_ready = self.server.wait_ready();
        self.hold(is_ready, "the server does not become ready");
    }

    /// Creates and starts a campaign from 09:00 to 18:00 in Beijing.
    pub(super) fn start_campaign(&self) {
        self.start_campaign_from("09:00");
    }

    /// Creates and starts a campaign from `start_time` to 18:00 in Beijing.
    pub(super) fn start_campaign_from(&self, start_time: &str) {
        let body = json!({"task_id": "EDGE", "customer_segment": "overdue_3_days",
            "script_template": BUNDLED_TEXT,
            "schedule": {"start_time": start_time, "end_time": "18:00", "max_concurrent": 50}});
        self.server.must_post("/api/v1/campaigns", &body);
        let people = json!({"task_id": "EDGE", "records": records(PEOPLE, 8)});
        self.server.must_post("/api/v1/tasks/data", &people);
        self.server.must_post("/api/v1/campaigns/EDGE/start", &json!({}));
    }

    /// Moves the start or the end of the campaign's calling hours (`member`) to the first whole minute that
    /// is at least `ahead_s` seconds ahead, and returns it. The server runs already, so no start can be too
    /// slow.
    pub(super) fn move_hours(&mut self, member: &str, ahead_s: i64) -> Timestamp {
        let soonest_us = plus_s(self.wall.true_now(), ahead_s).micros();
        let minute = soonest_us.div_euclid(MINUTE_US) + 1;
        let in_beijing = (minute + BEIJING_MINUTES).rem_euclid(DAY_MINUTES);
        let text = format!("{:02}:{:02}", in_beijing / 60, in_beijing % 60);
        let change = json!({"schedule": {member: text}, "reason": "the edge of this case"});
        self.server.must_post("/api/v1/campaigns/EDGE/plan", &change);
        Timestamp::from_micros(minute * MINUTE_US)
    }

    pub(super) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Kills the server, and starts it again under the wall clock as it is.
    pub(super) fn start_again(&mut self) {
        self.server.program.kill();
        self.server = serve(self.folder.path(), &self.carrier, &self.wall, &self.shim);
        self.wait_ready();
    }

    /// Turns off the check of stored times: a process that starts under a wrong clock, or adopts another one,
    /// stores its time.
    pub(super) fn times_are_not_held(&mut self) {
        self.holds_times = false;
    }

    /// Records `why` as wrong unless `holds` is true.
    pub(super) fn hold(&mut self, holds: bool, why: &str) {
        if !holds {
            self.wrong.push(why.to_owned());
        }
    }

    /// Waits for this word about dialing. Returns false if the server does not print it.
    pub(super) fn is_said(&self, word: &str) -> bool {
        self.server.says_of_dialing(word, self.form.waits(SAID))
    }

    /// Returns a member of the present response of `/readyz`.
    pub(super) fn readiness(&self, pointer: &str) -> Value {
        let reply = self.server.get("/readyz").ok();
        reply.map_or(Value::Null, |reply| member(&reply.body, pointer).clone())
    }

    /// Returns the true times of the INVITEs so far, in order.
    pub(super) fn invites(&self) -> Vec<Timestamp> {
        let invites = self.carrier.invites().into_iter();
        invites.map(|machine| self.wall.of_machine(machine)).collect()
    }

    /// Waits for an INVITE from now on. Returns false if there is none.
    pub(super) fn is_dialed_again(&self) -> bool {
        let from = self.wall.true_now();
        self.carrier.is_invited(self.form.waits(SAID), |machine| {
            self.wall.of_machine(machine) >= from
        })
    }

    pub(super) fn wait_until(&self, at: Timestamp) {
        // Waits for an INVITE that never matches: the case decides what happens when.
        let passes = |time| self.carrier.is_invited(time, |_| false);
        passes(at.duration_since(self.wall.true_now()));
        // By the true time. The machine's clock must not be set during this proof.
        let short = at.duration_since(self.wall.true_now());
        assert!(short < SAID, "the machine's own clock goes on while a proof runs");
        passes(short);
    }

    /// Runs a command against this server, which must succeed.
    pub(super) fn ask(&mut self, args: &[&str]) {
        let output = self.server.run(args);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        self.hold(output.status.success(), &format!("{args:?}: {said}"));
    }

    /// Ends the server under the wall clock as it is, and checks its log and the times of its INVITEs.
    pub(super) fn end(
        mut self,
        name: &str,
        window: (Timestamp, Timestamp),
        kinds: &[(&str, &str)],
    ) -> ClockCaseResult {
        let asked = instant();
        self.server.program.signal("TERM");
        let stopped = self.server.program.wait(HUNG_AFTER);
        let took = instant().duration_since(asked).as_millis();
        let sigterm_ms = u64::try_from(took).unwrap_or(u64::MAX);
        let is_in_time = sigterm_ms <= OBEYED_MS || !self.form.judges_time();
        let is_obeyed = stopped.is_some_and(|status| status.success()) && is_in_time;
        self.hold(is_obeyed, "SIGTERM is not obeyed at once");
        let history = History::read(&self.data());
        for (kind, text) in kinds {
            let is_there = history
                .of(kind)
                .any(|event| member(event, "/data").to_string().contains(text));
            self.hold(is_there, &format!("no {kind} with {text}"));
        }
        if self.holds_times {
            self.hold_stored_times(&history);
        }
        let invites = self.invites();
        let outside = invites
            .iter()
            .filter(|at| **at < window.0 || **at >= window.1)
            .count();
        self.hold(outside == 0, &format!("{outside} dials outside the true window"));
        let are_left = invites.len() < PEOPLE as usize;
        self.hold(are_left, "no customer was left to be dialed at the end");
        let wrong = self.wrong.iter().map(|why| format!("{name}: {why}")).collect();
        ClockCaseResult {
            line: json!({"case": name, "dialed": invites.len(), "outside": outside, "sigterm_ms": sigterm_ms,
                "holds": self.wrong.is_empty()}),
            wrong,
        }
    }

    /// Checks that stored times are the true times, whatever the wall clock showed.
    fn hold_stored_times(&mut self, history: &History) {
        let until = self.wall.true_now().micros() + STORED_OFF_US;
        let near = self.began.micros() - STORED_OFF_US..=until;
        let is_within = |at: &Timestamp| near.contains(&at.micros());
        let times = history
            .events
            .iter()
            .filter_map(|event| member(event, "/time").as_str()?.parse().ok());
        let (near, far): (Vec<Timestamp>, Vec<_>) = times.partition(is_within);
        self.hold(
            !near.is_empty() && far.is_empty(),
            &format!("{} events stored at a wrong time", far.len()),
        );
    }
}

fn serve(folder: &Path, carrier: &BusyCarrier, wall: &FakeWallClock, shim: &Path) -> Server {
    let data = folder.join("data");
    let mut program = command(ledgerline());
    program.arg("serve").arg("--data").arg(&data);
    let trunk = format!("{};dials-per-second={DIALS_PER_SECOND}", carrier.trunk());
    program.args(["--trunk", &trunk]);
    program.args(["--http", "127.0.0.1:0", "--drain", "2s"]);
    wall.fake(&mut program, shim);
    Server::of(program, &data)
}

/// Returns the calling window: 09:00 to 18:00 in Beijing on a Monday.
pub(super) fn window() -> (Timestamp, Timestamp) {
    (
        instant_of("2026-03-02T01:00:00Z"),
        instant_of("2026-03-02T10:00:00Z"),
    )
}

/// Returns an instant plus so many seconds, which may be negative.
pub(super) fn plus_s(at: Timestamp, seconds: i64) -> Timestamp {
    Timestamp::from_micros(at.micros() + seconds * 1_000_000)
}

/// Returns the word for a change of the wall clock in results.
pub(super) fn word(wall: WallClockChange) -> String {
    match wall {
        WallClockChange::Right => "right".to_owned(),
        WallClockChange::Stopped => "stopped".to_owned(),
        WallClockChange::SetBy(seconds) => format!("{seconds:+} s"),
    }
}
