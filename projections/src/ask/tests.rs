//! Queries are answered within their limits; those that would write, run without end or read elsewhere are
//! refused with the reason.

use super::{
    COLUMNS_MAX, FUNCTIONS, QueryError, QueryLimits, QueryResult, Questions, ROW_BYTES_MAX, SQL_BYTES_MAX,
    SqlLocation, SqliteQuestions, TruncationReason, check_sql,
};
use crate::testing::{AdvancingClock, TestClock, TestHistory, TestTasks, postgres_url, run_sql};

use crate::value::Val;
use crate::{InlineRunner, PostgresQuestions, PostgresReadDb, ReadDb, SqliteReadDb, views};
use domain::ports::clock::Clock;
use domain::ports::tasks::Tasks;
use std::sync::Arc;

struct QueryFixture {
    questions: Box<dyn Questions>,
    tasks: TestTasks,
    _directory: tempfile::TempDir,
}

/// A story of three complete calls of one campaign.
fn story() -> TestHistory {
    let mut story = TestHistory::new();
    story.created("T");
    for of in 1..=3 {
        story.enrolled("T", of).whole_call("T", of);
    }
    story
}

async fn filled(db: Arc<dyn ReadDb>) {
    let mut runner = InlineRunner::begin(db, views::all()).await.unwrap();
    runner.apply_page(&story().events).await.unwrap();
}

async fn shop() -> QueryFixture {
    let directory = tempfile::tempdir().unwrap();
    let tasks = TestTasks::default();
    filled(Arc::new(SqliteReadDb::open(directory.path(), &tasks).unwrap())).await;
    // A millisecond with each reading, so that a time limit is reached without waiting.
    let clock: Arc<dyn Clock> = AdvancingClock::by_micros(1_000);
    QueryFixture {
        questions: Box::new(SqliteQuestions::inline(directory.path(), &clock)),
        tasks,
        _directory: directory,
    }
}

async fn postgres_shop() -> Option<QueryFixture> {
    let url = postgres_url()?;
    let tasks = TestTasks::default();
    let clock: Arc<dyn Clock> = TestClock::new();
    filled(Arc::new(
        PostgresReadDb::open(&url, &clock, &tasks).await.unwrap(),
    ))
    .await;
    Some(QueryFixture {
        questions: Box::new(PostgresQuestions::open(&url, &clock, &tasks).unwrap()),
        tasks,
        _directory: tempfile::tempdir().unwrap(),
    })
}

impl QueryFixture {
    async fn ask(&self, sql: &str) -> Result<QueryResult, QueryError> {
        self.questions.ask(sql, QueryLimits::default()).await
    }
}

fn texts(asked: &QueryResult) -> Vec<String> {
    let shown = asked.rows.iter().map(|row| {
        let values = row.iter().map(|value| match value {
            Val::Text(text) => text.clone(),
            Val::Int(number) => number.to_string(),
            other => format!("{other:?}"),
        });
        values.collect::<Vec<_>>().join(" ")
    });
    shown.collect()
}

/// Queries with the rows they return.
const ANSWERED: &[(&str, &[&str])] = &[
    ("select count(*) from calls", &["3"]),
    (
        "SELECT Disposition, Count(*) AS 数量 FROM Calls GROUP BY 1 ORDER BY 1 nulls last;",
        &["answered 1", "busy 2"],
    ),
    (
        "with open as (select call from calls where disposition <> 'answered') select count(*) from open",
        &["2"],
    ),
    (
        "select d.label_zh from calls c join dispositions d on d.code = c.disposition
             where c.disposition like 'answ%' -- a comment",
        &["接通"],
    ),
    (
        "select case when attempt > 0 then 'x' else null end, row_number() over (order by call) from calls
             order by 2 limit 1 offset 1",
        &["x 2"],
    ),
    ("select 1 union all select 2 order by 1", &["1", "2"]),
    (
        "select count(*) filter (where outcome is not null), coalesce(max(talk_ms), 0) from calls",
        &["1 4000"],
    ),
    (
        "with recursive n as (select 1 as i union all select i + 1 from n where i < 4) select sum(i) from n",
        &["10"],
    ),
    (
        "select substr(answered_time, 1, 10), trim('  x '), cast('7' as bigint) from calls
             where answered_at is not null",
        &["2026-03-02 x 7"],
    ),
];

