//! Tests of PostgreSQL against SQLite: the same statements make the same rows; and of what only a server can
//! do.

use super::PostgresReadDb;
use crate::database::{Dialect, ReadDb, Table, read_as, transact};
use crate::error::ProjectionError;
use crate::rebuild::verify;
use crate::runner::InlineRunner;
use crate::sqlite::SqliteReadDb;
use crate::table::PARTITIONS;
use crate::testing::{TestClock, TestHistory, TestLog, TestTasks, postgres_url, rows_of, run_sql, varied};
use crate::value::Val;
use crate::views;
use domain::ports::clock::Clock;
use domain::ports::tasks::Tasks;
use std::sync::Arc;

/// A new read database and what it runs on.
pub(super) struct TestDatabase {
    pub(super) url: String,
    pub(super) db: Arc<dyn ReadDb>,
    clock: Arc<dyn Clock>,
    tasks: TestTasks,
}

impl TestDatabase {
    pub(super) async fn new() -> Option<Self> {
        let url = postgres_url()?;
        let clock: Arc<dyn Clock> = TestClock::new();
        let tasks = TestTasks::default();
        let db = PostgresReadDb::open(&url, &clock, &tasks).await.unwrap();
        let db: Arc<dyn ReadDb> = Arc::new(db);
        Some(Self {
            url,
            db,
            clock,
            tasks,
        })
    }

    /// Opens the database again, as another process would.
    async fn again(&self) -> Arc<dyn ReadDb> {
        Arc::new(
            PostgresReadDb::open(&self.url, &self.clock, &self.tasks)
                .await
                .unwrap(),
        )
    }

    pub(super) async fn close(self) {
        drop(self.db);
        self.tasks.stop().await;
    }
}

pub(super) fn inline_db() -> Arc<dyn ReadDb> {
    Arc::new(SqliteReadDb::open_inline().unwrap())
}

/// Events of every kind, in an order that reaches every branch of the views.
pub(super) fn story() -> TestHistory {
    varied(600, 20)
}

pub(super) async fn all_rows(db: &dyn ReadDb) -> Vec<Vec<Val>> {
    let tables: Vec<Table> = views::all()
        .iter()
        .flat_map(|view| view.tables().to_vec())
        .collect();
    rows_of(db, &tables).await
}

#[tokio::test]
async fn every_view_makes_the_same_rows_on_both_databases() {
    let Some(opened) = TestDatabase::new().await else {
        return;
    };
    let story = story();
    let beside = inline_db();
    for db in [&opened.db, &beside] {
        let mut runner = InlineRunner::begin(Arc::clone(db), views::all()).await.unwrap();
        runner.apply_page(&story.events).await.unwrap();
        assert_eq!(runner.after(), Some(story.head()));
    }
    assert_eq!(
        all_rows(opened.db.as_ref()).await,
        all_rows(beside.as_ref()).await
    );
    let trail = |view| format!("select * from {view} order by position");
    let there = opened.db.query(&trail("ledgerline_sql.audit"), Vec::new()).await;
    let here = beside.query(&trail("audit"), Vec::new()).await.unwrap();
    assert_eq!(here.len(), story.events.len());
    for (there, here) in there.unwrap().into_iter().zip(here) {
        assert_eq!(there.rest(), here.rest(), "ids and names are the same text");
    }
    let typed = "select call from ledgerline_typed.calls where late_answer is not null
        and date_trunc('hour', permitted_time) > timestamptz '2000-01-01' limit 1";
    assert_eq!(opened.db.query(typed, Vec::new()).await.unwrap().len(), 1);
    let log = TestLog::of(&story.events);
    let checks = verify(&log, Arc::clone(&opened.db)).await.unwrap();
    assert!(checks.iter().all(crate::rebuild::ViewCheck::holds), "{checks:?}");
    lies_in_parts(opened.db.as_ref()).await;
    opened.close().await;
}

