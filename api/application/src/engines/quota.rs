//! Quotas of the engines: requests per minute and at once, per user or key. A turn ends when it is dropped.

use crate::access::Caller;
use domain::problem::{Problem, ProblemKind};
use domain::time::Timestamp;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Most users and keys with a remembered quota. Above it, the one that was idle longest is forgotten and
/// starts with a full quota.
const CALLERS_MAX: usize = 4_096;

/// Thousandths of a request, so that fractions of a request are refilled.
const MILLI: u64 = 1_000;

/// Period in which a quota refills, in milliseconds.
const MINUTE_MS: u64 = 60_000;

/// One of the engines of calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Engine {
    Understand,
    Recognize,
    Synthesize,
    /// Description or comparison of a voice.
    Voices,
}

impl Engine {
    pub const ALL: [Self; 4] = [Self::Understand, Self::Recognize, Self::Synthesize, Self::Voices];

    /// Returns the engine's name in metrics and problems.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Understand => "understand",
            Self::Recognize => "recognize",
            Self::Synthesize => "synthesize",
            Self::Voices => "voices",
        }
    }

    /// Returns the most requests of other systems that the engine processes at once. Calls are not counted
    /// and never wait for them.
    pub const fn others_max(self) -> u32 {
        match self {
            // Microseconds per request.
            Self::Understand => 8,
            // A recognition occupies an engine's connection for the duration of the audio.
            Self::Recognize => 4,
            // Each is a program of its own; one of two cores remains for calls.
            Self::Synthesize => 1,
            // Some milliseconds of one of two cores per second of audio.
            Self::Voices => 1,
        }
    }
}

/// The quota of one user or key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QuotaLimits {
    pub per_minute: u64,
    pub at_once_max: u64,
}

/// The use of an engine since the process started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EngineUses {
    pub engine: Engine,
    /// Number of requests that were admitted.
    pub admitted: u64,
    /// Requests refused because of a quota, or because all turns were taken.
    pub refused: u64,
    pub at_once: u32,
}

/// The quotas used so far, by user or key, and the counts of each engine.
#[derive(Debug, Default)]
pub struct Quotas(Mutex<Ledger>);

#[derive(Debug, Default)]
struct Ledger {
    callers: BTreeMap<String, CallerUsage>,
    engines: BTreeMap<Engine, Tally>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Tally {
    admitted: u64,
    refused: u64,
    at_once: u32,
}

#[derive(Debug)]
struct CallerUsage {
    left_millis: u64,
    at: Timestamp,
    at_once: u64,
}

/// A turn at an engine, held while a request is processed; it ends when dropped.
#[derive(Debug)]
pub struct EngineTurn {
    quotas: Arc<Quotas>,
    engine: Engine,
    name: String,
}

impl Drop for EngineTurn {
    fn drop(&mut self) {
        let mut ledger = self.quotas.ledger();
        if let Some(tally) = ledger.engines.get_mut(&self.engine) {
            tally.at_once = tally.at_once.saturating_sub(1);
        }
        if let Some(used) = ledger.callers.get_mut(&self.name) {
            used.at_once = used.at_once.saturating_sub(1);
        }
    }
}

impl Quotas {
    /// Admits a request of the caller and returns its turn. Fails, naming the quota, if the caller's
    /// requests per minute or at once are exhausted, or if all turns of the engine are taken.
    pub fn enter(
        self: &Arc<Self>,
        engine: Engine,
        caller: &Caller,
        limits: QuotaLimits,
        now: Timestamp,
    ) -> Result<EngineTurn, Problem> {
        // The directory's owner has a quota too: calls go first.
        let name = caller.counted_as().unwrap_or_else(|| "directory".to_owned());
        let mut ledger = self.ledger();
        let admitted = ledger.admit(engine, &name, limits, now);
        let tally = ledger.engines.entry(engine).or_default();
        match admitted {
            Ok(()) => {
                tally.admitted += 1;
                tally.at_once += 1;
                drop(ledger);
                Ok(EngineTurn {
                    quotas: Arc::clone(self),
                    engine,
                    name,
                })
            }
            Err(problem) => {
                tally.refused += 1;
                Err(problem)
            }
        }
    }

