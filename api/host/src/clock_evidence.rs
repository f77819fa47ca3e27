//! Evidence of what the clock is worth: it is compared with others at the start, at its times and on request.
//!
//! Each offset is kept beside the drivers, which dial nobody while one is beyond two seconds, and noted in
//! the log when it says something new. A source that is away changes nothing: what it said last stands. A
//! rehearsal's clock is made up and compared with none.

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

/// Between two measurements: a public server takes a question every 64 s (RFC 5905, 7.3: minpoll).
const MEASURE_MS: u64 = 64_000;

/// Longest wait for the database's clock.
const DATABASE_MS: u64 = 2_000;

/// The name of the database's clock.
const DATABASE: &str = "postgresql";

/// What the clock is compared with.
pub struct ClockEvidence {
    environment: Environment,
    system: ActorSystem,
    ntp: Option<NtpServer>,
    database: Option<Arc<PostgresEventStore>>,
    /// `None` in a rehearsal, whose time is made up.
    pub watch: Option<Arc<ClockWatch>>,
}

/// What one source answered.
pub struct Measured {
    pub source: String,
    pub offset: Result<ClockOffset, String>,
    /// It said something new, and the log has it.
    pub is_noted: bool,
}

impl ClockEvidence {
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

    /// Measures once before it returns, then at its times until the process stops. An error where the log
    /// does not say what was held of the clock.
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

    /// Asks every source now.
    pub async fn measure(&self) -> Vec<Measured> {
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

    async fn keep(&self, source: String, offset: Result<ClockOffset, String>) -> Measured {
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
                    "the clock could not be compared; what was measured last stands"
                );
                false
            }
        };
        Measured {
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

    /// What readiness says: the last offsets, or nothing where the clock is compared with nothing.
    pub fn shown(&self) -> Option<Vec<OffsetShown>> {
        let all = self.environment.skew.all();
        let shown = all.iter().map(|(offset, at)| OffsetShown::of(offset, *at));
        (!all.is_empty()).then(|| shown.collect())
    }

    /// Why nothing is dialed, when the clock is the reason.
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

/// One offset in a reply.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct OffsetShown {
    #[schemars(example = &"ntp.example.com:123")]
    source: String,
    offset_ms: i64,
    round_trip_ms: u64,
    uncertainty_ms: u64,
    measured_at: Timestamp,
    dialing_allowed: bool,
}

impl OffsetShown {
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

/// The database read its clock at some moment between: the middle, give or take half.
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
