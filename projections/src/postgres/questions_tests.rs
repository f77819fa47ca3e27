//! On a real server, a query ends at its time limit, when its caller has gone, and when tables are switched;
//! the error states which.

use super::questions::PAGE_ROWS;
use super::{PostgresQuestions, PostgresReadDb};
use crate::ask::{QueryError, QueryLimits, Questions, TIMEOUT_MAX_MS};
use crate::context::ProjectionContext;
use crate::database::ReadDb;
use crate::rebuild::{RebuildState, Rebuilds};
use crate::runner::InlineRunner;
use crate::testing::{AdvancingClock, TestClock, TestLog, TestTasks, postgres_url, varied};
use crate::views;
use domain::ports::clock::Clock;
use domain::ports::tasks::Tasks;
use std::pin::Pin;
use std::sync::Arc;

/// A query that runs much longer than any test, reads a documented view, and keeps only a thousand small
/// rows. A query that grows without end, or keeps its joins, could reach the limit on temporary space before
/// a switch ends it.
const ENDLESS: &str = "with recursive n as (select 1 as i union all select i + 1 from n where i < 1000)
    select max((select max((select max((select count(*) from n d where d.i > a.i + b.i - c.i))
        from n c where c.i <> b.i)) from n b where b.i <> a.i)) from calls, n a";

const LONGEST: QueryLimits = QueryLimits {
    rows_max: 10_000,
    timeout_ms: TIMEOUT_MAX_MS,
};

/// Most polls of the server; far fewer are needed, and all together take less than the query's time limit.
const LOOKS_MAX: usize = 20_000;

struct PostgresQueryFixture {
    grounds: ProjectionContext,
    questions: PostgresQuestions,
    tasks: TestTasks,
}

impl PostgresQueryFixture {
    async fn open(clock: Arc<dyn Clock>) -> Option<Self> {
        let url = postgres_url()?;
        let tasks = TestTasks::default();
        let story = varied(300, 20);
        let db: Arc<dyn ReadDb> = Arc::new(PostgresReadDb::open(&url, &clock, &tasks).await.unwrap());
        let log = TestLog::of(&story.events);
        let mut runner = InlineRunner::begin(Arc::clone(&db), views::all()).await.unwrap();
        assert_eq!(runner.catch_up(&log).await, Ok(story.head()));
        Some(Self {
            questions: PostgresQuestions::open(&url, &clock, &tasks).unwrap(),
            grounds: ProjectionContext {
                store: Arc::new(log),
                db,
                clock,
            },
            tasks,
        })
    }

    /// Polls until so many queries run in the server. Statements that prepare a new connection do not count,
    /// because they block no switch.
    async fn until_running(&self, wanted: i64) {
        for _ in 0..LOOKS_MAX {
            let asked = self.grounds.db.query(
                "select count(*) from pg_stat_activity where application_name = 'ledgerline questions'
                 and state = 'active' and datname = current_database() and query ilike '%recursive%'",
                vec![],
            );
            if asked.await.unwrap().remove(0).int().unwrap() == wanted {
                return;
            }
        }
        panic!("never {wanted} questions at once");
    }

    async fn is_answered(&self) {
        let asked = self.questions.ask("select count(*) from calls", LONGEST).await;
        assert_eq!(asked.unwrap().rows.len(), 1);
    }

    async fn close(self) {
        let tasks = self.tasks;
        drop((self.grounds, self.questions));
        tasks.stop().await;
    }
}

#[tokio::test]
async fn a_question_without_a_waiting_caller_ends_in_the_server() {
    let Some(shop) = PostgresQueryFixture::open(TestClock::new()).await else {
        return;
    };
    // More queries than connections: those that wait for one never start.
    let mut asked: Vec<Pin<Box<_>>> = (0..4)
        .map(|_| Box::pin(shop.questions.ask(ENDLESS, LONGEST)))
        .collect();
    let together = futures(&mut asked);
    tokio::select! {
        biased;
        () = together => panic!("it was answered"),
        () = shop.until_running(2) => {}
    }
    drop(asked);
    shop.until_running(0).await;
    shop.is_answered().await;
    shop.is_answered().await;
    shop.close().await;
}

/// Polls all futures; ends with the first.
async fn futures<F: Future>(all: &mut [Pin<Box<F>>]) {
    std::future::poll_fn(|context| {
        let ended = all.iter_mut().any(|one| one.as_mut().poll(context).is_ready());
        if ended {
            std::task::Poll::Ready(())
        } else {
            std::task::Poll::Pending
        }
    })
    .await;
}

#[tokio::test]
async fn a_switch_ends_a_question_in_its_way_and_tells_its_asker() {
    let Some(shop) = PostgresQueryFixture::open(TestClock::new()).await else {
        return;
    };
    let rebuilds = Rebuilds::of(shop.grounds.clone(), views::all());
    rebuilds.begin("call_history", false).await.unwrap();
    let made = rebuilds.feed("call_history", &mut |_, _| {}).await.unwrap();
    assert_eq!(made.state, RebuildState::Ready);
    let asked = shop.questions.ask(ENDLESS, LONGEST);
    let switch = async {
        shop.until_running(1).await;
        rebuilds.switch("call_history", None).await
    };
    let (asked, switched) = tokio::join!(asked, switch);
    assert_eq!(switched.unwrap().view, "call_history");
    assert_eq!(asked, Err(QueryError::Interrupted));
    shop.is_answered().await;
    drop(rebuilds);
    shop.close().await;
}

#[tokio::test]
async fn all_pages_of_an_answer_have_one_time_together() {
    let Some(shop) = PostgresQueryFixture::open(AdvancingClock::by_micros(60_000_000)).await else {
        return;
    };
    let rows = |count: i32| {
        format!(
            "with recursive n as (select 1 as i union all select i + 1 from n where i < {count}) select i from n"
        )
    };
    let one_more = rows(PAGE_ROWS + 1);
    let asked = shop.questions.ask(&rows(PAGE_ROWS - 1), LONGEST).await;
    assert_eq!(i32::try_from(asked.unwrap().rows.len()), Ok(PAGE_ROWS - 1));
    assert_eq!(
        shop.questions.ask(&one_more, LONGEST).await,
        Err(QueryError::TooSlow { ms: TIMEOUT_MAX_MS })
    );
    shop.is_answered().await;
    shop.close().await;
}