/// Queries that are refused.
const REFUSED: &[&str] = &[
    "delete from calls",
    "insert into calls values (1)",
    "update calls set call = 1",
    "drop view calls",
    "create table x (a int)",
    "attach database 'x' as y",
    "pragma table_info(calls)",
    "select 1; select 2",
    "select 1; drop view calls",
    "select * from call_history",
    "select * from sqlite_master",
    "select * from main.calls",
    "select * from pg_catalog.pg_authid",
    "select * from pg_user",
    "with calls as (select * from call_history) select * from calls",
    "with pg_user as (select 1) select * from pg_user",
    "with x as (delete from calls returning *) select * from x",
    "select * from (with call_history as (select 1 as callee) select callee from call_history) a, call_history",
    "with \"Calls\" as (select callee from call_history) select * from \"Calls\", (with call_history as
         (select 1) select * from call_history) x",
    "with \"Calls\" as (select 1 as a) select * from \"Calls\"",
    "with Worklist_Call as (select 1) select * from Worklist_Call",
    "with checkpoint as (select 1) select * from checkpoint",
    "select * from pragma_table_info('call_history')",
    "select * from generate_series(1, 10)",
    "select load_extension('x')",
    "select readfile('/etc/passwd')",
    "select pg_sleep(10)",
    "select set_config('a', 'b', false)",
    "select pg_read_file('x')",
    "select pg_catalog.pg_sleep(1)",
    "select current_user",
    "select strftime('%s', 'now')",
    "select randomblob(1000000000)",
    "select * from calls for update",
    "select call into x from calls",
    "select call::text from calls",
    "select $1",
    "select E'\\x41'",
    "select call from calls where call ~ 'x'",
    "select distinct on (call) call from calls",
    "select * from calls, lateral (select 1) x",
    "select cast('x' as regclass)",
    "select (calls).row_to_json from calls",
    "select calls.*::text from calls",
    "select cast(calls.* as text) from calls",
    "select row_to_json(calls) from calls",
    "select main.calls.call from calls",
    "select count(calls.*) from calls",
    "select max(*) from calls",
    "select string_agg(call, campaign) from calls",
    "select string_agg((select string_agg(call, ',') from calls), ',') from calls",
    "select * from (with x as (select 1) select * from x) a, (with x as (select 2) select * from x) b",
    "explain select 1",
    "vacuum",
    "set search_path = public",
    "copy calls to '/tmp/x'",
    "values (1); begin",
    "",
    ";",
    "select",
    "select \"",
    "sel ect",
];

/// Names that are no columns: PostgreSQL would read them as functions of the row, or as the whole row.
const NO_COLUMNS: &[&str] = &[
    "select cast(calls.row_to_json as text) from calls",
    "select cast(c.row_to_json as text) from calls c",
    "select length(cast(c.to_jsonb as text)) from calls as c order by 1",
    "select c.pg_column_size from calls c",
    "select call from calls c order by c.hash_record",
    "select (select max(c.pg_column_size) from campaigns) from calls c",
    "select cast(d.row_to_json as text) from (select call from calls) d",
    "with x as (select call from calls) select cast(x.row_to_json as text) from x",
    "with x as (select 1 as row_to_json), y as (select call from calls) select cast(y.row_to_json as text) from x, y",
    "with x(a) as (select call as row_to_json from calls) select cast(x.row_to_json as text) from x",
    "select (with x as (select cast(c.row_to_json as text) as t) select t from x, (select 1 as row_to_json) c)
         from calls c",
    "select * from (select 1 as row_to_json) c, (select cast(c.row_to_json as text) as t from calls c) d",
    "select cast(calls as text) from calls",
    "select cast(c as text) from calls c",
    "select count(c) from calls c",
    "select z.call from calls c",
];

/// Queries that name columns in every possible way.
const COLUMNS: &[&str] = &[
    "select c.call, C.Campaign, \"c\".\"state\" from calls c order by c.call",
    "select calls.call from calls group by calls.call having max(calls.attempt) > 0",
    "select d.n from (select count(*) as n from calls c) d where d.n > 1",
    "select c.n from (select c.call as n from calls c) c order by c.n",
    "select d.call, d.campaign from (select * from calls) d",
    "select d.call, d.n from (select c.*, 1 as n from calls c) d",
    "with x as (select call, 1 as n from calls), y as (select x.call from x) select y.call, x.n from x join y on
         y.call = x.call",
    "with recursive n(i) as (select 1 union all select n.i + 1 from n where n.i < 3) select n.i from n",
    "select c.call from calls c where exists (select 1 from campaigns p where p.campaign = c.campaign)",
    "select campaign, count(*) as calls from calls group by campaign order by calls",
    "select d.column1 from (values (1), (2)) d",
    "select a.call from (calls a join campaigns b on b.campaign = a.campaign) order by b.campaign",
];

