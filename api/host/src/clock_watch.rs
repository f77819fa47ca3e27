//! Watches the wall clock of this process: compares it twice a second with the machine's steady clock and
//! with the end of the log.
//!
//! While the wall clock is doubted, dialing stops. The start of a doubt is an event, and so is its end: the
//! clocks agree again, an NTP server confirms the wall clock, or a user does. A doubt that an earlier process
//! left in the log lasts until a server or a user ends it, because a process that has just begun agrees with
//! any wall clock. A start under a fast clock looks like a late start: only another clock (`--ntp`) can tell
//! them apart.

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

/// Milliseconds between two comparisons: a jump is noticed within one round of the dialer.
const LOOK_MS: u64 = 500;
/// How long the offset from a source is used to judge the wall clock. A source is asked every 64 s and may
/// fail a few times.
const OFFSET_MS: u64 = 600_000;
/// Events of the installation's stream that are read per page at the start.
const PAGE_EVENTS_MAX: usize = 256;

/// The inputs of one judgement of the wall clock.
#[derive(Debug, Clone, Default)]
struct Facts {
    /// The wall clock minus the process's time.
    apart_ms: i64,
    /// The `recorded_at` of the last event minus the process's time at its start. 0 once the difference is
    /// accepted.
    log_ahead_ms: i64,
    /// The name of a source that confirms the wall clock.
    right_by: Option<String>,
    doubt: Option<ClockDoubt>,
    /// True if an earlier process recorded the doubt.
    is_inherited: bool,
}

/// What earlier processes recorded about the clock.
#[derive(Debug)]
struct InheritedRecord {
    doubt: Option<ClockDoubt>,
    /// When the end of the last doubt was recorded.
    trusted_at: Option<Timestamp>,
}

fn damaged(error: impl std::fmt::Display) -> StoreError {
    StoreError::Damaged(error.to_string())
}

/// Returns the time at which the log ends, to be compared with the clock. This is the
/// `recorded_at` of the last event, except right after a doubt ended. `recorded_at` never goes back: after
/// events from a fast clock, all later ones get the same `recorded_at` until the wall clock has caught up.
/// Ending the doubt accepted that, so the process's time of the last event counts then; otherwise each start
/// would doubt the clock again.
fn log_ends_at(recorded_at: Timestamp, at: Timestamp, trusted_at: Option<Timestamp>) -> Timestamp {
    if trusted_at == Some(recorded_at) {
        at
    } else {
        recorded_at
    }
}

/// What the watch does after one comparison.
#[derive(Debug, Clone, PartialEq, Eq)]
enum ClockJudgment {
    /// Nothing changes.
    Same,
    Doubt(ClockDoubt),
    /// The clocks agree again: the doubt ends.
    Agreed,
    /// The source of this name confirms the wall clock: the doubt ends.
    RightBy(String),
}

/// Returns true if a difference exceeds `CLOCK_SKEW_MS_MAX`, the most that a process accepts by itself.
pub fn is_apart(ms: i64) -> bool {
    ms.unsigned_abs() > CLOCK_SKEW_MS_MAX
}

fn judge(facts: &Facts) -> ClockJudgment {
    let apart_ms = facts.apart_ms;
    // How far the end of the log is ahead of the wall clock now. The end of the log advances with the steady
    // clock, so that a slow clock does not come to agree just by running.
    let log_ahead_ms = facts.log_ahead_ms.saturating_sub(apart_ms);
    let cause = if is_apart(facts.log_ahead_ms.max(0)) {
        is_apart(log_ahead_ms).then(|| (ClockDoubtCause::BeforeLog, log_ahead_ms.saturating_neg()))
    } else if is_apart(apart_ms) {
        Some((ClockDoubtCause::WallMoved, apart_ms))
    } else {
        None
    };
    // A wall clock that is right but behind this process cannot be adopted: time never goes back.
    let is_behind = is_apart(apart_ms) && apart_ms < 0;
    match (cause, &facts.right_by, facts.doubt) {
        (_, Some(source), Some(_)) if !is_behind => ClockJudgment::RightBy(source.clone()),
        (Some((ClockDoubtCause::WallMoved, _)), Some(source), None) if !is_behind => {
            ClockJudgment::RightBy(source.clone())
        }
        (Some((ClockDoubtCause::BeforeLog, _)), Some(_), None) => ClockJudgment::Same,
        (Some((cause, apart_ms)), _, _) => ClockJudgment::Doubt(ClockDoubt { cause, apart_ms }),
        (None, _, Some(_)) if !facts.is_inherited => ClockJudgment::Agreed,
        (None, ..) => ClockJudgment::Same,
    }
}