    /// Returns the counts of every engine since the process started.
    pub fn uses(&self) -> Vec<EngineUses> {
        let ledger = self.ledger();
        let of = |engine| {
            let tally = ledger.engines.get(&engine).copied().unwrap_or_default();
            EngineUses {
                engine,
                admitted: tally.admitted,
                refused: tally.refused,
                at_once: tally.at_once,
            }
        };
        Engine::ALL.into_iter().map(of).collect()
    }

    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ledger {
    fn admit(
        &mut self,
        engine: Engine,
        name: &str,
        limits: QuotaLimits,
        now: Timestamp,
    ) -> Result<(), Problem> {
        let taken = self.engines.get(&engine).map_or(0, |tally| tally.at_once);
        self.make_room(name);
        let full = limits.per_minute * MILLI;
        let used = self.callers.entry(name.to_owned()).or_insert(CallerUsage {
            left_millis: full,
            at: now,
            at_once: 0,
        });
        let came_back = now.ms_since(used.at).saturating_mul(full) / MINUTE_MS;
        used.left_millis = used.left_millis.saturating_add(came_back).min(full);
        used.at = now;
        if used.at_once >= limits.at_once_max {
            let QuotaLimits { at_once_max, .. } = limits;
            return Err(busy(
                "engine-quota-at-once",
                format!("engines.at_once_max: {at_once_max} requests of a user or key are answered at once"),
            ));
        }
        let Some(left) = used.left_millis.checked_sub(MILLI) else {
            let QuotaLimits { per_minute, .. } = limits;
            return Err(busy(
                "engine-quota-per-minute",
                format!("engines.requests_per_minute: a user or key may send {per_minute} a minute"),
            ));
        };
        if taken >= engine.others_max() {
            return Err(busy(
                "engines-busy",
                format!(
                    "{} answers at most {} external requests at once, because calls go first",
                    engine.code(),
                    engine.others_max()
                ),
            ));
        }
        used.left_millis = left;
        used.at_once += 1;
        Ok(())
    }

    /// Forgets the user or key that was idle longest if `CALLERS_MAX` are remembered. One with a running
    /// request is kept.
    fn make_room(&mut self, name: &str) {
        if self.callers.len() < CALLERS_MAX || self.callers.contains_key(name) {
            return;
        }
        let idle = self.callers.iter().filter(|(_, used)| used.at_once == 0);
        let oldest = idle.min_by_key(|(_, used)| used.at).map(|(name, _)| name.clone());
        if let Some(oldest) = oldest {
            self.callers.remove(&oldest);
        }
    }
}

fn busy(code: &'static str, detail: String) -> Problem {
    Problem::new(ProblemKind::Busy, code, detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: QuotaLimits = QuotaLimits {
        per_minute: 60,
        at_once_max: 2,
    };
    const OWNER: Caller = Caller::Directory { door: "token" };

    fn at(ms: u64) -> Timestamp {
        Timestamp::EPOCH.plus_ms(ms)
    }

    fn code(entered: Result<EngineTurn, Problem>) -> &'static str {
        entered.map_or_else(|problem| problem.code, |_turn| "let in")
    }

    #[test]
    fn the_quota_of_a_minute_is_used_up_and_comes_back_by_the_second() {
        let quotas = Arc::new(Quotas::default());
        let enter = |now| code(quotas.enter(Engine::Understand, &OWNER, LIMITS, now));
        for _ in 0..60 {
            assert_eq!(enter(at(0)), "let in");
        }
        assert_eq!(enter(at(0)), "engine-quota-per-minute");
        assert_eq!(enter(at(999)), "engine-quota-per-minute");
        assert_eq!(enter(at(1_000)), "let in");
        assert_eq!(enter(at(1_000)), "engine-quota-per-minute");
        let uses = quotas.uses();
        assert_eq!((uses[0].admitted, uses[0].refused, uses[0].at_once), (61, 3, 0));
    }

    #[test]
    fn a_turn_that_is_held_counts_until_it_is_dropped() {
        let quotas = Arc::new(Quotas::default());
        let enter = |engine| quotas.enter(engine, &OWNER, LIMITS, at(0));
        let one = enter(Engine::Synthesize).unwrap();
        assert_eq!(code(enter(Engine::Synthesize)), "engines-busy");
        let two = enter(Engine::Understand).unwrap();
        assert_eq!(code(enter(Engine::Recognize)), "engine-quota-at-once");
        drop((one, two));
        assert_eq!(code(enter(Engine::Synthesize)), "let in");
    }
}