/// Asserts that the rows of the customer timeline are spread over partitions, by the hash of the customer.
async fn lies_in_parts(db: &dyn ReadDb) {
    let parts = "select count(*) from pg_inherits where inhparent = 'customer_timeline_line'::regclass";
    let used = "select count(distinct tableoid) from customer_timeline_line";
    let mut found = Vec::new();
    for sql in [parts, used] {
        let mut rows = db.query(sql, Vec::new()).await.unwrap();
        found.push(rows.remove(0).count().unwrap());
    }
    assert_eq!(found[0], u64::from(PARTITIONS));
    assert!(found[1] > 1, "{found:?}");
}

const WORDS: Table = Table {
    name: "word",
    ddl: &["create table word (word text primary key, weight double precision, count bigint, sound text)"],
    key_columns: 1,
};

/// Rows of words that languages order differently from bytes.
fn words() -> Vec<Vec<Val>> {
    let words = [
        "b",
        "B",
        "a",
        "A",
        "_",
        "aa",
        "Ab",
        "\u{5f20}\u{4e09}",
        "\u{4e01}",
        "\u{e9}",
        "Z",
        "10",
        "9",
    ];
    let rows = words.iter().zip(1..).map(|(word, count): (_, i64)| {
        let odd = count % 2 == 1;
        // PostgreSQL has no null character in a text: both databases return U+FFFD.
        let word = if count == 7 {
            format!("{word}\0")
        } else {
            (*word).to_owned()
        };
        let weight = if odd {
            Val::Real(count as f64 / 3.0)
        } else {
            Val::Null
        };
        let sound = if odd {
            Val::Null
        } else {
            Val::text(word.to_lowercase())
        };
        vec![Val::text(word), weight, Val::Int(count), sound]
    });
    rows.collect()
}

async fn worded(db: &dyn ReadDb) {
    let work = transact(db, |tx| {
        WORDS.ddl.iter().try_for_each(|sql| tx.exec(sql, &[]).map(drop))?;
        tx.append_rows(&WORDS, &words())
    });
    work.await.unwrap();
}

/// One statement of each kind that views use.
fn statements() -> Vec<(&'static str, Vec<Val>)> {
    vec![
        ("select * from word order by word", vec![]),
        (
            "select word from word order by word desc limit $1",
            vec![Val::Int(5)],
        ),
        (
            "select word from word where word > $1 order by word",
            vec![Val::text("A")],
        ),
        ("select sound from word order by sound nulls first, word", vec![]),
        (
            "select sound, count from word order by sound desc nulls last, count",
            vec![],
        ),
        (
            "select cast(sum(count) as bigint), max(word), min(word), count(*) from word",
            vec![],
        ),
        (
            "select sum(weight), avg(weight) from word where count < $1",
            vec![Val::Int(4)],
        ),
        (
            "select count from word where word in ($1, $2) order by count",
            vec![Val::text("b"), Val::text("Z")],
        ),
        (
            "select count from word where coalesce(sound, word) >= $1 order by count",
            vec![Val::text("a")],
        ),
        (
            "select word, count > $1 from word order by word",
            vec![Val::Int(6)],
        ),
        (
            "select case when sound is null then 1 else 0 end from word order by word",
            vec![],
        ),
        (
            "select word from word where count = $1 or $1 is null order by word",
            vec![Val::Null],
        ),
        (
            "select word from word where count = $1 or $1 is null order by word",
            vec![Val::Int(3)],
        ),
        ("select word from word where word like '\u{5f20}%'", vec![]),
        (
            "select lower(word), count(*) from word group by lower(word) order by lower(word)",
            vec![],
        ),
        ("select distinct sound is null from word order by 1", vec![]),
        (
            "select word from word union select sound from word where sound is not null order by 1",
            vec![],
        ),
    ]
}

#[tokio::test]
async fn statements_answer_the_same_on_both_databases() {
    let Some(opened) = TestDatabase::new().await else {
        return;
    };
    assert_eq!(opened.db.dialect(), Dialect::Postgres);
    let beside = inline_db();
    for db in [&opened.db, &beside] {
        worded(db.as_ref()).await;
    }
    for (sql, values) in statements() {
        let there = opened.db.query(sql, values.clone()).await;
        let there: Vec<_> = there.unwrap().into_iter().map(crate::value::Row::rest).collect();
        let here = beside.query(sql, values).await.unwrap();
        let here: Vec<_> = here.into_iter().map(crate::value::Row::rest).collect();
        assert!(!here.is_empty(), "{sql}");
        assert_eq!(there, here, "{sql}");
    }
    opened.close().await;
}

