//! Whether the wall clock is believed: it is held to the steady clock and to the end of the log, all the
//! time.
//!
//! While it is doubted nobody is dialed. A doubt is an event, and so is its end: both agree again, another
//! clock finds the wall right, or a person says so. A doubt that an earlier process left in the log stands
//! until a source or a person ends it, since a process that has just begun agrees with any wall. A start
//! under a fast clock cannot be told from a late start: only another clock (`--ntp`) can tell.

use crate::clock::SystemClock;
use actors::{ActorSystem, Environment};
use domain::decider::Decider;
use domain::ids::LogId;
use domain::installation::{
    CLOCK_SKEW_MS_MAX, ClockDoubt, ClockDoubtCause, ClockOffset, Installation, InstallationCommand,
    InstallationEvent,
};
use domain::ports::event_store::{EventStore, StoreError};
use domain::stored_event::{Cause, Position, StreamVersion, read_event};
use domain::time::Timestamp;
use std::sync::{Arc, Mutex, PoisonError};

/// Between two looks: a jump is seen before a round of the dialer has gone by.
const LOOK_MS: u64 = 500;
/// How long an offset says where the wall stands: a source is asked every 64 s, and may miss some.
const OFFSET_MS: u64 = 600_000;
/// Events of the installation that are read at a time at the start.
const PAGE_EVENTS_MAX: usize = 256;

/// What is known at one moment.
#[derive(Debug, Clone, Default)]
struct Facts {
    /// The wall clock minus the process's time.
    apart_ms: i64,
    /// The last event's `recorded_at` minus the process's time when this process began; 0 once it is
    /// accepted.
    log_ahead_ms: i64,
    /// A source by which the wall clock is right.
    right_by: Option<String>,
    doubt: Option<ClockDoubt>,
    /// The doubt is of an earlier process.
    is_inherited: bool,
}

/// What earlier processes left in the log.
#[derive(Debug)]
struct Left {
    doubt: Option<ClockDoubt>,
    /// When the last end of a doubt was recorded.
    trusted_at: Option<Timestamp>,
}

fn damaged(error: impl std::fmt::Display) -> StoreError {
    StoreError::Damaged(error.to_string())
}

/// The time the log's end stands for. Recording never goes back, so that behind the tail of a fast clock all
/// is recorded at the tail's time until the wall has come there: who ended the doubt has accepted that, and
/// it is the time that processes went by that counts then, else each start would ask again.
fn log_ends_at(recorded_at: Timestamp, at: Timestamp, trusted_at: Option<Timestamp>) -> Timestamp {
    if trusted_at == Some(recorded_at) {
        at
    } else {
        recorded_at
    }
}

/// What follows.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Judged {
    /// Nothing changes.
    Same,
    Doubt(ClockDoubt),
    /// What was compared agrees again.
    Agreed,
    /// The source of this name finds the wall right.
    RightBy(String),
}

/// More than a process takes up by itself.
pub fn is_apart(ms: i64) -> bool {
    ms.unsigned_abs() > CLOCK_SKEW_MS_MAX
}

fn judge(facts: &Facts) -> Judged {
    let apart_ms = facts.apart_ms;
    // How far the log is ahead of the wall as it stands now: the log's end goes on by the steady clock, so
    // that a slow clock does not come to agree by running.
    let log_ahead_ms = facts.log_ahead_ms.saturating_sub(apart_ms);
    let cause = if is_apart(facts.log_ahead_ms.max(0)) {
        is_apart(log_ahead_ms).then(|| (ClockDoubtCause::BeforeLog, log_ahead_ms.saturating_neg()))
    } else if is_apart(apart_ms) {
        Some((ClockDoubtCause::WallMoved, apart_ms))
    } else {
        None
    };
    // A wall that is right and behind cannot be gone on from: time never goes back.
    let is_behind = is_apart(apart_ms) && apart_ms < 0;
    match (cause, &facts.right_by, facts.doubt) {
        (_, Some(source), Some(_)) if !is_behind => Judged::RightBy(source.clone()),
        (Some((ClockDoubtCause::WallMoved, _)), Some(source), None) if !is_behind => {
            Judged::RightBy(source.clone())
        }
        (Some((ClockDoubtCause::BeforeLog, _)), Some(_), None) => Judged::Same,
        (Some((cause, apart_ms)), _, _) => Judged::Doubt(ClockDoubt { cause, apart_ms }),
        (None, _, Some(_)) if !facts.is_inherited => Judged::Agreed,
        (None, ..) => Judged::Same,
    }
}