/// What this process remembers between two comparisons.
#[derive(Debug, Default)]
struct WatchState {
    is_inherited: bool,
    /// True if the doubt is recorded in the log.
    is_noted: bool,
    /// How far the end of the log was ahead of this process's time at its start, in milliseconds. 0 once a
    /// user or a source accepted it, or the wall clock was set to the log's time.
    log_ahead_ms: i64,
}

/// Watches the wall clock of one process, and records doubts and their ends.
pub struct ClockWatch {
    environment: Environment,
    system: ActorSystem,
    clock: Arc<SystemClock>,
    remembered: Mutex<WatchState>,
}

impl ClockWatch {
    /// Creates the watch of `clock`, without comparing yet: `begin` starts it.
    pub fn new(environment: &Environment, system: &ActorSystem, clock: Arc<SystemClock>) -> Arc<Self> {
        Arc::new(Self {
            environment: environment.clone(),
            system: system.clone(),
            clock,
            remembered: Mutex::default(),
        })
    }

    /// Compares once, then starts the task that compares twice a second until the process stops. Fails if the
    /// log cannot be read for its end and for an earlier doubt: without them the clock cannot be trusted for
    /// dialing.
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

    /// Ends the doubt after a user has confirmed the wall clock and the log has recorded it. Returns false
    /// if this process's time is more than two seconds ahead of the wall clock, which cannot be adopted
    /// then.
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

    /// Returns how many milliseconds the wall clock is behind this process's time, if more than the
    /// accepted difference: the wall clock cannot be adopted then. Else `None`.
    pub fn behind_ms(&self) -> Option<u64> {
        let apart_ms = self.clock.apart_ms();
        (is_apart(apart_ms) && apart_ms < 0).then(|| apart_ms.unsigned_abs())
    }

    async fn look(&self) {
        match judge(&self.facts()) {
            ClockJudgment::Same => {}
            ClockJudgment::Doubt(doubt) => {
                self.environment.skew.doubt(doubt);
                let is_noted = self.remembered().is_noted;
                if !is_noted {
                    let noted = self.note(InstallationCommand::DoubtClock(doubt)).await;
                    self.remembered().is_noted = noted;
                }
            }
            ClockJudgment::Agreed => {
                // The wall clock was set to the log's time: the process adopts it. Dialing was off meanwhile.
                if self.clock.go_to_wall() {
                    self.end(InstallationCommand::AgreeOnClock).await;
                }
            }
            ClockJudgment::RightBy(source) => {
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

    /// Ends the doubt after the log has recorded its end. If that fails the doubt stays, and with it the stop
    /// of dialing.
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
                tracing::warn!(%error, "a doubt about the clock, or its end, could not be recorded in the log");
                false
            }
        }
    }

    fn remembered(&self) -> std::sync::MutexGuard<'_, WatchState> {
        self.remembered.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Reads from the log the doubt that earlier processes recorded, and when the last one ended.
async fn left_in_the_log(store: &dyn EventStore) -> Result<InheritedRecord, StoreError> {
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
            return Ok(InheritedRecord { doubt, trusted_at });
        }
    }
}

/// Returns when the last event was recorded, its process's own time of it, and whether it is of a
/// rehearsal. `None` if the log is empty.
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

/// What a log says about the clock, read without changing anything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LogClockRecord {
    NoEvents,
    /// A log of a rehearsal: its times are made up.
    Rehearsal,
    Real {
        ends_at: Timestamp,
        doubt: Option<ClockDoubt>,
    },
}