#[tokio::test]
async fn whole_rows_are_appended_replaced_read_and_removed_few_and_many() {
    let Some(opened) = TestDatabase::new().await else {
        return;
    };
    let beside = inline_db();
    let row = |word: usize, count: i64| {
        vec![
            Val::text(format!("{word:05}")),
            Val::Null,
            Val::Int(count),
            Val::text("x\ty\\\n\u{4e01}"),
        ]
    };
    for db in [&opened.db, &beside] {
        let found = transact(db.as_ref(), move |tx| {
            WORDS.ddl.iter().try_for_each(|sql| tx.exec(sql, &[]).map(drop))?;
            for count in [0, 1, 15, 16, 5_000] {
                let from = count * 100;
                let rows: Vec<_> = (from..from + count).map(|word| row(word, 1)).collect();
                tx.append_rows(&WORDS, &rows)?;
                let halves: Vec<_> = (from..from + count).step_by(2).map(|word| row(word, 2)).collect();
                tx.write_rows(&WORDS, &halves, &[])?;
                let keys: Vec<_> = (from..from + count)
                    .step_by(3)
                    .map(|word| row(word, 0)[..1].to_vec())
                    .collect();
                tx.write_rows(&WORDS, &[], &keys)?;
            }
            // The last row of a key wins.
            tx.write_rows(&WORDS, &[row(7, 1), row(8, 1), row(7, 9)], &[])?;
            let keys = [row(7, 0)[..1].to_vec(), row(99_999, 0)[..1].to_vec()];
            assert_eq!(tx.row(&WORDS, &keys[1])?, None);
            tx.rows(&WORDS, &keys)
        });
        assert_eq!(found.await.unwrap(), [row(7, 9)]);
    }
    let (there, here) = (
        rows_of(opened.db.as_ref(), &[WORDS]).await,
        rows_of(beside.as_ref(), &[WORDS]).await,
    );
    assert!(there.len() > 3_000);
    assert_eq!(there, here);
    opened.close().await;
}

#[tokio::test]
async fn what_failed_never_commits_even_when_the_failure_is_overlooked() {
    let Some(opened) = TestDatabase::new().await else {
        return;
    };
    let db = opened.db.as_ref();
    worded(db).await;
    let twice = transact(db, |tx| {
        tx.exec("delete from word where word = $1", &[Val::text("b")])?;
        drop(tx.append_rows(&WORDS, &words()[1..3]));
        Ok(())
    });
    assert!(matches!(twice.await, Err(ProjectionError::Fault(_))));
    let changed = transact(db, |tx| {
        tx.exec("delete from word", &[])?;
        Err::<(), _>(ProjectionError::Corrupt("changed its mind".to_owned()))
    });
    assert!(matches!(changed.await, Err(ProjectionError::Corrupt(_))));
    assert_eq!(rows_of(db, &[WORDS]).await.len(), words().len());
    opened.close().await;
}

#[tokio::test]
async fn a_statement_that_does_not_fit_is_a_fault_and_the_next_one_is_answered() {
    let Some(opened) = TestDatabase::new().await else {
        return;
    };
    let db = opened.db.as_ref();
    worded(db).await;
    let wrong: [(&str, Vec<Val>, &str); 6] = [
        ("select sum(count) from word", vec![], "cast it"),
        (
            "select word from word where count = $1",
            vec![Val::text("x")],
            "does not fit",
        ),
        (
            "select word from word where count = $1",
            vec![],
            "0 values for 1 parameters",
        ),
        (
            "select word from word where word = $1",
            vec![Val::Int(1)],
            "does not fit",
        ),
        ("select nothing from word", vec![], "nothing"),
        ("delete from word", vec![], "read-only"),
    ];
    for (sql, values, said) in wrong {
        let error = db.query(sql, values).await.unwrap_err();
        assert!(
            matches!(&error, ProjectionError::Fault(why) if why.contains(said)),
            "{sql}: {error}"
        );
    }
    let rows = db
        .query("select count from word where count = $1", vec![Val::Bool(true)])
        .await;
    assert_eq!(rows.unwrap().remove(0).rest(), [Val::Int(1)]);
    opened.close().await;
}