async fn names_are_columns(shop: &QueryFixture) {
    for sql in NO_COLUMNS {
        let refused = shop.ask(sql).await.expect_err(sql);
        assert!(matches!(refused, QueryError::Wrong(_)), "{sql}: {refused}");
    }
    for sql in COLUMNS {
        shop.ask(sql).await.unwrap_or_else(|why| panic!("{sql}: {why}"));
    }
}

/// A text of 16 bytes, doubled 15 times: half of what a row may have.
const HALF: &str = "with recursive t as (select 'xxxxxxxxxxxxxxxx' as t, 0 as i union all
    select t || t, i + 1 from t where i < 15), h as (select t from t where i = 15)";

async fn texts_and_rows_have_a_bound(shop: &QueryFixture) {
    let limits = QueryLimits {
        rows_max: 10,
        timeout_ms: 30_000,
    };
    let ask = |ends: &str| {
        let sql = format!("{HALF} {ends}");
        async move { shop.questions.ask(&sql, limits).await }
    };
    let whole = ask("select t || t from h").await.unwrap();
    assert_eq!((whole.bytes, whole.rows.len()), (ROW_BYTES_MAX, 1));
    for grows in [
        "select length(t || t || 'x') from h",
        "select length(replace(t, 'x', 'xxx')) from h",
        "select length(string_agg(h.t, ',')) from h, calls a, calls b, calls c, calls d, calls e",
        "select t as first, t || t as longest from h",
        "select t, t, t from h",
        "select * from h a, h b, h c order by 1",
    ] {
        let refused = ask(grows).await.expect_err(grows);
        assert!(matches!(refused, QueryError::TooLarge(_)), "{grows}: {refused}");
    }
    let refused = ask("select t as short, t || t as longest from h")
        .await
        .unwrap_err();
    assert!(
        refused.to_string().contains("column longest has 1048576 bytes"),
        "{refused}"
    );
    let shrunk = ask("select length(replace(t, 'xx', 'x')), length(t || 'x') from h")
        .await
        .unwrap();
    assert_eq!(texts(&shrunk), ["262144 524289"]);
    let joined = shop.ask(
        "select string_agg(disposition, '|' order by disposition)
        filter (where attempt > 0), 1 || 'x' || coalesce(null || 'y', 'z') from calls",
    );
    assert_eq!(texts(&joined.await.unwrap()), ["answered|busy|busy 1xz"]);
    let columns = vec!["attempt"; COLUMNS_MAX + 1].join(", ");
    let refused = shop
        .ask(&format!("select {columns} from calls"))
        .await
        .unwrap_err();
    assert!(matches!(refused, QueryError::TooLarge(_)), "{refused}");
}

/// Endless rows of two hundred bytes, sorted or grouped.
async fn temporary_space_has_a_bound(shop: &QueryFixture) {
    let limits = QueryLimits {
        rows_max: 10,
        timeout_ms: 30_000,
    };
    let rows = format!(
        "with recursive n as (select 1 as i, '{}' as t union all select i + 1, t from n where i < 100000000)",
        "x".repeat(200)
    );
    let sql = format!("{rows} select i, t from n order by t, i desc");
    let refused = shop.questions.ask(&sql, limits).await.unwrap_err();
    assert!(refused.to_string().contains("temporary space"), "{refused}");
    let small = shop
        .ask("select call from calls order by call desc")
        .await
        .unwrap();
    assert_eq!(small.rows.len(), 3);
}

#[tokio::test]
async fn a_sort_without_an_end_is_stopped_at_its_quota_of_temporary_space() {
    let directory = tempfile::tempdir().unwrap();
    let tasks = TestTasks::default();
    filled(Arc::new(SqliteReadDb::open(directory.path(), &tasks).unwrap())).await;
    // The space is measured without time passing by itself.
    // A tenth of a millisecond with each reading: the query reaches its quota long before its time limit.
    let clock: Arc<dyn Clock> = AdvancingClock::by_micros(100);
    let sqlite = QueryFixture {
        questions: Box::new(SqliteQuestions::inline(directory.path(), &clock)),
        tasks,
        _directory: directory,
    };
    temporary_space_has_a_bound(&sqlite).await;
    let Some(shop) = postgres_shop().await else { return };
    temporary_space_has_a_bound(&shop).await;
    shop.tasks.stop().await;
}

