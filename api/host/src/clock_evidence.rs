//! Measures the process's clock against an NTP server and the database's clock: at the start, every 64 s and
//! on request.
//!
//! Each offset is kept in memory, where the drivers see it: they stop dialing while one exceeds two seconds.
//! It is also recorded in the log if it says something new. If a source does not answer, its last offset
//! stays in force. The clock of a rehearsal is made up and is compared with nothing.

use crate::clock::SystemClock;
use crate::clock_watch::ClockWatch;
use crate::outbound::ntp::{self, NtpServer};
use actors::{ActorSystem, Environment};
use application::clock_doubt::doubt_in_words;
use domain::ids::LogId;
use domain::installation::{CLOCK_SKEW_MS_MAX, ClockOffset, InstallationCommand};
use domain::ports::clock::Clock;
use domain::ports::event_store::StoreError;
use domain::stored_event::Cause;
use domain::time::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use std::sync::Arc;
use store::PostgresEventStore;

/// Milliseconds between two measurements: 64 s, as often as a public server may be asked (RFC 5905, 7.3:
/// minpoll).
const MEASURE_MS: u64 = 64_000;

/// The longest wait for the database to return its clock, in milliseconds.
const DATABASE_MS: u64 = 2_000;

/// The name under which offsets from the database's clock are recorded.
const DATABASE: &str = "postgresql";

/// Compares the clock of this process with an NTP server and the database, and records the offsets.
pub struct ClockEvidence {
    environment: Environment,
    system: ActorSystem,
    ntp: Option<NtpServer>,
    database: Option<Arc<PostgresEventStore>>,
    /// The watch of this process's wall clock; `None` in a rehearsal, because its time is made up.
    pub watch: Option<Arc<ClockWatch>>,
}

/// The result of asking one source for its time.
pub struct ClockMeasurement {
    pub source: String,
    pub offset: Result<ClockOffset, String>,
    /// True if the offset said something new and is recorded in the log.
    pub is_noted: bool,
}

impl ClockEvidence {
    /// Creates the evidence without measuring. `database` and `ntp`: the sources, if there are any;
    /// `clock`: the wall clock to watch, `None` in a rehearsal.
    pub fn new(
        environment: &Environment,
        system: &ActorSystem,
        ntp: Option<NtpServer>,
        database: Option<Arc<PostgresEventStore>>,
        clock: Option<Arc<SystemClock>>,
    ) -> Arc<Self> {
        Arc::new(Self {
            watch: clock.map(|clock| ClockWatch::new(environment, system, clock)),
            environment: environment.clone(),
            system: system.clone(),
            ntp,
            database,
        })
    }

    fn has_sources(&self) -> bool {
        !self.environment.rehearsal && (self.ntp.is_some() || self.database.is_some())
    }

    /// Measures once if there are sources, then starts the tasks that measure every 64 s and watch the wall
    /// clock until the process stops. Fails if the log cannot be read for an earlier doubt about the clock.
    pub async fn begin(self: &Arc<Self>) -> Result<(), StoreError> {
        if self.has_sources() {
            self.measure().await;
            self.go_on_measuring();
        }
        if let Some(watch) = &self.watch {
            watch.begin().await?;
        }
        Ok(())
    }

    fn go_on_measuring(self: &Arc<Self>) {
        let evidence = Arc::clone(self);
        let stop = self.environment.tasks.stop_signal();
        let measuring = async move {
            let clock = Arc::clone(&evidence.environment.clock);
            loop {
                tokio::select! {
                    biased;
                    () = stop.stopping() => return,
                    () = clock.wait_until(clock.now().plus_ms(MEASURE_MS)) => {}
                }
                tokio::select! {
                    biased;
                    () = stop.stopping() => return,
                    _measured = evidence.measure() => {}
                }
            }
        };
        self.environment
            .tasks
            .spawn("clock evidence", Box::pin(measuring));
    }

    /// Asks every source now and keeps the answers. Returns one entry per source; none in a rehearsal.
    pub async fn measure(&self) -> Vec<ClockMeasurement> {
        let mut measured = Vec::new();
        if self.environment.rehearsal {
            return measured;
        }
        let (clock, ids) = (self.environment.clock.as_ref(), self.environment.ids.as_ref());
        if let Some(server) = &self.ntp {
            let offset = ntp::measure(server, clock, ids).await;
            measured.push(self.keep(server.to_string(), offset).await);
        }
        if let Some(database) = &self.database {
            let offset = ask_database(database, clock).await;
            measured.push(self.keep(DATABASE.to_owned(), offset).await);
        }
        measured
    }