/// What this process remembers between two looks.
#[derive(Debug, Default)]
struct Remembered {
    is_inherited: bool,
    /// The doubt stands in the log.
    is_noted: bool,
    /// How far the log was ahead when this process began; 0 once a person or a source accepted it, or the
    /// wall was set to where the log is.
    log_ahead_ms: i64,
}

/// Watches the wall clock of one process.
pub struct ClockWatch {
    environment: Environment,
    system: ActorSystem,
    clock: Arc<SystemClock>,
    remembered: Mutex<Remembered>,
}

impl ClockWatch {
    pub fn new(environment: &Environment, system: &ActorSystem, clock: Arc<SystemClock>) -> Arc<Self> {
        Arc::new(Self {
            environment: environment.clone(),
            system: system.clone(),
            clock,
            remembered: Mutex::default(),
        })
    }

    /// Looks once before it returns, then twice a second until the process stops. A log that does not say
    /// whether the clock was doubted, or when it ended, is an error: nobody is dialed by such a clock.
    pub async fn begin(self: &Arc<Self>) -> Result<(), StoreError> {
        let left = left_in_the_log(self.environment.store.as_ref()).await?;
        if let Some(doubt) = left.doubt {
            self.environment.skew.doubt(doubt);
            let mut remembered = self.remembered();
            remembered.is_inherited = true;
            remembered.is_noted = true;
        }
        if let Some(((recorded_at, at), _)) = last_event(self.environment.store.as_ref()).await? {
            let now = self.environment.clock.now();
            let ends_at = log_ends_at(recorded_at, at, left.trusted_at);
            self.remembered().log_ahead_ms = ends_at.micros().saturating_sub(now.micros()) / 1_000;
        }
        self.look().await;
        let watch = Arc::clone(self);
        let stop = self.environment.tasks.stop_signal();
        let looking = async move {
            let clock = Arc::clone(&watch.environment.clock);
            loop {
                tokio::select! {
                    biased;
                    () = stop.stopping() => return,
                    () = clock.wait_until(clock.now().plus_ms(LOOK_MS)) => {}
                }
                watch.look().await;
            }
        };
        self.environment.tasks.spawn("clock watch", Box::pin(looking));
        Ok(())
    }

    /// A person has found the wall right; the log has it. False where this process's time is ahead of it.
    pub fn confirmed(&self) -> bool {
        if !self.clock.go_to_wall() {
            return false;
        }
        let mut remembered = self.remembered();
        remembered.log_ahead_ms = 0;
        remembered.is_inherited = false;
        remembered.is_noted = false;
        drop(remembered);
        self.environment.skew.believe();
        true
    }

    /// How far the wall stands before this process's time, beyond what is taken up: it cannot be gone on
    /// from.
    pub fn behind_ms(&self) -> Option<u64> {
        let apart_ms = self.clock.apart_ms();
        (is_apart(apart_ms) && apart_ms < 0).then(|| apart_ms.unsigned_abs())
    }

    async fn look(&self) {
        match judge(&self.facts()) {
            Judged::Same => {}
            Judged::Doubt(doubt) => {
                self.environment.skew.doubt(doubt);
                let is_noted = self.remembered().is_noted;
                if !is_noted {
                    let noted = self.note(InstallationCommand::DoubtClock(doubt)).await;
                    self.remembered().is_noted = noted;
                }
            }
            Judged::Agreed => {
                // A wall that was set to where the log is, is gone on from: nobody was dialed meanwhile.
                if self.clock.go_to_wall() {
                    self.end(InstallationCommand::AgreeOnClock).await;
                }
            }
            Judged::RightBy(source) => {
                if self.clock.go_to_wall() {
                    self.end(InstallationCommand::BelieveSource { source }).await;
                }
            }
        }
    }

    fn facts(&self) -> Facts {
        let now = self.environment.clock.now();
        let skew = &self.environment.skew;
        let apart_ms = self.clock.apart_ms();
        let remembered = self.remembered();
        Facts {
            apart_ms,
            log_ahead_ms: remembered.log_ahead_ms,
            right_by: right_by(&skew.all(), apart_ms, now),
            doubt: skew.doubted(),
            is_inherited: remembered.is_inherited,
        }
    }

