//! The wall clock, the rehearsal clock and the source of ids: the only readers of time and chance.

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

/// Longest single sleep: the runtime's clock does not count a suspension, this one does.
const SLEEP_MS_MAX: u64 = 1_000;

/// How far behind the last recorded event a rehearsal goes on (the contract: 1 s).
const STEP_MS: u64 = 1_000;

/// The process's time: begun at the machine's wall clock, gone on by its steady one (decision 0042).
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
    /// The wall clock minus this process's time.
    pub fn apart_ms(&self) -> i64 {
        self.time.apart(steady_us(), wall_us()) / 1_000
    }

    /// Goes on from the wall clock, which was found right; false where that would be back.
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

/// Microseconds since the machine started, those included in which it was suspended (`CLOCK_BOOTTIME`,
/// Linux). Nobody can set it.
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

/// A clock that began at a given instant and runs at the pace of real time.
#[derive(Debug)]
pub(crate) struct RehearsalClock {
    began: Instant,
    /// Microseconds; only ever raised, when another process on the same log is further.
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

    /// Jumps ahead to an instant that another process has recorded; never back.
    pub(crate) fn go_on_from(&self, recorded: Timestamp) {
        let behind = recorded.duration_since(self.now());
        let instant = Timestamp::from_micros(self.instant.load(Ordering::Relaxed)).plus(behind);
        self.instant.fetch_max(instant.micros(), Ordering::Relaxed);
    }

    /// The clock of a rehearsal that begins at `asked`; `None` for a real run.
    pub(crate) fn of(asked: Option<Timestamp>, last_recorded: Option<Timestamp>) -> Option<Arc<Self>> {
        let begin = Self::begin(asked?, last_recorded);
        Some(Arc::new(Self::starting_at(begin)))
    }

    /// A directory with later events goes on one second behind its last one.
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

/// Random bytes of the operating system, and ids and nonces drawn from them.
///
/// An event takes several ids and nonces, and asking the system for each costs more than making them. Up to
/// `DRAWN_BYTES_MAX` bytes come from ChaCha20 under a key of the system's, one generator for each thread, so
/// that no two draw the same. Whoever sees nonces and ids, which are no secrets, learns nothing of the others
/// without the key (RFC 8439 is what TLS encrypts with). Keys are longer and always the system's own: what
/// lies in memory never tells how an earlier key was made. A process does not fork, which would copy a
/// generator.
#[derive(Debug)]
pub struct SystemIds;

/// An id's or nonce's bytes; what is longer is a key or a secret.
const DRAWN_BYTES_MAX: usize = 16;

/// What is drawn under one key of the system's, in bytes: as often as the standard generator of `rand`.
const DRAWN_OF_A_KEY_BYTES: usize = 64 * 1024;

/// One thread's generator.
struct Drawing {
    generator: ChaCha20Rng,
    left: usize,
}

thread_local! {
    static DRAWING: RefCell<Option<Drawing>> = const { RefCell::new(None) };
}

impl Drawing {
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
    /// Fails when the operating system has no randomness to give.
    pub fn checked() -> Result<Self, getrandom::Error> {
        getrandom::fill(&mut [0; 16]).map(|()| Self)
    }
}

impl IdSource for SystemIds {
    fn random(&self, buffer: &mut [u8]) {
        if buffer.len() > DRAWN_BYTES_MAX {
            fill_of_system(buffer);
        } else {
            DRAWING.with_borrow_mut(|drawing| Drawing::fill(drawing, buffer));
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