    async fn keep(&self, source: String, offset: Result<ClockOffset, String>) -> ClockMeasurement {
        let is_noted = match &offset {
            Ok(offset) => {
                let now = self.environment.clock.now();
                self.environment.skew.measured(offset.clone(), now);
                self.note(offset.clone()).await
            }
            Err(why) => {
                tracing::warn!(
                    why,
                    source,
                    "the clock could not be compared with this source; the last offset stays in force"
                );
                false
            }
        };
        ClockMeasurement {
            source,
            offset,
            is_noted,
        }
    }

    async fn note(&self, offset: ClockOffset) -> bool {
        let cause = Cause::outside(self.environment.ids.command(self.environment.clock.now()));
        let command = InstallationCommand::NoteClockOffset(offset);
        match self.system.installation.ask(&LogId, command, cause).await {
            Ok(answer) => !answer.events.is_empty(),
            Err(error) => {
                tracing::warn!(%error, "a clock offset could not be noted in the log");
                false
            }
        }
    }

    /// Returns the last offset from each source, for the readiness response. `None` if no source is
    /// configured or none has answered yet.
    pub fn shown(&self) -> Option<Vec<ClockOffsetResponse>> {
        let all = self.environment.skew.all();
        let shown = all
            .iter()
            .map(|(offset, at)| ClockOffsetResponse::of(offset, *at));
        (!all.is_empty()).then(|| shown.collect())
    }

    /// Returns the text why dialing is stopped because of the clock: a doubt about the wall clock, or an
    /// offset over the limit. `None` if the clock is not a reason.
    pub fn refusal(&self) -> Option<String> {
        if let Some(doubt) = self.environment.skew.doubted() {
            return Some(doubt_in_words(doubt));
        }
        let ClockOffset {
            offset_ms, source, ..
        } = self.environment.skew.exceeded()?;
        Some(format!(
            "the clock is {offset_ms} ms from that of {source}, more than {CLOCK_SKEW_MS_MAX}: nothing new is \
             dialed. Set this machine's clock; it is compared again every {} s, and by `ledgerline clock \
             measure`",
            MEASURE_MS / 1_000
        ))
    }
}

/// The offset of this process's clock from one source, as responses show it.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ClockOffsetResponse {
    #[schemars(example = &"ntp.example.com:123")]
    source: String,
    offset_ms: i64,
    round_trip_ms: u64,
    uncertainty_ms: u64,
    measured_at: Timestamp,
    dialing_allowed: bool,
}

impl ClockOffsetResponse {
    /// Converts an offset that was measured at `at`; dialing is allowed up to `CLOCK_SKEW_MS_MAX`.
    pub fn of(offset: &ClockOffset, at: Timestamp) -> Self {
        Self {
            source: offset.source.clone(),
            offset_ms: offset.offset_ms,
            round_trip_ms: offset.round_trip_ms,
            uncertainty_ms: offset.uncertainty_ms,
            measured_at: at,
            dialing_allowed: offset.offset_ms.unsigned_abs() <= CLOCK_SKEW_MS_MAX,
        }
    }
}

async fn ask_database(database: &PostgresEventStore, clock: &dyn Clock) -> Result<ClockOffset, String> {
    let asked = clock.now();
    let theirs = tokio::select! {
        biased;
        () = clock.wait_until(asked.plus_ms(DATABASE_MS)) => return Err("it does not answer".to_owned()),
        theirs = database.clock_now() => theirs.map_err(|error| error.to_string())?,
    };
    Ok(offset_between(asked, theirs, clock.now()))
}

/// Computes the offset from a database's clock. The database read its clock at some moment between question
/// and answer: the middle is assumed, and half of the way is the uncertainty.
fn offset_between(asked: Timestamp, theirs: Timestamp, answered: Timestamp) -> ClockOffset {
    let way_us = answered.micros().saturating_sub(asked.micros()).max(0);
    let middle = asked.micros().saturating_add(way_us / 2);
    let ms = |us: i64| u64::try_from(us).unwrap_or(0).div_ceil(1_000);
    ClockOffset {
        offset_ms: theirs.micros().saturating_sub(middle) / 1_000,
        round_trip_ms: ms(way_us),
        source: DATABASE.to_owned(),
        uncertainty_ms: ms(way_us / 2),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_s_clock_is_compared_with_the_middle_of_the_way() {
        let at = |ms: i64| Timestamp::from_millis(1_000_000 + ms);
        for (theirs, offset_ms) in [(5, 0), (2_006, 2_001), (-2_000, -2_005)] {
            let offset = offset_between(at(0), at(theirs), at(10));
            assert_eq!((offset.offset_ms, offset.round_trip_ms), (offset_ms, 10));
            assert_eq!(offset.uncertainty_ms, 5);
        }
    }
}