#[tokio::test]
async fn a_build_does_not_feed_rows_of_another_version() {
    let Some(opened) = TestDatabase::new().await else {
        return;
    };
    let story = story();
    let mut runner = InlineRunner::begin(Arc::clone(&opened.db), views::all())
        .await
        .unwrap();
    run_sql(
        &opened.url,
        "update ledgerline_views.checkpoint set version = 99 where view = 'worklist'",
    );
    let refused = runner.apply_page(&story.events).await.unwrap_err();
    assert!(
        refused
            .to_string()
            .contains("another build feeds view worklist in version 99"),
        "{refused}"
    );
    assert_eq!(
        opened
            .db
            .query("select call from worklist_call", vec![])
            .await
            .unwrap()
            .len(),
        0
    );
    opened.close().await;
}

#[tokio::test]
async fn two_processes_feed_the_same_rows() {
    let Some(opened) = TestDatabase::new().await else {
        return;
    };
    let story = story();
    let other = opened.again().await;
    let feed = |db: Arc<dyn ReadDb>, page: usize| {
        let events = story.events.clone();
        async move {
            let mut runner = InlineRunner::begin(db, views::all()).await.unwrap();
            for page in events.chunks(page) {
                runner.apply_page(page).await.unwrap();
                tokio::task::yield_now().await;
            }
        }
    };
    tokio::join!(feed(Arc::clone(&opened.db), 7), feed(Arc::clone(&other), 11));
    let beside = inline_db();
    feed(Arc::clone(&beside), 512).await;
    assert_eq!(all_rows(other.as_ref()).await, all_rows(beside.as_ref()).await);
    drop(other);
    opened.close().await;
}

#[tokio::test]
async fn a_reader_sees_a_switch_of_tables_whole_or_not_at_all() {
    let Some(opened) = TestDatabase::new().await else {
        return;
    };
    let (db, other) = (Arc::clone(&opened.db), opened.again().await);
    worded(db.as_ref()).await;
    let next =
        "create table word__next (word text primary key, weight double precision, count bigint, sound text)";
    let (asked, was_asked) = std::sync::mpsc::sync_channel::<()>(1);
    let switch = transact(db.as_ref(), move |tx| {
        tx.exec(next, &[])?;
        tx.close_gate()?;
        tx.exec("alter table word rename to word__old", &[])?;
        // The query came while the gate was closed; it must not see half of the switch.
        was_asked.recv().unwrap();
        tx.exec("alter table word__next rename to word", &[])?;
        tx.exec("drop table word__old", &[])?;
        Ok(())
    });
    let question = async {
        asked.send(()).unwrap();
        read_as(other.as_ref(), |tx| {
            let first = tx.query("select count(*) from word", &[])?;
            let again = tx.query("select count(*) from word", &[])?;
            Ok([first, again].map(|mut rows| rows.remove(0).rest()))
        })
        .await
    };
    let (switched, seen) = tokio::join!(switch, question);
    switched.unwrap();
    let seen = seen.unwrap();
    let before = Val::count(words().len());
    assert!(seen == [vec![Val::Int(0)], vec![Val::Int(0)]] || seen == [vec![before.clone()], vec![before]]);
    assert!(rows_of(db.as_ref(), &[WORDS]).await.is_empty());
    assert!(rows_of(other.as_ref(), &[WORDS]).await.is_empty());
    drop((db, other));
    opened.close().await;
}

#[tokio::test]
async fn a_question_that_takes_too_long_is_ended_and_says_so() {
    let Some(opened) = TestDatabase::new().await else {
        return;
    };
    let slow = read_as(opened.db.as_ref(), |tx| {
        tx.exec("set local statement_timeout = 20", &[])?;
        tx.query("select 1 from pg_sleep(600)", &[])
    });
    let Err(ProjectionError::Unavailable(why)) = slow.await else {
        panic!("it was answered");
    };
    assert!(why.contains("longer than"), "{why}");
    assert_eq!(opened.db.query("select 1", vec![]).await.unwrap().len(), 1);
    opened.close().await;
}
