//! The wall clock, the clock of rehearsals and the source of ids. Only this file reads the machine's time and
//! randomness.

use crate::process_time::ProcessTime;
use async_trait::async_trait;
use domain::ports::clock::Clock;
use domain::ports::id_source::IdSource;
use domain::time::Timestamp;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use rustix::time::{ClockId, clock_gettime};
use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant, SystemTime};

/// The longest single sleep of a wait. The runtime's timer does not count time during which the machine is
/// suspended; this clock does, so that the wait looks at it again after at most so long.
const SLEEP_MS_MAX: u64 = 1_000;

/// Milliseconds after the last recorded event at which a rehearsal continues (the contract: 1 s).
const STEP_MS: u64 = 1_000;

/// The clock of a real process: starts at the machine's wall clock and then advances with its steady clock
/// (decision 0042), so that setting the wall clock does not move it.
#[derive(Debug)]
pub struct SystemClock {
    time: ProcessTime,
}

impl Default for SystemClock {
    fn default() -> Self {
        Self {
            time: ProcessTime::begin(wall_us(), steady_us()),
        }
    }
}

impl SystemClock {
    /// Returns the wall clock minus this process's time, in milliseconds.
    pub fn apart_ms(&self) -> i64 {
        self.time.apart(steady_us(), wall_us()) / 1_000
    }

    /// Adopts the wall clock, which was verified, if it is ahead of this clock. Returns false, and changes
    /// nothing, if it is more than two seconds behind: this clock never goes back.
    pub(crate) fn go_to_wall(&self) -> bool {
        self.time.go_to_wall(steady_us(), wall_us())
    }
}

#[expect(clippy::disallowed_methods, reason = "the one reader of the wall clock")]
fn wall_us() -> i64 {
    SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .ok()
        .and_then(|since| i64::try_from(since.as_micros()).ok())
        .unwrap_or(0)
}

/// Returns the microseconds since the machine started, including time in which it was suspended
/// (`CLOCK_BOOTTIME`, Linux). This clock cannot be set.
fn steady_us() -> i64 {
    let read = clock_gettime(ClockId::Boottime);
    read.tv_sec
        .saturating_mul(1_000_000)
        .saturating_add(read.tv_nsec / 1_000)
}

#[async_trait]
impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.time.now(steady_us(), wall_us))
    }

    async fn wait_until(&self, at: Timestamp) {
        wait(self, at).await;
    }
}

/// The clock of a rehearsal: starts at a given instant and runs at the pace of real time.
#[derive(Debug)]
pub(crate) struct RehearsalClock {
    began: Instant,
    /// The instant at which the clock began, in microseconds. Only raised, when another process on the same
    /// log is ahead.
    instant: AtomicI64,
}

impl RehearsalClock {
    #[expect(clippy::disallowed_methods, reason = "the rehearsal's pace is the machine's")]
    pub(crate) fn starting_at(instant: Timestamp) -> Self {
        Self {
            began: Instant::now(),
            instant: AtomicI64::new(instant.micros()),
        }
    }

    /// Moves the clock forward to an instant that another process has recorded. Never moves it back.
    pub(crate) fn go_on_from(&self, recorded: Timestamp) {
        let behind = recorded.duration_since(self.now());
        let instant = Timestamp::from_micros(self.instant.load(Ordering::Relaxed)).plus(behind);
        self.instant.fetch_max(instant.micros(), Ordering::Relaxed);
    }

    /// Returns the clock of a rehearsal that is to begin at `asked`, or `None` for a real run
    /// (`asked` is `None`).
    pub(crate) fn of(asked: Option<Timestamp>, last_recorded: Option<Timestamp>) -> Option<Arc<Self>> {
        let begin = Self::begin(asked?, last_recorded);
        Some(Arc::new(Self::starting_at(begin)))
    }

    /// Returns the instant at which a rehearsal begins: `asked`, or one second after the last recorded event
    /// if the log has later events.
    pub(crate) fn begin(asked: Timestamp, last_recorded: Option<Timestamp>) -> Timestamp {
        last_recorded.map_or(asked, |last| asked.max(last.plus_ms(STEP_MS)))
    }
}

