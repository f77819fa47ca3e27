//! Transactions keep a distance, waiting callers are not delayed, and gathered events are never lost.

use super::GATHERING_MS;
use crate::context::ProjectionContext;
use crate::database::{Dialect, ReadDb, TxWork};
use crate::error::ProjectionError;
use crate::live::Projections;
use crate::read_ahead::{BATCH_EVENTS_MAX, CATCH_UP_EVENTS_MAX, FOLLOWING_EVENTS_MAX};
use crate::rebuild::{ViewCheck, verify};
use crate::sqlite::SqliteReadDb;
use crate::testing::{TestHistory, TestLog, TestTasks, ten};
use async_trait::async_trait;
use domain::ports::clock::Clock;
use domain::ports::tasks::Tasks;
use domain::ports::worklist::Worklist;
use domain::stored_event::Position;
use domain::time::Timestamp;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use tokio::sync::Notify;

/// Yields after which every task that could go on has done so: the runtime has one thread, and rows in memory
/// are written on it. A task that has not moved by then waits for the clock, for events or for a waiter.
const TURNS: usize = 200;

/// A clock that stops until a test moves it.
struct ManualClock {
    now: AtomicI64,
    moved: Notify,
}

impl ManualClock {
    fn pass(&self, ms: u64) {
        let later = self.now().plus_ms(ms);
        self.now.store(later.micros(), Ordering::SeqCst);
        self.moved.notify_waiters();
    }
}

#[async_trait]
impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.now.load(Ordering::SeqCst))
    }
    async fn wait_until(&self, at: Timestamp) {
        loop {
            let moved = self.moved.notified();
            if self.now() >= at {
                return;
            }
            moved.await;
        }
    }
}

/// A read database that counts its writing transactions.
struct CountingDb {
    inner: SqliteReadDb,
    written: AtomicUsize,
}

#[async_trait]
impl ReadDb for CountingDb {
    fn dialect(&self) -> Dialect {
        self.inner.dialect()
    }
    async fn transaction(&self, work: TxWork) -> Result<(), ProjectionError> {
        self.written.fetch_add(1, Ordering::SeqCst);
        self.inner.transaction(work).await
    }
    async fn read(&self, work: TxWork) -> Result<(), ProjectionError> {
        self.inner.read(work).await
    }
}

/// Views that have caught up with a log and have just written a transaction.
struct FollowerFixture {
    story: TestHistory,
    log: TestLog,
    db: Arc<CountingDb>,
    clock: Arc<ManualClock>,
    tasks: TestTasks,
    views: Arc<Projections>,
    appended_count: usize,
}

impl FollowerFixture {
    async fn begin() -> Self {
        let mut story = TestHistory::new();
        story.created("T");
        let db = Arc::new(CountingDb {
            inner: SqliteReadDb::open_inline().unwrap(),
            written: AtomicUsize::new(0),
        });
        let clock = Arc::new(ManualClock {
            now: AtomicI64::new(ten().micros()),
            moved: Notify::new(),
        });
        let (log, tasks) = (TestLog::default(), TestTasks::default());
        let views = start(&log, &db, &clock, &tasks).await;
        let mut following = Self {
            story,
            log,
            db,
            clock,
            tasks,
            views,
            appended_count: 0,
        };
        following.tell();
        following.settle().await;
        assert_eq!(following.views.position(), Some(following.story.head()));
        following
    }

    /// Appends the events that the story has and the log does not.
    fn tell(&mut self) {
        self.log.extend(&self.story.events[self.appended_count..]);
        self.appended_count = self.story.events.len();
    }

    async fn settle(&self) {
        for _ in 0..TURNS {
            tokio::task::yield_now().await;
        }
    }

    fn written(&self) -> usize {
        self.db.written.load(Ordering::SeqCst)
    }

    /// Appends a call, event by event.
    async fn tell_call(&mut self, of: u32) {
        self.story.whole_call("T", of);
        while self.appended_count < self.story.events.len() {
            self.log
                .extend(&self.story.events[self.appended_count..=self.appended_count]);
            self.appended_count += 1;
            self.settle().await;
        }
    }
}

async fn start(
    log: &TestLog,
    db: &Arc<CountingDb>,
    clock: &Arc<ManualClock>,
    tasks: &TestTasks,
) -> Arc<Projections> {
    let grounds = ProjectionContext {
        store: Arc::new(log.clone()),
        db: Arc::clone(db) as Arc<dyn ReadDb>,
        clock: Arc::clone(clock) as Arc<dyn Clock>,
    };
    Projections::start(grounds, tasks).await.unwrap()
}