#[tokio::test]
async fn a_role_that_may_not_set_the_quota_reads_the_grant_and_gets_answers_that_keep_little() {
    let Some(url) = postgres_url() else { return };
    run_sql(
        &url,
        "create role plain login; grant all on schema public to plain; alter schema public owner to plain",
    );
    let database = url.rsplit_once('/').unwrap().1.to_owned();
    run_sql(&url, &format!("alter database {database} owner to plain"));
    let (superuser, url) = (url.clone(), url.replace("ledgerline@", "plain@"));
    let (tasks, clock): (_, Arc<dyn Clock>) = (TestTasks::default(), TestClock::new());
    filled(Arc::new(
        PostgresReadDb::open(&url, &clock, &tasks).await.unwrap(),
    ))
    .await;
    let grant = crate::missing_grant(&url, &tasks).await.unwrap().unwrap();
    assert_eq!(grant, "grant set on parameter temp_file_limit to plain");
    let questions = PostgresQuestions::open(&url, &clock, &tasks).unwrap();
    for sql in [
        "select call from calls order by call",
        "select call from calls order by call limit 20000",
        "select distinct call from calls",
        "select call, count(*) from calls group by 1",
        "select count(distinct call) from calls",
        "select call, row_number() over (order by call) from calls",
        "select a.call from calls a, calls b",
        "select call from calls union select campaign from campaigns",
        "with recursive n as (select 1 as i union all select i + 1 from n where i < 9) select i from n",
    ] {
        let refused = questions.ask(sql, QueryLimits::default()).await.expect_err(sql);
        assert!(
            refused
                .to_string()
                .contains("grant set on parameter temp_file_limit to plain"),
            "{sql}: {refused}"
        );
    }
    for sql in [
        "select call from calls order by call limit 10",
        "select campaign, disposition, count(*) from calls group by 1, disposition order by 3 limit 10",
        "select d.label_zh, c.call from calls c join dispositions d on d.code = c.disposition",
    ] {
        let answered = questions.ask(sql, QueryLimits::default()).await;
        assert!(answered.is_ok(), "{sql}: {answered:?}");
    }
    run_sql(&superuser, &grant);
    assert_eq!(crate::missing_grant(&url, &tasks).await, Ok(None));
    run_sql(&superuser, "revoke set on parameter temp_file_limit from plain");
    tasks.stop().await;
}

#[tokio::test]
async fn a_name_is_a_column_and_never_a_function_of_the_row() {
    names_are_columns(&shop().await).await;
    let Some(shop) = postgres_shop().await else { return };
    names_are_columns(&shop).await;
    shop.tasks.stop().await;
}

#[tokio::test]
async fn no_text_and_no_row_is_longer_than_a_mebibyte_in_the_database() {
    texts_and_rows_have_a_bound(&shop().await).await;
    let Some(shop) = postgres_shop().await else { return };
    texts_and_rows_have_a_bound(&shop).await;
    shop.tasks.stop().await;
}

async fn answers_and_refuses(shop: &QueryFixture) {
    for (sql, answer) in ANSWERED {
        let asked = shop.ask(sql).await.unwrap_or_else(|why| panic!("{sql}: {why}"));
        assert_eq!(texts(&asked), *answer, "{sql}");
        assert_eq!(asked.truncated, None);
    }
    let asked = shop.ask("select call as c, 1 from calls limit 1").await.unwrap();
    assert_eq!(asked.columns.first().map(String::as_str), Some("c"));
    for sql in REFUSED {
        let refused = shop.ask(sql).await.expect_err(sql);
        assert!(
            matches!(refused, QueryError::Forbidden { .. } | QueryError::Syntax { .. }),
            "{sql}: {refused}"
        );
    }
    assert_eq!(
        texts(&shop.ask("select count(*) from calls").await.unwrap()),
        ["3"]
    );
}

#[tokio::test]
async fn analysts_are_answered_and_what_would_write_or_look_elsewhere_is_refused() {
    answers_and_refuses(&shop().await).await;
}

#[tokio::test]
async fn postgresql_gives_the_same_answers_and_refusals_in_the_same_words() {
    let Some(shop) = postgres_shop().await else { return };
    answers_and_refuses(&shop).await;
    let refused = shop.ask("select callee from calls").await.unwrap_err();
    assert!(
        refused.to_string().contains("there is no column callee"),
        "{refused}"
    );
    let limits = QueryLimits {
        rows_max: 2,
        timeout_ms: 100,
    };
    let cut = shop
        .questions
        .ask("select call from calls", limits)
        .await
        .unwrap();
    assert_eq!((cut.rows.len(), cut.truncated), (2, Some(TruncationReason::Rows)));
    assert_eq!(
        shop.questions.ask(ENDLESS, limits).await,
        Err(QueryError::TooSlow { ms: 100 })
    );
    let again = shop
        .ask("select avg(attempt), cast(sum(talk_ms) as bigint) / 2 from calls")
        .await
        .unwrap();
    assert_eq!(again.rows, [[Val::Real(1.0), Val::Int(2_000)]]);
    shop.tasks.stop().await;
}