#[async_trait]
impl Clock for RehearsalClock {
    #[expect(clippy::disallowed_methods, reason = "the rehearsal's pace is the machine's")]
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.instant.load(Ordering::Relaxed)).plus(self.began.elapsed())
    }

    async fn wait_until(&self, at: Timestamp) {
        wait(self, at).await;
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place that sleeps")]
async fn wait(clock: &dyn Clock, at: Timestamp) {
    loop {
        let left = at.duration_since(clock.now());
        if left.is_zero() {
            return;
        }
        tokio::time::sleep(left.min(Duration::from_millis(SLEEP_MS_MAX))).await;
    }
}

/// The source of random bytes: keys from the operating system, ids and nonces from a generator that it seeds.
///
/// An event takes several ids and nonces, and asking the system for each costs more than generating them. Up
/// to `DRAWN_BYTES_MAX` bytes come from ChaCha20 under a key from the system, with one generator for each
/// thread, so that no two draw the same. Nonces and ids are no secrets; a reader who sees them learns nothing
/// about the others without the key (TLS encrypts with the same cipher, RFC 8439). Keys are longer and always
/// come from the system itself: the memory of the process never shows how an earlier key was made. A process
/// does not fork, because a fork would copy a generator.
#[derive(Debug)]
pub struct SystemIds;

/// The most bytes taken from a generator: the length of an id or nonce. Longer values are keys or secrets and
/// come from the operating system.
const DRAWN_BYTES_MAX: usize = 16;

/// Bytes that a generator gives under one key before it gets a new one from the system: 64 KiB, as the
/// standard generator of `rand`.
const DRAWN_OF_A_KEY_BYTES: usize = 64 * 1024;

/// The generator of one thread, and how many bytes it may still give under its key.
struct ThreadGenerator {
    generator: ChaCha20Rng,
    left: usize,
}

thread_local! {
    static DRAWING: RefCell<Option<ThreadGenerator>> = const { RefCell::new(None) };
}

impl ThreadGenerator {
    fn fill(drawing: &mut Option<Self>, buffer: &mut [u8]) {
        let drawing = match drawing {
            Some(drawing) if drawing.left >= buffer.len() => drawing,
            _ => drawing.insert(Self {
                generator: ChaCha20Rng::from_seed(of_system()),
                left: DRAWN_OF_A_KEY_BYTES,
            }),
        };
        drawing.left -= buffer.len();
        drawing.generator.fill_bytes(buffer);
    }
}

fn of_system<const BYTES: usize>() -> [u8; BYTES] {
    let mut bytes = [0; BYTES];
    fill_of_system(&mut bytes);
    bytes
}

fn fill_of_system(buffer: &mut [u8]) {
    getrandom::fill(buffer).expect("a source that worked at start does not fail later (getrandom(2))");
}

impl SystemIds {
    /// Returns the source, or an error if the operating system gives no random bytes.
    pub fn checked() -> Result<Self, getrandom::Error> {
        getrandom::fill(&mut [0; 16]).map(|()| Self)
    }
}

impl IdSource for SystemIds {
    fn random(&self, buffer: &mut [u8]) {
        if buffer.len() > DRAWN_BYTES_MAX {
            fill_of_system(buffer);
        } else {
            DRAWING.with_borrow_mut(|drawing| ThreadGenerator::fill(drawing, buffer));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rehearsal_goes_on_behind_what_is_recorded() {
        let asked = Timestamp::from_millis(10_000);
        assert_eq!(RehearsalClock::begin(asked, None), asked);
        assert_eq!(
            RehearsalClock::begin(asked, Some(Timestamp::from_millis(9_000))),
            asked
        );
        let later = Timestamp::from_millis(9_001);
        assert_eq!(
            RehearsalClock::begin(asked, Some(later)),
            Timestamp::from_millis(10_001)
        );
    }

    #[test]
    fn a_rehearsal_jumps_ahead_to_what_another_process_recorded_and_never_back() {
        let clock = RehearsalClock::starting_at(Timestamp::from_millis(10_000));
        clock.go_on_from(Timestamp::from_millis(60_000));
        assert!(clock.now() >= Timestamp::from_millis(60_000));
        assert!(clock.now() < Timestamp::from_millis(65_000));
        clock.go_on_from(Timestamp::from_millis(20_000));
        assert!(clock.now() >= Timestamp::from_millis(60_000));
    }

    #[test]
    fn a_process_begins_at_the_wall_s_time_and_goes_on() {
        let clock = SystemClock::default();
        let first = clock.now();
        assert!(clock.apart_ms().abs() <= 1_000, "{}", clock.apart_ms());
        assert!(clock.now() >= first);
        assert!(clock.go_to_wall());
    }

    #[test]
    fn two_ids_of_one_instant_differ() {
        let ids = SystemIds::checked().unwrap();
        let now = Timestamp::from_millis(1);
        assert_ne!(ids.command(now), ids.command(now));
    }

    #[test]
    fn nonces_never_repeat_in_a_thread_beside_another_nor_under_the_next_key() {
        let draw = || {
            let draws_count = 2 * DRAWN_OF_A_KEY_BYTES / 12 + 1;
            let drawn = (0..draws_count).map(|_| {
                let mut nonce = [0_u8; 12];
                SystemIds.random(&mut nonce);
                nonce
            });
            drawn.collect::<Vec<_>>()
        };
        let mut drawn = draw();
        drawn.extend(std::thread::scope(|scope| scope.spawn(draw).join().unwrap()));
        let count = drawn.len();
        drawn.sort_unstable();
        drawn.dedup();
        assert_eq!(drawn.len(), count);
    }

    #[test]
    fn keys_are_not_drawn() {
        let left = || DRAWING.with_borrow(|drawing| drawing.as_ref().map(|drawing| drawing.left));
        SystemIds.random(&mut [0; DRAWN_BYTES_MAX]);
        let before = left();
        assert_eq!(before, Some(DRAWN_OF_A_KEY_BYTES - DRAWN_BYTES_MAX));
        SystemIds.random(&mut [0; DRAWN_BYTES_MAX + 1]);
        assert_eq!(left(), before);
    }
}