    /// The log has it first: what is not on record does not let anybody be dialed.
    async fn end(&self, command: InstallationCommand) {
        if !self.note(command).await {
            return;
        }
        let mut remembered = self.remembered();
        remembered.log_ahead_ms = 0;
        remembered.is_inherited = false;
        remembered.is_noted = false;
        drop(remembered);
        self.environment.skew.believe();
    }

    async fn note(&self, command: InstallationCommand) -> bool {
        let cause = Cause::outside(self.environment.ids.command(self.environment.clock.now()));
        match self.system.installation.ask(&LogId, command, cause).await {
            Ok(_) => true,
            Err(error) => {
                tracing::warn!(%error, "what is held of the clock could not be noted in the log");
                false
            }
        }
    }

    fn remembered(&self) -> std::sync::MutexGuard<'_, Remembered> {
        self.remembered.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What earlier processes said of the clock.
async fn left_in_the_log(store: &dyn EventStore) -> Result<Left, StoreError> {
    let stream = Installation::stream(&LogId);
    let mut state = domain::installation::InstallationState::default();
    let (mut trusted_at, mut after) = (None, StreamVersion(0));
    loop {
        let page = store.read_stream(&stream, after, PAGE_EVENTS_MAX).await?;
        for stored in &page {
            let envelope = stored.envelope().map_err(damaged)?;
            let event = read_event::<Installation>(&envelope).map_err(damaged)?;
            if matches!(event, InstallationEvent::ClockTrusted { .. }) {
                trusted_at = Some(stored.recorded_at);
            }
            Installation::evolve(&mut state, &event, envelope.at);
            after = envelope.stream_version;
        }
        if page.len() < PAGE_EVENTS_MAX {
            let doubt = state.clock_doubt().map(|(doubt, _)| doubt);
            return Ok(Left { doubt, trusted_at });
        }
    }
}

/// When the log's last event was recorded, what its process's time was then, and whether that was a
/// rehearsal's.
async fn last_event(store: &dyn EventStore) -> Result<Option<((Timestamp, Timestamp), bool)>, StoreError> {
    let Some(before) = store.head().await?.0.checked_sub(1) else {
        return Ok(None);
    };
    let Some(last) = store.read_all(Position(before), 1).await?.pop() else {
        return Ok(None);
    };
    let envelope = last.envelope().map_err(damaged)?;
    Ok(Some(((last.recorded_at, envelope.at), envelope.rehearsal)))
}

/// What a log says of the clock to one who only looks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LogOfClock {
    NoEvents,
    /// Its times are made up.
    Rehearsal,
    Real {
        ends_at: Timestamp,
        doubt: Option<ClockDoubt>,
    },
}

/// What a start would find in this log.
pub async fn look_at_log(store: &dyn EventStore) -> Result<LogOfClock, StoreError> {
    let Some(((recorded_at, at), is_rehearsal)) = last_event(store).await? else {
        return Ok(LogOfClock::NoEvents);
    };
    if is_rehearsal {
        return Ok(LogOfClock::Rehearsal);
    }
    let left = left_in_the_log(store).await?;
    Ok(LogOfClock::Real {
        ends_at: log_ends_at(recorded_at, at, left.trusted_at),
        doubt: left.doubt,
    })
}