const ENDLESS: &str =
    "with recursive n as (select 1 as i union all select i + 1 from n) select count(*) from n";

#[tokio::test]
async fn a_refusal_names_the_place_and_what_there_is() {
    let shop = shop().await;
    let refused = shop.ask("select 1,\n  2 from call_history").await.unwrap_err();
    let QueryError::Forbidden { hint, place, .. } = &refused else {
        panic!("{refused}");
    };
    assert_eq!(*place, SqlLocation { line: 2, column: 10 });
    assert!(hint.contains("calls, ") && hint.contains("campaigns"), "{hint}");
    let refused = shop.ask("select 1\nfrom calls wehre x = 1").await.unwrap_err();
    let QueryError::Syntax { place, .. } = &refused else {
        panic!("{refused}");
    };
    assert_eq!(place.line, 2, "{refused}");
    let refused = shop.ask("select callee from calls").await.unwrap_err();
    assert!(
        refused.to_string().contains("there is no column callee"),
        "{refused}"
    );
    let refused = shop.ask("select pg_sleep(1)").await.unwrap_err();
    assert!(refused.to_string().contains("row_number"), "{refused}");
}

#[tokio::test]
async fn a_query_that_runs_away_is_stopped() {
    let shop = shop().await;
    let limits = QueryLimits {
        rows_max: 1,
        timeout_ms: 50,
    };
    let stopped = shop.questions.ask(ENDLESS, limits).await.unwrap_err();
    assert_eq!(stopped, QueryError::TooSlow { ms: 50 });
    let doubling =
        "with recursive n as (select 'x' as t union all select t || t from n where length(t) < 100000000)
         select max(length(t)) from n";
    let large = shop.ask(doubling).await.unwrap_err();
    assert!(matches!(large, QueryError::TooLarge(_)), "{large}");
}

#[tokio::test]
async fn rows_and_bytes_end_an_answer_and_it_says_so() {
    let shop = shop().await;
    let limits = |rows_max| QueryLimits {
        rows_max,
        timeout_ms: 1_000,
    };
    let sql = "select call from calls";
    let whole = shop.questions.ask(sql, limits(3)).await.unwrap();
    assert_eq!((whole.rows.len(), whole.truncated), (3, None));
    let cut = shop.questions.ask(sql, limits(2)).await.unwrap();
    assert_eq!((cut.rows.len(), cut.truncated), (2, Some(TruncationReason::Rows)));
    let wide = "with recursive
        t as (select 'x' as t, 0 as i union all select t || t, i + 1 from t where i < 19),
        n as (select 1 as i union all select i + 1 from n where i < 40)
        select (select max(t) from t) from n";
    let cut = shop
        .questions
        .ask(
            wide,
            QueryLimits {
                rows_max: 100,
                timeout_ms: 30_000,
            },
        )
        .await
        .unwrap();
    assert_eq!(
        (cut.rows.len(), cut.truncated),
        (32, Some(TruncationReason::Bytes))
    );
}

#[test]
fn the_largest_text_is_read_and_one_byte_more_is_not() {
    let padded = |bytes: usize| format!("select 1{}", " ".repeat(bytes - 8));
    assert!(check_sql(&padded(SQL_BYTES_MAX)).is_ok());
    assert!(matches!(
        check_sql(&padded(SQL_BYTES_MAX + 1)),
        Err(QueryError::TooLarge(_))
    ));
    let chain = format!("select 1{}", "+1".repeat(900));
    assert!(matches!(check_sql(&chain), Err(QueryError::TooLarge(_))));
    let chain = format!("select 1{}", "+1".repeat(5_000));
    assert!(matches!(check_sql(&chain), Err(QueryError::TooLarge(_))));
    let deep = format!("select {}1{}", "(".repeat(900), ")".repeat(900));
    assert!(matches!(check_sql(&deep), Err(QueryError::TooLarge(_))));
    let nested = format!("{}select 1{}", "select * from (".repeat(60), ") x".repeat(60));
    assert!(matches!(check_sql(&nested), Err(QueryError::TooLarge(_))));
}

#[test]
fn the_guard_writes_what_it_read() {
    let sql = "select count(*) filter (where a.call > 'x''y') over (partition by b order by c desc nulls last)
        from calls as a left join (select 1 as b) q on a.attempt between 1 and 2 where not a.call in ('x', 'y')";
    let written = check_sql(sql).unwrap();
    assert_eq!(
        check_sql(&written).unwrap(),
        written,
        "and reads it again as the same"
    );
    assert!(FUNCTIONS.is_sorted());
}