#[tokio::test]
async fn what_comes_soon_after_a_transaction_goes_into_one() {
    let mut on = FollowerFixture::begin().await;
    let (before, reached) = (on.written(), on.views.position());
    on.tell_call(2).await;
    on.tell_call(3).await;
    assert_eq!((on.written(), on.views.position()), (before, reached));
    on.clock.pass(GATHERING_MS - 1);
    on.settle().await;
    assert_eq!(on.written(), before, "not before its time");
    on.clock.pass(1);
    on.settle().await;
    assert_eq!(
        (on.written(), on.views.position()),
        (before + 1, Some(on.story.head()))
    );
    // After a pause nothing is held back.
    on.clock.pass(GATHERING_MS);
    on.story.enrolled("T", 4);
    on.tell();
    on.settle().await;
    assert_eq!(
        (on.written(), on.views.position()),
        (before + 2, Some(on.story.head()))
    );
    on.tasks.stop().await;
}

#[tokio::test]
async fn who_waits_for_a_position_is_not_held_back() {
    let mut on = FollowerFixture::begin().await;
    // One waiter waits while the event is gathered, one before it exists; the clock never moves.
    on.tell_call(2).await;
    on.views.progress().wait_for(None, on.story.head()).await.unwrap();
    on.story.enrolled("T", 4);
    let (progress, head) = (on.views.progress(), on.story.head());
    let (waited, ()) = tokio::join!(progress.wait_for(Some("worklist"), head), async {
        on.settle().await;
        on.tell();
    });
    waited.unwrap();
    let deadline = on.clock.now().plus_ms(1);
    on.tell_call(5).await;
    on.views.wait_for(on.story.head(), deadline).await.unwrap();
    on.tasks.stop().await;
}

#[tokio::test]
async fn waits_for_missing_events_and_abandoned_waits_hurry_no_page() {
    let mut on = FollowerFixture::begin().await;
    let (before, progress) = (on.written(), on.views.progress());
    let far = Position(on.story.head().0 + 1_000);
    let head = {
        let gave_up = progress.wait_for(None, Position(on.story.head().0 + 1));
        tokio::select! {
            biased;
            _ = gave_up => unreachable!("nothing was appended"),
            () = on.settle() => {}
        }
        on.tell_call(2).await;
        on.story.head()
    };
    let worklist = on.views.worklist();
    let waits = async {
        tokio::join!(progress.wait_for(None, far), worklist.wait_for(head))
            .1
            .unwrap();
    };
    tokio::select! {
        biased;
        () = waits => unreachable!("the clock does not move"),
        () = on.settle() => {}
    }
    assert_eq!(on.written(), before);
    on.tasks.stop().await;
}

#[tokio::test]
async fn what_was_gathered_when_the_process_stops_is_in_the_rows_of_the_next() {
    let mut on = FollowerFixture::begin().await;
    for of in 2..40 {
        on.tell_call(of).await;
        if of % 3 == 0 {
            on.tasks.stop().await;
        } else {
            on.tasks.kill();
        }
        assert!(
            on.views.position() < Some(on.story.head()),
            "it was still gathering"
        );
        on.tasks = TestTasks::default();
        on.views = start(&on.log, &on.db, &on.clock, &on.tasks).await;
        on.settle().await;
        assert_eq!(on.views.position(), Some(on.story.head()));
    }
    let db = Arc::clone(&on.db) as Arc<dyn ReadDb>;
    let checks = verify(&on.log, db).await.unwrap();
    assert!(checks.iter().all(ViewCheck::holds), "{checks:?}");
    on.tasks.stop().await;
}

#[tokio::test]
async fn what_an_import_appends_faster_than_views_take_goes_into_transactions_of_bounded_size() {
    let mut on = FollowerFixture::begin().await;
    let (before, from) = (on.written(), on.story.head().0);
    for of in 2..1_500 {
        on.story.enrolled("T", of).whole_call("T", of);
    }
    let events = usize::try_from(on.story.head().0 - from).unwrap();
    assert!(
        events > 2 * CATCH_UP_EVENTS_MAX / 5,
        "{events} events are too few"
    );
    on.tell();
    while on.views.position() != Some(on.story.head()) {
        on.clock.pass(GATHERING_MS);
        on.settle().await;
    }
    let fewest = events.div_ceil(FOLLOWING_EVENTS_MAX + BATCH_EVENTS_MAX);
    assert!(
        on.written() - before >= fewest,
        "{} for {events}",
        on.written() - before
    );
    on.tasks.stop().await;
}