/// Reads from a log when it ends and whether a doubt about the clock is open: what a process that starts on
/// it compares its clock with.
pub async fn look_at_log(store: &dyn EventStore) -> Result<LogClockRecord, StoreError> {
    let Some(((recorded_at, at), is_rehearsal)) = last_event(store).await? else {
        return Ok(LogClockRecord::NoEvents);
    };
    if is_rehearsal {
        return Ok(LogClockRecord::Rehearsal);
    }
    let left = left_in_the_log(store).await?;
    Ok(LogClockRecord::Real {
        ends_at: log_ends_at(recorded_at, at, left.trusted_at),
        doubt: left.doubt,
    })
}

/// Returns the name of an NTP source that confirms the wall clock, with an offset of the last ten minutes;
/// else `None`. Offsets are measured against the process's time, which cannot be set, so that they also
/// judge a wall clock that was set afterwards.
fn right_by(offsets: &[(ClockOffset, Timestamp)], apart_ms: i64, now: Timestamp) -> Option<String> {
    let fresh = offsets.iter().filter(|(_, at)| now.ms_since(*at) <= OFFSET_MS);
    fresh
        .map(|(offset, _)| offset)
        // The database's clock may be this machine's own and be set together with it.
        .find(|offset| {
            offset.source.starts_with("ntp:") && !is_apart(offset.offset_ms.saturating_sub(apart_ms))
        })
        .map(|offset| offset.source.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Six hours, like a clock set wrong by hand.
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
            assert_eq!(judge(&facts(apart, 0)), ClockJudgment::Same, "{apart}");
        }
        for apart in [2_001, -2_001, HOURS_MS, -HOURS_MS] {
            assert_eq!(
                judge(&facts(apart, 0)),
                ClockJudgment::Doubt(doubt(WallMoved, apart))
            );
        }
        assert_eq!(judge(&facts(0, 2_000)), ClockJudgment::Same);
        assert_eq!(judge(&facts(0, -HOURS_MS)), ClockJudgment::Same);
        assert_eq!(
            judge(&facts(0, 2_001)),
            ClockJudgment::Doubt(doubt(BeforeLog, -2_001))
        );
        // A slow clock stays slow however long it runs. Once it is set to the log's time, it agrees.
        assert_eq!(
            judge(&facts(3_000, 10_000)),
            ClockJudgment::Doubt(doubt(BeforeLog, -7_000))
        );
        let known = Facts {
            doubt: Some(doubt(BeforeLog, -10_000)),
            ..facts(10_000, 10_000)
        };
        assert_eq!(judge(&known), ClockJudgment::Agreed);
    }

    #[test]
    fn it_ends_by_itself_when_they_agree_unless_an_earlier_process_began_it() {
        use ClockDoubtCause::{BeforeLog, WallMoved};
        for (cause, is_inherited, then) in [
            (WallMoved, false, ClockJudgment::Agreed),
            (WallMoved, true, ClockJudgment::Same),
            (BeforeLog, false, ClockJudgment::Agreed),
            (BeforeLog, true, ClockJudgment::Same),
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
        let right = ClockJudgment::RightBy("ntp:127.0.0.1:123".to_owned());
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
        assert_eq!(judge(&behind), ClockJudgment::Doubt(doubt(WallMoved, -HOURS_MS)));
        let log_of_another_clock = Facts {
            right_by: source(),
            ..facts(0, HOURS_MS)
        };
        assert_eq!(judge(&log_of_another_clock), ClockJudgment::Same);
    }

    #[test]
    fn a_tail_that_was_accepted_is_not_ahead_again_and_one_that_grew_behind_it_is() {
        let [true_time, tail, later] = [1_000, 21_600_000, 30_000_000].map(Timestamp::from_millis);
        assert_eq!(log_ends_at(tail, true_time, None), tail, "no doubt was ended");
        assert_eq!(log_ends_at(tail, true_time, Some(tail)), true_time);
        assert_eq!(
            log_ends_at(later, later, Some(tail)),
            later,
            "later events were recorded after it"
        );
    }

    #[test]
    fn an_offset_follows_the_wall_clock_after_it_was_set() {
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
            "the process's time is right, the wall clock is not"
        );
        assert_eq!(asked(0, 0, at.plus_ms(OFFSET_MS + 1)), None, "too old");
    }
}