/// A source by which the wall is right. An offset is of the process's time, which nobody moves, so that it
/// says where the wall stands also after somebody has set it.
fn right_by(offsets: &[(ClockOffset, Timestamp)], apart_ms: i64, now: Timestamp) -> Option<String> {
    let fresh = offsets.iter().filter(|(_, at)| now.ms_since(*at) <= OFFSET_MS);
    fresh
        .map(|(offset, _)| offset)
        // A database's clock may be this machine's own, and be set with it.
        .find(|offset| {
            offset.source.starts_with("ntp:") && !is_apart(offset.offset_ms.saturating_sub(apart_ms))
        })
        .map(|offset| offset.source.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Six hours, as a person sets a clock by mistake.
    const HOURS_MS: i64 = 6 * 3_600_000;

    fn doubt(cause: ClockDoubtCause, apart_ms: i64) -> ClockDoubt {
        ClockDoubt { cause, apart_ms }
    }

    fn facts(apart_ms: i64, log_ahead_ms: i64) -> Facts {
        Facts {
            apart_ms,
            log_ahead_ms,
            ..Facts::default()
        }
    }

    #[test]
    fn two_seconds_are_no_doubt_and_a_millisecond_more_is() {
        use ClockDoubtCause::{BeforeLog, WallMoved};
        for apart in [0, 2_000, -2_000] {
            assert_eq!(judge(&facts(apart, 0)), Judged::Same, "{apart}");
        }
        for apart in [2_001, -2_001, HOURS_MS, -HOURS_MS] {
            assert_eq!(judge(&facts(apart, 0)), Judged::Doubt(doubt(WallMoved, apart)));
        }
        assert_eq!(judge(&facts(0, 2_000)), Judged::Same);
        assert_eq!(judge(&facts(0, -HOURS_MS)), Judged::Same);
        assert_eq!(judge(&facts(0, 2_001)), Judged::Doubt(doubt(BeforeLog, -2_001)));
        // A slow clock stays slow however long it runs; set to where the log is, it agrees.
        assert_eq!(
            judge(&facts(3_000, 10_000)),
            Judged::Doubt(doubt(BeforeLog, -7_000))
        );
        let known = Facts {
            doubt: Some(doubt(BeforeLog, -10_000)),
            ..facts(10_000, 10_000)
        };
        assert_eq!(judge(&known), Judged::Agreed);
    }

    #[test]
    fn it_ends_by_itself_when_they_agree_unless_an_earlier_process_began_it() {
        use ClockDoubtCause::{BeforeLog, WallMoved};
        for (cause, is_inherited, then) in [
            (WallMoved, false, Judged::Agreed),
            (WallMoved, true, Judged::Same),
            (BeforeLog, false, Judged::Agreed),
            (BeforeLog, true, Judged::Same),
        ] {
            let known = Facts {
                doubt: Some(doubt(cause, HOURS_MS)),
                is_inherited,
                ..facts(0, 0)
            };
            assert_eq!(judge(&known), then, "{cause:?} {is_inherited}");
        }
    }

    #[test]
    fn a_source_that_finds_the_wall_right_ends_it_unless_time_would_go_back() {
        use ClockDoubtCause::WallMoved;
        let source = || Some("ntp:127.0.0.1:123".to_owned());
        let right = Judged::RightBy("ntp:127.0.0.1:123".to_owned());
        for (apart, is_inherited) in [(HOURS_MS, false), (0, true)] {
            let known = Facts {
                right_by: source(),
                doubt: Some(doubt(WallMoved, HOURS_MS)),
                is_inherited,
                ..facts(apart, 0)
            };
            assert_eq!(judge(&known), right);
        }
        let behind = Facts {
            right_by: source(),
            ..facts(-HOURS_MS, 0)
        };
        assert_eq!(judge(&behind), Judged::Doubt(doubt(WallMoved, -HOURS_MS)));
        let log_of_another_clock = Facts {
            right_by: source(),
            ..facts(0, HOURS_MS)
        };
        assert_eq!(judge(&log_of_another_clock), Judged::Same);
    }

    #[test]
    fn a_tail_that_was_accepted_is_not_ahead_again_and_one_that_grew_behind_it_is() {
        let [true_time, tail, later] = [1_000, 21_600_000, 30_000_000].map(Timestamp::from_millis);
        assert_eq!(log_ends_at(tail, true_time, None), tail, "nobody accepted it");
        assert_eq!(log_ends_at(tail, true_time, Some(tail)), true_time);
        assert_eq!(
            log_ends_at(later, later, Some(tail)),
            later,
            "it went on from there"
        );
    }

    #[test]
    fn an_offset_says_where_the_wall_stands_after_it_was_set() {
        let at = Timestamp::from_millis(1_000_000);
        let offset = |offset_ms| ClockOffset {
            offset_ms,
            round_trip_ms: 1,
            source: "ntp:127.0.0.1:123".to_owned(),
            uncertainty_ms: 1,
        };
        let asked = |offset_ms, apart_ms, now| right_by(&[(offset(offset_ms), at)], apart_ms, now);
        assert!(asked(0, 0, at).is_some() && asked(HOURS_MS, HOURS_MS, at).is_some());
        assert_eq!(
            asked(0, HOURS_MS, at),
            None,
            "the process is right, the wall is not"
        );
        assert_eq!(asked(0, 0, at.plus_ms(OFFSET_MS + 1)), None, "too old");
    }
}
